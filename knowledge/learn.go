package knowledge

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/pgvector/pgvector-go"

	"github.com/digital-fte/fte/language"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// saysTheSame is the cosine from which a text adds nothing to another.
	saysTheSame = 0.92
	// minAnswerWords is how long an answer has to be to teach anything.
	minAnswerWords = 8
	// maxAnswerWords is how long one may be: what is longer was written for one
	// customer.
	maxAnswerWords = 800
	// maxTitleRunes bounds a title that is made of a question.
	maxTitleRunes = 90
	// maxTickets is how many tickets one look at what was resolved reads.
	maxTickets = 100
)

// Learned says what became of a look at resolved tickets.
type Learned struct {
	Tickets  int `json:"tickets"`  // that were looked at
	Proposed int `json:"proposed"` // articles that wait for approval now
	Skipped  int `json:"skipped"`  // tickets that add nothing
}

// Learn proposes an article for each ticket that a person has resolved with
// words of their own because the knowledge base had no answer, once a ticket.
// What is proposed is not searched before somebody approves it. It looks at
// some tickets at a time: call it until Tickets is 0. alive, unless nil, is
// called after each. Errors: those of the embedder, else as schema.Classify.
func (b *Base) Learn(ctx context.Context, alive func()) (done Learned, err error) {
	tickets, err := b.db.TicketsToLearnFrom(ctx, schema.TicketsToLearnFromParams{Codes: unanswered(), MaxTickets: maxTickets})
	if err != nil {
		return done, schema.Classify(err)
	}
	for _, t := range tickets {
		p, err := b.propose(ctx, t)
		if err != nil {
			return done, schema.Classify(fmt.Errorf("learning from ticket %s: %w", t.Number, err))
		}
		n, err := b.db.InsertProposal(ctx, p)
		if err != nil {
			return done, schema.Classify(fmt.Errorf("storing what ticket %s teaches: %w", t.Number, err))
		}
		done.Tickets++
		switch {
		case n == 0: // somebody else was first
		case p.State == string(Proposed):
			done.Proposed++
		default:
			done.Skipped++
		}
		if alive != nil {
			alive()
		}
	}
	return done, nil
}

// propose makes of a ticket what could be an article, or says why not.
func (b *Base) propose(ctx context.Context, t schema.TicketsToLearnFromRow) (schema.InsertProposalParams, error) {
	id := uuid.New()
	p := schema.InsertProposalParams{
		ID: id, TicketID: t.ID, State: string(Proposed), Slug: learnedSlug + id.String()[:8], Language: defaultLanguage,
	}
	skip := func(reason string) (schema.InsertProposalParams, error) {
		p.State, p.Title, p.Body, p.Reason = string(Skipped), "", "", reason
		return p, nil
	}
	question, answer, err := b.talk(ctx, t)
	if err != nil {
		return p, err
	}
	words := len(strings.Fields(answer))
	switch {
	case words == 0:
		return skip("no person has written to the customer")
	case countWords(answer) < minAnswerWords:
		return skip("the answer is too short to teach anything")
	case words > maxAnswerWords:
		return skip("the answer is too long for an article")
	}
	if guess := language.Detect(answer); guess.Sure && guess.Code != "" {
		p.Language = guess.Code
	}
	p.Title, p.Body = titleOf(question, answer), answer
	p.Slug = learnedSlug + slugOf(p.Title) + "-" + id.String()[:8]
	if a := (article{title: p.Title, body: p.Body}); a.cut("") != nil {
		return skip("the answer is no text that can be searched")
	} else if suspect(a) != "" {
		return skip("the answer reads like an order to the assistant")
	}
	vectors, err := b.embedder.Embed(ctx, []string{chunk{title: p.Title, content: p.Body}.text()})
	if err != nil {
		return p, err
	}
	vector := pgvector.NewVector(vectors[0])
	p.Embedding, p.EmbeddingModel = &vector, b.embedder.EmbeddingModel()
	if p.SimilarSlug, p.Similarity, err = b.nearestArticle(ctx, vectors[0]); err != nil {
		return p, err
	}
	other, err := b.db.NearestProposal(ctx, schema.NearestProposalParams{Embedding: vector, EmbeddingModel: p.EmbeddingModel})
	if err != nil && !schema.NoRows(err) {
		return p, err
	}
	if err == nil && other.Similarity > p.Similarity {
		p.SimilarSlug, p.Similarity = other.Slug, other.Similarity
	}
	if p.Similarity >= saysTheSame {
		p.Embedding = nil
		return skip("it says what " + p.SimilarSlug + " says already")
	}
	return p, nil
}

// talk returns what the customer asked and the longest answer that a person
// gave, both scrubbed.
func (b *Base) talk(ctx context.Context, t schema.TicketsToLearnFromRow) (question, answer string, err error) {
	said, err := b.db.SentTalk(ctx, schema.SentTalkParams{ConversationID: t.ConversationID, Since: t.CreatedAt, Until: *t.ResolvedAt})
	if err != nil {
		return "", "", err
	}
	for _, m := range said {
		if m.Author != ticket.Staff {
			continue
		}
		if text := gist(scrub(clean(m.Body), t.CustomerName)); len(text) > len(answer) {
			answer = text
		}
	}
	turn, err := b.db.LastAskedTurn(ctx, schema.LastAskedTurnParams{TicketID: t.ID, Codes: unanswered()})
	if schema.NoRows(err) {
		return "", answer, nil
	}
	if err != nil {
		return "", "", err
	}
	rows, err := b.db.CustomerWords(ctx, turn.MessageIds)
	if err != nil || len(rows) == 0 {
		return "", answer, err
	}
	if question = oneLine(rows[0].Subject); len(strings.Fields(question)) < 3 {
		question = mainSentence(gist(rows[0].Body))
	}
	return scrub(clean(question), t.CustomerName), answer, nil
}

// mainSentence returns the first question of a letter, else how it begins.
func mainSentence(letter string) string {
	all := sentences(oneLine(letter))
	for _, s := range all {
		if strings.HasSuffix(s, "?") {
			return s
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

// titleOf makes a title of what was asked, or of how the answer begins.
func titleOf(question, answer string) string {
	for _, reply := range []string{"re:", "aw:", "fwd:", "wg:"} {
		if len(question) > len(reply) && strings.EqualFold(question[:len(reply)], reply) {
			question = question[len(reply):]
		}
	}
	title := oneLine(strings.TrimLeft(question, "# "))
	if title == "" {
		title = mainSentence(strings.TrimLeft(answer, "# "))
	}
	return firstRunes(oneLine(title), maxTitleRunes)
}

// slugOf makes a few letters of a title that a person can type.
func slugOf(title string) string {
	var out strings.Builder
	for w := range strings.FieldsFuncSeq(strings.ToLower(title), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if out.Len()+len(w) > 40 {
			break
		}
		if out.Len() > 0 {
			out.WriteByte('-')
		}
		out.WriteString(w)
	}
	if out.Len() == 0 {
		return "article"
	}
	return out.String()
}
