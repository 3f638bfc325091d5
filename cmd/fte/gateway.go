package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/gateway"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/web"
)

func runGateway(ctx context.Context, env environment, args []string) error {
	if err := noArguments("gateway", args); err != nil {
		return err
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase, needKafka, needPublicURL, needSecret)
	if err != nil {
		return err
	}
	log := newLogger(c, env.stderr)
	logStart(ctx, log, c, "gateway")

	// The edge has to take in messages while the database is away, so only a
	// schema that is known to be old keeps it from starting.
	if err := checkSchema(ctx, c.DatabaseURL); ticket.CodeOf(err) == ticket.CodeUnavailable {
		log.ErrorContext(ctx, "the database does not answer; messages are taken in, ticket pages are not shown", slog.Any("error", err))
	} else if err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, Name: "gateway"})
	if err != nil {
		return err
	}
	defer db.Close()
	spool, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, MaxConns: 2, Name: "gateway spool"})
	if err != nil {
		return err
	}
	defer spool.Close()
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: c.KafkaBrokers, ClientID: "fte-gateway", Logger: log})
	if err != nil {
		return err
	}
	defer producer.Close()

	registry := newRegistry()
	options := gateway.Options{
		Logger: log, DB: db, Spool: spool, Producer: producer, Secrets: c.secrets, PublicBaseURL: c.PublicBaseURL,
		TrustedProxies: c.TrustedProxies, Registerer: registry, Gatherer: registry, DrainDelay: c.DrainDelay,
		EmbedOrigins: c.EmbedOrigins, Estimate: func(priority string) string { return estimate(c.promises, priority) },
	}
	if err := addVerifiers(c, &options); err != nil {
		return err
	}
	if web.Built() {
		if options.Web, err = web.Dist(); err != nil {
			return err
		}
	}
	g, err := gateway.New(options)
	if err != nil {
		return err
	}
	public, err := listen(ctx, "HTTP_ADDR", c.HTTPAddr)
	if err != nil {
		return err
	}
	metrics, err := listen(ctx, "METRICS_ADDR", c.MetricsAddr)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	log.InfoContext(ctx, "listening", slog.String("http_addr", public.Addr().String()), slog.String("metrics_addr", metrics.Addr().String()))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return g.Run(ctx) })
	group.Go(func() error { return g.Serve(ctx, public, metrics) })
	return group.Wait()
}

func addVerifiers(c *Config, o *gateway.Options) error {
	if c.whatsAppOn() {
		v, err := whatsapp.NewVerifier(whatsapp.VerifierOptions{
			PublicBaseURL: c.PublicBaseURL, AccountSID: c.TwilioAccountSID, Tokens: c.TwilioAuthTokens,
		})
		if err != nil {
			return fmt.Errorf("setting up WhatsApp: %w", err)
		}
		o.WhatsApp = v
	}
	if c.pushOn() {
		v, err := email.NewPushVerifier(email.PushOptions{
			Audience: c.PubSubAudience, ServiceAccount: c.PubSubServiceAcct, Subscription: c.PubSubSubscription,
			Mailbox: c.GmailMailbox, CertsURL: c.GoogleCertsURL,
		})
		if err != nil {
			return fmt.Errorf("setting up Gmail pushes: %w", err)
		}
		o.Push = v
	}
	return nil
}

// listen opens a listener, or says which setting to change.
func listen(ctx context.Context, setting, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the address %s=%s cannot be used; if another program has it, choose another one: %w", setting, addr, err)
	}
	return l, nil
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}
