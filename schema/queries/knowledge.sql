-- LiveVersion returns the version that searches use.
-- name: LiveVersion :one
SELECT * FROM knowledge_versions WHERE live;

-- LockKnowledge lets one ingest at a time switch versions.
-- name: LockKnowledge :exec
SELECT pg_advisory_xact_lock(hashtextextended('fte:knowledge', 0));

-- InsertKnowledgeVersion begins a version that is not live yet.
-- name: InsertKnowledgeVersion :one
INSERT INTO knowledge_versions (embedding_model, content_hash, chunks, passages, based_on)
VALUES (sqlc.arg(embedding_model), sqlc.arg(content_hash), sqlc.arg(chunks), sqlc.arg(passages), sqlc.narg(based_on))
RETURNING id;

-- UnfinishedVersion returns a version with these contents that was begun after
-- the live one and has never been live.
-- name: UnfinishedVersion :one
SELECT * FROM knowledge_versions v
WHERE v.content_hash = sqlc.arg(content_hash) AND v.embedding_model = sqlc.arg(embedding_model)
  AND v.based_on IS NOT DISTINCT FROM sqlc.narg(based_on)::bigint
  AND v.activated_at IS NULL AND v.created_at > sqlc.arg(created_after)
  AND v.id > coalesce((SELECT l.id FROM knowledge_versions l WHERE l.live), 0)
ORDER BY v.id DESC
LIMIT 1;

-- KnowledgeVersion returns a version, which nobody deletes until the
-- transaction ends.
-- name: KnowledgeVersion :one
SELECT * FROM knowledge_versions WHERE id = sqlc.arg(id) FOR KEY SHARE;

-- CountChunks counts the chunks that a version has got so far.
-- name: CountChunks :one
SELECT count(*) FROM knowledge_base WHERE version = sqlc.arg(version);

-- RetireVersions takes the live version out of use.
-- name: RetireVersions :exec
UPDATE knowledge_versions SET live = false WHERE live;

-- ActivateVersion puts a version into use.
-- name: ActivateVersion :exec
UPDATE knowledge_versions SET live = true, activated_at = now() WHERE id = sqlc.arg(id);

-- DeleteUnusedVersions deletes old versions that are not live and that no
-- search refers to: what interrupted ingests left, and what nobody ever saw.
-- name: DeleteUnusedVersions :exec
WITH unused AS (
    SELECT v.id
    FROM knowledge_versions v
    WHERE NOT v.live
      AND v.created_at < sqlc.arg(created_before)
      AND NOT EXISTS (SELECT FROM searches s WHERE s.knowledge_version = v.id)
), marks AS (
    DELETE FROM knowledge_marks WHERE version IN (SELECT id FROM unused)
), passages AS (
    DELETE FROM knowledge_passages WHERE version IN (SELECT id FROM unused)
), chunks AS (
    DELETE FROM knowledge_base WHERE version IN (SELECT id FROM unused)
), articles AS (
    DELETE FROM knowledge_articles WHERE version IN (SELECT id FROM unused)
)
DELETE FROM knowledge_versions WHERE id IN (SELECT id FROM unused);

-- AllowSlow gives a transaction the time that upkeep of a large version takes.
-- name: AllowSlow :exec
SELECT set_config('statement_timeout', '60000', true);

-- AnalyzeKnowledge renews what the planner and HybridSearch know of how often
-- versions and words occur.
-- name: AnalyzeKnowledge :exec
ANALYZE knowledge_base (version, article_id, language, tsv);

-- InsertArticle adds an article to a version.
-- name: InsertArticle :exec
INSERT INTO knowledge_articles (id, version, slug, title, category, language, updated, body, questions, chunks, twin, source, source_ticket, approved_by)
VALUES (sqlc.arg(id), sqlc.arg(version), sqlc.arg(slug), sqlc.arg(title), sqlc.arg(category), sqlc.arg(language),
        sqlc.narg(updated)::date, sqlc.arg(body), sqlc.arg(questions)::text[], sqlc.arg(chunks), sqlc.arg(twin), sqlc.arg(source), sqlc.narg(source_ticket),
        sqlc.arg(approved_by));

