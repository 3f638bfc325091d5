package agent

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

const (
	// MaxSearches is how often the knowledge base is searched in one turn
	// before a person is asked.
	MaxSearches = 3
	// maxInvalid is how many calls that cannot be used the model is told of.
	maxInvalid = 1
	// lowSentiment is the mood below which a person answers, whatever the model
	// would have said.
	lowSentiment = 0.3
)

// Steps are what has to be done for an answer. Each is an activity.
type Steps interface {
	// History names what was said before.
	History() (ticket.FetchHistoryResult, error)
	// Search looks for knowledge in the customer's words, or in those of a model call.
	Search(modelCallID uuid.UUID) (ticket.SearchKnowledgeResult, error)
	// Ask lets the model decide what comes next.
	Ask(in ticket.CallModelInput) (ticket.CallModelResult, error)
	// Review judges a draft; deep, also by meaning.
	Review(draftID uuid.UUID, deep bool) (ticket.ReviewReplyResult, error)
	// Code classes an error of any of them.
	Code(err error) ticket.Code
}

// Outcome is how it ended: DraftID may be sent when Why is empty. Otherwise Why
// is the escalation code for which a person has to answer, and DraftID, if any,
// only a suggestion to that person.
type Outcome struct {
	DraftID uuid.UUID
	Why     string
	Call    ticket.CallModelResult // the model's last
	Explain ticket.Explanation
}

// Draft sees a turn through to a reviewed draft, or to the reason why a person
// has to answer. The error, if any, explains the reason to a lead. The order of
// the steps is decided here and never by the model.
func Draft(s Steps, turnID, instructionID uuid.UUID) (Outcome, error) {
	d := drafting{Steps: s, ask: ticket.CallModelInput{TurnID: turnID, InstructionID: instructionID}}
	d.out.Explain.TurnID = turnID
	why, err := d.run()
	d.out.Why = why
	return d.out, err
}

// drafting is one run of Draft.
type drafting struct {
	Steps
	ask      ticket.CallModelInput
	invalid  int  // how many calls could not be used
	repaired bool // the model has had its chance to mend an answer
	out      Outcome
}

func (d *drafting) run() (why string, err error) {
	history, err := d.History()
	if err != nil {
		return ticket.EscalateFault, err
	}
	d.ask.History = history.MessageIDs
	if err := d.search(uuid.Nil); err != nil {
		return ticket.EscalateFault, err
	}
	for {
		if d.out.Call, err = d.Ask(d.ask); err != nil {
			return withoutModel(d.Code(err)), err
		}
		call := d.out.Call
		d.out.Explain.Model, d.out.Explain.PromptVersion = call.Model, call.PromptVersion
		if call.Decision == ticket.DecideInvalid {
			if d.invalid++; d.invalid > maxInvalid {
				return ticket.EscalateBadOutput, nil
			}
			d.ask.InvalidCallID = call.CallID
			continue
		}
		d.ask.InvalidCallID = uuid.Nil
		switch call.Decision {
		case ticket.DecideSearch:
			if len(d.ask.Rounds) == MaxSearches {
				return ticket.EscalateNoAnswer, nil
			}
			if err := d.search(call.CallID); err != nil {
				return ticket.EscalateFault, err
			}
		case ticket.DecideRespond:
			if why, done, err := d.respond(); done || err != nil {
				return why, err
			}
		default:
			// Without a reason it is still a person that is asked for.
			return cmp.Or(call.Escalation, "other"), nil
		}
	}
}

// respond judges the answer that the model proposes. done is false when the
// model is to mend it.
func (d *drafting) respond() (why string, done bool, err error) {
	d.out.DraftID = d.out.Call.DraftID
	review, err := d.review()
	switch {
	case err != nil:
		return ticket.EscalateFault, true, err
	case d.out.Call.Sentiment < lowSentiment:
		return ticket.EscalateSentiment, true, nil
	case review.Passed && review.Confidence >= review.Threshold:
		return "", true, nil
	case !d.repaired:
		// What is true but uncertain may become a question to the customer.
		d.repaired, d.ask.RejectedDraftID, d.ask.Unsure = true, d.out.DraftID, review.Passed
		return "", false, nil
	case review.Passed:
		return ticket.EscalateUnsure, true, nil
	default:
		return ticket.EscalateReview, true, nil
	}
}

// review judges by words first, which costs nothing.
func (d *drafting) review() (ticket.ReviewReplyResult, error) {
	res, err := d.Review(d.out.DraftID, false)
	if err == nil && !res.Passed && res.Deepen {
		res, err = d.Review(d.out.DraftID, true)
	}
	d.out.Explain.Verdicts, d.out.Explain.Sources, d.out.Explain.Confidence = res.Verdicts, res.Sources, res.Confidence
	return res, err
}

// search looks for knowledge: in the customer's words, or in those of the model
// call that asked for it.
func (d *drafting) search(callID uuid.UUID) error {
	found, err := d.Search(callID)
	if err != nil {
		return err
	}
	d.ask.Rounds = append(d.ask.Rounds, ticket.Round{SearchID: found.SearchID, ModelCallID: callID})
	d.out.Explain.Chunks = append(d.out.Explain.Chunks, found.Chunks...)
	return nil
}

// withoutModel is why a person answers when the model did not.
func withoutModel(code ticket.Code) string {
	switch code {
	case ticket.CodeBudget:
		return ticket.EscalateBudget
	case ticket.CodeBadOutput:
		return ticket.EscalateBadOutput
	default:
		return ticket.EscalateModel
	}
}
