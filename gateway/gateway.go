package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/cors"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// Producer publishes events; *stream.Producer is the real one. Publish returns
// nil once the brokers have stored every event, and CodeTooLarge for one they
// never will.
type Producer interface {
	Publish(ctx context.Context, events ...stream.Event) error
	Ping(ctx context.Context) error
}

// WhatsAppVerifier tells Twilio's webhooks from everybody else's;
// *whatsapp.Verifier is the real one.
type WhatsAppVerifier interface {
	Verify(requestURI string, body []byte, signature string) (url.Values, error)
}

// PushVerifier tells the pushes of our Pub/Sub subscription from everybody
// else's; *email.PushVerifier is the real one. Usable reports a genuine push
// that is not for us.
type PushVerifier interface {
	Verify(ctx context.Context, authorizationHeader string) error
	Usable(push ticket.GmailPush) error
}

// Options say what a Gateway is made of. DB, Spool, Producer, Secrets and
// PublicBaseURL are required; a zero limit or duration means its default.
type Options struct {
	Logger   *slog.Logger
	DB       *schema.DB // for the ticket page; need not be reachable
	Spool    *schema.DB // a pool of its own, so that reads cannot starve it; need not be reachable
	Producer Producer
	WhatsApp WhatsAppVerifier // nil turns the channel off
	Push     PushVerifier     // nil turns the channel off
	Secrets  ticket.Secrets

	PublicBaseURL  string   // under which customers and providers reach us
	TrustedProxies []string // addresses or networks whose X-Forwarded-For is believed; none by default
	EmbedOrigins   []string // other sites that may show the form and send it, each a ValidOrigin; none by default
	Web            fs.FS    // the built pages, index.html at the root; nil when they are not built

	// Estimate says to a customer how soon an answer may be expected for a
	// priority of the form; nil makes no promise.
	Estimate func(priority string) string

	Registerer prometheus.Registerer // a registry of its own when nil
	Gatherer   prometheus.Gatherer   // what /metrics shows; the same registry when nil

	PublishTimeout time.Duration // for Kafka to store one event; 1.5 s
	SpoolTimeout   time.Duration // for Postgres to store one event; 1 s
	RelayInterval  time.Duration // between two looks at the spool; 1 s
	WatchInterval  time.Duration // between two looks at a watched ticket; 1 s
	WatchDuration  time.Duration // after which a watcher has to connect again; 5 min
	DrainDelay     time.Duration // from "not ready" to refusing connections; none

	FormRate      float64 // submissions a second and client address; 0.5
	FormBurst     int     // submissions at once and client address; 20
	SenderRate    float64 // messages a second in the name of one mail address, or on one ticket; 1/30
	SenderBurst   int     // messages at once in the name of one mail address, or on one ticket; 10
	MaxConcurrent int     // requests at once, watchers not counted; 256
	MaxWatchers   int     // watched tickets at once; 128
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		registry := prometheus.NewRegistry()
		o.Registerer, o.Gatherer = registry, registry
	}
	if o.Gatherer == nil {
		o.Gatherer = prometheus.DefaultGatherer
	}
	o.PublishTimeout = cmp.Or(o.PublishTimeout, 1500*time.Millisecond)
	o.SpoolTimeout = cmp.Or(o.SpoolTimeout, time.Second)
	o.RelayInterval = cmp.Or(o.RelayInterval, time.Second)
	o.WatchInterval = cmp.Or(o.WatchInterval, time.Second)
	o.WatchDuration = cmp.Or(o.WatchDuration, 5*time.Minute)
	o.FormRate = cmp.Or(o.FormRate, 0.5)
	o.FormBurst = cmp.Or(o.FormBurst, 20)
	o.SenderRate = cmp.Or(o.SenderRate, 1.0/30)
	o.SenderBurst = cmp.Or(o.SenderBurst, 10)
	o.MaxConcurrent = cmp.Or(o.MaxConcurrent, 256)
	o.MaxWatchers = cmp.Or(o.MaxWatchers, 128)
	if o.Estimate == nil {
		o.Estimate = func(string) string { return "As soon as we can" }
	}
	o.PublicBaseURL = strings.TrimRight(o.PublicBaseURL, "/")
	return o
}

func (o Options) validate() error {
	var faults []error
	fault := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, errors.New(what))
		}
	}
	fault(o.DB == nil, "no database is given")
	fault(o.Spool == nil, "no spool is given")
	fault(o.Producer == nil, "no producer is given")
	base, err := url.Parse(o.PublicBaseURL)
	fault(err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https",
		"the public base URL is not an http or https address")
	for _, origin := range o.EmbedOrigins {
		fault(!ValidOrigin(origin), fmt.Sprintf("%q is not the origin of a site", origin))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("setting up the gateway: %w", err)
	}
	return nil
}

// Gateway is the HTTP edge. It is safe for concurrent use.
type Gateway struct {
	opts     Options
	log      *slog.Logger
	metrics  *metrics
	delivery *delivery
	ready    *readiness
	networks *limiter[netip.Prefix]
	senders  *limiter[string]
	cors     *cors.Cors // nil when no other site may send the form
	pages    *pages
	slots    chan struct{} // one for each request under way
	watchers chan struct{} // one for each watched ticket

	draining atomic.Bool
	closing  chan struct{} // closed when watchers have to go
	close    func()

	public http.Handler
	inner  http.Handler
}

// New returns a Gateway. Neither the database nor Kafka has to be reachable;
// an error means that an option is missing or unusable.
func New(o Options) (*Gateway, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	web, err := newPages(o.Web)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		opts:     o,
		log:      o.Logger,
		metrics:  m,
		delivery: newDelivery(o, m),
		networks: newLimiter[netip.Prefix](o.FormRate, o.FormBurst),
		senders:  newLimiter[string](o.SenderRate, o.SenderBurst),
		cors:     newCORS(o.EmbedOrigins),
		pages:    web,
		slots:    make(chan struct{}, o.MaxConcurrent),
		watchers: make(chan struct{}, o.MaxWatchers),
		closing:  make(chan struct{}),
	}
	g.ready = &readiness{check: g.delivery.reachable}
	g.close = sync.OnceFunc(func() { close(g.closing) })
	gin.SetMode(gin.ReleaseMode)
	if g.public, err = g.newPublic(); err != nil {
		return nil, err
	}
	g.inner = g.newInner()
	return g, nil
}

// Public returns the handler of the public listener.
func (g *Gateway) Public() http.Handler { return g.public }

// Run moves spooled events to Kafka until ctx ends, which is no error. Until
// it has seen the spool empty, new events go to the spool, behind those that
// an earlier process may have left there.
func (g *Gateway) Run(ctx context.Context) error {
	g.delivery.relay(ctx)
	return nil
}
