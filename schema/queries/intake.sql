-- OutboundByProviderID finds the message of ours that a provider knows under
-- this id, with what the bridge needs to tell its workflow of it.
-- name: OutboundByProviderID :one
SELECT m.id, m.author, m.provider_at, m.conversation_id, c.customer_id, c.channel, c.workflow_id
FROM outbox o
JOIN messages m ON m.id = o.message_id
JOIN conversations c ON c.id = o.conversation_id
WHERE o.via = sqlc.arg(via) AND o.provider_id = sqlc.arg(provider_id)::text;
