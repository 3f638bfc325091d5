package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

// maxInput bounds what is read from standard input.
const maxInput = 1 << 20

// complete fills in who acts and what is read from standard input, and refuses
// what is missing.
func (o *ticketOptions) complete(verb ticketVerb, env environment) (err error) {
	if !verb.acts {
		if o.limit < 1 {
			return usagef("--limit must be 1 or more")
		}
		if o.needsHuman && o.status != "" && o.status != string(ticket.NeedsHuman) {
			return usagef("--needs-human and --status contradict each other")
		}
		return nil
	}
	if o.as, err = whoActs(o.as); err != nil {
		return err
	}
	if o.actionID == "" {
		o.actionID = staff.NewActionID()
	}
	for name, value := range map[string]*string{"text": &o.text, "note": &o.note} {
		if !slices.Contains(verb.flags, name) {
			continue
		}
		if *value == "" {
			return usagef("ticket %s needs --%s (- reads it from standard input)", verb.name, name)
		}
		if *value == "-" {
			read, err := io.ReadAll(io.LimitReader(env.stdin, maxInput))
			if err != nil {
				return fmt.Errorf("reading standard input: %w", err)
			}
			*value = string(read)
		}
	}
	return o.checkIDs(verb)
}

func (o *ticketOptions) checkIDs(verb ticketVerb) (err error) {
	if verb.name == "reject" && o.reason == "" {
		return usagef("ticket reject needs --reason, a word such as wrong, incomplete or tone")
	}
	if o.draft != "" {
		if o.draftID, err = uuid.Parse(o.draft); err != nil {
			return usagef("--draft is not the id of a draft")
		}
	}
	if o.turn != "" {
		if o.turnID, err = uuid.Parse(o.turn); err != nil {
			return usagef("--turn is not the id of a turn")
		}
	}
	if _, known := llm.PromptNamed(o.prompt); !known {
		return usagef("this build knows no prompt %s, only %s", o.prompt, llm.PromptNames())
	}
	return nil
}

// whoActs returns the name under which something is done: the one given, or
// that of the login.
func whoActs(given string) (string, error) {
	name := given
	if given == "" {
		login, err := user.Current()
		if err != nil || login.Username == login.Uid || staff.CheckActor(login.Username) != nil {
			return "", usagef("your login name cannot be recorded as who acts: name yourself with --as, such as --as ana")
		}
		name = login.Username
	}
	if err := staff.CheckActor(name); err != nil {
		return "", usagef("--as: %v", err)
	}
	return name, nil
}

func (c *ticketCommand) takeover(ctx context.Context) error {
	return c.act(ctx, ticket.ActionTakeover, ticket.ActionRequest{})
}

func (c *ticketCommand) release(ctx context.Context) error {
	return c.act(ctx, ticket.ActionRelease, ticket.ActionRequest{})
}

func (c *ticketCommand) reopen(ctx context.Context) error {
	return c.act(ctx, ticket.ActionReopen, ticket.ActionRequest{})
}

func (c *ticketCommand) priority(ctx context.Context) error {
	return c.act(ctx, ticket.ActionSetPriority, ticket.ActionRequest{Priority: c.words[1]})
}

func (c *ticketCommand) reply(ctx context.Context) error {
	t, err := c.desk.Find(ctx, c.words[0])
	if err != nil {
		return err
	}
	res, err := c.desk.Reply(ctx, t.ID.String(), c.o.as, c.o.text, c.o.actionID)
	return c.report(t, ticket.ActionReply, res, nil, err)
}

func (c *ticketCommand) resolve(ctx context.Context) error {
	t, err := c.desk.Find(ctx, c.words[0])
	if err != nil {
		return err
	}
	res, err := c.desk.Resolve(ctx, t.ID.String(), c.o.as, c.o.note, c.o.actionID)
	return c.report(t, ticket.ActionResolve, res, nil, err)
}

func (c *ticketCommand) override(ctx context.Context) error {
	again := staff.Again{TurnID: c.o.turnID, PromptVersion: c.o.prompt, Model: c.o.model, Reason: c.o.note, Auto: c.o.auto}
	t, err := c.desk.Find(ctx, c.words[0])
	if err != nil {
		return err
	}
	res, err := c.desk.Override(ctx, t.ID.String(), c.o.as, again, c.o.actionID)
	return c.report(t, ticket.ActionOverride, res, nil, err)
}

func (c *ticketCommand) approve(ctx context.Context) error {
	return c.decide(ctx, ticket.ActionApproveDraft, ticket.ActionRequest{})
}

