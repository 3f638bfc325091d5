package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
	pgxvector "github.com/pgvector/pgvector-go/pgx"

	"github.com/digital-fte/fte/schema"
)

// chunksOfArticle is as many as a search shows of one article, so that it
// hides none and its ranking can be compared with the exact one.
const chunksOfArticle = 3

// hnsw is an index of a table, as the migrations name them.
type hnsw struct{ name, table string }

var (
	chunkIndex   = hnsw{"knowledge_base_embedding", "knowledge_base"}
	passageIndex = hnsw{"knowledge_passages_embedding", "knowledge_passages"}
)

// store is a database with one live version of n chunks.
type store struct {
	conn *pgx.Conn
	db   *schema.DB
}

// fill stores the first n chunks. The index is made afterwards.
func (s *store) fill(ctx context.Context, c corpus, n int) error {
	for _, index := range []hnsw{chunkIndex, passageIndex} {
		if err := s.exec(ctx, "DROP INDEX IF EXISTS "+index.name); err != nil {
			return err
		}
	}
	version, err := s.db.InsertKnowledgeVersion(ctx, schema.InsertKnowledgeVersionParams{EmbeddingModel: modelName, Chunks: int32(n), Passages: int32(n * c.passages(n))})
	if err != nil {
		return schema.Classify(err)
	}
	// Chunks of one topic make articles, as they would in a knowledge base.
	places := map[topic][]int{}
	for i, st := range c.statements[:n] {
		places[st.topic] = append(places[st.topic], i)
	}
	articles := make([]uuid.UUID, n)
	ordinals := make([]int32, n)
	var rows [][]any
	for _, t := range topics() {
		for start := 0; start < len(places[t]); start += chunksOfArticle {
			id := uuid.New()
			name := fmt.Sprintf("%s/%s %s/%d", t.domain, t.thing, t.event, start)
			rows = append(rows, []any{id, version, name, t.thing + " " + t.event, name, ""})
			for i, at := range places[t][start:min(start+chunksOfArticle, len(places[t]))] {
				articles[at], ordinals[at] = id, int32(i)
			}
		}
	}
	if _, err := s.conn.CopyFrom(ctx, pgx.Identifier{"knowledge_articles"},
		[]string{"id", "version", "slug", "title", "twin", "body"}, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("storing articles: %w", err)
	}
	if _, err := s.conn.CopyFrom(ctx, pgx.Identifier{"knowledge_base"},
		[]string{"id", "version", "article_id", "ordinal", "title", "content", "content_hash", "language", "embedding"},
		pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			st := c.statements[i]
			return []any{
				idOf(i), version, articles[i], ordinals[i], st.topic.thing, st.text, fmt.Sprint(i), "en", pgvector.NewVector(padded(c.vectors[i])),
			}, nil
		})); err != nil {
		return fmt.Errorf("storing chunks: %w", err)
	}
	if _, err := s.conn.CopyFrom(ctx, pgx.Identifier{"knowledge_passages"},
		[]string{"version", "article_id", "chunk", "ordinal", "content_hash", "embedding"},
		pgx.CopyFromSlice(n*c.passages(n), func(i int) ([]any, error) {
			return []any{version, articles[i%n], ordinals[i%n], int32(i / n), fmt.Sprint(i), pgvector.NewHalfVector(padded(c.vectors[n+i]))}, nil
		})); err != nil {
		return fmt.Errorf("storing passages: %w", err)
	}
	return schema.Classify(s.db.ActivateVersion(ctx, version))
}

// idOf is the id of a chunk, by which its number is known again.
func idOf(i int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

func numberOf(id uuid.UUID) int { return int(binary.BigEndian.Uint64(id[8:])) }

// build makes an index and says how long that took and how large it is.
func (s *store) build(ctx context.Context, index hnsw, definition string) (took time.Duration, size string, err error) {
	for _, setting := range []string{"SET maintenance_work_mem = '1GB'", "DROP INDEX IF EXISTS " + index.name} {
		if err := s.exec(ctx, setting); err != nil {
			return 0, "", err
		}
	}
	began := time.Now()
	if err := s.exec(ctx, fmt.Sprintf("CREATE INDEX %s ON %s USING hnsw %s", index.name, index.table, definition)); err != nil {
		return 0, "", err
	}
	took = time.Since(began)
	if err := s.exec(ctx, "VACUUM (ANALYZE) "+index.table); err != nil {
		return 0, "", err
	}
	err = s.conn.QueryRow(ctx, "SELECT pg_size_pretty(pg_relation_size($1::text::regclass))", index.name).Scan(&size)
	return took, size, err
}

// released returns the definition of an index that the migrations make.
func (s *store) released(ctx context.Context, index hnsw) (string, error) {
	var definition string
	err := s.conn.QueryRow(ctx, "SELECT substring(indexdef FROM 'USING hnsw (.*)$') FROM pg_indexes WHERE indexname = $1", index.name).Scan(&definition)
	if err != nil {
		return "", fmt.Errorf("looking up the index %s: %w", index.name, err)
	}
	return definition, nil
}

// nearest asks the index alone.
func (s *store) nearest(ctx context.Context, as string, ef int, question []float32) ([]uuid.UUID, error) {
	var found []uuid.UUID
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL hnsw.ef_search = %d", ef)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, fmt.Sprintf("SELECT id FROM knowledge_base ORDER BY embedding::%s <=> $1::%s LIMIT 40", as, as),
			pgvector.NewVector(padded(question)))
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	return found, err
}

func (s *store) exec(ctx context.Context, statement string) error {
	if _, err := s.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("running %s: %w", statement, err)
	}
	return nil
}

func openStore(ctx context.Context, url string) (*store, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
		return nil, fmt.Errorf("preparing for vectors: %w", err)
	}
	db, err := schema.Open(ctx, schema.Options{URL: url, Name: "bench"})
	if err != nil {
		return nil, err
	}
	return &store{conn: conn, db: db}, nil
}

func (s *store) close(ctx context.Context) error {
	s.db.Close()
	return s.conn.Close(ctx)
}
