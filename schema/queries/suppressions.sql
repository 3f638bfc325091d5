-- Suppress keeps automatic messages from an address; the first reason stays.
-- name: Suppress :exec
INSERT INTO suppressions (kind, value, reason)
VALUES (sqlc.arg(kind), sqlc.arg(value), sqlc.arg(reason))
ON CONFLICT (kind, value) DO NOTHING;

-- Unsuppress allows automatic messages to an address again.
-- name: Unsuppress :exec
DELETE FROM suppressions WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value);

-- CommandIsDue says whether a command to stop or start is new, and no newer one
-- of the conversation is stored: it may have arrived late.
-- name: CommandIsDue :one
SELECT (NOT EXISTS (
    SELECT FROM messages m
    WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.command IN ('stop', 'start') AND m.provider_at > sqlc.arg(provider_at)
) AND NOT EXISTS (
    SELECT FROM messages k WHERE k.channel = 'whatsapp' AND k.external_id = sqlc.arg(external_id)
))::boolean AS due;
