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

  show WHO                show name, addresses, tier, tickets, and with whom the customer was found to be one.
                          An address is verified if its channel has proved it; one that was only named
                          opens nothing to anybody
  tier WHO standard|vip   set the tier; a vip's tickets are worked on before others of their priority
  merge WHO WHO           make two customers one (needs --reason)
  unmerge MERGE_ID        part them again (needs --reason); after that only a person makes them one`

// runCustomer shows a customer, sets the tier, and joins or parts customers.
func runCustomer(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("customer")
	asJSON := flags.Bool("json", false, "print JSON")
	as := flags.String("as", "", "tier, merge, unmerge: the `name` of who acts (your login name otherwise)")
	reason := flags.String("reason", "", "merge, unmerge: `why`")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if err := checkCustomerArgs(rest, *as, *reason); err != nil {
		return err
	}
	actor := ""
	if rest[0] != "show" {
		if actor, err = whoActs(*as); err != nil {
			return err
		}
	}
	return atDesk(ctx, env, func(ctx context.Context, desk *staff.Desk) (err error) {
		switch rest[0] {
		case "tier":
			err = setTier(ctx, env, desk, actor, rest[1], rest[2], *asJSON)
		case "merge":
			err = mergeCustomers(ctx, env, desk, actor, rest[1], rest[2], *reason, *asJSON)
		case "unmerge":
			err = unmergeCustomers(ctx, env, desk, actor, rest[1], *reason, *asJSON)
		default:
			err = showCustomer(ctx, env, desk, rest[1], *asJSON)
		}
		if ticket.CodeOf(err) == ticket.CodeInvalid {
			return usagef("%v", err)
		}
		return err
	})
}

// checkCustomerArgs finds what is wrong with a command line before anything is
// opened.
func checkCustomerArgs(rest []string, as, reason string) error {
	if len(rest) == 0 {
		return usagef("say what to do: show, tier, merge or unmerge")
	}
	takes := map[string]int{"show": 2, "tier": 3, "merge": 3, "unmerge": 2}[rest[0]]
	joins := rest[0] == "merge" || rest[0] == "unmerge"
	switch {
	case takes == 0:
		return usagef("there is no customer %s", rest[0])
	case rest[0] == "unmerge" && len(rest) == 1:
		return usagef("say which merge: `fte customer show` prints the id")
	case len(rest) == 1 || rest[0] == "merge" && len(rest) == 2:
		return usagef("say which customer: a mail address, a phone number or the number of a ticket")
	case rest[0] == "tier" && (len(rest) == 2 || !slices.Contains(staff.Tiers(), rest[2])):
		return usagef("say which tier: %s", strings.Join(staff.Tiers(), " or "))
	case len(rest) > takes:
		return usagef("unexpected argument %q", rest[takes])
	case rest[0] == "show" && as != "":
		return usagef("customer show has no --as")
	case joins && strings.TrimSpace(reason) == "":
		return usagef("say why: --reason TEXT")
	case !joins && reason != "":
		return usagef("customer %s has no --reason", rest[0])
	}
	return nil
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
		rows = append(rows, []string{i.Kind, plain(i.Value) + " (verified)"})
	}
	for _, said := range c.Claims {
		rows = append(rows, []string{said.Kind, claimInWords(said)})
	}
	for _, m := range c.Merges {
		rows = append(rows, []string{"merge", mergeInWords(m)})
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
