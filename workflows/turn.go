package workflows

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// maxSearches is how often the knowledge base is searched in one turn
	// before a person is asked.
	maxSearches = 3
	// maxRepairs is how often the model may mend an answer the review refused.
	maxRepairs = 1
)

// startTurn answers the waiting messages in a coroutine of its own.
func (c *conversation) startTurn(ctx workflow.Context) {
	batch := c.inbox.take()
	c.turning = true
	workflow.GoNamed(ctx, "turn", func(ctx workflow.Context) {
		defer func() { c.turning = false }()
		c.turns++
		if err := c.takeTurn(ctx, batch); err != nil {
			c.fault = err
			return
		}
		c.publish(ctx)
	})
}

// takeTurn opens a turn for the batch and sees it through. When another run
// settled part of the batch meanwhile, what is left is read and answered again.
func (c *conversation) takeTurn(ctx workflow.Context, batch []uuid.UUID) error {
	for {
		opened, err := local[ticket.CreateTicketResult](ctx, ticket.ActivityCreateTicket, "open the turn",
			ticket.CreateTicketInput{ConversationID: c.in.ConversationID, MessageIDs: batch})
		if err != nil {
			return err
		}
		c.adopt(ctx, opened)
		if opened.TurnID == uuid.Nil {
			return nil
		}
		t := &turn{conversation: c, opened: opened}
		sent, err := t.answer(ctx)
		if err != nil {
			return err
		}
		if sent.State == ticket.SendStale {
			continue
		}
		c.status = sent.Status
		c.note(ctx, outcomeOf(sent), opened.TurnID, opened.MessageIDs)
		c.settled(ctx, opened.CloseAfter)
		return nil
	}
}

// adopt takes over what the database says about the ticket.
func (c *conversation) adopt(ctx workflow.Context, opened ticket.CreateTicketResult) {
	c.ticketID, c.number, c.owner = opened.TicketID, opened.TicketNumber, opened.Owner
	c.customerRef = opened.CustomerRef
	if opened.TicketID == uuid.Nil {
		return
	}
	c.status, c.category, c.priority = opened.Status, opened.Category, opened.Priority
	c.closeAt = time.Time{}
	if opened.TurnID == uuid.Nil {
		c.settled(ctx, opened.CloseAfter)
	}
}

// settled sets the clock of a ticket on which it is the customer's turn.
func (c *conversation) settled(ctx workflow.Context, closeAfter time.Duration) {
	c.closeAt = time.Time{}
	if c.status == ticket.WaitingCustomer || c.status == ticket.Resolved {
		c.closeAt = workflow.Now(ctx).Add(closeAfter)
	}
}

func outcomeOf(sent ticket.SendReplyResult) string {
	switch {
	case sent.State == ticket.SendMuted:
		return "left to the person who owns the conversation"
	case sent.Kind == ticket.KindNotice:
		return "handed over to a person"
	default:
		return "answered"
	}
}

// turn is one batch of messages and what we do about it.
type turn struct {
	*conversation
	opened ticket.CreateTicketResult
	last   ticket.CallModelResult
}

// answer searches, asks the model, reviews and sends; whenever that is not
// possible it hands the turn over to a person. Only a bug is an error.
func (t *turn) answer(ctx workflow.Context) (ticket.SendReplyResult, error) {
	t.lastError = ""
	t.conversation.last = ticket.Explanation{TurnID: t.opened.TurnID}
	draft, why, err := t.draft(ctx)
	if err != nil {
		if isCanceled(err) {
			return ticket.SendReplyResult{}, err
		}
		t.lastError = lead(err)
	}
	if why != "" {
		t.conversation.last.Rule = "escalate:" + why
		if err := t.escalate(ctx, why); err != nil {
			return ticket.SendReplyResult{}, err
		}
	}
	sent, err := t.send(ctx, draft)
	if err == nil || isCanceled(err) {
		return sent, err
	}
	t.lastError = lead(err)
	if err := t.escalate(ctx, ticket.EscalateNotDelivered); err != nil {
		return ticket.SendReplyResult{}, err
	}
	return ticket.SendReplyResult{State: ticket.SendDone, Kind: ticket.KindNotice, Status: t.status}, nil
}

