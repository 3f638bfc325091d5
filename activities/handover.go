package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// Bounds of a hand-over, which a person reads at a glance.
const (
	summaryMessages = 3
	summaryRunes    = 500 // of each message
	queryRunes      = 200
	maxSources      = 5
)

// handOver writes down what a person needs to know who takes the ticket over,
// from what is stored: no model is asked, since that may be what is broken.
func (e *escalation) handOver(ctx context.Context) error {
	about := e.turn
	if about == nil {
		newest, err := e.q.NewestTurn(ctx, e.on.ID)
		if err != nil && !schema.NoRows(err) {
			return err
		}
		if err == nil {
			about = &newest
		}
	}
	h := schema.SaveHandoverParams{
		ID: uuid.New(), TicketID: e.on.ID, Code: e.in.Code, Reason: ticket.EscalationMeaning(e.in.Code), Sources: []string{},
	}
	if e.turn != nil {
		h.TurnID = &e.turn.ID
	}
	words, err := e.q.LastWords(ctx, schema.LastWordsParams{ConversationID: e.conv.ID, MaxMessages: summaryMessages})
	if err != nil {
		return err
	}
	for _, body := range slices.Backward(words) {
		h.Summary += "\n\n" + text.Truncate(strings.TrimSpace(body), summaryRunes)
	}
	h.Summary = strings.TrimSpace(h.Summary)
	if about != nil {
		if err := e.describe(ctx, *about, &h); err != nil {
			return err
		}
	}
	return e.q.SaveHandover(ctx, h)
}

// describe adds what the assistant has done about a turn.
func (e *escalation) describe(ctx context.Context, turn schema.Turn, h *schema.SaveHandoverParams) error {
	searches, err := e.q.SearchesOfTurn(ctx, turn.ID)
	if err != nil {
		return err
	}
	drafts, err := e.q.DraftsOfTurn(ctx, turn.ID)
	if err != nil {
		return err
	}
	triage, asked, err := e.lastTriage(ctx, turn.ID)
	if err != nil {
		return err
	}
	var read struct {
		Sentiment *float64 `json:"sentiment"`
	}
	switch {
	case triage != nil:
		h.Sentiment = &triage.Sentiment
	case json.Unmarshal(turn.Triage, &read) == nil:
		h.Sentiment = read.Sentiment // the rules', when no model was asked
	}
	tried := append(searchLines(searches), draftLines(drafts)...)
	if e.in.Rule != "" {
		tried = append(tried, "A rule asked for a person before the model was: "+e.in.Rule+".")
	}
	if asked != "" {
		tried = append(tried, "The model asked for a person: "+asked+".")
	}
	identity, err := identityLines(ctx, e.q, turn, e.in.Code)
	if err != nil {
		return err
	}
	tried = append(tried, identity...)
	failure, err := e.failure(ctx)
	if err != nil {
		return err
	}
	h.Tried = strings.Join(append(tried, failure...), "\n")

	draft := e.draft(turn, drafts)
	if draft != nil {
		if h.SuggestedReply, err = restored(ctx, e.q, *draft); err != nil {
			return err
		}
	}
	h.Sources, err = e.sources(ctx, draft, searches)
	return err
}

