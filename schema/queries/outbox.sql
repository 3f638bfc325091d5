-- InsertOutboundMessage stores a message of ours under its send key. It is as
-- verified as what it answers: its turn, else what the customer wrote last.
-- name: InsertOutboundMessage :exec
INSERT INTO messages (id, conversation_id, channel, external_id, author, subject, body, provider_at, turn_id, verified)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(channel), sqlc.arg(external_id), sqlc.arg(author),
        sqlc.arg(subject), sqlc.arg(body), sqlc.arg(provider_at), sqlc.arg(turn_id),
        coalesce((SELECT u.verified FROM turns u WHERE u.id = sqlc.arg(turn_id)), (
            SELECT n.verified FROM messages n
            WHERE n.conversation_id = sqlc.arg(conversation_id) AND n.author = 'customer'
            ORDER BY n.provider_at DESC, n.external_id DESC LIMIT 1), false));

-- InsertOutbox adds one provider call to make; the unique send key refuses a second one.
-- name: InsertOutbox :exec
INSERT INTO outbox (id, send_key, turn_id, conversation_id, message_id, kind, part, via, recipient, epoch, route_id, template)
VALUES (sqlc.arg(id), sqlc.arg(send_key), sqlc.arg(turn_id), sqlc.arg(conversation_id), sqlc.arg(message_id),
        sqlc.arg(kind), sqlc.arg(part), sqlc.arg(via), sqlc.arg(recipient), sqlc.arg(epoch), sqlc.narg(route_id), sqlc.arg(template));

-- PartsOfTurn returns the sends of a turn, in the order in which they go out.
-- name: PartsOfTurn :many
SELECT o.*, m.body, m.subject,
       coalesce(extract(epoch FROM now() - o.attempted_at), 0)::float8 AS age_seconds
FROM outbox o
JOIN messages m ON m.id = o.message_id
WHERE o.turn_id = sqlc.arg(turn_id)::uuid
ORDER BY o.created_at, o.part;

-- PartsOfMessage returns the sends of a person's own message, as PartsOfTurn
-- does those of a turn.
-- name: PartsOfMessage :many
SELECT o.*, m.body, m.subject,
       coalesce(extract(epoch FROM now() - o.attempted_at), 0)::float8 AS age_seconds
FROM outbox o
JOIN messages m ON m.id = o.message_id
WHERE o.message_id = sqlc.arg(message_id) AND o.kind = 'reply'
ORDER BY o.part;

-- ShareConversation keeps everybody else from changing a conversation until the
-- transaction ends, and waits for whoever is changing it.
-- name: ShareConversation :exec
SELECT id FROM conversations WHERE id = sqlc.arg(id) FOR SHARE;

-- PartBarred says what keeps a part from being handed over now, whoever owns
-- the conversation. WhatsApp takes free text only within 24 hours after the
-- customer's last message there, less five minutes for what is on its way. To
-- an address that wants nothing automatic go only a person's words and the
-- confirmation of that. A request to write is moot when nothing waits for it any more.
-- name: PartBarred :one
SELECT (o.via = 'whatsapp' AND o.template = '' AND NOT EXISTS (
           SELECT FROM messages m
           WHERE m.conversation_id = coalesce(o.route_id, o.conversation_id) AND m.home_id IS NULL
             AND m.author = 'customer' AND m.channel = 'whatsapp' AND m.provider_at > now() - interval '23 hours 55 minutes'
       ) AND NOT EXISTS (
           SELECT FROM messages m
           WHERE m.home_id = coalesce(o.route_id, o.conversation_id)
             AND m.author = 'customer' AND m.channel = 'whatsapp' AND m.provider_at > now() - interval '23 hours 55 minutes'
       ))::boolean AS window_closed,
       coalesce((
           SELECT s.reason FROM suppressions s
           WHERE s.kind = CASE o.via WHEN 'whatsapp' THEN 'whatsapp' WHEN 'gmail' THEN 'email' END
             AND s.value = lower(o.recipient)
             AND o.kind <> 'reply' AND NOT (o.kind = 'ack' AND o.template = '' AND EXISTS (
                 SELECT FROM turns u JOIN messages m ON m.id = ANY (u.message_ids) WHERE u.id = o.turn_id AND m.command = 'stop'
             ))
       ), '')::text AS suppressed,
       (o.template <> '' AND NOT EXISTS (
           SELECT FROM outbox h WHERE h.conversation_id = o.conversation_id AND h.state = 'held'
       ))::boolean AS moot
FROM outbox o
WHERE o.id = sqlc.arg(id);

