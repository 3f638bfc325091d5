package gmail

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Options configure a Server.
type Options struct {
	// Mailboxes are the addresses whose mail the simulator holds; at least one.
	Mailboxes []string
	// BaseURL is where the simulator is reached, without a final slash. It can be
	// set later with SetBaseURL.
	BaseURL string
	// KeepMessageID leaves the Message-ID of sent mails alone. Gmail replaces it.
	KeepMessageID bool
	// OnChange is told of every change of a watched mailbox. It runs on its own
	// goroutine and must return when ctx ends. It can be set later with SetOnChange.
	OnChange func(ctx context.Context, mailbox string, historyID uint64)
	// AlwaysPush calls OnChange without a watch too.
	AlwaysPush bool
	// StateFile keeps everything over restarts; empty keeps it in memory.
	StateFile string
}

// Server is a simulated Gmail. Clients use its address as their endpoint.
type Server struct {
	options Options
	faults  wire.Faults
	changed wire.Signal
	journal *wire.Journal[event]
	handler http.Handler
	key     *rsa.PrivateKey
	// secret seals access tokens.
	secret [sha256.Size]byte

	// work is the push hooks under way.
	work wire.Background

	mu       sync.Mutex
	boxes    map[string]*box
	sent     []Sent
	keyPEM   string
	epoch    int
	baseURL  string
	onChange func(context.Context, string, uint64)
}

// New returns a server. It fails when there is no mailbox or when the state file
// cannot be read.
func New(options Options) (*Server, error) {
	if len(options.Mailboxes) == 0 {
		return nil, errors.New("starting gmail: no mailbox is given")
	}
	s := &Server{
		options: options, boxes: map[string]*box{},
		baseURL: strings.TrimRight(options.BaseURL, "/"), onChange: options.OnChange,
	}
	journal, err := wire.OpenJournal(options.StateFile, s.apply)
	if err != nil {
		return nil, err
	}
	s.journal = journal
	for _, address := range options.Mailboxes {
		if address = strings.ToLower(address); s.boxes[address] == nil {
			s.boxes[address] = newBox(address)
		}
	}
	if err := s.ensureKey(); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	s.faults.Offer(s.presets()...)
	s.handler = s.faults.Wrap(s.routes())
	return s, nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	const user = "/gmail/v1/users/{user}"
	for pattern, serve := range map[string]func(*box, *http.Request) (any, error){
		"GET " + user + "/profile":                                s.profile,
		"POST " + user + "/watch":                                 s.watch,
		"POST " + user + "/stop":                                  s.stop,
		"GET " + user + "/history":                                s.listHistory,
		"GET " + user + "/messages":                               s.listMessages,
		"GET " + user + "/messages/{id}":                          s.getMessage,
		"GET " + user + "/messages/{id}/attachments/{attachment}": s.getAttachment,
		"POST " + user + "/messages/{id}/modify":                  s.modifyMessage,
		"POST " + user + "/messages/send":                         s.sendMessage,
		"POST /upload" + user + "/messages/send":                  s.sendMessage,
		"GET " + user + "/threads/{id}":                           s.getThread,
		"GET " + user + "/drafts":                                 s.listDrafts,
		"POST " + user + "/drafts":                                s.createDraft,
		"POST /upload" + user + "/drafts":                         s.createDraft,
		"GET " + user + "/drafts/{id}":                            s.getDraft,
		"DELETE " + user + "/drafts/{id}":                         s.deleteDraft,
		"POST " + user + "/drafts/send":                           s.sendDraft,
	} {
		mux.HandleFunc(pattern, s.authorized(serve))
	}
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /_sim/log", wire.ServeLog(&s.changed, s.Sent))
	mux.HandleFunc("POST /_sim/deliver", s.serveDeliver)
	mux.HandleFunc("GET /_sim/mailbox", s.serveMailbox)
	mux.HandleFunc("POST /_sim/bounce", s.serveBounce)
	mux.HandleFunc("POST /_sim/rescue", s.serveRescue)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeError(w, notFound()) })
	return mux
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

// SetBaseURL says where the simulator is reached.
func (s *Server) SetBaseURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimRight(url, "/")
}

// SetOnChange replaces Options.OnChange.
func (s *Server) SetOnChange(hook func(ctx context.Context, mailbox string, historyID uint64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onChange = hook
}

// Close ends the push hooks under way, releases hanging requests and closes the
// state file.
func (s *Server) Close() error {
	s.faults.Clear()
	s.work.Close()
	return s.journal.Close()
}

func (s *Server) box(address string) *box {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes[strings.ToLower(address)]
}

// authorized checks the token, finds the mailbox it is for, and answers with
// what serve returns. serve runs with s.mu held.
func (s *Server) authorized(serve func(*box, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := func() (any, error) {
			b, err := s.mailboxOf(r)
			if err != nil {
				return nil, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return serve(b, r)
		}()
		switch {
		case err != nil:
			writeError(w, err)
		case answer == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			wire.WriteJSON(w, http.StatusOK, answer)
		}
	}
}

func (s *Server) mailboxOf(r *http.Request) (*box, error) {
	token, err := s.open(r)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(token.Scope, "/auth/gmail.") && !strings.Contains(token.Scope, "https://mail.google.com/") {
		return nil, apiError{status: http.StatusForbidden, reason: "insufficientPermissions", message: "Request had insufficient authentication scopes."}
	}
	b := s.box(token.Subject)
	if b == nil {
		return nil, apiError{status: http.StatusBadRequest, reason: "failedPrecondition", message: "Precondition check failed."}
	}
	if user := r.PathValue("user"); user != "me" && !strings.EqualFold(user, b.address) {
		return nil, apiError{status: http.StatusForbidden, reason: "forbidden", message: "Delegation denied for " + b.address}
	}
	return b, nil
}

func decode(r *http.Request, into any) error {
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return invalid(fmt.Sprintf("Invalid JSON payload received. %v", err))
	}
	return nil
}
