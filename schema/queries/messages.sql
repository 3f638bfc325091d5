-- InsertMessage stores a message that came in once; no row comes back when the
-- provider's id is known already. What a person of ours wrote answers whatever
-- the customer wrote last.
-- name: InsertMessage :one
INSERT INTO messages (
    id, conversation_id, channel, external_id, author, subject, body, quoted, rfc_message_id, rfc_references,
    suppress_reason, provider_at, verified, home_id, wordless, command, text_hash
) VALUES (
    sqlc.arg(id), sqlc.arg(conversation_id), sqlc.arg(channel), sqlc.arg(external_id), sqlc.arg(author),
    sqlc.arg(subject), sqlc.arg(body), sqlc.arg(quoted), sqlc.narg(rfc_message_id),
    sqlc.arg(rfc_references)::text[], sqlc.arg(suppress_reason), sqlc.arg(provider_at),
    CASE WHEN sqlc.arg(author) = 'customer' THEN sqlc.arg(verified)::boolean ELSE coalesce((
        SELECT n.verified FROM messages n
        WHERE n.conversation_id = sqlc.arg(conversation_id) AND n.author = 'customer'
        ORDER BY n.provider_at DESC, n.external_id DESC LIMIT 1), false) END,
    sqlc.narg(home_id), sqlc.arg(wordless), sqlc.arg(command), sqlc.narg(text_hash)
)
ON CONFLICT (channel, external_id) DO NOTHING
RETURNING id;

-- MessageByExternalID finds a message by the provider's id, with what the
-- bridge needs to deliver it, and who its customer is after all merges.
-- name: MessageByExternalID :one
SELECT m.id, m.conversation_id, m.provider_at, customer_root(c.customer_id)::uuid AS customer_id, c.channel, c.workflow_id
FROM messages m
JOIN conversations c ON c.id = m.conversation_id
WHERE m.channel = sqlc.arg(channel) AND m.external_id = sqlc.arg(external_id);

-- UnsettledMessages returns those of the given messages that nothing has
-- settled yet, oldest first, and whether a person has written since each came.
-- name: UnsettledMessages :many
SELECT m.id, m.provider_at, m.received_at, m.external_id, m.subject, m.suppress_reason, m.verified, m.home_id, m.wordless,
       m.command, EXISTS (
    SELECT FROM messages r
    WHERE r.conversation_id = m.conversation_id AND r.author = 'staff' AND r.received_at > m.received_at
      AND (NOT starts_with(r.external_id, 'staff:') OR EXISTS (SELECT FROM outbox o WHERE o.message_id = r.id))
) AS answered_by_person
FROM messages m
LEFT JOIN processed_messages p ON p.message_id = m.id
WHERE m.conversation_id = sqlc.arg(conversation_id)
  AND m.id = ANY (sqlc.arg(ids)::uuid[])
  AND m.author = 'customer'
  AND p.message_id IS NULL
ORDER BY m.provider_at, m.external_id;

-- LeftMessages returns the customer's messages that nothing has settled though
-- they came before a time: the run that had them was ended by force. How a
-- message was settled is remembered for a week at least (PurgeProcessed), so
-- older ones are not looked at: they would be answered again.
-- name: LeftMessages :many
SELECT m.id
FROM messages m
LEFT JOIN processed_messages p ON p.message_id = m.id
WHERE m.conversation_id = sqlc.arg(conversation_id) AND m.author = 'customer' AND p.message_id IS NULL
  AND m.received_at < sqlc.arg(before) AND m.received_at > now() - interval '6 days';

-- MessagesByID returns messages in the order of their provider's time.
-- name: MessagesByID :many
SELECT id, author, subject, body, rfc_message_id, rfc_references, provider_at
FROM messages
WHERE id = ANY (sqlc.arg(ids)::uuid[])
ORDER BY provider_at, external_id;

