-- Search by more than whole chunks: by the parts of a chunk, which one vector
-- of the whole blurs, and by the questions that an article answers.
-- +goose Up
ALTER TABLE knowledge_articles
    -- How customers ask for it. They lead to the article and are never shown.
    ADD COLUMN questions text[] NOT NULL DEFAULT '{}';
ALTER TABLE knowledge_versions
    -- How many passages it has when it is complete.
    ADD COLUMN passages integer NOT NULL DEFAULT 0;

-- Sections, sentences and questions that lead to a chunk, beside its own
-- vector. Half the precision changes no ranking and takes half the space.
CREATE TABLE knowledge_passages (
    version      bigint NOT NULL REFERENCES knowledge_versions (id),
    article_id   uuid NOT NULL REFERENCES knowledge_articles (id),
    -- The ordinal of the chunk.
    chunk        integer NOT NULL,
    ordinal      integer NOT NULL,
    content_hash text NOT NULL,
    embedding    halfvec(1536) NOT NULL,
    PRIMARY KEY (article_id, chunk, ordinal)
);
CREATE INDEX knowledge_passages_version ON knowledge_passages (version);
CREATE INDEX knowledge_passages_content_hash ON knowledge_passages (content_hash);
CREATE INDEX knowledge_passages_embedding ON knowledge_passages USING hnsw (embedding halfvec_cosine_ops);

-- The words of the questions that lead to a chunk count like its own.
DROP INDEX knowledge_base_tsv;
ALTER TABLE knowledge_base DROP COLUMN tsv;
ALTER TABLE knowledge_base
    ADD COLUMN asked text NOT NULL DEFAULT '',
    ADD COLUMN tsv tsvector NOT NULL GENERATED ALWAYS AS (
        CASE language
            WHEN 'en' THEN to_tsvector('english', title || ' ' || content || ' ' || asked)
            WHEN 'de' THEN to_tsvector('german', title || ' ' || content || ' ' || asked)
            ELSE to_tsvector('simple', title || ' ' || content || ' ' || asked)
        END
    ) STORED;
CREATE INDEX knowledge_base_tsv ON knowledge_base USING gin (tsv);

-- +goose Down
DROP INDEX knowledge_base_tsv;
ALTER TABLE knowledge_base DROP COLUMN tsv, DROP COLUMN asked;
ALTER TABLE knowledge_base ADD COLUMN tsv tsvector NOT NULL GENERATED ALWAYS AS (
    CASE language
        WHEN 'en' THEN to_tsvector('english', title || ' ' || content)
        WHEN 'de' THEN to_tsvector('german', title || ' ' || content)
        ELSE to_tsvector('simple', title || ' ' || content)
    END
) STORED;
CREATE INDEX knowledge_base_tsv ON knowledge_base USING gin (tsv);
DROP TABLE knowledge_passages;
ALTER TABLE knowledge_versions DROP COLUMN passages;
ALTER TABLE knowledge_articles DROP COLUMN questions;
