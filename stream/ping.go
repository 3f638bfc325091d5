package stream

import (
	"context"
	"sync"

	"github.com/digital-fte/fte/ticket"
)

// pings lets concurrent callers of Ping share one round trip, so that a
// hanging broker does not gather goroutines.
type pings struct {
	mu      sync.Mutex
	current *ping
}

type ping struct {
	done chan struct{}
	err  error
}

// Ping asks the brokers for metadata and returns nil if they answered before
// ctx ended; else the error has CodeUnavailable.
func (p *Producer) Ping(ctx context.Context) error {
	select {
	case <-p.attempted:
	case <-ctx.Done():
		return ticket.Wrap(ticket.CodeUnavailable, ctx.Err(), "reaching kafka")
	}
	shared, err := p.startPing()
	if err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "reaching kafka")
	}
	select {
	case <-shared.done:
		err = shared.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "reaching kafka")
	}
	return nil
}

func (p *Producer) startPing() (*ping, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.conn == nil {
		return nil, errNotConnected
	}
	client := p.conn.client

	p.pings.mu.Lock()
	defer p.pings.mu.Unlock()
	if p.pings.current != nil {
		return p.pings.current, nil
	}
	started := &ping{done: make(chan struct{})}
	p.pings.current = started
	p.owned.Go(func() {
		started.err = client.RefreshMetadata()
		p.pings.mu.Lock()
		p.pings.current = nil
		p.pings.mu.Unlock()
		close(started.done)
	})
	return started, nil
}
