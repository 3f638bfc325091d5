-- UnansweredTurns returns the turns that ended with a person for one of these
-- reasons since a time, the newest first, each once.
-- name: UnansweredTurns :many
SELECT t.id, t.ticket_id, t.message_ids, max(h.created_at)::timestamptz AS asked_at
FROM handovers h
JOIN turns t ON t.id = h.turn_id
WHERE h.code = ANY (sqlc.arg(codes)::text[]) AND h.created_at >= sqlc.arg(since)
GROUP BY t.id
ORDER BY asked_at DESC, t.id
LIMIT sqlc.arg(max_turns)::integer;

-- CustomerWords returns what customers wrote in these messages, the earliest first.
-- name: CustomerWords :many
SELECT id, subject, body FROM messages
WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND author = 'customer'
ORDER BY provider_at, id;

-- QuestionEmbeddings returns the vectors that a model has made of turns' questions.
-- name: QuestionEmbeddings :many
SELECT turn_id, embedding FROM question_embeddings
WHERE model = sqlc.arg(model) AND turn_id = ANY (sqlc.arg(turn_ids)::uuid[]);

-- InsertQuestionEmbedding keeps the vector of a turn's question.
-- name: InsertQuestionEmbedding :exec
INSERT INTO question_embeddings (turn_id, model, embedding)
VALUES (sqlc.arg(turn_id), sqlc.arg(model), sqlc.arg(embedding))
ON CONFLICT (turn_id, model) DO NOTHING;
