package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workers"
)

// retryTemporal is how long a role waits before it turns to Temporal again.
const retryTemporal = 2 * time.Second

func (w *workerProcess) intake() (runner, error) {
	intake := &workers.Intake{
		DB: w.db, Publisher: w.producer, Mailbox: w.c.GmailMailbox, MailGroups: w.c.MailGroups, Secrets: w.c.secrets, Logger: w.log,
		WhatsAppTemplate: w.c.TwilioTemplateSID, NumberLapse: w.c.NumberLapse,
	}
	if w.c.emailOn() {
		intake.Mailboxes = workers.MailboxStarter{Temporal: w.temporal}
	}
	return w.consume(ticket.GroupIntake, each(intake.Handle), ticket.TopicEmailInbound, ticket.TopicWhatsAppInbound, ticket.TopicWebFormInbound)
}

func (w *workerProcess) bridge() (runner, error) {
	bridge := &workers.Bridge{Temporal: w.temporal, Logger: w.log}
	return w.consume(ticket.GroupBridge, bridge.Consume, ticket.TopicTicketsIncoming)
}

func (w *workerProcess) notifier() (runner, error) {
	alerts := workers.Alerts{DB: w.db, TemporalUI: w.c.TemporalUI, Namespace: w.namespace, Zone: w.c.promises.Calendar.Zone()}
	var ways []runner
	if w.c.StaffAlertWebhook != "" {
		notifier := &workers.Notifier{Alerts: alerts, URL: w.c.StaffAlertWebhook, Client: &http.Client{Timeout: 10 * time.Second}}
		run, err := w.consume(ticket.GroupNotifier, each(notifier.Handle), ticket.TopicEscalations)
		if err != nil {
			return nil, err
		}
		ways = append(ways, run)
	}
	switch {
	case w.c.StaffAlertEmail == "":
	case !w.c.emailOn():
		w.log.Warn("staff is not mailed: STAFF_ALERT_EMAIL needs a mailbox to send from (GMAIL_MAILBOX)")
	default:
		acts, err := w.activities()
		if err != nil {
			return nil, err
		}
		notifier := &workers.MailNotifier{Alerts: alerts, Mail: acts.StaffMailer(), Logger: w.log}
		run, err := w.consume(ticket.GroupStaffMail, each(notifier.Handle), ticket.TopicEscalations)
		if err != nil {
			return nil, err
		}
		ways = append(ways, run)
	}
	if len(ways) == 0 {
		w.log.Info("the notifier is off: it has neither STAFF_ALERT_WEBHOOK nor STAFF_ALERT_EMAIL to tell staff by")
		return func(ctx context.Context) error { <-ctx.Done(); return nil }, nil
	}
	return together(ways...), nil
}

// together runs all at once and ends with the first that fails.
func together(runners ...runner) runner {
	return func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		for _, run := range runners {
			group.Go(func() error { return run(ctx) })
		}
		return group.Wait()
	}
}

func (w *workerProcess) projector() (runner, error) {
	projector := &workers.Projector{DB: w.db}
	return w.consume(ticket.GroupMetrics, each(projector.Handle), ticket.TopicMetrics)
}

func (w *workerProcess) tickets() (runner, error) {
	acts, err := w.activities()
	if err != nil {
		return nil, err
	}
	poll := w.poll("tickets", func(fatal func(error)) worker.Worker {
		return workers.NewTicketsWorker(w.temporal, acts, w.c.version(), fatal)
	})
	all := []runner{poll, w.keepSchedules}
	if w.c.emailOn() {
		all = append(all, w.startMailbox)
	}
	if acts.WhatsApp != nil {
		all = append(all, w.startReconciler(acts.WhatsApp.From()))
	}
	return together(all...), nil
}

func (w *workerProcess) model() (runner, error) {
	acts, err := w.activities()
	if err != nil {
		return nil, err
	}
	return w.poll("model", func(fatal func(error)) worker.Worker {
		return workers.NewModelWorker(w.temporal, acts, w.c.version(), fatal)
	}), nil
}

func (w *workerProcess) delivery() (runner, error) {
	acts, err := w.activities()
	if err != nil {
		return nil, err
	}
	return w.poll("delivery", func(fatal func(error)) worker.Worker {
		return workers.NewDeliveryWorker(w.temporal, acts, w.c.version(), fatal)
	}), nil
}

