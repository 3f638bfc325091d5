-- ActionByID returns an action that has been done, with what came of it.
-- name: ActionByID :one
SELECT * FROM actions WHERE action_id = sqlc.arg(action_id);

-- InsertAction stores an action with what came of it, once.
-- name: InsertAction :exec
INSERT INTO actions (action_id, conversation_id, action, actor, request, result)
VALUES (sqlc.arg(action_id), sqlc.arg(conversation_id), sqlc.arg(action), sqlc.arg(actor), sqlc.arg(request), sqlc.arg(result));

-- GiveToPerson makes a person answer a conversation from now on.
-- name: GiveToPerson :exec
UPDATE conversations
SET owner = 'human', assignee = sqlc.arg(assignee), epoch = epoch + CASE owner WHEN 'ai' THEN 1 ELSE 0 END
WHERE id = sqlc.arg(id);

-- MuteAssistant withdraws what the assistant has not handed to a provider yet.
-- name: MuteAssistant :exec
UPDATE outbox SET state = 'cancelled'
WHERE conversation_id = sqlc.arg(conversation_id) AND state IN ('queued', 'held') AND turn_id IS NOT NULL;

-- AssistantSending returns the assistant's sends that a provider may have
-- taken or be taking, in order, with how long ago each was begun.
-- name: AssistantSending :many
SELECT send_key, coalesce(extract(epoch FROM now() - attempted_at), 0)::float8 AS age_seconds
FROM outbox
WHERE conversation_id = sqlc.arg(conversation_id) AND state = 'sending' AND kind <> 'reply'
ORDER BY created_at, part;

-- PutWithPerson makes a ticket one that a person works on, opened again if it was closed.
-- name: PutWithPerson :exec
UPDATE tickets
SET status = 'with_human', closed_at = NULL, resolved_at = NULL, escalated_at = NULL, pending_draft_id = NULL,
    person_at = sqlc.arg(at)::timestamptz, updated_at = now()
WHERE id = sqlc.arg(id);

-- Unanswer takes back that a person was to answer what the customer wrote after
-- our last word, and returns these messages. Our last word is what reached a
-- provider or will, but not a notice; what a person has stored and not sent is
-- none. A message is later than a word of ours if either its provider's time
-- or the time we got it is.
-- name: Unanswer :many
WITH unanswered AS (
    SELECT m.id, m.provider_at, m.external_id
    FROM messages m
    JOIN processed_messages p ON p.message_id = m.id
    WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.author = 'customer'
      AND p.outcome = 'human' AND p.turn_id IS NULL
      -- What was settled when a person resolved the ticket stays settled.
      AND NOT EXISTS (
          SELECT FROM actions a
          WHERE a.conversation_id = m.conversation_id AND a.action = 'resolve' AND a.created_at >= p.processed_at
      )
      AND NOT EXISTS (
          SELECT FROM messages r
          WHERE r.conversation_id = m.conversation_id AND r.author <> 'customer'
            AND r.provider_at >= m.provider_at AND r.received_at >= m.received_at
            AND NOT EXISTS (
                SELECT FROM outbox o
                WHERE o.message_id = r.id AND (o.state IN ('failed', 'cancelled') OR o.kind IN ('ack', 'notice'))
            )
            AND (NOT starts_with(r.external_id, 'staff:') OR EXISTS (SELECT FROM outbox o WHERE o.message_id = r.id))
      )
), forgotten AS (
    DELETE FROM processed_messages WHERE message_id IN (SELECT id FROM unanswered)
)
SELECT id, provider_at FROM unanswered ORDER BY provider_at, external_id;

-- PutReleased gives a ticket that a person had another status.
-- name: PutReleased :exec
UPDATE tickets
SET status = sqlc.arg(status), person_at = NULL, updated_at = now(),
    idle_since = CASE WHEN waiting_since IS NULL THEN coalesce(idle_since, sqlc.arg(at)::timestamptz) END,
    escalated_at = CASE WHEN sqlc.arg(status)::text = 'needs_human' THEN sqlc.arg(at)::timestamptz END
WHERE id = sqlc.arg(id);

-- DecideDraft records what a person decided about a draft, once: no row means
-- that it has been decided about before.
-- name: DecideDraft :execrows
UPDATE drafts
SET decision = sqlc.arg(decision), decided_by = sqlc.arg(decided_by), decided_at = sqlc.arg(at)::timestamptz,
    reason_code = sqlc.arg(reason_code)
WHERE id = sqlc.arg(id) AND decision = '';

-- NeedNobody ends that a ticket needs a person, because one has decided about it.
-- name: NeedNobody :exec
UPDATE tickets
SET status = CASE WHEN waiting_since IS NULL THEN 'waiting_customer' ELSE 'open' END, escalated_at = NULL, updated_at = now()
WHERE id = sqlc.arg(id) AND status = 'needs_human';

-- WithdrawDraft ends the waiting of a ticket's draft.
-- name: WithdrawDraft :exec
UPDATE tickets SET pending_draft_id = NULL, updated_at = now() WHERE id = sqlc.arg(id);

-- WroteSince says whether the customer has written what neither a turn has
-- taken up nor anything has settled. How old messages were settled is forgotten
-- in the end: what came long before the turn is none of them.
-- name: WroteSince :one
SELECT EXISTS (
    SELECT FROM messages m
    JOIN turns t ON t.id = sqlc.arg(turn_id) AND t.conversation_id = m.conversation_id
    WHERE m.author = 'customer' AND m.suppress_reason = '' AND m.id <> ALL (t.message_ids)
      AND m.turn_id IS NULL AND m.received_at > t.created_at - interval '6 days'
      AND NOT EXISTS (SELECT FROM processed_messages p WHERE p.message_id = m.id)
);

-- MessageToSend returns a person's message that is to be sent.
-- name: MessageToSend :one
SELECT id, conversation_id, author, body FROM messages WHERE id = sqlc.arg(id);

-- WithdrawReplies withdraws what people have written and no provider has got.
-- name: WithdrawReplies :exec
UPDATE outbox SET state = 'cancelled'
WHERE conversation_id = sqlc.arg(conversation_id) AND state IN ('queued', 'held') AND turn_id IS NULL;

-- MailToReply returns the mail that a person's words refer to: the customer's
-- newest, else ours.
-- name: MailToReply :one
SELECT subject, rfc_message_id, rfc_references
FROM messages
WHERE conversation_id = sqlc.arg(conversation_id) AND rfc_message_id IS NOT NULL
ORDER BY author = 'customer' DESC, provider_at DESC
LIMIT 1;

-- PutResolved settles a ticket.
-- name: PutResolved :exec
UPDATE tickets
SET status = 'resolved', resolved_at = sqlc.arg(at)::timestamptz, person_at = NULL, escalated_at = NULL,
    pending_draft_id = NULL, updated_at = now()
WHERE id = sqlc.arg(id);

-- PutReopened makes a settled ticket one that a person has to look at.
-- name: PutReopened :exec
UPDATE tickets
SET status = 'needs_human', closed_at = NULL, resolved_at = NULL, person_at = NULL, escalated_at = sqlc.arg(at)::timestamptz,
    escalation_code = sqlc.arg(escalation_code), escalation_reason = sqlc.arg(escalation_reason), updated_at = now()
WHERE id = sqlc.arg(id);

-- PutPriority gives a ticket the priority that a person chose.
-- name: PutPriority :exec
UPDATE tickets SET priority = sqlc.arg(priority), priority_by_person = true, updated_at = now() WHERE id = sqlc.arg(id);
