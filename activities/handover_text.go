package activities

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/digital-fte/fte/mask"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// RenderHandover writes a hand-over as plain text for the people who are asked
// to take a ticket over. It holds the customer's words, though neither numbers
// of cards and accounts nor secrets: it is for staff's eyes and mailboxes only.
// Times are shown in the zone that they carry.
func RenderHandover(h schema.HandoverForTicketRow) string {
	m := mask.New(h.Subject, h.Summary, h.Tried, h.SuggestedReply)
	for _, words := range []*string{&h.Subject, &h.Summary, &h.Tried, &h.SuggestedReply} {
		*words = m.Restore(m.Text(*words))
	}
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", label+":", value)
		}
	}
	line("Ticket", h.Number)
	line("Why", h.Reason)
	line("Customer", cmp.Or(h.CustomerName, "unnamed")+vip(h.CustomerTier))
	line("Channel", channelName(h.Channel))
	line("Subject", h.Subject)
	line("Category", h.Category)
	line("Priority", h.Priority)
	line("Due", dueTime(h.SlaDueAt))
	line("With", h.Assignee)
	if h.Sentiment >= 0 {
		line("Mood", mood(h.Sentiment))
	}
	section := func(title, words string) {
		if words = strings.TrimSpace(words); words != "" {
			b.WriteString("\n" + title + "\n" + indent(words) + "\n")
		}
	}
	section("What the customer wrote last", h.Summary)
	section("What the assistant has tried", h.Tried)
	section("Articles that may help", strings.Join(h.Sources, "\n"))
	section("What the assistant would have answered (not sent)", h.SuggestedReply)
	return b.String()
}

// RenderHandoverAlert writes one line about an escalation for places where many
// people read, such as a chat: nothing of the customer is in it. due is when
// the earliest promise is broken, nil when there is none.
func RenderHandoverAlert(e ticket.TicketEscalated, due *time.Time) string {
	what := e.TicketNumber + " (" + channelName(e.Channel) + ")"
	switch e.Step {
	case ticket.StepWarning:
		what += " is about to miss a promised time."
	case ticket.StepReminder:
		what = "Nobody has taken over " + what + " yet."
	case ticket.StepSecondLevel:
		what = "Nobody has taken over " + what + " in time; somebody else has to."
	case ticket.StepAsk:
		what += " needs a person."
	}
	if why := ticket.EscalationMeaning(e.Reason); e.Step != ticket.StepWarning || e.Reason != ticket.EscalateAtRisk {
		what += " " + why
	}
	if e.Urgency != "" {
		what += " Urgency: " + e.Urgency + "."
	}
	if at := dueTime(due); at != "" {
		what += " Due " + at + "."
	}
	return what
}

func channelName(c ticket.Channel) string {
	switch c {
	case ticket.WhatsApp:
		return "WhatsApp"
	case ticket.Email:
		return "e-mail"
	case ticket.WebForm:
		return "web form"
	default:
		return string(c)
	}
}

func vip(tier string) string {
	if tier == "vip" {
		return " (VIP)"
	}
	return ""
}

func mood(sentiment float64) string {
	word := "neutral"
	switch {
	case sentiment < 0.3:
		word = "very unhappy"
	case sentiment < 0.45:
		word = "unhappy"
	case sentiment > 0.7:
		word = "happy"
	}
	return fmt.Sprintf("%s (%.1f of 1)", word, sentiment)
}

func dueTime(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format("Mon 2 Jan 2006, 15:04 MST")
}

func indent(words string) string {
	return "  " + strings.ReplaceAll(words, "\n", "\n  ")
}
