package gateway

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/digital-fte/fte/ticket"
)

// maxClients is how many clients a limiter remembers; the one that was quiet
// for longest is forgotten first.
const maxClients = 10_000

// limiter gives each client its own allowance.
type limiter struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	clients map[netip.Prefix]*list.Element
	recent  *list.List // of *client, the newest in front
}

type client struct {
	from      netip.Prefix
	allowance *rate.Limiter
}

func newLimiter(perSecond float64, burst int) *limiter {
	return &limiter{
		rate: rate.Limit(perSecond), burst: burst,
		clients: map[netip.Prefix]*list.Element{}, recent: list.New(),
	}
}

// wait returns how long the client has to wait; zero means that the request
// was allowed and counted.
func (l *limiter) wait(from netip.Prefix, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	reservation := l.allowance(from).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

func (l *limiter) allowance(from netip.Prefix) *rate.Limiter {
	if known := l.clients[from]; known != nil {
		l.recent.MoveToFront(known)
		return known.Value.(*client).allowance
	}
	if l.recent.Len() >= maxClients {
		oldest := l.recent.Remove(l.recent.Back()).(*client)
		delete(l.clients, oldest.from)
	}
	added := &client{from: from, allowance: rate.NewLimiter(l.rate, l.burst)}
	l.clients[from] = l.recent.PushFront(added)
	return added.allowance
}

// limitForm bounds how much one client may send through the form.
func (g *Gateway) limitForm(c *gin.Context) {
	if delay := g.form.wait(clientOf(c.ClientIP()), time.Now()); delay > 0 {
		g.fail(c, &ticket.Error{
			Code: ticket.CodeRateLimited, Message: "too many messages came from your network, please wait a moment",
			RetryAfter: delay,
		})
	}
}

// clientOf is what one allowance belongs to: an IPv4 address, or the /64 that
// an IPv6 subscriber may choose addresses from. Unreadable ones share one.
func clientOf(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
