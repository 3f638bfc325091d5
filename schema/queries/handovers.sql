-- SaveHandover stores what a person needs to know, one a ticket, turn and
-- reason: asking again renews it.
-- name: SaveHandover :exec
INSERT INTO handovers (id, ticket_id, turn_id, code, reason, summary, tried, sources, sentiment, suggested_reply)
VALUES (sqlc.arg(id), sqlc.arg(ticket_id), sqlc.narg(turn_id), sqlc.arg(code), sqlc.arg(reason), sqlc.arg(summary),
        sqlc.arg(tried), sqlc.arg(sources)::text[], sqlc.narg(sentiment), sqlc.arg(suggested_reply))
ON CONFLICT (ticket_id, turn_id, code) DO UPDATE
SET reason = excluded.reason, summary = excluded.summary, tried = excluded.tried, sources = excluded.sources,
    sentiment = excluded.sentiment, suggested_reply = excluded.suggested_reply, created_at = now();

-- HandoverForTicket returns what staff is told about a ticket: the newest
-- hand-over for this reason, else the newest at all. A ticket without one
-- comes back with empty texts.
-- name: HandoverForTicket :one
SELECT t.id AS ticket_id, t.number, t.status, t.subject, t.category, t.priority, t.escalated_at, t.sla_due_at,
       c.id AS conversation_id, c.channel, c.assignee, k.name AS customer_name, (
           SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(k.id))
       )::text AS customer_tier,
       coalesce(h.reason, '')::text AS reason, coalesce(h.summary, '')::text AS summary, coalesce(h.tried, '')::text AS tried,
       coalesce(h.sources, '{}')::text[] AS sources, coalesce(h.sentiment, -1)::float8 AS sentiment,
       coalesce(h.suggested_reply, '')::text AS suggested_reply
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers k ON k.id = customer_root(c.customer_id)
LEFT JOIN LATERAL (
    SELECT * FROM handovers o
    WHERE o.ticket_id = t.id
    ORDER BY o.code = sqlc.arg(code)::text DESC, o.created_at DESC
    LIMIT 1
) h ON true
WHERE t.id = sqlc.arg(ticket_id);

-- LastWords returns the newest messages of the customer, the newest first.
-- name: LastWords :many
SELECT body FROM messages
WHERE conversation_id = sqlc.arg(conversation_id) AND author = 'customer'
ORDER BY provider_at DESC, external_id DESC
LIMIT sqlc.arg(max_messages);

-- SearchesOfTurn returns the searches of a turn, in the order in which they were made.
-- name: SearchesOfTurn :many
SELECT * FROM searches WHERE turn_id = sqlc.arg(turn_id) ORDER BY created_at, id;

-- DraftsOfTurn returns the drafts of a turn, oldest first.
-- name: DraftsOfTurn :many
SELECT * FROM drafts WHERE turn_id = sqlc.arg(turn_id) ORDER BY created_at, id;

-- LastModelCall returns the newest completion of a turn.
-- name: LastModelCall :one
SELECT * FROM model_calls WHERE turn_id = sqlc.arg(turn_id) ORDER BY created_at DESC, id LIMIT 1;

-- LastSendError returns why the newest part of a conversation that failed did.
-- name: LastSendError :one
SELECT error FROM outbox
WHERE conversation_id = sqlc.arg(conversation_id) AND state = 'failed' AND error <> ''
ORDER BY created_at DESC, part DESC
LIMIT 1;

-- TitlesOfChunks names the articles of chunks, each once, in the order of the chunks.
-- name: TitlesOfChunks :many
SELECT a.slug, a.title
FROM unnest(sqlc.arg(chunk_ids)::uuid[]) WITH ORDINALITY AS c (chunk_id, n)
JOIN knowledge_base k ON k.id = c.chunk_id
JOIN knowledge_articles a ON a.id = k.article_id
GROUP BY a.slug, a.title
ORDER BY min(c.n);

-- AskForPerson marks a ticket as waiting for a person, unless one has it, and
-- says why; a clock does not hide why a person was asked before.
-- name: AskForPerson :exec
UPDATE tickets
SET status = CASE WHEN status = 'with_human' THEN status ELSE 'needs_human' END,
    escalated_at = CASE WHEN status = 'with_human' THEN escalated_at ELSE coalesce(escalated_at, sqlc.arg(at)::timestamptz) END,
    escalation_code = CASE WHEN sqlc.arg(by_clock)::bool AND escalation_code <> '' AND status IN ('needs_human', 'with_human')
        THEN escalation_code ELSE sqlc.arg(escalation_code) END,
    escalation_reason = CASE WHEN sqlc.arg(by_clock)::bool AND escalation_code <> '' AND status IN ('needs_human', 'with_human')
        THEN escalation_reason ELSE sqlc.arg(escalation_reason) END,
    resolved_at = NULL, updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;
