package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/bench/servers/temporalserver"
	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/ticket"
)

// deployment is what the workers of the rollout are called together, and
// unversioned stands for the build of those that do not say theirs.
const (
	deployment  = "fte"
	unversioned = ""
)

// rollout is a lab on the production server, with the workers of two builds
// side by side. A build differs in the model it asks, which every turn records.
type rollout struct {
	*lab.Lab
	t       *testing.T
	address string // of the Temporal server
}

func newRollout(t *testing.T) *rollout {
	t.Helper()
	if os.Getenv("FTE_SERVER_TEST") == "" {
		t.Skip("starts the production Temporal server; `make test-servers` runs it")
	}
	s, err := temporalserver.Start(t.Context(), temporalserver.Options{
		SearchAttributes: ticket.SearchAttributes(), Ephemeral: true, Progress: os.Stderr,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), lab.Deadline)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
	})
	r := &rollout{newLab(t, map[string]string{"TEMPORAL_ADDRESS": s.Address, "TEMPORAL_NAMESPACE": s.Namespace}), t, s.Address}
	r.Temporal, err = client.DialContext(t.Context(), client.Options{HostPort: s.Address, Namespace: s.Namespace})
	require.NoError(t, err)
	t.Cleanup(r.Temporal.Close)
	r.Start("gateway", "intake", "bridge", "metrics")
	return r
}

// start starts the Temporal workers of a build, unversioned ones without.
func (r *rollout) start(build string) (workers []*lab.Process) {
	r.t.Helper()
	settings := map[string]string{"OPENAI_MODEL": modelOf(build)}
	if build != unversioned {
		settings["TEMPORAL_DEPLOYMENT_NAME"], settings["TEMPORAL_WORKER_BUILD_ID"] = deployment, build
	}
	roles := []string{"tickets", "model", "delivery"}
	for _, role := range roles {
		workers = append(workers, r.StartWith(role, settings))
	}
	for _, role := range roles {
		r.Ready(role)
	}
	return workers
}

func modelOf(build string) string { return "model-of-" + build }

// operator runs a command of docs/runbook/deploy.md.
func (r *rollout) operator(ctx context.Context, args ...string) error {
	r.t.Helper()
	cli, err := part.TemporalCLI(ctx, os.Stderr)
	require.NoError(r.t, err)
	out, err := exec.CommandContext(ctx, cli, append(args, "--address", r.address, "--yes")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("temporal %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// makeCurrent makes a build the one that new and upgraded runs go to, as soon
// as the server has heard of all its workers.
func (r *rollout) makeCurrent(build string) {
	r.t.Helper()
	var refused error
	defer func() {
		if r.t.Failed() {
			r.t.Logf("the server refused build %s: %v", build, refused)
		}
	}()
	r.Wait("build "+build+" is current", func(ctx context.Context) bool {
		refused = r.operator(ctx, "worker", "deployment", "set-current-version", "--deployment-name", deployment, "--build-id", build)
		return refused == nil
	})
}

// wake wakes the conversations of a build, which does nothing but let them
// move, until none is left there: the queues of the server hear of a new
// current build a moment after the operator has.
func (r *rollout) wake(build string) {
	r.t.Helper()
	var last time.Time
	r.Wait("no conversation is left on build "+build, func(ctx context.Context) bool {
		left, err := r.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: onBuild(build)})
		if err == nil && left.GetCount() == 0 {
			return true
		}
		if time.Since(last) > time.Second {
			r.wakeOnce(build)
			last = time.Now()
		}
		return false
	})
}

func (r *rollout) wakeOnce(build string) {
	r.t.Helper()
	require.NoError(r.t, r.operator(r.t.Context(), "workflow", "signal", "--name", ticket.SignalMessage, "--input", `{"messages":[]}`,
		"--query", onBuild(build), "--reason", "rollout"))
}

// onBuild is the query for what runs on a build.
func onBuild(build string) string {
	return fmt.Sprintf(`WorkflowType="TicketWorkflow" AND ExecutionStatus="Running" AND TemporalWorkerDeploymentVersion="%s:%s"`, deployment, build)
}

// conversation is one customer's, with the answers that have to be there.
type conversation struct {
	*rollout
	phone, workflowID string
	answers           int
}

func (r *rollout) customer(phone string) *conversation {
	return &conversation{rollout: r, phone: phone}
}

// write lets the customer write.
func (c *conversation) write() {
	c.t.Helper()
	in := c.WhatsApp(c.phone, question+" "+c.Canary(c.phone), 1)
	c.answers++
	c.Wait("the message of "+c.phone+" is stored", func(ctx context.Context) bool {
		c.workflowID = c.workflowOf(ctx, in)
		return c.workflowID != ""
	})
}

// answered waits for the next answer, in a turn that the model worker of build
// took part in.
func (c *conversation) answered(build string) {
	c.t.Helper()
	c.Wait("the answer to "+c.phone, func(context.Context) bool { return len(c.RepliesTo(c.phone)) == c.answers })
	c.Wait("the turn of "+c.phone+" is one of build "+build, func(ctx context.Context) bool {
		value, err := c.Temporal.QueryWorkflow(ctx, c.workflowID, "", ticket.QueryExplain)
		var e ticket.Explanation
		return err == nil && value.Get(&e) == nil && e.Model == modelOf(build)
	})
}

// workflowOf returns the workflow of a message, "" before it is stored.
func (r *rollout) workflowOf(ctx context.Context, in lab.Inbound) (id string) {
	r.t.Helper()
	conn, err := pgx.Connect(ctx, r.Database)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, conn.Close(context.WithoutCancel(ctx))) }()
	err = conn.QueryRow(ctx, `SELECT c.workflow_id FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.external_id = $1`,
		in.ExternalID).Scan(&id)
	if !errors.Is(err, pgx.ErrNoRows) {
		require.NoError(r.t, err)
	}
	return id
}

