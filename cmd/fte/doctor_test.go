package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/doctor"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

const (
	doctorMailbox = "support@example.com"
	doctorNumber  = "+14155238886"
)

// examine runs the doctor and returns what it found, by name.
func examine(t *testing.T, settings map[string]string) (found map[string]doctor.Result, code int) {
	t.Helper()
	got := fte(t, settings, "doctor", "--json")
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &report), got.stderr)
	found = map[string]doctor.Result{}
	for _, r := range report.Checks {
		found[r.Name] = r
	}
	require.Equal(t, report.Failed > 0, got.code == exitFailed)
	return found, got.code
}

// failures returns the names of the checks that failed, in no order.
func failures(found map[string]doctor.Result) (names []string) {
	for name, r := range found {
		if r.Verdict == doctor.Failed {
			names = append(names, name)
		}
	}
	return names
}

func TestDoctorWhenNothingAnswers(t *testing.T) {
	t.Parallel()
	settings := with(cliSettings(), "OPENAI_BASE_URL", "http://127.0.0.1:1/v1", "TWILIO_BASE_URL", "http://127.0.0.1:1",
		"PUBLIC_BASE_URL", "http://fte:"+cliPassword+"@127.0.0.1:1")
	found, code := examine(t, settings)
	require.Equal(t, exitFailed, code)
	require.ElementsMatch(t, []string{"database", "kafka", "temporal", "model", "model.embeddings", "whatsapp.account"}, failures(found))
	require.True(t, found["spool"].Skipped)
	require.Equal(t, doctor.OK, found["settings"].Verdict)
	require.Contains(t, found["settings"].Found, "off is e-mail (GMAIL_MAILBOX is not set)")
	require.Equal(t, doctor.Off, found["email.sync"].Verdict)
	require.Equal(t, doctor.Warning, found["public_url"].Verdict)
	require.Contains(t, found["whatsapp.template"].Do, "TWILIO_TEMPLATE_SID")

	got := fte(t, settings, "doctor")
	require.Equal(t, exitFailed, got.code)
	require.Regexp(t, `(?m)^FAILED   database +The database does not answer: .*connection refused\.$`, got.stdout)
	require.Regexp(t, `^fte doctor: 6 of \d+ checks failed, \d+ could not be looked at because of it, and 2 warnings\n$`, got.stderr)
}

func TestDoctorNamesEveryFaultOfTheSettings(t *testing.T) {
	t.Parallel()
	got := fte(t, map[string]string{"TWILIO_ACCOUNT_SID": "AC0", "FTE_LOG_LEVEL": "loud", "GMAIL_MAILBOX": "a@b.c", "TEMPORAL_TLS": "perhaps"}, "doctor")
	require.Equal(t, exitFailed, got.code)
	for _, name := range []string{
		"DATABASE_URL", "KAFKA_BROKERS", "PUBLIC_BASE_URL", "FTE_SECRET_KEY", "OPENAI_API_KEY", "FTE_LOG_LEVEL",
		"TWILIO_AUTH_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
	} {
		require.Regexp(t, `(?m)^ +- .*`+name+`.*\.$`, got.stdout)
	}
	require.Equal(t, exitUsage, fte(t, nil, "doctor", "now").code)
	require.Equal(t, exitUsage, fte(t, nil, "doctor", "--yaml").code)

	broken := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	found, _ := examine(t, with(cliSettings(), "GMAIL_MAILBOX", doctorMailbox, "GOOGLE_APPLICATION_CREDENTIALS", broken))
	require.Contains(t, found["settings"].Details[0], "GOOGLE_APPLICATION_CREDENTIALS")
	require.Equal(t, "Mend settings first.", found["email.account"].Do)
}

// clinic is everything that the service needs.
type clinic struct {
	settings map[string]string
	gmail    *gmail.Server
	model    *openai.Server
	temporal client.Client
}

func newClinic(t *testing.T) clinic {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers; `make test` runs it")
	}
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	model, err := openai.New(openai.Options{APIKey: cliModelKey})
	require.NoError(t, err)
	sms, err := twilio.New(twilio.Options{AccountSID: "AC0123456789", AuthToken: cliToken, From: "whatsapp:" + doctorNumber})
	require.NoError(t, err)
	mail, err := gmail.New(gmail.Options{Mailboxes: []string{doctorMailbox}})
	require.NoError(t, err)
	mailURL := serve(mail)
	mail.SetBaseURL(mailURL)
	credentials, err := mail.ServiceAccountJSON()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "google.json")
	require.NoError(t, os.WriteFile(file, credentials, 0o600))
	public := http.NewServeMux()
	public.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	server, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: os.Getenv("TEMPORAL_CLI_PATH"), Headless: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	temporal, err := client.Dial(client.Options{HostPort: server.Address})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	return clinic{with(
		cliSettings(), "DATABASE_URL", schematest.URL(t), "KAFKA_BROKERS", strings.Join(cliKafka(t).Brokers, ","), "TEMPORAL_ADDRESS", server.Address,
		"PUBLIC_BASE_URL", serve(public), "OPENAI_BASE_URL", serve(model)+"/v1", "TWILIO_BASE_URL", serve(sms), "TWILIO_TEMPLATE_SID", "HX0123456789abcdef0123456789abcdef",
		"GMAIL_MAILBOX", doctorMailbox, "GMAIL_ENDPOINT", mailURL+"/", "GOOGLE_APPLICATION_CREDENTIALS", file, "GMAIL_PUBSUB_TOPIC", "projects/p/topics/t",
	), mail, model, temporal}
}

