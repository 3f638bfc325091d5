package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

const modeDetails = `What the assistant may do is set for each channel, and for single categories of it:

  auto    it answers
  draft   it proposes an answer, and a person approves it
  off     every message goes to a person

  show                   show every channel, and the categories with a mode of their own
  set off|draft|auto     set it: for all channels without --channel; a whole channel's mode also
                         removes those of its categories. ` + "`fte mode set off`" + ` is the emergency stop

What a provider has been given already is not called back.`

// runMode shows and sets what the assistant may do.
func runMode(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("mode")
	asJSON := flags.Bool("json", false, "print JSON")
	as := flags.String("as", "", "set: the `name` of who acts (your login name otherwise)")
	channel := flags.String("channel", "", "set: only for this `channel` (email, whatsapp or webform)")
	category := flags.String("category", "", "set: only for this `category`")
	rest, err := parseFlags(flags, args)
	switch {
	case err != nil:
		return wrongUse(flags, err)
	case len(rest) == 0:
		return usagef("say what to do: show or set")
	case rest[0] != "show" && rest[0] != "set":
		return usagef("there is no mode %s", rest[0])
	case rest[0] == "show" && len(rest) > 1:
		return usagef("unexpected argument %q", rest[1])
	case rest[0] == "show" && *as+*channel+*category != "":
		return usagef("mode show shows everything: it has no flag but --json")
	case rest[0] == "set" && len(rest) == 1:
		return usagef("say which mode: off, draft or auto")
	case rest[0] == "set" && len(rest) > 2:
		return usagef("unexpected argument %q", rest[2])
	}
	actor := ""
	if rest[0] == "set" {
		if actor, err = whoActs(*as); err != nil {
			return err
		}
	}
	return atDesk(ctx, env, func(ctx context.Context, desk *staff.Desk) error {
		if rest[0] == "show" {
			return showModes(ctx, env, desk, *asJSON)
		}
		changes, err := desk.SetMode(ctx, actor, ticket.Mode(rest[1]), ticket.Channel(*channel), *category)
		if ticket.CodeOf(err) == ticket.CodeInvalid {
			return usagef("%v", err)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(env.stdout).Encode(changes)
		}
		return sayModes(env, changes)
	})
}

func showModes(ctx context.Context, env environment, desk *staff.Desk, asJSON bool) error {
	modes, err := desk.Modes(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(modes)
	}
	rows := [][]string{{"CHANNEL", "CATEGORY", "MODE", "SET", "MEANING"}}
	for _, m := range modes {
		category, set := "all others", "never, this is the default"
		// The categories of a channel follow it.
		if m.Category != "" {
			category = m.Category
		} else if !slices.ContainsFunc(modes, func(o staff.ModeSetting) bool { return o.Channel == m.Channel && o.Category != "" }) {
			category = "all"
		}
		if m.SetAt != nil {
			set = m.SetAt.UTC().Format(time.RFC3339)
		}
		rows = append(rows, []string{string(m.Channel), category, string(m.Mode), set, meaning(m.Mode)})
	}
	return table(env.stdout, rows)
}

// sayModes says what has changed, and what the new mode means.
func sayModes(env environment, changes []staff.ModeChange) error {
	for _, c := range changes {
		what := string(c.Channel)
		if c.Category != "" {
			what += ", category " + c.Category
		}
		var err error
		switch {
		case c.Removed:
			_, err = fmt.Fprintf(env.stdout, "%s: no mode of its own any more (was %s)\n", what, c.Before)
		case c.Before == c.After:
			_, err = fmt.Fprintf(env.stdout, "%s: %s, as before\n", what, c.After)
		default:
			_, err = fmt.Fprintf(env.stdout, "%s: %s (was %s)\n", what, c.After, c.Before)
		}
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(env.stdout, "From now on there: %s.\n", meaning(changes[0].After))
	return err
}

func meaning(m ticket.Mode) string {
	switch m {
	case ticket.ModeOff:
		return "every message goes to a person, and the assistant sends no answer"
	case ticket.ModeDraft:
		return "the assistant proposes an answer, and a person approves it"
	case ticket.ModeAuto:
		return "the assistant answers"
	default:
		return "unknown"
	}
}
