package workers

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// MailboxStarter starts and wakes the singleton workflow of each mailbox.
type MailboxStarter struct{ Temporal client.Client }

func mailboxOptions(mailbox string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: ticket.MailboxID(mailbox), TaskQueue: ticket.QueueTickets,
		StaticSummary:            "Reads the support mailbox",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
}

// Wake makes the mailbox's workflow look for new mail now, starting it if need be.
func (s MailboxStarter) Wake(ctx context.Context, mailbox string) error {
	ctx, cancel := context.WithTimeout(ctx, temporalTimeout)
	defer cancel()
	options := mailboxOptions(mailbox)
	_, err := s.Temporal.SignalWithStartWorkflow(ctx, options.ID, ticket.SignalPush, nil, options,
		ticket.MailboxWorkflow, ticket.MailboxInput{Mailbox: mailbox})
	if err != nil {
		return refused(err, "waking the mailbox workflow")
	}
	return nil
}

// Start makes sure that the mailbox's workflow runs.
func (s MailboxStarter) Start(ctx context.Context, mailbox string) error {
	return startSingleton(ctx, s.Temporal, "the mailbox workflow", mailboxOptions(mailbox), ticket.MailboxWorkflow, ticket.MailboxInput{Mailbox: mailbox})
}

// startSingleton makes sure that the only run of a workflow runs; what names it
// in the error.
func startSingleton(ctx context.Context, c client.Client, what string, options client.StartWorkflowOptions, workflow string, input any) error {
	ctx, cancel := context.WithTimeout(ctx, temporalTimeout)
	defer cancel()
	options.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	if _, err := c.ExecuteWorkflow(ctx, options, workflow, input); err != nil {
		return refused(err, "starting "+what)
	}
	return nil
}
