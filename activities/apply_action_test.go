package activities_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// act asks for an action in ana's name.
func (w *world) act(c uuid.UUID, action ticket.Action, change ...func(*ticket.ActionRequest)) (ticket.ApplyActionResult, error) {
	in := ticket.ApplyActionInput{ConversationID: c, Action: action}
	in.ActionID, in.Actor = uuid.NewString(), "ana"
	for _, f := range change {
		f(&in.ActionRequest)
	}
	return run(w, w.acts().ApplyAction, in)
}

// acted asks for an action that must succeed.
func (w *world) acted(c uuid.UUID, action ticket.Action, change ...func(*ticket.ActionRequest)) ticket.ApplyActionResult {
	w.t.Helper()
	res, err := w.act(c, action, change...)
	require.NoError(w.t, err)
	return res
}

func by(actor string) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.Actor = actor }
}

func under(id string) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.ActionID = id }
}

// requireSentence asserts that an action is refused for good, in words.
func requireSentence(t *testing.T, err error, code ticket.Code, words ...string) {
	t.Helper()
	requireRefused(t, err, code, true)
	for _, part := range words {
		require.Contains(t, refusal(t, err).Message(), part)
	}
}

// standing is what the database says, to be compared with what was returned.
func (w *world) standing(c uuid.UUID) ticket.Standing {
	w.t.Helper()
	s, err := run(w, w.acts().ReadTicket, ticket.ReadTicketInput{ConversationID: c})
	require.NoError(w.t, err)
	return s
}

// note stores why a ticket is resolved.
func (w *world) note(c uuid.UUID) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	_, err := w.db.InsertNote(w.t.Context(), schema.InsertNoteParams{ID: id, ConversationID: c, Actor: "ana", Body: "settled by phone"})
	require.NoError(w.t, err)
	return id
}

func (w *world) resolved(c uuid.UUID) ticket.ApplyActionResult {
	w.t.Helper()
	return w.acted(c, ticket.ActionResolve, noted(w.note(c)))
}

func noted(id uuid.UUID) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.NoteID = id }
}

func (w *world) closed(c uuid.UUID) {
	w.t.Helper()
	w.resolved(c)
	_, err := run(w, w.acts().CloseTicket, ticket.CloseTicketInput{TicketID: w.standing(c).TicketID})
	require.NoError(w.t, err)
	require.Equal(w.t, uuid.Nil, w.standing(c).TicketID)
}

func TestAnActionHappensOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	id := uuid.NewString()
	first := w.acted(c, ticket.ActionTakeover, under(id))
	require.Equal(t, w.standing(c), first.Standing)
	again := w.acted(c, ticket.ActionTakeover, under(id))
	require.Equal(t, first, again)
	require.EqualValues(t, 1, again.Epoch)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM audit_log"))

	released := w.acted(c, ticket.ActionRelease)
	again = w.acted(c, ticket.ActionTakeover, under(id))
	require.Equal(t, released.Standing, again.Standing, "where the ticket stands now, and nothing done again")

	_, err := w.act(c, ticket.ActionRelease, under(id))
	requireSentence(t, err, ticket.CodeInvalid, "something else")
	other := w.conversationOf(w.turn(w.conversation(ticket.WebForm), "hi"))
	_, err = w.act(other, ticket.ActionTakeover, under(id))
	requireSentence(t, err, ticket.CodeInvalid, "something else")
	require.Equal(t, ticket.OwnerAI, w.reload(other).Owner)
}

func (w *world) conversationOf(opened ticket.CreateTicketResult) uuid.UUID {
	w.t.Helper()
	return w.ticket(opened.TicketID).ConversationID
}

func TestManyAskForTheSameActionAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversationOf(w.turn(w.conversation(ticket.WebForm), "hello"))
	id := uuid.NewString()
	var all sync.WaitGroup
	problems := make([]error, 6)
	for i := range problems {
		all.Go(func() { _, problems[i] = w.act(c, ticket.ActionTakeover, under(id)) })
	}
	all.Wait()
	for _, err := range problems {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, w.reload(c).Epoch)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM actions"))
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM audit_log"))
}

func TestARefusedActionLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversationOf(w.turn(w.conversation(ticket.WebForm), "hello"))
	before := w.standing(c)
	for name, ask := range map[string]func() (ticket.ApplyActionResult, error){
		"no id": func() (ticket.ApplyActionResult, error) { return w.act(c, ticket.ActionTakeover, under("")) },
		"long id": func() (ticket.ApplyActionResult, error) {
			return w.act(c, ticket.ActionTakeover, under(strings.Repeat("x", 201)))
		},
		"no actor": func() (ticket.ApplyActionResult, error) { return w.act(c, ticket.ActionTakeover, by("")) },
		"an address": func() (ticket.ApplyActionResult, error) {
			return w.act(c, ticket.ActionTakeover, by("ana@firnwacht.example"))
		},
		"a number": func() (ticket.ApplyActionResult, error) { return w.act(c, ticket.ActionTakeover, by(phone)) },
		"a name":   func() (ticket.ApplyActionResult, error) { return w.act(c, ticket.ActionTakeover, by("Ana Kunde")) },
		"prose": func() (ticket.ApplyActionResult, error) {
			return w.act(c, ticket.ActionTakeover, because("she is angry"))
		},
		"unknown action": func() (ticket.ApplyActionResult, error) { return w.act(c, "dance") },
		"nothing to release": func() (ticket.ApplyActionResult, error) {
			return w.act(c, ticket.ActionRelease)
		},
		"priority": func() (ticket.ApplyActionResult, error) {
			return w.act(c, ticket.ActionSetPriority, func(r *ticket.ActionRequest) { r.Priority = "now" })
		},
	} {
		_, err := ask()
		requireRefused(t, err, ticket.CodeInvalid, true)
		require.NotContains(t, refusal(t, err).Message(), "Kunde", name)
		require.NotContains(t, refusal(t, err).Message(), "@", name)
	}
	require.Equal(t, before, w.standing(c))
	require.Equal(t, "0", w.scalar("SELECT (SELECT count(*) FROM actions) + (SELECT count(*) FROM audit_log)"))
}

func because(code string) func(*ticket.ActionRequest) {
	return func(r *ticket.ActionRequest) { r.ReasonCode = code }
}

func TestWithoutATicketThereIsNothingToActOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation(ticket.WebForm)
	for _, action := range ticket.Actions() {
		_, err := w.act(c.ID, action)
		requireRefused(t, err, ticket.CodeNotFound, true)
	}
	_, err := w.act(uuid.New(), ticket.ActionTakeover)
	requireRefused(t, err, ticket.CodeNotFound, true)
}

func TestAClosedTicketIsActedOnByFewActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	w.closed(c)
	for _, action := range []ticket.Action{
		ticket.ActionRelease, ticket.ActionApproveDraft, ticket.ActionRejectDraft, ticket.ActionResolve, ticket.ActionSetPriority, ticket.ActionOverride,
	} {
		_, err := w.act(c, action, because("wrong"))
		requireSentence(t, err, ticket.CodeInvalid, opened.TicketNumber, "closed", "Reopen")
	}
	res := w.acted(c, ticket.ActionTakeover)
	require.Equal(t, opened.TicketID, res.TicketID)
	require.Equal(t, ticket.WithHuman, res.Status)
}

// What is kept for the audit names what was done to what by whom.
func TestEveryActionIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.WebForm), "hello")
	c := w.conversationOf(opened)
	w.acted(c, ticket.ActionTakeover)
	w.acted(c, ticket.ActionSetPriority, func(r *ticket.ActionRequest) { r.Priority = "urgent" }, by("ben"), because("vip"))
	w.resolved(c)
	require.Equal(t, "ana takeover,ben set_priority vip,ana resolve",
		w.scalar("SELECT string_agg(concat_ws(' ', actor, action, nullif(reason, '')), ',' ORDER BY id) FROM audit_log"))
	require.Equal(t, "ticket:"+opened.TicketID.String(), w.scalar("SELECT DISTINCT object FROM audit_log"))
	require.Equal(t, "open>with_human ai>human medium>medium,with_human>with_human human>human medium>urgent,with_human>resolved human>ai urgent>urgent",
		w.scalar(`SELECT string_agg(concat_ws(' ', (detail #>> '{before,status}') || '>' || (detail #>> '{after,status}'),
			(detail #>> '{before,owner}') || '>' || (detail #>> '{after,owner}'),
			(detail #>> '{before,priority}') || '>' || (detail #>> '{after,priority}')), ',' ORDER BY id) FROM audit_log`))
}

// at sets the clock that the ticket's clocks follow.
func (w *world) at(t time.Time) { w.options.Now = func() time.Time { return t } }
