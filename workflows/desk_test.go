package workflows_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// closeAfter is how long the desk lets a settled ticket wait.
const closeAfter = 72 * time.Hour

// id returns the same id for the same name.
func id(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

// noon is when the customers of these tests begin to write.
func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// msg is a customer's message, sent so many seconds after noon.
func msg(name string, seconds int) ticket.MessageRef {
	return ticket.MessageRef{MessageID: id(name), Author: ticket.Customer, ReceivedAt: noon().Add(time.Duration(seconds) * time.Second)}
}

// call is one activity that a workflow asked for.
type call struct {
	Name string
	In   any
}

// reply is one turn that a SendReply settled.
type reply struct {
	Kind     ticket.Kind
	Messages []uuid.UUID
}

// desk stands in for everything behind the activities of one conversation. It
// keeps the rules of the database that workflows lean on: a turn belongs to its
// first message, a message is settled once, and a send settles all of a turn or
// nothing.
type desk struct {
	mu      sync.Mutex
	calls   []call
	count   map[string]int
	settled map[uuid.UUID]ticket.Outcome
	turns   []*deskTurn
	tickets int
	status  ticket.Status // of the open ticket; empty when there is none
	replies []reply
	escaped []string             // codes of the escalations, and the steps after them
	left    map[uuid.UUID]string // why a message was left to a person

	// What the clocks of the open ticket are read from, and by which policy.
	facts  sla.Facts
	policy sla.Policy
	now    func() time.Time

	revision   int64
	owner      ticket.Owner
	epoch      int64
	assignee   string
	escalation string
	category   string
	pending    uuid.UUID
	approved   map[uuid.UUID]bool
	mode       ticket.Mode
	actions    map[string]ticket.ApplyActionResult
	rejected   map[uuid.UUID]bool
	drafts     map[uuid.UUID]uuid.UUID // the turn of each
	sent       []uuid.UUID             // drafts, in order
	byPerson   bool                    // a person has set the priority
	done       []ticket.ApplyActionInput
	// parked are messages that were left to a person without a turn and that
	// nobody has answered; times says when they were written, where it matters.
	parked []uuid.UUID
	times  map[uuid.UUID]time.Time
	// stored says after which of our words a message was stored, words how many
	// there have been; a notice is none.
	stored map[uuid.UUID]int
	words  int
	mailed map[uuid.UUID]bool // people's messages that were sent
	// parts is of how many parts an answer consists; begins runs ahead of each
	// claim of a part, outside any lock.
	parts  int
	begins func(part int)
	// claims lists the epochs in which parts of the assistant were begun.
	claims []int64

	mails     int // that each look at the mailbox brings
	watchDays int // how long the mailbox is still watched

	// before, by activity, runs ahead of the nth call, outside any lock; its
	// error is the activity's.
	before map[string]func(ctx context.Context, n int) error
	// model decides; nil answers at once.
	model func(n int, in ticket.CallModelInput) ticket.CallModelResult
	// review passes a draft or not; nil passes.
	review func(n int) bool
	// deepens lets a review by meaning pass what one by words did not.
	deepens bool
	// rule says what a batch calls for besides the model; nil is nothing.
	rule         func(batch []uuid.UUID) rule
	lastInbound  time.Time // on WhatsApp
	waitsForWord bool      // what is sent goes out only when the customer writes
	// unsent is a turn whose parts nobody sends; forbidden is why nothing may go out.
	unsent    uuid.UUID
	forbidden string
	// codeUntil is until when a one-time code is good; zero when none can be sent.
	codeUntil time.Time
}

// rule is what CreateTicket says of a batch that the model is not asked about.
type rule struct {
	plain   ticket.Plain
	until   time.Time
	person  string
	rule    string
	replies []uuid.UUID
}

func newDesk() *desk {
	policy := sla.DefaultPolicy()
	calendar, err := sla.ParseCalendar("always", "UTC", nil)
	if err != nil {
		panic(err)
	}
	policy.Calendar = calendar
	return &desk{
		count: map[string]int{}, settled: map[uuid.UUID]ticket.Outcome{}, before: map[string]func(context.Context, int) error{},
		policy: policy, now: time.Now, owner: ticket.OwnerAI, mode: ticket.ModeAuto, parts: 1,
		approved: map[uuid.UUID]bool{}, rejected: map[uuid.UUID]bool{}, drafts: map[uuid.UUID]uuid.UUID{}, left: map[uuid.UUID]string{},
		actions: map[string]ticket.ApplyActionResult{}, times: map[uuid.UUID]time.Time{},
		stored: map[uuid.UUID]int{}, mailed: map[uuid.UUID]bool{},
	}
}

// begin records a call and runs what the test has planned for it.
func (d *desk) begin(ctx context.Context, in any) (n int, err error) {
	name := activity.GetInfo(ctx).ActivityType.Name
	d.mu.Lock()
	d.calls = append(d.calls, call{name, in})
	d.count[name]++
	n = d.count[name]
	hook := d.before[name]
	d.mu.Unlock()
	if hook != nil {
		return n, hook(ctx, n)
	}
	return n, nil
}

// registry is a worker or a test environment.
type registry interface {
	RegisterActivityWithOptions(activity any, options activity.RegisterOptions)
}

// register puts the desk's activities under the names that workflows use.
func (d *desk) register(names map[string]bool, r registry) {
	for name, fn := range map[string]any{
		ticket.ActivityCreateTicket: d.createTicket, ticket.ActivityFetchHistory: d.fetchHistory,
		ticket.ActivityReviewReply: d.reviewReply, ticket.ActivityCloseTicket: d.closeTicket,
		ticket.ActivitySearchKnowledge: d.searchKnowledge, ticket.ActivityCallModel: d.callModel,
		ticket.ActivitySendReply: d.sendReply, ticket.ActivityEscalate: d.escalate,
		ticket.ActivitySyncMailbox: d.syncMailbox, ticket.ActivityReadTicket: d.readTicket,
		ticket.ActivityReconcileWhatsApp: d.reconcileWhatsApp,
		ticket.ActivityApplyAction:       d.applyAction, ticket.ActivitySendStaffReply: d.sendStaffReply,
	} {
		if names == nil || names[name] {
			r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
		}
	}
}

func (d *desk) syncMailbox(ctx context.Context, in ticket.SyncMailboxInput) (ticket.SyncMailboxResult, error) {
	_, err := d.begin(ctx, in)
	return ticket.SyncMailboxResult{WatchDays: d.watchDays, Mails: d.mails}, err
}

// reconcileWhatsApp finds one lost message at the first look.
func (d *desk) reconcileWhatsApp(ctx context.Context, in ticket.ReconcileWhatsAppInput) (ticket.ReconcileWhatsAppResult, error) {
	n, err := d.begin(ctx, in)
	return ticket.ReconcileWhatsAppResult{Until: noon(), Missed: max(0, 2-n)}, err
}

// names lists the activities asked for so far, in order, but not the alarms
// of clocks.
func (d *desk) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, c := range d.calls {
		if in, ok := c.In.(ticket.EscalateInput); !ok || in.TurnID != uuid.Nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// inputs lists what an activity was asked, in order.
func inputs[T any](d *desk, name string) []T {
	d.mu.Lock()
	defer d.mu.Unlock()
	var in []T
	for _, c := range d.calls {
		if c.Name == name {
			in = append(in, c.In.(T))
		}
	}
	return in
}

// answered lists what was sent.
func (d *desk) answered() []reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.replies)
}

// settle has another run settle a message.
func (d *desk) settle(m uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled[m] = ticket.Answered
}

// bad is the error of an activity that gives up.
func bad(message string) error {
	return temporal.NewNonRetryableApplicationError(message, string(ticket.CodeInvalid), nil)
}

// once fails the first call only.
func once(err error) func(context.Context, int) error {
	return func(_ context.Context, n int) error {
		if n == 1 {
			return err
		}
		return nil
	}
}

func ids(names ...string) []uuid.UUID {
	list := make([]uuid.UUID, len(names))
	for i, n := range names {
		list[i] = id(n)
	}
	return list
}
