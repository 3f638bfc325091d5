-- What a call of the model was worth: calls that could not be used are kept
-- too, since they were paid for.
-- +goose Up
ALTER TABLE model_calls
    -- Why the call cannot be used, such as unknown_tool; empty when it can.
    ADD COLUMN problem        text NOT NULL DEFAULT '',
    -- Which of the configured servers answered.
    ADD COLUMN provider       text NOT NULL DEFAULT 'primary' CHECK (provider IN ('primary', 'fallback')),
    -- Whether it was asked to mend an answer that was not good enough.
    ADD COLUMN repair         boolean NOT NULL DEFAULT false,
    -- The instruction of a person for which it was asked.
    ADD COLUMN instruction_id uuid REFERENCES instructions (id);
-- What was spent lately is added up before each call, from the index alone.
CREATE INDEX model_calls_created ON model_calls (created_at) INCLUDE (cost_usd);

-- +goose Down
DROP INDEX model_calls_created;
ALTER TABLE model_calls DROP COLUMN problem, DROP COLUMN provider, DROP COLUMN repair, DROP COLUMN instruction_id;