// draft returns a reviewed draft, or why a person has to answer instead. The
// error, if any, explains that to a lead.
func (t *turn) draft(ctx workflow.Context) (draftID uuid.UUID, why string, err error) {
	history, err := local[ticket.FetchHistoryResult](ctx, ticket.ActivityFetchHistory, "read what was said before",
		ticket.FetchHistoryInput{TurnID: t.opened.TurnID})
	if err != nil {
		return uuid.Nil, ticket.EscalateFault, err
	}
	ask := ticket.CallModelInput{TurnID: t.opened.TurnID, History: history.MessageIDs}
	var searchFor uuid.UUID
	for repairs := 0; ; {
		if len(ask.Rounds) == 0 || searchFor != uuid.Nil {
			if len(ask.Rounds) == maxSearches {
				return uuid.Nil, ticket.EscalateNoAnswer, nil
			}
			found, err := ordinary[ticket.SearchKnowledgeResult](ctx, searchOptions(), ticket.ActivitySearchKnowledge,
				ticket.SearchKnowledgeInput{TurnID: t.opened.TurnID, ModelCallID: searchFor})
			if err != nil {
				return uuid.Nil, ticket.EscalateFault, err
			}
			t.conversation.last.Chunks = append(t.conversation.last.Chunks, found.Chunks...)
			ask.Rounds = append(ask.Rounds, ticket.Round{SearchID: found.SearchID, ModelCallID: searchFor})
			searchFor = uuid.Nil
		}
		t.last, err = ordinary[ticket.CallModelResult](ctx, modelOptions(), ticket.ActivityCallModel, ask)
		if err != nil {
			return uuid.Nil, ticket.EscalateModel, err
		}
		t.recordCall(t.last)
		switch t.last.Decision {
		case ticket.DecideSearch:
			searchFor = t.last.CallID
		case ticket.DecideRespond:
			passed, err := t.review(ctx)
			if err != nil {
				return uuid.Nil, ticket.EscalateFault, err
			}
			if passed {
				return t.last.DraftID, "", nil
			}
			if repairs == maxRepairs {
				return uuid.Nil, ticket.EscalateReview, nil
			}
			repairs++
			ask.RejectedDraftID = t.last.DraftID
		default:
			return uuid.Nil, t.last.Escalation, nil
		}
	}
}

func (t *turn) review(ctx workflow.Context) (bool, error) {
	reviewed, err := local[ticket.ReviewReplyResult](ctx, ticket.ActivityReviewReply, "review the draft",
		ticket.ReviewReplyInput{DraftID: t.last.DraftID})
	t.conversation.last.Verdicts = reviewed.Verdicts
	return reviewed.Passed, err
}

func (t *turn) escalate(ctx workflow.Context, why string) error {
	res, err := ordinary[ticket.EscalateResult](ctx, escalateOptions(why), ticket.ActivityEscalate, ticket.EscalateInput{
		TurnID: t.opened.TurnID, Code: why, Urgency: t.last.Urgency, ModelCallID: t.last.CallID,
	})
	if err != nil {
		return err
	}
	t.escalation, t.status = why, res.Status
	return nil
}

func (t *turn) send(ctx workflow.Context, draftID uuid.UUID) (ticket.SendReplyResult, error) {
	return ordinary[ticket.SendReplyResult](ctx, sendOptions(t.in.Channel), ticket.ActivitySendReply,
		ticket.SendReplyInput{TurnID: t.opened.TurnID, DraftID: draftID})
}

// recordCall keeps what the model made of the matter, for the ticket's view.
func (c *conversation) recordCall(call ticket.CallModelResult) {
	c.last.Model, c.last.PromptVersion = call.Model, call.PromptVersion
	if call.Decision == ticket.DecideSearch {
		return
	}
	c.category, c.priority, c.sentiment = call.Category, call.Priority, call.Sentiment
}

// lead says what went wrong in words fit for a support lead.
func lead(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		if cause := errors.Unwrap(timeout); cause != nil {
			return "gave up after many tries: " + lead(cause)
		}
		return "gave up: no answer in time"
	}
	return "the step did not succeed"
}

func isCanceled(err error) bool {
	var canceled *temporal.CanceledError
	return errors.As(err, &canceled)
}
