-- PageTicket returns what the head of a ticket's page says. A further message
-- on the page of a closed form ticket opens a later one in the same
-- conversation, so a form ticket is as far as the newest.
-- name: PageTicket :one
SELECT t.created_at, l.status, l.updated_at
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
JOIN tickets l ON l.conversation_id = t.conversation_id
    AND (l.id = t.id OR c.channel = 'webform' AND l.created_at >= t.created_at)
WHERE t.id = sqlc.arg(ticket_id)
ORDER BY l.created_at DESC, l.id
LIMIT 1;

-- PageMessages returns what the holder of a ticket id may see of its
-- conversation: the messages of the ticket's turns, and those no turn has
-- taken up which came while it was the conversation's ticket. Whoever holds a
-- form ticket began that conversation and sees what followed on it as well, but
-- not what went by mail: whoever holds the page is not proved to be whoever
-- answers the mail, so that such a message comes back as elsewhere and without
-- its words. What was written after a phone number changed hands is not on the
-- page of a ticket from before. A report about a mail of ours is no message. A
-- message of ours that was withdrawn is left
-- out, and one that a person has stored and not sent.
-- name: PageMessages :many
WITH shown AS MATERIALIZED (
    SELECT t.id, t.conversation_id, ARRAY(
        SELECT l.id
        FROM tickets l
        WHERE l.conversation_id = t.conversation_id
          AND (l.id = t.id OR c.channel = 'webform' AND l.created_at >= t.created_at)
    ) AS ids, coalesce(
        (SELECT max(b.closed_at)
         FROM tickets b
         WHERE b.conversation_id = t.conversation_id AND b.created_at < t.created_at),
        '-infinity') AS since,
        CASE WHEN c.channel = 'webform' THEN 'infinity' ELSE coalesce(t.closed_at, 'infinity') END AS until,
        c.channel = 'webform' AS form, t.created_at, c.customer_since
    FROM tickets t
    JOIN conversations c ON c.id = t.conversation_id
    WHERE t.id = sqlc.arg(ticket_id)
), taken AS MATERIALIZED (
    -- An open turn names its messages before they are attached to it; a batch
    -- that was made anew names them again.
    SELECT DISTINCT ON (n.message_id) n.message_id, u.ticket_id
    FROM turns u
    JOIN shown t ON t.conversation_id = u.conversation_id
    CROSS JOIN unnest(u.message_ids) AS n (message_id)
    ORDER BY n.message_id, u.created_at DESC
)
SELECT m.id, m.author, CASE WHEN e.elsewhere THEN '' ELSE m.body END::text AS body,
       CASE WHEN e.elsewhere AND m.channel = 'webform' THEN 'email' ELSE m.channel END::text AS channel, e.elsewhere,
       m.provider_at, m.received_at, coalesce(o.delivery, '')::text AS delivery, o.sent_at
FROM shown t
JOIN messages m ON m.conversation_id = t.conversation_id
LEFT JOIN turns u ON u.id = m.turn_id
LEFT JOIN taken k ON k.message_id = m.id AND m.turn_id IS NULL
LEFT JOIN LATERAL (
    SELECT s.delivery, s.state, s.sent_at
    FROM outbox s
    WHERE s.message_id = m.id
    ORDER BY s.state = 'cancelled', s.created_at, s.id
    LIMIT 1
) o ON true
CROSS JOIN LATERAL (
    SELECT (t.form AND (m.verified OR EXISTS (
        -- What the message is, or answers. A person may answer anything that came before.
        SELECT FROM messages w
        WHERE (w.verified OR w.channel <> 'webform') AND w.id = ANY (CASE
            WHEN m.author = 'customer' THEN ARRAY[m.id]
            WHEN u.id IS NOT NULL THEN u.message_ids
            ELSE ARRAY(SELECT n.id FROM messages n
                       WHERE n.conversation_id = m.conversation_id AND n.author = 'customer' AND n.provider_at <= m.provider_at)
        END)
    )))::boolean AS elsewhere
) e
WHERE coalesce(u.ticket_id, k.ticket_id, CASE WHEN m.received_at > t.since AND m.received_at <= t.until THEN t.id END) = ANY (t.ids)
  AND (t.customer_since IS NULL OR (m.provider_at >= t.customer_since) = (t.created_at >= t.customer_since))
  AND o.state IS DISTINCT FROM 'cancelled'
  AND m.suppress_reason <> 'delivery_report'
  AND (NOT starts_with(m.external_id, 'staff:') OR o.state IS NOT NULL)
ORDER BY m.provider_at, m.received_at, m.external_id;
