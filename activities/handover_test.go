package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// handover returns what staff is told.
func (w *world) handover(ticketID uuid.UUID, code string) schema.HandoverForTicketRow {
	w.t.Helper()
	h, err := w.db.HandoverForTicket(w.t.Context(), schema.HandoverForTicketParams{TicketID: ticketID, Code: code})
	require.NoError(w.t, err)
	return h
}

func TestAHandoverSaysWhatWasSaidAndTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	c := w.conversation(ticket.WhatsApp)
	w.message(c, "one: too old to be told")
	for _, body := range []string{"two: " + strings.Repeat("very ", 200) + "long", "three: my app is slow"} {
		w.message(c, body)
	}
	opened := w.turn(c, "four: "+resetQuestion)
	found, err := run(w, w.acts().SearchKnowledge, ticket.SearchKnowledgeInput{TurnID: opened.TurnID})
	require.NoError(t, err)
	w.openai.Enqueue(respond("Your link is valid for 30 minutes.", found.Chunks[0].ID))
	call, err := run(w, w.acts().CallModel, ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}})
	require.NoError(t, err)
	w.exec(`UPDATE drafts SET verdicts = '[{"rule":"length","passed":false,"reason":"The answer has 900 words."},{"rule":"citations","passed":true}]'`)

	for range 2 {
		_, err = run(w, w.acts().Escalate, ticket.EscalateInput{
			TurnID: opened.TurnID, Code: ticket.EscalateReview, ModelCallID: call.CallID, DraftID: call.DraftID,
		})
		require.NoError(t, err)
	}
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM handovers"))
	h := w.handover(opened.TicketID, ticket.EscalateReview)
	require.Equal(t, ticket.EscalationMeaning(ticket.EscalateReview), h.Reason)
	require.NotContains(t, h.Summary, "one:")
	said := strings.Split(h.Summary, "\n\n")
	require.Len(t, said, 3, "the last three, the newest last")
	require.LessOrEqual(t, len([]rune(said[0])), 500)
	require.True(t, strings.HasPrefix(said[0], "two: ") && strings.HasSuffix(said[0], "…"))
	require.Equal(t, "three: my app is slow", said[1])
	require.Contains(t, said[2], resetQuestion)
	require.Contains(t, h.Tried, "Searched the knowledge base for")
	require.Contains(t, h.Tried, "passage")
	require.Contains(t, h.Tried, "refused it by the rule length: The answer has 900 words.")
	require.NotContains(t, h.Tried, "citations")
	require.Equal(t, "Your link is valid for 30 minutes.", h.SuggestedReply)
	require.InDelta(t, 0.5, h.Sentiment, 0.5)
	require.NotEmpty(t, h.Sources)
	require.Contains(t, h.Sources[0], " (")

	text := activities.RenderHandover(h)
	for _, part := range []string{
		opened.TicketNumber, "Ana Kunde", "WhatsApp", h.Reason, "three: my app is slow", "rule length", h.Sources[0],
		"Your link is valid for 30 minutes.", "Mood:", "Priority:", "Due:",
	} {
		require.Contains(t, text, part)
	}
}

func TestAHandoverSaysWhyTheModelAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked("I want my money back")
	w.openai.Enqueue(openai.ToolCallWith("escalate_to_human", map[string]any{
		"reason": "refund_request", "urgency": "high", "triage": triage(0.1, "billing", "high"),
	}))
	call, err := run(w, w.acts().CallModel, ticket.CallModelInput{TurnID: opened.TurnID, Rounds: []ticket.Round{{SearchID: found.SearchID}}})
	require.NoError(t, err)
	_, err = run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: opened.TurnID, Code: call.Escalation, ModelCallID: call.CallID})
	require.NoError(t, err)
	h := w.handover(opened.TicketID, "refund_request")
	require.InDelta(t, 0.1, h.Sentiment, 0.001)
	require.Contains(t, h.Tried, "The model asked for a person: refund_request.")
	require.Empty(t, h.SuggestedReply)
	require.NotEmpty(t, h.Sources, "the best that was found")
	require.Contains(t, activities.RenderHandover(h), "very unhappy")
}

