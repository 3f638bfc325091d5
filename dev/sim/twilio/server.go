package twilio

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

const apiVersion = "2010-04-01"

// Options configure a Server.
type Options struct {
	// AccountSID and AuthToken are the credentials; the client library insists
	// on letters and digits.
	AccountSID string
	AuthToken  string
	// From is our WhatsApp sender, such as "whatsapp:+14155238886". Messages from
	// another sender are refused; empty lets any through.
	From string
	// WebhookURL is where inbound messages go and what their signature covers:
	// the public address. It can be set later with SetWebhook.
	WebhookURL string
	// WebhookTarget is the base address requests for WebhookURL's host really go
	// to, such as "http://127.0.0.1:8080"; empty means the URL itself. It holds
	// for status callbacks to the same host too.
	WebhookTarget string
	// NoStatusCallbacks keeps the statuses from being reported; they change all
	// the same.
	NoStatusCallbacks bool
	// RetryFor is how long a webhook is tried again after a refused connection or
	// a 5xx. With 0 it is Twilio's default: once, after a connection failure.
	RetryFor time.Duration
	// EnforceWindow fails free-form messages with 63016 when the customer has not
	// written for 24 hours.
	EnforceWindow bool
	// RefuseOutsideWindow makes EnforceWindow refuse such messages at once, in
	// place of failing them after they were accepted.
	RefuseOutsideWindow bool
	// Templates are the texts of content templates by SID, with {{1}} for
	// variables. nil accepts every SID.
	Templates map[string]string
	// StateFile keeps the messages over restarts; empty keeps them in memory.
	StateFile string
	// Logger is told of webhooks that were not delivered; nil is silent.
	Logger *slog.Logger
}

// Server is a simulated Twilio account.
type Server struct {
	options Options
	faults  wire.Faults
	changed wire.Signal
	journal *wire.Journal[Message]
	handler http.Handler
	client  *http.Client
	log     *slog.Logger

	// work is the webhooks and statuses under way.
	work wire.Background

	mu       sync.Mutex
	messages []Message
	index    map[string]int
	webhook  endpoint
	silent   bool
	fail     []int
}

// New returns a server and goes on with the messages of its state file. It fails
// only when that file cannot be read.
func New(options Options) (*Server, error) {
	s := &Server{
		options: options, index: map[string]int{}, silent: options.NoStatusCallbacks, log: options.Logger,
		client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.SetWebhook(options.WebhookURL, options.WebhookTarget)
	journal, err := wire.OpenJournal(options.StateFile, s.remember)
	if err != nil {
		return nil, err
	}
	s.journal = journal
	s.faults.Offer(presets()...)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.authorized(s.create))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", s.authorized(s.list))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{sid}", s.authorized(s.fetch))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{sid}/Media.json", s.authorized(s.listMedia))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}", s.authorized(s.fetchMedia))
	mux.HandleFunc("PUT /_sim/webhook", s.serveWebhook)
	mux.HandleFunc("GET /_sim/log", wire.ServeLog(&s.changed, s.Messages))
	mux.HandleFunc("POST /_sim/inbound", s.serveInbound)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w, r.URL.Path) })
	s.handler = s.faults.Wrap(mux)
	for _, m := range s.Messages() {
		if !m.terminal() {
			s.progress(m)
		}
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Faults returns the switches for what goes wrong.
func (s *Server) Faults() *wire.Faults { return &s.faults }

// SetFault makes the next matching requests go wrong.
func (s *Server) SetFault(fault wire.Fault) { s.faults.Set(fault) }

// SetWebhook changes where inbound messages go: see Options.
func (s *Server) SetWebhook(url, target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhook = endpoint{url: url, target: target}
}

// SwitchOn makes the failure of that name happen the next times that it can: see
// wire.Faults.SwitchOn, and presets for the names.
func (s *Server) SwitchOn(name string, times int) error { return s.faults.SwitchOn(name, times) }

// serveWebhook is SetWebhook for other processes.
func (s *Server) serveWebhook(w http.ResponseWriter, r *http.Request) {
	var to struct {
		URL    string `json:"url"`
		Target string `json:"target"`
	}
	if err := json.NewDecoder(r.Body).Decode(&to); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetWebhook(to.URL, to.Target)
	w.WriteHeader(http.StatusNoContent)
}

// SetStatusCallbacks turns status callbacks on or off for statuses to come.
func (s *Server) SetStatusCallbacks(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = !on
}

// FailNext lets the next accepted messages fail after they were accepted, one
// for each code, such as 63016.
func (s *Server) FailNext(codes ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = append(s.fail, codes...)
}

// Close ends the webhooks under way, releases hanging requests and closes the
// state file.
func (s *Server) Close() error {
	s.faults.Clear()
	s.work.Close()
	s.client.CloseIdleConnections()
	return s.journal.Close()
}

func (s *Server) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Twilio-Request-Id", newSID("RQ"))
		w.Header().Set("X-Api-Domain", "api.twilio.com")
		user, password, _ := r.BasicAuth()
		if user != s.options.AccountSID || password != s.options.AuthToken {
			refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
			return
		}
		if r.PathValue("account") != s.options.AccountSID {
			notFound(w, r.URL.Path)
			return
		}
		next(w, r)
	}
}

func notFound(w http.ResponseWriter, path string) {
	refuse(w, http.StatusNotFound, 20404, "The requested resource "+path+" was not found")
}

// newSID returns a prefix of two letters and 32 hexadecimal digits.
func newSID(prefix string) string {
	var id [16]byte
	// Never fails: see crypto/rand.Read.
	_, _ = rand.Read(id[:])
	return prefix + hex.EncodeToString(id[:])
}
