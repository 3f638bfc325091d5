-- ModeOf returns what the assistant may do on a channel: the category's own
-- mode, else that of the channel; no row means that nobody has set one.
-- name: ModeOf :one
SELECT mode FROM channel_configs
WHERE channel = sqlc.arg(channel) AND category IN ('', sqlc.arg(category)::text)
ORDER BY category DESC
LIMIT 1;
