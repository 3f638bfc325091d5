package staff

import (
	"context"
	"sync"

	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// fakeTemporal is a client whose updates end as a test wants.
type fakeTemporal struct {
	client.Client

	// answer ends an update; started says that it may start its workflow.
	answer func(ctx context.Context, o client.UpdateWorkflowOptions, started bool) error
	health error

	mu     sync.Mutex
	starts []start
}

// start is one request to start a workflow.
type start struct {
	options  client.StartWorkflowOptions
	workflow any
	args     []any
}

func (f *fakeTemporal) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return update{err: f.answer(ctx, o, false)}, nil
}

func (f *fakeTemporal) UpdateWithStartWorkflow(ctx context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return update{err: f.answer(ctx, o.UpdateOptions, true)}, nil
}

func (f *fakeTemporal) NewWithStartWorkflowOperation(o client.StartWorkflowOptions, workflow any, args ...any) client.WithStartWorkflowOperation {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts = append(f.starts, start{o, workflow, args})
	return nil
}

func (f *fakeTemporal) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, f.health
}

// update is one that has ended.
type update struct {
	client.WorkflowUpdateHandle

	err error
}

func (u update) Get(_ context.Context, into any) error {
	*into.(*ticket.ActionResult) = ticket.ActionResult{Status: ticket.WithHuman, Owner: ticket.OwnerHuman, Epoch: 1}
	return u.err
}

// ends makes every update end with err, nil for success.
func (f *fakeTemporal) ends(err error) {
	f.answer = func(context.Context, client.UpdateWorkflowOptions, bool) error { return err }
}
