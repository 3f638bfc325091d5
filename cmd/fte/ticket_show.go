package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

// list shows tickets: who has waited longest for what was promised comes first.
func (c *ticketCommand) list(ctx context.Context) error {
	filter := staff.Filter{Status: ticket.Status(c.o.status), Channel: ticket.Channel(c.o.channel), Limit: c.o.limit}
	if c.o.needsHuman {
		filter.Status = ticket.NeedsHuman
	}
	tickets, err := c.desk.List(ctx, filter)
	if ticket.CodeOf(err) == ticket.CodeInvalid {
		return usagef("%v", err)
	}
	if err != nil {
		return err
	}
	if c.o.json {
		return json.NewEncoder(c.env.stdout).Encode(tickets)
	}
	if len(tickets) == 0 {
		_, err := fmt.Fprintln(c.env.stdout, "There are no such tickets.")
		return err
	}
	return printTickets(c.env.stdout, tickets)
}

func printTickets(w io.Writer, tickets []staff.Ticket) error {
	rows := [][]string{{"NUMBER", "DUE", "STATUS", "WITH", "PRIORITY", "CHANNEL", "CATEGORY", "WHY", "SUBJECT"}}
	for _, t := range tickets {
		rows = append(rows, []string{
			t.Number, due(t), string(t.Status), answers(t), t.Priority, string(t.Channel), t.Category,
			why(t), plain(t.Subject),
		})
	}
	return table(w, rows)
}

func due(t staff.Ticket) string {
	if t.DueAt == nil {
		return "-"
	}
	return t.DueAt.UTC().Format(time.RFC3339)
}

// why is the code of why a person is asked; once nobody is, it says nothing.
func why(t staff.Ticket) string {
	if t.Status == ticket.NeedsHuman || t.Status == ticket.WithHuman {
		return cmp.Or(t.Escalation, "-")
	}
	return "-"
}

// answers names who answers a ticket.
func answers(t staff.Ticket) string {
	if t.Owner == ticket.OwnerHuman {
		return cmp.Or(t.Assignee, "a person")
	}
	return "assistant"
}

// show shows one ticket.
func (c *ticketCommand) show(ctx context.Context) error {
	t, err := c.desk.Look(ctx, c.words[0])
	if err != nil {
		return err
	}
	if c.o.json {
		return json.NewEncoder(c.env.stdout).Encode(t)
	}
	rows := [][]string{{"ticket", t.Number}}
	row := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, plain(value)})
		}
	}
	row("subject", t.Subject)
	row("status", string(t.Status))
	row("with", answers(t.Ticket))
	row("customer", t.Customer+" ("+t.Tier+")")
	row("channel", string(t.Channel))
	row("category", t.Category)
	row("priority", t.Priority)
	if why(t.Ticket) != "-" {
		row("asked because", cmp.Or(t.Reason, ticket.EscalationMeaning(t.Escalation))+" ("+t.Escalation+")")
	}
	if t.DueAt != nil {
		row("due", due(t.Ticket))
	}
	row("clocks", t.SLA)
	row("last problem", t.Problem)
	if t.Last.Rule != "" || t.Last.Model != "" {
		row("last answer", strings.Join([]string{
			cmp.Or(t.Last.Rule, "no rule"), "prompt " + cmp.Or(t.Last.PromptVersion, "unknown"), "model " + cmp.Or(t.Last.Model, "unknown"),
			fmt.Sprintf("%d chunk(s) found", len(t.Last.Chunks)),
		}, ", "))
	}
	row("workflow", t.WorkflowID)
	if err := table(c.env.stdout, rows); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.env.stdout); err != nil {
		return err
	}
	if t.Draft != nil {
		if err := printDraft(c.env.stdout, *t.Draft); err != nil {
			return err
		}
	}
	return printTimeline(c.env.stdout, t)
}

func printTimeline(w io.Writer, t staff.Detail) error {
	if t.Unasked != "" {
		_, err := fmt.Fprintf(w, "Its workflow could not be asked: %s.\n", t.Unasked)
		return err
	}
	rows := make([][]string, len(t.Timeline))
	for i, e := range t.Timeline {
		rows[i] = []string{e.At.UTC().Format(time.RFC3339), plain(e.What)}
	}
	return table(w, rows)
}

// printDraft shows a draft with the articles it cites, and an empty line.
func printDraft(w io.Writer, d staff.Draft) error {
	sources := "no sources"
	if len(d.Sources) > 0 {
		sources = "sources: " + strings.Join(d.Sources, ", ")
	}
	var text strings.Builder
	for line := range strings.Lines(d.Text) {
		text.WriteString("  " + plain(strings.TrimRight(line, "\r\n")) + "\n")
	}
	_, err := fmt.Fprintf(w, "Draft %s (%s):\n%s\n", d.ID, sources, text.String())
	return err
}

// plain returns text of others on one line and without what moves a terminal's
// cursor or turns its writing round.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		default:
			return r
		}
	}, s)
}
