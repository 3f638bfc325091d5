package schema_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// conversation inserts a customer with one conversation.
func conversation(t *testing.T, db *schema.DB) schema.Conversation {
	t.Helper()
	ctx := t.Context()
	customer, id := uuid.New(), uuid.New()
	require.NoError(t, db.InsertCustomer(ctx, schema.InsertCustomerParams{ID: customer, Name: "Ana"}))
	require.NoError(t, db.InsertConversation(ctx, schema.InsertConversationParams{
		ID: id, Channel: ticket.WhatsApp, Key: id.String(), WorkflowID: "ticket/whatsapp/" + id.String(),
		CustomerID: customer, SenderVerified: true, ReplyTo: "+491511234567", Participants: []string{},
		InitialCategory: "general", InitialPriority: "medium",
	}))
	c, err := db.Conversation(ctx, id)
	require.NoError(t, err)
	return c
}

func message(t *testing.T, db *schema.DB, c schema.Conversation, external string, at time.Time) uuid.UUID {
	t.Helper()
	id, err := db.InsertMessage(t.Context(), schema.InsertMessageParams{
		ID: uuid.New(), ConversationID: c.ID, Channel: c.Channel, ExternalID: external, Author: ticket.Customer,
		Body: "hello", ProviderAt: at, RfcReferences: []string{},
	})
	require.NoError(t, err)
	return id
}

func TestOldSchemaIsRefused(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	require.NoError(t, schema.CheckCurrent(t.Context(), url))
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	schematest.Exec(t, url, "DELETE FROM goose_db_version WHERE version_id > 1")
	err = schema.CheckCurrent(t.Context(), url)
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(err))
	require.ErrorContains(t, err, "fte migrate")
}

func TestUnreachableDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	err := schema.CheckCurrent(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	_, err = schema.Open(t.Context(), schema.Options{URL: "postgres://user:hunter2@host:notaport/x"})
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	require.NotContains(t, err.Error(), "hunter2")
}

func TestOneMessageOfManyDeliveries(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	c := conversation(t, db)
	message(t, db, c, "SM1", time.Now())
	_, err := db.InsertMessage(t.Context(), schema.InsertMessageParams{
		ID: uuid.New(), ConversationID: c.ID, Channel: c.Channel, ExternalID: "SM1", Author: ticket.Customer,
		Body: "hello", ProviderAt: time.Now(), RfcReferences: []string{},
	})
	require.True(t, schema.NoRows(err))
}

func TestOneOpenTicketOfAConversation(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	c := conversation(t, db)
	open := func() error {
		id := uuid.New()
		_, err := db.InsertTicket(t.Context(), schema.InsertTicketParams{ID: id, Number: ticket.Number(id), ConversationID: c.ID, Category: "general", Priority: "medium"})
		return schema.Classify(err)
	}
	require.NoError(t, open())
	require.Equal(t, ticket.CodeConflict, ticket.CodeOf(open()))
	first, err := db.OpenTicket(t.Context(), c.ID)
	require.NoError(t, err)
	for _, status := range []ticket.Status{ticket.NeedsHuman, ticket.WithHuman} {
		_, err = db.SetTicketStatus(t.Context(), schema.SetTicketStatusParams{ID: first.ID, Status: status})
		require.NoError(t, err)
		n, err := db.CloseTicket(t.Context(), first.ID)
		require.NoError(t, err)
		require.Zero(t, n, "a person has to act")
	}
	_, err = db.SetTicketStatus(t.Context(), schema.SetTicketStatusParams{ID: first.ID, Status: ticket.WaitingCustomer})
	require.NoError(t, err)
	n, err := db.CloseTicket(t.Context(), first.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, open())
}

