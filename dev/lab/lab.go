package lab

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/pubsub"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// What the lab's company is called by its providers.
const (
	Mailbox        = "support@firnwacht.example"
	WhatsAppNumber = "+4922155500"
	accountSID     = "AC00000000000000000000000000000001"
	authToken      = "labauthtoken0000000000000000000000"
	pushAccount    = "push@lab-project.iam.gserviceaccount.com"
	subscription   = "projects/lab/subscriptions/gmail"
)

// Options say how a lab differs from the ordinary.
type Options struct {
	// Binary and Env run the service; Env marks a test binary that acts as it.
	Binary string
	Env    []string
	// Settings are further settings of every role.
	Settings map[string]string
	// Articles are ingested before the roles start.
	Articles []string
	// Web serves the built pages too.
	Web bool
	// Deadline bounds every wait; 0 means Deadline.
	Deadline time.Duration
}

// Lab is one running system.
type Lab struct {
	t         testing.TB
	options   Options
	Database  string // connection string
	DB        *schema.DB
	Postgres  *Proxy // between the roles and the database
	Kafka     *part.Kafka
	Server    *part.Temporal
	Temporal  client.Client
	OpenAI    *openai.Server
	Twilio    *twilio.Server
	Gmail     *gmail.Server
	PubSub    *pubsub.Server
	BaseURL   string
	settings  map[string]string
	kafka     part.KafkaOptions
	server    part.TemporalOptions
	processes map[string]*Process
	accepted  []Inbound
	byHand    []string          // mails that a person sent from the mailbox itself
	canaries  map[string]string // customer → a word only that customer wrote
	Secrets   ticket.Secrets
}

// Roles are the processes of a lab, by name, with their command lines.
func Roles() map[string][]string {
	return map[string][]string{
		"gateway":  {"gateway"},
		"intake":   {"worker", "--roles", "intake"},
		"bridge":   {"worker", "--roles", "bridge"},
		"tickets":  {"worker", "--roles", "tickets"},
		"model":    {"worker", "--roles", "model"},
		"delivery": {"worker", "--roles", "delivery"},
		"metrics":  {"worker", "--roles", "metrics"},
	}
}

// New starts everything but the roles: servers, simulators, an ingested
// knowledge base. What it starts ends with the test.
func New(tb testing.TB, o Options) *Lab {
	tb.Helper()
	l := &Lab{t: tb, options: o, processes: map[string]*Process{}, canaries: map[string]string{}}
	l.settings = map[string]string{}
	l.startSimulators()
	l.addProviderSettings()
	maps.Copy(l.settings, o.Settings)
	l.Database = l.withKnowledge()
	var err error
	l.DB, err = schema.Open(tb.Context(), schema.Options{URL: l.Database, MaxConns: 4, Name: "lab"})
	require.NoError(tb, err)
	tb.Cleanup(l.DB.Close)

	l.kafka = l.kafkaOptions()
	l.Kafka, err = part.StartKafka(l.kafka)
	require.NoError(tb, err)
	tb.Cleanup(func() { l.Kafka.Close() })
	l.startTemporal()

	const key = "lab secret key that is long enough to sign"
	l.Secrets, err = ticket.ParseSecrets(key)
	require.NoError(tb, err)
	roles, proxy := l.proxied(l.Database)
	l.Postgres = proxy
	maps.Copy(l.settings, map[string]string{
		"DATABASE_URL": roles, "KAFKA_BROKERS": strings.Join(l.Kafka.Brokers, ","),
		"TEMPORAL_ADDRESS": l.Server.Address, "FTE_SECRET_KEY": key, "FTE_COMPANY": "Firnwacht",
		"FTE_LOG_FORMAT": "text", "FTE_LOG_LEVEL": "info", "FTE_BUSINESS_HOURS": "always",
		// Short, so that a killed process is replaced within seconds.
		"FTE_KAFKA_SESSION": "6s", "FTE_SEND_FIRST_CHECK": "2s", "FTE_SEND_SECOND_CHECK": "5s",
		"TEMPORAL_NAMESPACE": l.Server.Namespace, "PUBLIC_BASE_URL": l.BaseURL,
		"HTTP_ADDR": strings.TrimPrefix(l.BaseURL, "http://"),
		"PATH":      os.Getenv("PATH"), "HOME": os.Getenv("HOME"),
	})
	maps.Copy(l.settings, o.Settings)
	l.Run("migrate")
	l.keepDiary()
	return l
}

// withKnowledge returns a database into which the articles have been ingested,
// once for all labs of a binary with the same articles and embeddings.
func (l *Lab) withKnowledge() string {
	if len(l.options.Articles) == 0 {
		return schematest.URL(l.t)
	}
	return schematest.Filled(l.t, l.knowledgeKey(), func(url string) {
		cmd := exec.CommandContext(l.t.Context(), l.options.Binary, append([]string{"kb", "ingest"}, l.options.Articles...)...)
		cmd.Env = l.environ(map[string]string{"DATABASE_URL": url})
		out, err := cmd.CombinedOutput()
		require.NoErrorf(l.t, err, "fte kb ingest: %s", out)
	})
}

