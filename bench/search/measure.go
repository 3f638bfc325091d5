package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
)

const (
	// shownChunks is how many chunks the service asks for.
	shownChunks = 6
	// rankedChunks is how many it takes to see all of the ranking by meaning.
	rankedChunks = 80
	// passes is how often all questions are asked. The best pass counts: what
	// else a machine does makes searches slower, never faster.
	passes = 3
)

// measure fills a database with n chunks and measures it.
func measure(ctx context.Context, url string, c corpus, n int, compare bool, stdout, stderr io.Writer) (err error) {
	sandbox, err := schema.NewSandbox(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.Drop(context.WithoutCancel(ctx))) }()
	s, err := openStore(ctx, sandbox.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(context.WithoutCancel(ctx))) }()
	definition, err := s.released(ctx, chunkIndex)
	if err != nil {
		return err
	}
	passageDefinition, err := s.released(ctx, passageIndex)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stderr, "storing %d chunks\n", n)
	if err := s.fill(ctx, c, n); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(stderr, "comparing every question with every chunk")
	right := c.exact(n, c.passages(n))
	_, _ = fmt.Fprintln(stderr, "building the indexes")
	took, size, err := s.build(ctx, chunkIndex, definition)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "\n%d chunks, index %s: built in %.1f s, %s\n", n, definition, took.Seconds(), size)
	if took, size, err = s.build(ctx, passageIndex, passageDefinition); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%d passages of each, index %s: built in %.1f s, %s\n", c.passages(n), passageDefinition, took.Seconds(), size)
	if err := searches(ctx, s, c, right, stdout); err != nil {
		return err
	}
	if !compare {
		return nil
	}
	right = c.exact(n, 0) // the index of the chunks knows no passages
	for _, other := range []struct{ definition, as string }{
		{"(embedding vector_cosine_ops)", "vector(1536)"},
		{"((embedding::halfvec(1536)) halfvec_cosine_ops)", "halfvec(1536)"},
		{"((embedding::halfvec(1536)) halfvec_cosine_ops) WITH (m = 24, ef_construction = 128)", "halfvec(1536)"},
	} {
		if took, size, err = s.build(ctx, chunkIndex, other.definition); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "\nthe index alone, %s: built in %.1f s, %s\n", other.definition, took.Seconds(), size)
		for _, ef := range []int{40, 100, 200} {
			if err := alone(ctx, s, c, right, other.as, ef, stdout); err != nil {
				return err
			}
		}
	}
	return nil
}

// searches asks through the search of the service.
func searches(ctx context.Context, s *store, c corpus, right map[string]map[int]bool, stdout io.Writer) error {
	base := knowledge.New(s.db, c, slog.New(slog.DiscardHandler))
	hits := 0
	for _, q := range c.questions { // which also warms everything
		found, err := base.Search(ctx, q.text, rankedChunks)
		if err != nil {
			return err
		}
		for _, chunk := range found.Chunks {
			if chunk.ByVector > 0 && chunk.ByVector <= nearestCount && right[q.text][numberOf(chunk.ID)] {
				hits++
			}
		}
	}
	_, _ = fmt.Fprintf(stdout, "recall@%d %.4f\n", nearestCount, float64(hits)/float64(nearestCount*len(c.questions)))
	for _, at := range []int{1, 4} {
		times, err := best(func() ([]time.Duration, error) {
			var mu sync.Mutex
			var times []time.Duration
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(at)
			for _, q := range c.questions {
				group.Go(func() error {
					began := time.Now()
					_, err := base.Search(ctx, q.text, shownChunks)
					mu.Lock()
					defer mu.Unlock()
					times = append(times, time.Since(began))
					return err
				})
			}
			return times, group.Wait()
		})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%d at once: %s\n", at, percentiles(times))
	}
	return nil
}

// alone asks the index without the search around it.
func alone(ctx context.Context, s *store, c corpus, right map[string]map[int]bool, as string, ef int, stdout io.Writer) error {
	hits := 0
	times, err := best(func() ([]time.Duration, error) {
		hits = 0
		var times []time.Duration
		for _, q := range c.questions {
			began := time.Now()
			found, err := s.nearest(ctx, as, ef, c.asked[q.text])
			if err != nil {
				return nil, err
			}
			times = append(times, time.Since(began))
			for _, id := range found[:min(len(found), nearestCount)] {
				if right[q.text][numberOf(id)] {
					hits++
				}
			}
		}
		return times, nil
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "ef_search %d: recall@%d %.4f, %s\n", ef, nearestCount, float64(hits)/float64(nearestCount*len(c.questions)), percentiles(times))
	return nil
}

// best returns the times of the pass with the lowest 95th percentile, sorted.
func best(pass func() ([]time.Duration, error)) (times []time.Duration, err error) {
	for range passes {
		now, err := pass()
		if err != nil {
			return nil, err
		}
		slices.Sort(now)
		if times == nil || now[len(now)*95/100] < times[len(times)*95/100] {
			times = now
		}
	}
	return times, nil
}

func percentiles(times []time.Duration) string {
	return fmt.Sprintf("p50 %.1f ms, p95 %.1f ms", 1000*times[len(times)/2].Seconds(), 1000*times[len(times)*95/100].Seconds())
}
