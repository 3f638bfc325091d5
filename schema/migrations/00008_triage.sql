-- What the rules made of a batch, and how far an answer could be trusted.
-- +goose Up
-- triage is a triage.Assessment: codes, names of rules and figures, never words.
ALTER TABLE turns
    ADD COLUMN triage     jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN confidence float8 CHECK (confidence BETWEEN 0 AND 1);

-- +goose Down
ALTER TABLE turns DROP COLUMN triage, DROP COLUMN confidence;
