package knowledge_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// desk is a database in which tickets can be handed over and resolved.
type desk struct {
	t    *testing.T
	url  string
	db   *schema.DB
	e    *embedder
	base *knowledge.Base
	n    int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, url: schematest.URL(t), e: &embedder{model: "m"}}
	var err error
	d.db, err = schema.Open(t.Context(), schema.Options{URL: d.url, MaxConns: 5})
	require.NoError(t, err)
	t.Cleanup(d.db.Close)
	d.base = knowledge.New(d.db, d.e, discard())
	return d
}

// handOver stores a question that went to a person for a reason, and returns its ticket.
func (d *desk) handOver(subject, question, code string) uuid.UUID {
	d.t.Helper()
	d.n++
	ctx, customer, conversation, id := d.t.Context(), uuid.New(), uuid.New(), uuid.New()
	require.NoError(d.t, d.db.InsertCustomer(ctx, schema.InsertCustomerParams{ID: customer, Name: "Ana Keller"}))
	require.NoError(d.t, d.db.InsertConversation(ctx, schema.InsertConversationParams{
		ID: conversation, Channel: ticket.Email, Key: conversation.String(), WorkflowID: "ticket/email/" + conversation.String(), CustomerID: customer,
		ReplyTo: "ana@example.com", Participants: []string{}, InitialCategory: "general", InitialPriority: "medium",
	}))
	_, err := d.db.InsertTicket(ctx, schema.InsertTicketParams{ID: id, Number: ticket.Number(id), ConversationID: conversation, Category: "general", Priority: "medium"})
	require.NoError(d.t, err)
	message, err := d.db.InsertMessage(ctx, schema.InsertMessageParams{
		ID: uuid.New(), ConversationID: conversation, Channel: ticket.Email, ExternalID: fmt.Sprintf("in%d", d.n), Author: ticket.Customer,
		Subject: subject, Body: question, ProviderAt: time.Now(), RfcReferences: []string{},
	})
	require.NoError(d.t, err)
	turn, err := d.db.OpenTurn(ctx, schema.OpenTurnParams{ID: uuid.New(), ConversationID: conversation, TicketID: id, FirstMessageID: message, MessageIds: []uuid.UUID{message}})
	require.NoError(d.t, err)
	require.NoError(d.t, d.db.SaveHandover(ctx, schema.SaveHandoverParams{ID: uuid.New(), TicketID: id, TurnID: &turn.ID, Code: code, Sources: []string{}}))
	return id
}

// resolve answers a ticket in a person's words and settles it.
func (d *desk) resolve(id uuid.UUID, answer string) {
	d.t.Helper()
	d.n++
	schematest.Exec(d.t, d.url, fmt.Sprintf(`INSERT INTO messages (id, conversation_id, channel, external_id, author, body, provider_at)
		SELECT gen_random_uuid(), conversation_id, 'email', 'out%d', 'staff', $answer$%s$answer$, now() FROM tickets WHERE id = '%s'`, d.n, answer, id))
	schematest.Exec(d.t, d.url, fmt.Sprintf(`UPDATE tickets SET status = 'resolved', resolved_at = now() WHERE id = '%s'`, id))
}

func (d *desk) learn() knowledge.Learned {
	d.t.Helper()
	done, err := d.base.Learn(d.t.Context(), nil)
	require.NoError(d.t, err)
	return done
}

func (d *desk) waiting() []knowledge.Proposal {
	d.t.Helper()
	found, err := d.base.Proposals(d.t.Context(), knowledge.Proposed)
	require.NoError(d.t, err)
	return found
}

const (
	frostQuestion = "Hello, how do I switch on the frost guard of my radiator valve? My number is +49 151 23456789."
	frostAnswer   = "Dear Ana,\n\nPress the wheel of the valve for ten seconds until a snowflake appears. The frost guard of your order AB-998877 is on then.\n\nKind regards,\nBo"
)

