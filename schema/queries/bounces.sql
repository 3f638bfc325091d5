-- MailPart returns the mail of ours with this outbound id.
-- name: MailPart :one
SELECT o.id, o.conversation_id, o.recipient, coalesce(o.provider_id, o.id::text)::text AS provider_id
FROM outbox o
WHERE o.id = sqlc.arg(part_id) AND o.via = 'gmail';

-- MailPartByMessageID returns the mail of ours that has this Message-ID.
-- name: MailPartByMessageID :one
SELECT o.id, o.conversation_id, o.recipient, coalesce(o.provider_id, o.id::text)::text AS provider_id
FROM messages m
JOIN outbox o ON o.message_id = m.id AND o.via = 'gmail'
WHERE m.rfc_message_id = sqlc.arg(rfc_message_id)::text
ORDER BY o.created_at DESC
LIMIT 1;

-- RecordMailBounce notes that a mail of ours came back. It proves that Gmail
-- had taken the mail, whatever was thought of that.
-- name: RecordMailBounce :exec
UPDATE outbox
SET state = 'sent', delivery = 'failed', error = sqlc.arg(error), sent_at = coalesce(sent_at, now())
WHERE id = sqlc.arg(part_id) AND via = 'gmail' AND state IN ('sending', 'sent', 'failed');

-- NoteMailReport keeps what a mail server reported about a mail of ours, once.
-- name: NoteMailReport :exec
INSERT INTO delivery_events (via, provider_id, status, outbox_id, applied)
VALUES ('gmail', sqlc.arg(provider_id), sqlc.arg(status), sqlc.arg(part_id)::uuid, true)
ON CONFLICT DO NOTHING;

-- SuppressBouncedAddress keeps further automatic mails from an address that
-- does not exist.
-- name: SuppressBouncedAddress :exec
INSERT INTO suppressions (kind, value, reason, created_at)
VALUES ('email', sqlc.arg(address), 'bounced', sqlc.arg(at))
ON CONFLICT DO NOTHING;

-- LiftBouncedAddress forgets a bounce, because somebody has proved since to
-- write from that address.
-- name: LiftBouncedAddress :exec
DELETE FROM suppressions
WHERE kind = 'email' AND value = sqlc.arg(address) AND reason = 'bounced' AND created_at < sqlc.arg(at);
