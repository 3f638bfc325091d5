package workflows_test

import (
	"cmp"
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

type deskTurn struct {
	id       uuid.UUID
	ticket   int
	messages []uuid.UUID
	state    string // empty while it is open
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
	escaped []string // codes of the escalations, and the steps after them

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
	// parked are messages that a person owned and nobody has answered; times
	// says when they were written, where it matters.
	parked []uuid.UUID
	times  map[uuid.UUID]time.Time
	// parts is of how many parts an answer consists; begins runs ahead of each
	// claim of a part, outside any lock.
	parts  int
	begins func(part int)
	// claims lists the epochs in which parts of the assistant were begun.
	claims []int64

	// before, by activity, runs ahead of the nth call, outside any lock; its
	// error is the activity's.
	before map[string]func(ctx context.Context, n int) error
	// model decides; nil answers at once.
	model func(n int, in ticket.CallModelInput) ticket.CallModelResult
	// review passes a draft or not; nil passes.
	review func(n int) bool
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
		approved: map[uuid.UUID]bool{}, actions: map[string]ticket.ApplyActionResult{}, times: map[uuid.UUID]time.Time{},
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
		ticket.ActivityApplyAction: d.applyAction, ticket.ActivitySendStaffReply: d.sendStaffReply,
	} {
		if names == nil || names[name] {
			r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
		}
	}
}

func (d *desk) createTicket(ctx context.Context, in ticket.CreateTicketInput) (ticket.CreateTicketResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.CreateTicketResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	res := ticket.CreateTicketResult{CustomerRef: "c0ffee", Mode: d.mode}
	left := slices.DeleteFunc(slices.Clone(in.MessageIDs), func(m uuid.UUID) bool { return d.settled[m] != "" })
	if len(left) > 0 && d.status == "" {
		d.openTicket()
	}
	if len(left) > 0 {
		d.waits()
	}
	if d.owner == ticket.OwnerHuman {
		for _, m := range left {
			d.settled[m] = ticket.Human
		}
		d.parked = append(d.parked, left...)
		left = nil
	}
	if len(left) > 0 {
		if d.status == ticket.WaitingCustomer || d.status == ticket.Resolved {
			d.status = ticket.Open
		}
		t := &deskTurn{id: id("turn of " + left[0].String()), ticket: d.tickets}
		if i := slices.IndexFunc(d.turns, func(o *deskTurn) bool { return o.id == t.id }); i >= 0 {
			t = d.turns[i]
		} else {
			d.turns = append(d.turns, t)
		}
		t.messages, t.ticket, d.pending = left, d.tickets, uuid.Nil
		res.TurnID, res.MessageIDs = t.id, left
	}
	res.Standing = d.standing()
	return res, nil
}

// ticketID is the open ticket's; the caller holds the lock.
func (d *desk) ticketID() uuid.UUID { return id("ticket " + string(rune('0'+d.tickets))) }

// turn returns a turn; the caller holds the lock.
func (d *desk) turn(turnID uuid.UUID) *deskTurn {
	for _, t := range d.turns {
		if t.id == turnID {
			return t
		}
	}
	panic("no such turn")
}

func (d *desk) fetchHistory(ctx context.Context, in ticket.FetchHistoryInput) (ticket.FetchHistoryResult, error) {
	_, err := d.begin(ctx, in)
	return ticket.FetchHistoryResult{MessageIDs: []uuid.UUID{id("earlier")}}, err
}

func (d *desk) searchKnowledge(ctx context.Context, in ticket.SearchKnowledgeInput) (ticket.SearchKnowledgeResult, error) {
	_, err := d.begin(ctx, in)
	name := in.TurnID.String() + in.ModelCallID.String()
	return ticket.SearchKnowledgeResult{
		SearchID: id("search " + name), Version: 1, Chunks: []ticket.ChunkScore{{ID: id("chunk " + name), Score: 0.5}},
	}, err
}

func (d *desk) callModel(ctx context.Context, in ticket.CallModelInput) (ticket.CallModelResult, error) {
	n, err := d.begin(ctx, in)
	res := ticket.CallModelResult{Decision: ticket.DecideRespond}
	if d.model != nil {
		res = d.model(n, in)
	}
	res.CallID = id("call " + string(rune('0'+n)))
	res.Model, res.PromptVersion = "small", "v1"
	if res.Decision == ticket.DecideRespond {
		res.DraftID = id("draft of " + res.CallID.String())
	}
	if res.Decision != ticket.DecideSearch {
		res.Category, res.Sentiment = "billing", 0.75
		res.Priority = cmp.Or(res.Priority, "high")
		d.mu.Lock()
		defer d.mu.Unlock()
		d.category, d.facts.Priority = res.Category, res.Priority
	}
	return res, err
}

func (d *desk) reviewReply(ctx context.Context, in ticket.ReviewReplyInput) (ticket.ReviewReplyResult, error) {
	n, err := d.begin(ctx, in)
	passed := d.review == nil || d.review(n)
	return ticket.ReviewReplyResult{Passed: passed, Verdicts: []ticket.Verdict{{Rule: "citations", Passed: passed}}}, err
}

