package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/staff"
)

func (k *kbCommand) gaps(ctx context.Context) error {
	if k.o.since <= 0 {
		return usagef("--since must be positive, such as 720h")
	}
	gaps, err := k.base.Gaps(ctx, time.Now().Add(-k.o.since))
	if err != nil {
		return err
	}
	return k.say(gaps, func() error {
		if len(gaps) == 0 {
			return k.line("No gaps in the last %s: no ticket went to a person because the knowledge base had no answer.", inDays(k.o.since))
		}
		rows := [][]string{{"TICKETS", "LAST SEEN", "NEAREST ARTICLE", "SIMILARITY", "QUESTION"}}
		for _, g := range gaps {
			rows = append(rows, []string{
				fmt.Sprint(g.Tickets), g.LastSeen.In(k.c.promises.Calendar.Zone()).Format("2006-01-02 15:04"), dash(g.Nearest), fmt.Sprintf("%.2f", g.Similarity), g.Question,
			})
		}
		return table(k.env.stdout, rows)
	})
}

// inDays says how long something is as people do.
func inDays(d time.Duration) string {
	if days := int(d.Hours() / 24); days >= 2 {
		return fmt.Sprintf("%d days", days)
	}
	return d.String()
}

func (k *kbCommand) propose(ctx context.Context) error {
	var all knowledge.Learned
	for {
		some, err := k.base.Learn(ctx, nil)
		if err != nil {
			return err
		}
		all.Tickets, all.Proposed, all.Skipped = all.Tickets+some.Tickets, all.Proposed+some.Proposed, all.Skipped+some.Skipped
		if some.Tickets == 0 {
			break
		}
	}
	return k.say(all, func() error {
		if all.Tickets == 0 {
			return k.line("Nothing new: no ticket was resolved by a person's answer since the last look.")
		}
		return k.line("Looked at %d resolved tickets: %d proposed articles wait (`fte kb proposals`), %d add nothing.", all.Tickets, all.Proposed, all.Skipped)
	})
}

// proposals lists, shows and decides proposed articles.
func (k *kbCommand) proposals(ctx context.Context) error {
	verb := "list"
	if len(k.words) > 0 {
		verb = k.words[0]
	}
	if verb == "list" {
		if len(k.words) > 1 {
			return usagef("unexpected argument %q", k.words[1])
		}
		return k.listProposals(ctx)
	}
	does := map[string]func(context.Context, knowledge.Proposal) error{
		"show": k.showProposal, "edit": k.editProposal, "approve": k.approveProposal, "reject": k.rejectProposal,
	}[verb]
	switch {
	case does == nil:
		return usagef("there is no kb proposals %s: it is list, show, edit, approve or reject", verb)
	case len(k.words) < 2:
		return usagef("kb proposals %s needs the id of a proposal: `fte kb proposals` lists them", verb)
	case verb == "edit" && k.o.file == "":
		return usagef("kb proposals edit needs --file (- reads it from standard input)")
	case verb == "reject" && k.o.reason == "":
		return usagef("kb proposals reject needs --reason")
	}
	p, err := k.base.Proposal(ctx, k.words[1])
	if err != nil {
		return err
	}
	return does(ctx, p)
}

func (k *kbCommand) listProposals(ctx context.Context) error {
	states := []knowledge.ProposalState{knowledge.Proposed}
	if k.o.all {
		states = knowledge.ProposalStates()
	}
	found, err := k.base.Proposals(ctx, states...)
	if err != nil {
		return err
	}
	return k.say(found, func() error {
		if len(found) == 0 {
			return k.line("No proposed article waits. They are made from tickets that people resolve after the assistant had no answer.")
		}
		rows := [][]string{{"ID", "STATE", "TICKET", "LANGUAGE", "MOST LIKE", "SIMILARITY", "TITLE"}}
		for _, p := range found {
			title := p.Title
			if title == "" {
				title = "(" + p.Reason + ")"
			}
			rows = append(rows, []string{p.ID.String()[:8], string(p.State), p.Ticket, p.Language, dash(p.SimilarSlug), fmt.Sprintf("%.2f", p.Similarity), title})
		}
		return table(k.env.stdout, rows)
	})
}

func (k *kbCommand) showProposal(_ context.Context, p knowledge.Proposal) error {
	return k.say(p, func() error {
		decided := ""
		if p.DecidedBy != "" {
			decided = " by " + p.DecidedBy
		}
		if p.Reason != "" {
			decided += ": " + p.Reason
		}
		return k.line("%s (%s%s), from ticket %s, %s, most like %s (%.2f)\n\n# %s\n\n%s",
			p.ID, p.State, decided, p.Ticket, p.Language, dash(p.SimilarSlug), p.Similarity, p.Title, p.Body)
	})
}

func (k *kbCommand) editProposal(ctx context.Context, p knowledge.Proposal) error {
	text, err := k.readFile()
	if err != nil {
		return err
	}
	if err := k.base.EditProposal(ctx, p, text); err != nil {
		return err
	}
	return k.decided(ctx, p, "has its new text")
}

func (k *kbCommand) readFile() (text []byte, err error) {
	if k.o.file == "-" {
		text, err = io.ReadAll(io.LimitReader(k.env.stdin, maxInput))
	} else {
		text, err = os.ReadFile(k.o.file)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the text: %w", err)
	}
	return text, nil
}

func (k *kbCommand) approveProposal(ctx context.Context, p knowledge.Proposal) error {
	by, err := whoDecides(k.o.by)
	if err != nil {
		return err
	}
	if err := k.base.Approve(ctx, p, by); err != nil {
		return err
	}
	return k.changed(ctx, fmt.Sprintf("%s is approved as %s.", p.ID, p.Slug))
}

func (k *kbCommand) rejectProposal(ctx context.Context, p knowledge.Proposal) error {
	by, err := whoDecides(k.o.by)
	if err != nil {
		return err
	}
	if err := k.base.Reject(ctx, p, by, k.o.reason); err != nil {
		return err
	}
	return k.decided(ctx, p, "is rejected")
}

func (k *kbCommand) withdraw(ctx context.Context) error {
	by, err := whoDecides(k.o.by)
	if err != nil {
		return err
	}
	if err := k.base.Withdraw(ctx, k.words[0], by, k.o.reason); err != nil {
		return err
	}
	return k.changed(ctx, k.words[0]+" is withdrawn.")
}

// changed puts a decision into use. It holds even if that does not succeed now:
// the next version follows it.
func (k *kbCommand) changed(ctx context.Context, what string) error {
	fmt.Fprintln(k.env.stderr, what)
	if err := k.build(ctx); err != nil {
		return fmt.Errorf("%s It is not in use yet; `fte kb reembed` tries that again: %w", what, err)
	}
	return nil
}

// decided says what has become of a proposal.
func (k *kbCommand) decided(ctx context.Context, p knowledge.Proposal, what string) error {
	now, err := k.base.Proposal(ctx, p.ID.String())
	if err != nil {
		return err
	}
	return k.say(now, func() error { return k.line("%s %s.", now.ID, what) })
}

// whoDecides returns the name under which a decision is kept.
func whoDecides(given string) (string, error) {
	if given != "" {
		if err := staff.CheckActor(given); err != nil {
			return "", usagef("--by: %v", err)
		}
		return given, nil
	}
	name, err := whoActs("")
	if wrong := (*usageError)(nil); errors.As(err, &wrong) {
		return "", usagef("your login name cannot be recorded as who decides: name yourself with --by, such as --by ana")
	}
	return name, err
}
