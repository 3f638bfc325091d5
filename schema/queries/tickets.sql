-- OpenTicket returns the ticket of a conversation that is not closed.
-- name: OpenTicket :one
SELECT * FROM tickets WHERE conversation_id = sqlc.arg(conversation_id) AND closed_at IS NULL;

-- NewestTicket returns the ticket that a conversation had last, open or not.
-- name: NewestTicket :one
SELECT * FROM tickets WHERE conversation_id = sqlc.arg(conversation_id) ORDER BY created_at DESC, id LIMIT 1;

-- InsertTicket opens a ticket; no row comes back when the id is taken, and a
-- second open one of the same conversation is refused by the partial unique index.
-- name: InsertTicket :one
INSERT INTO tickets (id, number, conversation_id, subject, category, priority, created_at)
VALUES (sqlc.arg(id), sqlc.arg(number), sqlc.arg(conversation_id), sqlc.arg(subject), sqlc.arg(category), sqlc.arg(priority),
        coalesce(sqlc.narg(created_at)::timestamptz, now()))
ON CONFLICT (id) DO NOTHING
RETURNING *;

-- TicketByID returns one ticket.
-- name: TicketByID :one
SELECT * FROM tickets WHERE id = sqlc.arg(id);

-- SetTicketStatus moves a ticket that is not closed to another status.
-- name: SetTicketStatus :execrows
UPDATE tickets SET status = sqlc.arg(status), updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- ClassifyTicket stores what the model made of the matter; a priority that a
-- person has set stays.
-- name: ClassifyTicket :exec
UPDATE tickets
SET category = sqlc.arg(category), updated_at = now(),
    priority = CASE WHEN priority_by_person THEN priority ELSE sqlc.arg(priority) END
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- CloseTicket ends a ticket on which it is the customer's turn; one that a
-- person has to act on stays open. A message that nothing has settled yet opens
-- a new ticket.
-- name: CloseTicket :execrows
UPDATE tickets
SET status = 'closed', closed_at = now(), pending_draft_id = NULL, sla_due_at = NULL, updated_at = now()
WHERE id = sqlc.arg(id) AND status IN ('waiting_customer', 'resolved');

-- AddSentiment appends one reading to the customer's history and keeps the
-- last hundred; one reading a turn.
-- name: AddSentiment :exec
UPDATE customers SET sentiment_history = (
    SELECT coalesce(jsonb_agg(e ORDER BY n), '[]')
    FROM (
        SELECT e, n FROM jsonb_array_elements(
            customers.sentiment_history
            || jsonb_build_array(jsonb_build_object('turn_id', sqlc.arg(turn_id)::text, 'sentiment', sqlc.arg(sentiment)::float8))
        ) WITH ORDINALITY AS r (e, n)
        ORDER BY n DESC LIMIT 100
    ) newest
)
WHERE id = sqlc.arg(customer_id)
  AND NOT sentiment_history @> jsonb_build_array(jsonb_build_object('turn_id', sqlc.arg(turn_id)::text));
