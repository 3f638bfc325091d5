-- ShareCustomers keeps which customers are one as it is until this transaction
-- ends. It is taken before any other lock of intake.
-- name: ShareCustomers :exec
SELECT pg_advisory_xact_lock_shared(hashtextextended('customers', 0));

-- LockCustomers lets nobody else join or part customers, or rely on who is one,
-- until this transaction ends. It is taken before any other lock of intake.
-- name: LockCustomers :exec
SELECT pg_advisory_xact_lock(hashtextextended('customers', 0));

-- LockIdentity makes everybody else who looks for the same identity wait until
-- this transaction ends, so that two messages of a new customer meet one row.
-- name: LockIdentity :exec
SELECT pg_advisory_xact_lock(hashtextextended(sqlc.arg(kind)::text || ':' || sqlc.arg(value)::text, 0));

-- LockCustomer makes the other messages of a customer wait until this
-- transaction ends. It is taken after the lock of the identity.
-- name: LockCustomer :exec
SELECT pg_advisory_xact_lock(hashtextextended('customer:' || customer_root(sqlc.arg(id))::text, 0));

-- GetIdentity returns whose identity this is, and when its channel last proved it.
-- name: GetIdentity :one
SELECT customer_id, seen_at
FROM customer_identities
WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value);

-- InsertCustomer adds a customer.
-- name: InsertCustomer :exec
INSERT INTO customers (id, name, primary_email)
VALUES (sqlc.arg(id), sqlc.arg(name), sqlc.narg(primary_email));

-- DropCustomer forgets a customer that nothing refers to yet.
-- name: DropCustomer :exec
DELETE FROM customers WHERE id = sqlc.arg(id);

-- InsertIdentity ties an identity that a channel has proved to a customer.
-- name: InsertIdentity :exec
INSERT INTO customer_identities (kind, value, customer_id, verified, seen_at)
VALUES (sqlc.arg(kind), sqlc.arg(value), sqlc.arg(customer_id), true, sqlc.arg(seen_at));

-- SeeIdentity notes that a channel has proved an identity again.
-- name: SeeIdentity :exec
UPDATE customer_identities
SET seen_at = sqlc.arg(seen_at)
WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value) AND seen_at < sqlc.arg(seen_at);

-- MoveNumber gives a WhatsApp number that nobody wrote from for long to another
-- customer, with its conversations from now on: what came before stays out of
-- his sight, what waited for the former owner to write is withdrawn, and that he
-- wanted no messages is forgotten.
-- name: MoveNumber :exec
WITH moved AS (
    UPDATE customer_identities i
    SET customer_id = sqlc.arg(customer_id), seen_at = sqlc.arg(at)
    WHERE i.kind = 'whatsapp' AND i.value = sqlc.arg(number)
), heard AS (
    DELETE FROM suppressions s WHERE s.kind = 'whatsapp' AND s.value = sqlc.arg(number)
), given AS (
    UPDATE conversations c
    SET customer_id = sqlc.arg(customer_id), customer_since = sqlc.arg(at)::timestamptz
    FROM customer_family(sqlc.arg(former_id)) AS f (id)
    WHERE c.customer_id = f.id AND c.channel = 'whatsapp' AND c.reply_to = sqlc.arg(number)
    RETURNING c.id
)
UPDATE outbox o SET state = 'cancelled'
FROM given
WHERE given.id IN (o.conversation_id, o.route_id) AND o.via = 'whatsapp' AND o.state IN ('queued', 'held');

-- CustomerName returns what a customer calls himself.
-- name: CustomerName :one
SELECT name FROM customers WHERE id = sqlc.arg(id);
