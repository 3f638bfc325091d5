-- TicketsToLearnFrom returns tickets that people have resolved with words of
-- their own after the assistant had no answer, and that were not looked at yet.
-- name: TicketsToLearnFrom :many
SELECT t.id, t.number, t.conversation_id, t.subject, t.created_at, t.resolved_at, k.name AS customer_name
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers k ON k.id = customer_root(c.customer_id)
WHERE t.resolved_at IS NOT NULL AND t.status IN ('resolved', 'closed')
  AND EXISTS (SELECT FROM handovers h WHERE h.ticket_id = t.id AND h.code = ANY (sqlc.arg(codes)::text[]))
  AND NOT EXISTS (SELECT FROM article_proposals p WHERE p.ticket_id = t.id)
ORDER BY t.resolved_at, t.id
LIMIT sqlc.arg(max_tickets)::integer;

-- SentTalk returns what customers and people wrote in a conversation between
-- two times, the earliest first: of what people wrote, what has been sent.
-- name: SentTalk :many
SELECT m.id, m.author, m.subject, m.body
FROM messages m
WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.author IN ('customer', 'staff')
  AND m.received_at >= sqlc.arg(since) AND m.received_at <= sqlc.arg(until)
  AND (m.author = 'customer' OR NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id)
       OR EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id AND o.state = 'sent'))
ORDER BY m.provider_at, m.id;

-- LastAskedTurn returns the newest turn of a ticket that ended with a person
-- for one of these reasons.
-- name: LastAskedTurn :one
SELECT t.id, t.message_ids
FROM handovers h
JOIN turns t ON t.id = h.turn_id
WHERE h.ticket_id = sqlc.arg(ticket_id) AND h.code = ANY (sqlc.arg(codes)::text[])
ORDER BY h.created_at DESC
LIMIT 1;

-- InsertProposal stores what a ticket could add, once; a ticket that was looked
-- at already is reported as no row.
-- name: InsertProposal :execrows
INSERT INTO article_proposals (id, ticket_id, state, slug, title, body, language, similar_slug, similarity, reason, embedding, embedding_model)
VALUES (sqlc.arg(id), sqlc.arg(ticket_id), sqlc.arg(state), sqlc.arg(slug), sqlc.arg(title), sqlc.arg(body), sqlc.arg(language),
        sqlc.arg(similar_slug), sqlc.arg(similarity), sqlc.arg(reason), sqlc.narg(embedding)::vector, sqlc.arg(embedding_model))
ON CONFLICT DO NOTHING;

-- NearestProposal returns the proposal, waiting or approved, that is nearest to a vector.
-- name: NearestProposal :one
SELECT p.slug, p.state, (1 - (p.embedding <=> sqlc.arg(embedding)::vector))::float8 AS similarity
FROM article_proposals p
WHERE p.state IN ('proposed', 'approved') AND p.embedding_model = sqlc.arg(embedding_model) AND p.embedding IS NOT NULL
ORDER BY similarity DESC, p.slug
LIMIT 1;

-- Proposals returns proposals in one of these states, the oldest first.
-- name: Proposals :many
SELECT p.id, p.slug, p.title, p.language, p.state, p.similar_slug, p.similarity, p.reason, p.decided_by, p.decided_at, p.created_at, t.number
FROM article_proposals p
JOIN tickets t ON t.id = p.ticket_id
WHERE p.state = ANY (sqlc.arg(states)::text[])
ORDER BY p.created_at, p.id;

-- ProposalsLike returns the proposals whose id begins with these characters.
-- name: ProposalsLike :many
SELECT p.id, p.slug, p.title, p.body, p.language, p.state, p.similar_slug, p.similarity, p.reason, p.decided_by, p.decided_at,
       p.created_at, p.ticket_id, t.number
FROM article_proposals p
JOIN tickets t ON t.id = p.ticket_id
WHERE starts_with(p.id::text, sqlc.arg(prefix)::text)
ORDER BY p.id
LIMIT 2;

-- EditProposal gives a proposal that waits another text. Its vector is that of
-- the text as it was proposed, which duplicates are told by.
-- name: EditProposal :execrows
UPDATE article_proposals SET title = sqlc.arg(title), body = sqlc.arg(body), language = sqlc.arg(language)
WHERE id = sqlc.arg(id) AND state = 'proposed';

-- DecideProposal moves a proposal from one state to another.
-- name: DecideProposal :execrows
UPDATE article_proposals
SET state = sqlc.arg(state), decided_by = sqlc.arg(decided_by), decided_at = now(), reason = sqlc.arg(reason)
WHERE id = sqlc.arg(id) AND state = sqlc.arg(was);

-- ApprovedProposals returns the learned articles.
-- name: ApprovedProposals :many
SELECT id, slug, title, body, language, ticket_id, decided_by, decided_at FROM article_proposals WHERE state = 'approved' ORDER BY slug;

-- WithdrawProposals takes every learned article out.
-- name: WithdrawProposals :exec
UPDATE article_proposals SET state = 'withdrawn', decided_at = now(), reason = 'an ingest without learned articles'
WHERE state = 'approved';
