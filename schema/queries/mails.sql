-- MailToAnswerFrom is MailToAnswer for an answer that goes to the address of
-- another conversation: only what came from there, or went there, is in the
-- thread that its reader has.
-- name: MailToAnswerFrom :one
SELECT subject, rfc_message_id, rfc_references
FROM messages
WHERE conversation_id IN (sqlc.arg(conversation_id), sqlc.arg(route_id))
  AND coalesce(home_id, conversation_id) = sqlc.arg(route_id) AND rfc_message_id IS NOT NULL
ORDER BY coalesce(author = 'customer' AND turn_id = sqlc.narg(turn_id), false) DESC, provider_at DESC
LIMIT 1;

-- MailStoredBefore says whether the mailbox was read before a mail of this time
-- came, as far back as raw mails are kept.
-- name: MailStoredBefore :one
SELECT EXISTS (
    SELECT FROM raw_events WHERE source = sqlc.arg(source) AND provider_at <= sqlc.arg(at)
);
