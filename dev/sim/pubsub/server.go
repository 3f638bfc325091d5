package pubsub

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// CertsPath is where the public keys are served, as at www.googleapis.com;
// PEMCertsPath serves the same ones as certificates.
const (
	CertsPath    = "/oauth2/v3/certs"
	PEMCertsPath = "/oauth2/v1/certs"
)

// Options configure a Server.
type Options struct {
	// WebhookURL is where pushes go. It can be set later with SetWebhook.
	WebhookURL string
	// Audience is what tokens are for; empty means WebhookURL, as in Pub/Sub.
	Audience string
	// Subscription is the full name, projects/p/subscriptions/s.
	Subscription string
	// ServiceAccount is the e-mail of the account that signs the pushes.
	ServiceAccount string
	// AckDeadline is how long an answer may take; 0 means Pub/Sub's 10 s.
	AckDeadline time.Duration
	// MinBackoff and MaxBackoff bound the pause between tries; 0 means 100 ms and
	// 5 s, shorter than Pub/Sub's so that a local stack recovers soon.
	MinBackoff, MaxBackoff time.Duration
	// StateFile keeps the signing key over restarts, because subscribers cache the
	// public one for hours; empty makes a new key each time.
	StateFile string
	// Logger is told of pushes that were not acknowledged; nil is silent.
	Logger *slog.Logger
}

// Server is a simulated push subscription.
type Server struct {
	options Options
	faults  wire.Faults
	changed wire.Signal
	handler http.Handler
	client  *http.Client
	log     *slog.Logger
	keys    keys

	// work is the pushes under way.
	work wire.Background

	mu     sync.Mutex
	pushes []Push
	last   int64
}

// New returns a server. It fails when an option is missing or when the state
// file cannot be read.
func New(options Options) (*Server, error) {
	if options.Subscription == "" || options.ServiceAccount == "" {
		return nil, errors.New("starting pubsub: subscription and service account are needed")
	}
	options.Audience = cmp.Or(options.Audience, options.WebhookURL)
	options.AckDeadline = cmp.Or(options.AckDeadline, 10*time.Second)
	options.MinBackoff = cmp.Or(options.MinBackoff, 100*time.Millisecond)
	options.MaxBackoff = cmp.Or(options.MaxBackoff, 5*time.Second)
	made, err := newKeys(options.StateFile)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options, keys: made, log: options.Logger,
		client: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
			// Pub/Sub takes a redirect for a refusal.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		// Message ids must differ from those before a restart.
		last: time.Now().UnixMicro(),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.faults.Offer(presets()...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+CertsPath, s.certs)
	mux.HandleFunc("GET "+PEMCertsPath, s.pemCerts)
	mux.HandleFunc("PUT /_sim/webhook", s.serveWebhook)
	mux.HandleFunc("GET /_sim/log", wire.ServeLog(&s.changed, s.Pushes))
	mux.HandleFunc("POST /_sim/push", s.servePush)
	s.handler = s.faults.Wrap(mux)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Faults returns the switches for what goes wrong.
func (s *Server) Faults() *wire.Faults { return &s.faults }

// SetFault makes the next matching requests go wrong.
func (s *Server) SetFault(fault wire.Fault) { s.faults.Set(fault) }

// SwitchOn makes the failure of that name happen the next times that it can: see
// wire.Faults.SwitchOn, and presets for the names.
func (s *Server) SwitchOn(name string, times int) error { return s.faults.SwitchOn(name, times) }

// serveWebhook is SetWebhook for other processes.
func (s *Server) serveWebhook(w http.ResponseWriter, r *http.Request) {
	var to struct {
		URL      string `json:"url"`
		Audience string `json:"audience"`
	}
	if err := json.NewDecoder(r.Body).Decode(&to); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetWebhook(to.URL, to.Audience)
	w.WriteHeader(http.StatusNoContent)
}

// SetWebhook changes where pushes go and what their tokens are for; an empty
// audience means the URL.
func (s *Server) SetWebhook(url, audience string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.WebhookURL, s.options.Audience = url, cmp.Or(audience, url)
}

// Close ends the pushes under way and releases hanging requests.
func (s *Server) Close() error {
	s.faults.Clear()
	s.work.Close()
	s.client.CloseIdleConnections()
	return nil
}

// servePush is Push for other processes.
func (s *Server) servePush(w http.ResponseWriter, r *http.Request) {
	var notification struct {
		Mailbox   string `json:"emailAddress"`
		HistoryID uint64 `json:"historyId"`
	}
	if err := json.NewDecoder(r.Body).Decode(&notification); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.Push(r.Context(), notification.Mailbox, notification.HistoryID); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
