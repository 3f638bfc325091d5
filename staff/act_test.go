package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

func request(id string) ticket.ActionRequest { return ticket.ActionRequest{ActionID: id, Actor: "ana"} }

func TestDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	w.temporal.answer = func(ctx context.Context, o client.UpdateWorkflowOptions, started bool) error {
		require.False(t, started)
		require.Equal(t, seen.WorkflowID, o.WorkflowID)
		require.Equal(t, "release", o.UpdateName)
		require.Equal(t, "a1", o.UpdateID)
		require.Equal(t, []any{request("a1")}, o.Args)
		require.Equal(t, client.WorkflowUpdateStageCompleted, o.WaitForStage)
		_, limited := ctx.Deadline()
		require.True(t, limited)
		return nil
	}
	res, err := w.Do(t.Context(), seen.Number, ticket.ActionRelease, request("a1"))
	require.NoError(t, err)
	require.EqualValues(t, 1, res.Epoch)
}

func TestDoWakesAClosedTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	w.close(seen)
	updates := 0
	w.temporal.answer = func(_ context.Context, _ client.UpdateWorkflowOptions, started bool) error {
		require.True(t, started)
		updates++
		return nil
	}
	for i, action := range []ticket.Action{ticket.ActionTakeover, ticket.ActionReopen} {
		_, err := w.Do(t.Context(), seen.Number, action, request(fmt.Sprint(i)))
		require.NoError(t, err)
	}
	_, err := w.Reply(t.Context(), seen.Number, "ana", "hello", "2")
	require.NoError(t, err)
	require.Equal(t, 3, updates)
	require.Len(t, w.temporal.starts, 3)
	for _, begun := range w.temporal.starts {
		require.Equal(t, seen.WorkflowID, begun.options.ID)
		require.Equal(t, ticket.QueueTickets, begun.options.TaskQueue)
		require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, begun.options.WorkflowIDConflictPolicy)
		require.Equal(t, ticket.TicketWorkflow, begun.workflow)
		require.Equal(t, []any{ticket.TicketInput{ConversationID: seen.ConversationID, Channel: ticket.Email}}, begun.args)
	}
	for _, action := range []ticket.Action{ticket.ActionRelease, ticket.ActionApproveDraft, ticket.ActionRejectDraft, ticket.ActionSetPriority} {
		_, err := w.Do(t.Context(), seen.Number, action, request("x"))
		requireSentence(t, err, ticket.CodeConflict, seen.Number+" is closed; reopen it first")
	}
	_, err = w.Resolve(t.Context(), seen.Number, "ana", "done", "y")
	requireSentence(t, err, ticket.CodeConflict, "is closed; reopen it first")
	require.Equal(t, "0", w.count("notes"))

	later := w.further(seen.ConversationID)
	_, err = w.Do(t.Context(), seen.Number, ticket.ActionTakeover, request("z"))
	requireSentence(t, err, ticket.CodeConflict, seen.Number+" is closed and its conversation has gone on as "+later.Number)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const sentence = "T-1 is with ben. Ask ben to release it first."
	coded := func(kind string) error {
		return temporal.NewNonRetryableApplicationError(sentence, kind, errors.New("cause"))
	}
	for name, c := range map[string]struct {
		err      error
		code     ticket.Code
		contains string
	}{
		"a validator's":            {coded("conflict"), ticket.CodeConflict, sentence},
		"wrapped by the client":    {fmt.Errorf("update: %w", coded("invalid")), ticket.CodeInvalid, sentence},
		"an activity's":            {temporal.NewApplicationErrorWithCause("outer", "notfound", coded("conflict")), ticket.CodeNotFound, "outer"},
		"without a code of ours":   {coded("wrapError"), ticket.CodeInvalid, sentence},
		"an outage":                {coded("unavailable"), ticket.CodeUnavailable, sentence},
		"no workflow":              {serviceerror.NewNotFound("workflow not found for ID: ticket/email/1"), ticket.CodeConflict, "no workflow runs for T-"},
		"it ended meanwhile":       {coded("AcceptedUpdateCompletedWorkflow"), ticket.CodeUnavailable, "ended in the same moment"},
		"a timeout of an activity": {temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil), ticket.CodeUnavailable, "could not be changed in time"},
		"too many":                 {serviceerror.NewResourceExhausted(enums.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT, "limit"), ticket.CodeUnavailable, "ask again in a moment"},
		"no namespace":             {serviceerror.NewNamespaceNotFound("x"), ticket.CodeUnavailable, "check TEMPORAL_NAMESPACE"},
		"no search attribute":      {serviceerror.NewInvalidArgument("x"), ticket.CodeUnavailable, "run `fte migrate`"},
		"no server":                {serviceerror.NewUnavailable("x"), ticket.CodeUnavailable, "check TEMPORAL_ADDRESS"},
	} {
		w := newWorld(t)
		seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
		w.temporal.ends(c.err)
		_, err := w.Do(t.Context(), seen.Number, ticket.ActionRelease, request("a"))
		requireSentence(t, err, c.code, c.contains)
		if c.contains == sentence {
			require.Equal(t, sentence, err.Error(), name)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, up := range []bool{true, false} {
		w := newWorld(t)
		w.Patience = time.Millisecond
		seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
		w.temporal.answer = func(ctx context.Context, _ client.UpdateWorkflowOptions, _ bool) error {
			<-ctx.Done()
			return client.NewWorkflowUpdateServiceTimeoutOrCanceledError(ctx.Err())
		}
		if !up {
			w.temporal.health = serviceerror.NewUnavailable("down")
		}
		_, err := w.Do(t.Context(), seen.Number, ticket.ActionRelease, request("a"))
		if up {
			requireSentence(t, err, ticket.CodeUnavailable, "no worker answered within 1ms: is `fte worker` running?")
		} else {
			require.ErrorContains(t, err, "check TEMPORAL_ADDRESS")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = w.Do(ctx, seen.Number, ticket.ActionRelease, request("a"))
		require.Error(t, err)
	}
}

func TestBadRequestsStoreNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	for _, c := range []struct{ actor, text, id, want string }{
		{"ana@firm.example", "hello", "a", "never an e-mail address"},
		{"ana", " \n", "a", "the reply is empty"},
		{"ana", "hello", "", "an id of its own"},
		{"ana", "hello", "a b", "an id of its own"},
		{"ana", "hello", strings.Repeat("a", 201), "an id of its own"},
	} {
		_, err := w.Reply(t.Context(), seen.Number, c.actor, c.text, c.id)
		requireSentence(t, err, ticket.CodeInvalid, c.want)
	}
	_, err := w.Resolve(t.Context(), seen.Number, "ana", strings.Repeat("a", MaxNote+1), "a")
	requireSentence(t, err, ticket.CodeTooLarge, "the note has 4001 characters; 4000 are allowed")
	_, err = w.Reply(t.Context(), "T-0000000000", "ana", "hello", "a")
	requireSentence(t, err, ticket.CodeNotFound, "there is no ticket")
	require.Equal(t, "0 0", w.count("messages")+" "+w.count("notes"))
}

func TestReplyStoresItsTextOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer("email", "ana@customer.example")
	seen, other := w.ticket(customer, ticket.Email), w.ticket(customer, ticket.Email)
	var ids []uuid.UUID
	w.temporal.answer = func(_ context.Context, o client.UpdateWorkflowOptions, _ bool) error {
		req := o.Args[0].(ticket.ActionRequest)
		require.Equal(t, "a1 ana", req.ActionID+" "+req.Actor)
		ids = append(ids, req.MessageID)
		require.Equal(t, "1", w.count("messages WHERE id = '%s' AND author = 'staff' AND external_id = 'staff:a1' AND body = 'Hello' AND conversation_id = '%s'", req.MessageID, seen.ConversationID))
		return nil
	}
	for range 2 {
		_, err := w.Reply(t.Context(), seen.Number, "ana", " Hello\n", "a1")
		require.NoError(t, err)
	}
	require.Len(t, ids, 2)
	require.Equal(t, ids[0], ids[1])
	require.Equal(t, "1", w.count("messages"))
	_, err := w.Reply(t.Context(), seen.Number, "ana", "Good bye", "a1")
	requireSentence(t, err, ticket.CodeConflict, "used for something else before")
	_, err = w.Reply(t.Context(), other.Number, "ana", "Hello", "a1")
	requireSentence(t, err, ticket.CodeConflict, "used for something else before")
	require.Equal(t, "1", w.count("messages"))
	require.Len(t, ids, 2)
}

