package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
)

// workerProcess is what the roles of one process share.
type workerProcess struct {
	c        *Config
	log      *slog.Logger
	temporal client.Client
	// namespace is that of temporal, for links to its pages.
	namespace string
	registry  *prometheus.Registry
	ready     readiness

	db       *schema.DB // nil when no role needs it
	producer *stream.Producer
	// activities are built for the first role that asks.
	activities func() (*activities.Activities, error)
}

// run works until ctx ends. It answers /health and /ready from the beginning,
// while the database may have to be waited for.
func (w *workerProcess) run(ctx context.Context, chosen []role) error {
	listener, err := listen(ctx, "METRICS_ADDR", w.c.MetricsAddr)
	if err != nil {
		return err
	}
	w.log.InfoContext(ctx, "listening", slog.String("metrics_addr", listener.Addr().String()))
	built := w.ready.flag("start")
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveMetrics(ctx, listener, w.registry, &w.ready) })
	group.Go(func() error {
		defer w.close()
		runners, err := w.build(ctx, chosen)
		if err != nil {
			if ctx.Err() != nil {
				return nil // stopped while it waited
			}
			return err
		}
		built.Store(true)
		work, ctx := errgroup.WithContext(ctx)
		for _, run := range runners {
			work.Go(func() error { return run(ctx) })
		}
		return work.Wait()
	})
	return group.Wait()
}

// build opens what the roles share and makes their runners; none runs yet.
func (w *workerProcess) build(ctx context.Context, chosen []role) (runners []runner, err error) {
	if slices.Contains(needsOf(chosen), needDatabase) {
		if err := waitForSchema(ctx, w.log, w.c.DatabaseURL); err != nil {
			return nil, err
		}
		if w.db, err = schema.Open(ctx, schema.Options{URL: w.c.DatabaseURL, MaxConns: 20, Name: "worker"}); err != nil {
			return nil, err
		}
	}
	w.producer, err = stream.NewProducer(stream.ProducerOptions{Brokers: w.c.KafkaBrokers, ClientID: "fte-worker", Logger: w.log})
	if err != nil {
		return nil, err
	}
	w.activities = sync.OnceValues(func() (*activities.Activities, error) { return newActivities(ctx, w) })
	for _, r := range chosen {
		run, err := r.build(w)
		if err != nil {
			return nil, err
		}
		runners = append(runners, run)
	}
	return runners, nil
}

// close ends what build has opened.
func (w *workerProcess) close() {
	if w.producer != nil {
		w.producer.Close()
	}
	if w.db != nil {
		w.db.Close()
	}
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
