package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// waitForSchema returns when the database has the schema this program needs.
// An old schema is an error; a database that does not answer is waited for,
// since it may be starting too.
func waitForSchema(ctx context.Context, log *slog.Logger, url string) error {
	for {
		err := schema.CheckCurrent(ctx, url)
		if ticket.CodeOf(err) != ticket.CodeUnavailable {
			return err
		}
		log.ErrorContext(ctx, "waiting for the database", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(2 * time.Second):
		}
	}
}

// openTemporal returns a client that connects when it is first used.
func openTemporal(log *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("reading the TEMPORAL_ settings: %w", err)
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
