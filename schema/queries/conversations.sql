-- InsertConversation adds a conversation unless its key is known already. Of two
-- at once, either unique index may notice the other first.
-- name: InsertConversation :exec
INSERT INTO conversations (
    id, channel, key, workflow_id, customer_id, sender_verified, subject, participants, reply_to, gmail_thread_id,
    initial_category, initial_priority
) VALUES (
    sqlc.arg(id), sqlc.arg(channel), sqlc.arg(key), sqlc.arg(workflow_id), sqlc.arg(customer_id),
    sqlc.arg(sender_verified), sqlc.arg(subject), sqlc.arg(participants)::text[], sqlc.arg(reply_to),
    sqlc.narg(gmail_thread_id), sqlc.arg(initial_category), sqlc.arg(initial_priority)
)
ON CONFLICT DO NOTHING;

-- ConversationByKey finds a conversation by its channel and key.
-- name: ConversationByKey :one
SELECT * FROM conversations WHERE channel = sqlc.arg(channel) AND key = sqlc.arg(key);

-- Conversation returns one conversation.
-- name: Conversation :one
SELECT * FROM conversations WHERE id = sqlc.arg(id);

-- LockConversation returns one conversation and keeps everybody else from
-- changing its owner or settling its messages until the transaction ends.
-- name: LockConversation :one
SELECT * FROM conversations WHERE id = sqlc.arg(id) FOR UPDATE;

-- ConversationsByRFCMessageID returns the conversations that hold mails with
-- these Message-IDs, and which id led there.
-- name: ConversationsByRFCMessageID :many
SELECT m.rfc_message_id, m.conversation_id
FROM messages m
WHERE m.rfc_message_id = ANY (sqlc.arg(rfc_message_ids)::text[]);

-- RememberGmailThread stores where replies to a mail conversation belong, when
-- it is not known yet.
-- name: RememberGmailThread :exec
UPDATE conversations
SET gmail_thread_id = sqlc.arg(gmail_thread_id)
WHERE id = sqlc.arg(id) AND gmail_thread_id IS NULL;

-- TakeOver records that a person has written from outside of the service: the
-- conversation and its open ticket are theirs from now on, and what the
-- assistant has not handed to a provider yet is withdrawn. How long our move
-- lasted is counted when the ticket is read next: until then the ticket has both
-- the beginning of it and the end.
-- name: TakeOver :exec
WITH taken AS (
    UPDATE conversations c
    SET owner = 'human', epoch = c.epoch + CASE c.owner WHEN 'ai' THEN 1 ELSE 0 END, revision = c.revision + 1,
        assignee = CASE c.owner WHEN 'ai' THEN '' ELSE c.assignee END
    WHERE c.id = sqlc.arg(id)
    RETURNING c.id
), muted AS (
    UPDATE outbox o SET state = 'cancelled'
    FROM taken WHERE o.conversation_id = taken.id AND o.state IN ('queued', 'held') AND o.turn_id IS NOT NULL
)
UPDATE tickets t
SET status = 'with_human', person_at = now(), first_replied_at = coalesce(t.first_replied_at, now()),
    idle_since = CASE WHEN t.waiting_since IS NULL THEN now() ELSE coalesce(t.idle_since, now()) END,
    escalated_at = NULL, resolved_at = NULL, pending_draft_id = NULL, sla_due_at = NULL, updated_at = now()
FROM taken WHERE t.conversation_id = taken.id AND t.closed_at IS NULL;

-- GiveBack makes the assistant answer a conversation again.
-- name: GiveBack :exec
UPDATE conversations SET owner = 'ai', epoch = epoch + 1, assignee = ''
WHERE id = sqlc.arg(id) AND owner = 'human';
