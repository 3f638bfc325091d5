-- LockIdentity makes everybody else who looks for the same identity wait until
-- this transaction ends, so that two messages of a new customer meet one row.
-- name: LockIdentity :exec
SELECT pg_advisory_xact_lock(hashtextextended(sqlc.arg(kind)::text || ':' || sqlc.arg(value)::text, 0));

-- GetIdentity returns whose identity this is.
-- name: GetIdentity :one
SELECT customer_id, verified
FROM customer_identities
WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value);

-- InsertCustomer adds a customer.
-- name: InsertCustomer :exec
INSERT INTO customers (id, name, primary_email)
VALUES (sqlc.arg(id), sqlc.arg(name), sqlc.narg(primary_email));

-- InsertIdentity ties an identity to a customer.
-- name: InsertIdentity :exec
INSERT INTO customer_identities (kind, value, customer_id, verified)
VALUES (sqlc.arg(kind), sqlc.arg(value), sqlc.arg(customer_id), sqlc.arg(verified));

-- VerifyIdentity records that a channel has proved the identity.
-- name: VerifyIdentity :exec
UPDATE customer_identities
SET verified = true
WHERE kind = sqlc.arg(kind) AND value = sqlc.arg(value) AND NOT verified;

-- CustomerName returns what a customer calls himself.
-- name: CustomerName :one
SELECT name FROM customers WHERE id = sqlc.arg(id);