func TestAnAnswerBecomesAnArticleOnlyByApproval(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	_, err := d.base.Ingest(ctx, []string{companyArticles}, knowledge.IngestOptions{})
	require.NoError(t, err)
	d.resolve(d.handOver("", frostQuestion, ticket.EscalateNoAnswer), frostAnswer)
	d.handOver("", "A question that nobody has answered yet.", ticket.EscalateNoAnswer)
	d.resolve(d.handOver("", "I want a discount.", "price_negotiation"), frostAnswer)

	require.Equal(t, knowledge.Learned{Tickets: 1, Proposed: 1}, d.learn())
	require.Equal(t, knowledge.Learned{}, d.learn(), "a ticket is looked at once")
	proposals := d.waiting()
	require.Len(t, proposals, 1)
	p, err := d.base.Proposal(ctx, proposals[0].ID.String()[:8])
	require.NoError(t, err)
	require.Equal(t, "Hello, how do I switch on the frost guard of my radiator valve?", p.Title)
	require.Equal(t, "Press the wheel of the valve for ten seconds until a snowflake appears. The frost guard of your order [number] is on then.", p.Body)
	require.NotEmpty(t, p.SimilarSlug)
	search := func() string {
		found, err := d.base.Search(ctx, "frost guard snowflake wheel valve", 1)
		require.NoError(t, err)
		return found.Chunks[0].Slug
	}
	require.NotContains(t, search(), "learned/")
	_, err = d.base.Rebuild(ctx, nil)
	require.NoError(t, err)
	require.NotContains(t, search(), "learned/", "a proposal that waits is not searched")

	require.NoError(t, d.base.EditProposal(ctx, p, []byte("# Frost guard\n\nPress the wheel for ten seconds until a snowflake appears.")))
	require.NoError(t, d.base.Approve(ctx, p, "bo"))
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(d.base.Approve(ctx, p, "bo")))
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(d.base.Reject(ctx, p, "bo", "no")))
	report, err := d.base.Rebuild(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 62}, []int{report.Learned, report.Embedded, report.Articles})
	require.Equal(t, p.Slug, search())
	listed, err := d.base.List(ctx, time.Hour, time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	for _, a := range listed {
		if a.Slug == p.Slug {
			require.Equal(t, []string{"Frost guard", "learned", "bo"}, []string{a.Title, a.Source, a.ApprovedBy})
			require.Equal(t, []knowledge.MarkKind{knowledge.Stale}, a.Marks)
			require.NotNil(t, a.SourceTicket)
		}
	}

	again, err := d.base.Ingest(ctx, []string{companyArticles}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.True(t, again.Unchanged, "an ingest keeps learned articles")
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(d.base.Withdraw(ctx, "orders/shipping", "bo", "")))
	require.NoError(t, d.base.Withdraw(ctx, p.Slug, "bo", "outdated"))
	_, err = d.base.Rebuild(ctx, nil)
	require.NoError(t, err)
	require.NotContains(t, search(), "learned/")
}

func TestWhatAddsNothingIsNotProposed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	_, err := d.base.Ingest(ctx, []string{write(t, map[string]string{"a.md": "# Alarm\n\nAlpha."})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	d.resolve(d.handOver("Frost guard of the valve", "Please help.", ticket.EscalateNoAnswer), frostAnswer)
	require.Equal(t, 1, d.learn().Proposed)
	d.resolve(d.handOver("Frost guard of the valve", "Please help.", ticket.EscalateUnsure), frostAnswer)
	d.resolve(d.handOver("", frostQuestion, ticket.EscalateReview), "Done, thank you.")
	require.Equal(t, knowledge.Learned{Tickets: 2, Skipped: 2}, d.learn())
	skipped, err := d.base.Proposals(ctx, knowledge.Skipped)
	require.NoError(t, err)
	reasons := []string{skipped[0].Reason, skipped[1].Reason}
	require.Contains(t, reasons[0]+reasons[1], "says already")
	require.Contains(t, reasons[0]+reasons[1], "too short")
	require.Len(t, d.waiting(), 1)
}

func TestAnIngestWithoutLearnedArticlesWithdrawsThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	d.resolve(d.handOver("", frostQuestion, ticket.EscalateNoAnswer), frostAnswer)
	d.learn()
	require.NoError(t, d.base.Approve(ctx, d.waiting()[0], "bo"))
	folder := write(t, map[string]string{"a.md": "# Alarm\n\nAlpha."})
	report, err := d.base.Ingest(ctx, []string{folder}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{report.Articles, report.Learned})
	report, err = d.base.Ingest(ctx, []string{folder}, knowledge.IngestOptions{WithoutLearned: true})
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, []int{report.Articles, report.Learned})
	gone, err := d.base.Proposals(ctx, knowledge.Withdrawn)
	require.NoError(t, err)
	require.Len(t, gone, 1)
	_, err = d.base.Rebuild(ctx, nil)
	require.NoError(t, err)
	listed, err := d.base.List(ctx, 0, time.Now())
	require.NoError(t, err)
	require.Len(t, listed, 1)
}

