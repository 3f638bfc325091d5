package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readiness collects what a worker process has to have before it is of use.
type readiness struct {
	mu     sync.Mutex
	checks map[string]func() bool
}

func (r *readiness) add(name string, check func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checks == nil {
		r.checks = map[string]func() bool{}
	}
	r.checks[name] = check
}

func (r *readiness) flag(name string) *atomic.Bool {
	var set atomic.Bool
	r.add(name, set.Load)
	return &set
}

// missing returns which parts are not ready.
func (r *readiness) missing() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for name, check := range r.checks {
		if !check() {
			names = append(names, name)
		}
	}
	return names
}

// serveMetrics answers /metrics, /health and /ready until ctx ends.
func serveMetrics(ctx context.Context, l net.Listener, registry *prometheus.Registry, ready *readiness) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "timestamp": time.Now().UTC()})
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if missing := ready.missing(); len(missing) > 0 {
			writeJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "missing": missing})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"status": "ready"})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
