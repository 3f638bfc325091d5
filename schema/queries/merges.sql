-- CustomerRoot returns who a customer is after all merges.
-- name: CustomerRoot :one
SELECT customer_root(sqlc.arg(id))::uuid;

-- SameCustomer says whether two customers are one.
-- name: SameCustomer :one
SELECT (customer_root(sqlc.arg(a)) = customer_root(sqlc.arg(b)))::boolean;

-- InsertClaim notes what somebody says to be in a conversation, once.
-- name: InsertClaim :exec
INSERT INTO identity_claims (conversation_id, kind, value)
VALUES (sqlc.arg(conversation_id), sqlc.arg(kind), sqlc.arg(value))
ON CONFLICT DO NOTHING;

-- ClaimWaits says whether a conversation has this claim and nothing has proved it yet.
-- name: ClaimWaits :one
SELECT EXISTS (
    SELECT FROM identity_claims
    WHERE conversation_id = sqlc.arg(conversation_id) AND kind = sqlc.arg(kind) AND value = sqlc.arg(value) AND proved_at IS NULL
);

-- ProveClaim notes that the channel of a claim has proved it.
-- name: ProveClaim :exec
UPDATE identity_claims SET proved_at = sqlc.arg(at)::timestamptz
WHERE conversation_id = sqlc.arg(conversation_id) AND kind = sqlc.arg(kind) AND value = sqlc.arg(value) AND proved_at IS NULL;

-- NamedTickets returns the conversations of the tickets with these numbers, and
-- whether one claims this identity. A number that two conversations share names
-- neither, and a ticket from before a phone number changed hands belongs to
-- nobody who writes there now.
-- name: NamedTickets :many
SELECT c.id AS conversation_id, c.customer_id, EXISTS (
    SELECT FROM identity_claims i
    WHERE i.conversation_id = c.id AND i.kind = sqlc.arg(kind) AND i.value = sqlc.arg(value) AND i.proved_at IS NULL
) AS claimed
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
WHERE t.number = ANY (sqlc.arg(numbers)::text[])
  AND (c.customer_since IS NULL OR t.created_at >= c.customer_since)
  AND NOT EXISTS (SELECT FROM tickets o WHERE o.number = t.number AND o.conversation_id <> t.conversation_id)
GROUP BY c.id
ORDER BY min(t.created_at), c.id;

-- MergeObstacles says what forbids to take the customer of a conversation and
-- another one for the same without a person: a person has parted them before;
-- each has an address of one kind that the other has not; or somebody has proved
-- before to be who a conversation is with that began with what was typed. Whoever
-- typed it knows its ticket's number, so that it leads to one customer only.
-- name: MergeObstacles :one
WITH here AS (
    SELECT c.sender_verified, c.customer_id FROM conversations c WHERE c.id = sqlc.arg(conversation_id)
), a AS MATERIALIZED (
    SELECT f.id FROM here, customer_family(here.customer_id) AS f (id)
), b AS MATERIALIZED (
    SELECT f.id FROM customer_family(sqlc.arg(customer_id)) AS f (id)
)
SELECT EXISTS (
    SELECT FROM customer_merges m
    WHERE m.undone_at IS NOT NULL
      AND (m.merged_id IN (SELECT id FROM a) AND m.into_id IN (SELECT id FROM b)
           OR m.merged_id IN (SELECT id FROM b) AND m.into_id IN (SELECT id FROM a))
) AS undone, EXISTS (
    SELECT FROM customer_identities i
    JOIN customer_identities j ON j.kind = i.kind AND j.value <> i.value
    WHERE i.customer_id IN (SELECT id FROM a) AND j.customer_id IN (SELECT id FROM b)
) AS conflict, (
    NOT (SELECT sender_verified FROM here) AND (
        EXISTS (SELECT FROM customer_identities i WHERE i.customer_id IN (SELECT id FROM a))
        OR EXISTS (SELECT FROM messages m WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.author = 'customer' AND m.verified)
    )
)::boolean AS bridge;

-- MergeCustomers makes the younger of two customers point to the older one, and
-- records why. No row comes back when they are one already. The caller holds
-- LockCustomers.
-- name: MergeCustomers :one
WITH roots AS (
    SELECT c.id, row_number() OVER (ORDER BY c.created_at, c.id) AS n
    FROM customers c
    WHERE c.id IN (customer_root(sqlc.arg(a)), customer_root(sqlc.arg(b)))
), pair AS (
    SELECT older.id AS into_id, younger.id AS merged_id
    FROM roots older
    JOIN roots younger ON younger.n = 2
    WHERE older.n = 1
), linked AS (
    UPDATE customers c SET merged_into = pair.into_id FROM pair WHERE c.id = pair.merged_id
)
INSERT INTO customer_merges (id, merged_id, into_id, reason, message_id, actor)
SELECT sqlc.arg(id), pair.merged_id, pair.into_id, sqlc.arg(reason), sqlc.narg(message_id), sqlc.arg(actor)
FROM pair
RETURNING id, merged_id, into_id;

-- UndoMerge parts two customers again; no row comes back when that has been
-- done, or there is no such merge. The caller holds LockCustomers.
-- name: UndoMerge :one
WITH undone AS (
    UPDATE customer_merges m
    SET undone_at = now(), undone_by = sqlc.arg(actor)
    WHERE m.id = sqlc.arg(id) AND m.undone_at IS NULL
    RETURNING m.id, m.merged_id, m.into_id
)
UPDATE customers c SET merged_into = NULL
FROM undone WHERE c.id = undone.merged_id
RETURNING undone.id, undone.merged_id, undone.into_id;

-- SameWords finds the conversation on another channel in which the same customer
-- has just written the same. The caller holds LockCustomer.
-- name: SameWords :one
SELECT m.conversation_id
FROM messages m
JOIN conversations c ON c.id = m.conversation_id
WHERE m.text_hash = sqlc.arg(text_hash)::bytea
  AND m.provider_at BETWEEN sqlc.arg(since)::timestamptz AND sqlc.arg(until)::timestamptz
  AND m.channel <> sqlc.arg(channel) AND m.conversation_id <> sqlc.arg(conversation_id)
  AND c.customer_id IN (SELECT customer_family(sqlc.arg(customer_id)))
ORDER BY m.provider_at, m.external_id
LIMIT 1;

-- JoinConversation lets an address enter a conversation later.
-- name: JoinConversation :exec
UPDATE conversations SET participants = participants || sqlc.arg(participant)::text
WHERE id = sqlc.arg(id) AND NOT sqlc.arg(participant)::text = ANY (participants);

-- Merge returns one merge.
-- name: Merge :one
SELECT * FROM customer_merges WHERE id = sqlc.arg(id);
