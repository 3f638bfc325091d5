package main

import (
	"context"
	"fmt"
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/knowledge"
)

func newActivities(ctx context.Context, w *workerProcess) (*activities.Activities, error) {
	c := w.c
	o := activities.Options{
		DB: w.db, Publisher: w.producer, Mailbox: c.GmailMailbox, PubSubTopic: c.PubSubTopic,
		PublicBaseURL: c.PublicBaseURL, Secrets: c.secrets, Logger: w.log, StaffEmail: c.StaffAlertEmail,
		WhatsAppTemplate: c.TwilioTemplateSID, Rules: c.rules,
		Policy: activities.Policy{
			Company: c.Company, SLA: c.promises, FirstCheck: c.FirstCheck, SecondCheck: c.SecondCheck,
			PromptPrice: c.PromptPrice, OutputPrice: c.OutputPrice, Spending: c.spending(), Confidence: c.confidence,
			Allowance: c.Allowance, MailsPerHour: c.MailsPerHour, MailsPerTicket: c.MailsPerTicket,
		},
	}
	model, err := openModel(c)
	if err != nil {
		return nil, fmt.Errorf("setting up the model (OPENAI_ settings): %w", err)
	}
	if o.Model, err = openRouter(c, model, w.log, w.registry); err != nil {
		return nil, err
	}
	o.Embedder, o.Knowledge = model, knowledge.New(w.db, model, w.log)
	o.Library = knowledge.New(w.db, model, w.log)
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
