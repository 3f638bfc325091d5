package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/sethvargo/go-envconfig"
	"go.temporal.io/sdk/client"
	temporalconfig "go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// checkTimeout bounds one question to the database, which would otherwise take
// minutes to say that nobody is there.
const checkTimeout = 10 * time.Second

// checkSchema returns nil if the database has the schema this program needs,
// with the codes of schema.CheckCurrent.
func checkSchema(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := schema.CheckCurrent(ctx, url)
	if ticket.CodeOf(err) == ticket.CodeUnavailable {
		return ticket.Wrap(ticket.CodeUnavailable, err, "the database cannot be used; check DATABASE_URL and that the server runs")
	}
	return err
}

// waitForSchema returns when the database has the schema this program needs.
// An old schema is an error; a database that does not answer is waited for,
// since it may be starting too.
func waitForSchema(ctx context.Context, log *slog.Logger, url string) error {
	for {
		err := checkSchema(ctx, url)
		if ticket.CodeOf(err) != ticket.CodeUnavailable {
			return err
		}
		if ctx.Err() == nil {
			log.ErrorContext(ctx, "waiting for the database", slog.Any("error", err))
		}
		if !pause(ctx, 2*time.Second) {
			return ctx.Err()
		}
	}
}

// temporalOptions reads the TEMPORAL_ settings. As with every secret,
// TEMPORAL_API_KEY can lie in the file that TEMPORAL_API_KEY_FILE names.
func temporalOptions(lookuper envconfig.Lookuper) (client.Options, error) {
	files := &fileLookuper{next: lookuper}
	options, err := temporalconfig.LoadClientOptions(temporalconfig.LoadClientOptionsRequest{EnvLookup: temporalEnv{files}})
	if err := errors.Join(append(files.faults, err)...); err != nil {
		return client.Options{}, fmt.Errorf("reading the TEMPORAL_ settings: %w", err)
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	return options, nil
}

// temporalEnv shows Temporal's own reader of settings those of this program.
type temporalEnv struct{ files *fileLookuper }

// LookupEnv returns one setting.
func (e temporalEnv) LookupEnv(name string) (string, bool) { return e.files.Lookup(name) }

// Environ returns all of them; it is asked for metadata headers only.
func (temporalEnv) Environ() []string { return os.Environ() }

// openTemporal returns a client that connects when it is first used.
func openTemporal(lookuper envconfig.Lookuper, log *slog.Logger) (client.Client, error) {
	options, err := temporalOptions(lookuper)
	if err != nil {
		return nil, err
	}
	options.Logger = sdklog.NewStructuredLogger(log)
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("making the Temporal client: %w", err)
	}
	return c, nil
}

func openModel(c *Config) (*llm.Client, error) {
	return llm.New(llm.Options{
		BaseURL: c.OpenAIBaseURL, APIKey: c.OpenAIKey, Model: c.OpenAIModel, EmbeddingModel: c.OpenAIEmbeddingModel,
		Timeout: c.ModelTimeout,
	})
}

func openWhatsApp(c *Config) (*whatsapp.Client, error) {
	return whatsapp.NewClient(whatsapp.Options{
		AccountSID: c.TwilioAccountSID, AuthToken: c.TwilioAuthTokens[0], From: c.TwilioWhatsAppFrom, BaseURL: c.TwilioBaseURL,
	})
}

func openGmail(ctx context.Context, c *Config) (*email.Client, error) {
	return email.NewClient(ctx, email.Options{
		Mailbox: c.GmailMailbox, CredentialsFile: c.GoogleCredentials, Endpoint: c.GmailEndpoint, Timeout: 20 * time.Second,
	})
}

// table prints rows under a header, as aligned text.
func table(w io.Writer, rows [][]string) error {
	widths := map[int]int{}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(row)-1 {
				if _, err := fmt.Fprintln(w, cell); err != nil {
					return err
				}
				continue
			}
			if _, err := fmt.Fprintf(w, "%-*s  ", widths[i], cell); err != nil {
				return err
			}
		}
	}
	return nil
}
