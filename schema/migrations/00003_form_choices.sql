-- What the customer chose on the form decides the ticket until the model has seen it.
-- +goose Up
ALTER TABLE conversations
    ADD COLUMN initial_category text NOT NULL DEFAULT 'general',
    ADD COLUMN initial_priority text NOT NULL DEFAULT 'medium' CHECK (initial_priority IN ('low', 'medium', 'high', 'urgent'));

-- +goose Down
ALTER TABLE conversations DROP COLUMN initial_category, DROP COLUMN initial_priority;
