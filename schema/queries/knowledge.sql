-- LiveVersion returns the version that searches use.
-- name: LiveVersion :one
SELECT * FROM knowledge_versions WHERE live;

-- LockKnowledge lets one ingest at a time switch versions.
-- name: LockKnowledge :exec
SELECT pg_advisory_xact_lock(hashtextextended('fte:knowledge', 0));

-- InsertKnowledgeVersion begins a version that is not live yet.
-- name: InsertKnowledgeVersion :one
INSERT INTO knowledge_versions (embedding_model, content_hash)
VALUES (sqlc.arg(embedding_model), sqlc.arg(content_hash))
RETURNING id;

-- RetireVersions takes the live version out of use.
-- name: RetireVersions :exec
UPDATE knowledge_versions SET live = false WHERE live;

-- ActivateVersion puts a version into use.
-- name: ActivateVersion :exec
UPDATE knowledge_versions SET live = true WHERE id = sqlc.arg(id);

-- InsertArticle adds an article to a version.
-- name: InsertArticle :exec
INSERT INTO knowledge_articles (id, version, slug, title, category, language, updated, body)
VALUES (sqlc.arg(id), sqlc.arg(version), sqlc.arg(slug), sqlc.arg(title), sqlc.arg(category), sqlc.arg(language),
        sqlc.narg(updated)::date, sqlc.arg(body));

-- InsertChunk adds a chunk to a version.
-- name: InsertChunk :exec
INSERT INTO knowledge_base (id, version, article_id, ordinal, title, content, content_hash, language, embedding)
VALUES (sqlc.arg(id), sqlc.arg(version), sqlc.arg(article_id), sqlc.arg(ordinal), sqlc.arg(title), sqlc.arg(content),
        sqlc.arg(content_hash), sqlc.arg(language), sqlc.arg(embedding));

-- KnownEmbeddings returns embeddings that a model has already made for these chunks.
-- name: KnownEmbeddings :many
SELECT DISTINCT ON (k.content_hash) k.content_hash, k.embedding
FROM knowledge_base k
JOIN knowledge_versions v ON v.id = k.version
WHERE v.embedding_model = sqlc.arg(embedding_model) AND k.content_hash = ANY (sqlc.arg(content_hashes)::text[])
ORDER BY k.content_hash, k.version DESC;

-- ListArticles returns the articles of the live version.
-- name: ListArticles :many
SELECT a.slug, a.title, a.category, a.language, a.updated, count(k.id) AS chunks
FROM knowledge_articles a
JOIN knowledge_versions v ON v.id = a.version AND v.live
LEFT JOIN knowledge_base k ON k.article_id = a.id
GROUP BY a.id
ORDER BY a.slug;

-- HybridSearch ranks the chunks of a version by vector and by words, and fuses
-- the two rankings by reciprocal rank.
-- name: HybridSearch :many
WITH by_vector AS MATERIALIZED (
    SELECT k.id, (k.embedding <=> sqlc.arg(embedding)::vector)::float8 AS distance
    FROM knowledge_base k
    WHERE k.version = sqlc.arg(version)
    ORDER BY k.embedding <=> sqlc.arg(embedding)::vector
    LIMIT 40
), by_text AS MATERIALIZED (
    SELECT k.id, ts_rank_cd(k.tsv, q.query)::float8 AS rank
    FROM knowledge_base k,
         LATERAL (SELECT replace(plainto_tsquery(
             CASE k.language WHEN 'en' THEN 'english'::regconfig WHEN 'de' THEN 'german'::regconfig ELSE 'simple'::regconfig END,
             sqlc.arg(query)::text)::text, '&', '|')::tsquery AS query) q
    WHERE k.version = sqlc.arg(version) AND k.tsv @@ q.query
    ORDER BY rank DESC
    LIMIT 40
), fused AS (
    SELECT r.id, sum(1.0 / (60 + r.position))::float8 AS score
    FROM (
        SELECT id, row_number() OVER (ORDER BY distance, id) AS position FROM by_vector
        UNION ALL
        SELECT id, row_number() OVER (ORDER BY rank DESC, id) FROM by_text
    ) r
    GROUP BY r.id
)
SELECT k.id, k.title, k.content, k.language, a.slug, f.score,
       (1 - coalesce(b.distance, 1))::float8 AS similarity
FROM fused f
JOIN knowledge_base k ON k.id = f.id
JOIN knowledge_articles a ON a.id = k.article_id
LEFT JOIN by_vector b ON b.id = f.id
ORDER BY f.score DESC, k.id
LIMIT sqlc.arg(max_chunks);

-- Chunks returns chunks by id.
-- name: Chunks :many
SELECT k.id, k.title, k.content, a.slug
FROM knowledge_base k
JOIN knowledge_articles a ON a.id = k.article_id
WHERE k.id = ANY (sqlc.arg(ids)::uuid[]);
