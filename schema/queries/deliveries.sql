-- LockProviderID makes everybody else who hears of the same message of a
-- provider wait until this transaction ends, so that what is reported of it and
-- whose it is meet.
-- name: LockProviderID :exec
SELECT pg_advisory_xact_lock(hashtextextended(sqlc.arg(via)::text || '/' || sqlc.arg(provider_id)::text, 0));

-- PartOfStatus returns the part that a provider reports of, by its id there or
-- by the id we put into the callback address. Former says that it has been
-- taken back since, so the report changes nothing.
-- name: PartOfStatus :one
SELECT sqlc.embed(o), (sqlc.arg(provider_id)::text = ANY (o.former_ids))::boolean AS former
FROM outbox o
WHERE o.via = sqlc.arg(via) AND (o.provider_id = sqlc.arg(provider_id)::text OR (
    o.id = sqlc.narg(id)::uuid AND (o.provider_id IS NULL OR sqlc.arg(provider_id)::text = ANY (o.former_ids))))
ORDER BY o.provider_id = sqlc.arg(provider_id)::text DESC NULLS LAST
LIMIT 1;

-- NoteDelivery keeps a report of a provider, once. One that matches no part yet
-- waits for it.
-- name: NoteDelivery :exec
INSERT INTO delivery_events (via, provider_id, status, outbox_id, error_code, applied)
VALUES (sqlc.arg(via), sqlc.arg(provider_id), sqlc.arg(status), sqlc.narg(outbox_id), sqlc.arg(error_code), sqlc.arg(applied))
ON CONFLICT (via, provider_id, status) DO UPDATE SET applied = delivery_events.applied OR excluded.applied;

-- TakeParked returns what was reported of a message before we knew whose it is.
-- name: TakeParked :many
UPDATE delivery_events SET applied = true
WHERE via = sqlc.arg(via) AND provider_id = sqlc.arg(provider_id) AND NOT applied
RETURNING status, error_code;

-- PurgeDeliveries deletes reports that are older than a time, and those of no
-- message of ours that are older than another, at most so many at a time.
-- name: PurgeDeliveries :execrows
DELETE FROM delivery_events
WHERE (via, provider_id, status) IN (
    SELECT d.via, d.provider_id, d.status FROM delivery_events d
    WHERE d.received_at < sqlc.arg(before)::timestamptz OR (d.received_at < sqlc.arg(parked_before)::timestamptz AND NOT d.applied)
    LIMIT sqlc.arg(max_rows)
);
