package eval

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/agent"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Reply is what came of one message of a simulated customer.
type Reply struct {
	ID  string `json:"id"`
	At  string `json:"at"` // file and line
	Run int    `json:"run"`
	// Outcome is sent, fixed (a fixed text, without the model) or person.
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`  // an escalation code, or which fixed text
	Rule    string `json:"rule,omitempty"` // the rule that asked for a person
	// Due says that the outcome is the labelled one, Grounded that all an answer
	// states can be found in what it cites, Correct that it says what it should.
	Due      bool `json:"due"`
	Grounded bool `json:"grounded,omitempty"`
	Correct  bool `json:"correct,omitempty"`
	// Loose are the numbers and links of an answer that its sources do not have.
	Loose      []string `json:"loose,omitempty"`
	Confidence float64  `json:"confidence,omitzero"`
	Threshold  float64  `json:"threshold,omitzero"`
	Text       string   `json:"text,omitempty"` // of an answer that would be sent, or of the suggestion to a person
	Sources    []string `json:"sources,omitempty"`
	Failed     []string `json:"failed,omitempty"` // rules of the review that the last draft broke
	Calls      int64    `json:"calls,omitzero"`
	CostUSD    float64  `json:"cost_usd,omitzero"`
	Millis     int64    `json:"ms"`

	escalate bool
}

// The outcomes.
const (
	outcomeSent   = "sent"
	outcomeFixed  = "fixed"
	outcomePerson = "person"
)

// good reports that the customer got what was due to them.
func (r Reply) good() bool {
	return r.Due && (r.escalate || r.Correct && r.Grounded)
}

// serve lets one customer write and sees the turn through, but for the sending.
func serve(ctx context.Context, db *schema.DB, acts *activities.Activities, m Message, run int) (Reply, error) {
	r := Reply{ID: m.ID, At: fmt.Sprintf("%s:%d", m.File, m.Line), Run: run, escalate: *m.Escalate}
	in, err := write(ctx, db, m)
	if err != nil {
		return r, fmt.Errorf("letting %s write: %w", m.ID, err)
	}
	began := time.Now()
	turn, err := acts.CreateTicket(ctx, in)
	if err != nil {
		return r, fmt.Errorf("opening a ticket for %s: %w", m.ID, err)
	}
	switch {
	case turn.Person != "":
		r.Outcome, r.Why, r.Rule = outcomePerson, turn.Person, turn.Rule
	case turn.Plain != "":
		r.Outcome, r.Why = outcomeFixed, string(turn.Plain)
	default:
		s := &steps{ctx: ctx, acts: acts, turnID: turn.TurnID}
		out, failed := agent.Draft(s, turn.TurnID, uuid.Nil)
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if out.Why == ticket.EscalateFault && failed != nil {
			return r, fmt.Errorf("answering %s: %w", m.ID, failed)
		}
		r.Outcome, r.Why = outcomeSent, out.Why
		if out.Why != "" {
			r.Outcome = outcomePerson
		}
		r.Confidence, r.Threshold, r.Sources = out.Explain.Confidence, s.threshold, out.Explain.Sources
		for _, v := range out.Explain.Verdicts {
			if !v.Passed {
				r.Failed = append(r.Failed, v.Rule)
			}
		}
		if out.DraftID != uuid.Nil {
			if err := r.judge(ctx, db, m, out.DraftID); err != nil {
				return r, err
			}
		}
	}
	r.Millis = time.Since(began).Milliseconds()
	r.Due = (r.Outcome == outcomePerson) == *m.Escalate
	spent, err := db.SpentOnTurn(ctx, turn.TurnID)
	if err != nil {
		return r, schema.Classify(err)
	}
	r.Calls, r.CostUSD = spent.Calls, spent.CostUSD
	return r, nil
}

// judge compares a draft with the label and with the text of its sources. It
// does not ask the review, which is what is measured.
func (r *Reply) judge(ctx context.Context, db *schema.DB, m Message, draftID uuid.UUID) error {
	draft, err := db.Draft(ctx, draftID)
	if err != nil {
		return schema.Classify(err)
	}
	chunks, err := db.Chunks(ctx, draft.Citations)
	if err != nil {
		return schema.Classify(err)
	}
	sources := []string{m.Subject, m.Text} // what the customer said may be said back
	for _, c := range chunks {
		sources = append(sources, c.Title, c.Content)
	}
	r.Text, r.Loose = draft.Body, loose(draft.Body, strings.Join(sources, "\n"))
	onArticle := len(m.Articles) == 0 || slices.ContainsFunc(r.Sources, func(s string) bool { return slices.Contains(m.Articles, s) })
	r.Grounded = len(chunks) > 0 && len(r.Loose) == 0 && onArticle
	r.Correct = m.Expect != "" && m.expect.MatchString(draft.Body)
	return nil
}

// write stores a message of a new customer, as intake does.
func write(ctx context.Context, db *schema.DB, m Message) (in ticket.CreateTicketInput, err error) {
	customer, conversation, message := uuid.New(), uuid.New(), uuid.New()
	replyTo := "customer-" + customer.String() + "@example.com"
	if m.Channel == ticket.WhatsApp {
		replyTo = "+4915" + fmt.Sprintf("%09d", customer.ID()%1e9)
	}
	subject := m.Subject
	err = db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.InsertCustomer(ctx, schema.InsertCustomerParams{ID: customer, Name: "Alex Customer"}); err != nil {
			return err
		}
		if err := q.InsertConversation(ctx, schema.InsertConversationParams{
			ID: conversation, Channel: m.Channel, Key: conversation.String(), WorkflowID: "eval/" + conversation.String(),
			CustomerID: customer, SenderVerified: true, Subject: subject, ReplyTo: replyTo, Participants: []string{},
			InitialCategory: "general", InitialPriority: "medium",
		}); err != nil {
			return err
		}
		_, err := q.InsertMessage(ctx, schema.InsertMessageParams{
			ID: message, ConversationID: conversation, Channel: m.Channel, ExternalID: message.String(), Author: ticket.Customer,
			Subject: subject, Body: m.Text, ProviderAt: time.Now(), RfcReferences: []string{}, Verified: true,
		})
		return err
	})
	return ticket.CreateTicketInput{ConversationID: conversation, MessageIDs: []uuid.UUID{message}}, schema.Classify(err)
}

// steps calls the activities of a turn directly.
type steps struct {
	ctx       context.Context //nolint:containedctx // Steps have none: in a workflow it is the workflow's.
	acts      *activities.Activities
	turnID    uuid.UUID
	threshold float64
}

func (s *steps) History() (ticket.FetchHistoryResult, error) {
	return s.acts.FetchHistory(s.ctx, ticket.FetchHistoryInput{TurnID: s.turnID})
}

func (s *steps) Search(modelCallID uuid.UUID) (ticket.SearchKnowledgeResult, error) {
	return s.acts.SearchKnowledge(s.ctx, ticket.SearchKnowledgeInput{TurnID: s.turnID, ModelCallID: modelCallID})
}

func (s *steps) Ask(in ticket.CallModelInput) (ticket.CallModelResult, error) {
	return s.acts.CallModel(s.ctx, in)
}

func (s *steps) Review(draftID uuid.UUID, deep bool) (ticket.ReviewReplyResult, error) {
	res, err := s.acts.ReviewReply(s.ctx, ticket.ReviewReplyInput{DraftID: draftID, Deep: deep})
	s.threshold = res.Threshold
	return res, err
}

func (s *steps) Code(err error) ticket.Code { return ticket.CodeOf(err) }
