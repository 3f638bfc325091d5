-- TicketIDsByNumber returns the tickets of a number, which is made of an id
-- and so hardly ever names two.
-- name: TicketIDsByNumber :many
SELECT id FROM tickets WHERE number = sqlc.arg(number) ORDER BY created_at DESC LIMIT 2;

-- NewestTicketID returns the newest ticket of the conversation with this workflow.
-- name: NewestTicketID :one
SELECT t.id
FROM conversations c
JOIN tickets t ON t.conversation_id = c.id
WHERE c.workflow_id = sqlc.arg(workflow_id)
ORDER BY t.created_at DESC, t.id
LIMIT 1;

-- StaffTicket returns a ticket as people see it, with who its customer is after
-- all merges, and the number of the newest one of its conversation. A customer
-- is a vip if any of those he is one with is.
-- name: StaffTicket :one
SELECT sqlc.embed(t), sqlc.embed(c), k.id AS customer_id, k.name AS customer_name, (
    SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(k.id))
)::text AS customer_tier, (
    SELECT n.number FROM tickets n WHERE n.conversation_id = c.id ORDER BY n.created_at DESC, n.id LIMIT 1
)::text AS newest_number
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers k ON k.id = customer_root(c.customer_id)
WHERE t.id = sqlc.arg(id);

-- StaffTickets returns the tickets of a status, or all that are not closed:
-- those whose promise is due first come first.
-- name: StaffTickets :many
SELECT sqlc.embed(t), sqlc.embed(c), k.id AS customer_id, k.name AS customer_name, (
    SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(k.id))
)::text AS customer_tier, t.number AS newest_number
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers l ON l.id = c.customer_id
JOIN customers k ON k.id = CASE WHEN l.merged_into IS NULL THEN l.id ELSE customer_root(l.id) END
WHERE (t.status = sqlc.narg(status)::text OR (sqlc.narg(status)::text IS NULL AND t.closed_at IS NULL))
  AND c.channel = coalesce(sqlc.narg(channel)::text, c.channel)
ORDER BY t.sla_due_at NULLS LAST, t.created_at, t.id
LIMIT sqlc.arg(max_tickets);

-- TicketsOfCustomer returns the newest tickets of a customer and of all he is
-- one with; those from before a phone number became his are not his.
-- name: TicketsOfCustomer :many
SELECT sqlc.embed(t), sqlc.embed(c), k.id AS customer_id, k.name AS customer_name, (
    SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(k.id))
)::text AS customer_tier, t.number AS newest_number
FROM conversations c
JOIN tickets t ON t.conversation_id = c.id
JOIN customers k ON k.id = customer_root(sqlc.arg(customer_id))
WHERE c.customer_id IN (SELECT customer_family(sqlc.arg(customer_id)))
  AND (c.customer_since IS NULL OR t.created_at >= c.customer_since)
ORDER BY t.created_at DESC, t.id
LIMIT sqlc.arg(max_tickets);

-- InsertStaffMessage stores what a person writes to a customer, once for each
-- external id; MessageByExternalID finds it again. It answers whatever the
-- customer wrote last.
-- name: InsertStaffMessage :execrows
INSERT INTO messages (id, conversation_id, channel, external_id, author, subject, body, provider_at, verified)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(channel), sqlc.arg(external_id), 'staff', sqlc.arg(subject), sqlc.arg(body), now(),
        coalesce((SELECT n.verified FROM messages n
                  WHERE n.conversation_id = sqlc.arg(conversation_id) AND n.author = 'customer'
                  ORDER BY n.provider_at DESC, n.external_id DESC LIMIT 1), false))
ON CONFLICT (channel, external_id) DO NOTHING;

-- DiscardStaffMessage forgets a person's message that no send has been made of.
-- name: DiscardStaffMessage :execrows
DELETE FROM messages m
WHERE m.id = sqlc.arg(id) AND m.author = 'staff' AND m.turn_id IS NULL
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id);

-- InsertNote stores what a person writes for colleagues, once for each id.
-- name: InsertNote :execrows
INSERT INTO notes (id, conversation_id, actor, body)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(actor), sqlc.arg(body))
ON CONFLICT (id) DO NOTHING;

-- Note returns one note.
-- name: Note :one
SELECT * FROM notes WHERE id = sqlc.arg(id);

-- NewestTurn returns the newest turn of a ticket.
-- name: NewestTurn :one
SELECT * FROM turns WHERE ticket_id = sqlc.arg(ticket_id) ORDER BY created_at DESC, id LIMIT 1;

-- InsertInstruction stores how a turn is to be thought through again, once for each id.
-- name: InsertInstruction :execrows
INSERT INTO instructions (id, turn_id, prompt_version, model, actor, reason, auto)
VALUES (sqlc.arg(id), sqlc.arg(turn_id), sqlc.arg(prompt_version), sqlc.arg(model), sqlc.arg(actor), sqlc.arg(reason), sqlc.arg(auto))
ON CONFLICT (id) DO NOTHING;

