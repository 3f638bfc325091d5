-- DayVolume counts what came in and what went out between two times.
-- name: DayVolume :one
SELECT count(*) FILTER (WHERE m.author = 'customer') AS received,
       count(*) FILTER (WHERE m.author = 'assistant') AS by_assistant,
       count(*) FILTER (WHERE m.author = 'staff') AS by_staff,
       count(DISTINCT m.conversation_id) AS conversations,
       (SELECT count(*) FROM tickets t
        WHERE t.created_at >= sqlc.arg(since)::timestamptz AND t.created_at < sqlc.arg(until)::timestamptz) AS opened
FROM messages m
WHERE m.received_at >= sqlc.arg(since)::timestamptz AND m.received_at < sqlc.arg(until)::timestamptz
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = m.id AND o.state IN ('failed', 'cancelled'));

-- DayTurns sums up the turns that began between two times: one row for each
-- channel that had any, and one with an empty channel for all of them. The mood
-- is what the model read last in a turn, or the rules where no model was asked;
-- turns without a reading do not count.
-- name: DayTurns :many
SELECT coalesce(c.channel, '')::text AS channel,
       count(*) AS turns,
       count(*) FILTER (WHERE t.state = 'handed_over') AS escalated,
       count(*) FILTER (WHERE t.state = 'open') AS unfinished,
       count(k.sentiment) AS readings,
       coalesce(avg(k.sentiment), 0)::float8 AS sentiment,
       count(a.latency_ms) AS measured,
       coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY a.latency_ms), 0)::float8 AS median_ms,
       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY a.latency_ms), 0)::float8 AS p95_ms,
       coalesce(sum(k.cost_usd), 0)::float8 AS cost_usd
FROM turns t
JOIN conversations c ON c.id = t.conversation_id
LEFT JOIN agent_metrics a ON a.turn_id = t.id
LEFT JOIN LATERAL (
    SELECT sum(m.cost_usd) AS cost_usd,
           coalesce((array_agg(m.decision #>> '{arguments,triage,sentiment}' ORDER BY m.created_at DESC, m.id)
               FILTER (WHERE m.problem = '' AND m.decision #>> '{arguments,triage,sentiment}' IS NOT NULL))[1],
               t.triage ->> 'sentiment')::float8 AS sentiment
    FROM model_calls m
    WHERE m.turn_id = t.id
) k ON true
WHERE t.created_at >= sqlc.arg(since)::timestamptz AND t.created_at < sqlc.arg(until)::timestamptz
GROUP BY GROUPING SETS ((c.channel), ())
ORDER BY 1;

-- DayCategories counts the tickets with a turn between two times by what they
-- are about, the most frequent first.
-- name: DayCategories :many
SELECT k.category AS name, count(DISTINCT k.id) AS tickets
FROM turns t
JOIN tickets k ON k.id = t.ticket_id
WHERE t.created_at >= sqlc.arg(since)::timestamptz AND t.created_at < sqlc.arg(until)::timestamptz
GROUP BY k.category
ORDER BY 2 DESC, 1
LIMIT sqlc.arg(max_rows);

-- DayReasons counts the tickets for which a person was asked between two times
-- by the reason, the most frequent first.
-- name: DayReasons :many
SELECT code AS name, count(DISTINCT ticket_id) AS tickets
FROM handovers
WHERE created_at >= sqlc.arg(since)::timestamptz AND created_at < sqlc.arg(until)::timestamptz
GROUP BY code
ORDER BY 2 DESC, 1
LIMIT sqlc.arg(max_rows);

-- SaveReport stores the report of a day. One that has been mailed stays as it
-- was read.
-- name: SaveReport :exec
INSERT INTO daily_reports (day, body, markdown)
VALUES (sqlc.arg(day)::text::date, sqlc.arg(body), sqlc.arg(markdown))
ON CONFLICT (day) DO UPDATE SET body = excluded.body, markdown = excluded.markdown
WHERE daily_reports.mailed_at IS NULL;

-- SavedReport returns the report of a day.
-- name: SavedReport :one
SELECT body, markdown, mailed_at, created_at FROM daily_reports WHERE day = sqlc.arg(day)::text::date;

-- MarkReportMailed notes that staff has the report.
-- name: MarkReportMailed :exec
UPDATE daily_reports SET mailed_at = now() WHERE day = sqlc.arg(day)::text::date AND mailed_at IS NULL;

-- EscalatedTicket returns what an alert about a ticket says beyond its event.
-- name: EscalatedTicket :one
SELECT t.status, t.sla_due_at, c.workflow_id
FROM tickets t
JOIN conversations c ON c.id = t.conversation_id
WHERE t.id = sqlc.arg(id);

-- BeginStaffMail notes that a mail to staff about an event is about to be sent;
-- no row means that this was noted before, and that the mail may be out.
-- name: BeginStaffMail :execrows
INSERT INTO audit_log (actor, action, object)
SELECT 'notifier', 'staff_mail', sqlc.arg(event_id)::text
WHERE NOT EXISTS (SELECT FROM audit_log g WHERE g.object = sqlc.arg(event_id)::text AND g.action = 'staff_mail');
