-- The CRM: customers, conversations, tickets, messages, turns, sends and knowledge.
-- +goose Up
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE customers (
    id                uuid PRIMARY KEY,
    name              text NOT NULL DEFAULT '',
    primary_email     text UNIQUE,
    sentiment_history jsonb NOT NULL DEFAULT '[]',
    created_at        timestamptz NOT NULL DEFAULT now()
);

-- An identity belongs to one customer. It is verified when its channel proved
-- it (Twilio's signature, DMARC), claimed when somebody merely typed it.
CREATE TABLE customer_identities (
    kind        text NOT NULL CHECK (kind IN ('email', 'whatsapp')),
    value       text NOT NULL CHECK (value <> ''),
    customer_id uuid NOT NULL REFERENCES customers (id),
    verified    boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, value)
);
CREATE INDEX customer_identities_customer ON customer_identities (customer_id);

-- A conversation is a channel thread and lives for ever under one workflow id.
CREATE TABLE conversations (
    id              uuid PRIMARY KEY,
    channel         text NOT NULL CHECK (channel IN ('email', 'whatsapp', 'webform')),
    key             text NOT NULL CHECK (key <> ''),
    workflow_id     text NOT NULL UNIQUE,
    customer_id     uuid NOT NULL REFERENCES customers (id),
    -- Whether the channel itself proved who writes here.
    sender_verified boolean NOT NULL,
    -- Who answers. Every change of owner adds one to the epoch, and a send is
    -- claimed only under the owner and epoch it was made for.
    owner           text NOT NULL DEFAULT 'ai' CHECK (owner IN ('ai', 'human')),
    epoch           bigint NOT NULL DEFAULT 0,
    subject         text NOT NULL DEFAULT '',
    -- Addresses that have taken part, lower case; who is not in here cannot
    -- enter the thread by quoting a message id.
    participants    text[] NOT NULL DEFAULT '{}',
    -- Where replies go: the customer's number or address.
    reply_to        text NOT NULL,
    gmail_thread_id text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (channel, key)
);
CREATE INDEX conversations_customer ON conversations (customer_id);