func TestAHandoverSaysWhatBroke(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	w.twilio.SetFault(wire.Fault{Match: posts, Status: 400, Body: `{"code":63016,"message":"window","status":400}`})
	_, err := w.send(turn, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	res, err := w.escalate(turn, ticket.EscalateNotDelivered, "high")
	require.NoError(t, err)
	h := w.handover(res.TicketID, ticket.EscalateNotDelivered)
	require.Contains(t, h.Tried, "Sending failed: ")
	require.Contains(t, h.Tried, w.scalar("SELECT error FROM outbox"))

	_, err = w.escalate(turn, ticket.EscalateModel, "high")
	require.NoError(t, err)
	require.Contains(t, w.handover(res.TicketID, ticket.EscalateModel).Tried, ticket.EscalationMeaning(ticket.EscalateModel))
	require.Equal(t, "2", w.scalar("SELECT count(*)::text FROM handovers"), "one a reason")
	require.NotContains(t, w.handover(res.TicketID, ticket.EscalateNotDelivered).Tried, ticket.EscalationMeaning(ticket.EscalateModel))
}

// A draft that was sent, or that a person did not want, is no suggestion.
func TestAHandoverSuggestsWhatIsStillOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	turn, draft := w.onWhatsApp("Open the settings.")
	_, err := w.send(turn, draft)
	require.NoError(t, err)
	res, err := w.escalate(turn, "human_requested", "")
	require.NoError(t, err)
	require.Empty(t, w.handover(res.TicketID, "human_requested").SuggestedReply)

	turn, first := w.onWhatsApp("Open the settings.")
	second := w.draft(turn, "Open the menu.")
	res, err = w.escalate(turn, ticket.EscalateReview, "")
	require.NoError(t, err)
	require.Equal(t, "Open the menu.", w.handover(res.TicketID, ticket.EscalateReview).SuggestedReply, "the last one")
	_, err = run(w, w.acts().Escalate, ticket.EscalateInput{TurnID: turn, Code: ticket.EscalateApproval, DraftID: first})
	require.NoError(t, err)
	require.Equal(t, "Open the settings.", w.handover(res.TicketID, ticket.EscalateApproval).SuggestedReply, "the one that is named")

	w.exec("UPDATE drafts SET decision = 'rejected', decided_by = 'ben', reason_code = 'tone' WHERE id = '" + second.String() + "'")
	_, err = w.escalate(turn, ticket.EscalateRejected, "")
	require.NoError(t, err)
	h := w.handover(res.TicketID, ticket.EscalateRejected)
	require.Empty(t, h.SuggestedReply)
	require.Contains(t, h.Tried, "It was rejected by ben (tone).")
}

func TestATicketWithoutAHandoverIsToldAboutAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	opened := w.turn(w.conversation(ticket.Email), "hello")
	h := w.handover(opened.TicketID, ticket.EscalateAtRisk)
	require.Equal(t, opened.TicketNumber, h.Number)
	require.Empty(t, h.Summary)
	text := activities.RenderHandover(h)
	require.Contains(t, text, opened.TicketNumber)
	require.Contains(t, text, "Subject:   Login")
	require.NotContains(t, text, "Mood")
	require.NotContains(t, text, "tried")

	// Of another reason the newest is told rather than nothing.
	_, err := w.escalate(opened.TurnID, "refund_request", "")
	require.NoError(t, err)
	require.Equal(t, ticket.EscalationMeaning("refund_request"), w.handover(opened.TicketID, ticket.EscalateAtRisk).Reason)
}

// An alert is read by many: what it says is the ticket's, not the customer's.
func TestAnAlertSaysWhatIsUp(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, time.March, 2, 16, 30, 0, 0, time.UTC)
	e := ticket.TicketEscalated{TicketNumber: "T-0123456789", Reason: "refund_request", Urgency: "high", Channel: ticket.WhatsApp}
	for step, want := range map[ticket.Step]string{
		ticket.StepAsk:         "T-0123456789 (WhatsApp) needs a person. The customer asks for money back or disputes a payment. Urgency: high. Due Mon 2 Mar 2026, 16:30 UTC.",
		ticket.StepReminder:    "Nobody has taken over T-0123456789 (WhatsApp) yet. The customer asks for money back or disputes a payment. Urgency: high. Due Mon 2 Mar 2026, 16:30 UTC.",
		ticket.StepSecondLevel: "Nobody has taken over T-0123456789 (WhatsApp) in time; somebody else has to. The customer asks for money back or disputes a payment. Urgency: high. Due Mon 2 Mar 2026, 16:30 UTC.",
	} {
		e.Step = step
		require.Equal(t, want, activities.RenderHandoverAlert(e, &due))
	}
	e.Step, e.Reason, e.Channel, e.Urgency = ticket.StepWarning, ticket.EscalateAtRisk, ticket.Email, ""
	require.Equal(t, "T-0123456789 (e-mail) is about to miss a promised time.", activities.RenderHandoverAlert(e, nil))
}
