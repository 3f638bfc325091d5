package staff

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// lookTimeout bounds the questions to a workflow, which need a worker.
const lookTimeout = 5 * time.Second

// Draft is an answer of the assistant that waits for a person's approval.
type Draft struct {
	ID      uuid.UUID `json:"draft_id"`
	TurnID  uuid.UUID `json:"turn_id"`
	Text    string    `json:"text"`
	Sources []string  `json:"sources"` // slugs of the articles it cites
	Decided string    `json:"decided,omitempty"`
}

// Detail is all that is shown of one ticket.
type Detail struct {
	Ticket
	Draft *Draft `json:"draft,omitempty"` // the one that waits for approval
	// What the workflow says of itself; Unasked says why it could not be asked.
	SLA      string             `json:"sla,omitempty"`
	Problem  string             `json:"problem,omitempty"`
	Timeline []ticket.Event     `json:"timeline"`
	Last     ticket.Explanation `json:"last"`
	Unasked  string             `json:"unasked,omitempty"`
}

// Look returns a ticket with its pending draft and what its workflow says of
// itself, as far as it can be asked. Codes as of Find.
func (d *Desk) Look(ctx context.Context, ref string) (Detail, error) {
	t, err := d.Find(ctx, ref)
	if err != nil {
		return Detail{}, err
	}
	detail := Detail{Ticket: t, Timeline: []ticket.Event{}}
	if t.DraftID != uuid.Nil {
		draft, err := d.Draft(ctx, t.DraftID)
		if err != nil {
			return Detail{}, err
		}
		detail.Draft = &draft
	}
	if t.newest != t.Number {
		detail.Unasked = "the conversation has gone on as " + t.newest
		return detail, nil
	}
	if err := d.ask(ctx, &detail); err != nil {
		if ctx.Err() != nil {
			return Detail{}, ctx.Err()
		}
		detail.Unasked = d.unasked(ctx, err)
	}
	return detail, nil
}

// ask puts the queries to the ticket's workflow.
func (d *Desk) ask(ctx context.Context, detail *Detail) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var view ticket.TicketView
	for _, query := range []struct {
		name string
		into any
	}{{ticket.QueryTicket, &view}, {ticket.QueryTimeline, &detail.Timeline}, {ticket.QueryExplain, &detail.Last}} {
		answer, err := d.Temporal.QueryWorkflow(ctx, detail.WorkflowID, "", query.name)
		if err != nil {
			return err
		}
		if err := answer.Get(query.into); err != nil {
			return err
		}
	}
	detail.SLA, detail.Problem = view.SLA, view.LastError
	return nil
}

// unasked says why a workflow could not be asked.
func (d *Desk) unasked(ctx context.Context, err error) string {
	switch {
	case gone(err):
		return "no workflow is known for it any more"
	case late(err) && d.there(ctx):
		return "no worker answered: is `fte worker` running?"
	default:
		return "Temporal cannot be used: check TEMPORAL_ADDRESS and that the server runs"
	}
}

// Draft returns a draft with the articles it cites. Code notfound.
func (d *Desk) Draft(ctx context.Context, id uuid.UUID) (Draft, error) {
	row, err := d.DB.Draft(ctx, id)
	if schema.NoRows(err) {
		return Draft{}, unknown("there is no draft with this id")
	}
	if err != nil {
		return Draft{}, schema.Classify(err)
	}
	sources, err := d.DB.CitedArticles(ctx, id)
	if err != nil {
		return Draft{}, schema.Classify(err)
	}
	return Draft{ID: row.ID, TurnID: row.TurnID, Text: row.Body, Sources: sources, Decided: row.Decision}, nil
}
