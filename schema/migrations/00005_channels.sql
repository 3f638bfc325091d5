-- What the rules of each channel need, and who a customer is across channels.
-- +goose Up
-- A merge is a pointer and nothing is moved, so that it can be taken back.
ALTER TABLE customers
    ADD COLUMN merged_into uuid REFERENCES customers (id) CHECK (merged_into <> id);
CREATE INDEX customers_merged_into ON customers (merged_into) WHERE merged_into IS NOT NULL;

-- customer_root returns who a customer is after all merges.
-- +goose StatementBegin
CREATE FUNCTION customer_root(customer uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT c.id, c.merged_into FROM customers c WHERE c.id = customer
        UNION
        SELECT c.id, c.merged_into FROM up JOIN customers c ON c.id = up.merged_into
    )
    SELECT up.id FROM up WHERE up.merged_into IS NULL
$$;
-- +goose StatementEnd

-- customer_family returns every customer row that is the same person as this one.
-- +goose StatementBegin
CREATE FUNCTION customer_family(customer uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE down AS (
        SELECT customer_root(customer) AS id
        UNION
        SELECT c.id FROM down JOIN customers c ON c.merged_into = down.id
    )
    SELECT down.id FROM down
$$;
-- +goose StatementEnd

-- What somebody typed and no channel has proved. People see that two may be
-- one; nothing else follows from a claim.
CREATE TABLE identity_claims (
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    kind            text NOT NULL CHECK (kind IN ('email', 'whatsapp')),
    value           text NOT NULL CHECK (value <> ''),
    proved_at       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, kind, value)
);
CREATE INDEX identity_claims_value ON identity_claims (kind, value);
-- An identity is verified from now on; the claimed ones become claims.
INSERT INTO identity_claims (conversation_id, kind, value)
SELECT c.id, i.kind, i.value
FROM customer_identities i JOIN conversations c ON c.customer_id = i.customer_id AND c.reply_to = i.value
WHERE NOT i.verified
ON CONFLICT DO NOTHING;
UPDATE customers k SET primary_email = NULL
FROM customer_identities i WHERE i.customer_id = k.id AND i.kind = 'email' AND i.value = k.primary_email AND NOT i.verified;
DELETE FROM customer_identities WHERE NOT verified;

ALTER TABLE customer_identities
    -- When the channel last proved it: a number nobody wrote from for long may
    -- have been given to somebody else.
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();

-- Why two customers are one, and who took it back.
CREATE TABLE customer_merges (
    id         uuid PRIMARY KEY,
    merged_id  uuid NOT NULL REFERENCES customers (id),
    into_id    uuid NOT NULL REFERENCES customers (id),
    reason     text NOT NULL CHECK (reason IN ('claim_proved', 'ticket_named', 'by_hand')),
    message_id uuid REFERENCES messages (id), -- the customer's own, that proved it
    actor      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz,
    undone_by  text NOT NULL DEFAULT '',
    CHECK (merged_id <> into_id)
);
CREATE UNIQUE INDEX customer_merges_one ON customer_merges (merged_id) WHERE undone_at IS NULL;
CREATE INDEX customer_merges_into ON customer_merges (into_id);

ALTER TABLE conversations
    -- What came before belongs to whoever had the number then; null when nobody else had it.
    ADD COLUMN customer_since timestamptz;

ALTER TABLE messages
    -- Whether the channel proved who wrote it; of ours, whether it answers what was proved.
    ADD COLUMN verified  boolean NOT NULL DEFAULT false,
    -- The conversation whose address it came from, when it joined another one.
    ADD COLUMN home_id   uuid REFERENCES conversations (id),
    -- What came instead of words: nothing, or what only a person can look at.
    ADD COLUMN wordless  text NOT NULL DEFAULT '' CHECK (wordless IN ('', 'empty', 'media')),
    -- What the customer told the service itself.
    ADD COLUMN command   text NOT NULL DEFAULT '' CHECK (command IN ('', 'stop', 'start', 'continue')),
    -- By which the same words are known on another channel; null for what is not compared.
    ADD COLUMN text_hash bytea;