// knowledgeKey changes with the program, the articles and what embeds them.
func (l *Lab) knowledgeKey() string {
	h := sha256.New()
	read := func(name string) {
		body, err := os.ReadFile(name)
		require.NoError(l.t, err)
		h.Write([]byte(name))
		h.Write(body)
	}
	read(l.options.Binary)
	h.Write([]byte(l.options.Settings["OPENAI_BASE_URL"] + l.settings["OPENAI_EMBEDDING_MODEL"]))
	for _, root := range l.options.Articles {
		require.NoError(l.t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				read(path)
			}
			return err
		}))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// startTemporal starts a server of this lab's own, so that a test may kill it.
func (l *Lab) startTemporal() {
	cli, err := part.TemporalCLI(l.t.Context(), os.Stderr)
	require.NoError(l.t, err)
	port, err := part.FreePort()
	require.NoError(l.t, err)
	l.server = part.TemporalOptions{
		CLI: cli, Headless: true, Port: port, SearchAttributes: ticket.SearchAttributes(),
		DBFile: filepath.Join(l.t.TempDir(), "temporal.db"), LogFile: filepath.Join(l.t.TempDir(), "temporal.log"),
	}
	l.Server, err = part.StartTemporal(l.t.Context(), l.server)
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = l.Server.Stop(context.Background()) })
	l.Temporal, err = client.NewLazyClient(client.Options{HostPort: l.Server.Address, Namespace: l.Server.Namespace, Logger: quiet{}})
	require.NoError(l.t, err)
	l.t.Cleanup(l.Temporal.Close)
}

func (l *Lab) startSimulators() {
	port, err := part.FreePort()
	require.NoError(l.t, err)
	l.BaseURL = fmt.Sprintf("http://127.0.0.1:%d", port)
	l.OpenAI, err = openai.New(openai.Options{})
	require.NoError(l.t, err)
	l.Twilio, err = twilio.New(twilio.Options{
		AccountSID: accountSID, AuthToken: authToken, From: "whatsapp:" + WhatsAppNumber,
		WebhookURL: l.BaseURL + "/webhooks/whatsapp",
	})
	require.NoError(l.t, err)
	l.Gmail, err = gmail.New(gmail.Options{Mailboxes: []string{Mailbox}})
	require.NoError(l.t, err)
	l.PubSub, err = pubsub.New(pubsub.Options{
		WebhookURL: l.BaseURL + "/webhooks/gmail", Subscription: subscription, ServiceAccount: pushAccount,
	})
	require.NoError(l.t, err)
	l.Gmail.SetOnChange(func(ctx context.Context, mailbox string, historyID uint64) {
		_ = l.PubSub.Push(ctx, mailbox, historyID)
	})
	l.t.Cleanup(func() {
		_ = l.Twilio.Close()
		_ = l.Gmail.Close()
		_ = l.PubSub.Close()
	})
}

func (l *Lab) addProviderSettings() {
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		l.t.Cleanup(s.Close)
		return s.URL
	}
	gmailURL := serve(l.Gmail)
	l.Gmail.SetBaseURL(gmailURL)
	credentials, err := l.Gmail.ServiceAccountJSON()
	require.NoError(l.t, err)
	file := filepath.Join(l.t.TempDir(), "service-account.json")
	require.NoError(l.t, os.WriteFile(file, credentials, 0o600))
	maps.Copy(l.settings, map[string]string{
		"OPENAI_BASE_URL": serve(l.OpenAI) + "/v1", "OPENAI_API_KEY": "lab", "OPENAI_MODEL": "simulated",
		"OPENAI_EMBEDDING_MODEL": "simulated-embedding",
		"TWILIO_ACCOUNT_SID":     accountSID, "TWILIO_AUTH_TOKEN": authToken, "TWILIO_WHATSAPP_FROM": WhatsAppNumber,
		"TWILIO_BASE_URL": serve(l.Twilio),
		"GMAIL_MAILBOX":   Mailbox, "GOOGLE_APPLICATION_CREDENTIALS": file, "GMAIL_ENDPOINT": gmailURL,
		"GMAIL_PUBSUB_TOPIC": "projects/lab/topics/gmail", "GMAIL_PUBSUB_SUBSCRIPTION": subscription,
		"GMAIL_PUBSUB_AUDIENCE": l.BaseURL + "/webhooks/gmail", "GMAIL_PUBSUB_SERVICE_ACCOUNT": pushAccount,
		"GOOGLE_CERTS_URL": serve(l.PubSub) + pubsub.CertsPath,
	})
}

// Deadline bounds every wait of a lab, unless its options say otherwise.
const Deadline = 3 * time.Minute

// Wait polls until done returns true; what names the wait when it fails.
func (l *Lab) Wait(what string, done func(ctx context.Context) bool) {
	l.t.Helper()
	ctx := l.t.Context()
	deadline := cmp.Or(l.options.Deadline, Deadline)
	timeout := time.NewTimer(deadline)
	defer timeout.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done(ctx) {
		select {
		case <-timeout.C:
			l.dump()
			l.t.Fatalf("waited %s in vain: %s", deadline, what)
		case <-tick.C:
		}
	}
}

// freeAddr returns a loopback address that nobody listens on.
func (l *Lab) freeAddr() string {
	port, err := part.FreePort()
	require.NoError(l.t, err)
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
