-- WhatsAppReconciledAt returns until when the messages of a number of ours are
-- known to be complete.
-- name: WhatsAppReconciledAt :one
SELECT reconciled_at FROM whatsapp_numbers WHERE number = sqlc.arg(number);

-- AdvanceWhatsApp moves that time forward, never back.
-- name: AdvanceWhatsApp :exec
INSERT INTO whatsapp_numbers (number, reconciled_at)
VALUES (sqlc.arg(number), sqlc.arg(reconciled_at))
ON CONFLICT (number) DO UPDATE SET reconciled_at = greatest(whatsapp_numbers.reconciled_at, excluded.reconciled_at);

-- UnknownWhatsApp returns those of the given ids of Twilio that no message and
-- no send of ours has, and that were not handed over since the given time: they
-- may be on their way.
-- name: UnknownWhatsApp :many
SELECT s.sid::text
FROM unnest(sqlc.arg(sids)::text[]) AS s (sid)
WHERE NOT EXISTS (SELECT FROM messages m WHERE m.channel = 'whatsapp' AND m.external_id = 'twilio:' || s.sid)
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.via = 'whatsapp' AND o.provider_id = s.sid)
  AND NOT EXISTS (
      SELECT FROM raw_events e
      WHERE e.source = sqlc.arg(source) AND e.external_id = s.sid AND e.created_at > sqlc.arg(handed_over_since)::timestamptz
  );

-- NoteHandedOver remembers when messages of Twilio's list were handed to the
-- broker. Their text is in the event and, later, in the message.
-- name: NoteHandedOver :exec
INSERT INTO raw_events (id, source, external_id, body, provider_at, created_at)
SELECT gen_random_uuid(), sqlc.arg(source), s.sid, '', sqlc.arg(at)::timestamptz, sqlc.arg(at)::timestamptz
FROM unnest(sqlc.arg(sids)::text[]) AS s (sid)
ON CONFLICT (source, external_id) DO UPDATE SET created_at = excluded.created_at;

-- SentPastUs says of a message that left our number, under an id we do not
-- know, whether somebody sent it to a customer of ours without this service: no
-- send ever had its id, no callback with our own id has come for it, and nothing
-- that was handed over for that recipient can be it.
-- name: SentPastUs :one
SELECT (EXISTS (
    SELECT FROM conversations c WHERE c.channel = 'whatsapp' AND c.key = sqlc.arg(key)
) AND NOT EXISTS (
    SELECT FROM delivery_events e WHERE e.via = 'whatsapp' AND e.provider_id = sqlc.arg(sid)::text AND e.outbox_id IS NOT NULL
) AND NOT EXISTS (
    SELECT FROM outbox o JOIN messages m ON m.id = o.message_id
    WHERE o.via = 'whatsapp' AND o.recipient = sqlc.arg(recipient)
      AND (sqlc.arg(sid)::text = ANY (o.former_ids)
           OR (o.attempted_at > sqlc.arg(sent_at)::timestamptz - interval '2 days' AND ( -- what waited may be older
               regexp_replace(btrim(m.body), '\s+', ' ', 'g') = regexp_replace(btrim(sqlc.arg(body)::text), '\s+', ' ', 'g')
               OR (o.kind = 'reply' AND strpos( -- a part of a person's words
                   regexp_replace(m.body, '\s+', ' ', 'g'), regexp_replace(btrim(sqlc.arg(body)::text), '\s+', ' ', 'g')) > 0)
               OR (o.template <> '' AND o.provider_id IS NULL)))) -- Twilio fills in the words
))::boolean AS past_us;

-- QuotedWhatsApp returns the text of the message that a customer quotes, if it
-- was written between the same two numbers.
-- name: QuotedWhatsApp :one
SELECT m.body FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.channel = 'whatsapp' AND m.external_id = 'twilio:' || sqlc.arg(sid)::text AND c.channel = 'whatsapp' AND c.key = sqlc.arg(key)
UNION ALL
SELECT m.body FROM outbox o JOIN messages m ON m.id = o.message_id
WHERE o.via = 'whatsapp' AND o.provider_id = sqlc.arg(sid)::text AND o.recipient = sqlc.arg(customer)
LIMIT 1;