// run describes a run, the latest if runID is empty.
func (c *conversation) run(ctx context.Context, runID string) (*workflowpb.WorkflowExecutionInfo, error) {
	d, err := c.Temporal.DescribeWorkflowExecution(ctx, c.workflowID, runID)
	return d.GetWorkflowExecutionInfo(), err
}

// requirePinned requires that the latest run is pinned to build, and returns it.
func (c *conversation) requirePinned(build string) string {
	c.t.Helper()
	info, err := c.run(c.t.Context(), "")
	require.NoError(c.t, err)
	require.Equal(c.t, enumspb.VERSIONING_BEHAVIOR_PINNED, info.GetVersioningInfo().GetBehavior(), c.phone)
	require.Equal(c.t, build, info.GetVersioningInfo().GetDeploymentVersion().GetBuildId(), c.phone)
	require.Equal(c.t, []string{build}, c.builds(info.GetExecution().GetRunId()), "every task of the run is done by one build")
	return info.GetExecution().GetRunId()
}

// moved waits until the conversation goes on in another run than runID, on the
// build to. The run it leaves was done by the build from alone.
func (c *conversation) moved(runID, from, to string) {
	c.t.Helper()
	c.Wait(c.phone+" moves to build "+to, func(ctx context.Context) bool {
		info, err := c.run(ctx, "")
		return err == nil && info.GetExecution().GetRunId() != runID &&
			info.GetVersioningInfo().GetDeploymentVersion().GetBuildId() == to
	})
	before, err := c.run(c.t.Context(), runID)
	require.NoError(c.t, err)
	require.Equal(c.t, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, before.GetStatus())
	require.Equal(c.t, []string{from}, c.builds(runID))
}

