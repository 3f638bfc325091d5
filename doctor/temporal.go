package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/digital-fte/fte/ticket"
)

// pollAge is how old the last poll of a worker that lives can be: one poll
// lasts a minute.
const pollAge = 2 * time.Minute

func (d *Doctor) temporalChecks() []Check {
	checks := []Check{
		{
			Name: "temporal", Asks: "whether Temporal answers and has the namespace",
			Means: "Nothing is answered; messages are stored and wait.",
			Do:    "See that Temporal runs, and check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the credentials.",
			Look:  d.temporal,
		},
		{
			Name: "temporal.search_attributes", After: "temporal", Asks: "whether the search attributes are registered, each with its type",
			Means: "Messages do not reach their workflows: Temporal refuses what names an unknown attribute.",
			Do:    "Run `fte migrate`.",
			Look:  d.attributes,
		},
	}
	for _, q := range []struct{ queue, means string }{
		{ticket.QueueTickets, "No conversation goes on: messages wait in their workflows."},
		{ticket.QueueModel, "Conversations stop before the model is asked."},
		{ticket.QueueDelivery, "Answers are not sent, and the mailbox is not read."},
	} {
		checks = append(checks, Check{
			Name: "workers." + q.queue, After: "temporal", Asks: "whether workers poll the task queue " + q.queue,
			Means: q.means,
			Do:    "Start a worker with this role: `fte worker --roles " + q.queue + "`; if one runs, its log says why it cannot reach Temporal.",
			Look:  d.pollers(q.queue),
		})
	}
	return checks
}

func (d *Doctor) temporal(ctx context.Context) Finding {
	if d.Temporal == nil {
		return fail("The TEMPORAL_ settings cannot be used.", "Mend settings first.")
	}
	where := fmt.Sprintf("Temporal at %s", d.TemporalAddress)
	// Less than the whole limit, so that the reason is known in time.
	ctx, cancel := context.WithTimeout(ctx, Limit*4/5)
	defer cancel()
	_, err := d.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: d.Namespace})
	var unknown *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &unknown):
		return fail(where+" has no namespace "+d.Namespace+".", "Correct TEMPORAL_NAMESPACE, or make it with `temporal operator namespace create`.")
	case err != nil:
		return fail(where + " does not answer: " + said(err))
	}
	return ok("%s answers and has the namespace %s.", where, d.Namespace)
}

func (d *Doctor) attributes(ctx context.Context) Finding {
	have, err := d.Temporal.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: d.Namespace})
	if err != nil {
		return fail("The search attributes could not be listed: "+said(err), "See the check temporal.")
	}
	var missing, wrong []string
	for name, kind := range ticket.SearchAttributes() {
		got, known := have.GetCustomAttributes()[name]
		switch {
		case !known:
			missing = append(missing, name)
		case got.String() != kind:
			wrong = append(wrong, fmt.Sprintf("%s is %s and must be %s", name, got, kind))
		}
	}
	slices.Sort(missing)
	slices.Sort(wrong)
	switch {
	case len(wrong) > 0:
		return fail("Search attributes have the wrong type: "+strings.Join(wrong, ", ")+".",
			"Remove them with `temporal operator search-attribute remove`, then run `fte migrate`.")
	case len(missing) > 0:
		return fail("Search attributes are missing: " + strings.Join(missing, ", ") + ".")
	}
	return ok("All %d search attributes are registered.", len(ticket.SearchAttributes()))
}

func (d *Doctor) pollers(queue string) func(ctx context.Context) Finding {
	kind := enumspb.TASK_QUEUE_TYPE_ACTIVITY
	if queue == ticket.QueueTickets {
		kind = enumspb.TASK_QUEUE_TYPE_WORKFLOW
	}
	return func(ctx context.Context) Finding {
		described, err := d.Temporal.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return fail("The task queue could not be looked at: "+said(err), "See the check temporal.")
		}
		alive := 0
		for _, p := range described.GetPollers() {
			if time.Since(p.GetLastAccessTime().AsTime()) < pollAge {
				alive++
			}
		}
		if alive == 0 {
			return fail("No worker polls the task queue " + queue + ".")
		}
		return ok("%s the task queue %s.", count(alive, "worker polls", "workers poll"), queue)
	}
}

// running looks whether a singleton workflow runs; does says what it is for.
func (d *Doctor) running(ctx context.Context, id string) Finding {
	described, err := d.Temporal.DescribeWorkflowExecution(ctx, id, "")
	var unknown *serviceerror.NotFound
	switch {
	case errors.As(err, &unknown):
		return fail("The workflow " + id + " does not run.")
	case err != nil:
		return fail("The workflow "+id+" could not be looked at: "+said(err), "See the check temporal.")
	}
	if status := described.GetWorkflowExecutionInfo().GetStatus(); status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return fail(fmt.Sprintf("The workflow %s does not run: its last run is %s.", id, strings.ToLower(status.String())))
	}
	return ok("The workflow %s runs.", id)
}
