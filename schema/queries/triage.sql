-- KnowledgeLanguages returns the languages that the live articles are in.
-- name: KnowledgeLanguages :many
SELECT DISTINCT a.language
FROM knowledge_articles a
JOIN knowledge_versions v ON v.id = a.version AND v.live
ORDER BY a.language;

-- EarlierMoods returns what the rules made of the earlier turns of a ticket,
-- the oldest first: the customer's mood, and whether they said that an answer
-- did not help.
-- name: EarlierMoods :many
SELECT coalesce((triage ->> 'sentiment')::float8, 0.5)::float8 AS sentiment,
       coalesce((triage ->> 'repeats')::boolean, false)::boolean AS repeats
FROM turns
WHERE ticket_id = sqlc.arg(ticket_id) AND id <> sqlc.arg(turn_id) AND state = 'answered'
ORDER BY created_at, id;