UPDATE messages m SET verified = true
FROM conversations c WHERE c.id = m.conversation_id AND c.sender_verified;
CREATE INDEX messages_text_hash ON messages (text_hash, provider_at) WHERE text_hash IS NOT NULL;

ALTER TABLE turns
    -- Whether a channel proved who wrote every message of it.
    ADD COLUMN verified boolean NOT NULL DEFAULT false;
UPDATE turns t SET verified = true
FROM conversations c WHERE c.id = t.conversation_id AND c.sender_verified;

ALTER TABLE outbox
    -- The conversation to whose address it goes; null for its own.
    ADD COLUMN route_id   uuid REFERENCES conversations (id),
    -- The approved template it is sent as; empty for free text.
    ADD COLUMN template   text NOT NULL DEFAULT '',
    -- Provider ids of earlier tries that were refused later.
    ADD COLUMN former_ids text[] NOT NULL DEFAULT '{}',
    DROP CONSTRAINT outbox_state_check,
    -- held: it waits for the customer to write, because only then it may be sent.
    ADD CONSTRAINT outbox_state_check CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled', 'held')),
    DROP CONSTRAINT outbox_reply_has_no_turn,
    ADD CONSTRAINT outbox_turn CHECK (CASE kind WHEN 'reply' THEN turn_id IS NULL WHEN 'ack' THEN true ELSE turn_id IS NOT NULL END);
CREATE INDEX outbox_held ON outbox (conversation_id) WHERE state = 'held';
CREATE INDEX outbox_recipient ON outbox (recipient, created_at);

-- Every status a provider has reported, also of messages we do not know yet.
CREATE TABLE delivery_events (
    via         text NOT NULL CHECK (via IN ('whatsapp', 'gmail')),
    provider_id text NOT NULL CHECK (provider_id <> ''),
    status      text NOT NULL CHECK (status <> ''),
    outbox_id   uuid, -- as the callback names it
    error_code  integer NOT NULL DEFAULT 0,
    applied     boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (via, provider_id, status)
);
CREATE INDEX delivery_events_received ON delivery_events (received_at);

-- What came with a message besides its words; the content stays where it came from.
CREATE TABLE attachments (
    message_id   uuid NOT NULL REFERENCES messages (id),
    ordinal      integer NOT NULL,
    name         text NOT NULL DEFAULT '',
    content_type text NOT NULL DEFAULT '',
    size         bigint NOT NULL DEFAULT 0, -- decoded, in bytes; 0 when the provider does not say
    sha256       text NOT NULL DEFAULT '',
    too_large    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (message_id, ordinal)
);

-- Until when the messages of each of our numbers are known to be complete.
CREATE TABLE whatsapp_numbers (
    number        text PRIMARY KEY,
    reconciled_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE whatsapp_numbers, attachments, delivery_events, customer_merges, identity_claims;
DELETE FROM outbox WHERE kind = 'ack' AND turn_id IS NULL;
UPDATE outbox SET state = 'cancelled' WHERE state = 'held';
DROP INDEX outbox_recipient, outbox_held;
ALTER TABLE outbox
    DROP CONSTRAINT outbox_turn,
    ADD CONSTRAINT outbox_reply_has_no_turn CHECK ((kind = 'reply') = (turn_id IS NULL)),
    DROP CONSTRAINT outbox_state_check,
    ADD CONSTRAINT outbox_state_check CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')),
    DROP COLUMN route_id, DROP COLUMN template, DROP COLUMN former_ids;
ALTER TABLE turns DROP COLUMN verified;
ALTER TABLE messages DROP COLUMN verified, DROP COLUMN home_id, DROP COLUMN wordless, DROP COLUMN command, DROP COLUMN text_hash;
ALTER TABLE conversations DROP COLUMN customer_since;
ALTER TABLE customer_identities DROP COLUMN seen_at;
DROP FUNCTION customer_family;
DROP FUNCTION customer_root;
ALTER TABLE customers DROP COLUMN merged_into;
