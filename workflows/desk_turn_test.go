package workflows_test

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

type deskTurn struct {
	id       uuid.UUID
	ticket   int
	messages []uuid.UUID
	state    string                  // empty while it is open
	told     bool                    // that it is answered later
	sends    map[uuid.UUID]*deskSend // by instruction
}

// hasAnswer reports that an instruction has brought the answer that the turn
// was settled without: what comes after it is a correction.
func (t *deskTurn) hasAnswer() bool {
	for _, s := range t.sends {
		if s.kind == ticket.KindAnswer {
			return true
		}
	}
	return false
}

// deskSend is what a turn was settled with, or what an instruction has added.
type deskSend struct {
	kind   ticket.Kind
	epoch  int64
	queued int // parts that nobody has begun to send
}

func (d *desk) createTicket(ctx context.Context, in ticket.CreateTicketInput) (ticket.CreateTicketResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.CreateTicketResult{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	res := ticket.CreateTicketResult{CustomerRef: "c0ffee", Mode: d.mode}
	left := d.unsettled(in.MessageIDs)
	if len(left) == 0 {
		res.Standing = d.stands()
		return res, nil
	}
	if d.status == "" {
		d.openTicket()
	}
	if slices.ContainsFunc(left, func(m uuid.UUID) bool { return !d.answeredByPerson(m) }) {
		d.waits()
	}
	if d.owner == ticket.OwnerHuman {
		d.park(left)
		left = nil
	}
	if len(left) > 0 {
		t := &deskTurn{id: id("turn of " + left[0].String()), sends: map[uuid.UUID]*deskSend{}}
		if i := slices.IndexFunc(d.turns, func(o *deskTurn) bool { return o.id == t.id }); i >= 0 {
			t = d.turns[i]
			if t.state == "handed over" {
				t.state = "" // given back unanswered
			}
		} else {
			d.turns = append(d.turns, t)
		}
		if p := d.pendingTurn(); p != nil && (p != t || !slices.Equal(p.messages, left)) {
			d.pending = uuid.Nil // it does not answer what is asked now
		}
		if t.state == "" {
			t.messages, t.ticket = left, d.tickets
		}
		res.TurnID, res.MessageIDs = t.id, left
		if d.rule != nil {
			r := d.rule(left)
			if r.plain == ticket.PlainSlow && t.told {
				r = rule{} // once a turn
			}
			res.Plain, res.Until, res.Person, res.Rule, res.Replies = r.plain, r.until, r.person, r.rule, r.replies
		}
	}
	res.Standing = d.standing()
	return res, nil
}

// unsettled returns those of the messages that nothing has settled, each once;
// the caller holds the lock.
func (d *desk) unsettled(messages []uuid.UUID) (left []uuid.UUID) {
	for _, m := range messages {
		if d.settled[m] == "" && !slices.Contains(left, m) {
			left = append(left, m)
		}
	}
	return left
}

// park leaves messages to a person, without a turn; the caller holds the lock.
func (d *desk) park(messages []uuid.UUID) {
	for _, m := range messages {
		d.settled[m], d.left[m] = ticket.Human, "with a person"
		d.parked = append(d.parked, m)
	}
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
	d.mu.Lock()
	defer d.mu.Unlock()
	if res.Decision == ticket.DecideRespond {
		res.DraftID = id("draft of " + res.CallID.String())
		d.drafts[res.DraftID] = in.TurnID
	}
	if res.Decision != ticket.DecideSearch {
		res.Category, res.Sentiment = "billing", 0.75
		res.Priority = cmp.Or(res.Priority, "high")
		d.category = res.Category
		if !d.byPerson {
			d.facts.Priority = res.Priority
		}
	}
	return res, err
}

func (d *desk) reviewReply(ctx context.Context, in ticket.ReviewReplyInput) (ticket.ReviewReplyResult, error) {
	n, err := d.begin(ctx, in)
	passed := d.review == nil || d.review(n) || in.Deep
	return ticket.ReviewReplyResult{Passed: passed, Deepen: d.deepens && !passed, Verdicts: []ticket.Verdict{{Rule: "citations", Passed: passed}}}, err
}

func (d *desk) sendReply(ctx context.Context, in ticket.SendReplyInput) (ticket.SendReplyResult, error) {
	if _, err := d.begin(ctx, in); err != nil {
		return ticket.SendReplyResult{}, err
	}
	res, send, err := d.decide(in)
	if err != nil || res.State == ticket.SendStale || res.State == ticket.SendHeld {
		return res, err
	}
	for part := 0; send != nil && send.queued > 0; part++ {
		if d.begins != nil {
			d.begins(part)
		}
		if !d.claim(send) {
			res.State = ticket.SendMuted
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	res.Standing, res.Waits = d.stands(), d.waitsForWord
	return res, nil
}

// claim begins a part, unless somebody has taken over since it was queued.
func (d *desk) claim(s *deskSend) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owner != ticket.OwnerAI || d.epoch != s.epoch {
		s.queued = 0
		return false
	}
	s.queued--
	d.claims = append(d.claims, s.epoch)
	return true
}

// decide is the transaction of sendReply.
func (d *desk) decide(in ticket.SendReplyInput) (res ticket.SendReplyResult, send *deskSend, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.turn(in.TurnID)
	if d.unsent == t.id {
		d.unsent = uuid.Nil
	}
	muted := d.owner == ticket.OwnerHuman
	if send = t.sends[in.InstructionID]; t.state != "" && (send != nil || in.InstructionID == uuid.Nil || in.DraftID == uuid.Nil || muted) {
		return d.asSettled(send), send, nil
	}
	if t.state == "" && len(d.unsettled(t.messages)) < len(t.messages) {
		return ticket.SendReplyResult{Standing: d.stands(), State: ticket.SendStale}, nil, nil
	}
	res = ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindNotice, Parts: 1}
	outcome := ticket.Human
	if in.Plain != "" {
		res.Kind, outcome = ticket.KindAck, ticket.Answered
	}
	if in.Plain == ticket.PlainVerify || in.Plain == ticket.PlainWrongCode {
		if d.codeUntil.IsZero() {
			res.State, res.Why = ticket.SendHeld, ticket.EscalateIdentity
		} else if !muted {
			d.replies = append(d.replies, reply{res.Kind, t.messages})
			res.Until = d.codeUntil
		}
		res.Standing = d.standing()
		return res, nil, nil
	}
	if in.Plain == ticket.PlainSlow {
		if !muted && !t.told {
			t.told = true
			d.replies = append(d.replies, reply{res.Kind, t.messages})
		}
		res.Standing = d.standing()
		return res, nil, nil
	}
	if d.forbidden != "" && in.DraftID != uuid.Nil && !muted {
		res.State, res.Why = ticket.SendHeld, d.forbidden
		res.Standing = d.standing()
		return res, nil, nil
	}
	if in.DraftID != uuid.Nil {
		if d.rejected[in.DraftID] {
			return res, nil, bad("a person has rejected the draft")
		}
		res.Kind, res.Parts, outcome = ticket.KindAnswer, d.parts, ticket.Answered
		if t.state == "answered" || t.hasAnswer() {
			res.Kind = ticket.KindCorrection
		}
		if held := d.heldBy(in); held != "" && !muted {
			res.State, res.Mode = ticket.SendHeld, held
			if held == ticket.ModeDraft && d.status != "" {
				d.pending = in.DraftID
			}
			res.Standing = d.standing()
			return res, nil, nil
		}
	}
	if muted {
		res.State, res.Parts, outcome = ticket.SendMuted, 0, ticket.Human
	} else {
		d.replies = append(d.replies, reply{res.Kind, t.messages})
		send = &deskSend{kind: res.Kind, epoch: d.epoch, queued: res.Parts}
		t.sends[in.InstructionID] = send
	}
	if t.state == "" {
		for _, m := range t.messages {
			d.settled[m] = outcome
			if muted {
				d.left[m] = "with a person"
			}
		}
		t.state = map[bool]string{true: "answered", false: "handed over"}[outcome == ticket.Answered]
	}
	if d.drafts[d.pending] == t.id {
		d.pending = uuid.Nil
	}
	if outcome == ticket.Answered {
		if in.Plain == "" {
			d.sent = append(d.sent, in.DraftID)
		}
		d.speaks()
		d.answers(d.approved[in.DraftID])
	}
	res.Standing = d.standing()
	return res, send, nil
}

// asSettled is what an earlier call settled a turn with; the caller holds the lock.
func (d *desk) asSettled(send *deskSend) ticket.SendReplyResult {
	res := ticket.SendReplyResult{Standing: d.stands(), State: ticket.SendDone, Kind: ticket.KindNotice}
	switch {
	case send != nil:
		res.Kind, res.Parts = send.kind, d.parts
	case d.owner == ticket.OwnerHuman:
		res.State = ticket.SendMuted
	}
	return res
}

// heldBy returns the mode that keeps a draft back; the caller holds the lock.
func (d *desk) heldBy(in ticket.SendReplyInput) ticket.Mode {
	switch {
	case d.approved[in.DraftID]:
		return ""
	case d.mode == ticket.ModeOff:
		return ticket.ModeOff
	case in.InstructionID != uuid.Nil || d.mode == ticket.ModeDraft:
		return ticket.ModeDraft
	default:
		return ""
	}
}

func (d *desk) closeTicket(ctx context.Context, in ticket.CloseTicketInput) (ticket.CloseTicketResult, error) {
	_, err := d.begin(ctx, in)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		return ticket.CloseTicketResult{}, err
	}
	open := d.status != "" && in.TicketID == d.ticketID()
	if open && (d.status == ticket.WaitingCustomer || d.status == ticket.Resolved) {
		d.status, d.pending, open = "", uuid.Nil, false
		d.giveBack()
	}
	return ticket.CloseTicketResult{Standing: d.standing(), Closed: !open}, nil
}
