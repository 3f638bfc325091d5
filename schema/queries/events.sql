-- InsertRawEvent keeps a raw mail; a known one is left as it is.
-- name: InsertRawEvent :exec
INSERT INTO raw_events (id, source, external_id, body, provider_at, labels)
VALUES (sqlc.arg(id), sqlc.arg(source), sqlc.arg(external_id), sqlc.arg(body), sqlc.arg(provider_at), sqlc.arg(labels)::text[])
ON CONFLICT (source, external_id) DO NOTHING;

-- RawEventID finds a raw mail by where it came from.
-- name: RawEventID :one
SELECT id FROM raw_events WHERE source = sqlc.arg(source) AND external_id = sqlc.arg(external_id);

-- RawEvent returns one raw mail.
-- name: RawEvent :one
SELECT body, provider_at, labels FROM raw_events WHERE id = sqlc.arg(id);

-- GetMailbox returns how far a mailbox has been read.
-- name: GetMailbox :one
SELECT * FROM mailboxes WHERE mailbox = sqlc.arg(mailbox);

-- InsertMailbox starts reading a mailbox at a cursor.
-- name: InsertMailbox :exec
INSERT INTO mailboxes (mailbox, cursor) VALUES (sqlc.arg(mailbox), sqlc.arg(cursor))
ON CONFLICT (mailbox) DO NOTHING;

-- AdvanceMailbox moves the cursor forward, never back.
-- name: AdvanceMailbox :exec
UPDATE mailboxes SET cursor = greatest(cursor, sqlc.arg(cursor)::bigint), synced_at = now()
WHERE mailbox = sqlc.arg(mailbox);

-- ResetMailbox sets the cursor after the provider has forgotten the old one.
-- name: ResetMailbox :exec
UPDATE mailboxes SET cursor = sqlc.arg(cursor), synced_at = now() WHERE mailbox = sqlc.arg(mailbox);

-- RecordWatch stores until when the provider pushes changes of a mailbox.
-- name: RecordWatch :exec
UPDATE mailboxes SET watch_expires_at = sqlc.arg(watch_expires_at) WHERE mailbox = sqlc.arg(mailbox);

-- InsertAgentMetric records a finished turn once.
-- name: InsertAgentMetric :exec
INSERT INTO agent_metrics (turn_id, channel, latency_ms, escalated, tool_calls_count, tokens, cost_usd)
VALUES (sqlc.arg(turn_id), sqlc.arg(channel), sqlc.arg(latency_ms), sqlc.arg(escalated), sqlc.arg(tool_calls_count),
        sqlc.arg(tokens), sqlc.arg(cost_usd))
ON CONFLICT (turn_id) DO NOTHING;