// builds are the builds that did the workflow tasks of a run.
func (c *conversation) builds(runID string) []string {
	c.t.Helper()
	seen := map[string]bool{}
	events := c.Temporal.GetWorkflowHistory(c.t.Context(), c.workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(c.t, err)
		if done := event.GetWorkflowTaskCompletedEventAttributes(); done != nil {
			seen[done.GetDeploymentVersion().GetBuildId()] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func (c *conversation) view() (view ticket.TicketView) {
	c.t.Helper()
	value, err := c.Temporal.QueryWorkflow(c.t.Context(), c.workflowID, "", ticket.QueryTicket)
	require.NoError(c.t, err)
	require.NoError(c.t, value.Get(&view))
	return view
}

// holdModel makes the model calls of a build wait. asked is closed at the first
// of them; release lets them go on.
func (r *rollout) holdModel(build string) (asked <-chan struct{}, release func()) {
	began, held := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(began) })
	release = sync.OnceFunc(func() { close(held) })
	r.t.Cleanup(release)
	r.OpenAI.Script(func(request openai.ChatRequest) (openai.Scripted, bool) {
		if request.Model == modelOf(build) {
			once()
			<-held
		}
		return openai.Scripted{}, false // the ordinary answer
	})
	return began, release
}

// TestRolloutMovesConversationsWhereTheyContinue rolls a second build out
// while conversations are open: one is idle, one gets its next message, and one
// is in the middle of a turn.
func TestRolloutMovesConversationsWhereTheyContinue(t *testing.T) {
	t.Parallel()
	r := newRollout(t)
	const one, two = "one", "two"
	old := r.start(one)
	r.makeCurrent(one)
	idle := r.customer("+491511234561")
	writing := r.customer("+491511234562")
	busy := r.customer("+491511234563")
	fresh := r.customer("+491511234564")
	open := []*conversation{idle, writing, busy}
	runs := map[*conversation]string{}
	views := map[*conversation]ticket.TicketView{}
	for _, c := range open {
		c.write()
		c.answered(one)
		runs[c], views[c] = c.requirePinned(one), c.view()
	}
	asked, release := r.holdModel(one)
	busy.write()
	<-asked

	r.start(two)
	r.makeCurrent(two)
	fresh.write()
	fresh.answered(two)
	fresh.requirePinned(two)
	for _, c := range open {
		require.Equal(t, runs[c], c.requirePinned(one), "what is open stays where it is")
	}

	// A turn ends on the build that it began on.
	release()
	busy.answered(one)
	// A message takes its conversation along and is answered by the new build.
	writing.write()
	writing.answered(two)
	// What is idle is woken.
	r.wake(one)
	for _, c := range open {
		c.moved(runs[c], one, two)
	}
	require.Equal(t, views[idle], idle.view(), "the ticket stays what it was")

	// The way back is the same.
	runs[idle] = idle.requirePinned(two)
	r.makeCurrent(one)
	idle.write()
	idle.answered(one)
	idle.moved(runs[idle], two, one)
	runs[idle] = idle.requirePinned(one)
	r.makeCurrent(two)
	r.wake(one)
	idle.moved(runs[idle], one, two)

	for _, p := range old {
		p.Kill()
	}
	for _, c := range append(open, fresh) {
		c.write()
		c.answered(two)
		c.requirePinned(two)
	}
	r.Check()
	require.Equal(t, map[string]int{idle.phone: 3, writing.phone: 3, busy.phone: 3, fresh.phone: 2}, r.RepliesPerCustomer())
}

// TestFirstRolloutKeepsOpenConversations begins with workers that
// know nothing of builds.
func TestFirstRolloutKeepsOpenConversations(t *testing.T) {
	t.Parallel()
	r := newRollout(t)
	const one = "one"
	old := r.start(unversioned)
	c := r.customer("+491511234565")
	c.write()
	c.answered(unversioned)

	r.start(one)
	r.makeCurrent(one)
	for _, p := range old {
		p.Kill()
	}
	c.write()
	c.answered(one)
	r.Check()
	info, err := c.run(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, one, info.GetVersioningInfo().GetDeploymentVersion().GetBuildId())
	require.Equal(t, []string{unversioned, one}, c.builds(info.GetExecution().GetRunId()), "it goes on in the same run")
}

// TestRolloutHandsOverWhatABrokenBuildHolds mends a build that takes no step
// any more while its conversations wait.
func TestRolloutHandsOverWhatABrokenBuildHolds(t *testing.T) {
	t.Parallel()
	r := newRollout(t)
	const broken, mended, next = "broken", "mended", "next"
	workers := r.start(broken)
	r.makeCurrent(broken)
	c := r.customer("+491511234566")
	c.write()
	c.answered(broken)
	c.requirePinned(broken)
	for _, p := range workers {
		p.Kill()
	}
	c.write()

	r.start(mended)
	r.makeCurrent(mended)
	require.NoError(t, r.operator(t.Context(), "workflow", "update-options", "--query", onBuild(broken),
		"--versioning-override-behavior", "pinned", "--versioning-override-deployment-name", deployment, "--versioning-override-build-id", mended))
	c.answered(mended)

	require.NoError(t, r.operator(t.Context(), "workflow", "update-options", "--query", onBuild(mended),
		"--versioning-override-behavior", "unspecified"))
	r.Wait("the override is gone", func(ctx context.Context) bool {
		info, err := c.run(ctx, "")
		return err == nil && info.GetVersioningInfo().GetVersioningOverride() == nil
	})
	r.start(next)
	r.makeCurrent(next)
	c.write()
	c.answered(next)
	c.requirePinned(next)
	r.Check()
}
