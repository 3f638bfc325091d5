package workers

import (
	"context"

	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// ReconcilerStarter starts the singleton workflow that looks for WhatsApp
// messages whose webhook never arrived.
type ReconcilerStarter struct{ Temporal client.Client }

// Start makes sure that the reconciler of this number, E.164, runs.
func (s ReconcilerStarter) Start(ctx context.Context, number string) error {
	return startSingleton(ctx, s.Temporal, "the WhatsApp reconciler", client.StartWorkflowOptions{
		ID: ticket.ReconcilerID(number), TaskQueue: ticket.QueueTickets,
		StaticSummary: "Finds WhatsApp messages whose webhook never arrived",
		StaticDetails: "Every two minutes Twilio's list of messages is compared with what is stored, and what is missing is handed in. " +
			"The current details say when it looked last and what it found.",
	}, ticket.WhatsAppReconcileWorkflow, ticket.WhatsAppReconcileInput{Number: number})
}
