package play

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

//go:embed page
var files embed.FS

// Links are addresses of the running stack that the page leads to. Empty ones
// are left out.
type Links struct {
	Form       string `json:"form,omitempty"`
	TemporalUI string `json:"temporal,omitempty"` // without a final slash
	Namespace  string `json:"namespace,omitempty"`
}

// Workflows returns the address of the list of workflows.
func (l Links) Workflows() string {
	if l.TemporalUI == "" {
		return ""
	}
	return l.TemporalUI + "/namespaces/" + url.PathEscape(l.Namespace) + "/workflows"
}

// Options configure a Page.
type Options struct {
	// WhatsApp carries the WhatsApp messages; nil turns them off.
	WhatsApp *twilio.Server
	// WhatsAppNumber is our sender, with or without the prefix "whatsapp:".
	WhatsAppNumber string
	// Mail holds the mails; nil turns them off.
	Mail *gmail.Server
	// Mailbox is our address.
	Mailbox string
	// Links are shown at the top.
	Links Links
	// Questions is a file of example questions, one JSON object a line; empty
	// means none.
	Questions string
	// Providers are the simulators whose failures can be switched on.
	Providers []Provider
	// StateFile remembers which messages were delivered, so that the others are
	// delivered after a restart; empty forgets.
	StateFile string
}

// Page is the page and its API. It implements http.Handler.
type Page struct {
	options   Options
	handler   http.Handler
	questions []Question
	chats     *chats
}

// New returns a page and delivers the WhatsApp messages that a killed stack left
// undelivered. It fails when a file cannot be read.
func New(options Options) (*Page, error) {
	questions, err := readQuestions(options.Questions)
	if err != nil {
		return nil, err
	}
	p := &Page{options: options, questions: questions}
	if p.chats, err = newChats(options.WhatsApp, options.StateFile); err != nil {
		return nil, err
	}
	page, err := fs.Sub(files, "page")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the page: %w", err), p.chats.close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(page))
	mux.HandleFunc("GET /api/setup", p.setup)
	mux.HandleFunc("GET /api/conversations", p.conversations)
	mux.HandleFunc("GET /api/events", p.events)
	mux.HandleFunc("POST /api/whatsapp", p.sendWhatsApp)
	mux.HandleFunc("POST /api/whatsapp/repeat", p.repeatWhatsApp)
	mux.HandleFunc("POST /api/mail", p.sendMail)
	mux.HandleFunc("GET /api/failures", p.listFailures)
	mux.HandleFunc("POST /api/failures", p.switchFailure)
	p.handler = http.NewCrossOriginProtection().Handler(guarded(mux))
	return p, nil
}

// guarded keeps what strangers write from running as a script in the page.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Close ends the deliveries under way; the next start makes them again.
func (p *Page) Close() error { return p.chats.close() }

// setup is what the page needs to know once.
func (p *Page) setup(w http.ResponseWriter, _ *http.Request) {
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"whatsapp":  map[string]any{"on": p.options.WhatsApp != nil, "address": strings.TrimPrefix(p.options.WhatsAppNumber, "whatsapp:")},
		"email":     map[string]any{"on": p.options.Mail != nil, "address": p.options.Mailbox},
		"form":      p.options.Links.Form,
		"workflows": p.options.Links.Workflows(),
		"questions": p.questions,
	})
}

// decode reads a request of the page; a problem has been answered when it
// reports false.
func decode(w http.ResponseWriter, r *http.Request, request any) bool {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	if err := body.Decode(request); err != nil {
		refuse(w, http.StatusBadRequest, "The request is not valid JSON.")
		return false
	}
	return true
}

// sentence is an error for the person at the page.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func refuse(w http.ResponseWriter, status int, message string) {
	wire.WriteJSON(w, status, map[string]string{"error": message})
}

// events tells the page, as server-sent events, that it is time to look again.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	stream := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := fmt.Fprint(w, "retry: 1000\n\n"); err != nil || stream.Flush() != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	changed := make(chan struct{}, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	for _, wait := range p.waits() {
		watching.Go(func() {
			for wait(ctx) == nil {
				select {
				case changed <- struct{}{}:
				default: // it will look again anyway
				}
			}
		})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			if _, err := fmt.Fprint(w, "data: changed\n\n"); err != nil || stream.Flush() != nil {
				return
			}
		}
	}
}

// waits returns functions each of which returns once something of its own has
// changed since its last call.
func (p *Page) waits() []func(context.Context) error {
	all := p.waitsForFailures()
	if p.options.WhatsApp != nil {
		var seen, seenDeliveries string
		all = append(all,
			func(ctx context.Context) error {
				return p.options.WhatsApp.WaitFor(ctx, func(messages []twilio.Message) bool { return differs(&seen, chatMark(messages)) })
			},
			func(ctx context.Context) error {
				return p.chats.changed.WaitFor(ctx, func() bool { return differs(&seenDeliveries, p.chats.mark()) })
			})
	}
	if p.options.Mail != nil {
		var seen string
		all = append(all, func(ctx context.Context) error {
			return p.options.Mail.WaitFor(ctx, func([]gmail.Sent) bool {
				return differs(&seen, fmt.Sprint(len(p.options.Mail.Mailbox(p.options.Mailbox))))
			})
		})
	}
	return all
}

func differs(seen *string, now string) bool {
	if *seen == now {
		return false
	}
	*seen = now
	return true
}
