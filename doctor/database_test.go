package doctor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
)

// withDatabase returns a doctor for a fresh database, and a way to bring about
// a state in it.
func withDatabase(t *testing.T) (*Doctor, func(statement string, args ...any)) {
	t.Helper()
	url := schematest.URL(t)
	db, err := schema.Open(t.Context(), schema.Options{URL: url, MaxConns: 3, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return &Doctor{DatabaseURL: url, DB: db}, func(statement string, args ...any) {
		t.Helper()
		schematest.Exec(t, url, fmt.Sprintf(statement, args...))
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	require.Regexp(t, `^Postgres \d+\.\d+ answers\.$`, d.database(t.Context()).Found)
	require.Equal(t, ok("The schema is what this program needs."), d.migrations(t.Context()))
	require.Equal(t, OK, d.pgvector(t.Context()).Verdict)

	for url, found := range map[string]string{
		"":                                   "DATABASE_URL is not set.",
		"mysql://db":                         "DATABASE_URL is not a Postgres connection string",
		"postgres://u:hunter22@127.0.0.1:1/": "connection refused",
	} {
		f := (&Doctor{DatabaseURL: url}).database(t.Context())
		require.Equal(t, Failed, f.Verdict)
		require.Contains(t, f.Found, found)
		require.NotContains(t, f.Found, "hunter22")
	}
	exec("DELETE FROM goose_db_version WHERE version_id > 3")
	f := d.migrations(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Contains(t, f.Found, "is at version 3")
	exec("DROP SCHEMA public CASCADE")
	exec("CREATE SCHEMA public")
	require.Equal(t, fail("The database is empty."), d.migrations(t.Context()))
	require.Contains(t, d.pgvector(t.Context()).Found, "on the server and not in this database")
	require.Equal(t, "f", schematest.Scalar(t, d.DatabaseURL, "SELECT (to_regclass('goose_db_version') IS NOT NULL)::text::char"), "a look changes nothing")
}

func TestPgvector(t *testing.T) {
	t.Parallel()
	for facts, want := range map[schema.ServerFactsRow]struct {
		verdict Verdict
		do      string
	}{
		{}:                           {Failed, "Install pgvector"},
		{PgvectorAvailable: "0.8.5"}: {Failed, "fte migrate"},
		{Pgvector: "0.7.4", PgvectorAvailable: "0.7.4"}:  {Failed, ""},
		{Pgvector: "0.8.0", PgvectorAvailable: "0.8.0"}:  {Warning, ""},
		{Pgvector: "0.8.3", PgvectorAvailable: "0.8.5"}:  {Warning, "ALTER EXTENSION"},
		{Pgvector: "0.8.4", PgvectorAvailable: "0.8.4"}:  {OK, ""},
		{Pgvector: "0.10.0", PgvectorAvailable: "0.8.0"}: {OK, ""},
		{Pgvector: "1.0", PgvectorAvailable: "1.0"}:      {OK, ""},
	} {
		f := judgePgvector(facts)
		require.Equal(t, want.verdict, f.Verdict, "%+v", facts)
		require.Contains(t, f.Do, want.do)
	}
}

func TestSpool(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	require.Equal(t, ok("The spool is empty."), d.spool(t.Context()))
	spool := func(id, age string) {
		exec(`INSERT INTO webhook_spool (event_id, topic, key, type, source, correlation_id, trace_parent, value, event_time, spooled_at)
			VALUES ('%s', 't', 'k', 't', 's', '', '', '', now(), now() - interval '%s')`, id, age)
	}
	spool("a", "1 second")
	require.Equal(t, warn("1 event waits in the spool, the oldest for 1 s."), d.spool(t.Context()))
	spool("b", "3 hours")
	require.Equal(t, fail("2 events wait in the spool, the oldest for 3 h."), d.spool(t.Context()))
}

func TestMailboxAge(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	d.Mailbox, d.Push = "support@example.com", true
	require.Equal(t, fail("The mailbox has never been read."), d.mailSync(t.Context()))
	require.Contains(t, d.mailWatch(t.Context()).Found, "no watch was ever made")
	exec("INSERT INTO mailboxes (mailbox, cursor) VALUES ('support@example.com', 1)")
	require.Contains(t, d.mailWatch(t.Context()).Do, "GMAIL_PUBSUB_TOPIC")
	for age, want := range map[string]Verdict{"10 seconds": OK, "4 minutes": Warning, "2 days": Failed} {
		exec("UPDATE mailboxes SET synced_at = now() - interval '%s'", age)
		require.Equal(t, want, d.mailSync(t.Context()).Verdict, age)
	}
	require.Contains(t, d.mailSync(t.Context()).Found, "The mailbox was read ")
	for left, want := range map[string]Finding{
		"6 days 1 hour":      ok("Gmail pushes; the watch lasts 6 days."),
		"30 hours 5 minutes": warn("The watch ends in 30 h and has not been renewed."),
		"-3 hours":           fail("The watch ended 3 h ago, and Gmail does not push."),
	} {
		exec("UPDATE mailboxes SET watch_expires_at = now() + interval '%s'", left)
		require.Equal(t, want, d.mailWatch(t.Context()))
	}
}

func TestReconcileAge(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	d.WhatsApp, d.Number = true, "+14155238886"
	require.Contains(t, d.whatsAppReconcile(t.Context()).Found, "never been compared")
	exec("INSERT INTO whatsapp_numbers (number, reconciled_at) VALUES ('+14155238886', now())")
	for age, want := range map[string]Verdict{"1 minute": OK, "20 minutes": Warning, "2 hours": Failed} {
		exec("UPDATE whatsapp_numbers SET reconciled_at = now() - interval '%s'", age)
		require.Equal(t, want, d.whatsAppReconcile(t.Context()).Verdict, age)
	}
}

func TestKnowledge(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	d.EmbeddingModel = "text-embedding-3-small"
	require.Equal(t, fail("The knowledge base is empty."), d.knowledge(t.Context()))
	exec("INSERT INTO knowledge_versions (embedding_model, content_hash, live) VALUES ('text-embedding-3-small', 'x', true)")
	require.Equal(t, fail("The knowledge base has no text."), d.knowledge(t.Context()))
	exec(`INSERT INTO knowledge_articles (id, version, slug, title, category, language, body)
		SELECT gen_random_uuid(), id, 'refunds', 'Refunds', 'billing', 'en', 'b' FROM knowledge_versions`)
	exec(`INSERT INTO knowledge_base (id, version, article_id, ordinal, title, content, content_hash, language, embedding)
		SELECT gen_random_uuid(), a.version, a.id, n, 't', 'c', 'h' || n, 'en', array_fill(0.1, ARRAY[1536])::vector FROM knowledge_articles a, generate_series(1, 2) n`)
	require.Equal(t, ok("The knowledge base has 1 article in 2 pieces."), d.knowledge(t.Context()))
	d.EmbeddingModel = "another"
	f := d.knowledge(t.Context())
	require.Equal(t, Failed, f.Verdict)
	require.Equal(t, "The knowledge base was made with text-embedding-3-small, and OPENAI_EMBEDDING_MODEL is another.", f.Found)
	require.Contains(t, f.Do, "fte kb ingest")
}

func TestDesk(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	require.Equal(t, ok("No recipient is suppressed."), d.suppressions(t.Context()))
	exec("INSERT INTO suppressions (kind, value, reason) VALUES ('whatsapp', '+491', 'stop'), ('whatsapp', '+492', 'stop'), ('email', 'a@b.c', 'bounced')")
	require.Equal(t, ok("3 recipients are suppressed: 1 email (bounced), 2 whatsapp (stop)."), d.suppressions(t.Context()), "no address")

	require.Equal(t, OK, d.outbox(t.Context()).Verdict)
	require.Equal(t, OK, d.overdue(t.Context()).Verdict)
	exec("INSERT INTO customers (id) VALUES ('00000000-0000-0000-0000-000000000001')")
	exec(`INSERT INTO conversations (id, channel, key, workflow_id, customer_id, sender_verified, reply_to)
		SELECT id, 'whatsapp', 'k', 'w', id, true, '+491' FROM customers`)
	exec(`INSERT INTO tickets (id, number, conversation_id, status, sla_due_at) SELECT id, 'T-0000000001', id, 'needs_human', now() + interval '1 hour' FROM conversations`)
	exec(`INSERT INTO messages (id, conversation_id, channel, external_id, author, body, provider_at) SELECT id, id, 'whatsapp', 'x', 'staff', 'words', now() FROM conversations`)
	exec(`INSERT INTO outbox (id, send_key, conversation_id, message_id, kind, part, via, recipient, state, epoch, attempted_at)
		SELECT id, 'x', id, id, 'reply', 1, 'whatsapp', '+491', 'sending', 0, now() - interval '1 minute' FROM conversations`)
	require.Equal(t, OK, d.outbox(t.Context()).Verdict, "it may be under way")
	require.Equal(t, OK, d.overdue(t.Context()).Verdict, "there is time")

	exec("UPDATE outbox SET attempted_at = now() - interval '7 minutes'")
	require.Equal(t, fail("1 part of an answer has been under way for more than 5 min.").with("Ticket T-0000000001, via whatsapp, for 7 min."), d.outbox(t.Context()))
	exec("UPDATE tickets SET sla_due_at = now() - interval '3 hours'")
	require.Equal(t, warn("1 ticket waits for a person longer than promised.").with("Ticket T-0000000001, priority medium, is late by 3 h."), d.overdue(t.Context()))
	exec("UPDATE tickets SET status = 'with_human'")
	require.Equal(t, OK, d.overdue(t.Context()).Verdict, "a person has it")
}

func TestUnreadDatabase(t *testing.T) {
	t.Parallel()
	d, exec := withDatabase(t)
	d.Mailbox, d.Push, d.WhatsApp = "a@b.c", true, true
	exec("DROP TABLE webhook_spool, mailboxes, whatsapp_numbers, knowledge_versions, suppressions CASCADE")
	for _, look := range []func() Finding{
		func() Finding { return d.spool(t.Context()) }, func() Finding { return d.mailSync(t.Context()) },
		func() Finding { return d.mailWatch(t.Context()) }, func() Finding { return d.whatsAppReconcile(t.Context()) },
		func() Finding { return d.knowledge(t.Context()) }, func() Finding { return d.suppressions(t.Context()) },
	} {
		f := look()
		require.Equal(t, Failed, f.Verdict)
		require.Contains(t, f.Found, "The database could not be read: the database does not have the expected schema")
	}
	require.True(t, older("0.8", "0.8.1"))
	require.False(t, older("0.8.1", "0.8"))
	require.Equal(t, "0 s", span(time.Millisecond))
}