-- ClaimPart takes a queued part for sending, only while the owner and the
-- epoch it was made for still hold; what is a person's is sent whoever owns
-- the conversation. No row means that it may not be sent. It waits for whoever
-- has the conversation locked: once a takeover has committed, nothing of the
-- assistant can be claimed, nor while one is about to. An answer that no person
-- has approved is not claimed either once the assistant was switched off.
-- name: ClaimPart :execrows
WITH c AS (
    SELECT id, owner, epoch, channel FROM conversations
    WHERE id = (SELECT p.conversation_id FROM outbox p WHERE p.id = sqlc.arg(id))
    FOR SHARE
)
UPDATE outbox o
SET state = 'sending', attempts = attempts + 1, absent_checks = 0, attempted_at = now()
FROM c
WHERE o.id = sqlc.arg(id) AND o.state = 'queued'
  AND (o.turn_id IS NULL OR (c.owner = 'ai' AND c.epoch = o.epoch))
  AND (o.kind NOT IN ('answer', 'correction') OR 'off' IS DISTINCT FROM (
      SELECT g.mode
      FROM turns u
      JOIN tickets t ON t.id = u.ticket_id
      JOIN channel_configs g ON g.channel = c.channel AND g.category IN ('', t.category)
      WHERE u.id = o.turn_id
      ORDER BY g.category DESC
      LIMIT 1
  ) OR EXISTS (SELECT FROM drafts d WHERE d.turn_id = o.turn_id AND d.decision = 'approved'));

-- RetryPart is ClaimPart for a part whose first call left no trace at the
-- provider: it is still ours, and goes out once more.
-- name: RetryPart :execrows
WITH c AS (
    SELECT id, owner, epoch FROM conversations
    WHERE id = (SELECT p.conversation_id FROM outbox p WHERE p.id = sqlc.arg(id))
    FOR SHARE
)
UPDATE outbox o
SET attempts = attempts + 1, absent_checks = 0, attempted_at = now()
FROM c
WHERE o.id = sqlc.arg(id) AND o.state = 'sending' AND o.attempts = sqlc.arg(attempts)
  AND (o.turn_id IS NULL OR (c.owner = 'ai' AND c.epoch = o.epoch));

-- ReleasePart returns a part to the queue because the provider surely did not
-- take it. Only the claim that is given may be released: a worker that comes
-- back late must not take the part from the one that has it now.
-- name: ReleasePart :exec
UPDATE outbox SET state = 'queued', attempts = attempts - 1, error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND state = 'sending' AND attempts = sqlc.arg(attempts);

-- NotePartAbsent counts one look at the provider that did not find the part.
-- name: NotePartAbsent :exec
UPDATE outbox SET absent_checks = absent_checks + 1, error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND state = 'sending';

-- RecordDraft stores the Gmail draft that a part will be sent as. A part has
-- one draft; a second one is refused and reported as no row.
-- name: RecordDraft :execrows
UPDATE outbox SET gmail_draft_id = sqlc.arg(gmail_draft_id)
WHERE id = sqlc.arg(id) AND state = 'sending' AND gmail_draft_id IS NULL;

-- RecordSent settles a part as accepted by the provider, whatever was thought
-- of it before: what has been accepted must never go out again. An id that the
-- provider has refused since is not taken.
-- name: RecordSent :execrows
UPDATE outbox
SET state = 'sent', provider_id = sqlc.narg(provider_id), error = '',
    delivery = CASE WHEN delivery IN ('queued', 'failed') THEN 'sent' ELSE delivery END,
    sent_at = coalesce(sent_at, now())
WHERE id = sqlc.arg(id) AND state <> 'sent' AND (sqlc.narg(provider_id)::text = ANY (former_ids)) IS NOT TRUE;

-- RecordFailed settles a part as not delivered, under the claim that is given or
-- before there is one, and withdraws the parts that would have followed it.
-- name: RecordFailed :exec
WITH failed AS (
    UPDATE outbox f SET state = 'failed', delivery = 'failed', error = sqlc.arg(error)
    WHERE f.id = sqlc.arg(id) AND f.state IN ('queued', 'sending') AND f.attempts = sqlc.arg(attempts)
    RETURNING f.turn_id, f.message_id
)
UPDATE outbox o SET state = 'cancelled'
FROM failed
WHERE o.state = 'queued' AND o.id <> sqlc.arg(id)
  AND (o.turn_id = failed.turn_id OR (failed.turn_id IS NULL AND o.message_id = failed.message_id));

