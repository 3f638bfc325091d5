package workflows_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// histories holds one file for each way that a run can go.
const histories = "testdata/histories"

var record = flag.Bool("record", false, "record the histories that must always replay, on a real server")

// TestRecord writes the histories anew: go test ./workflows -run TestRecord -record.
// Do so only for code that no running workflow depends on yet; for a change with
// runs in production add files and keep the old ones.
func TestRecord(t *testing.T) {
	t.Parallel()
	if !*record {
		t.Skip("records only with -record")
	}
	for _, c := range ticket.Channels() {
		t.Run("turn-"+string(c), func(t *testing.T) {
			t.Parallel()
			s := startServer(t, c, nil)
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.save()
		})
	}
	for name, scenario := range map[string]func(t *testing.T) *server{
		"escalation": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.review = func(int) bool { return false }
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"searches": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
				if n < 3 {
					return search()
				}
				return respond()
			}
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"invalid-call": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
				if n == 1 {
					return ticket.CallModelResult{Decision: ticket.DecideInvalid}
				}
				return respond()
			}
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"mended": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.review = func(n int) bool { return n > 1 }
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"deep-review": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.review, s.deepens = func(int) bool { return false }, true
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"one-time-code": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WebForm, nil)
			s.codeUntil = time.Now().Add(time.Minute)
			s.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
				if n == 1 {
					return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: ticket.EscalateIdentity}
				}
				return respond()
			}
			s.deliver(msg("m1", 0))
			s.eventually(func() bool { return len(s.answered()) == 1 }, "no code is asked for")
			s.deliver(msg("code", 10))
			s.settles(2)
			return s
		},
		"not-delivered": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WebForm, nil)
			s.before[ticket.ActivitySendReply] = once(bad("the provider refused the part"))
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"taken-over": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			begun, release := s.hold(ticket.ActivityCallModel)
			s.deliver(msg("m1", 0))
			s.waitFor(begun)
			s.act(ticket.ActionTakeover, ticket.ActionRequest{})
			release()
			s.act(ticket.ActionReply, ticket.ActionRequest{MessageID: id("words")})
			s.settles(3)
			s.deliver(msg("m2", 10))
			s.eventually(func() bool { return len(inputs[ticket.CreateTicketInput](s.desk, ticket.ActivityCreateTicket)) == 3 }, "m2 is not seen")
			s.act(ticket.ActionRelease, ticket.ActionRequest{})
			s.settles(5)
			s.act(ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")})
			return s
		},
		"approved": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.mode = ticket.ModeDraft
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.act(ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: s.waitingDraft()})
			s.settles(3)
			return s
		},
		"rejected": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.mode = ticket.ModeDraft
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.act(ticket.ActionRejectDraft, ticket.ActionRequest{DraftID: s.waitingDraft(), ReasonCode: "wrong"})
			s.settles(3)
			return s
		},
		"overridden": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.act(ticket.ActionOverride, ticket.ActionRequest{TurnID: id("turn of " + id("m1").String()), InstructionID: id("instruction")})
			s.settles(3)
			s.act(ticket.ActionApproveDraft, ticket.ActionRequest{DraftID: s.waitingDraft()})
			s.settles(5)
			return s
		},
		"clocks": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.policy.Acknowledge, s.policy.SecondLevel = time.Second, 2*time.Second
			s.review = func(int) bool { return false }
			s.deliver(msg("m1", 0))
			s.settles(3)
			return s
		},
		"person-elsewhere": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.takeOver()
			s.deliver(ticket.MessageRef{MessageID: id("their mail"), Author: ticket.Staff, ReceivedAt: noon()})
			s.settles(2)
			return s
		},
		"reopened": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.tickets, s.facts = 1, s.newFacts()
			s.actWithStart(ticket.ActionReopen, ticket.ActionRequest{})
			return s
		},
		"restart": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WhatsApp, nil)
			begun, release := s.hold(ticket.ActivityCallModel)
			s.deliver(msg("m1", 0))
			s.waitFor(begun)
			s.deliver(msg("m2", 1))
			s.eventually(func() bool { return len(inputs[ticket.CreateTicketInput](s.desk, ticket.ActivityCreateTicket)) == 2 }, "no restart")
			release()
			s.settles(1)
			return s
		},
		"stale": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.before[ticket.ActivitySendReply] = func(context.Context, int) error { s.settle(id("m1")); return nil }
			s.deliver(msg("m1", 0), msg("m2", 1))
			s.settles(1)
			return s
		},
		"conversation": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WhatsApp, nil)
			s.deliver(msg("m1", 0))
			s.deliver(msg("m2", 1))
			s.settles(1)
			begun, release := s.hold(ticket.ActivitySendReply)
			s.deliver(msg("m3", 10))
			s.waitFor(begun)
			s.deliver(msg("m4", 11), msg("m3", 10))
			s.mu.Lock()
			s.policy.CloseAfter = 500 * time.Millisecond
			s.mu.Unlock()
			release()
			s.eventually(func() bool { return s.outcome("") == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED }, "it does not close")
			return s
		},
		"database-outage": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.before[ticket.ActivityFetchHistory] = outage
			s.deliver(msg("m1", 0))
			s.settles(1)
			return s
		},
		"continued": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, map[string]string{"limit.historyCount.suggestContinueAsNew": "30"})
			first := s.deliver(msg("m1", 0))
			s.settles(1)
			s.deliver(msg("m2", 1))
			s.eventually(func() bool { return s.outcome(first) == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW }, "it does not continue")
			s.runID = first
			return s
		},
		"too-many-messages": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WhatsApp, nil)
			s.rule = func([]uuid.UUID) rule { return rule{plain: ticket.PlainSlow, until: time.Now().Add(3 * time.Second)} }
			s.deliver(msg("m1", 0))
			s.eventually(func() bool { return len(s.answered()) == 1 }, "nobody is told")
			s.deliver(msg("m2", 1))
			s.settles(2)
			return s
		},
		"what-waited": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WhatsApp, nil)
			s.deliver(msg("m1", 0))
			s.settles(1)
			s.mu.Lock()
			s.unsent, s.revision = id("turn of "+id("m1").String()), s.revision+1
			s.rule = func([]uuid.UUID) rule { return rule{plain: ticket.PlainHeld, replies: ids("words")} }
			s.mu.Unlock()
			require.NoError(t, s.client.SignalWorkflow(t.Context(), s.workflowID, "", ticket.SignalMessage,
				ticket.MessageSignal{Messages: []ticket.MessageRef{{MessageID: id("ours"), Author: ticket.Assistant, ReceivedAt: noon()}}}))
			s.eventually(func() bool { return len(inputs[ticket.SendReplyInput](s.desk, ticket.ActivitySendReply)) == 2 }, "it is not sent on")
			s.deliver(msg("m2", 60))
			s.eventually(func() bool {
				return len(inputs[ticket.SendStaffReplyInput](s.desk, ticket.ActivitySendStaffReply)) == 1
			}, "the words are not sent")
			s.settles(4)
			return s
		},
		"reconciler": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.WhatsApp, nil)
			s.workflowID = "whatsapp-reconcile/" + ourNumber
			_, err := s.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: s.workflowID, TaskQueue: ticket.QueueTickets},
				ticket.WhatsAppReconcileWorkflow, ticket.WhatsAppReconcileInput{Number: ourNumber})
			require.NoError(t, err)
			s.eventually(func() bool { return len(openTimers(s.history(""))) == 1 }, "it does not wait")
			return s
		},
		"mailbox": func(t *testing.T) *server {
			t.Helper()
			s := startServer(t, ticket.Email, nil)
			s.workflowID = "mailbox/support@example.com"
			begun, release := s.hold(ticket.ActivitySyncMailbox)
			push := func() {
				_, err := s.client.SignalWithStartWorkflow(t.Context(), s.workflowID, ticket.SignalPush, nil,
					client.StartWorkflowOptions{TaskQueue: ticket.QueueTickets}, ticket.MailboxWorkflow, ticket.MailboxInput{Mailbox: "support@example.com"})
				require.NoError(t, err)
			}
			push()
			s.waitFor(begun)
			push()
			push()
			release()
			waits := func() bool { return len(openTimers(s.history(""))) == 1 }
			s.eventually(waits, "it does not wait")
			push()
			s.eventually(func() bool { return len(s.names()) == 3 && waits() }, "it does not wait again")
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(t).save()
		})
	}
}

// save writes the history of the run under the name of the subtest.
func (s *server) save() {
	s.t.Helper()
	h := s.history(s.runID)
	withoutPlace(h)
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(s.t, err)
	require.NoError(s.t, os.MkdirAll(histories, 0o755))
	file := filepath.Join(histories, filepath.Base(s.t.Name())+".json")
	require.NoError(s.t, os.WriteFile(file, append(raw, '\n'), 0o644))
}

// withoutPlace drops what tells where a history was recorded.
func withoutPlace(h *history.History) {
	for _, e := range h.GetEvents() {
		if a := e.GetActivityTaskFailedEventAttributes(); a != nil {
			a.Failure.StackTrace = ""
		}
		if q := e.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); q.GetKind() == enums.TASK_QUEUE_KIND_STICKY {
			q.Name = "sticky"
		}
	}
}
