package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
)

// Where the services listen unless a variable says otherwise. It is the loopback
// interface only: nobody else's message belongs in a developer's stack.
const (
	httpAddr          = "127.0.0.1:8080"
	metricsAddr       = "127.0.0.1:9090"
	workerMetricsAddr = "127.0.0.1:9091"
)

// workerMetricsVar names the worker's metrics address: on one machine it cannot
// have the same as the gateway's.
const workerMetricsVar = "DEV_WORKER_METRICS_ADDR"

// localURL returns the URL under which this machine reaches a listener on addr.
func localURL(addr, host string) (string, error) {
	bound, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(bound); bound != "" && bound != "localhost" && (ip == nil || !ip.IsUnspecified() && !ip.IsLoopback()) {
		host = bound
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	return u.String(), nil
}

// checkFree reports an address that somebody else listens on, and the variable
// that moves us away from it.
func checkFree(ctx context.Context, variable, addr string) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another program: end it, or set %s to another address, such as 127.0.0.1:18080",
			addr, variable)
	}
	if err != nil {
		return fmt.Errorf("listening on %s (%s): %w", addr, variable, err)
	}
	return l.Close()
}