// The same set-up as a whole, and with one thing broken at a time.
func TestDoctor(t *testing.T) {
	t.Parallel()
	c := newClinic(t)

	// Before anything was prepared.
	found, code := examine(t, c.settings)
	require.Equal(t, exitFailed, code)
	require.ElementsMatch(t, []string{
		"kafka.topics", "temporal.search_attributes", "workers.tickets", "workers.model", "workers.delivery",
		"email.workflow", "email.sync", "email.watch", "whatsapp.workflow", "whatsapp.reconcile", "knowledge",
	}, failures(found))
	require.Equal(t, "Run `fte migrate`.", found["kafka.topics"].Do)

	require.Equal(t, exitOK, fte(t, c.settings, "migrate").code)
	require.Equal(t, exitOK, fte(t, c.settings, "kb", "ingest", writeArticles(t, map[string]string{"refunds.md": article})).code)
	stop := startWorker(t, c.settings)
	require.Eventually(t, func() bool { _, code := examine(t, c.settings); return code == exitOK }, cliPatience, 50*time.Millisecond, "a worker that runs mends the rest")
	got := fte(t, c.settings, "doctor")
	require.Equal(t, exitOK, got.code)
	require.NotContains(t, got.stdout, "WARNING")
	require.Contains(t, got.stdout, "The workflow mailbox/"+doctorMailbox+" runs.")
	require.Contains(t, got.stdout, "The workflow "+ticket.ReconcilerID(doctorNumber)+" runs.")
	require.True(t, strings.HasSuffix(got.stdout, "\nAll in all: nothing failed.\n"), got.stdout)

	for name, broken := range map[string]struct {
		settings []string
		failed   []string
		says, do string
	}{
		"wrong Twilio token": {[]string{"TWILIO_AUTH_TOKEN", "anothertoken0123456789"}, []string{"whatsapp.account"}, "credentials", "TWILIO_AUTH_TOKEN"},
		"wrong model key":    {[]string{"OPENAI_API_KEY", "sk-another"}, []string{"model", "model.embeddings"}, "401", "OPENAI_API_KEY"},
		"another namespace":  {[]string{"TEMPORAL_NAMESPACE", "nowhere"}, []string{"temporal"}, "has no namespace nowhere", "TEMPORAL_NAMESPACE"},
		"another mailbox":    {[]string{"GMAIL_MAILBOX", "sales@example.com"}, []string{"email.account", "email.sync", "email.workflow", "email.watch"}, "Gmail cannot be used", "GMAIL_MAILBOX"},
		"another embedding":  {[]string{"OPENAI_EMBEDDING_MODEL", "text-embedding-3-large"}, []string{"knowledge"}, "was made with text-embedding-3-small", "fte kb ingest"},
		"another broker":     {[]string{"KAFKA_BROKERS", "127.0.0.1:1"}, []string{"kafka"}, "connection refused", "KAFKA_BROKERS"},
		"another database":   {[]string{"DATABASE_URL", emptyDatabase(t)}, []string{"database.migrations", "database.pgvector"}, "The database is empty.", "fte migrate"},
	} {
		found, _ := examine(t, with(c.settings, broken.settings...))
		require.ElementsMatch(t, broken.failed, failures(found), name)
		require.Contains(t, found[broken.failed[0]].Found, broken.says, name)
		require.Contains(t, found[broken.failed[0]].Do, broken.do, name)
	}
	c.model.SetFault(wire.Fault{Match: "/chat/completions", Mode: wire.Hang, Times: -1})
	found, _ = examine(t, c.settings)
	require.Equal(t, []string{"model"}, failures(found))
	require.Equal(t, "There was no answer within 5s.", found["model"].Found)
	c.model.Faults().Clear()

	// What nobody works at any more.
	stop()
	id := ticket.MailboxID(doctorMailbox)
	require.NoError(t, c.temporal.TerminateWorkflow(t.Context(), id, "", "test"))
	found, _ = examine(t, c.settings)
	require.Equal(t, doctor.Failed, found["email.workflow"].Verdict)
	require.Equal(t, "The workflow "+id+" does not run: its last run is terminated.", found["email.workflow"].Found)
	require.Contains(t, found["email.workflow"].Do, "fte worker --roles tickets")
	for group, name := range map[string]string{ticket.GroupIntake: "kafka.intake", ticket.GroupBridge: "kafka.bridge"} {
		require.Equal(t, doctor.Failed, found[name].Verdict, group)
		require.Contains(t, found[name].Found, "the group has no members")
	}
}

// startWorker runs a worker in this process until it is stopped.
func startWorker(t *testing.T, settings map[string]string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan int, 1)
	var out syncBuffer
	go func() { ended <- run(ctx, []string{"worker"}, envconfig.MapLookuper(settings), &out, &out) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.Equal(t, exitOK, <-ended, out.String())
	}
	t.Cleanup(stop)
	return stop
}
