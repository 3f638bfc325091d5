package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
)

const (
	// stuckAfter is how long a part may be under way: its outcome is known, or a
	// person is asked, after two looks within a minute.
	stuckAfter = 5 * time.Minute
	// maxDetails is how many cases are named.
	maxDetails = 5
)

func (d *Doctor) deskChecks() []Check {
	return []Check{
		{
			Name: "outbox", After: "database.migrations", Asks: "whether parts of answers have been under way for more than 5 minutes",
			Means: "Customers wait for an answer of which nobody knows whether it was sent.",
			Do:    "See workers.delivery and the account of the channel; `fte ticket show NUMBER` says what each waits for.",
			Look:  d.outbox,
		},
		{
			Name: "tickets.overdue", After: "database.migrations", Asks: "whether tickets have needed a person for longer than was promised",
			Means: "These customers wait for a person, longer than they were promised.",
			Do:    "Look at `fte ticket list --needs-human` and read docs/runbook/waiting-tickets.md.",
			Look:  d.overdue,
		},
		{
			Name: "suppressions", After: "database.migrations", Asks: "how many recipients get no automatic messages, and why",
			Means: "It is only counted: who opted out, or whose mails came back, gets no automatic answer.",
			Do:    "Nothing.",
			Look:  d.suppressions,
		},
	}
}

func (d *Doctor) outbox(ctx context.Context) Finding {
	stuck, err := d.DB.StuckParts(ctx, time.Now().Add(-stuckAfter))
	if err != nil {
		return unread(err)
	}
	if len(stuck) == 0 {
		return ok("No part of an answer is stuck.")
	}
	var details []string
	for _, p := range stuck[:min(len(stuck), maxDetails)] {
		details = append(details, fmt.Sprintf("Ticket %s, via %s, for %s.", p.TicketNumber, p.Via, span(seconds(p.Seconds))))
	}
	return fail(fmt.Sprintf("%s been under way for more than %s.", count(len(stuck), "part of an answer has", "parts of answers have"), span(stuckAfter))).with(details...)
}

func (d *Doctor) overdue(ctx context.Context) Finding {
	late, err := d.DB.OverdueTickets(ctx)
	if err != nil {
		return unread(err)
	}
	if len(late) == 0 {
		return ok("No ticket waits for a person longer than promised.")
	}
	var details []string
	for _, t := range late[:min(len(late), maxDetails)] {
		details = append(details, fmt.Sprintf("Ticket %s, priority %s, is late by %s.", t.Number, t.Priority, span(seconds(t.LateSeconds))))
	}
	return warn(fmt.Sprintf("%s for a person longer than promised.", count(len(late), "ticket waits", "tickets wait"))).with(details...)
}

func (d *Doctor) suppressions(ctx context.Context) Finding {
	counted, err := d.DB.CountSuppressions(ctx)
	if err != nil {
		return unread(err)
	}
	return ok("%s", sayCounts(counted))
}

func sayCounts(counted []schema.CountSuppressionsRow) string {
	var total int64
	var each []string
	for _, c := range counted {
		total += c.Recipients
		each = append(each, fmt.Sprintf("%d %s (%s)", c.Recipients, c.Kind, c.Reason))
	}
	if total == 0 {
		return "No recipient is suppressed."
	}
	return fmt.Sprintf("%s suppressed: %s.", count(total, "recipient is", "recipients are"), strings.Join(each, ", "))
}
