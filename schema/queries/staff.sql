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

-- StaffTicket returns a ticket as people see it, and the number of the newest
-- one of its conversation.
-- name: StaffTicket :one
SELECT sqlc.embed(t), sqlc.embed(c), k.name AS customer_name, k.tier AS customer_tier, (
    SELECT n.number FROM tickets n WHERE n.conversation_id = c.id ORDER BY n.created_at DESC, n.id LIMIT 1
)::text AS newest_number
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers k ON k.id = c.customer_id
WHERE t.id = sqlc.arg(id);

-- StaffTickets returns the tickets of a status, or all that are not closed:
-- those whose promise is due first come first.
-- name: StaffTickets :many
SELECT sqlc.embed(t), sqlc.embed(c), k.name AS customer_name, k.tier AS customer_tier, t.number AS newest_number
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN customers k ON k.id = c.customer_id
WHERE (t.status = sqlc.narg(status)::text OR (sqlc.narg(status)::text IS NULL AND t.closed_at IS NULL))
  AND c.channel = coalesce(sqlc.narg(channel)::text, c.channel)
ORDER BY t.sla_due_at NULLS LAST, t.created_at, t.id
LIMIT sqlc.arg(max_tickets);

-- TicketsOfCustomer returns the newest tickets of a customer.
-- name: TicketsOfCustomer :many
SELECT sqlc.embed(t), sqlc.embed(c), k.name AS customer_name, k.tier AS customer_tier, t.number AS newest_number
FROM conversations c
JOIN tickets t ON t.conversation_id = c.id
JOIN customers k ON k.id = c.customer_id
WHERE c.customer_id = sqlc.arg(customer_id)
ORDER BY t.created_at DESC, t.id
LIMIT sqlc.arg(max_tickets);

-- InsertStaffMessage stores what a person writes to a customer, once for each
-- external id; MessageByExternalID finds it again.
-- name: InsertStaffMessage :execrows
INSERT INTO messages (id, conversation_id, channel, external_id, author, subject, body, provider_at)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(channel), sqlc.arg(external_id), 'staff', sqlc.arg(subject), sqlc.arg(body), now())
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
SELECT id, name, tier, created_at FROM customers WHERE id = sqlc.arg(id);

-- LockTier returns the tier of a customer and keeps everybody else from
-- changing it until the transaction ends.
-- name: LockTier :one
SELECT tier FROM customers WHERE id = sqlc.arg(id) FOR UPDATE;

-- SetTier sets the tier of a customer.
-- name: SetTier :exec
UPDATE customers SET tier = sqlc.arg(tier) WHERE id = sqlc.arg(id);

-- IdentitiesOf returns how a customer is known.
-- name: IdentitiesOf :many
SELECT kind, value, verified FROM customer_identities WHERE customer_id = sqlc.arg(customer_id) ORDER BY kind, value;

-- NoteAudit records who did what, and why.
-- name: NoteAudit :exec
INSERT INTO audit_log (actor, action, object, reason, detail)
VALUES (sqlc.arg(actor), sqlc.arg(action), sqlc.arg(object), sqlc.arg(reason), sqlc.arg(detail));
