package activities_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// People's words and the customer's are in messages and hand-overs; what is kept
// of an action, published or shown to Temporal holds none of them.
func TestWhatPeopleDoHoldsNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	for _, channel := range ticket.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			h := &history{world: newWorld(t).withTwilio().withGmail()}
			conv := h.conversation(channel, func(p *schema.InsertConversationParams) { p.Subject = canary })
			opened, draft := h.private(conv)
			a := h.acts()
			act := func(action ticket.Action, change ...func(*ticket.ActionRequest)) ticket.ApplyActionResult {
				in := ticket.ApplyActionInput{ConversationID: conv.ID, Action: action}
				in.ActionID, in.Actor = uuid.NewString(), "ana"
				for _, f := range change {
					f(&in.ActionRequest)
				}
				res, err := take(h, a.ApplyAction, in)
				require.NoError(t, err, action)
				return res
			}
			act(ticket.ActionRejectDraft, about(draft), because("tone"))
			_, err := take(h, a.Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: ticket.EscalateRejected})
			require.NoError(t, err)
			act(ticket.ActionTakeover)
			h.open(conv, h.message(conv, "Where is my "+canary+"?"))
			act(ticket.ActionRelease)

			m := h.text(conv.ID, "Dear Ana Kunde, your "+canary+" is here. Write to "+address)
			act(ticket.ActionReply, says(m))
			faults := h.gmail.Faults()
			if channel == ticket.WhatsApp {
				faults = h.twilio.Faults()
			}
			faults.Set(quoting(400))
			_, err = take(h, a.SendStaffReply, ticket.SendStaffReplyInput{MessageID: m})
			require.Error(t, err)
			faults.Clear()
			_, err = take(h, a.Escalate, ticket.EscalateInput{TicketID: opened.TicketID, Code: ticket.EscalateNotDelivered})
			require.NoError(t, err)
			m = h.text(conv.ID, "Dear Ana Kunde, your "+canary+" is here.")
			act(ticket.ActionReply, says(m))
			_, err = take(h, a.SendStaffReply, ticket.SendStaffReplyInput{MessageID: m})
			require.NoError(t, err)
			act(ticket.ActionSetPriority, func(r *ticket.ActionRequest) { r.Priority = "urgent" })
			note := uuid.New()
			_, err = h.db.InsertNote(t.Context(), schema.InsertNoteParams{ID: note, ConversationID: conv.ID, Actor: "ana", Body: "told " + phone})
			require.NoError(t, err)
			act(ticket.ActionResolve, noted(note))
			act(ticket.ActionReopen)
			for _, text := range []string{"Ana Kunde", address, phone, canary + " is lost"} {
				in := ticket.ApplyActionInput{ConversationID: conv.ID, Action: ticket.ActionTakeover}
				for _, f := range []func(*ticket.ActionRequest){by(text), because(text)} {
					in.ActionRequest = ticket.ActionRequest{ActionID: uuid.NewString(), Actor: "ana"}
					f(&in.ActionRequest)
					_, err := run(h.world, a.ApplyAction, in)
					h.clean(refusal(t, err).Message())
				}
			}

			require.Equal(t, "8", h.scalar("SELECT count(*)::text FROM actions"))
			for _, kept := range []string{
				"SELECT string_agg(a::text, ' ') FROM actions a", "SELECT string_agg(a::text, ' ') FROM audit_log a",
				"SELECT string_agg(error, ' ') FROM outbox", "SELECT string_agg(escalation_code || escalation_reason, ' ') FROM tickets",
			} {
				h.clean(h.scalar(kept))
			}
			require.Len(t, h.published.of(ticket.TopicEscalations), 3)
			for _, e := range h.published.of(ticket.TopicEscalations) {
				h.clean(string(e.Value) + e.ID + e.Key)
			}
			require.Contains(t, h.scalar("SELECT string_agg(summary, ' ') FROM handovers"), canary, "there it belongs")
		})
	}
}

// private asks something that nobody else may read, and holds a draft about it.
func (h *history) private(c schema.Conversation) (opened ticket.CreateTicketResult, draft uuid.UUID) {
	h.t.Helper()
	require.NoError(h.t, h.db.PutMode(h.t.Context(), schema.PutModeParams{Channel: c.Channel, Mode: ticket.ModeDraft}))
	opened = h.turn(c, "My "+canary+" is lost, write to "+address)
	draft = h.draft(opened.TurnID, "Your "+canary+" is on its way, Ana Kunde.")
	res, err := take(h, h.acts().SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, DraftID: draft})
	require.NoError(h.t, err)
	require.Equal(h.t, ticket.SendHeld, res.State)
	_, err = take(h, h.acts().Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: ticket.EscalateApproval, DraftID: draft})
	require.NoError(h.t, err)
	return opened, draft
}