// lastTriage returns how the model saw the matter, and the reason for which it
// asked for a person.
func (e *escalation) lastTriage(ctx context.Context, turnID uuid.UUID) (triage *llm.Triage, asked string, err error) {
	var call schema.ModelCall
	if e.in.ModelCallID != uuid.Nil {
		call, err = e.q.ModelCall(ctx, e.in.ModelCallID)
	} else {
		call, err = e.q.LastModelCall(ctx, turnID)
	}
	if schema.NoRows(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	// What cannot be read is no reason not to ask for a person.
	switch d, unreadable := llm.ParseDecision(call.Decision); {
	case unreadable != nil:
		return nil, "", nil
	case d.Escalate != nil:
		reason := string(d.Escalate.Reason)
		if !escalationCode.MatchString(reason) {
			reason = "other"
		}
		return &d.Escalate.Triage, reason, nil
	case d.Respond != nil:
		return &d.Respond.Triage, "", nil
	}
	return nil, "", nil
}

func searchLines(searches []schema.Search) (lines []string) {
	for _, s := range searches {
		lines = append(lines, fmt.Sprintf("Searched the knowledge base for %q: %s.", text.Truncate(text.Line(s.Query), queryRunes), passages(len(s.ChunkIds))))
	}
	return lines
}

func passages(n int) string {
	switch n {
	case 0:
		return "nothing found"
	case 1:
		return "1 passage found"
	default:
		return fmt.Sprintf("%d passages found", n)
	}
}

// draftLines says which drafts were made and what became of them.
func draftLines(drafts []schema.Draft) (lines []string) {
	for i, d := range drafts {
		says := []string{fmt.Sprintf("Drafted an answer (%d).", i+1)}
		var verdicts []ticket.Verdict
		if json.Unmarshal(d.Verdicts, &verdicts) == nil {
			for _, v := range verdicts {
				if !v.Passed {
					says = append(says, "The review refused it by the rule "+v.Rule+": "+v.Reason)
				}
			}
		}
		switch {
		case d.Decision != "" && d.ReasonCode != "":
			says = append(says, "It was "+d.Decision+" by "+d.DecidedBy+" ("+d.ReasonCode+").")
		case d.Decision != "":
			says = append(says, "It was "+d.Decision+" by "+d.DecidedBy+".")
		}
		lines = append(lines, strings.Join(says, " "))
	}
	return lines
}

// failure says what broke, where that is the reason.
func (e *escalation) failure(ctx context.Context) ([]string, error) {
	switch e.in.Code {
	case ticket.EscalateModel, ticket.EscalateFault:
		return []string{ticket.EscalationMeaning(e.in.Code)}, nil
	case ticket.EscalateNotDelivered:
		why, err := e.q.LastSendError(ctx, e.conv.ID)
		if err != nil && !schema.NoRows(err) {
			return nil, err
		}
		return []string{"Sending failed: " + cmp.Or(why, "the reason is not known") + "."}, nil
	default:
		return nil, nil
	}
}

// draft is what the assistant would have said: the draft that is given, else
// the turn's last one while it is not answered. One that was sent is none, and
// neither is one that a person has rejected.
func (e *escalation) draft(turn schema.Turn, drafts []schema.Draft) *schema.Draft {
	for i, d := range slices.Backward(drafts) {
		if e.in.DraftID != uuid.Nil && d.ID != e.in.DraftID {
			continue
		}
		if d.Decision == decisionRejected || (turn.State == turnAnswered && e.in.DraftID == uuid.Nil) {
			return nil
		}
		return &drafts[i]
	}
	return nil
}

// sources names the articles that the draft cites, else the best that were found.
func (e *escalation) sources(ctx context.Context, draft *schema.Draft, searches []schema.Search) ([]string, error) {
	var chunks []uuid.UUID
	if draft != nil {
		chunks = draft.Citations
	}
	if len(chunks) == 0 {
		chunks = bestFound(searches)
	}
	articles, err := e.q.TitlesOfChunks(ctx, chunks)
	if err != nil {
		return nil, err
	}
	sources := []string{}
	for _, a := range articles[:min(len(articles), maxSources)] {
		sources = append(sources, a.Title+" ("+a.Slug+")")
	}
	return sources, nil
}

// bestFound returns what searches have found, the best first.
func bestFound(searches []schema.Search) []uuid.UUID {
	type scored struct {
		id    uuid.UUID
		score float64
	}
	found := []scored{}
	for _, s := range searches {
		for i, id := range s.ChunkIds {
			found = append(found, scored{id, s.ChunkScores[i]})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	ids := make([]uuid.UUID, len(found))
	for i, f := range found {
		ids[i] = f.id
	}
	return ids
}