// outboxPart opens a turn with one queued part and returns the part.
func outboxPart(t *testing.T, db *schema.DB, c schema.Conversation) schema.PartsOfTurnRow {
	t.Helper()
	ctx := t.Context()
	m := message(t, db, c, uuid.NewString(), time.Now())
	id := uuid.New()
	_, err := db.InsertTicket(ctx, schema.InsertTicketParams{ID: id, Number: ticket.Number(id), ConversationID: c.ID, Category: "general", Priority: "medium"})
	require.NoError(t, err)
	turn, err := db.OpenTurn(ctx, schema.OpenTurnParams{ID: uuid.New(), ConversationID: c.ID, TicketID: id, FirstMessageID: m, MessageIds: []uuid.UUID{m}})
	require.NoError(t, err)
	out := uuid.New()
	key := turn.ID.String() + "/answer/1"
	require.NoError(t, db.InsertOutboundMessage(ctx, schema.InsertOutboundMessageParams{
		ID: out, ConversationID: c.ID, Channel: c.Channel, ExternalID: key, Author: ticket.Assistant, Body: "hi", ProviderAt: time.Now(), TurnID: &turn.ID,
	}))
	require.NoError(t, db.InsertOutbox(ctx, schema.InsertOutboxParams{
		ID: uuid.New(), SendKey: key, TurnID: &turn.ID, ConversationID: c.ID, MessageID: out, Kind: ticket.KindAnswer, Part: 1,
		Via: "whatsapp", Recipient: "+491511234567", Epoch: c.Epoch,
	}))
	parts, err := db.PartsOfTurn(ctx, turn.ID)
	require.NoError(t, err)
	require.Len(t, parts, 1)
	return parts[0]
}

func TestClaimNeedsOwnerAndEpoch(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	part := outboxPart(t, db, conversation(t, db))

	schematest.Exec(t, url, "UPDATE conversations SET owner = 'human', epoch = epoch + 1")
	n, err := db.ClaimPart(t.Context(), part.ID)
	require.NoError(t, err)
	require.Zero(t, n)

	schematest.Exec(t, url, "UPDATE conversations SET owner = 'ai'")
	n, err = db.ClaimPart(t.Context(), part.ID)
	require.NoError(t, err)
	require.Zero(t, n, "the epoch has moved on")

	schematest.Exec(t, url, "UPDATE conversations SET epoch = 0")
	for _, want := range []int64{1, 0} {
		n, err = db.ClaimPart(t.Context(), part.ID)
		require.NoError(t, err)
		require.Equal(t, want, n, "a part is claimed once")
	}
}

func TestDeliveryNeverGoesBack(t *testing.T) {
	t.Parallel()
	db := schematest.New(t)
	part := outboxPart(t, db, conversation(t, db))
	_, err := db.ClaimPart(t.Context(), part.ID)
	require.NoError(t, err)
	for _, step := range []struct {
		status ticket.Delivery
		rows   int64
		want   ticket.Delivery
	}{
		{ticket.DeliverySent, 1, ticket.DeliverySent},
		{ticket.DeliveryRead, 1, ticket.DeliveryRead},
		{ticket.DeliveryDelivered, 0, ticket.DeliveryRead},
		{ticket.DeliveryFailed, 1, ticket.DeliveryFailed},
		{ticket.DeliveryRead, 0, ticket.DeliveryFailed},
	} {
		n, err := db.ApplyDelivery(t.Context(), schema.ApplyDeliveryParams{Delivery: string(step.status), ProviderID: "SM9", ID: &part.ID})
		require.NoError(t, err)
		require.Equal(t, step.rows, n, step.status)
		parts, err := db.PartsOfTurn(t.Context(), *part.TurnID)
		require.NoError(t, err)
		require.Equal(t, step.want, parts[0].Delivery)
		require.Equal(t, "sent", parts[0].State, "a callback proves that the provider accepted the part")
		require.Equal(t, "SM9", *parts[0].ProviderID)
	}
}

