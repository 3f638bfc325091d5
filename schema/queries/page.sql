-- PageMessages returns what the holder of a ticket id may see of its
-- conversation: the messages of the ticket's turns, and those no turn has
-- taken up which came while it was the conversation's ticket. A message of ours
-- that was withdrawn is left out.
-- name: PageMessages :many
SELECT m.id, m.author, m.body, m.channel, m.provider_at, m.received_at, coalesce(o.delivery, '')::text AS delivery, o.sent_at
FROM tickets t
JOIN messages m ON m.conversation_id = t.conversation_id
LEFT JOIN LATERAL (
    SELECT s.delivery, s.state, s.sent_at
    FROM outbox s
    WHERE s.message_id = m.id
    ORDER BY s.state = 'cancelled', s.created_at, s.id
    LIMIT 1
) o ON true
WHERE t.id = sqlc.arg(ticket_id)
  AND o.state IS DISTINCT FROM 'cancelled'
  AND (
      m.turn_id IN (SELECT u.id FROM turns u WHERE u.ticket_id = t.id)
      OR m.turn_id IS NULL AND coalesce(
          -- An open turn names its messages before they are attached to it.
          (SELECT u.ticket_id = t.id
           FROM turns u
           WHERE u.conversation_id = t.conversation_id AND m.id = ANY (u.message_ids)
           ORDER BY u.created_at DESC
           LIMIT 1),
          m.received_at <= coalesce(t.closed_at, 'infinity') AND m.received_at > coalesce(
              (SELECT max(b.closed_at)
               FROM tickets b
               WHERE b.conversation_id = t.conversation_id AND b.created_at < t.created_at),
              '-infinity')))
ORDER BY m.provider_at, m.received_at, m.external_id;

-- SpoolBacklog says how many events wait in the spool and for how many seconds
-- the oldest has.
-- name: SpoolBacklog :one
SELECT count(*) AS depth,
       coalesce(extract(epoch FROM now() - min(spooled_at)), 0)::float8 AS oldest_seconds
FROM webhook_spool;
