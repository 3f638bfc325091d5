package mcp

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

// ticketView is a ticket as clients see it.
type ticketView struct {
	Number    string         `json:"number"`
	ID        string         `json:"id"`
	Status    ticket.Status  `json:"status"`
	Owner     ticket.Owner   `json:"owner" jsonschema:"who answers: ai or human"`
	Assignee  string         `json:"assignee,omitempty" jsonschema:"which person has it"`
	Priority  string         `json:"priority"`
	Channel   ticket.Channel `json:"channel"`
	Category  string         `json:"category"`
	Subject   string         `json:"subject"`
	Customer  string         `json:"customer"`
	Tier      string         `json:"tier"`
	CreatedAt time.Time      `json:"created_at"`
	DueAt     *time.Time     `json:"due_at,omitempty" jsonschema:"when the earliest promise to the customer runs out"`
	ClosedAt  *time.Time     `json:"closed_at,omitempty"`
	// Escalation and Why are there while a person is asked or answers.
	Escalation string `json:"escalation,omitempty" jsonschema:"code of why a person was asked"`
	Why        string `json:"why,omitempty" jsonschema:"why a person was asked, in words"`
}

func viewOf(w wording, t staff.Ticket) ticketView {
	v := ticketView{
		Number: t.Number, ID: t.ID.String(), Status: t.Status, Owner: t.Owner, Assignee: t.Assignee, Priority: t.Priority,
		Channel: t.Channel, Category: t.Category, Subject: w.say(t.Subject), Customer: w.say(t.Customer), Tier: t.Tier,
		CreatedAt: t.CreatedAt, DueAt: t.DueAt, ClosedAt: t.ClosedAt,
	}
	if t.Escalation != "" && (t.Status == ticket.NeedsHuman || t.Status == ticket.WithHuman) {
		v.Escalation, v.Why = t.Escalation, w.say(cmp.Or(t.Reason, ticket.EscalationMeaning(t.Escalation)))
	}
	return v
}

// message is one message of a conversation as clients see it.
type message struct {
	At       time.Time      `json:"at"`
	Author   ticket.Author  `json:"author" jsonschema:"customer, assistant or staff"`
	Channel  ticket.Channel `json:"channel"`
	Ticket   string         `json:"ticket,omitempty" jsonschema:"number of its ticket"`
	Subject  string         `json:"subject,omitempty"`
	Text     string         `json:"text"`
	Verified bool           `json:"verified" jsonschema:"whether the channel has proved who wrote it, or whom it answers"`
	Delivery string         `json:"delivery,omitempty" jsonschema:"how far a message of ours has come: queued, sent, delivered, read or failed"`
}

// newest returns at most limit of rows, which come with the newest first, with
// the newest last, and whether any were left out.
func newest(w wording, rows []schema.CustomerMessagesRow, limit int) (messages []message, older bool) {
	messages = make([]message, min(len(rows), limit))
	for i := range messages {
		r := rows[i]
		messages[i] = message{
			At: r.ProviderAt, Author: r.Author, Channel: r.Channel, Ticket: r.Number, Subject: w.say(r.Subject), Text: w.say(r.Body),
			Verified: r.Verified, Delivery: r.Delivery,
		}
	}
	slices.Reverse(messages)
	return messages, len(rows) > limit
}

// proved reports whether a channel has proved that ref is the customer's.
func proved(c staff.Customer, ref string) bool {
	plain := strings.NewReplacer(" ", "", "-", "", ".", "", "/", "", "(", "", ")", "")
	return slices.ContainsFunc(c.Identities, func(i staff.Identity) bool {
		if i.Kind == "email" {
			return i.Value == strings.ToLower(ref)
		}
		return i.Value == plain.Replace(ref)
	})
}