func (d *desk) sendReply(ctx context.Context, in ticket.SendReplyInput) (ticket.SendReplyResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.SendReplyResult{}, err
	}
	res, epoch := d.decide(in)
	if res.State != ticket.SendDone {
		return res, nil
	}
	for part := range d.parts {
		if d.begins != nil {
			d.begins(part)
		}
		d.mu.Lock()
		if d.owner != ticket.OwnerAI || d.epoch != epoch {
			res.State = ticket.SendMuted
		} else {
			d.claims = append(d.claims, epoch)
		}
		d.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	res.Standing = d.standing()
	return res, nil
}

// decide is the transaction of sendReply.
func (d *desk) decide(in ticket.SendReplyInput) (res ticket.SendReplyResult, epoch int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.turn(in.TurnID)
	if t.state != "" && in.InstructionID == uuid.Nil {
		return ticket.SendReplyResult{Standing: d.standing(), State: ticket.SendDone, Kind: ticket.KindNotice}, 0
	}
	for _, m := range t.messages {
		if d.settled[m] != "" && t.state == "" {
			return ticket.SendReplyResult{Standing: d.standing(), State: ticket.SendStale}, 0
		}
	}
	res = ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindAnswer, Parts: d.parts}
	outcome := ticket.Answered
	switch {
	case in.DraftID == uuid.Nil:
		res.Kind, outcome = ticket.KindNotice, ticket.Human
	case d.owner == ticket.OwnerHuman:
	case in.InstructionID != uuid.Nil && !d.approved[in.DraftID]:
		res.State, res.Mode = ticket.SendHeld, ticket.ModeDraft
	case d.mode != ticket.ModeAuto && !(d.mode == ticket.ModeDraft && d.approved[in.DraftID]):
		res.State, res.Mode = ticket.SendHeld, d.mode
	case in.InstructionID != uuid.Nil && t.state == "answered":
		res.Kind = ticket.KindCorrection
	}
	if res.State == ticket.SendHeld {
		if res.Mode == ticket.ModeDraft {
			d.pending = in.DraftID
		}
		res.Standing = d.standing()
		return res, 0
	}
	if d.owner == ticket.OwnerHuman {
		res.State, res.Parts, outcome = ticket.SendMuted, 0, ticket.Human
		d.parked = append(d.parked, t.messages...)
	} else {
		d.replies = append(d.replies, reply{res.Kind, t.messages})
		if outcome == ticket.Answered {
			d.answers()
		}
	}
	for _, m := range t.messages {
		if d.settled[m] == "" {
			d.settled[m] = outcome
		}
	}
	t.state = map[bool]string{true: "answered", false: "handed over"}[outcome == ticket.Answered]
	d.pending = uuid.Nil
	res.Standing = d.standing()
	return res, d.epoch
}

func (d *desk) escalate(ctx context.Context, in ticket.EscalateInput) (ticket.EscalateResult, error) {
	_, err := d.begin(ctx, in)
	d.mu.Lock()
	defer d.mu.Unlock()
	code := in.Code
	if in.Step != ticket.StepAsk {
		code += "/" + string(in.Step)
	}
	d.escaped = append(d.escaped, code)
	if in.Step == ticket.StepAsk && d.status != "" {
		if in.TurnID != uuid.Nil || d.status != ticket.NeedsHuman {
			d.escalation = in.Code // a clock does not hide why a person was asked
		}
		if d.status != ticket.WithHuman {
			d.status = ticket.NeedsHuman
		}
		if d.facts.EscalatedAt.IsZero() && d.status == ticket.NeedsHuman {
			d.facts.EscalatedAt = d.now()
		}
		if in.Code == ticket.EscalateNotDelivered && in.TurnID != uuid.Nil {
			d.giveUp(in.TurnID)
		}
	}
	return ticket.EscalateResult{Standing: d.standing()}, err
}

// giveUp leaves what a turn has not settled to a person.
func (d *desk) giveUp(turn uuid.UUID) {
	t := d.turn(turn)
	t.state = "handed over"
	for _, m := range t.messages {
		if d.settled[m] == "" {
			d.settled[m] = ticket.Human
		}
	}
}

func (d *desk) closeTicket(ctx context.Context, in ticket.CloseTicketInput) (ticket.CloseTicketResult, error) {
	_, err := d.begin(ctx, in)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		return ticket.CloseTicketResult{}, err
	}
	closes := in.TicketID == d.ticketID() && (d.status == ticket.WaitingCustomer || d.status == ticket.Resolved)
	if closes {
		d.status, d.owner, d.assignee = "", ticket.OwnerAI, ""
	}
	return ticket.CloseTicketResult{Standing: d.standing(), Closed: closes}, nil
}

func (d *desk) syncMailbox(ctx context.Context, in ticket.SyncMailboxInput) (ticket.SyncMailboxResult, error) {
	_, err := d.begin(ctx, in)
	return ticket.SyncMailboxResult{}, err
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
