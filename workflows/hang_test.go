package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// soon gives everything so much time to be answered, and makes no other promise.
func (d *desk) soon(response time.Duration) {
	d.policy.Person, d.policy.Unresolved, d.policy.Acknowledge, d.policy.SecondLevel = 0, 0, 0, 0
	for _, byPriority := range d.policy.Targets {
		for p := range byPriority {
			byPriority[p] = sla.Target{Response: response}
		}
	}
}

// pendingSummaries says what the activities that are under way are for.
func (s *server) pendingSummaries() (summaries []string) {
	s.t.Helper()
	h := s.history("")
	d, err := s.client.DescribeWorkflowExecution(s.t.Context(), s.workflowID, "")
	require.NoError(s.t, err)
	for _, a := range d.GetPendingActivities() {
		for _, e := range h.GetEvents() {
			if e.GetActivityTaskScheduledEventAttributes().GetActivityId() != a.GetActivityId() {
				continue
			}
			var summary string
			require.NoError(s.t, converter.GetDefaultDataConverter().FromPayload(e.GetUserMetadata().GetSummary(), &summary))
			summaries = append(summaries, a.GetActivityType().GetName()+": "+summary)
		}
	}
	return summaries
}

// details is what a lead reads on the page of the run.
func (s *server) details() string {
	s.t.Helper()
	var metadata sdk.WorkflowMetadata
	value, err := s.client.QueryWorkflow(s.t.Context(), s.workflowID, "", "__temporal_workflow_metadata")
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// A model that hangs holds up neither the clocks nor people.
func TestHangingModelHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := startServer(t, ticket.Email, nil)
	// It was promised almost a minute ago: time to warn, and soon it is broken.
	s.soon(time.Minute)
	s.openTicket()
	s.facts.WaitingSince = time.Now().Add(-57 * time.Second)
	begun, release := s.hold(ticket.ActivityCallModel)
	defer release()
	s.deliver(msg("m1", 0))
	s.waitFor(begun)
	require.Equal(t, []string{"CallModel: ask the model"}, s.pendingSummaries())
	require.Contains(t, s.details(), "| Now | the assistant is thinking: see the pending activity |")

	steps := func() (codes []string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Clone(s.escaped)
	}
	s.eventually(func() bool { return len(steps()) == 2 }, "nobody is told")
	require.Equal(t, []string{ticket.EscalateAtRisk + "/" + string(ticket.StepWarning), ticket.EscalateBreached}, steps())
	s.eventually(func() bool { return s.attribute(ticket.AttrEscalationReason) == `"sla_breached"` }, "the list of runs does not show it")
	require.Equal(t, []string{"CallModel: ask the model"}, s.pendingSummaries(), "the model is asked once")

	before := time.Now()
	require.Equal(t, ticket.WithHuman, s.act(ticket.ActionTakeover, ticket.ActionRequest{}).Status)
	require.Less(t, time.Since(before), 5*time.Second)
	s.eventually(func() bool { return len(s.pendingSummaries()) == 0 }, "the model is still waited for")
	require.Contains(t, s.details(), "| Answered by | ana |")
	require.Contains(t, s.details(), "| Now | a person answers |")
	require.Empty(t, s.answered())
	s.eventually(func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.settled[id("m1")] == ticket.Human
	}, "the message is nobody's")
}

// A model of which every call takes until its timeout is given up within the
// time a turn has for it; the clocks ring meanwhile and a person is asked.
func TestModelThatTimesOutForAnHourIsGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(20 * time.Minute)
	heard := b.watch()
	tries := 0
	lasts(b, ticket.ActivityCallModel, 90*time.Second, func(context.Context, ticket.CallModelInput) (ticket.CallModelResult, error) {
		tries++
		return ticket.CallModelResult{}, errDown
	})
	b.arrive(0, msg("m1", 0))
	b.at(5*time.Minute, func() {
		require.Contains(t, b.details(), "| Now | the assistant is thinking: see the pending activity |")
		require.Equal(t, ticket.Open, b.view().Status)
	})
	b.at(time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Greater(t, tries, 3)
	require.Equal(t, []string{ticket.EscalateModel}, b.escalations())
	require.Equal(t, []reply{{ticket.KindNotice, ids("m1")}}, b.answered(), "the customer is told so")
	require.Equal(t, errDown.Error(), b.view().LastError)
	require.Equal(t, []alarm{
		{noon().Add(15 * time.Minute), ticket.EscalateAtRisk, ticket.StepWarning},
		{noon().Add(20 * time.Minute), ticket.EscalateBreached, ticket.StepAsk},
	}, *heard)
}
