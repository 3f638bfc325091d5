package activities_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/ticket"
)

// articles is a small knowledge base, by slug.
func articles() map[string]string {
	return map[string]string{
		"password": "---\ntitle: Reset your password\n---\n\n## The link\n\nThe link to reset your password is valid for 30 minutes.\n",
		"shipping": "---\ntitle: Shipping\n---\n\n## Times\n\nA parcel to Germany takes two days.\n",
	}
}

const resetQuestion = "How long is the link to reset my password valid?"

func (w *world) search(turnID, callID uuid.UUID) (ticket.SearchKnowledgeResult, error) {
	return run(w, w.acts().SearchKnowledge, ticket.SearchKnowledgeInput{TurnID: turnID, ModelCallID: callID})
}

// calls returns how many requests of a kind the model's server has answered.
func (w *world) calls(kind openai.Kind) int {
	n := 0
	for _, c := range w.openai.Calls() {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func TestAQuestionIsSearchedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened := w.turn(w.conversation(ticket.WhatsApp), resetQuestion)
	before := w.calls(openai.Embeddings)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.NotEmpty(t, found.Chunks)
	require.Positive(t, found.Version)
	require.Equal(t, before+1, w.calls(openai.Embeddings))

	stored, err := w.db.Searches(t.Context(), []uuid.UUID{found.SearchID})
	require.NoError(t, err)
	require.Positive(t, *stored[0].BestSimilarity)
	require.LessOrEqual(t, *stored[0].Margin, *stored[0].BestSimilarity)

	// The base keeps vectors of its own: only what is stored counts here.
	w.options.Knowledge = nil
	again, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, found, again)
	turn, err := w.db.Turn(t.Context(), opened.TurnID)
	require.NoError(t, err)
	require.Len(t, turn.ChunkIds, len(found.Chunks))
	require.Equal(t, found.Version, *turn.KnowledgeVersion)
	for i, c := range found.Chunks {
		require.Equal(t, c.ID, turn.ChunkIds[i])
		require.InDelta(t, c.Score, turn.ChunkScores[i], 1e-9)
	}
}

func TestManyWorkersStoreOneSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened := w.turn(w.conversation(ticket.WhatsApp), resetQuestion)
	results, problems := make([]ticket.SearchKnowledgeResult, 5), make([]error, 5)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i], problems[i] = w.search(opened.TurnID, uuid.Nil) })
	}
	all.Wait()
	for i := range results {
		require.NoError(t, problems[i])
		require.Equal(t, results[0], results[i])
	}
	turn, err := w.db.Turn(t.Context(), opened.TurnID)
	require.NoError(t, err)
	require.Len(t, turn.ChunkIds, len(results[0].Chunks))
}

func TestTheModelSearchesInItsOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened := w.turn(w.conversation(ticket.WhatsApp), "it does not work")
	first, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	w.openai.Enqueue(openai.ToolCallWith("search_knowledge_base", map[string]string{"query": "parcel Germany days"}))
	call, err := w.ask(opened.TurnID, first.SearchID)
	require.NoError(t, err)
	require.Equal(t, ticket.DecideSearch, call.Decision)
	require.Equal(t, uuid.Nil, call.DraftID)

	second, err := w.search(opened.TurnID, call.CallID)
	require.NoError(t, err)
	require.NotEqual(t, first.SearchID, second.SearchID)
	inputs := w.openai.Calls()
	require.Equal(t, []string{"parcel Germany days"}, inputs[len(inputs)-1].Input)
	again, err := w.search(opened.TurnID, call.CallID)
	require.NoError(t, err)
	require.Equal(t, second, again)
	turn, err := w.db.Turn(t.Context(), opened.TurnID)
	require.NoError(t, err)
	require.Len(t, turn.ChunkIds, len(first.Chunks)+len(second.Chunks), "of both searches")
}

func TestACallThatAskedForNoSearchIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened := w.turn(w.conversation(ticket.WhatsApp), resetQuestion)
	first, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	call, err := w.ask(opened.TurnID, first.SearchID)
	require.NoError(t, err)
	require.Equal(t, ticket.DecideRespond, call.Decision)
	_, err = w.search(opened.TurnID, call.CallID)
	requireRefused(t, err, ticket.CodeInvalid, true)
	_, err = w.search(uuid.New(), uuid.Nil)
	requireRefused(t, err, ticket.CodeNotFound, true)
}

func TestAnEmptyKnowledgeBaseFindsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(nil)
	opened := w.turn(w.conversation(ticket.WhatsApp), resetQuestion)
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Zero(t, found.Version)
	require.Empty(t, found.Chunks)
	require.NotEqual(t, uuid.Nil, found.SearchID)
	require.Zero(t, w.calls(openai.Embeddings))
	again, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Equal(t, found, again)
}

func TestAMessageWithoutWordsIsSearchedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened := w.turn(w.conversation(ticket.WhatsApp), "")
	found, err := w.search(opened.TurnID, uuid.Nil)
	require.NoError(t, err)
	require.Empty(t, found.Chunks)
}
