-- Knowledge that is looked after: versions that are built in steps, where each
-- article came from, what is doubtful about it, which questions had no answer,
-- and what people's answers could add.
-- +goose Up
ALTER TABLE knowledge_versions
    -- How many chunks it has when it is complete.
    ADD COLUMN chunks       integer NOT NULL DEFAULT 0,
    -- When it went live; null while it is being built.
    ADD COLUMN activated_at timestamptz,
    -- The version whose articles it took over: it may only replace that one.
    ADD COLUMN based_on     bigint;
UPDATE knowledge_versions v
SET chunks = (SELECT count(*) FROM knowledge_base k WHERE k.version = v.id),
    activated_at = CASE WHEN v.live OR EXISTS (SELECT FROM searches s WHERE s.knowledge_version = v.id) THEN v.created_at END;

ALTER TABLE knowledge_articles
    -- How many chunks it is cut into.
    ADD COLUMN chunks        integer NOT NULL DEFAULT 0,
    -- What all translations of one article have in common.
    ADD COLUMN twin          text NOT NULL DEFAULT '',
    ADD COLUMN source        text NOT NULL DEFAULT 'file' CHECK (source IN ('file', 'learned')),
    -- Of a learned article: the ticket whose answer it was, and who let it in.
    ADD COLUMN source_ticket uuid REFERENCES tickets (id) ON DELETE SET NULL,
    ADD COLUMN approved_by   text NOT NULL DEFAULT '';
UPDATE knowledge_articles a SET twin = a.slug, chunks = (SELECT count(*) FROM knowledge_base k WHERE k.article_id = a.id);
CREATE INDEX knowledge_articles_source_ticket ON knowledge_articles (source_ticket) WHERE source_ticket IS NOT NULL;

-- What somebody should look at: two articles that contradict each other, text
-- that reads like an order to the assistant.
CREATE TABLE knowledge_marks (
    version bigint NOT NULL REFERENCES knowledge_versions (id),
    ordinal integer NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('contradiction', 'suspicious')),
    slug    text NOT NULL,
    -- The other article of a contradiction.
    other   text NOT NULL DEFAULT '',
    detail  text NOT NULL,
    PRIMARY KEY (version, ordinal)
);

-- How sure a search was: the cosine of its best chunk, and how far it is ahead
-- of the best of another article. Null for searches made before.
ALTER TABLE searches
    ADD COLUMN best_similarity float8,
    ADD COLUMN margin          float8;

-- The vectors of customers' questions, to see which of them ask the same.
CREATE TABLE question_embeddings (
    turn_id   uuid NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    model     text NOT NULL,
    embedding vector(1536) NOT NULL,
    PRIMARY KEY (turn_id, model)
);

-- What a person's answer could add to the knowledge base, one a ticket. It is
-- searched only while it is approved.
CREATE TABLE article_proposals (
    id             uuid PRIMARY KEY,
    ticket_id      uuid NOT NULL UNIQUE REFERENCES tickets (id) ON DELETE CASCADE,
    -- skipped: the ticket was looked at and adds nothing; reason says why.
    state          text NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected', 'withdrawn', 'skipped')),
    slug           text NOT NULL UNIQUE CHECK (slug <> ''),
    title          text NOT NULL,
    body           text NOT NULL,
    language       text NOT NULL,
    -- The article or proposal it resembles most, and the cosine of the two.
    similar_slug   text NOT NULL DEFAULT '',
    similarity     float8 NOT NULL DEFAULT 0,
    reason         text NOT NULL DEFAULT '',
    decided_by     text NOT NULL DEFAULT '',
    decided_at     timestamptz,
    embedding       vector(1536),
    embedding_model text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (state NOT IN ('proposed', 'approved') OR (title <> '' AND body <> ''))
);
CREATE INDEX article_proposals_state ON article_proposals (state, created_at);
-- Tickets of which an article may be learned.
CREATE INDEX tickets_resolved ON tickets (resolved_at) WHERE resolved_at IS NOT NULL;

-- +goose Down
DROP INDEX tickets_resolved;
DROP TABLE article_proposals, question_embeddings, knowledge_marks;
ALTER TABLE searches DROP COLUMN best_similarity, DROP COLUMN margin;
ALTER TABLE knowledge_articles
    DROP COLUMN chunks, DROP COLUMN twin, DROP COLUMN source, DROP COLUMN source_ticket, DROP COLUMN approved_by;
ALTER TABLE knowledge_versions DROP COLUMN chunks, DROP COLUMN activated_at, DROP COLUMN based_on;
