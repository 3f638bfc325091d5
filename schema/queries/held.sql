-- OutboxByID returns one part.
-- name: OutboxByID :one
SELECT * FROM outbox WHERE id = sqlc.arg(id);

-- HoldPart makes a part wait for the customer to write. Its provider surely
-- does not have it: it was not called, or has refused it under this claim.
-- name: HoldPart :execrows
UPDATE outbox
SET state = 'held', attempts = attempts - CASE state WHEN 'sending' THEN 1 ELSE 0 END, error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND state IN ('queued', 'sending') AND attempts = sqlc.arg(attempts);

-- TurnWaits says whether parts of a turn wait for the customer to write.
-- name: TurnWaits :one
SELECT EXISTS (SELECT FROM outbox WHERE turn_id = sqlc.arg(turn_id)::uuid AND state = 'held');

-- UnsendPart makes a part wait for the customer to write that the provider took
-- and then refused. What it was known by there is kept, so that what is
-- reported of it later is not taken for news of the next try.
-- name: UnsendPart :execrows
UPDATE outbox
SET state = 'held', delivery = 'queued', attempts = 0, error = sqlc.arg(error), sent_at = NULL,
    provider_id = NULL, former_ids = former_ids || sqlc.arg(provider_id)::text
WHERE id = sqlc.arg(id) AND coalesce(provider_id, sqlc.arg(provider_id)::text) = sqlc.arg(provider_id)::text
  AND state <> 'cancelled' AND delivery IN ('queued', 'sent') AND NOT (sqlc.arg(provider_id)::text = ANY (former_ids));

-- HoldFollowing makes what would follow a part wait with it.
-- name: HoldFollowing :exec
UPDATE outbox o SET state = 'held', error = p.error
FROM outbox p
WHERE p.id = sqlc.arg(id) AND o.state = 'queued' AND o.template = '' AND o.via = p.via
  AND (o.turn_id = p.turn_id OR (p.turn_id IS NULL AND o.message_id = p.message_id));

-- AskedToWrite says whether the customer has been asked to write, or is about
-- to be, since the last time that happened on WhatsApp.
-- name: AskedToWrite :one
SELECT EXISTS (
    SELECT FROM outbox t
    WHERE t.conversation_id = sqlc.arg(conversation_id) AND t.template <> '' AND t.delivery <> 'failed'
      AND t.state IN ('queued', 'sending', 'sent')
      AND NOT EXISTS (
          SELECT FROM messages m
          WHERE (m.conversation_id = sqlc.arg(route_id) AND m.home_id IS NULL OR m.home_id = sqlc.arg(route_id))
            AND m.author = 'customer' AND m.channel = 'whatsapp' AND m.received_at > t.created_at
      )
);

-- TemplatesNamed counts the requests to write whose key begins like this.
-- name: TemplatesNamed :one
SELECT count(*) FROM outbox
WHERE conversation_id = sqlc.arg(conversation_id) AND template <> '' AND starts_with(send_key, sqlc.arg(prefix)::text);

-- NewestTemplate returns the latest request to write of a conversation, as
-- PartsOfTurn does a turn's parts.
-- name: NewestTemplate :one
SELECT o.*, m.body, m.subject,
       coalesce(extract(epoch FROM now() - o.attempted_at), 0)::float8 AS age_seconds
FROM outbox o
JOIN messages m ON m.id = o.message_id
WHERE o.conversation_id = sqlc.arg(conversation_id) AND o.template <> ''
ORDER BY o.created_at DESC, o.id
LIMIT 1;

-- WithdrawMoot withdraws, under the claim that is given or before there is one,
-- a part that is of no use any more: a request to write when nothing waits, or
-- what waited when the assistant is switched off.
-- name: WithdrawMoot :exec
UPDATE outbox SET state = 'cancelled'
WHERE id = sqlc.arg(id) AND state IN ('queued', 'sending') AND attempts = sqlc.arg(attempts);
