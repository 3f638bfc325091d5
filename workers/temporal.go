package workers

import (
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workflows"
)

// stopTimeout is how long a stopping worker waits for running activities.
const stopTimeout = 25 * time.Second

// NewTicketsWorker returns the worker that runs workflows and, inside their
// tasks or as ordinary activities, the short database steps. As with the other
// workers, v is the build it is of, zero for none, and fatal hears of it when
// the server has turned the worker away, which then has stopped.
func NewTicketsWorker(c client.Client, a *activities.Activities, v worker.WorkerDeploymentVersion, fatal func(error)) worker.Worker {
	w := worker.New(c, ticket.QueueTickets, versioned(v, worker.Options{
		Interceptors: net(a), WorkerStopTimeout: stopTimeout, OnFatalError: fatal, DisableRegistrationAliasing: true, MaxConcurrentActivityExecutionSize: 20,
		MaxConcurrentLocalActivityExecutionSize: 20,
	}))
	w.RegisterWorkflowWithOptions(workflows.TicketWorkflow, pinned(ticket.TicketWorkflow))
	w.RegisterWorkflowWithOptions(workflows.MailboxWorkflow, pinned(ticket.MailboxWorkflow))
	w.RegisterWorkflowWithOptions(workflows.WhatsAppReconcileWorkflow, pinned(ticket.WhatsAppReconcileWorkflow))
	w.RegisterWorkflowWithOptions(workflows.DailyReportWorkflow, upgraded(ticket.DailyReportWorkflow))
	w.RegisterWorkflowWithOptions(workflows.RetentionWorkflow, upgraded(ticket.RetentionWorkflow))
	w.RegisterWorkflowWithOptions(workflows.KnowledgeWorkflow, pinned(ticket.KnowledgeWorkflow))
	w.RegisterWorkflowWithOptions(workflows.LearnWorkflow, upgraded(ticket.LearnWorkflow))
	register(w, map[string]any{
		ticket.ActivityCreateTicket: a.CreateTicket, ticket.ActivityFetchHistory: a.FetchHistory,
		ticket.ActivityReviewReply: a.ReviewReply, ticket.ActivityCloseTicket: a.CloseTicket,
		ticket.ActivityApplyAction: a.ApplyAction, ticket.ActivityReadTicket: a.ReadTicket,
		ticket.ActivityBuildReport: a.BuildReport, ticket.ActivityPurge: a.Purge,
	})
	return w
}

// NewModelWorker returns the worker that searches and keeps knowledge, calls the
// model, and reviews what words alone do not settle.
func NewModelWorker(c client.Client, a *activities.Activities, v worker.WorkerDeploymentVersion, fatal func(error)) worker.Worker {
	w := worker.New(c, ticket.QueueModel, versioned(v, worker.Options{
		Interceptors: net(a), WorkerStopTimeout: stopTimeout, OnFatalError: fatal, DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 1000,
	}))
	register(w, map[string]any{
		ticket.ActivitySearchKnowledge: a.SearchKnowledge, ticket.ActivityCallModel: a.CallModel,
		ticket.ActivityReviewReply:    a.ReviewReply,
		ticket.ActivityBeginKnowledge: a.BeginKnowledge, ticket.ActivityEmbedKnowledge: a.EmbedKnowledge,
		ticket.ActivityFinishKnowledge: a.FinishKnowledge, ticket.ActivityProposeArticles: a.ProposeArticles,
	})
	return w
}

// NewDeliveryWorker returns the worker that sends replies and reports, reads
// mailboxes, looks for missed messages and asks for people.
func NewDeliveryWorker(c client.Client, a *activities.Activities, v worker.WorkerDeploymentVersion, fatal func(error)) worker.Worker {
	w := worker.New(c, ticket.QueueDelivery, versioned(v, worker.Options{
		Interceptors: net(a), WorkerStopTimeout: stopTimeout, OnFatalError: fatal, DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 100,
	}))
	register(w, map[string]any{
		ticket.ActivitySendReply: a.SendReply, ticket.ActivityEscalate: a.Escalate, ticket.ActivitySyncMailbox: a.SyncMailbox,
		ticket.ActivitySendStaffReply: a.SendStaffReply, ticket.ActivityMailReport: a.MailReport,
		ticket.ActivityReconcileWhatsApp: a.ReconcileWhatsApp,
	})
	return w
}

// net catches whatever an activity lets fall.
func net(a *activities.Activities) []interceptor.WorkerInterceptor {
	return []interceptor.WorkerInterceptor{FailureInterceptor(a.Logger)}
}

// register uses explicit names: a name is part of every history that has it.
func register(r worker.ActivityRegistry, byName map[string]any) {
	for name, fn := range byName {
		r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}