func newActivities(ctx context.Context, w *workerProcess) (*activities.Activities, error) {
	c := w.c
	o := activities.Options{
		DB: w.db, Publisher: w.producer, Mailbox: c.GmailMailbox, PubSubTopic: c.PubSubTopic,
		PublicBaseURL: c.PublicBaseURL, Secrets: c.secrets, Logger: w.log, StaffEmail: c.StaffAlertEmail,
		WhatsAppTemplate: c.TwilioTemplateSID,
		Policy: activities.Policy{
			Company: c.Company, SLA: c.promises, FirstCheck: c.FirstCheck, SecondCheck: c.SecondCheck,
			PromptPrice: c.PromptPrice, OutputPrice: c.OutputPrice,
			Allowance: c.Allowance, MailsPerHour: c.MailsPerHour, MailsPerTicket: c.MailsPerTicket,
		},
	}
	model, err := openModel(c)
	if err != nil {
		return nil, fmt.Errorf("setting up the model (OPENAI_ settings): %w", err)
	}
	o.Model, o.Knowledge = model, knowledge.New(w.db, model, w.log)
	if c.whatsAppOn() {
		if o.WhatsApp, err = openWhatsApp(c); err != nil {
			return nil, fmt.Errorf("setting up WhatsApp (TWILIO_ settings): %w", err)
		}
	}
	if c.emailOn() {
		if o.Gmail, err = openGmail(ctx, c); err != nil {
			return nil, fmt.Errorf("setting up Gmail (GMAIL_MAILBOX, GOOGLE_APPLICATION_CREDENTIALS): %w", err)
		}
		if c.PubSubTopic != "" {
			if o.WatchLeft, err = watchLeft(w.registry); err != nil {
				return nil, err
			}
		}
	}
	return activities.New(o), nil
}

// watchLeft shows how long Gmail still promises to push. Until this process has
// read the mailbox it is no number, which raises no alarm.
func watchLeft(r prometheus.Registerer) (prometheus.Gauge, error) {
	left := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fte_gmail_watch_left_seconds", Help: "How long Gmail still promises to push changes of the mailbox; it is renewed daily.",
	})
	left.Set(math.NaN())
	if err := r.Register(left); err != nil {
		return nil, fmt.Errorf("registering the measure of Gmail's watch: %w", err)
	}
	return left, nil
}

// version is the build that the Temporal workers of this process are of.
func (c *Config) version() worker.WorkerDeploymentVersion {
	return worker.WorkerDeploymentVersion{DeploymentName: c.DeploymentName, BuildID: c.WorkerBuildID}
}

// each makes a consumer hand over one event at a time.
func each(h stream.Handler) func(*stream.ConsumerOptions) {
	return func(o *stream.ConsumerOptions) { o.Handler = h }
}

// consume returns a member of one consumer group, to which how says who takes
// the events.
func (w *workerProcess) consume(name string, how func(*stream.ConsumerOptions), topics ...string) (runner, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	options := stream.ConsumerOptions{
		Brokers: w.c.KafkaBrokers, Group: name, Topics: topics, DeadLetters: stream.NewDeadLetters(w.producer),
		ClientID: "fte-" + host, SessionTimeout: w.c.KafkaSession, Heartbeat: w.c.KafkaSession / 6,
		Logger: w.log, Registerer: w.registry,
	}
	how(&options)
	consumer, err := stream.NewConsumer(options)
	if err != nil {
		return nil, err
	}
	w.ready.add(name, consumer.Healthy)
	return consumer.Run, nil
}

// poll returns a Temporal worker. A server that does not answer is waited for,
// and a worker that the server turned away is made anew: nothing is lost
// meanwhile.
func (w *workerProcess) poll(name string, build func(fatal func(error)) worker.Worker) runner {
	started := w.ready.flag(name)
	return func(ctx context.Context) error {
		for {
			fatal := make(chan error, 1)
			tw := build(func(err error) {
				select {
				case fatal <- err:
				default: // one is enough
				}
			})
			err := tw.Start()
			if err == nil {
				started.Store(true)
				select {
				case <-ctx.Done():
					tw.Stop()
					return nil
				case err = <-fatal:
					started.Store(false)
				}
			}
			w.log.ErrorContext(ctx, "waiting for Temporal", slog.String("role", name), slog.Any("error", err))
			if !pause(ctx, retryTemporal) {
				return nil
			}
		}
	}
}

// startMailbox makes sure that the mailbox is being read.
func (w *workerProcess) startMailbox(ctx context.Context) error {
	return w.insist(ctx, "the mailbox workflow", func() error {
		return workers.MailboxStarter{Temporal: w.temporal}.Start(ctx, w.c.GmailMailbox)
	})
}

// startReconciler makes sure that somebody looks for missed WhatsApp messages.
func (w *workerProcess) startReconciler(number string) runner {
	return func(ctx context.Context) error {
		return w.insist(ctx, "the WhatsApp reconciler", func() error {
			return workers.ReconcilerStarter{Temporal: w.temporal}.Start(ctx, number)
		})
	}
}

// keepSchedules makes sure that Temporal has the schedules.
func (w *workerProcess) keepSchedules(ctx context.Context) error {
	schedules := workers.Schedules{Temporal: w.temporal, Zone: w.c.TimeZone, Retention: w.c.Retention}
	return w.insist(ctx, "the schedules", func() error { return schedules.Ensure(ctx) })
}

// insist tries until it works or ctx ends: Temporal may start later than this
// process.
func (w *workerProcess) insist(ctx context.Context, what string, try func() error) error {
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		w.log.ErrorContext(ctx, "waiting for Temporal to start", slog.String("what", what), slog.Any("error", err))
		if !pause(ctx, retryTemporal) {
			return nil
		}
	}
}