func TestSentimentIsKeptOncePerTurn(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	c := conversation(t, db)
	turn := uuid.NewString()
	for range 3 {
		require.NoError(t, db.AddSentiment(t.Context(), schema.AddSentimentParams{CustomerID: c.CustomerID, TurnID: turn, Sentiment: 0.4}))
	}
	for range 120 {
		require.NoError(t, db.AddSentiment(t.Context(), schema.AddSentimentParams{CustomerID: c.CustomerID, TurnID: uuid.NewString(), Sentiment: 0.9}))
	}
	require.Equal(t, "100", schematest.Scalar(t, url, "SELECT jsonb_array_length(sentiment_history)::text FROM customers"))
}

func TestMigrateTwiceAppliesNothing(t *testing.T) {
	t.Parallel()
	applied, err := schema.Migrate(t.Context(), schematest.URL(t))
	require.NoError(t, err)
	require.Empty(t, applied, "a migrated database has nothing to apply")
}

func TestOnlyClashesAreConflicts(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]ticket.Code{
		"23505": ticket.CodeConflict, "23P01": ticket.CodeConflict, "40001": ticket.CodeConflict, "40P01": ticket.CodeConflict,
		"23514": ticket.CodeInvalid, "22001": ticket.CodeInvalid,
		"23502": ticket.CodeInternal, "23503": ticket.CodeInternal, "42P01": ticket.CodeInternal,
		"57014": ticket.CodeUnavailable, "55P03": ticket.CodeUnavailable,
	} {
		err := fmt.Errorf("asking: %w", &pgconn.PgError{Code: state})
		require.Equal(t, want, ticket.CodeOf(schema.Classify(err)), state)
	}
}

// A person's own words are a send without a turn.
func TestAPersonsWordsAreSentWhoeverOwnsTheConversation(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url})
	require.NoError(t, err)
	defer db.Close()
	ctx := t.Context()
	c := conversation(t, db)
	answer := outboxPart(t, db, c)
	open, err := db.OpenTicket(ctx, c.ID)
	require.NoError(t, err)
	words := uuid.New()
	_, err = db.InsertStaffMessage(ctx, schema.InsertStaffMessageParams{
		ID: words, ConversationID: c.ID, Channel: c.Channel, ExternalID: "staff:1", Body: "Bo here.",
	})
	require.NoError(t, err)
	shown := func() (bodies []string) {
		rows, err := db.PageMessages(ctx, open.ID)
		require.NoError(t, err)
		for _, r := range rows {
			bodies = append(bodies, r.Body)
		}
		return bodies
	}
	require.NotContains(t, shown(), "Bo here.", "stored, and not sent")
	for part := range int32(2) {
		require.NoError(t, db.InsertOutbox(ctx, schema.InsertOutboxParams{
			ID: uuid.New(), SendKey: fmt.Sprintf("%s/reply/%d", words, part+1), ConversationID: c.ID, MessageID: words,
			Kind: ticket.KindReply, Part: part + 1, Via: "whatsapp", Recipient: "+491511234567", Epoch: c.Epoch,
		}))
	}
	require.Contains(t, shown(), "Bo here.")

	require.NoError(t, db.TakeOver(ctx, c.ID))
	parts, err := db.PartsOfTurn(ctx, *answer.TurnID)
	require.NoError(t, err)
	require.Equal(t, "cancelled", parts[0].State)
	replies, err := db.PartsOfMessage(ctx, words)
	require.NoError(t, err)
	require.Len(t, replies, 2)
	require.Equal(t, "queued", replies[0].State, "a takeover withdraws the assistant's words alone")

	n, err := db.ClaimPart(ctx, replies[0].ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	n, err = db.RetryPart(ctx, schema.RetryPartParams{ID: replies[0].ID, Attempts: 1})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, db.RecordFailed(ctx, schema.RecordFailedParams{ID: replies[0].ID, Attempts: 2, Error: "no"}))
	replies, err = db.PartsOfMessage(ctx, words)
	require.NoError(t, err)
	require.Equal(t, "failed", replies[0].State)
	require.Equal(t, "cancelled", replies[1].State, "what would follow is withdrawn")

	schematest.Exec(t, url, "UPDATE outbox SET state = 'cancelled' WHERE kind = 'reply'")
	require.NotContains(t, shown(), "Bo here.")
}
