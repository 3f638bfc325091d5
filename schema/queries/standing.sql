-- CountChange adds one to a conversation's revision, by which the newer of two
-- standings is known.
-- name: CountChange :exec
UPDATE conversations SET revision = revision + 1 WHERE id = sqlc.arg(id);

-- ConversationStanding returns who answers a conversation, and for whom, and
-- when the customer last wrote to it on WhatsApp, whose time for free answers
-- begins then.
-- name: ConversationStanding :one
SELECT c.revision, c.channel, c.owner, c.epoch, c.assignee, (
    SELECT max(f.tier) FROM customers f WHERE f.id IN (SELECT customer_family(c.customer_id))
)::text AS tier, w.provider_at AS last_inbound_at
FROM conversations c
LEFT JOIN messages w ON w.id = (
    SELECT n.id
    FROM (
        (SELECT m.id, m.provider_at FROM messages m
         WHERE m.conversation_id = c.id AND m.home_id IS NULL AND m.author = 'customer' AND m.channel = 'whatsapp'
         ORDER BY m.provider_at DESC LIMIT 1)
        UNION ALL
        (SELECT m.id, m.provider_at FROM messages m
         WHERE m.home_id = c.id AND m.author = 'customer' AND m.channel = 'whatsapp'
         ORDER BY m.provider_at DESC LIMIT 1)
    ) n
    WHERE c.channel = 'whatsapp'
    ORDER BY n.provider_at DESC LIMIT 1
)
WHERE c.id = sqlc.arg(id);

-- BeginWait notes since when it is our move, unless it has been already; a
-- ticket on which it was the customer's is open again.
-- name: BeginWait :one
UPDATE tickets
SET waiting_since = coalesce(waiting_since, sqlc.arg(at)::timestamptz), idle_since = NULL, resolved_at = NULL,
    status = CASE WHEN status IN ('waiting_customer', 'resolved') THEN 'open' ELSE status END,
    updated_at = CASE WHEN waiting_since IS NULL OR status IN ('waiting_customer', 'resolved') THEN now() ELSE updated_at END
WHERE id = sqlc.arg(id) AND closed_at IS NULL
RETURNING *;

-- EndWait notes since when it is the customer's move and adds to the ticket how
-- long it was ours; without a wait it adds nothing.
-- name: EndWait :one
UPDATE tickets
SET used_business_ms = used_business_ms + CASE WHEN waiting_since IS NULL THEN 0 ELSE sqlc.arg(business_ms)::bigint END,
    used_wall_ms = used_wall_ms + CASE WHEN waiting_since IS NULL THEN 0 ELSE sqlc.arg(wall_ms)::bigint END,
    waiting_since = NULL, idle_since = greatest(idle_since, sqlc.arg(at)::timestamptz)
WHERE id = sqlc.arg(id) AND closed_at IS NULL
RETURNING *;

-- NoteReply notes when the customer first heard of us.
-- name: NoteReply :one
UPDATE tickets SET first_replied_at = coalesce(first_replied_at, sqlc.arg(at)::timestamptz)
WHERE id = sqlc.arg(id) AND closed_at IS NULL
RETURNING *;

-- AwaitCustomer records that we have answered all that a ticket was about, so
-- that no person is needed for it any more.
-- name: AwaitCustomer :exec
UPDATE tickets SET status = 'waiting_customer', escalated_at = NULL, updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- SetDue stores when the earliest promise of a ticket is due, for the queue.
-- name: SetDue :exec
UPDATE tickets SET sla_due_at = sqlc.narg(sla_due_at)
WHERE id = sqlc.arg(id) AND sla_due_at IS DISTINCT FROM sqlc.narg(sla_due_at)::timestamptz;

-- HoldDraft makes a draft the one that waits for approval on a ticket.
-- name: HoldDraft :exec
UPDATE tickets SET pending_draft_id = sqlc.arg(draft_id)::uuid, updated_at = now()
WHERE id = sqlc.arg(id) AND closed_at IS NULL;

-- DropDraftOfTurn ends the waiting of a draft for a turn that is settled now.
-- name: DropDraftOfTurn :exec
UPDATE tickets t SET pending_draft_id = NULL, updated_at = now()
FROM drafts d
WHERE d.turn_id = sqlc.arg(turn_id) AND t.pending_draft_id = d.id;

-- DropOutgrownDraft ends the waiting of a draft for a batch that has changed
-- since: approving it would settle messages it does not answer.
-- name: DropOutgrownDraft :exec
UPDATE tickets t SET pending_draft_id = NULL, updated_at = now()
FROM drafts d
JOIN turns u ON u.id = d.turn_id
WHERE t.id = sqlc.arg(id) AND d.id = t.pending_draft_id AND u.state = 'open'
  AND (u.first_message_id <> sqlc.arg(first_message_id) OR u.message_ids <> sqlc.arg(message_ids)::uuid[]);

-- UnsentTurn returns the turn whose request to the customer to write nobody
-- sends: it was made when the provider refused later what it had taken.
-- name: UnsentTurn :one
SELECT t.id
FROM outbox o
JOIN turns t ON t.id = o.turn_id
WHERE o.conversation_id = sqlc.arg(conversation_id) AND o.state = 'queued' AND o.template <> ''
  AND o.attempts = 0 AND o.error = '' AND t.state <> 'open'
  AND EXISTS (SELECT FROM outbox h WHERE h.conversation_id = o.conversation_id AND h.state = 'held')
ORDER BY o.created_at
LIMIT 1;
