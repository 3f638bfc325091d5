-- InsertModelCall stores a completion once per turn and input.
-- name: InsertModelCall :exec
INSERT INTO model_calls (
    id, turn_id, input_hash, prompt_version, model, provider, decision, problem, repair, instruction_id,
    prompt_tokens, completion_tokens, cost_usd, latency_ms
) VALUES (
    sqlc.arg(id), sqlc.arg(turn_id), sqlc.arg(input_hash), sqlc.arg(prompt_version), sqlc.arg(model), sqlc.arg(provider),
    sqlc.arg(decision), sqlc.arg(problem), sqlc.arg(repair), sqlc.narg(instruction_id),
    sqlc.arg(prompt_tokens), sqlc.arg(completion_tokens), sqlc.arg(cost_usd), sqlc.arg(latency_ms)
)
ON CONFLICT (turn_id, input_hash) DO NOTHING;

-- ModelCallByInput returns the stored completion of a turn for this input.
-- name: ModelCallByInput :one
SELECT * FROM model_calls WHERE turn_id = sqlc.arg(turn_id) AND input_hash = sqlc.arg(input_hash);

-- ModelCall returns one completion.
-- name: ModelCall :one
SELECT * FROM model_calls WHERE id = sqlc.arg(id);

-- ModelSpending says what the model has cost so far: for the ticket of a turn,
-- and within a day for its customer and in all; and how often it was asked in
-- the turn under one instruction, or under none.
-- name: ModelSpending :one
SELECT (SELECT coalesce(sum(m.cost_usd), 0) FROM model_calls m JOIN turns o ON o.id = m.turn_id
        WHERE o.ticket_id = t.ticket_id)::float8 AS ticket_usd,
       (SELECT coalesce(sum(m.cost_usd), 0)
        FROM conversations n
        JOIN turns o ON o.conversation_id = n.id
        JOIN model_calls m ON m.turn_id = o.id
        WHERE n.customer_id IN (SELECT customer_family(c.customer_id))
          AND m.created_at > sqlc.arg(day_ago)::timestamptz)::float8 AS customer_usd,
       (SELECT coalesce(sum(m.cost_usd), 0) FROM model_calls m
        WHERE m.created_at > sqlc.arg(day_ago)::timestamptz)::float8 AS day_usd,
       (SELECT count(*) FROM model_calls m
        WHERE m.turn_id = t.id AND m.instruction_id IS NOT DISTINCT FROM sqlc.narg(instruction_id))::int AS calls
FROM turns t
JOIN conversations c ON c.id = t.conversation_id
WHERE t.id = sqlc.arg(turn_id);

-- ModelCosts adds up the calls of the model between two times, split by one
-- thing: day, channel, category, model or customer; anything else puts all of
-- them into one row with an empty name. Days are those of a time zone. A ticket
-- counts as answered when a turn of it in which the model was asked was.
-- name: ModelCosts :many
SELECT coalesce(CASE sqlc.arg(split)::text
           WHEN 'day' THEN to_char(m.created_at AT TIME ZONE sqlc.arg(zone)::text, 'YYYY-MM-DD')
           WHEN 'channel' THEN c.channel
           WHEN 'category' THEN k.category
           WHEN 'model' THEN m.model
           WHEN 'customer' THEN c.customer_id::text
       END, '')::text AS name,
       count(*) AS calls,
       coalesce(sum(m.prompt_tokens), 0)::bigint AS prompt_tokens,
       coalesce(sum(m.completion_tokens), 0)::bigint AS completion_tokens,
       coalesce(sum(m.cost_usd), 0)::float8 AS cost_usd,
       count(DISTINCT k.id) AS tickets,
       count(DISTINCT k.id) FILTER (WHERE t.state = 'answered') AS answered,
       count(*) FILTER (WHERE m.problem <> '') AS invalid,
       count(*) FILTER (WHERE m.repair) AS repairs,
       count(*) FILTER (WHERE m.provider = 'fallback') AS fallback,
       coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.latency_ms), 0)::float8 AS median_ms,
       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY m.latency_ms), 0)::float8 AS p95_ms
FROM model_calls m
JOIN turns t ON t.id = m.turn_id
JOIN tickets k ON k.id = t.ticket_id
JOIN conversations c ON c.id = t.conversation_id
WHERE m.created_at >= sqlc.arg(since)::timestamptz AND m.created_at < sqlc.arg(until)::timestamptz
GROUP BY 1
ORDER BY CASE WHEN sqlc.arg(split)::text = 'day' THEN 0 ELSE coalesce(sum(m.cost_usd), 0) END DESC, 1
LIMIT sqlc.arg(max_rows);
