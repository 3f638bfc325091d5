-- PurgeProcessed forgets how messages were settled that are older than a time
-- and belong to closed tickets, at most so many at a time. A message that has
-- no turn belongs to whatever ticket its conversation has open.
-- name: PurgeProcessed :execrows
DELETE FROM processed_messages
WHERE message_id IN (
    SELECT p.message_id
    FROM processed_messages p
    JOIN messages m ON m.id = p.message_id
    LEFT JOIN turns u ON u.id = p.turn_id
    WHERE p.processed_at < sqlc.arg(before)::timestamptz
      AND NOT EXISTS (
          SELECT FROM tickets t
          WHERE t.closed_at IS NULL
            AND CASE WHEN u.id IS NULL THEN t.conversation_id = m.conversation_id ELSE t.id = u.ticket_id END
      )
    LIMIT sqlc.arg(max_rows)
);

-- PurgeRawEvents deletes raw mails that are older than a time, at most so many
-- at a time.
-- name: PurgeRawEvents :execrows
DELETE FROM raw_events
WHERE id IN (SELECT r.id FROM raw_events r WHERE r.created_at < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(max_rows));

-- StuckSpool counts the events that have waited in the spool since before a time.
-- name: StuckSpool :one
SELECT count(*) FROM webhook_spool WHERE spooled_at < sqlc.arg(before)::timestamptz;
