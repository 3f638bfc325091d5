-- WhySuppressed returns why nothing automatic may go to an address.
-- name: WhySuppressed :one
SELECT reason FROM suppressions WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value);

-- ConfirmStop says whether the customer has to be told that no messages follow:
-- this turn asks for that, and nobody has said so, or asked for messages again,
-- since.
-- name: ConfirmStop :one
SELECT (EXISTS (
    SELECT FROM turns u JOIN messages m ON m.id = ANY (u.message_ids)
    WHERE u.id = sqlc.arg(turn_id) AND m.command = 'stop' AND NOT EXISTS (
        SELECT FROM messages s
        WHERE s.conversation_id = m.conversation_id AND s.command = 'start' AND s.provider_at > m.provider_at
    )
) AND NOT EXISTS (
    SELECT FROM messages m
    JOIN turns t ON t.id = m.turn_id
    JOIN outbox o ON o.turn_id = t.id AND o.kind = 'ack' AND o.state IN ('queued', 'sending', 'sent')
    WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.command = 'stop' AND t.id <> sqlc.arg(turn_id)
      AND NOT EXISTS (
          SELECT FROM messages s
          WHERE s.conversation_id = m.conversation_id AND s.command = 'start' AND s.provider_at > m.provider_at
      )
))::bool AS due;

-- RecentMessages counts what a customer wrote in the time before a batch, and
-- says when the first of it came: in this conversation, and if the channel
-- proved who writes, in every one where it did.
-- name: RecentMessages :one
SELECT count(*) AS written, coalesce(min(m.provider_at), now())::timestamptz AS first_at
FROM messages m
WHERE m.conversation_id IN (
      SELECT sqlc.arg(conversation_id)::uuid
      UNION
      SELECT c.id
      FROM customer_family(sqlc.arg(customer_id)) AS f (id)
      JOIN conversations c ON c.customer_id = f.id
      WHERE sqlc.arg(verified)::bool
  )
  AND (m.conversation_id = sqlc.arg(conversation_id) OR m.verified)
  AND m.author = 'customer' AND m.suppress_reason = '' AND m.command = ''
  AND m.provider_at > sqlc.arg(since) AND m.provider_at <= sqlc.arg(until)
  AND m.id <> ALL (sqlc.arg(batch)::uuid[]);

-- AcksOfTurn returns how many fixed texts a turn has sent.
-- name: AcksOfTurn :one
SELECT count(*) FROM outbox WHERE turn_id = sqlc.arg(turn_id)::uuid AND kind = 'ack' AND template = '';

-- AutomaticMails counts what we sent by ourselves to an address within the last
-- hour, and for a ticket.
-- name: AutomaticMails :one
SELECT (
    SELECT count(*) FROM outbox o
    WHERE o.recipient = sqlc.arg(recipient) AND o.created_at > now() - interval '1 hour'
      AND o.via = 'gmail' AND o.turn_id IS NOT NULL AND o.state NOT IN ('cancelled', 'failed')
) AS in_hour, (
    SELECT count(*) FROM turns t
    JOIN outbox o ON o.turn_id = t.id
    WHERE t.ticket_id = sqlc.arg(ticket_id) AND o.via = 'gmail' AND o.state NOT IN ('cancelled', 'failed')
) AS on_ticket;

-- AnsweredElsewhere returns where the same words as those of a message that
-- joined its conversation from another channel have been answered.
-- name: AnsweredElsewhere :one
SELECT e.channel
FROM messages m
JOIN messages e ON e.conversation_id = m.conversation_id AND e.id <> m.id AND e.text_hash = m.text_hash
    AND e.provider_at BETWEEN m.provider_at - interval '1 minute' AND m.provider_at + interval '1 minute'
JOIN processed_messages p ON p.message_id = e.id AND p.outcome = 'answered'
WHERE m.id = sqlc.arg(id) AND m.home_id IS NOT NULL
ORDER BY e.provider_at
LIMIT 1;

-- WaitingParts returns what other turns have yet to send to a conversation's
-- address, as PartsOfTurn does for one: it waited for the customer to write. What
-- was handed over since and whose outcome nobody knows is part of it: nobody else
-- looks for it.
-- name: WaitingParts :many
SELECT o.*, m.body, m.subject,
       coalesce(extract(epoch FROM now() - o.attempted_at), 0)::float8 AS age_seconds
FROM outbox o
JOIN messages m ON m.id = o.message_id
WHERE (o.conversation_id = sqlc.arg(conversation_id) OR (o.route_id = sqlc.arg(conversation_id) AND o.error <> ''))
  AND (o.state = 'queued' OR (o.state = 'sending' AND o.attempted_at > now() - interval '1 day'))
  AND o.kind <> 'reply' AND o.turn_id <> sqlc.arg(turn_id)::uuid
ORDER BY o.created_at, o.part;

-- NewestOfTurn returns the newest message of a turn, and the conversation from
-- whose address it came, when that is not the turn's own.
-- name: NewestOfTurn :one
SELECT m.id, m.home_id
FROM turns t
JOIN messages m ON m.id = ANY (t.message_ids)
WHERE t.id = sqlc.arg(turn_id)
ORDER BY m.provider_at DESC, m.external_id DESC
LIMIT 1;

-- ReleaseHeld puts back into the queue what waited for the customer to write
-- from a conversation's address: a person's own words always, the assistant's
-- only while it still owns their conversation as it did when it wrote them.
-- name: ReleaseHeld :exec
UPDATE outbox o SET state = 'queued'
FROM conversations c
WHERE c.id = o.conversation_id AND (o.conversation_id = sqlc.arg(conversation_id) OR o.route_id = sqlc.arg(conversation_id))
  AND o.state = 'held' AND (o.kind = 'reply' OR (c.owner = 'ai' AND c.epoch = o.epoch));

-- Released returns what was released and nobody has tried to send since, in the
-- order in which it was written; error is what is noted of a part that waits.
-- name: Released :many
SELECT o.message_id, o.kind
FROM outbox o
WHERE (o.conversation_id = sqlc.arg(conversation_id) OR o.route_id = sqlc.arg(conversation_id))
  AND o.state = 'queued' AND o.error = sqlc.arg(error) AND o.template = ''
ORDER BY o.created_at, o.part;
