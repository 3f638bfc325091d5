package knowledge

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pgvector/pgvector-go"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// sameQuestion is the cosine from which two questions ask the same. Models
	// differ, but none puts different questions nearer than this or the same
	// one much farther apart.
	sameQuestion = 0.62
	// maxTurns bounds what one look at the gaps reads: the newest.
	maxTurns = 5000
	// maxQuestionRunes bounds a question, which may be a whole letter.
	maxQuestionRunes = 1500
	// maxExampleRunes bounds the question that stands for others in a list.
	maxExampleRunes = 160
)

// unanswered are the reasons for handing over that a better knowledge base
// would have made unnecessary.
func unanswered() []string {
	return []string{ticket.EscalateNoAnswer, ticket.EscalateUnsure, ticket.EscalateReview, ticket.EscalateRepeated}
}

// Gap is a question that customers asked and that the knowledge base did not
// answer, so that people had to.
type Gap struct {
	Tickets  int       `json:"tickets"` // how many had to be handed over for it
	Turns    int       `json:"turns"`   // how often it was asked
	Question string    `json:"question"`
	LastSeen time.Time `json:"last_seen"`
	// Nearest is the article that comes closest, empty when there is none or the
	// base was embedded with another model, and Similarity the cosine.
	Nearest    string  `json:"nearest"`
	Similarity float64 `json:"similarity"`
}

// asked is one question of a turn.
type asked struct {
	turn, ticket uuid.UUID
	at           time.Time
	words        string
	vector       []float32
}

// Gaps returns the questions since a time for which a person had to be asked
// because the knowledge base did not help, those that cost the most tickets
// first. Questions are masked. Vectors of questions are made once and kept.
// Errors: those of the embedder, else as schema.Classify.
func (b *Base) Gaps(ctx context.Context, since time.Time) ([]Gap, error) {
	questions, err := b.questions(ctx, since)
	if err != nil {
		return nil, schema.Classify(err)
	}
	if err := b.embedQuestions(ctx, questions); err != nil {
		return nil, schema.Classify(err)
	}
	clusters := cluster(questions)
	gaps := make([]Gap, len(clusters))
	for i, c := range clusters {
		gaps[i] = c.gap()
		if gaps[i].Nearest, gaps[i].Similarity, err = b.nearestArticle(ctx, c.centre()); err != nil {
			return nil, schema.Classify(err)
		}
	}
	slices.SortStableFunc(gaps, func(x, y Gap) int {
		return cmp.Or(cmp.Compare(y.Tickets, x.Tickets), cmp.Compare(y.Turns, x.Turns), y.LastSeen.Compare(x.LastSeen))
	})
	return gaps, nil
}

// questions returns what customers asked in turns that no knowledge answered,
// the newest first.
func (b *Base) questions(ctx context.Context, since time.Time) ([]asked, error) {
	turns, err := b.db.UnansweredTurns(ctx, schema.UnansweredTurnsParams{Codes: unanswered(), Since: since, MaxTurns: maxTurns})
	if err != nil {
		return nil, err
	}
	var found []asked
	for _, t := range turns {
		words, err := b.customerWords(ctx, t.MessageIds)
		if err != nil {
			return nil, err
		}
		if words != "" {
			found = append(found, asked{turn: t.ID, ticket: t.TicketID, at: t.AskedAt, words: words})
		}
	}
	return found, nil
}

// customerWords returns what a customer wrote in messages, masked.
func (b *Base) customerWords(ctx context.Context, messages []uuid.UUID) (string, error) {
	rows, err := b.db.CustomerWords(ctx, messages)
	if err != nil {
		return "", err
	}
	var words []string
	for i, m := range rows {
		if i == 0 && m.Subject != "" {
			words = append(words, m.Subject)
		}
		words = append(words, m.Body)
	}
	return strings.TrimSpace(scrub(firstRunes(clean(strings.Join(words, "\n")), maxQuestionRunes), "")), nil
}

