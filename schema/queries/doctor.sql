-- ServerFacts returns the versions of the server and of pgvector (the one this
-- database has and the one it could have, each empty if there is none), and
-- whether this database was ever migrated.
-- name: ServerFacts :one
SELECT current_setting('server_version')::text AS version,
       current_setting('server_version_num')::integer AS version_number,
       coalesce((SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'vector'), '')::text AS pgvector,
       coalesce((SELECT a.default_version FROM pg_catalog.pg_available_extensions a WHERE a.name = 'vector'), '')::text AS pgvector_available,
       (to_regclass('goose_db_version') IS NOT NULL)::boolean AS migrated;

-- MailboxHealth says how many seconds ago a mailbox was read to its end, and
-- until when Gmail pushes its changes; null if it never did.
-- name: MailboxHealth :one
SELECT extract(epoch FROM now() - synced_at)::float8 AS synced_seconds,
       watch_expires_at
FROM mailboxes
WHERE mailbox = sqlc.arg(mailbox);

-- NumberHealth says for how many seconds back the messages of one of our
-- numbers are not known to be complete.
-- name: NumberHealth :one
SELECT extract(epoch FROM now() - reconciled_at)::float8 AS reconciled_seconds
FROM whatsapp_numbers
WHERE number = sqlc.arg(number);

-- CountSuppressions counts the recipients that get no automatic messages, by
-- kind of address and reason.
-- name: CountSuppressions :many
SELECT kind, reason, count(*) AS recipients
FROM suppressions
GROUP BY kind, reason
ORDER BY kind, reason;

-- StuckParts returns the parts whose provider call began before a time and has
-- no known outcome, the oldest first.
-- name: StuckParts :many
SELECT o.id, o.via, extract(epoch FROM now() - coalesce(o.attempted_at, o.created_at))::float8 AS seconds, coalesce((
    SELECT t.number FROM tickets t WHERE t.conversation_id = o.conversation_id ORDER BY t.created_at DESC, t.id LIMIT 1
), '')::text AS ticket_number
FROM outbox o
WHERE o.state = 'sending' AND coalesce(o.attempted_at, o.created_at) < sqlc.arg(before)::timestamptz
ORDER BY seconds DESC, o.id;

-- OverdueTickets returns the tickets that need a person and have waited longer
-- than was promised, the latest first.
-- name: OverdueTickets :many
SELECT number, priority, extract(epoch FROM now() - sla_due_at)::float8 AS late_seconds
FROM tickets
WHERE status = 'needs_human' AND closed_at IS NULL AND sla_due_at < now()
ORDER BY sla_due_at, id;

-- LiveKnowledge returns the version that searches use, the model it was made
-- with and how much is in it.
-- name: LiveKnowledge :one
SELECT v.id, v.embedding_model,
       (SELECT count(*) FROM knowledge_articles a WHERE a.version = v.id) AS articles,
       (SELECT count(*) FROM knowledge_base k WHERE k.version = v.id) AS chunks
FROM knowledge_versions v
WHERE v.live;
