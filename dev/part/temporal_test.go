package part_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/dev/part"
)

func temporalTool(t *testing.T) string {
	t.Helper()
	skipShort(t, "starts Temporal, builds it at first")
	path, err := part.TemporalCLI(deadline(t, 20*time.Minute), t.Output())
	require.NoError(t, err)
	return path
}

func startTemporal(t *testing.T, o part.TemporalOptions) *part.Temporal {
	t.Helper()
	began := time.Now()
	s, err := part.StartTemporal(t.Context(), o)
	require.NoError(t, err)
	t.Logf("Temporal: %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		ctx, cancel := stopContext(t)
		defer cancel()
		_ = s.Stop(ctx)
	})
	return s
}

func dial(t *testing.T, s *part.Temporal) client.Client {
	t.Helper()
	c, err := client.DialContext(deadline(t, 10*time.Second), client.Options{
		HostPort: s.Address, Namespace: s.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func startWorkflow(t *testing.T, s *part.Temporal, id string, attrs ...temporal.SearchAttributeUpdate) {
	t.Helper()
	_, err := dial(t, s).ExecuteWorkflow(deadline(t, 10*time.Second), client.StartWorkflowOptions{
		ID: id, TaskQueue: "nobody", TypedSearchAttributes: temporal.NewSearchAttributes(attrs...),
	}, "Nothing")
	require.NoError(t, err)
}

func status(t *testing.T, s *part.Temporal, id string) enums.WorkflowExecutionStatus {
	t.Helper()
	d, err := dial(t, s).DescribeWorkflowExecution(deadline(t, 10*time.Second), id, "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetStatus()
}

func TestTemporalKeepsWorkflowsOverStopAndKill(t *testing.T) {
	t.Parallel()
	o := part.TemporalOptions{
		CLI:              temporalTool(t),
		DBFile:           filepath.Join(t.TempDir(), "temporal.db"),
		Namespace:        "desk",
		SearchAttributes: map[string]string{"Channel": "Keyword", "Turns": "Int", "Sentiment": "Double", "NeedsHuman": "Bool", "SlaDueAt": "Datetime"},
	}
	s := startTemporal(t, o)
	page, err := http.NewRequestWithContext(deadline(t, 10*time.Second), http.MethodGet, s.UIAddress, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(page)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	startWorkflow(t, s, "one",
		temporal.NewSearchAttributeKeyKeyword("Channel").ValueSet("email"),
		temporal.NewSearchAttributeKeyInt64("Turns").ValueSet(1),
		temporal.NewSearchAttributeKeyFloat64("Sentiment").ValueSet(0.5),
		temporal.NewSearchAttributeKeyBool("NeedsHuman").ValueSet(true),
		temporal.NewSearchAttributeKeyTime("SlaDueAt").ValueSet(time.Now()))
	require.NoError(t, s.Stop(deadline(t, 30*time.Second)))

	// An attribute that a later version wants is added to the kept database.
	o.SearchAttributes["Category"] = "Keyword"
	again := startTemporal(t, o)
	require.Equal(t, s.Address, again.Address, "the port changed")
	require.Equal(t, s.UIAddress, again.UIAddress, "the UI moved")
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, status(t, again, "one"))
	startWorkflow(t, again, "two", temporal.NewSearchAttributeKeyKeyword("Category").ValueSet("billing"))
	again.Kill()
	<-again.Done()

	last := startTemporal(t, o)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, status(t, last, "one"))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, status(t, last, "two"))
}

func TestTemporalRefusesAnAttributeOfAnotherType(t *testing.T) {
	t.Parallel()
	s := startTemporal(t, part.TemporalOptions{
		CLI: temporalTool(t), Headless: true, SearchAttributes: map[string]string{"Channel": "Keyword"},
	})
	require.Empty(t, s.UIAddress)
	err := part.RegisterSearchAttributes(deadline(t, 10*time.Second), s.Address, s.Namespace, map[string]string{"Channel": "Int"})
	require.ErrorContains(t, err, "Channel is Keyword, not Int")
}

func startTemporalHelper(ctx context.Context, dir string) (string, error) {
	path, err := part.TemporalCLI(ctx, nil)
	if err != nil {
		return "", err
	}
	s, err := part.StartTemporal(ctx, part.TemporalOptions{CLI: path, DBFile: filepath.Join(dir, "temporal.db"), Headless: true})
	if err != nil {
		return "", err
	}
	return strconv.Itoa(s.PID()), nil
}

func TestTemporalOutlivesKillOfItsStarter(t *testing.T) {
	t.Parallel()
	path := temporalTool(t)
	dir := t.TempDir()
	pid, kill := startHelper(t, "temporal", dir)
	kill()
	s := startTemporal(t, part.TemporalOptions{CLI: path, DBFile: filepath.Join(dir, "temporal.db"), Headless: true})
	startWorkflow(t, s, "one")
	old, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Empty(t, part.CommandLine(old), "the orphan still runs")
}

func TestTemporalSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := part.StartTemporal(deadline(t, time.Minute), part.TemporalOptions{CLI: "/bin/false", Headless: true})
	require.ErrorContains(t, err, "ended at once")
	require.ErrorContains(t, err, "TEMPORAL_ADDRESS")
}
