-- Spool keeps an event that Kafka could not take; the same event is kept once.
-- name: Spool :exec
INSERT INTO webhook_spool (event_id, topic, key, type, source, correlation_id, trace_parent, value, event_time)
VALUES (sqlc.arg(event_id), sqlc.arg(topic), sqlc.arg(key), sqlc.arg(type), sqlc.arg(source),
        sqlc.arg(correlation_id), sqlc.arg(trace_parent), sqlc.arg(value), sqlc.arg(event_time))
ON CONFLICT (event_id) DO NOTHING;

-- Spooled returns the oldest spooled events.
-- name: Spooled :many
SELECT * FROM webhook_spool ORDER BY id LIMIT sqlc.arg(max_rows);

-- Unspool deletes an event that the broker has acknowledged.
-- name: Unspool :exec
DELETE FROM webhook_spool WHERE id = sqlc.arg(id);

-- SpoolBacklog says how many events wait in the spool and for how many seconds
-- the oldest has.
-- name: SpoolBacklog :one
SELECT count(*) AS depth,
       coalesce(extract(epoch FROM now() - min(spooled_at)), 0)::float8 AS oldest_seconds
FROM webhook_spool;

-- TryRelayLock makes this session the one that drains the spool, if nobody else does.
-- name: TryRelayLock :one
SELECT pg_try_advisory_lock(hashtextextended('fte:spool-relay', 0));

-- ReleaseRelayLock lets another session drain the spool.
-- name: ReleaseRelayLock :exec
SELECT pg_advisory_unlock(hashtextextended('fte:spool-relay', 0));
