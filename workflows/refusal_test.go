package workflows_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

// What a validator refuses costs nothing: no event, no activity, and the person
// who asked reads a sentence.
func TestRefusedActionLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	s.deliver(msg("m1", 0))
	s.settles(1)
	before := len(s.history("").GetEvents())
	calls := len(s.names())
	for name, tc := range map[string]struct {
		action ticket.Action
		req    ticket.ActionRequest
		why    string
	}{
		"wrong state":   {ticket.ActionRelease, ticket.ActionRequest{}, "T-1 is with the assistant already."},
		"unknown draft": {ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: id("nobody's")}, "No draft of T-1 waits for approval."},
		"empty reply":   {ticket.ActionReply, ticket.ActionRequest{}, "There is no text to send"},
		"prose":         {ticket.ActionRejectDraft, ticket.ActionRequest{DraftID: id("d"), ReasonCode: "It is all wrong."}, "in one word"},
	} {
		err := s.refusal(tc.action, tc.req)
		var refused *temporal.ApplicationError
		require.ErrorAs(t, err, &refused, name)
		require.Contains(t, refused.Message(), tc.why, name)
	}
	// Once accepted, an endless request would end the run.
	for _, size := range []int{5_000, 500_000, 1_500_000} {
		err := s.refusal(ticket.ActionTakeover, ticket.ActionRequest{ReasonCode: strings.Repeat("x", size)})
		require.ErrorContains(t, err, "the request is too long", size)
	}

	for _, e := range s.history("").GetEvents()[before:] {
		require.NotContains(t, e.GetEventType().String(), "Update", "a refused update left a trace")
		require.NotContains(t, e.GetEventType().String(), "Activity")
	}
	require.Len(t, s.names(), calls)
	require.Equal(t, ticket.OwnerHuman, s.act(ticket.ActionTakeover, ticket.ActionRequest{}).Owner, "the next one that makes sense is done")
}

// refusal asks for an action and returns why it was not done.
func (s *server) refusal(action ticket.Action, req ticket.ActionRequest) error {
	s.t.Helper()
	handle, err := s.client.UpdateWorkflow(s.t.Context(), s.updateOf(action, req))
	if err != nil {
		return err
	}
	return handle.Get(s.t.Context(), nil)
}

// Whatever somebody signals by hand, the conversation goes on.
func TestMalformedSignalHarmsNothing(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	run := s.deliver(msg("m1", 0))
	s.settles(1)
	for _, nonsense := range []any{"hello", 42, map[string]any{"messages": "all of them"}, nil, []byte{0xff, 0x00}} {
		require.NoError(t, s.client.SignalWorkflow(t.Context(), s.workflowID, run, ticket.SignalMessage, nonsense))
	}
	require.NoError(t, s.client.SignalWorkflow(t.Context(), s.workflowID, run, "massage", "a signal that nobody knows"))
	s.deliver(msg("m2", 10))
	s.settles(2)
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, s.answered())
}
