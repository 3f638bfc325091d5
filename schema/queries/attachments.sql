-- InsertAttachment notes what came with a message, once.
-- name: InsertAttachment :exec
INSERT INTO attachments (message_id, ordinal, name, content_type, size, sha256, too_large)
VALUES (sqlc.arg(message_id), sqlc.arg(ordinal), sqlc.arg(name), sqlc.arg(content_type), sqlc.arg(size), sqlc.arg(sha256),
        sqlc.arg(too_large))
ON CONFLICT DO NOTHING;