func TestARefusedReplyIsForgotten(t *testing.T) {
	t.Parallel()
	for code, left := range map[ticket.Code]string{ticket.CodeConflict: "0", ticket.CodeInvalid: "0", ticket.CodeNotFound: "0", ticket.CodeUnavailable: "1"} {
		w := newWorld(t)
		seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
		w.temporal.ends(temporal.NewNonRetryableApplicationError("No.", string(code), nil))
		_, err := w.Reply(t.Context(), seen.Number, "ana", "Hello", "a1")
		requireSentence(t, err, code, "No.")
		require.Equal(t, left, w.count("messages"), "%s: what may still be sent stays", code)
	}
}

func TestResolveStoresItsNoteOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	w.temporal.answer = func(_ context.Context, o client.UpdateWorkflowOptions, _ bool) error {
		req := o.Args[0].(ticket.ActionRequest)
		require.Equal(t, "1", w.count("notes WHERE id = '%s' AND actor = 'ana' AND body = 'Sent a new link.'", req.NoteID))
		return nil
	}
	for range 2 {
		_, err := w.Resolve(t.Context(), seen.Number, "ana", "Sent a new link.", "a1")
		require.NoError(t, err)
	}
	require.Equal(t, "1", w.count("notes"))
	_, err := w.Resolve(t.Context(), seen.Number, "ana", "Another.", "a1")
	requireSentence(t, err, ticket.CodeConflict, "used for something else before")
}

func TestOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer("email", "ana@customer.example")
	seen, other := w.ticket(customer, ticket.Email), w.ticket(customer, ticket.Email)
	foreign, _ := w.turn(other)
	again := Again{Reason: "try the new prompt", PromptVersion: "v2", Model: "gpt-4.1", Auto: true}
	_, err := w.Override(t.Context(), seen.Number, "ana", again, "a0")
	requireSentence(t, err, ticket.CodeNotFound, "has not taken a turn on "+seen.Number)
	turn, _ := w.turn(seen)
	w.temporal.answer = func(_ context.Context, o client.UpdateWorkflowOptions, _ bool) error {
		req := o.Args[0].(ticket.ActionRequest)
		require.Equal(t, turn, req.TurnID)
		require.Equal(t, "1", w.count("instructions WHERE id = '%s' AND turn_id = '%s' AND auto AND model = 'gpt-4.1' AND actor = 'ana'", req.InstructionID, turn))
		return nil
	}
	for range 2 {
		_, err = w.Override(t.Context(), seen.Number, "ana", again, "a1")
		require.NoError(t, err)
	}
	require.Equal(t, "1", w.count("instructions"))
	for _, wrong := range []uuid.UUID{foreign, uuid.New()} {
		_, err = w.Override(t.Context(), seen.Number, "ana", Again{TurnID: wrong, Reason: "x"}, "a2")
		requireSentence(t, err, ticket.CodeNotFound, "this turn is not one of "+seen.Number)
	}
	_, err = w.Override(t.Context(), seen.Number, "ana", Again{Reason: "x", Model: "a b"}, "a2")
	requireSentence(t, err, ticket.CodeInvalid, "a prompt or model has a name")
	again.Auto = false
	_, err = w.Override(t.Context(), seen.Number, "ana", again, "a1")
	requireSentence(t, err, ticket.CodeConflict, "used for something else before")
}