-- A ticket is one run of a conversation, from first message to close.
CREATE TABLE tickets (
    id                uuid PRIMARY KEY,
    number            text NOT NULL,
    conversation_id   uuid NOT NULL REFERENCES conversations (id),
    status            text NOT NULL DEFAULT 'open'
        CHECK (status IN ('open', 'waiting_customer', 'needs_human', 'with_human', 'resolved', 'closed')),
    subject           text NOT NULL DEFAULT '',
    category          text NOT NULL DEFAULT 'general',
    priority          text NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    escalation_code   text NOT NULL DEFAULT '',
    escalation_reason text NOT NULL DEFAULT '',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    closed_at         timestamptz,
    CHECK ((status = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX tickets_one_open ON tickets (conversation_id) WHERE closed_at IS NULL;
CREATE INDEX tickets_conversation ON tickets (conversation_id, created_at);
CREATE INDEX tickets_number ON tickets (number);

-- A turn is one batch of customer messages and what we did about it: all that
-- a replay needs to know.
CREATE TABLE turns (
    id                uuid PRIMARY KEY,
    conversation_id   uuid NOT NULL REFERENCES conversations (id),
    ticket_id         uuid NOT NULL REFERENCES tickets (id),
    first_message_id  uuid NOT NULL,
    message_ids       uuid[] NOT NULL,
    state             text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'handed_over')),
    rule              text NOT NULL DEFAULT '',
    prompt_version    text NOT NULL DEFAULT '',
    model             text NOT NULL DEFAULT '',
    knowledge_version bigint,
    chunk_ids         uuid[] NOT NULL DEFAULT '{}',
    chunk_scores      float8[] NOT NULL DEFAULT '{}',
    verdicts          jsonb NOT NULL DEFAULT '[]',
    created_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz,
    UNIQUE (conversation_id, first_message_id)
);
CREATE INDEX turns_ticket ON turns (ticket_id);

CREATE TABLE messages (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    channel         text NOT NULL CHECK (channel IN ('email', 'whatsapp', 'webform')),
    -- The provider's id, or the send key of a message of ours.
    external_id     text NOT NULL CHECK (external_id <> ''),
    author          text NOT NULL CHECK (author IN ('customer', 'assistant', 'staff')),
    subject         text NOT NULL DEFAULT '',
    body            text NOT NULL,
    quoted          text NOT NULL DEFAULT '',
    -- The RFC 5322 Message-ID, by which later mails refer to this one.
    rfc_message_id  text,
    rfc_references  text[] NOT NULL DEFAULT '{}',
    -- Why this message must never be answered automatically; empty if it may.
    suppress_reason text NOT NULL DEFAULT '',
    provider_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT now(),
    turn_id         uuid REFERENCES turns (id),
    UNIQUE (channel, external_id)
);
CREATE INDEX messages_conversation ON messages (conversation_id, provider_at);
CREATE INDEX messages_rfc_message_id ON messages (rfc_message_id) WHERE rfc_message_id IS NOT NULL;
CREATE INDEX messages_turn ON messages (turn_id) WHERE turn_id IS NOT NULL;

-- Written in the transaction that settles a message, and never without it.
CREATE TABLE processed_messages (
    message_id   uuid PRIMARY KEY REFERENCES messages (id),
    turn_id      uuid REFERENCES turns (id),
    outcome      text NOT NULL CHECK (outcome IN ('answered', 'human', 'suppressed')),
    processed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX processed_messages_turn ON processed_messages (turn_id);

-- One knowledge search of a turn. The same question of the same turn is asked once.
CREATE TABLE searches (
    id                uuid PRIMARY KEY,
    turn_id           uuid NOT NULL REFERENCES turns (id),
    query             text NOT NULL,
    query_hash        text NOT NULL,
    knowledge_version bigint NOT NULL,
    chunk_ids         uuid[] NOT NULL,
    chunk_scores      float8[] NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (turn_id, query_hash)
);

-- One completion. The same input of the same turn is paid for once.
CREATE TABLE model_calls (
    id                uuid PRIMARY KEY,
    turn_id           uuid NOT NULL REFERENCES turns (id),
    input_hash        text NOT NULL,
    prompt_version    text NOT NULL,
    model             text NOT NULL,
    decision          jsonb NOT NULL,
    prompt_tokens     integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost_usd          float8 NOT NULL DEFAULT 0,
    latency_ms        bigint NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (turn_id, input_hash)
);

-- A proposed answer. Approval and review are bound to its id.
CREATE TABLE drafts (
    id            uuid PRIMARY KEY,
    turn_id       uuid NOT NULL REFERENCES turns (id),
    model_call_id uuid NOT NULL UNIQUE REFERENCES model_calls (id),
    body          text NOT NULL,
    citations     uuid[] NOT NULL,
    verdicts      jsonb NOT NULL DEFAULT '[]',
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX drafts_turn ON drafts (turn_id);

-- One row is one provider call to make. send_key = <turn id>/<kind>/<part>.
CREATE TABLE outbox (
    id               uuid PRIMARY KEY,
    send_key         text NOT NULL UNIQUE,
    turn_id          uuid NOT NULL REFERENCES turns (id),
    conversation_id  uuid NOT NULL REFERENCES conversations (id),
    message_id       uuid NOT NULL REFERENCES messages (id),
    kind             text NOT NULL CHECK (kind IN ('ack', 'answer', 'notice', 'correction')),
    part             integer NOT NULL,
    via              text NOT NULL CHECK (via IN ('whatsapp', 'gmail', 'page')),
    recipient        text NOT NULL,
    -- queued → sending → sent; sending → queued only when the provider surely
    -- did not take it; failed and cancelled are final.
    state            text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')),
    epoch            bigint NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    absent_checks    integer NOT NULL DEFAULT 0,
    attempted_at     timestamptz,
    gmail_draft_id   text,
    provider_id      text,
    delivery         text NOT NULL DEFAULT 'queued'
        CHECK (delivery IN ('queued', 'sent', 'delivered', 'read', 'failed')),
    error            text NOT NULL DEFAULT '',
    sent_at          timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX outbox_provider_id ON outbox (via, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX outbox_turn ON outbox (turn_id, part);
CREATE INDEX outbox_message ON outbox (message_id);

-- Raw mails as they came, so that a parser bug can be repaired later.
CREATE TABLE raw_events (
    id          uuid PRIMARY KEY,
    source      text NOT NULL,
    external_id text NOT NULL CHECK (external_id <> ''),
    body        bytea NOT NULL,
    provider_at timestamptz NOT NULL,
    labels      text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, external_id)
);

-- Events that Kafka could not take, in the order in which they came.
CREATE TABLE webhook_spool (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id       text NOT NULL UNIQUE,
    topic          text NOT NULL,
    key            text NOT NULL,
    type           text NOT NULL,
    source         text NOT NULL,
    correlation_id text NOT NULL,
    trace_parent   text NOT NULL,
    value          bytea NOT NULL,
    event_time     timestamptz NOT NULL,
    spooled_at     timestamptz NOT NULL DEFAULT now()
);

-- How far we have read each mailbox.
CREATE TABLE mailboxes (
    mailbox          text PRIMARY KEY,
    cursor           bigint NOT NULL,
    watch_expires_at timestamptz,
    synced_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE suppressions (
    kind       text NOT NULL CHECK (kind IN ('email', 'whatsapp')),
    value      text NOT NULL CHECK (value <> ''),
    reason     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, value)
);

CREATE TABLE channel_configs (
    channel    text NOT NULL CHECK (channel IN ('email', 'whatsapp', 'webform')),
    category   text NOT NULL DEFAULT '',
    mode       text NOT NULL DEFAULT 'auto' CHECK (mode IN ('off', 'draft', 'auto')),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, category)
);

-- What an engineer asked of one turn before running it again.
CREATE TABLE instructions (
    id             uuid PRIMARY KEY,
    turn_id        uuid NOT NULL REFERENCES turns (id),
    prompt_version text NOT NULL DEFAULT '',
    model          text NOT NULL DEFAULT '',
    actor          text NOT NULL,
    reason         text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX instructions_turn ON instructions (turn_id);

CREATE TABLE agent_metrics (
    turn_id          uuid PRIMARY KEY,
    channel          text NOT NULL CHECK (channel IN ('email', 'whatsapp', 'webform')),
    latency_ms       bigint NOT NULL,
    escalated        boolean NOT NULL,
    tool_calls_count integer NOT NULL,
    tokens           integer NOT NULL,
    cost_usd         float8 NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX agent_metrics_recorded ON agent_metrics (recorded_at, channel);

CREATE TABLE audit_log (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT now(),
    actor  text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    reason text NOT NULL DEFAULT '',
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_object ON audit_log (object, at);

-- +goose Down
DROP TABLE audit_log, agent_metrics, instructions, channel_configs, suppressions, mailboxes, webhook_spool,
    raw_events, outbox, drafts, model_calls, searches, processed_messages, messages, turns, tickets,
    conversations, customer_identities, customers;
