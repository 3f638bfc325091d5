package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/triage"
)

// triaged lets the rules read the batch before any model does, and asks for a
// person where they say so. What they make of it is stored with the turn
// whatever follows.
func (b *batchOf) triaged(ctx context.Context, _ ticket.Mode, res *ticket.CreateTicketResult) error {
	words, err := b.words(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(words, tooLong) {
		res.Person, res.Rule = ticket.EscalateUnreadable, "length/over-50000"
		return nil
	}
	found := b.Rules.Assess(words)
	stored, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("encoding what the rules found: %w", err)
	}
	if err := b.q.RecordTriage(ctx, schema.RecordTriageParams{ID: b.turn.ID, Triage: stored}); err != nil {
		return err
	}
	res.Sentiment = found.Sentiment
	person, err := b.person(ctx, found)
	if err != nil || person.Code == "" {
		return err
	}
	res.Person, res.Rule, res.Urgency = person.Code, person.Rule, person.Urgency
	// The model, which is not asked, would have said how the customer feels.
	return b.q.AddSentiment(ctx, schema.AddSentimentParams{
		CustomerID: b.conv.CustomerID, TurnID: b.turn.ID.String(), Sentiment: found.Sentiment,
	})
}

// maxReadable is the longest message that rules and models read. What they would
// have to leave out of a longer one may be what matters.
const maxReadable = 50_000

func tooLong(m triage.Message) bool {
	return utf8.RuneCountInString(m.Subject)+utf8.RuneCountInString(m.Text) > maxReadable
}

func (b *batchOf) words(ctx context.Context) ([]triage.Message, error) {
	messages, err := b.q.MessagesByID(ctx, b.turn.MessageIds)
	if err != nil {
		return nil, err
	}
	batch := make([]triage.Message, len(messages))
	for i, m := range messages {
		batch[i] = triage.Message{Channel: b.conv.Channel, Text: m.Body}
		if i == 0 {
			batch[i].Subject = m.Subject
		}
	}
	return batch, nil
}

// person returns the rule that asks for a person; one without a code when none
// does. What the customer says now weighs more than how the ticket has gone.
func (b *batchOf) person(ctx context.Context, found triage.Assessment) (triage.Fired, error) {
	if fired, ok := found.Person(); ok {
		return fired, nil
	}
	languages, err := b.q.KnowledgeLanguages(ctx)
	if err != nil {
		return triage.Fired{}, err
	}
	if l := found.Language; l.Sure && len(languages) > 0 && !slices.Contains(languages, l.Code) {
		return triage.Fired{Code: ticket.EscalateLanguage, Rule: "language/" + l.Code, Urgency: "medium"}, nil
	}
	earlier, err := b.q.EarlierMoods(ctx, schema.EarlierMoodsParams{TicketID: b.on.ID, TurnID: b.turn.ID})
	if err != nil {
		return triage.Fired{}, err
	}
	moods := make([]float64, len(earlier))
	again := false
	for i, e := range earlier {
		moods[i] = e.Sentiment
		again = again || e.Repeats
	}
	switch {
	case found.Repeats && again:
		return triage.Fired{Code: ticket.EscalateRepeated, Rule: "loop/says-again", Urgency: "high"}, nil
	case len(moods) > 0 && triage.Trend(moods, found.Sentiment):
		return triage.Fired{Code: ticket.EscalateSentiment, Rule: "sentiment/falling", Urgency: "high"}, nil
	}
	return triage.Fired{}, nil
}

// languageOf returns the language that a turn's messages are surely in; empty
// when nobody can tell.
func languageOf(turn schema.Turn) string {
	var read triage.Assessment
	if json.Unmarshal(turn.Triage, &read) != nil || !read.Language.Sure {
		return ""
	}
	return read.Language.Code
}
