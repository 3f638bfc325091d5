package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sethvargo/go-envconfig"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/digital-fte/fte/doctor"
	"github.com/digital-fte/fte/schema"
)

const doctorDetails = `Looks at the settings and at everything they name, and says what is wrong, what it means and what to do.
Each check is ok, off, a WARNING or FAILED; one that hangs ends after 5 s. It changes nothing and sends nothing;
it asks the model one word. The page docs/runbook/doctor.md has every check. Exit code 1: something failed.`

// runDoctor looks at everything.
func runDoctor(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("doctor")
	asJSON := flags.Bool("json", false, "print JSON")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q", rest[0])
	}
	c, faults := examineConfig(ctx, env.lookuper, needDatabase, needKafka, needPublicURL, needSecret, needModel)
	d, closeAll := newDoctor(ctx, env.lookuper, c, faults)
	defer closeAll()
	results := doctor.Run(ctx, d.Checks(), doctor.Limit, secretsOf(env.lookuper, c))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	report := doctor.NewReport(time.Now(), results)
	write := report.WriteText
	if *asJSON {
		write = report.WriteJSON
	}
	if err := write(env.stdout); err != nil {
		return err
	}
	if report.Failed > 0 {
		return errors.New(report.Summary())
	}
	return nil
}

// newDoctor opens what can be opened with these settings; what cannot is a
// fault more.
func newDoctor(ctx context.Context, lookuper envconfig.Lookuper, c *Config, faults []error) (d *doctor.Doctor, closeAll func()) {
	d = &doctor.Doctor{
		Resting: c.resting(), DatabaseURL: c.DatabaseURL, Brokers: c.KafkaBrokers,
		Mailbox: c.GmailMailbox, Push: c.PubSubTopic != "" || c.PubSubAudience != "",
		WhatsApp: c.whatsAppOn(), TemplateID: c.TwilioTemplateSID,
		Model: c.OpenAIModel, EmbeddingModel: c.OpenAIEmbeddingModel, HTTP: &http.Client{},
	}
	var opened []func()
	if db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, Name: "doctor"}); err == nil && c.DatabaseURL != "" {
		d.DB = db
		opened = append(opened, db.Close)
	}
	if options, err := temporalOptions(lookuper); err != nil {
		faults = append(faults, err)
	} else {
		options.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
		d.TemporalAddress, d.Namespace = options.HostPort, options.Namespace
		if temporal, err := client.NewLazyClient(options); err != nil {
			faults = append(faults, fmt.Errorf("the TEMPORAL_ settings: %w", err))
		} else {
			d.Temporal = temporal
			opened = append(opened, temporal.Close)
		}
	}
	if isHTTP(c.PublicBaseURL) {
		d.PublicURL = c.PublicBaseURL
	}
	d.Faults = append(faults, c.openProviders(ctx, d)...)
	return d, func() {
		for _, done := range opened {
			done()
		}
	}
}

// openProviders gives the doctor the providers' accounts. What is wrong with
// the settings of model and WhatsApp is among the faults before.
func (c *Config) openProviders(ctx context.Context, d *doctor.Doctor) (faults []error) {
	if model, err := openModel(c); err == nil {
		d.Ask = model.Ping
		if c.fallbackOn() {
			d.Fallback = cmp.Or(c.FallbackModel, c.OpenAIModel)
			if fallback, err := openFallback(c); err == nil {
				d.AskFallback = fallback.Ping
			}
		}
		d.Embed = func(ctx context.Context) error {
			_, err := model.Embed(ctx, []string{"refund"})
			return err
		}
	}
	if c.whatsAppOn() && len(c.TwilioAuthTokens) > 0 {
		if whatsapp, err := openWhatsApp(c); err == nil {
			d.Number = whatsapp.From()
			d.Messages = func(ctx context.Context) error {
				_, err := whatsapp.ListInbound(ctx, time.Now().Add(-time.Minute), time.Now())
				return err
			}
		}
	}
	if c.emailOn() && c.GoogleCredentials != "" {
		gmail, err := openGmail(ctx, c)
		if err != nil {
			return []error{fmt.Errorf("GMAIL_MAILBOX, GOOGLE_APPLICATION_CREDENTIALS: %w", err)}
		}
		d.Address = gmail.Address
	}
	return nil
}

// resting returns what is off, and why.
func (c *Config) resting() (off []string) {
	if !c.whatsAppOn() {
		off = append(off, "WhatsApp (TWILIO_ACCOUNT_SID is not set)")
	}
	switch {
	case !c.emailOn():
		off = append(off, "e-mail (GMAIL_MAILBOX is not set)")
	case !c.pushOn():
		off = append(off, "Gmail's pushes (GMAIL_PUBSUB_AUDIENCE is not set; the mailbox is read once a minute)")
	}
	if c.StaffAlertWebhook == "" && c.StaffAlertEmail == "" {
		off = append(off, "telling staff (neither STAFF_ALERT_WEBHOOK nor STAFF_ALERT_EMAIL is set)")
	}
	return off
}

// secretsOf returns what must not be printed, whoever repeats it.
func secretsOf(lookuper envconfig.Lookuper, c *Config) []string {
	secrets := append([]string{c.SecretKey, c.OpenAIKey, c.FallbackKey, c.StaffAlertWebhook}, c.TwilioAuthTokens...)
	secrets = append(secrets, strings.Split(c.SecretKey, ",")...)
	secrets = append(secrets, c.MCPToken)
	for _, entry := range c.StaffTokens {
		secrets = append(secrets, entry[strings.LastIndex(entry, ":")+1:])
	}
	if key, ok := (&fileLookuper{next: lookuper}).Lookup("TEMPORAL_API_KEY"); ok {
		secrets = append(secrets, key)
	}
	for _, address := range []string{c.DatabaseURL, c.PublicBaseURL, c.OpenAIBaseURL, c.FallbackBaseURL, c.TwilioBaseURL} {
		if u, err := url.Parse(address); err == nil && u.User != nil {
			password, _ := u.User.Password()
			_, escaped, _ := strings.Cut(u.User.String(), ":")
			secrets = append(secrets, password, escaped)
		}
	}
	return secrets
}
