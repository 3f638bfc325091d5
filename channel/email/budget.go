package email

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/digital-fte/fte/ticket"
)

// Gmail grants each mailbox 15,000 units a minute, to all programs together.
// We keep to 60 % of that in any minute: what flows in, and what has gathered.
const (
	unitsPerMinute = 9000
	gatheredUnits  = 1500
	refillUnits    = unitsPerMinute - gatheredUnits // in a minute
	// reservedUnits are left to sends by everything that reads: a long sync must
	// not keep answers waiting.
	reservedUnits = 300
	// proofUnits are what reading a sent mail back costs. A send takes them along
	// with its own: a mail that left and cannot be read back would count as one
	// whose outcome is unknown.
	proofUnits = 5
	// maxProofs bounds how many reads are kept for mails that nobody read back,
	// because they were not sent after all.
	maxProofs = 60
	// worthwhile is how many units are waited for at least, so that a sync comes
	// back to do many calls and not one.
	worthwhile = gatheredUnits / 2
)

// budgetTransport refuses a request, before anything is sent, that would go
// beyond the budget of the mailbox. It never waits: whoever asked knows better
// what to do meanwhile.
type budgetTransport struct {
	base   http.RoundTripper
	units  *rate.Limiter
	proofs *atomic.Int64 // reads that sends have taken units for
}

func newBudget(base http.RoundTripper) budgetTransport {
	return budgetTransport{base, rate.NewLimiter(rate.Limit(refillUnits)/60, gatheredUnits), new(atomic.Int64)}
}

// proofKey marks in a context the reading back of a sent mail.
type proofKey struct{}

func proving(ctx context.Context) context.Context { return context.WithValue(ctx, proofKey{}, true) }

func (t budgetTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	cost, writes := unitsOf(req.Method, req.URL.Path)
	if req.Context().Value(proofKey{}) != nil {
		if t.takeProof() {
			return t.base.RoundTrip(req)
		}
		writes = true // it ends a send, if one of long ago
	}
	sends := strings.HasSuffix(req.URL.Path, "/send")
	if sends {
		cost += proofUnits
	}
	need := cost
	if !writes {
		need += reservedUnits
	}
	now := time.Now()
	if t.units.TokensAt(now) < float64(need) || !t.units.AllowN(now, cost) {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		missing := float64(max(need, worthwhile)) - t.units.TokensAt(now)
		return nil, &ticket.Error{
			Code: ticket.CodeRateLimited, Message: "our own limit for this mailbox is reached",
			RetryAfter: time.Duration(max(missing, 1) / float64(t.units.Limit()) * float64(time.Second)),
		}
	}
	if sends && t.proofs.Add(1) > maxProofs {
		t.proofs.Add(-1)
	}
	return t.base.RoundTrip(req)
}

func (t budgetTransport) takeProof() bool {
	for {
		kept := t.proofs.Load()
		if kept == 0 {
			return false
		}
		if t.proofs.CompareAndSwap(kept, kept-1) {
			return true
		}
	}
}

// unitsOf returns what Google charges for a call, and whether the call is part
// of writing to somebody.
func unitsOf(method, path string) (units int, writes bool) {
	_, call, _ := strings.Cut(path, "/users/me/")
	resource, rest, _ := strings.Cut(call, "/")
	switch {
	case rest == "send":
		return 100, true
	case resource == "drafts" && method == http.MethodPost:
		return 10, true
	case resource == "watch":
		return 100, false
	case resource == "threads":
		return 10, true
	case resource == "history":
		return 2, false
	case resource == "profile":
		return 1, false
	case resource == "drafts":
		return 5, true
	default: // messages
		return 5, false
	}
}

// CloseIdleConnections passes the wish on; http.Client looks for this method.
func (t budgetTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
