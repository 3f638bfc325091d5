package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workers"
)

// role is a part of the worker that can run alone.
type role string

const (
	roleIntake   role = "intake"
	roleBridge   role = "bridge"
	roleTickets  role = "tickets"
	roleModel    role = "model"
	roleDelivery role = "delivery"
	roleNotifier role = "notifier"
	roleMetrics  role = "metrics"
)

func roles() []role {
	return []role{roleIntake, roleBridge, roleTickets, roleModel, roleDelivery, roleNotifier, roleMetrics}
}

func parseRoles(list string) ([]role, error) {
	if list == "" {
		return roles(), nil
	}
	var chosen []role
	for name := range strings.SplitSeq(list, ",") {
		r := role(strings.TrimSpace(name))
		if !slices.Contains(roles(), r) {
			return nil, usagef("there is no role %q; roles are %v", name, roles())
		}
		if !slices.Contains(chosen, r) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

func runWorker(ctx context.Context, env environment, args []string) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	list := flags.String("roles", "", "comma list of the roles to run (default all)")
	if err := parseFlags(env, flags, args); err != nil {
		return err
	}
	chosen, err := parseRoles(*list)
	if err != nil {
		return err
	}
	needs := []part{needDatabase, needKafka, needSecret, needPublicURL}
	if slices.Contains(chosen, roleModel) {
		needs = append(needs, needModel)
	}
	c, err := loadConfig(ctx, env.lookuper, needs...)
	if err != nil {
		return err
	}
	log := newLogger(c, env.stderr)
	logStart(ctx, log, c, "worker "+fmt.Sprint(chosen))
	if err := waitForSchema(ctx, log, c.DatabaseURL); err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, MaxConns: 20, Name: "worker"})
	if err != nil {
		return err
	}
	defer db.Close()
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: c.KafkaBrokers, ClientID: "fte-worker", Logger: log})
	if err != nil {
		return err
	}
	defer producer.Close()
	temporal, err := openTemporal(log)
	if err != nil {
		return err
	}
	defer temporal.Close()

	w := &workerProcess{c: c, log: log, db: db, producer: producer, temporal: temporal, registry: newRegistry()}
	return w.run(ctx, chosen)
}

// workerProcess is what the roles of one process share.
type workerProcess struct {
	c        *Config
	log      *slog.Logger
	db       *schema.DB
	producer *stream.Producer
	temporal client.Client
	registry *prometheus.Registry
}

func (w *workerProcess) run(ctx context.Context, chosen []role) error {
	acts, err := w.activities(ctx)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, "METRICS_ADDR", w.c.MetricsAddr)
	if err != nil {
		return err
	}
	w.log.InfoContext(ctx, "listening", slog.String("metrics_addr", listener.Addr().String()))
	group, ctx := errgroup.WithContext(ctx)
	ready := &readiness{}
	group.Go(func() error { return serveMetrics(ctx, listener, w.registry, ready) })
	for _, r := range chosen {
		switch r {
		case roleIntake:
			intake := &workers.Intake{DB: w.db, Publisher: w.producer, Mailbox: w.c.GmailMailbox, Secrets: w.c.secrets, Logger: w.log}
			if w.c.emailOn() {
				intake.Mailboxes = workers.MailboxStarter{Temporal: w.temporal}
			}
			err = w.consume(ctx, group, ready, ticket.GroupIntake, intake.Handle,
				ticket.TopicEmailInbound, ticket.TopicWhatsAppInbound, ticket.TopicWebFormInbound)
		case roleBridge:
			bridge := &workers.Bridge{Temporal: w.temporal, Logger: w.log}
			err = w.consume(ctx, group, ready, ticket.GroupBridge, bridge.Handle, ticket.TopicTicketsIncoming)
		case roleTickets:
			w.poll(ctx, group, ready, r, func() worker.Worker { return workers.NewTicketsWorker(w.temporal, acts) })
			if w.c.emailOn() {
				group.Go(func() error { return w.startMailbox(ctx) })
			}
		case roleModel:
			w.poll(ctx, group, ready, r, func() worker.Worker { return workers.NewModelWorker(w.temporal, acts) })
		case roleDelivery:
			w.poll(ctx, group, ready, r, func() worker.Worker { return workers.NewDeliveryWorker(w.temporal, acts) })
		case roleNotifier:
			if w.c.StaffAlertWebhook == "" {
				w.log.InfoContext(ctx, "the notifier is off: STAFF_ALERT_WEBHOOK is not set")
				continue
			}
			notifier := &workers.Notifier{URL: w.c.StaffAlertWebhook, Client: &http.Client{Timeout: 10 * time.Second}}
			err = w.consume(ctx, group, ready, ticket.GroupNotifier, notifier.Handle, ticket.TopicEscalations)
		case roleMetrics:
			projector := &workers.Projector{DB: w.db}
			err = w.consume(ctx, group, ready, ticket.GroupMetrics, projector.Handle, ticket.TopicMetrics)
		}
		if err != nil {
			return err
		}
	}
	return group.Wait()
}