-- VersionArticles returns the articles of a version.
-- name: VersionArticles :many
SELECT * FROM knowledge_articles WHERE version = sqlc.arg(version) ORDER BY slug;

-- ArticlesOfChunks returns the articles of a version that some of its chunks
-- belong to, when all are counted in the order of the slugs, and how many
-- chunks come before each.
-- name: ArticlesOfChunks :many
SELECT sqlc.embed(a), c.before::integer AS before
FROM (
    SELECT b.id, sum(b.chunks) OVER (ORDER BY b.slug) - b.chunks AS before
    FROM knowledge_articles b
    WHERE b.version = sqlc.arg(version)
) c
JOIN knowledge_articles a ON a.id = c.id
WHERE c.before < sqlc.arg(until)::integer AND c.before + a.chunks > sqlc.arg(since)::integer
ORDER BY a.slug;

-- InsertChunk adds a chunk to a version, unless it is there.
-- name: InsertChunk :exec
INSERT INTO knowledge_base (id, version, article_id, ordinal, title, content, asked, content_hash, language, embedding)
VALUES (sqlc.arg(id), sqlc.arg(version), sqlc.arg(article_id), sqlc.arg(ordinal), sqlc.arg(title), sqlc.arg(content),
        sqlc.arg(asked), sqlc.arg(content_hash), sqlc.arg(language), sqlc.arg(embedding))
ON CONFLICT (article_id, ordinal) DO NOTHING;

-- InsertPassage adds a vector that leads to a chunk, unless it is there.
-- name: InsertPassage :exec
INSERT INTO knowledge_passages (version, article_id, chunk, ordinal, content_hash, embedding)
VALUES (sqlc.arg(version), sqlc.arg(article_id), sqlc.arg(chunk), sqlc.arg(ordinal), sqlc.arg(content_hash),
        sqlc.arg(embedding)::vector::halfvec(1536))
ON CONFLICT DO NOTHING;

-- KnownEmbeddings returns embeddings that a model has already made for these
-- chunks.
-- name: KnownEmbeddings :many
SELECT DISTINCT ON (k.content_hash) k.content_hash, k.embedding
FROM knowledge_base k
JOIN knowledge_versions v ON v.id = k.version
WHERE v.embedding_model = sqlc.arg(embedding_model) AND k.content_hash = ANY (sqlc.arg(content_hashes)::text[])
ORDER BY k.content_hash, k.version DESC;

-- KnownPassages returns embeddings that a model has already made for these
-- passages.
-- name: KnownPassages :many
SELECT DISTINCT ON (p.content_hash) p.content_hash, (p.embedding::vector)::vector AS embedding
FROM knowledge_passages p
JOIN knowledge_versions v ON v.id = p.version
WHERE v.embedding_model = sqlc.arg(embedding_model) AND p.content_hash = ANY (sqlc.arg(content_hashes)::text[])
ORDER BY p.content_hash, p.version DESC;

-- ListArticles returns the articles of the live version.
-- name: ListArticles :many
SELECT a.slug, a.title, a.category, a.language, a.updated, a.chunks, a.source, a.source_ticket, a.approved_by
FROM knowledge_articles a
JOIN knowledge_versions v ON v.id = a.version AND v.live
ORDER BY a.slug;

-- VersionLanguages returns the languages of a version.
-- name: VersionLanguages :many
SELECT DISTINCT language FROM knowledge_articles WHERE version = sqlc.arg(version) ORDER BY language;

-- ClearMarks forgets what was doubtful about a version.
-- name: ClearMarks :exec
DELETE FROM knowledge_marks WHERE version = sqlc.arg(version);

