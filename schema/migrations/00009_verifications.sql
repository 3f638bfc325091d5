-- How somebody proves that an address is his: by a code that was mailed there.
-- +goose Up
-- The code itself is stored nowhere: it follows from the id and a secret key.
CREATE TABLE verifications (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- The turn whose question waits for the code, and what it had then.
    turn_id         uuid NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    message_ids     uuid[] NOT NULL,
    address         text NOT NULL CHECK (address <> ''),
    -- What brings the code.
    part_id         uuid REFERENCES outbox (id) ON DELETE SET NULL,
    state           text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'proved', 'expired', 'failed')),
    tries           integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 3),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    proved_at       timestamptz,
    proved_until    timestamptz,
    CHECK ((state = 'proved') = (proved_at IS NOT NULL AND proved_until IS NOT NULL))
);
-- A conversation has one code at a time.
CREATE UNIQUE INDEX verifications_waiting ON verifications (conversation_id) WHERE state = 'sent';
CREATE INDEX verifications_conversation ON verifications (conversation_id, created_at);
CREATE INDEX verifications_address ON verifications (address, created_at);
CREATE INDEX verifications_turn ON verifications (turn_id);
CREATE INDEX verifications_part ON verifications (part_id) WHERE part_id IS NOT NULL;

-- Every message that was taken for a code, once: it counts once however often
-- its batch is read.
CREATE TABLE verification_tries (
    message_id      uuid PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    verification_id uuid NOT NULL REFERENCES verifications (id) ON DELETE CASCADE,
    outcome         text NOT NULL CHECK (outcome IN ('right', 'wrong', 'late')),
    tries_left      integer NOT NULL,
    -- Whether the customer has been told of it.
    told            boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL
);
CREATE INDEX verification_tries_verification ON verification_tries (verification_id);

ALTER TABLE turns
    -- The proof under which an unverified turn may see what is the customer's.
    ADD COLUMN proved_by uuid REFERENCES verifications (id) ON DELETE SET NULL;
CREATE INDEX turns_proved_by ON turns (proved_by) WHERE proved_by IS NOT NULL;

-- +goose Down
ALTER TABLE turns DROP COLUMN proved_by;
DROP TABLE verification_tries, verifications;
