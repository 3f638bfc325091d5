-- OpenTicket returns the ticket of a conversation that is not closed.
-- name: OpenTicket :one
SELECT * FROM tickets WHERE conversation_id = sqlc.arg(conversation_id) AND closed_at IS NULL;

-- InsertTicket opens a ticket; no row comes back when the id is taken, and a
-- second open one of the same conversation is refused by the partial unique index.
-- name: InsertTicket :one
INSERT INTO tickets (id, number, conversation_id, subject, category, priority)
VALUES (sqlc.arg(id), sqlc.arg(number), sqlc.arg(conversation_id), sqlc.arg(subject), sqlc.arg(category), sqlc.arg(priority))
ON CONFLICT (id) DO NOTHING
RETURNING *;

-- TicketByID returns one ticket.
-- name: TicketByID :one
SELECT * FROM tickets WHERE id = sqlc.arg(id);

-- SetTicketStatus moves a ticket that is not closed to another status.
-- name: SetTicketStatus :execrows
UPDATE tickets SET status = sqlc.arg(status), updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- ClassifyTicket stores what the model made of the matter.
-- name: ClassifyTicket :exec
UPDATE tickets SET category = sqlc.arg(category), priority = sqlc.arg(priority), updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- EscalateTicket marks a ticket as waiting for a person and says why.
-- name: EscalateTicket :execrows
UPDATE tickets
SET status = CASE WHEN status = 'with_human' THEN status ELSE 'needs_human' END,
    escalation_code = sqlc.arg(escalation_code), escalation_reason = sqlc.arg(escalation_reason), updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- CloseTicket ends a ticket on which it is the customer's turn; one that a
-- person has to act on stays open. A message that nothing has settled yet opens
-- a new ticket.
-- name: CloseTicket :execrows
UPDATE tickets SET status = 'closed', closed_at = now(), updated_at = now()
WHERE id = sqlc.arg(id) AND status IN ('waiting_customer', 'resolved');

-- EscalateUndelivered marks the ticket of a WhatsApp part that a provider took
-- and then failed to deliver, unless the ticket is closed.
-- name: EscalateUndelivered :one
UPDATE tickets t
SET status = CASE WHEN t.status = 'with_human' THEN t.status ELSE 'needs_human' END,
    escalation_code = sqlc.arg(escalation_code), escalation_reason = sqlc.arg(escalation_reason), updated_at = now()
FROM outbox o
JOIN turns u ON u.id = o.turn_id
JOIN conversations c ON c.id = o.conversation_id
WHERE t.id = u.ticket_id AND t.closed_at IS NULL
  AND o.via = 'whatsapp' AND o.delivery = 'failed' AND o.provider_id = sqlc.arg(provider_id)::text
RETURNING t.id, t.number, o.turn_id, c.customer_id, c.channel;

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
