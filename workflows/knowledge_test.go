package workflows_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// librarian stands in for the activities that keep the knowledge base.
type librarian struct {
	mu       sync.Mutex
	begun    int
	embedded [][2]int
	finished []int64
	looks    int
	// chunks is how many each version has. unchanged, stale and moved decide by
	// the number of the try; fails is what the first try of a batch meets.
	chunks    int
	unchanged bool
	stale     func(begun int) bool
	moved     func(begun int) bool
	fails     error
}

func (l *librarian) begin(context.Context, ticket.BeginKnowledgeInput) (ticket.BeginKnowledgeResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun++
	return ticket.BeginKnowledgeResult{Version: int64(l.begun), Articles: 7, Chunks: l.chunks, Unchanged: l.unchanged}, nil
}

func (l *librarian) embed(_ context.Context, in ticket.EmbedKnowledgeInput) (ticket.EmbedKnowledgeResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fails; err != nil {
		l.fails = nil
		return ticket.EmbedKnowledgeResult{}, err
	}
	if l.stale != nil && l.stale(l.begun) {
		return ticket.EmbedKnowledgeResult{Moved: true}, nil
	}
	l.embedded = append(l.embedded, [2]int{in.From, in.To})
	return ticket.EmbedKnowledgeResult{Embedded: in.To - in.From}, nil
}

func (l *librarian) finish(_ context.Context, in ticket.FinishKnowledgeInput) (ticket.FinishKnowledgeResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished = append(l.finished, in.Version)
	return ticket.FinishKnowledgeResult{Moved: l.moved != nil && l.moved(l.begun)}, nil
}

// propose finds tickets at the first two looks.
func (l *librarian) propose(context.Context, ticket.ProposeArticlesInput) (ticket.ProposeArticlesResult, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looks++; l.looks > 2 {
		return ticket.ProposeArticlesResult{}, nil
	}
	return ticket.ProposeArticlesResult{Tickets: 10, Proposed: 4, Skipped: 6}, nil
}

func (l *librarian) register(r registry) {
	for name, fn := range map[string]any{
		ticket.ActivityBeginKnowledge: l.begin, ticket.ActivityEmbedKnowledge: l.embed,
		ticket.ActivityFinishKnowledge: l.finish, ticket.ActivityProposeArticles: l.propose,
	} {
		r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}

// library returns an environment with a librarian.
func library(l *librarian) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(workflows.KnowledgeWorkflow, workflow.RegisterOptions{Name: ticket.KnowledgeWorkflow})
	env.RegisterWorkflowWithOptions(workflows.LearnWorkflow, workflow.RegisterOptions{Name: ticket.LearnWorkflow})
	l.register(env)
	return env
}

func TestKnowledgeIsEmbeddedInBatches(t *testing.T) {
	t.Parallel()
	l := &librarian{chunks: 150, fails: temporal.NewApplicationError("the model is down", string(ticket.CodeUnavailable))}
	env := library(l)
	env.ExecuteWorkflow(ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, [][2]int{{0, 64}, {64, 128}, {128, 150}}, l.embedded)
	require.Equal(t, []int64{1}, l.finished)
	var res ticket.KnowledgeProgress
	require.NoError(t, env.GetWorkflowResult(&res))
	want := ticket.KnowledgeProgress{Version: 1, Articles: 7, Chunks: 150, Done: 150, Embedded: 150, Live: true}
	require.Equal(t, want, res)
	value, err := env.QueryWorkflow(ticket.QueryProgress)
	require.NoError(t, err)
	require.NoError(t, value.Get(&res))
	require.Equal(t, want, res)
}

