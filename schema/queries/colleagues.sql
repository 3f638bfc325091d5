-- TicketMessages returns the newest messages of a ticket, for people and their
-- programs, the newest first: those of its turns, and those no turn has taken
-- up which came while it was the conversation's ticket. What we never said,
-- because it was withdrawn, or stored by a person and not sent, is left out, and
-- so are reports about a mail of ours.
-- name: TicketMessages :many
WITH shown AS MATERIALIZED (
    SELECT t.id, t.conversation_id, coalesce(
        (SELECT max(b.closed_at)
         FROM tickets b
         WHERE b.conversation_id = t.conversation_id AND b.created_at < t.created_at),
        '-infinity') AS since, coalesce(t.closed_at, 'infinity') AS until
    FROM tickets t
    WHERE t.id = sqlc.arg(ticket_id)
), taken AS MATERIALIZED (
    -- An open turn names its messages before they are attached to it.
    SELECT DISTINCT ON (n.message_id) n.message_id, u.ticket_id
    FROM turns u
    JOIN shown t ON t.conversation_id = u.conversation_id
    CROSS JOIN unnest(u.message_ids) AS n (message_id)
    ORDER BY n.message_id, u.created_at DESC
)
SELECT m.id, m.author, m.channel, m.subject, m.body, m.verified, m.provider_at, coalesce(o.delivery, '')::text AS delivery
FROM shown t
JOIN messages m ON m.conversation_id = t.conversation_id
LEFT JOIN turns u ON u.id = m.turn_id
LEFT JOIN taken k ON k.message_id = m.id AND m.turn_id IS NULL
LEFT JOIN LATERAL (
    SELECT s.delivery, s.state
    FROM outbox s
    WHERE s.message_id = m.id
    ORDER BY s.state = 'cancelled', s.created_at, s.id
    LIMIT 1
) o ON true
WHERE coalesce(u.ticket_id, k.ticket_id, CASE WHEN m.received_at > t.since AND m.received_at <= t.until THEN t.id END) = t.id
  AND o.state IS DISTINCT FROM 'cancelled'
  AND m.suppress_reason <> 'delivery_report'
  AND (NOT starts_with(m.external_id, 'staff:') OR o.state IS NOT NULL)
ORDER BY m.provider_at DESC, m.received_at DESC, m.external_id DESC
LIMIT sqlc.arg(max_messages);

-- CustomerMessages returns the newest messages of a customer and of all he is
-- one with, over all channels, the newest first; those from before a phone
-- number became his are not his. What is left out is left out of TicketMessages
-- too. Number is of the ticket that a turn took the message up for, if one did.
-- name: CustomerMessages :many
SELECT newest.*, coalesce(t.number, '')::text AS number, coalesce(o.delivery, '')::text AS delivery
FROM conversations c
CROSS JOIN LATERAL (
    SELECT m.id, m.author, m.channel, m.subject, m.body, m.verified, m.provider_at, m.external_id, m.turn_id
    FROM messages m
    WHERE m.conversation_id = c.id AND m.provider_at >= coalesce(c.customer_since, '-infinity')
      AND m.suppress_reason <> 'delivery_report'
      AND (m.author = 'customer' OR NOT EXISTS (SELECT FROM outbox w WHERE w.message_id = m.id)
           OR EXISTS (SELECT FROM outbox w WHERE w.message_id = m.id AND w.state <> 'cancelled'))
      AND (NOT starts_with(m.external_id, 'staff:') OR EXISTS (SELECT FROM outbox w WHERE w.message_id = m.id))
    ORDER BY m.provider_at DESC, m.external_id DESC
    LIMIT sqlc.arg(max_messages)
) newest
LEFT JOIN turns u ON u.id = newest.turn_id
LEFT JOIN tickets t ON t.id = u.ticket_id
LEFT JOIN LATERAL (
    SELECT s.delivery
    FROM outbox s
    WHERE s.message_id = newest.id
    ORDER BY s.state = 'cancelled', s.created_at, s.id
    LIMIT 1
) o ON true
WHERE c.customer_id IN (SELECT customer_family(sqlc.arg(customer_id)))
ORDER BY newest.provider_at DESC, newest.external_id DESC
LIMIT sqlc.arg(max_messages);