func (c *ticketCommand) reject(ctx context.Context) error {
	return c.decide(ctx, ticket.ActionRejectDraft, ticket.ActionRequest{ReasonCode: c.o.reason})
}

// decide approves or rejects a draft, which is shown first: the decision is
// about exactly the text that was shown.
func (c *ticketCommand) decide(ctx context.Context, action ticket.Action, req ticket.ActionRequest) error {
	t, err := c.desk.Find(ctx, c.words[0])
	if err != nil {
		return err
	}
	req.DraftID = t.DraftID
	if c.o.draftID != uuid.Nil {
		req.DraftID = c.o.draftID
	}
	if req.DraftID == uuid.Nil {
		return fmt.Errorf("no draft of %s waits for approval", t.Number)
	}
	draft, err := c.desk.Draft(ctx, req.DraftID)
	if err != nil {
		return err
	}
	if !c.o.json {
		if err := printDraft(c.env.stdout, draft); err != nil {
			return err
		}
	}
	req.ActionID, req.Actor = c.o.actionID, c.o.as
	res, err := c.desk.Do(ctx, t.ID.String(), action, req)
	return c.report(t, action, res, &draft, err)
}

// act does an action that carries no text.
func (c *ticketCommand) act(ctx context.Context, action ticket.Action, req ticket.ActionRequest) error {
	t, err := c.desk.Find(ctx, c.words[0])
	if err != nil {
		return err
	}
	req.ActionID, req.Actor = c.o.actionID, c.o.as
	res, err := c.desk.Do(ctx, t.ID.String(), action, req)
	return c.report(t, action, res, nil, err)
}

// actionView is what came of an action, for programs.
type actionView struct {
	Number   string        `json:"ticket_number"`
	Action   ticket.Action `json:"action"`
	ActionID string        `json:"action_id"`
	Actor    string        `json:"actor"`
	Draft    *staff.Draft  `json:"draft,omitempty"`
	ticket.ActionResult
}

// report says what came of an action. One that was not answered may still
// happen, so it is said how to ask again for the same.
func (c *ticketCommand) report(t staff.Ticket, action ticket.Action, res ticket.ActionResult, draft *staff.Draft, err error) error {
	if ticket.CodeOf(err) == ticket.CodeUnavailable {
		again := "--action-id " + c.o.actionID
		if draft != nil { // it may not be the one that waits any more
			again += " --draft " + draft.ID.String()
		}
		return fmt.Errorf("%w\nTo ask again without doing it twice, add %s", err, again)
	}
	if err != nil {
		return err
	}
	if c.o.json {
		if res.InFlight == nil {
			res.InFlight = []string{}
		}
		return json.NewEncoder(c.env.stdout).Encode(actionView{t.Number, action, c.o.actionID, c.o.as, draft, res})
	}
	_, err = fmt.Fprintln(c.env.stdout, strings.Join(c.say(t, action, res), " "))
	return err
}

// say puts what came of an action into sentences.
func (c *ticketCommand) say(t staff.Ticket, action ticket.Action, res ticket.ActionResult) (sentences []string) {
	add := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	switch action {
	case ticket.ActionTakeover:
		add("%s is with %s now.", t.Number, c.o.as)
	case ticket.ActionRelease:
		add("%s is with the assistant again.", t.Number)
		if res.Status == ticket.Open {
			add("It answers what has come in meanwhile.")
		}
	case ticket.ActionReply:
		add("Your reply to %s is on its way, and the ticket is with %s.", t.Number, c.o.as)
	case ticket.ActionApproveDraft:
		add("The draft is approved and goes to the customer of %s.", t.Number)
	case ticket.ActionRejectDraft:
		add("The draft is rejected; %s waits for a person.", t.Number)
	case ticket.ActionResolve:
		add("%s is resolved. A further message of the customer opens it again.", t.Number)
	case ticket.ActionReopen:
		add("%s is open again and waits for a person.", t.Number)
	case ticket.ActionSetPriority:
		add("%s has priority %s now.", t.Number, c.words[1])
	case ticket.ActionOverride:
		add("The assistant answers the turn of %s again.", t.Number)
		if !c.o.auto {
			add("Its answer waits for approval.")
		}
	}
	switch n := len(res.InFlight); {
	case n == 1:
		add("1 part was being sent when you took over: it is looked for and never sent again.")
	case n > 1:
		add("%d parts were being sent when you took over: they are looked for and never sent again.", n)
	}
	return sentences
}
