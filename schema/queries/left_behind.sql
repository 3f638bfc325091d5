-- LeaveToPerson settles as a person's what a customer has written that nothing
-- has settled, but for what must never be answered. Older messages are not
-- looked at, as in LeftMessages. They count as the person's from the time they
-- came: what was resolved since stays so.
-- name: LeaveToPerson :exec
INSERT INTO processed_messages (message_id, outcome, processed_at)
SELECT m.id, 'human', m.received_at
FROM messages m
WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.author = 'customer' AND m.suppress_reason = ''
  AND m.received_at > now() - interval '6 days'
  AND NOT EXISTS (SELECT FROM processed_messages p WHERE p.message_id = m.id)
ON CONFLICT (message_id) DO NOTHING;