func TestALargeKnowledgeBaseTakesFewSteps(t *testing.T) {
	t.Parallel()
	l := &librarian{chunks: 100_000}
	env := library(l)
	env.ExecuteWorkflow(ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.NoError(t, env.GetWorkflowError())
	require.LessOrEqual(t, len(l.embedded), 500)
	next := 0
	for _, b := range l.embedded {
		require.Equal(t, next, b[0])
		next = b[1]
	}
	require.Equal(t, 100_000, next)
}

func TestAVersionIsBegunAnewWhenTheArticlesChange(t *testing.T) {
	t.Parallel()
	l := &librarian{chunks: 10, stale: func(begun int) bool { return begun == 1 }, moved: func(begun int) bool { return begun == 2 }}
	env := library(l)
	env.ExecuteWorkflow(ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, l.begun)
	require.Equal(t, []int64{2, 3}, l.finished)

	l = &librarian{chunks: 10, moved: func(int) bool { return true }}
	env = library(l)
	env.ExecuteWorkflow(ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.ErrorContains(t, env.GetWorkflowError(), "change all the time")
}

func TestUnchangedKnowledgeIsLeftAlone(t *testing.T) {
	t.Parallel()
	l := &librarian{chunks: 10, unchanged: true}
	env := library(l)
	env.ExecuteWorkflow(ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Empty(t, l.embedded)
	require.Empty(t, l.finished)
	var res ticket.KnowledgeProgress
	require.NoError(t, env.GetWorkflowResult(&res))
	require.True(t, res.Unchanged && res.Live)
}

func TestLearningGoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	l := &librarian{}
	env := library(l)
	env.ExecuteWorkflow(ticket.LearnWorkflow, ticket.LearnInput{})
	require.NoError(t, env.GetWorkflowError())
	var res ticket.ProposeArticlesResult
	require.NoError(t, env.GetWorkflowResult(&res))
	require.Equal(t, ticket.ProposeArticlesResult{Tickets: 20, Proposed: 8, Skipped: 12}, res)
}

// knowledgeHistories hold a run of each workflow of this file.
const knowledgeHistories = "testdata/knowledge"

// TestRecordKnowledge writes the histories anew:
// go test ./workflows -run TestRecordKnowledge -record.
func TestRecordKnowledge(t *testing.T) {
	t.Parallel()
	if !*record {
		t.Skip("records only with -record")
	}
	cli, err := part.TemporalCLI(t.Context(), io.Discard)
	require.NoError(t, err)
	running, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: cli, Headless: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = running.Stop(context.WithoutCancel(t.Context())) })
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: running.Address, Namespace: running.Namespace, Identity: "test", Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	l := &librarian{chunks: 150, moved: func(begun int) bool { return begun == 1 }}
	for _, queue := range []string{ticket.QueueTickets, ticket.QueueModel} {
		w := worker.New(c, queue, worker.Options{Identity: "test", DisableWorkflowWorker: queue != ticket.QueueTickets, DisableRegistrationAliasing: true})
		if queue == ticket.QueueTickets {
			w.RegisterWorkflowWithOptions(workflows.KnowledgeWorkflow, workflow.RegisterOptions{Name: ticket.KnowledgeWorkflow})
			w.RegisterWorkflowWithOptions(workflows.LearnWorkflow, workflow.RegisterOptions{Name: ticket.LearnWorkflow})
		} else {
			l.register(w)
		}
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	require.NoError(t, os.MkdirAll(knowledgeHistories, 0o755))
	for name, run := range map[string]struct {
		workflow string
		in       any
	}{
		"knowledge": {ticket.KnowledgeWorkflow, ticket.KnowledgeInput{}},
		"learn":     {ticket.LearnWorkflow, ticket.LearnInput{}},
	} {
		id := ticket.KnowledgeWorkflowID(name)
		started, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: ticket.QueueTickets}, run.workflow, run.in)
		require.NoError(t, err)
		require.NoError(t, started.Get(t.Context(), nil))
		s := &server{t: t, client: c, workflowID: id}
		h := s.history("")
		withoutPlace(h)
		raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(knowledgeHistories, name+".json"), append(raw, '\n'), 0o644))
	}
}

func TestRecordedKnowledgeReplays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(knowledgeHistories, "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true, DisableDeadlockDetection: true})
			require.NoError(t, err)
			r.RegisterWorkflowWithOptions(workflows.KnowledgeWorkflow, workflow.RegisterOptions{Name: ticket.KnowledgeWorkflow})
			r.RegisterWorkflowWithOptions(workflows.LearnWorkflow, workflow.RegisterOptions{Name: ticket.LearnWorkflow})
			require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
	}
}
