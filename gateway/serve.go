package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// shutdownTimeout is for requests that are under way.
const shutdownTimeout = 20 * time.Second

// Serve answers on both listeners until ctx ends, then shuts down in the order
// that loses nothing: it reports not ready, waits until nobody sends it new
// connections (DrainDelay), lets requests under way finish, and only then
// stops answering the cluster. Nil means that everything was finished.
func (g *Gateway) Serve(ctx context.Context, public, metrics net.Listener) error {
	outer, inner := g.server(g.public), g.server(g.inner)
	// Shutdown waits for connections, and a watcher's would not end by itself.
	outer.RegisterOnShutdown(g.close)

	group, failed := errgroup.WithContext(context.WithoutCancel(ctx))
	serve := func(name string, s *http.Server, l net.Listener) {
		group.Go(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving the %s listener: %w", name, err)
			}
			return nil
		})
	}
	serve("public", outer, public)
	serve("metrics", inner, metrics)
	group.Go(func() error {
		select {
		case <-ctx.Done():
			g.drain(failed)
		case <-failed.Done():
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err := errors.Join(outer.Shutdown(ctx), inner.Shutdown(ctx)); err != nil {
			return fmt.Errorf("finishing the requests under way: %w", errors.Join(err, outer.Close(), inner.Close()))
		}
		return nil
	})
	return group.Wait()
}

// drain makes the cluster look elsewhere and gives it the time to do so.
func (g *Gateway) drain(failed context.Context) {
	g.draining.Store(true)
	g.log.InfoContext(failed, "gateway is not ready any more, draining", "delay", g.opts.DrainDelay)
	delay := time.NewTimer(g.opts.DrainDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-failed.Done():
	}
}

func (g *Gateway) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
}