// An article that is let in while an ingest runs is in the version that it makes.
func TestAnApprovalDuringAnIngestIsNotLost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	d.resolve(d.handOver("", frostQuestion, ticket.EscalateNoAnswer), frostAnswer)
	d.learn()
	p := d.waiting()[0]
	approved := false
	d.e.before = func() error {
		if approved {
			return nil
		}
		approved = true
		return d.base.Approve(context.WithoutCancel(ctx), p, "bo")
	}
	report, err := d.base.Ingest(ctx, []string{write(t, map[string]string{"a.md": "# Alarm\n\nAlpha."})}, knowledge.IngestOptions{})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{report.Articles, report.Learned})
	found, err := d.base.Search(ctx, "snowflake wheel", 1)
	require.NoError(t, err)
	require.Equal(t, p.Slug, found.Chunks[0].Slug)
}

// A rebuild never brings back articles that an ingest has replaced meanwhile.
func TestARebuildGivesWayToAnIngest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	root := write(t, map[string]string{"a.md": "# Alarm\n\nOld."})
	_, err := d.base.Ingest(ctx, []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	other := knowledge.New(d.db, &embedder{model: "other"}, discard())
	build, err := other.BeginRebuild(ctx)
	require.NoError(t, err)
	same, err := other.BeginRebuild(ctx)
	require.NoError(t, err)
	require.Equal(t, build, same, "a step that is repeated goes on with what it has begun")
	moved, err := other.FinishRebuild(ctx, build.Version)
	require.NoError(t, err)
	require.True(t, moved, "a version without its chunks never goes live")
	n, err := other.StoreChunks(ctx, build.Version, 0, build.Chunks)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = other.StoreChunks(ctx, build.Version, 0, build.Chunks)
	require.NoError(t, err)
	require.Zero(t, n, "what is embedded is not embedded again")
	_, err = d.base.StoreChunks(ctx, build.Version, 0, 1)
	require.ErrorIs(t, err, knowledge.ErrStale, "one version has vectors of one model")

	put(t, root, "a.md", "# Alarm\n\nNew.")
	_, err = d.base.Ingest(ctx, []string{root}, knowledge.IngestOptions{})
	require.NoError(t, err)
	moved, err = other.FinishRebuild(ctx, build.Version)
	require.NoError(t, err)
	require.True(t, moved)
	report, err := other.Rebuild(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, report.Embedded)
	found, err := other.Search(ctx, "alarm", 1)
	require.NoError(t, err)
	require.Equal(t, "New.", found.Chunks[0].Content)
	moved, err = other.FinishRebuild(ctx, report.Version)
	require.NoError(t, err)
	require.False(t, moved, "finishing twice changes nothing")
}

func TestGapsAreRankedByTheTicketsTheyCost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	gaps, err := d.base.Gaps(ctx, time.Now().AddDate(0, 0, -30))
	require.NoError(t, err)
	require.Empty(t, gaps)
	_, err = d.base.Ingest(ctx, []string{companyArticles}, knowledge.IngestOptions{})
	require.NoError(t, err)
	d.handOver("", "Does the doorbell work with HomeKit?", ticket.EscalateNoAnswer)
	d.handOver("Solar panel", "Can I charge the outdoor camera with a solar panel?", ticket.EscalateReview)
	d.handOver("Solar panel", "Can the outdoor camera be charged by a solar panel? Write to me at ana@example.com", ticket.EscalateUnsure)
	d.handOver("Solar panel", "Charge outdoor camera with solar panel?", ticket.EscalateRepeated)
	d.handOver("", "I want my money back.", "refund_request")
	d.e.asked()

	gaps, err = d.base.Gaps(ctx, time.Now().AddDate(0, 0, -30))
	require.NoError(t, err)
	require.Len(t, gaps, 2)
	require.Equal(t, []int{3, 1}, []int{gaps[0].Tickets, gaps[1].Tickets})
	require.Contains(t, gaps[0].Question, "solar panel")
	require.Contains(t, gaps[1].Question, "HomeKit")
	require.NotEmpty(t, gaps[0].Nearest)
	require.WithinDuration(t, time.Now(), gaps[0].LastSeen, time.Minute)
	asked := d.e.asked()
	require.Len(t, asked, 4)
	for _, text := range asked {
		require.NotContains(t, text, "ana@example.com")
	}
	again, err := d.base.Gaps(ctx, time.Now().AddDate(0, 0, -30))
	require.NoError(t, err)
	require.Equal(t, gaps, again)
	require.Empty(t, d.e.asked(), "a question is embedded once")
	gaps, err = d.base.Gaps(ctx, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, gaps)
}
