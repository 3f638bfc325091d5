-- OpenTurn returns the turn that begins with this message, made now if need
-- be. While it is open its batch may still grow, and it belongs to the ticket
-- that is open now. One that was handed over is open again: the message would
-- not be unsettled unless the person had given it back unanswered. A turn is
-- verified when all of its messages are.
-- name: OpenTurn :one
INSERT INTO turns (id, conversation_id, ticket_id, first_message_id, message_ids, verified)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(ticket_id), sqlc.arg(first_message_id), sqlc.arg(message_ids)::uuid[],
        (SELECT coalesce(bool_and(m.verified), false) FROM messages m WHERE m.id = ANY (sqlc.arg(message_ids)::uuid[])))
ON CONFLICT (conversation_id, first_message_id) DO UPDATE
SET message_ids = CASE WHEN turns.state <> 'answered' THEN excluded.message_ids ELSE turns.message_ids END,
    ticket_id = CASE WHEN turns.state <> 'answered' THEN excluded.ticket_id ELSE turns.ticket_id END,
    verified = CASE WHEN turns.state <> 'answered' THEN excluded.verified ELSE turns.verified END,
    finished_at = CASE WHEN turns.state <> 'answered' THEN NULL ELSE turns.finished_at END,
    state = CASE WHEN turns.state = 'handed_over' THEN 'open' ELSE turns.state END
RETURNING *;

-- Turn returns one turn.
-- name: Turn :one
SELECT * FROM turns WHERE id = sqlc.arg(id);

-- RecordSearch adds to the turn what a search found, for whoever asks why.
-- name: RecordSearch :exec
UPDATE turns
SET knowledge_version = sqlc.arg(knowledge_version), chunk_ids = chunk_ids || sqlc.arg(chunk_ids)::uuid[],
    chunk_scores = chunk_scores || sqlc.arg(chunk_scores)::float8[]
WHERE id = sqlc.arg(id);

-- RecordModel notes on the turn which prompt and model spoke.
-- name: RecordModel :exec
UPDATE turns SET prompt_version = sqlc.arg(prompt_version), model = sqlc.arg(model) WHERE id = sqlc.arg(id);

-- RecordRule notes on the turn which rule decided it.
-- name: RecordRule :exec
UPDATE turns SET rule = sqlc.arg(rule) WHERE id = sqlc.arg(id);

-- RecordVerdicts notes on the turn what the review said.
-- name: RecordVerdicts :exec
UPDATE turns SET verdicts = sqlc.arg(verdicts) WHERE id = sqlc.arg(id);

-- SettleTurn ends an open turn.
-- name: SettleTurn :execrows
UPDATE turns SET state = sqlc.arg(state), finished_at = now() WHERE id = sqlc.arg(id) AND state = 'open';

-- InsertSearch stores a search once per turn and question; a known one is
-- reported as no row.
-- name: InsertSearch :execrows
INSERT INTO searches (id, turn_id, query, query_hash, knowledge_version, chunk_ids, chunk_scores, best_similarity, margin)
VALUES (sqlc.arg(id), sqlc.arg(turn_id), sqlc.arg(query), sqlc.arg(query_hash), sqlc.arg(knowledge_version),
        sqlc.arg(chunk_ids)::uuid[], sqlc.arg(chunk_scores)::float8[], sqlc.narg(best_similarity)::float8, sqlc.narg(margin)::float8)
ON CONFLICT (turn_id, query_hash) DO NOTHING;

-- SearchByQuery returns the stored search of a turn for a question.
-- name: SearchByQuery :one
SELECT * FROM searches WHERE turn_id = sqlc.arg(turn_id) AND query_hash = sqlc.arg(query_hash);

-- Searches returns the searches with these ids, oldest first.
-- name: Searches :many
SELECT * FROM searches WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY created_at, id;

-- TurnSummary says how a turn went: whose it was, how long the customer waited
-- until a provider had the last part of the reply, and what it cost.
-- name: TurnSummary :one
SELECT c.customer_id, c.channel, t.state = 'handed_over' AS escalated,
       (extract(epoch FROM coalesce((SELECT max(o.sent_at) FROM outbox o WHERE o.turn_id = t.id), t.finished_at, now()) - (
           SELECT min(m.received_at) FROM messages m WHERE m.id = ANY (t.message_ids)
       )) * 1000)::bigint AS latency_ms,
       (SELECT count(*) FROM model_calls k WHERE k.turn_id = t.id)::int AS calls,
       (SELECT coalesce(sum(k.prompt_tokens + k.completion_tokens), 0) FROM model_calls k WHERE k.turn_id = t.id)::int AS tokens,
       (SELECT coalesce(sum(k.cost_usd), 0) FROM model_calls k WHERE k.turn_id = t.id)::float8 AS cost_usd
FROM turns t
JOIN conversations c ON c.id = t.conversation_id
WHERE t.id = sqlc.arg(turn_id);

-- InsertDraft stores the answer that a completion proposed, once.
-- name: InsertDraft :exec
INSERT INTO drafts (id, turn_id, model_call_id, body, citations)
VALUES (sqlc.arg(id), sqlc.arg(turn_id), sqlc.arg(model_call_id), sqlc.arg(body), sqlc.arg(citations)::uuid[])
ON CONFLICT (model_call_id) DO NOTHING;

-- DraftOfCall returns the draft that a completion proposed.
-- name: DraftOfCall :one
SELECT * FROM drafts WHERE model_call_id = sqlc.arg(model_call_id);

-- Draft returns one draft.
-- name: Draft :one
SELECT * FROM drafts WHERE id = sqlc.arg(id);

-- CitedArticles returns the slugs of the articles that a draft cites, in the
-- order in which it cites them.
-- name: CitedArticles :many
SELECT a.slug
FROM drafts d
CROSS JOIN unnest(d.citations) WITH ORDINALITY AS c (chunk_id, n)
JOIN knowledge_base k ON k.id = c.chunk_id
JOIN knowledge_articles a ON a.id = k.article_id
WHERE d.id = sqlc.arg(draft_id)
GROUP BY a.slug
ORDER BY min(c.n);

-- RecordDraftVerdicts stores what the review said of a draft.
-- name: RecordDraftVerdicts :exec
UPDATE drafts SET verdicts = sqlc.arg(verdicts) WHERE id = sqlc.arg(id);

-- RetrievedInTurn returns every chunk that any search of a turn has found.
-- name: RetrievedInTurn :many
SELECT DISTINCT unnest(chunk_ids)::uuid AS chunk_id FROM searches WHERE turn_id = sqlc.arg(turn_id);

-- RecordTriage notes on the turn what the rules made of its messages.
-- name: RecordTriage :exec
UPDATE turns SET triage = sqlc.arg(triage) WHERE id = sqlc.arg(id);

-- RecordConfidence notes on the turn how far its last draft could be trusted.
-- name: RecordConfidence :exec
UPDATE turns SET confidence = sqlc.arg(confidence)::float8 WHERE id = sqlc.arg(id);
