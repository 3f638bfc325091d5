package gateway

import (
	"container/list"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/digital-fte/fte/ticket"
)

// maxClients is how many clients a limiter remembers; the one that was quiet
// for longest is forgotten first.
const maxClients = 10_000

// limiter gives each client its own allowance. It counts in this process only:
// behind several gateways a client has as many.
type limiter[K comparable] struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	clients map[K]*list.Element
	recent  *list.List // of *client[K], the newest in front
}

type client[K comparable] struct {
	from      K
	allowance *rate.Limiter
}

func newLimiter[K comparable](perSecond float64, burst int) *limiter[K] {
	return &limiter[K]{
		rate: rate.Limit(perSecond), burst: burst,
		clients: map[K]*list.Element{}, recent: list.New(),
	}
}

// wait returns how long the client has to wait; zero means that the request
// was allowed and counted.
func (l *limiter[K]) wait(from K, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	reservation := l.allowance(from).ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

// ask returns how long the client would have to wait, and counts nothing.
func (l *limiter[K]) ask(from K, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	reservation := l.allowance(from).ReserveN(now, 1)
	defer reservation.CancelAt(now)
	return reservation.DelayFrom(now)
}

func (l *limiter[K]) allowance(from K) *rate.Limiter {
	if known := l.clients[from]; known != nil {
		l.recent.MoveToFront(known)
		return known.Value.(*client[K]).allowance
	}
	if l.recent.Len() >= maxClients {
		oldest := l.recent.Remove(l.recent.Back()).(*client[K])
		delete(l.clients, oldest.from)
	}
	added := &client[K]{from: from, allowance: rate.NewLimiter(l.rate, l.burst)}
	l.clients[from] = l.recent.PushFront(added)
	return added.allowance
}

// limitNetwork bounds how much one client may send through the form.
func (g *Gateway) limitNetwork(c *gin.Context) {
	if delay := g.networks.wait(clientOf(c.ClientIP()), time.Now()); delay > 0 {
		g.fail(c, &ticket.Error{
			Code: ticket.CodeRateLimited, Message: "too many messages came from your network, please wait a moment",
			RetryAfter: delay,
		})
	}
}

// limitSender keeps an address from being used for more than is good for it,
// wherever the messages come from: nobody's mailbox is to be filled with our
// answers. What is delivered has to be counted.
func (g *Gateway) limitSender(sender, field, says string) error {
	delay := g.senders.ask(sender, time.Now())
	if delay == 0 {
		return nil
	}
	return &ticket.Error{
		Code: ticket.CodeRateLimited, Message: "too many messages came from one sender, please wait a moment",
		RetryAfter: delay, Err: fieldErrors{{Field: field, Message: says}},
	}
}

// countSender counts what was delivered. A message that we could not take was
// none, so that whoever tries again through an outage is not kept out after it.
func (g *Gateway) countSender(sender string) { g.senders.wait(sender, time.Now()) }

// mailboxOf is what the allowance of an address belongs to: whatever follows a
// plus sign, it ends up in one mailbox.
func mailboxOf(email string) string {
	mailbox, domain, _ := strings.Cut(email, "@")
	mailbox, _, _ = strings.Cut(mailbox, "+")
	return mailbox + "@" + domain
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
