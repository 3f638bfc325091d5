-- LockSandboxes lets one session at a time make and clear away sandboxes.
-- name: LockSandboxes :exec
SELECT pg_advisory_lock(hashtextextended('fte:sandbox', 0));

-- LeftSandboxes returns the sandboxes that nobody uses.
-- name: LeftSandboxes :many
SELECT d.datname::text AS name
FROM pg_catalog.pg_database d
WHERE d.datname ~ '^fte_eval_[0-9a-f]{16}$'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
ORDER BY d.datname;

-- SpentOnTurn sums up what a turn has cost.
-- name: SpentOnTurn :one
SELECT count(*) AS calls, coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens,
       coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens, coalesce(sum(cost_usd), 0)::float8 AS cost_usd,
       coalesce(sum(latency_ms), 0)::bigint AS latency_ms
FROM model_calls
WHERE turn_id = sqlc.arg(turn_id);
