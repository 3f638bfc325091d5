package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

const customerDetails = `WHO is a mail address, a phone number with + and country code, or the number of a ticket.

  show WHO                show name, addresses, tier and tickets. An address is verified if its channel
                          has proved it, else the customer has only claimed it
  tier WHO standard|vip   set the tier; a vip's tickets are worked on before others of their priority`

// runCustomer shows a customer and sets the tier.
func runCustomer(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("customer")
	asJSON := flags.Bool("json", false, "print JSON")
	as := flags.String("as", "", "tier: the `name` of who acts (your login name otherwise)")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	actor := ""
	switch {
	case len(rest) == 0:
		return usagef("say what to do: show or tier")
	case rest[0] != "show" && rest[0] != "tier":
		return usagef("there is no customer %s", rest[0])
	case len(rest) == 1:
		return usagef("say which customer: a mail address, a phone number or the number of a ticket")
	case rest[0] == "show" && len(rest) > 2:
		return usagef("unexpected argument %q", rest[2])
	case rest[0] == "show" && *as != "":
		return usagef("customer show has no --as")
	case rest[0] == "tier" && (len(rest) == 2 || !slices.Contains(staff.Tiers(), rest[2])):
		return usagef("say which tier: %s", strings.Join(staff.Tiers(), " or "))
	case rest[0] == "tier" && len(rest) > 3:
		return usagef("unexpected argument %q", rest[3])
	case rest[0] == "tier":
		if actor, err = whoActs(*as); err != nil {
			return err
		}
	}
	return atDesk(ctx, env, func(ctx context.Context, desk *staff.Desk) (err error) {
		if rest[0] == "tier" {
			err = setTier(ctx, env, desk, actor, rest[1], rest[2], *asJSON)
		} else {
			err = showCustomer(ctx, env, desk, rest[1], *asJSON)
		}
		if ticket.CodeOf(err) == ticket.CodeInvalid {
			return usagef("%v", err)
		}
		return err
	})
}

func setTier(ctx context.Context, env environment, desk *staff.Desk, actor, who, tier string, asJSON bool) error {
	change, err := desk.SetTier(ctx, actor, who, tier)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(change)
	}
	was := "was " + change.Before
	if change.Before == change.After {
		was = "as before"
	}
	_, err = fmt.Fprintf(env.stdout, "The customer is %s now (%s).\n", change.After, was)
	return err
}

func showCustomer(ctx context.Context, env environment, desk *staff.Desk, who string, asJSON bool) error {
	c, err := desk.Customer(ctx, who)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(c)
	}
	rows := [][]string{
		{"name", cmp.Or(plain(c.Name), "unknown")},
		{"tier", c.Tier},
		{"since", c.Since.UTC().Format(time.RFC3339)},
	}
	for _, i := range c.Identities {
		state := "claimed"
		if i.Verified {
			state = "verified"
		}
		rows = append(rows, []string{i.Kind, plain(i.Value) + " (" + state + ")"})
	}
	if err := table(env.stdout, rows); err != nil {
		return err
	}
	if len(c.Tickets) == 0 {
		_, err := fmt.Fprintln(env.stdout, "\nThere are no tickets.")
		return err
	}
	if _, err := fmt.Fprintln(env.stdout); err != nil {
		return err
	}
	return printTickets(env.stdout, c.Tickets)
}