func (w *workerProcess) activities(ctx context.Context) (*activities.Activities, error) {
	c := w.c
	o := activities.Options{
		DB: w.db, Publisher: w.producer, Mailbox: c.GmailMailbox, PubSubTopic: c.PubSubTopic,
		PublicBaseURL: c.PublicBaseURL, Secrets: c.secrets, Logger: w.log,
		Policy: activities.Policy{
			Company: c.Company, CloseAfter: c.CloseAfter, FirstCheck: c.FirstCheck, SecondCheck: c.SecondCheck,
			PromptPrice: c.PromptPrice, OutputPrice: c.OutputPrice,
		},
	}
	model, err := openModel(c)
	if err != nil {
		return nil, err
	}
	o.Model, o.Knowledge = model, knowledge.New(w.db, model, w.log)
	if c.whatsAppOn() {
		if o.WhatsApp, err = openWhatsApp(c); err != nil {
			return nil, fmt.Errorf("setting up WhatsApp: %w", err)
		}
	}
	if c.emailOn() {
		if o.Gmail, err = openGmail(ctx, c); err != nil {
			return nil, fmt.Errorf("setting up Gmail: %w", err)
		}
	}
	return activities.New(o), nil
}

// consume runs one consumer group until ctx ends.
func (w *workerProcess) consume(ctx context.Context, group *errgroup.Group, ready *readiness, name string, h stream.Handler, topics ...string) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("reading the host name: %w", err)
	}
	consumer, err := stream.NewConsumer(stream.ConsumerOptions{
		Brokers: w.c.KafkaBrokers, Group: name, Topics: topics, Handler: h, DeadLetters: stream.NewDeadLetters(w.producer),
		ClientID: "fte-" + host, SessionTimeout: w.c.KafkaSession, Heartbeat: w.c.KafkaSession / 6,
		Logger: w.log, Registerer: w.registry,
	})
	if err != nil {
		return err
	}
	ready.add(name, consumer.Healthy)
	group.Go(func() error { return consumer.Run(ctx) })
	return nil
}

// poll runs one Temporal worker until ctx ends. A server that does not answer
// is waited for: nothing is lost meanwhile.
func (w *workerProcess) poll(ctx context.Context, group *errgroup.Group, ready *readiness, r role, build func() worker.Worker) {
	started := ready.flag(string(r))
	group.Go(func() error {
		for {
			tw := build()
			err := tw.Start()
			if err == nil {
				started.Store(true)
				<-ctx.Done()
				tw.Stop()
				return nil
			}
			w.log.ErrorContext(ctx, "waiting for Temporal", slog.String("role", string(r)), slog.Any("error", err))
			if !pause(ctx, 2*time.Second) {
				return nil
			}
		}
	})
}

// startMailbox makes sure that the mailbox is being read.
func (w *workerProcess) startMailbox(ctx context.Context) error {
	for {
		err := workers.MailboxStarter{Temporal: w.temporal}.Start(ctx, w.c.GmailMailbox)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		w.log.ErrorContext(ctx, "waiting to start the mailbox workflow", slog.Any("error", err))
		if !pause(ctx, 2*time.Second) {
			return nil
		}
	}
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
