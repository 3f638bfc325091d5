-- EarlierContact returns the newest message of an earlier ticket that the
-- customer of a turn has written on another channel since a time. Only what
-- channels have proved counts, and only the first turn of a ticket has one.
-- name: EarlierContact :one
SELECT m.channel, m.provider_at, e.number
FROM turns u
JOIN tickets t ON t.id = u.ticket_id
JOIN conversations h ON h.id = t.conversation_id
CROSS JOIN LATERAL customer_family(h.customer_id) AS f (id)
JOIN conversations c ON c.customer_id = f.id
JOIN tickets e ON e.conversation_id = c.id AND e.id <> t.id AND e.created_at < t.created_at
    AND e.created_at >= coalesce(c.customer_since, '-infinity')
JOIN turns w ON w.ticket_id = e.id AND w.verified
JOIN messages m ON m.id = ANY (w.message_ids) AND m.channel IN ('email', 'whatsapp') AND m.channel <> h.channel
WHERE u.id = sqlc.arg(turn_id) AND u.verified AND m.provider_at >= sqlc.arg(since)::timestamptz
  AND NOT EXISTS (SELECT FROM messages x WHERE x.id = ANY (u.message_ids) AND x.channel = m.channel)
  AND NOT EXISTS (SELECT FROM turns o WHERE o.ticket_id = t.id AND o.id <> u.id AND o.state <> 'open' AND o.created_at <= u.created_at)
ORDER BY m.provider_at DESC, m.external_id DESC
LIMIT 1;
