-- What people do, and the facts from which the clocks of a ticket are read.
-- +goose Up
ALTER TABLE customers
    ADD COLUMN tier text NOT NULL DEFAULT 'standard' CHECK (tier IN ('standard', 'vip'));

ALTER TABLE conversations
    -- Grows with every change that the workflow has to know of.
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,
    -- The handle of the person who owns it; empty when the assistant does, or
    -- when it is not known who wrote from the mailbox.
    ADD COLUMN assignee text NOT NULL DEFAULT '';

ALTER TABLE tickets
    ADD COLUMN priority_by_person boolean NOT NULL DEFAULT false,
    ADD COLUMN first_replied_at   timestamptz,
    -- Since when it is our move; null while it is the customer's.
    ADD COLUMN waiting_since      timestamptz,
    -- Since when it is the customer's move.
    ADD COLUMN idle_since         timestamptz,
    -- How long earlier waits for us lasted: in office hours, and by the wall.
    ADD COLUMN used_business_ms   bigint NOT NULL DEFAULT 0,
    ADD COLUMN used_wall_ms       bigint NOT NULL DEFAULT 0,
    ADD COLUMN escalated_at       timestamptz,
    -- When the person who owns it last did something.
    ADD COLUMN person_at          timestamptz,
    ADD COLUMN resolved_at        timestamptz,
    ADD COLUMN pending_draft_id   uuid REFERENCES drafts (id),
    -- The earliest promise that runs, for the queue.
    ADD COLUMN sla_due_at         timestamptz;
UPDATE tickets SET waiting_since = created_at WHERE status IN ('open', 'needs_human', 'with_human');
UPDATE tickets SET idle_since = updated_at WHERE status IN ('waiting_customer', 'resolved');
UPDATE tickets SET escalated_at = updated_at WHERE status = 'needs_human';
UPDATE tickets SET person_at = updated_at WHERE status = 'with_human';
CREATE INDEX tickets_due ON tickets (sla_due_at) WHERE closed_at IS NULL AND sla_due_at IS NOT NULL;

ALTER TABLE drafts
    ADD COLUMN decision    text NOT NULL DEFAULT '' CHECK (decision IN ('', 'approved', 'rejected')),
    ADD COLUMN decided_by  text NOT NULL DEFAULT '',
    ADD COLUMN decided_at  timestamptz,
    ADD COLUMN reason_code text NOT NULL DEFAULT '';

-- An instruction that is automatic sends its answer without approval.
ALTER TABLE instructions
    ADD COLUMN auto boolean NOT NULL DEFAULT false;

-- A person's own message is a send without a turn.
ALTER TABLE outbox
    ALTER COLUMN turn_id DROP NOT NULL,
    DROP CONSTRAINT outbox_kind_check,
    ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('ack', 'answer', 'notice', 'correction', 'reply')),
    ADD CONSTRAINT outbox_reply_has_no_turn CHECK ((kind = 'reply') = (turn_id IS NULL));
CREATE INDEX outbox_conversation_open ON outbox (conversation_id) WHERE state IN ('queued', 'sending');

-- What a person wrote beside a ticket, for colleagues only.
CREATE TABLE notes (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    actor           text NOT NULL,
    body            text NOT NULL CHECK (body <> ''),
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notes_conversation ON notes (conversation_id, created_at);

-- Every action of a person, once, with what came of it.
CREATE TABLE actions (
    action_id       text PRIMARY KEY CHECK (action_id <> ''),
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    action          text NOT NULL,
    actor           text NOT NULL,
    request         jsonb NOT NULL,
    result          jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX actions_conversation ON actions (conversation_id, created_at);

-- What a person needs to know who takes a ticket over, one a turn and reason;
-- turn_id is null when a clock asked.
CREATE TABLE handovers (
    id              uuid PRIMARY KEY,
    ticket_id       uuid NOT NULL REFERENCES tickets (id),
    turn_id         uuid REFERENCES turns (id),
    code            text NOT NULL,
    reason          text NOT NULL,
    summary         text NOT NULL,
    tried           text NOT NULL,
    sources         text[] NOT NULL DEFAULT '{}',
    sentiment       float8,
    suggested_reply text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (ticket_id, turn_id, code)
);

-- One report a day.
CREATE TABLE daily_reports (
    day        date PRIMARY KEY,
    body       jsonb NOT NULL,
    markdown   text NOT NULL,
    mailed_at  timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE daily_reports, handovers, actions, notes;
DELETE FROM outbox WHERE kind = 'reply';
DROP INDEX outbox_conversation_open;
ALTER TABLE outbox
    DROP CONSTRAINT outbox_reply_has_no_turn,
    DROP CONSTRAINT outbox_kind_check,
    ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('ack', 'answer', 'notice', 'correction')),
    ALTER COLUMN turn_id SET NOT NULL;
ALTER TABLE instructions DROP COLUMN auto;
ALTER TABLE drafts DROP COLUMN decision, DROP COLUMN decided_by, DROP COLUMN decided_at, DROP COLUMN reason_code;
ALTER TABLE tickets
    DROP COLUMN priority_by_person, DROP COLUMN first_replied_at, DROP COLUMN waiting_since, DROP COLUMN idle_since,
    DROP COLUMN used_business_ms, DROP COLUMN used_wall_ms, DROP COLUMN escalated_at, DROP COLUMN person_at,
    DROP COLUMN resolved_at, DROP COLUMN pending_draft_id, DROP COLUMN sla_due_at;
ALTER TABLE conversations DROP COLUMN revision, DROP COLUMN assignee;
ALTER TABLE customers DROP COLUMN tier;