-- InsertMark stores one thing that somebody should look at.
-- name: InsertMark :exec
INSERT INTO knowledge_marks (version, ordinal, kind, slug, other, detail)
VALUES (sqlc.arg(version), sqlc.arg(ordinal), sqlc.arg(kind), sqlc.arg(slug), sqlc.arg(other), sqlc.arg(detail))
ON CONFLICT DO NOTHING;

-- LiveMarks returns what is doubtful about the live version.
-- name: LiveMarks :many
SELECT m.* FROM knowledge_marks m
JOIN knowledge_versions v ON v.id = m.version AND v.live
ORDER BY m.ordinal;

-- TuneSearch prepares a transaction for HybridSearch and NearestChunks. Exact
-- forbids the vector index, which only plain index scans use; other indexes
-- then serve bitmap scans. Through it, rows of other versions are dropped after
-- the scan, so the scan goes on until enough are left. A search that takes
-- longer than this is worth less than none.
-- name: TuneSearch :exec
SELECT set_config('statement_timeout', '2000', true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_indexscan', CASE WHEN sqlc.arg(exact)::bool THEN 'off' ELSE 'on' END, true),
       set_config('hnsw.ef_search', '100', true),
       set_config('hnsw.iterative_scan', 'relaxed_order', true);

-- HybridSearch ranks the chunks of a version by vector and by words, fuses the
-- two rankings by reciprocal rank, and keeps the best of each article. Any word
-- of the question may match, each language with its own stems; one comparison
-- with the words of all languages lets the word index serve it. Ranking costs
-- by the row, so the commonest words, by the statistics of the planner, are
-- left out once the others match enough. By vector a chunk is as near as the nearest of
-- its passages or itself: the index gives distances in relaxed order, which
-- grouping sorts. A place by meaning counts for more than one by words, as it is
-- right more often.
-- name: HybridSearch :many
WITH common AS MATERIALIZED (
    SELECT unnest(s.most_common_elems::text::text[]) AS word, unnest(s.most_common_elem_freqs) AS frequency
    FROM pg_catalog.pg_stats s
    WHERE s.schemaname = current_schema() AND s.tablename = 'knowledge_base' AND s.attname = 'tsv'
), asked AS (
    SELECT l.language, l.word,
           row_number() OVER rarest AS place,
           sum(coalesce(c.frequency, 0)) OVER rarest AS share
    FROM (
        SELECT 'en' AS language, unnest(tsvector_to_array(to_tsvector('english', sqlc.arg(query)::text))) AS word
        UNION ALL
        SELECT 'de', unnest(tsvector_to_array(to_tsvector('german', sqlc.arg(query)::text)))
        UNION ALL
        SELECT 'other', unnest(tsvector_to_array(to_tsvector('simple', sqlc.arg(query)::text)))
    ) l
    LEFT JOIN common c ON c.word = l.word
    WINDOW rarest AS (PARTITION BY l.language ORDER BY coalesce(c.frequency, 0), l.word)
), quoted AS (
    SELECT language, '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''' AS word
    FROM asked
    WHERE place = 1
       OR share * (SELECT reltuples FROM pg_catalog.pg_class WHERE oid = 'knowledge_base'::regclass) <= sqlc.arg(max_matches)::float8
), question AS MATERIALIZED (
    SELECT coalesce(string_agg(DISTINCT word, '|'), '')::tsquery AS anything,
           coalesce(string_agg(word, '|') FILTER (WHERE language = 'en'), '')::tsquery AS en,
           coalesce(string_agg(word, '|') FILTER (WHERE language = 'de'), '')::tsquery AS de,
           coalesce(string_agg(word, '|') FILTER (WHERE language = 'other'), '')::tsquery AS other
    FROM quoted
), by_chunk AS MATERIALIZED (
    SELECT k.id, (k.embedding <=> sqlc.arg(embedding)::vector)::float8 AS distance
    FROM knowledge_base k
    WHERE k.version = sqlc.arg(version)
    ORDER BY k.embedding <=> sqlc.arg(embedding)::vector
    LIMIT 40
), by_passage AS MATERIALIZED (
    SELECT p.article_id, p.chunk, (p.embedding <=> sqlc.arg(embedding)::vector::halfvec(1536))::float8 AS distance
    FROM knowledge_passages p
    WHERE p.version = sqlc.arg(version)
    ORDER BY p.embedding <=> sqlc.arg(embedding)::vector::halfvec(1536)
    LIMIT 100
), by_vector AS MATERIALIZED (
    SELECT n.id, min(n.distance) AS distance
    FROM (
        SELECT c.id, c.distance FROM by_chunk c
        UNION ALL
        SELECT k.id, p.distance
        FROM by_passage p
        JOIN knowledge_base k ON k.article_id = p.article_id AND k.ordinal = p.chunk
    ) n
    GROUP BY n.id
    ORDER BY min(n.distance), n.id
    LIMIT 40
), by_text AS MATERIALIZED (
    SELECT k.id, k.content_hash, ts_rank(k.tsv, l.words)::float8 AS rank
    FROM question q,
         knowledge_base k,
         LATERAL (SELECT CASE k.language WHEN 'en' THEN q.en WHEN 'de' THEN q.de ELSE q.other END AS words) l
    WHERE k.version = sqlc.arg(version) AND k.tsv @@ q.anything AND k.tsv @@ l.words
    ORDER BY rank DESC, k.content_hash
    LIMIT 40
), fused AS (
    SELECT r.id, sum(CASE WHEN r.by_vector > 0 THEN 1.0 ELSE 0.7 END / (60 + r.by_vector + r.by_text))::float8 AS score,
           max(r.by_vector)::integer AS by_vector, max(r.by_text)::integer AS by_text
    FROM (
        SELECT id, row_number() OVER (ORDER BY distance, id) AS by_vector, 0 AS by_text FROM by_vector
        UNION ALL
        SELECT id, 0, row_number() OVER (ORDER BY rank DESC, content_hash) FROM by_text
    ) r
    GROUP BY r.id
), spread AS (
    SELECT f.id, f.score, f.by_vector, f.by_text, k.article_id, row_number() OVER (PARTITION BY k.article_id ORDER BY f.score DESC, f.id) AS place
    FROM fused f
    JOIN knowledge_base k ON k.id = f.id
)
SELECT k.id, k.title, k.content, k.language, a.slug, a.twin, s.score, s.by_vector, s.by_text,
       (1 - (k.embedding <=> sqlc.arg(embedding)::vector))::float8 AS similarity
FROM spread s
JOIN knowledge_base k ON k.id = s.id
JOIN knowledge_articles a ON a.id = k.article_id
WHERE s.place <= sqlc.arg(max_of_article)::integer
ORDER BY s.score DESC, similarity DESC, k.id
LIMIT sqlc.arg(max_chunks)::integer;

-- NearestChunks returns the chunks of a version that are nearest to a vector.
-- name: NearestChunks :many
SELECT a.slug, a.title AS article, near.title, near.language, near.similarity
FROM (
    SELECT k.article_id, k.title, k.language, (1 - (k.embedding <=> sqlc.arg(embedding)::vector))::float8 AS similarity
    FROM knowledge_base k
    WHERE k.version = sqlc.arg(version)
    ORDER BY k.embedding <=> sqlc.arg(embedding)::vector
    LIMIT sqlc.arg(max_chunks)::integer
) near
JOIN knowledge_articles a ON a.id = near.article_id
ORDER BY near.similarity DESC, a.slug;

-- Chunks returns chunks by id.
-- name: Chunks :many
SELECT k.id, k.title, k.content, k.language, a.slug
FROM knowledge_base k
JOIN knowledge_articles a ON a.id = k.article_id
WHERE k.id = ANY (sqlc.arg(ids)::uuid[]);
