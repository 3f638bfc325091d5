-- What keeps a large database quick: no send, and no message that comes in,
-- reads a whole table.
-- +goose Up
-- Sends are asked for by conversation: what has not gone out yet, and what became of the newest.
CREATE INDEX outbox_conversation ON outbox (conversation_id, created_at);
CREATE INDEX outbox_unfinished ON outbox (conversation_id) WHERE state IN ('queued', 'sending', 'held');
DROP INDEX outbox_conversation_open, outbox_held;
CREATE INDEX outbox_route ON outbox (route_id) WHERE route_id IS NOT NULL;

-- Hardly anybody is more than a few rows; unless told, the planner thinks of a
-- thousand and reads every customer instead.
ALTER FUNCTION customer_family(uuid) ROWS 3;

-- +goose Down
ALTER FUNCTION customer_family(uuid) ROWS 1000;
DROP INDEX outbox_route;
CREATE INDEX outbox_conversation_open ON outbox (conversation_id) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_held ON outbox (conversation_id) WHERE state = 'held';
DROP INDEX outbox_unfinished, outbox_conversation;