-- History returns the newest messages that came before the given turn. When a
-- channel has proved who wrote all of the turn, those are of this conversation
-- and what was proved in the others of the same customer, but nothing from
-- before a phone number changed hands. When a code has proved whose the address
-- is, they are of this conversation and what was proved in those of whom the
-- address belongs to. Else they are what was not proved in
-- this conversation; and of a form's, unless the turn came by mail alone, only
-- what its page shows. What we never said, because it was withdrawn or refused,
-- or stored by a person and not sent, is left out.
-- name: History :many
WITH t AS MATERIALIZED (
    SELECT u.message_ids, u.verified, u.verified OR u.proved_by IS NOT NULL AS proved, u.proved_by, u.conversation_id, h.customer_id, h.customer_since,
           h.channel = 'webform' AND EXISTS (
               SELECT FROM messages w WHERE w.id = ANY (u.message_ids) AND w.channel = 'webform'
           ) AS on_page,
           (SELECT max(w.provider_at) FROM messages w WHERE w.id = ANY (u.message_ids)) AS until
    FROM turns u
    JOIN conversations h ON h.id = u.conversation_id
    WHERE u.id = sqlc.arg(turn_id)
), seen AS MATERIALIZED (
    SELECT t.conversation_id AS id, t.customer_since FROM t
    UNION
    SELECT c.id, c.customer_since
    FROM t
    CROSS JOIN LATERAL customer_family(t.customer_id) AS f (id)
    JOIN conversations c ON c.customer_id = f.id
    WHERE t.verified
    UNION
    SELECT c.id, c.customer_since
    FROM t
    JOIN verifications v ON v.id = t.proved_by AND NOT t.verified
    JOIN customer_identities i ON i.kind = 'email' AND i.value = v.address
    CROSS JOIN LATERAL customer_family(i.customer_id) AS f (id)
    JOIN conversations c ON c.customer_id = f.id
)
SELECT newest.id
FROM t
CROSS JOIN seen
CROSS JOIN LATERAL (
    -- A conversation may have thousands: it is read from its newest until there are enough.
    SELECT m.id, m.provider_at, m.external_id
    FROM messages m
    WHERE m.conversation_id = seen.id AND m.provider_at <= t.until
      AND m.provider_at >= coalesce(seen.customer_since, '-infinity')
      AND m.id <> ALL (t.message_ids)
      AND CASE WHEN t.proved THEN m.verified OR seen.id = t.conversation_id ELSE NOT m.verified AND NOT EXISTS (
          -- What the message is, or answers. A person may answer anything that came before.
          SELECT FROM messages w
          WHERE (w.verified OR t.on_page AND w.channel <> 'webform')
            AND w.id = ANY (CASE
                WHEN m.author = 'customer' THEN ARRAY[m.id]
                WHEN m.turn_id IS NOT NULL THEN (SELECT a.message_ids FROM turns a WHERE a.id = m.turn_id)
                ELSE ARRAY(SELECT n.id FROM messages n
                           WHERE n.conversation_id = m.conversation_id AND n.author = 'customer' AND n.provider_at <= m.provider_at)
            END)
      ) END
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id AND o.state IN ('failed', 'cancelled'))
      AND (NOT starts_with(m.external_id, 'staff:') OR EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id))
    ORDER BY m.provider_at DESC, m.external_id DESC
    LIMIT sqlc.arg(max_messages)
) newest
ORDER BY newest.provider_at DESC, newest.external_id DESC
LIMIT sqlc.arg(max_messages);

-- SettleMessage records how a message was settled; a second settlement is
-- refused by the primary key and reported as no row.
-- name: SettleMessage :execrows
INSERT INTO processed_messages (message_id, turn_id, outcome)
VALUES (sqlc.arg(message_id), sqlc.narg(turn_id), sqlc.arg(outcome))
ON CONFLICT (message_id) DO NOTHING;

-- AttachToTurn notes which turn a customer's messages belong to.
-- name: AttachToTurn :exec
UPDATE messages SET turn_id = sqlc.arg(turn_id) WHERE id = ANY (sqlc.arg(ids)::uuid[]);

-- MailToAnswer returns the mail that a reply refers to: the customer's newest
-- of this turn, else the newest of the conversation, whoever wrote it.
-- name: MailToAnswer :one
SELECT subject, rfc_message_id, rfc_references
FROM messages
WHERE conversation_id = sqlc.arg(conversation_id) AND rfc_message_id IS NOT NULL
ORDER BY coalesce(author = 'customer' AND turn_id = sqlc.arg(turn_id), false) DESC, provider_at DESC
LIMIT 1;

-- RecordRFCMessageID stores the Message-ID that the provider gave a mail of ours.
-- name: RecordRFCMessageID :exec
UPDATE messages SET rfc_message_id = sqlc.arg(rfc_message_id) WHERE id = sqlc.arg(id);
