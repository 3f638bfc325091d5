package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/digital-fte/fte/staff"
)

// claimInWords says what somebody named and what that is worth.
func claimInWords(c staff.Claim) string {
	where := "ticket " + cmp.Or(c.Ticket, "not opened yet")
	switch {
	case c.ProvedAt != nil:
		return plain(c.Value) + " (named in " + where + ", proved " + c.ProvedAt.UTC().Format(time.RFC3339) + ")"
	case c.Own:
		return plain(c.Value) + " (only named in " + where + ", not proved)"
	default:
		return plain(c.Value) + " (somebody else names it in " + where + ", not proved)"
	}
}

// mergeInWords says why two customers are one, and how to part them.
func mergeInWords(m staff.Merge) string {
	why := map[string]string{
		"claim_proved": "the customer proved an address that was named before",
		"ticket_named": "the customer named the number of another ticket",
		"by_hand":      "a person said so",
	}[m.Reason]
	text := m.ID.String() + " of " + m.At.UTC().Format(time.RFC3339) + " by " + plain(m.Actor) + ": " + cmp.Or(why, plain(m.Reason))
	if m.Ticket != "" {
		text += " (written in ticket " + m.Ticket + ")"
	}
	if m.UndoneAt != nil {
		text += "; undone " + m.UndoneAt.UTC().Format(time.RFC3339) + " by " + plain(m.UndoneBy)
	}
	return text
}

func mergeCustomers(ctx context.Context, env environment, desk *staff.Desk, actor, a, b, reason string, asJSON bool) error {
	made, err := desk.Merge(ctx, actor, a, b, reason)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(made)
	}
	_, err = fmt.Fprintf(env.stdout, "The two are one customer now. To part them again: fte customer unmerge %s --reason TEXT\n", made.ID)
	return err
}

func unmergeCustomers(ctx context.Context, env environment, desk *staff.Desk, actor, id, reason string, asJSON bool) error {
	merge, err := staff.ReadMergeID(id)
	if err != nil {
		return err
	}
	undone, err := desk.Unmerge(ctx, actor, merge, reason)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(undone)
	}
	_, err = fmt.Fprintln(env.stdout, "They are two customers again, and nothing but a person makes them one.")
	return err
}
