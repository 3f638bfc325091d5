-- OutboundByPart returns the message of ours that a part belongs to, with what
-- the bridge needs to tell its workflow of it.
-- name: OutboundByPart :one
SELECT m.id, m.author, m.provider_at, m.conversation_id, c.customer_id, c.channel, c.workflow_id
FROM outbox o
JOIN messages m ON m.id = o.message_id
JOIN conversations c ON c.id = o.conversation_id
WHERE o.id = sqlc.arg(part_id);

-- EscalateUndelivered marks the ticket of a part that a provider took and then
-- failed to deliver, unless the ticket is closed: the customer has heard
-- nothing, so it is our move again. The turn is the ticket itself for a person's
-- own message, which has none.
-- name: EscalateUndelivered :one
WITH part AS (
    SELECT o.conversation_id, o.turn_id, u.ticket_id
    FROM outbox o
    LEFT JOIN turns u ON u.id = o.turn_id
    WHERE o.id = sqlc.arg(part_id) AND o.delivery = 'failed'
), conv AS (
    UPDATE conversations c SET revision = revision + 1
    FROM part WHERE c.id = part.conversation_id
    RETURNING c.id
)
UPDATE tickets t
SET status = CASE WHEN t.status = 'with_human' THEN t.status ELSE 'needs_human' END,
    escalated_at = CASE WHEN t.status = 'with_human' THEN t.escalated_at ELSE coalesce(t.escalated_at, now()) END,
    waiting_since = CASE WHEN t.idle_since IS NOT NULL THEN now() ELSE coalesce(t.waiting_since, now()) END,
    idle_since = NULL, resolved_at = NULL,
    escalation_code = sqlc.arg(escalation_code), escalation_reason = sqlc.arg(escalation_reason), updated_at = now()
FROM part
JOIN conv ON conv.id = part.conversation_id
JOIN conversations c ON c.id = conv.id
WHERE t.conversation_id = c.id AND t.closed_at IS NULL AND (t.id = part.ticket_id OR part.turn_id IS NULL)
RETURNING t.id, t.number, coalesce(part.turn_id, t.id)::uuid AS turn_id, c.customer_id, c.channel;
