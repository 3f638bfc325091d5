-- NewestVerification returns the newest verification of a conversation.
-- name: NewestVerification :one
SELECT * FROM verifications
WHERE conversation_id = sqlc.arg(conversation_id)
ORDER BY created_at DESC, id
LIMIT 1;

-- VerificationOfPart returns the verification whose code a part brings.
-- name: VerificationOfPart :one
SELECT * FROM verifications WHERE part_id = sqlc.arg(part_id)::uuid;

-- LockAddress makes everybody else who would send a code to an address wait
-- until this transaction ends. It is taken after the lock of a conversation.
-- name: LockAddress :exec
SELECT pg_advisory_xact_lock(hashtextextended('verification:' || sqlc.arg(address)::text, 0));

-- RecentVerifications counts the codes that were sent since a time to an
-- address or for a conversation, whichever are more.
-- name: RecentVerifications :one
SELECT greatest(
    (SELECT count(*) FROM verifications a WHERE a.address = sqlc.arg(address) AND a.created_at > sqlc.arg(since)),
    (SELECT count(*) FROM verifications c WHERE c.conversation_id = sqlc.arg(conversation_id) AND c.created_at > sqlc.arg(since))
)::bigint AS codes;

-- InsertVerification adds a code that is about to be sent.
-- name: InsertVerification :exec
INSERT INTO verifications (id, conversation_id, turn_id, message_ids, address, created_at, expires_at)
VALUES (sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(turn_id), sqlc.arg(message_ids)::uuid[], sqlc.arg(address),
        sqlc.arg(created_at), sqlc.arg(expires_at));

-- MailVerification notes which part brings a code.
-- name: MailVerification :exec
UPDATE verifications SET part_id = sqlc.arg(part_id)::uuid WHERE id = sqlc.arg(id);

-- WaitForVerification notes which turn waits for a code that is on its way, and
-- what it has.
-- name: WaitForVerification :exec
UPDATE verifications
SET turn_id = sqlc.arg(turn_id), message_ids = sqlc.arg(message_ids)::uuid[]
WHERE id = sqlc.arg(id);

-- CountTry notes that a message was taken for a code, and what followed from it.
-- name: CountTry :exec
WITH tried AS (
    INSERT INTO verification_tries (message_id, verification_id, outcome, tries_left, created_at)
    VALUES (sqlc.arg(message_id), sqlc.arg(verification_id), sqlc.arg(outcome)::text, sqlc.arg(tries_left), sqlc.arg(at))
)
UPDATE verifications
SET tries = tries + CASE WHEN sqlc.arg(outcome)::text = 'late' THEN 0 ELSE 1 END,
    state = CASE
        WHEN sqlc.arg(outcome)::text = 'right' THEN 'proved'
        WHEN sqlc.arg(outcome)::text = 'late' THEN 'expired'
        WHEN sqlc.arg(tries_left)::integer = 0 THEN 'failed'
        ELSE state
    END,
    proved_at = CASE WHEN sqlc.arg(outcome)::text = 'right' THEN sqlc.arg(at)::timestamptz END,
    proved_until = CASE WHEN sqlc.arg(outcome)::text = 'right' THEN sqlc.arg(proved_until)::timestamptz END
WHERE id = sqlc.arg(verification_id) AND state = 'sent';

-- ExpireVerification ends a code that nobody has brought in time.
-- name: ExpireVerification :exec
UPDATE verifications SET state = 'expired' WHERE id = sqlc.arg(id) AND state = 'sent';

-- TriesAmong returns which of the given messages were taken for a code.
-- name: TriesAmong :many
SELECT * FROM verification_tries WHERE message_id = ANY (sqlc.arg(ids)::uuid[]);

-- TellTries notes that the customer is told of what came of the codes in these
-- messages, and returns how many tries are left; no row when there is nothing
-- to tell any more.
-- name: TellTries :one
WITH told AS (
    UPDATE verification_tries SET told = true
    WHERE message_id = ANY (sqlc.arg(ids)::uuid[]) AND NOT told
    RETURNING tries_left
)
SELECT min(told.tries_left)::integer AS tries_left FROM told HAVING count(*) > 0;

-- MessagesToProve returns what may be a code in a batch, and by which way each
-- message came.
-- name: MessagesToProve :many
SELECT id, body, channel, home_id, provider_at
FROM messages
WHERE id = ANY (sqlc.arg(ids)::uuid[])
ORDER BY provider_at, external_id;

-- HideCode replaces the words of a message that held a code.
-- name: HideCode :exec
UPDATE messages SET body = sqlc.arg(body), text_hash = NULL WHERE id = sqlc.arg(id);

-- SetTurnProof notes under which proof a turn is answered, or that there is none.
-- name: SetTurnProof :exec
UPDATE turns SET proved_by = sqlc.narg(proved_by) WHERE id = sqlc.arg(id);

-- PurgeVerifications forgets codes that were sent before a time, at most so many
-- at a time.
-- name: PurgeVerifications :execrows
DELETE FROM verifications
WHERE id IN (SELECT v.id FROM verifications v WHERE v.created_at < sqlc.arg(before)::timestamptz LIMIT sqlc.arg(max_rows));