// embedQuestions gives questions their vectors, known ones first.
func (b *Base) embedQuestions(ctx context.Context, questions []asked) error {
	model := b.embedder.EmbeddingModel()
	for batch := range slices.Chunk(questions, BatchChunks) {
		ids := make([]uuid.UUID, len(batch))
		for i, q := range batch {
			ids[i] = q.turn
		}
		known, err := b.db.QuestionEmbeddings(ctx, schema.QuestionEmbeddingsParams{Model: model, TurnIds: ids})
		if err != nil {
			return err
		}
		vectors := map[uuid.UUID][]float32{}
		for _, k := range known {
			vectors[k.TurnID] = k.Embedding.Slice()
		}
		var texts []string
		var missing []int
		for i, q := range batch {
			if batch[i].vector = vectors[q.turn]; batch[i].vector == nil {
				texts, missing = append(texts, q.words), append(missing, i)
			}
		}
		if len(texts) == 0 {
			continue
		}
		made, err := b.embedder.Embed(ctx, texts)
		if err != nil {
			return err
		}
		for n, i := range missing {
			batch[i].vector = made[n]
			if err := b.db.InsertQuestionEmbedding(ctx, schema.InsertQuestionEmbeddingParams{
				TurnID: batch[i].turn, Model: model, Embedding: pgvector.NewVector(made[n]),
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// group is a set of questions that ask the same.
type group struct {
	members []asked
	sum     []float64
}

// cluster puts each question to the group it is nearest to, or begins one.
func cluster(questions []asked) (groups []*group) {
	// The order in which questions came decides nothing that a person sees:
	// the same ones always give the same groups.
	questions = slices.SortedStableFunc(slices.Values(questions), func(x, y asked) int {
		return cmp.Or(x.at.Compare(y.at), strings.Compare(x.turn.String(), y.turn.String()))
	})
	for _, q := range questions {
		var best *group
		nearest := sameQuestion
		for _, g := range groups {
			if c := cosine(q.vector, g.sum); c >= nearest {
				best, nearest = g, c
			}
		}
		if best == nil {
			best = &group{sum: make([]float64, len(q.vector))}
			groups = append(groups, best)
		}
		best.members = append(best.members, q)
		size := math.Sqrt(dot(q.vector, q.vector))
		for i, x := range q.vector {
			best.sum[i] += float64(x) / size
		}
	}
	return groups
}

func (g *group) centre() []float32 {
	centre := make([]float32, len(g.sum))
	for i, x := range g.sum {
		centre[i] = float32(x / float64(len(g.members)))
	}
	return centre
}

// gap sums a group up, with the question that is nearest to all others.
func (g *group) gap() Gap {
	tickets := map[uuid.UUID]bool{}
	out := Gap{Turns: len(g.members)}
	best := -2.0
	for _, m := range g.members {
		tickets[m.ticket] = true
		if m.at.After(out.LastSeen) {
			out.LastSeen = m.at
		}
		if c := cosine(m.vector, g.sum); c > best {
			best, out.Question = c, firstRunes(oneLine(m.words), maxExampleRunes)
		}
	}
	out.Tickets = len(tickets)
	return out
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func cosine(a []float32, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		x := float64(a[i])
		ab, aa, bb = ab+x*b[i], aa+x*x, bb+b[i]*b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// nearestArticle returns the article of the live version that comes closest to
// a vector, nothing when there is none or it was embedded with another model.
func (b *Base) nearestArticle(ctx context.Context, vector []float32) (slug string, similarity float64, err error) {
	live, err := b.db.LiveVersion(ctx)
	if schema.NoRows(err) {
		return "", 0, nil
	}
	if err != nil || live.EmbeddingModel != b.embedder.EmbeddingModel() {
		return "", 0, err
	}
	err = b.db.Tx(ctx, func(q *schema.Queries) error {
		if err := q.TuneSearch(ctx, live.Chunks < exactBelow); err != nil {
			return err
		}
		near, err := q.NearestChunks(ctx, schema.NearestChunksParams{Version: live.ID, Embedding: pgvector.NewVector(vector), MaxChunks: 1})
		if err == nil && len(near) > 0 {
			slug, similarity = near[0].Slug, near[0].Similarity
		}
		return err
	})
	return slug, similarity, err
}

func firstRunes(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + " …"
	}
	return s
}
