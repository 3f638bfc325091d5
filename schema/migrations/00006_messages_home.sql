-- Which messages came from a conversation's address, wherever they are stored:
-- asked before every send on WhatsApp.
-- +goose Up
CREATE INDEX messages_home ON messages (home_id) WHERE home_id IS NOT NULL;

-- +goose Down
DROP INDEX messages_home;
