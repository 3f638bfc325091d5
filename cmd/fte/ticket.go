package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/staff"
)

// ticketTimeout bounds one command about tickets, a worker's answer included.
const ticketTimeout = time.Minute

const ticketDetails = `A ticket is named by its number (T-…), its ticket id or its workflow id.

  list                     show the tickets that are not closed: whose promise is due first comes first
  show NUMBER              show where one stands, the draft that waits for approval and what has happened
  takeover NUMBER          answer it yourself; the assistant is silent from then on
  release NUMBER           give it back to the assistant
  reply NUMBER --text T    send the customer your own words ("-" reads them from standard input)
  approve NUMBER           send the draft that waits for approval
  reject NUMBER --reason R do not send it; R is a word such as wrong, incomplete or tone
  resolve NUMBER --note T  settle it; the note tells colleagues how
  reopen NUMBER            ask for a person again
  priority NUMBER P        set the priority: low, medium, high or urgent
  override NUMBER --note T have the assistant answer its last turn again; the note says why

What you do is recorded under your login name, or the name given with --as. Nothing is done twice
under one --action-id, however often it is asked for.`

// ticketOptions are the flags of all ticket commands.
type ticketOptions struct {
	as, actionID, text, note, draft, reason string
	turn, prompt, model                     string
	draftID, turnID                         uuid.UUID
	channel, status                         string
	auto, needsHuman, json                  bool
	limit                                   int
}

// ticketVerb is one command about tickets.
type ticketVerb struct {
	name  string
	words []string // what follows the verb
	flags []string // besides json
	acts  bool     // it is done by somebody, who is named, and once
	run   func(*ticketCommand, context.Context) error
}

func ticketVerbs() []ticketVerb {
	number := []string{"the number of a ticket"}
	return []ticketVerb{
		{"list", nil, []string{"needs-human", "channel", "status", "limit"}, false, (*ticketCommand).list},
		{"show", number, nil, false, (*ticketCommand).show},
		{"takeover", number, nil, true, (*ticketCommand).takeover},
		{"release", number, nil, true, (*ticketCommand).release},
		{"reply", number, []string{"text"}, true, (*ticketCommand).reply},
		{"approve", number, []string{"draft"}, true, (*ticketCommand).approve},
		{"reject", number, []string{"draft", "reason"}, true, (*ticketCommand).reject},
		{"resolve", number, []string{"note"}, true, (*ticketCommand).resolve},
		{"reopen", number, nil, true, (*ticketCommand).reopen},
		{"priority", append(number, "low, medium, high or urgent"), nil, true, (*ticketCommand).priority},
		{"override", number, []string{"note", "turn", "prompt", "model", "auto"}, true, (*ticketCommand).override},
	}
}

// ticketCommand is one command line about a ticket, read and checked.
type ticketCommand struct {
	env   environment
	desk  *staff.Desk
	o     ticketOptions
	words []string
}

// runTicket shows tickets and does what people do to them.
func runTicket(ctx context.Context, env environment, args []string) error {
	flags, o := ticketFlags()
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	verb, words, err := readTicketVerb(flags, rest)
	if err != nil {
		return err
	}
	if err := o.complete(verb, env); err != nil {
		return err
	}
	return atDesk(ctx, env, func(ctx context.Context, desk *staff.Desk) error {
		return verb.run(&ticketCommand{env, desk, *o, words}, ctx)
	})
}

func ticketFlags() (*flag.FlagSet, *ticketOptions) {
	flags, o := flagsOf("ticket"), &ticketOptions{}
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.StringVar(&o.as, "as", "", "the `name` of who acts (your login name otherwise)")
	flags.StringVar(&o.actionID, "action-id", "", "the `id` of an action that was asked for before, to ask again")
	flags.StringVar(&o.text, "text", "", "reply: the `words` to send; - reads them from standard input")
	flags.StringVar(&o.note, "note", "", "resolve, override: the `words` for colleagues; - reads them from standard input")
	flags.StringVar(&o.draft, "draft", "", "approve, reject: the `id` of the draft (the one that waits otherwise)")
	flags.StringVar(&o.reason, "reason", "", "reject: a `word` that says why")
	flags.StringVar(&o.turn, "turn", "", "override: the `id` of the turn (the last one otherwise)")
	flags.StringVar(&o.prompt, "prompt", "", "override: the `version` of the prompt (the current one otherwise)")
	flags.StringVar(&o.model, "model", "", "override: the `name` of the model (the current one otherwise)")
	flags.BoolVar(&o.auto, "auto", false, "override: send the answer without approval")
	flags.BoolVar(&o.needsHuman, "needs-human", false, "list: only those for which a person is asked")
	flags.StringVar(&o.channel, "channel", "", "list: only those of this `channel` (email, whatsapp or webform)")
	flags.StringVar(&o.status, "status", "", "list: only those of this `status`")
	flags.IntVar(&o.limit, "limit", 50, "list: at most so `many`")
	return flags, o
}

// readTicketVerb returns the command and its words, and refuses what does not belong to it.
func readTicketVerb(flags *flag.FlagSet, rest []string) (verb ticketVerb, words []string, err error) {
	verbs := ticketVerbs()
	if len(rest) == 0 {
		return verb, nil, usagef("say what to do: %s", listOf(verbs))
	}
	i := slices.IndexFunc(verbs, func(v ticketVerb) bool { return v.name == rest[0] })
	if i < 0 {
		return verb, nil, usagef("there is no ticket %s: it is %s", rest[0], listOf(verbs))
	}
	verb, words = verbs[i], rest[1:]
	switch {
	case len(words) < len(verb.words):
		return verb, nil, usagef("ticket %s needs %s", verb.name, verb.words[len(words)])
	case len(words) > len(verb.words):
		return verb, nil, usagef("unexpected argument %q", words[len(verb.words)])
	case verb.name == "priority" && !slices.Contains(llm.Priorities(), llm.Priority(words[1])):
		return verb, nil, usagef("the priority is low, medium, high or urgent")
	}
	flags.Visit(func(f *flag.Flag) {
		common := f.Name == "json" || verb.acts && (f.Name == "as" || f.Name == "action-id")
		if err == nil && !common && !slices.Contains(verb.flags, f.Name) {
			err = usagef("ticket %s has no --%s", verb.name, f.Name)
		}
	})
	return verb, words, err
}

func listOf(verbs []ticketVerb) string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.name
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// atDesk runs what a person does, in bounded time.
func atDesk(ctx context.Context, env environment, do func(ctx context.Context, desk *staff.Desk) error) error {
	c, err := loadConfig(ctx, env.lookuper, needDatabase)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ticketTimeout)
	defer cancel()
	desk, done, err := openDesk(ctx, env, c)
	if err != nil {
		return err
	}
	defer done()
	return do(ctx, desk)
}

// openDesk opens what people act through, and returns how to close it.
func openDesk(ctx context.Context, env environment, c *Config) (*staff.Desk, func(), error) {
	if err := checkSchema(ctx, c.DatabaseURL); err != nil {
		return nil, nil, err
	}
	temporal, err := openTemporal(env.lookuper, newLogger(c, env.stderr))
	if err != nil {
		return nil, nil, err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, MaxConns: 2, Name: "desk"})
	if err != nil {
		temporal.Close()
		return nil, nil, fmt.Errorf("opening the desk: %w", err)
	}
	return &staff.Desk{DB: db, Temporal: temporal}, func() { db.Close(); temporal.Close() }, nil
}
