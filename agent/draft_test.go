package agent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/agent"
	"github.com/digital-fte/fte/ticket"
)

// script plays the steps: each model call is one of calls, each review one of
// reviews, and what was done is written down.
type script struct {
	calls   []ticket.CallModelResult
	reviews []ticket.ReviewReplyResult
	fails   map[string]error
	done    []string
	asked   []ticket.CallModelInput
}

func (s *script) History() (ticket.FetchHistoryResult, error) {
	s.done = append(s.done, "history")
	return ticket.FetchHistoryResult{}, s.fails["history"]
}

func (s *script) Search(call uuid.UUID) (ticket.SearchKnowledgeResult, error) {
	s.done = append(s.done, "search")
	return ticket.SearchKnowledgeResult{SearchID: uuid.New(), Chunks: []ticket.ChunkScore{{ID: call, Score: 1}}}, s.fails["search"]
}

func (s *script) Ask(in ticket.CallModelInput) (ticket.CallModelResult, error) {
	s.done, s.asked = append(s.done, "ask"), append(s.asked, in)
	if err := s.fails["ask"]; err != nil {
		return ticket.CallModelResult{}, err
	}
	next := s.calls[0]
	if len(s.calls) > 1 { // the last one is given for ever
		s.calls = s.calls[1:]
	}
	next.CallID = uuid.New()
	return next, nil
}

func (s *script) Review(_ uuid.UUID, deep bool) (ticket.ReviewReplyResult, error) {
	s.done = append(s.done, map[bool]string{false: "review", true: "deep"}[deep])
	if err := s.fails["review"]; err != nil {
		return ticket.ReviewReplyResult{}, err
	}
	next := s.reviews[0]
	if len(s.reviews) > 1 {
		s.reviews = s.reviews[1:]
	}
	return next, nil
}

func (s *script) Code(err error) ticket.Code { return ticket.CodeOf(err) }

func TestDraft(t *testing.T) {
	t.Parallel()
	respond := ticket.CallModelResult{Decision: ticket.DecideRespond, DraftID: uuid.New(), Sentiment: 0.5}
	second := ticket.CallModelResult{Decision: ticket.DecideRespond, DraftID: uuid.New(), Sentiment: 0.5}
	angry := ticket.CallModelResult{Decision: ticket.DecideRespond, DraftID: uuid.New(), Sentiment: 0.1}
	search := ticket.CallModelResult{Decision: ticket.DecideSearch}
	invalid := ticket.CallModelResult{Decision: ticket.DecideInvalid, Problem: "unknown_tool"}
	legal := ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "legal_threat"}
	good := ticket.ReviewReplyResult{Passed: true, Confidence: 0.9, Threshold: 0.5}
	unsure := ticket.ReviewReplyResult{Passed: true, Confidence: 0.4, Threshold: 0.5}
	bad := ticket.ReviewReplyResult{}
	shallow := ticket.ReviewReplyResult{Deepen: true}
	for name, c := range map[string]struct {
		calls   []ticket.CallModelResult
		reviews []ticket.ReviewReplyResult
		fails   map[string]error
		did     string
		draft   uuid.UUID
		why     string
	}{
		"an answer":                       {calls: of(respond), reviews: of(good), did: "history search ask review", draft: respond.DraftID},
		"words do not match, but meaning": {calls: of(respond), reviews: of(shallow, good), did: "history search ask review deep", draft: respond.DraftID},
		"neither matches, mended":         {calls: of(respond, second), reviews: of(shallow, bad, good), did: "history search ask review deep ask review", draft: second.DraftID},
		"refused and mended":              {calls: of(respond, second), reviews: of(bad, good), did: "history search ask review ask review", draft: second.DraftID},
		"refused twice":                   {calls: of(respond, second), reviews: of(bad), did: "history search ask review ask review", draft: second.DraftID, why: ticket.EscalateReview},
		"unsure, then a question":         {calls: of(respond, second), reviews: of(unsure, good), did: "history search ask review ask review", draft: second.DraftID},
		"unsure twice":                    {calls: of(respond, second), reviews: of(unsure), did: "history search ask review ask review", draft: second.DraftID, why: ticket.EscalateUnsure},
		"refused, then unsure":            {calls: of(respond, second), reviews: of(bad, unsure), did: "history search ask review ask review", draft: second.DraftID, why: ticket.EscalateUnsure},
		"answers a furious customer":      {calls: of(angry), reviews: of(good), did: "history search ask review", draft: angry.DraftID, why: ticket.EscalateSentiment},
		"searches, then answers":          {calls: of(search, respond), reviews: of(good), did: "history search ask search ask review", draft: respond.DraftID},
		"searches for ever":               {calls: of(search), did: "history search ask search ask search ask", why: ticket.EscalateNoAnswer},
		"asks for a person":               {calls: of(legal), did: "history search ask", why: "legal_threat"},
		"a person for no reason":          {calls: of(ticket.CallModelResult{}), did: "history search ask", why: "other"},
		"unusable, then an answer":        {calls: of(invalid, respond), reviews: of(good), did: "history search ask ask review", draft: respond.DraftID},
		"unusable twice":                  {calls: of(invalid), did: "history search ask ask", why: ticket.EscalateBadOutput},
		"unusable, searches, unusable":    {calls: of(invalid, search, invalid), did: "history search ask ask search ask", why: ticket.EscalateBadOutput},
		"refused, unusable, refused":      {calls: of(respond, invalid, second), reviews: of(bad), did: "history search ask review ask ask review", draft: second.DraftID, why: ticket.EscalateReview},
		"no history":                      {fails: failing("history", ticket.CodeInternal), did: "history", why: ticket.EscalateFault},
		"no search":                       {fails: failing("search", ticket.CodeUnavailable), did: "history search", why: ticket.EscalateFault},
		"no model":                        {fails: failing("ask", ticket.CodeUnavailable), did: "history search ask", why: ticket.EscalateModel},
		"no money":                        {fails: failing("ask", ticket.CodeBudget), did: "history search ask", why: ticket.EscalateBudget},
		"a garbled model":                 {fails: failing("ask", ticket.CodeBadOutput), did: "history search ask", why: ticket.EscalateBadOutput},
		"no review":                       {calls: of(respond), fails: failing("review", ticket.CodeUnavailable), did: "history search ask review", draft: respond.DraftID, why: ticket.EscalateFault},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{calls: c.calls, reviews: c.reviews, fails: c.fails}
			out, err := agent.Draft(s, uuid.New(), uuid.Nil)
			require.Equal(t, c.fails != nil, err != nil)
			require.Equal(t, c.did, strings.Join(s.done, " "))
			require.Equal(t, c.draft, out.DraftID)
			require.Equal(t, c.why, out.Why)
		})
	}
}

