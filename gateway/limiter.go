package gateway

import (
	"container/list"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/digital-fte/fte/channel/webform"
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

// limitSender bounds how much may be sent in the name of one address, from
// wherever it comes: nobody's mailbox is to be filled with our answers.
func (g *Gateway) limitSender(email string) error {
	mailbox, domain, _ := strings.Cut(email, "@")
	mailbox, _, _ = strings.Cut(mailbox, "+") // all of these end up in one mailbox
	return g.limit(mailbox+"@"+domain, webform.FieldError{
		Field: "email", Message: "We already have several messages from this address. Please wait a little before you send the next one.",
	})
}

// limitTicket bounds how much may be added to one ticket.
func (g *Gateway) limitTicket(id uuid.UUID) error {
	return g.limit(id.String(), webform.FieldError{
		Field: "message", Message: "We already have several messages on this ticket. Please wait a little before you send the next one.",
	})
}

func (g *Gateway) limit(sender string, says webform.FieldError) error {
	delay := g.senders.wait(sender, time.Now())
	if delay == 0 {
		return nil
	}
	return &ticket.Error{
		Code: ticket.CodeRateLimited, Message: "too many messages came from one sender, please wait a moment",
		RetryAfter: delay, Err: fieldErrors{says},
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
