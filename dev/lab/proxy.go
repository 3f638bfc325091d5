package lab

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"

	"github.com/stretchr/testify/require"
)

// Proxy carries connections to one address until it is cut.
type Proxy struct {
	target   string
	listener net.Listener
	wait     sync.WaitGroup

	mu   sync.Mutex
	cut  bool
	open map[net.Conn]struct{}
}

// newProxy listens on a loopback port for connections to target.
func (l *Lab) newProxy(target string) *Proxy {
	var lc net.ListenConfig
	listener, err := lc.Listen(l.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(l.t, err)
	p := &Proxy{target: target, listener: listener, open: map[net.Conn]struct{}{}}
	p.wait.Go(p.accept)
	l.t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		p.wait.Wait()
	})
	return p
}

// proxied returns a database URL that leads through the proxy.
func (l *Lab) proxied(databaseURL string) (string, *Proxy) {
	u, err := url.Parse(databaseURL)
	require.NoError(l.t, err)
	p := l.newProxy(u.Host)
	u.Host = p.listener.Addr().String()
	return u.String(), p
}

// Cut ends every connection and refuses new ones until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.open {
		_ = c.Close()
	}
}

// Heal lets connections through again.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *Proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.carry(from) })
	}
}

func (p *Proxy) carry(from net.Conn) {
	defer p.drop(from)
	if !p.keep(from) {
		return
	}
	var d net.Dialer
	to, err := d.DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer p.drop(to)
	if !p.keep(to) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, to)
		_ = from.Close()
	})
	_, _ = io.Copy(to, from)
	_ = to.Close()
	back.Wait()
}

// keep remembers a connection; false means that the proxy is cut.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	p.open[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	_ = c.Close()
}
