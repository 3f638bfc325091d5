// Command search measures how fast and how well the knowledge base finds its
// chunks when it is large. It fills a database of its own with made-up
// sentences that mean something, embedded by a real model, and asks through the
// search that the service uses.
//
//	go run ./bench/search -database URL [-embeddings URL] [-chunks 10000,100000] [-compare]
//
// Vectors are kept in a folder, so that only the first run needs the model. It
// must never be pointed at a database that is in use: it measures with all that
// the server can give.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/digital-fte/fte/llm"
)

// questionCount fits into the cache of questions, so that no measured search
// waits for the model.
const questionCount = 500

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("search", flag.ContinueOnError)
	flags.SetOutput(stderr)
	database := flags.String("database", "", "`URL` of a Postgres with pgvector, where databases may be created")
	embeddings := flags.String("embeddings", "", "base `URL` of the server of bench/embeddings")
	folder := flags.String("keep", "bench/.cache/search", "`folder` of the vectors")
	sizes := flags.String("chunks", "10000,100000", "how many chunks, a `list`")
	compare := flags.Bool("compare", false, "compare other indexes too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *database == "" {
		return errors.New("name a database server with -database")
	}
	counts, err := parseSizes(*sizes)
	if err != nil {
		return err
	}
	c, err := loadCorpus(ctx, *folder, *embeddings, max(counts[len(counts)-1], counts[0]*(1+passagesOfChunk)), stderr)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%d topics, %d questions, %d dimensions of which %d are zeros\n", len(topics()), questionCount, llm.MaxDimensions, llm.MaxDimensions-width)
	for _, n := range counts {
		if err := measure(ctx, *database, c, n, *compare, stdout, stderr); err != nil {
			return fmt.Errorf("measuring %d chunks: %w", n, err)
		}
	}
	return nil
}

// parseSizes returns ascending numbers.
func parseSizes(list string) ([]int, error) {
	var counts []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 100 || (len(counts) > 0 && n <= counts[len(counts)-1]) {
			return nil, fmt.Errorf("-chunks %q is no ascending list of numbers from 100", list)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// corpus is what is stored and what is asked.
type corpus struct {
	statements, questions []sentence  // what is no chunk is a passage of one
	vectors               [][]float32 // of the statements
	asked                 map[string][]float32
}

func loadCorpus(ctx context.Context, folder, embeddings string, n int, stderr io.Writer) (corpus, error) {
	c := corpus{statements: statements(n), questions: questions(questionCount), asked: map[string][]float32{}}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return c, fmt.Errorf("making a folder for vectors: %w", err)
	}
	var model *llm.Client
	if embeddings != "" {
		var err error
		if model, err = llm.New(llm.Options{BaseURL: embeddings, EmbeddingModel: modelName, EmbedTimeout: 10 * time.Minute}); err != nil {
			return c, err
		}
	}
	asked, err := vectorsOf(ctx, filepath.Join(folder, "questions.f32"), model, c.questions, stderr)
	if err != nil {
		return c, err
	}
	for i, q := range c.questions {
		c.asked[q.text] = asked[i]
	}
	c.vectors, err = vectorsOf(ctx, filepath.Join(folder, "statements.f32"), model, c.statements, stderr)
	return c, err
}

// modelName is what the vectors were made with.
const modelName = "all-MiniLM-L6-v2"

// Embed returns the kept vectors of questions.
func (c corpus) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		v, ok := c.asked[text]
		if !ok {
			return nil, fmt.Errorf("%q has no vector", text)
		}
		vectors[i] = padded(v)
	}
	return vectors, nil
}

// EmbeddingModel returns the name of the model.
func (c corpus) EmbeddingModel() string { return modelName }

// byDistance orders chunks, the nearest first.
type byDistance struct {
	id       int
	distance float32
}

func (a byDistance) compare(b byDistance) int {
	return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.id, b.id))
}
