package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

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
