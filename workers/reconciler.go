package workers

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// ReconcilerStarter starts the singleton workflow that looks for WhatsApp
// messages whose webhook never arrived.
type ReconcilerStarter struct{ Temporal client.Client }

// Start makes sure that the reconciler of this number, E.164, runs.
func (s ReconcilerStarter) Start(ctx context.Context, number string) error {
	ctx, cancel := context.WithTimeout(ctx, temporalTimeout)
	defer cancel()
	_, err := s.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ticket.ReconcilerID(number), TaskQueue: ticket.QueueTickets,
		StaticSummary: "Finds WhatsApp messages whose webhook never arrived",
		StaticDetails: "Every two minutes Twilio's list of messages is compared with what is stored, and what is missing is handed in. " +
			"The current details say when it looked last and what it found.",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, ticket.WhatsAppReconcileWorkflow, ticket.WhatsAppReconcileInput{Number: number})
	if err != nil {
		return refused(err, "starting the WhatsApp reconciler")
	}
	return nil
}