// The model is told what was wrong once it was, and not after it has mended it.
func TestDraftTellsTheModelWhatWasWrong(t *testing.T) {
	t.Parallel()
	first := ticket.CallModelResult{Decision: ticket.DecideRespond, DraftID: uuid.New(), Sentiment: 0.5}
	s := &script{
		calls:   of(ticket.CallModelResult{Decision: ticket.DecideInvalid}, ticket.CallModelResult{Decision: ticket.DecideSearch}, first),
		reviews: of(ticket.ReviewReplyResult{Passed: true, Confidence: 0.1, Threshold: 0.5}),
	}
	instruction := uuid.New()
	_, err := agent.Draft(s, uuid.New(), instruction)
	require.NoError(t, err)
	require.Len(t, s.asked, 4)
	require.Equal(t, uuid.Nil, s.asked[0].InvalidCallID)
	require.NotEqual(t, uuid.Nil, s.asked[1].InvalidCallID)
	require.Equal(t, uuid.Nil, s.asked[2].InvalidCallID)
	require.Len(t, s.asked[2].Rounds, 2)
	require.Equal(t, first.DraftID, s.asked[3].RejectedDraftID)
	require.True(t, s.asked[3].Unsure)
	for _, asked := range s.asked {
		require.Equal(t, instruction, asked.InstructionID)
	}
}

// Whatever model and review do, the loop ends, and nothing is to be sent that
// the last review did not pass with confidence.
func TestDraftEnds(t *testing.T) {
	t.Parallel()
	decisions := []ticket.CallModelResult{
		{Decision: ticket.DecideRespond, DraftID: uuid.New(), Sentiment: 0.5},
		{Decision: ticket.DecideSearch},
		{Decision: ticket.DecideInvalid},
		{Decision: ticket.DecideEscalate, Escalation: "abuse"},
	}
	reviews := []ticket.ReviewReplyResult{
		{Passed: true, Confidence: 0.9, Threshold: 0.5}, {Passed: true, Confidence: 0.1, Threshold: 0.5}, {}, {Deepen: true},
	}
	const length = 6 // calls that a run can make at most: 3 searches, 1 invalid, 2 answers
	for n := range 4 * 4 * 4 * 4 * 4 * 4 * 4 * 4 {
		s := &script{}
		for range length {
			s.calls, n = append(s.calls, decisions[n%4]), n/4
		}
		for range 2 {
			s.reviews, n = append(s.reviews, reviews[n%4]), n/4
		}
		out, err := agent.Draft(s, uuid.New(), uuid.Nil)
		require.NoError(t, err)
		require.LessOrEqual(t, len(s.asked), length+1, fmt.Sprint(s.done))
		if out.Why == "" {
			require.NotEqual(t, uuid.Nil, out.DraftID)
			require.InDelta(t, 0.9, out.Explain.Confidence, 0.001, fmt.Sprint(s.done))
		}
	}
}

func of[T any](items ...T) []T { return items }

func failing(step string, code ticket.Code) map[string]error {
	return map[string]error{step: fmt.Errorf("doing it: %w", errors.Join(ticket.Errorf(code, "no")))}
}
