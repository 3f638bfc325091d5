package workers

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// vectors embeds in process; its nth call may be held up.
type vectors struct {
	model string
	mu    sync.Mutex
	texts map[string]int
	calls int
	hold  func(ctx context.Context, call int) error
}

func (v *vectors) EmbeddingModel() string { return v.model }

func (v *vectors) Embed(ctx context.Context, texts []string) (made [][]float32, err error) {
	v.mu.Lock()
	v.calls++
	call := v.calls
	v.mu.Unlock()
	if v.hold != nil {
		if err := v.hold(ctx, call); err != nil {
			return nil, err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, text := range texts {
		v.texts[text]++
		made = append(made, openai.Embed(text, llm.MaxDimensions))
	}
	return made, nil
}

// A worker that dies in the middle of embedding costs nothing but the batch it
// was at.
func TestReembeddingSurvivesTheWorker(t *testing.T) {
	t.Parallel()
	c := dial(t, newTemporal(t, part.TemporalOptions{}).Address)
	db, log := schematest.New(t), slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	for i := range 150 {
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.md", i)), fmt.Appendf(nil, "# Article %d\n\nNumber %d.", i, i), 0o600))
	}
	_, err := knowledge.New(db, &vectors{model: "old", texts: map[string]int{}}, log).Ingest(t.Context(), []string{folder}, knowledge.IngestOptions{})
	require.NoError(t, err)

	reached := make(chan struct{})
	e := &vectors{model: "new", texts: map[string]int{}}
	e.hold = func(ctx context.Context, call int) error {
		if call != 2 {
			return nil
		}
		close(reached)
		<-activity.GetWorkerStopChannel(ctx)
		return context.Canceled
	}
	base := knowledge.New(db, e, log)
	acts := activities.New(activities.Options{DB: db, Library: base, Logger: log})
	model := func() worker.Worker {
		w := NewModelWorker(c, acts, worker.WorkerDeploymentVersion{}, nil)
		require.NoError(t, w.Start())
		return w
	}
	tickets := NewTicketsWorker(c, acts, worker.WorkerDeploymentVersion{}, nil)
	require.NoError(t, tickets.Start())
	t.Cleanup(tickets.Stop)
	first := model()
	plan, err := base.Plan(t.Context())
	require.NoError(t, err)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: ticket.KnowledgeWorkflowID(plan), TaskQueue: ticket.QueueTickets},
		ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.NoError(t, err)
	select {
	case <-reached:
	case <-time.After(patience):
		require.FailNow(t, "the second batch is not embedded")
	}
	_, err = base.Search(t.Context(), "number", 1)
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(err), "the old version serves until the new one is complete")
	first.Stop()
	t.Cleanup(model().Stop)

	var done ticket.KnowledgeProgress
	require.NoError(t, run.Get(t.Context(), &done))
	require.Equal(t, ticket.KnowledgeProgress{Version: done.Version, Articles: 150, Chunks: 150, Done: 150, Embedded: 150, Live: true}, done)
	require.Len(t, e.texts, 150)
	for text, times := range e.texts {
		require.Equal(t, 1, times, text)
	}
	found, err := base.Search(t.Context(), "number 77", 1)
	require.NoError(t, err)
	require.Equal(t, done.Version, found.Version)
}
