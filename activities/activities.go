// Package activities does everything with a side effect that a workflow may
// ask for: it reads and writes the database, searches the knowledge base,
// calls the model, sends replies, does what people ask of a ticket, and asks
// for people.
//
// Every activity is idempotent by a key in its input and takes and returns ids,
// never text of a customer. One that changes a ticket locks its conversation
// first, counts the change, and returns the ticket.Standing that follows. It
// must never hold a transaction open over a network call, never retry by itself
// (Temporal does), never send a customer anything that has no row in the
// outbox, and never let an error into a history that Failure has not translated.
package activities

import (
	"context"
	"log/slog"
	"time"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/review"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

// Model makes one completion.
type Model interface {
	Chat(ctx context.Context, r llm.Request) (*llm.Completion, error)
	Model() string
}

// Knowledge finds chunks that may answer a question, the best first.
type Knowledge interface {
	Search(ctx context.Context, query string, maxChunks int) (knowledge.Found, error)
}

// Publisher returns when the broker has the events.
type Publisher interface {
	Publish(ctx context.Context, events ...stream.Event) error
}

// WhatsApp sends one message and lists what was sent.
type WhatsApp interface {
	Send(ctx context.Context, to, body, statusCallback string) (sid string, err error)
	SendTemplate(ctx context.Context, to, contentSID, statusCallback string) (sid string, err error)
	List(ctx context.Context, to string, since time.Time) ([]whatsapp.Sent, error)
	From() string
	ListInbound(ctx context.Context, from, until time.Time) ([]whatsapp.Sent, error)
	ListOutbound(ctx context.Context, from, until time.Time) ([]whatsapp.Sent, error)
}

// Gmail is one mailbox.
type Gmail interface {
	Profile(ctx context.Context) (historyID uint64, err error)
	Watch(ctx context.Context, topic string) (historyID uint64, expiration time.Time, err error)
	Changes(ctx context.Context, startHistoryID uint64) (mails []email.MessageRef, next uint64, err error)
	ListSince(ctx context.Context, after time.Time) ([]email.MessageRef, error)
	Raw(ctx context.Context, gmailID string) (raw []byte, threadID string, internalDate time.Time, labels []string, err error)
	CreateDraft(ctx context.Context, raw []byte, threadID string) (draftID string, err error)
	DraftExists(ctx context.Context, draftID string) (bool, error)
	FindDraft(ctx context.Context, outboundID string) (draftID string, found bool, err error)
	SendDraft(ctx context.Context, draftID string) (gmailID, threadID string, err error)
	FindSent(ctx context.Context, threadID, outboundID string) (gmailID string, found bool, err error)
	MessageID(ctx context.Context, gmailID string) (string, error)
}

// Gauge is a measure that somebody else shows.
type Gauge interface{ Set(value float64) }

// Policy is what the company has decided.
type Policy struct {
	Company     string        // as customers know it
	SLA         sla.Policy    // what is promised, and when people work
	FirstCheck  time.Duration // after an unknown outcome: when to look at the provider first,
	SecondCheck time.Duration // and when to look again before sending once more
	PromptPrice float64       // USD for a million prompt tokens
	OutputPrice float64       // USD for a million completion tokens
	Spending    Spending      // what the model may cost
	Confidence  Thresholds    // below which a draft is not sent
	// Allowance is how many messages a customer may write in a minute and have
	// answered one by one; what is beyond is answered together. Zero sets none.
	Allowance int
	// MailsPerHour and MailsPerTicket are how many automatic mails go to one
	// address in an hour, and for one ticket, before a person has to look: the
	// other side may be a machine. Zero sets none.
	MailsPerHour, MailsPerTicket int
}

// Options are what activities work with. WhatsApp and Gmail are nil when the
// channel is off.
type Options struct {
	DB        *schema.DB
	Model     Model
	Embedder  review.Embedder // compares meanings
	Knowledge Knowledge
	Library   Library // keeps what Knowledge searches
	Publisher Publisher
	WhatsApp  WhatsApp
	// WhatsAppTemplate is the ContentSid of the approved template that asks a
	// customer to write; without it what comes too late for WhatsApp has failed.
	WhatsAppTemplate string
	Gmail            Gmail
	Mailbox          string // the address of Gmail
	PubSubTopic      string // where Gmail pushes; empty means polling only
	WatchLeft        Gauge  // how long Gmail still promises to push, in seconds; may be nil
	StaffEmail       string // where staff is written to; empty means nowhere
	PublicBaseURL    string
	Secrets          ticket.Secrets
	Policy           Policy
	Rules            *triage.Rules // read every batch first; nil means those that come with the program
	Logger           *slog.Logger
	// Now tells the time of everything that a ticket's clocks follow from; nil
	// means the machine's clock.
	Now func() time.Time
}

// Activities holds what every activity needs. Its exported methods are the
// activities.
type Activities struct{ Options }

// New returns the activities.
func New(o Options) *Activities {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rules == nil {
		o.Rules = triage.Default()
	}
	return &Activities{o}
}