-- RecordRefused settles a part as one that the provider took and then refused,
-- and withdraws the parts that would have followed it.
-- name: RecordRefused :exec
WITH refused AS (
    UPDATE outbox f
    SET state = 'failed', delivery = 'failed', provider_id = sqlc.arg(provider_id)::text, error = sqlc.arg(error)
    WHERE f.id = sqlc.arg(id) AND f.state <> 'sent'
    RETURNING f.turn_id, f.message_id
)
UPDATE outbox o SET state = 'cancelled'
FROM refused
WHERE o.state = 'queued' AND o.id <> sqlc.arg(id)
  AND (o.turn_id = refused.turn_id OR (refused.turn_id IS NULL AND o.message_id = refused.message_id));

-- CancelParts withdraws what a turn has not handed to a provider yet.
-- name: CancelParts :exec
UPDATE outbox SET state = 'cancelled' WHERE turn_id = sqlc.arg(turn_id)::uuid AND state IN ('queued', 'held');

-- CancelAutomatic withdraws what the assistant has not handed to a provider yet
-- and would send to a conversation's address, because the customer wants no automatic messages any more.
-- name: CancelAutomatic :exec
UPDATE outbox SET state = 'cancelled'
WHERE (conversation_id = sqlc.arg(conversation_id) OR route_id = sqlc.arg(conversation_id))
  AND state IN ('queued', 'held') AND kind <> 'reply';

-- WithdrawPart gives up a part that was handed over and left no trace at the
-- provider, because a person owns the conversation by now.
-- name: WithdrawPart :exec
UPDATE outbox SET state = 'cancelled', error = sqlc.arg(error)
WHERE id = sqlc.arg(id) AND state = 'sending' AND attempts = sqlc.arg(attempts);

-- ProviderIDsInUse returns those of the given provider ids that rows of ours
-- hold, or that the row in question has held before.
-- name: ProviderIDsInUse :many
SELECT i.id::text
FROM unnest(sqlc.arg(provider_ids)::text[]) AS i (id)
WHERE EXISTS (SELECT FROM outbox o WHERE o.via = sqlc.arg(via) AND o.provider_id = i.id)
   OR EXISTS (SELECT FROM outbox o WHERE o.id = sqlc.arg(part_id) AND i.id = ANY (o.former_ids));

-- ApplyDelivery moves the delivery state of a WhatsApp part forward, never
-- back. The part is found by the provider's id, or by the id we put into the
-- callback address. A callback proves that the provider has accepted the part:
-- it settles one whose outcome was unknown, and one that had been given up.
-- name: ApplyDelivery :execrows
UPDATE outbox
SET delivery = sqlc.arg(delivery)::text,
    provider_id = coalesce(provider_id, sqlc.arg(provider_id)::text),
    state = 'sent', error = '',
    sent_at = coalesce(sent_at, now())
WHERE via = 'whatsapp'
  AND (provider_id = sqlc.arg(provider_id)::text OR (
      id = sqlc.narg(id)::uuid AND provider_id IS NULL AND NOT (sqlc.arg(provider_id)::text = ANY (former_ids))
      AND NOT EXISTS (SELECT FROM outbox k WHERE k.via = 'whatsapp' AND k.provider_id = sqlc.arg(provider_id)::text)))
  AND ((state = 'failed' AND provider_id IS NULL)
       OR array_position(ARRAY['queued', 'sent', 'delivered', 'read'], delivery)
          <= coalesce(array_position(ARRAY['queued', 'sent', 'delivered', 'read'], sqlc.arg(delivery)::text), 9));

-- NoticeGiven says whether the customer has been told that a person will take
-- care of this ticket.
-- name: NoticeGiven :one
SELECT EXISTS (
    SELECT FROM outbox o JOIN turns t ON t.id = o.turn_id
    WHERE t.ticket_id = sqlc.arg(ticket_id) AND o.kind = 'notice' AND o.state IN ('sending', 'sent', 'held')
      AND o.delivery <> 'failed'
);

-- PartState returns where a part is now.
-- name: PartState :one
SELECT state FROM outbox WHERE id = sqlc.arg(id);

-- DropQueuedAnswer forgets the parts of a turn's answer that no provider has
-- got, as if they had never been written.
-- name: DropQueuedAnswer :exec
WITH dropped AS (
    DELETE FROM outbox
    WHERE turn_id = sqlc.arg(turn_id)::uuid AND state = 'queued' AND kind IN ('answer', 'correction')
    RETURNING message_id
)
DELETE FROM messages WHERE id IN (SELECT message_id FROM dropped);

-- UnsettleTurn opens a turn again whose answer was stopped on its way.
-- name: UnsettleTurn :execrows
WITH forgotten AS (
    DELETE FROM processed_messages p WHERE p.turn_id = sqlc.arg(id)::uuid
)
UPDATE turns SET state = 'open', finished_at = NULL WHERE id = sqlc.arg(id)::uuid AND state = 'answered';
