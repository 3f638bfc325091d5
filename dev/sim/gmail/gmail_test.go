package gmail_test

import (
	"context"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/google"
	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/digital-fte/fte/dev/sim/gmail"
)

const (
	mailbox  = "support@example.com"
	customer = "ada@customer.example"
)

type testBundle struct {
	sim *gmail.Server
	url string
	api *api.UsersService
}

func setup(t *testing.T, options gmail.Options) *testBundle {
	t.Helper()
	options.Mailboxes = append(options.Mailboxes, mailbox)
	sim, err := gmail.New(options)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, sim.Close())
	})
	sim.SetBaseURL(server.URL)
	return &testBundle{sim: sim, url: server.URL, api: service(t, sim, server.URL, mailbox)}
}

// service is the real client with the credentials the simulator gives out.
func service(t *testing.T, sim *gmail.Server, url, subject string) *api.UsersService {
	t.Helper()
	credentials, err := sim.ServiceAccountJSON()
	require.NoError(t, err)
	config, err := google.JWTConfigFromJSON(credentials, api.GmailModifyScope)
	require.NoError(t, err)
	config.Subject = subject
	service, err := api.NewService(t.Context(), option.WithEndpoint(url), option.WithHTTPClient(config.Client(t.Context())))
	require.NoError(t, err)
	return service.Users
}

func mailText(headers map[string]string, body string) []byte {
	var text strings.Builder
	for _, name := range []string{"From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Content-Type", "X-Support-Outbound-Id"} {
		if value := headers[name]; value != "" {
			text.WriteString(name + ": " + value + "\r\n")
		}
	}
	return []byte(text.String() + "\r\n" + body)
}

func question(id, subject string) []byte {
	return mailText(map[string]string{"From": "Ada <" + customer + ">", "To": mailbox, "Subject": subject, "Message-ID": id}, "How do I reset it?")
}

func reply(to, subject string) []byte {
	return mailText(map[string]string{
		"From": mailbox, "To": customer, "Subject": subject, "Message-ID": "<ours@example.com>",
		"In-Reply-To": to, "References": to, "X-Support-Outbound-Id": "turn/answer/1",
	}, "Open Settings.")
}

func encoded(raw []byte) string { return base64.URLEncoding.EncodeToString(raw) }

func googleError(t *testing.T, err error) *googleapi.Error {
	t.Helper()
	var problem *googleapi.Error
	require.ErrorAs(t, err, &problem, "%v", err)
	return problem
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