-- InstructionByID returns one instruction.
-- name: InstructionByID :one
SELECT * FROM instructions WHERE id = sqlc.arg(id);

-- LockModes makes everybody else who sets a mode wait until this transaction
-- ends: an emergency stop must see every row that it has to remove.
-- name: LockModes :exec
SELECT pg_advisory_xact_lock(hashtextextended('channel_configs', 0));

-- StopClaims lets the claims under way end and makes all others wait until this
-- transaction ends: whoever is told of a new mode can rely on it.
-- name: StopClaims :exec
LOCK TABLE outbox IN SHARE MODE;

-- AllModes returns every mode that somebody has set.
-- name: AllModes :many
SELECT channel, category, mode, updated_at FROM channel_configs ORDER BY channel, category;

-- PutMode sets the mode of a channel, or of one category of it.
-- name: PutMode :exec
INSERT INTO channel_configs (channel, category, mode)
VALUES (sqlc.arg(channel), sqlc.arg(category), sqlc.arg(mode))
ON CONFLICT (channel, category) DO UPDATE SET mode = excluded.mode, updated_at = now();

-- ForgetCategoryModes makes every category of a channel follow the channel.
-- name: ForgetCategoryModes :exec
DELETE FROM channel_configs WHERE channel = sqlc.arg(channel) AND category <> '';

-- StaffCustomer returns a customer as people see him.
-- name: StaffCustomer :one
SELECT k.id, k.name, k.created_at, (
    SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(k.id))
)::text AS tier
FROM customers k WHERE k.id = sqlc.arg(id);

-- SetTier sets the tier of a customer and of all he is one with.
-- name: SetTier :exec
UPDATE customers SET tier = sqlc.arg(tier) WHERE id IN (SELECT customer_family(sqlc.arg(id)));

-- IdentitiesOf returns how a customer is known, after all merges.
-- name: IdentitiesOf :many
SELECT kind, value, seen_at
FROM customer_identities
WHERE customer_id IN (SELECT customer_family(sqlc.arg(customer_id)))
ORDER BY kind, value;

-- ClaimsOf returns what was claimed in the conversations of a customer, and who
-- else claims to be known as he is. A person has to judge what is not proved.
-- name: ClaimsOf :many
WITH f AS MATERIALIZED (
    SELECT customer_family(sqlc.arg(customer_id)) AS id
), found AS (
    SELECT i.conversation_id, i.kind, i.value
    FROM f
    JOIN conversations c ON c.customer_id = f.id
    JOIN identity_claims i ON i.conversation_id = c.id AND i.created_at >= coalesce(c.customer_since, '-infinity')
    UNION
    SELECT i.conversation_id, i.kind, i.value
    FROM f
    JOIN customer_identities k ON k.customer_id = f.id
    JOIN identity_claims i ON i.kind = k.kind AND i.value = k.value
)
SELECT i.kind, i.value, i.proved_at, i.created_at, (c.customer_id IN (SELECT id FROM f))::boolean AS own, coalesce((
    SELECT t.number FROM tickets t WHERE t.conversation_id = c.id ORDER BY t.created_at DESC, t.id LIMIT 1
), '')::text AS number
FROM found
JOIN identity_claims i USING (conversation_id, kind, value)
JOIN conversations c ON c.id = i.conversation_id
ORDER BY i.created_at DESC, i.kind, i.value
LIMIT sqlc.arg(max_claims);

-- NewestClaimant returns the customer of the newest conversation in which
-- somebody says to be known like this.
-- name: NewestClaimant :one
SELECT customer_root(c.customer_id)::uuid
FROM identity_claims i
JOIN conversations c ON c.id = i.conversation_id
WHERE i.kind = sqlc.arg(kind) AND i.value = sqlc.arg(value)
ORDER BY i.created_at DESC, c.id
LIMIT 1;

-- MergesOf returns the merges that a customer came out of, and those that were
-- undone, the newest first.
-- name: MergesOf :many
WITH f AS MATERIALIZED (
    SELECT customer_family(sqlc.arg(customer_id)) AS id
)
SELECT m.id, m.reason, m.actor, m.created_at, m.undone_at, m.undone_by, m.merged_id, m.into_id, coalesce((
    SELECT t.number FROM messages w JOIN tickets t ON t.conversation_id = w.conversation_id
    WHERE w.id = m.message_id ORDER BY t.created_at DESC, t.id LIMIT 1
), '')::text AS number
FROM customer_merges m
WHERE m.merged_id IN (SELECT id FROM f) OR m.into_id IN (SELECT id FROM f)
ORDER BY m.created_at DESC, m.id
LIMIT sqlc.arg(max_merges);

-- NoteAudit records who did what, and why.
-- name: NoteAudit :exec
INSERT INTO audit_log (actor, action, object, reason, detail)
VALUES (sqlc.arg(actor), sqlc.arg(action), sqlc.arg(object), sqlc.arg(reason), sqlc.arg(detail));
