-- Knowledge: articles, their chunks, and the version that is live.
-- +goose Up
-- A version is one consistent set of chunks made with one embedding model.
-- Switching the live version is a single update.
CREATE TABLE knowledge_versions (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding_model text NOT NULL,
    content_hash    text NOT NULL,
    live            boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX knowledge_versions_one_live ON knowledge_versions (live) WHERE live;

CREATE TABLE knowledge_articles (
    id           uuid PRIMARY KEY,
    version      bigint NOT NULL REFERENCES knowledge_versions (id),
    slug         text NOT NULL CHECK (slug <> ''),
    title        text NOT NULL,
    category     text NOT NULL DEFAULT '',
    language     text NOT NULL DEFAULT 'en',
    updated      date,
    body         text NOT NULL,
    UNIQUE (version, slug)
);

-- Chunks. The title is the path of headings that leads to the chunk.
CREATE TABLE knowledge_base (
    id           uuid PRIMARY KEY,
    version      bigint NOT NULL REFERENCES knowledge_versions (id),
    article_id   uuid NOT NULL REFERENCES knowledge_articles (id),
    ordinal      integer NOT NULL,
    title        text NOT NULL,
    content      text NOT NULL,
    content_hash text NOT NULL,
    language     text NOT NULL,
    embedding    vector(1536) NOT NULL,
    tsv          tsvector NOT NULL GENERATED ALWAYS AS (
        CASE language
            WHEN 'en' THEN to_tsvector('english', title || ' ' || content)
            WHEN 'de' THEN to_tsvector('german', title || ' ' || content)
            ELSE to_tsvector('simple', title || ' ' || content)
        END
    ) STORED,
    UNIQUE (article_id, ordinal)
);
CREATE INDEX knowledge_base_version ON knowledge_base (version);
CREATE INDEX knowledge_base_content_hash ON knowledge_base (content_hash);
CREATE INDEX knowledge_base_embedding ON knowledge_base USING hnsw (embedding vector_cosine_ops);
CREATE INDEX knowledge_base_tsv ON knowledge_base USING gin (tsv);

-- +goose Down
DROP TABLE knowledge_base, knowledge_articles, knowledge_versions;
