package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"
)

// Secrets of the tests: none of them may ever be printed.
const (
	cliPassword = "pw-hunter2-pw"
	cliKey      = "key-0123456789abcdef0123456789abcdef"
	cliModelKey = "sk-model-0123456789"
	cliToken    = "twiliotoken0123456789"
	cliWebhook  = "https://hooks.example/T0/B0/webhooksecret"
)

// cliSettings are complete; nothing they name answers.
func cliSettings() map[string]string {
	return map[string]string{
		"DATABASE_URL": "postgres://fte:" + cliPassword + "@127.0.0.1:1/fte", "KAFKA_BROKERS": "127.0.0.1:1",
		"TEMPORAL_ADDRESS": "127.0.0.1:1", "PUBLIC_BASE_URL": "https://support.example", "FTE_SECRET_KEY": cliKey,
		"OPENAI_API_KEY": cliModelKey, "TWILIO_ACCOUNT_SID": "AC0123456789", "TWILIO_AUTH_TOKEN": cliToken,
		"TWILIO_WHATSAPP_FROM": "+14155238886", "STAFF_ALERT_WEBHOOK": cliWebhook,
		"HTTP_ADDR": "127.0.0.1:0", "METRICS_ADDR": "127.0.0.1:0",
	}
}

// with returns the settings with some replaced; an empty value removes one.
func with(settings map[string]string, changes ...string) map[string]string {
	changed := maps.Clone(settings)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			delete(changed, changes[i])
		} else {
			changed[changes[i]] = changes[i+1]
		}
	}
	return changed
}

// outcome is what a command line led to.
type outcome struct {
	code           int
	stdout, stderr string
}

// fte runs one command line in this process. Whatever comes of it, it prints no secret.
func fte(t *testing.T, settings map[string]string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), cliPatience)
	defer cancel()
	var stdout, stderr syncBuffer
	code := run(ctx, args, envconfig.MapLookuper(settings), &stdout, &stderr)
	requireNoSecret(t, stdout.String()+stderr.String())
	return outcome{code, stdout.String(), stderr.String()}
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{cliPassword, cliKey, cliModelKey, cliToken, "webhooksecret"} {
		require.NotContains(t, text, secret)
	}
}

// syncBuffer is a buffer that a command and a test may use at once.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestUsage(t *testing.T) {
	t.Parallel()
	all := []string{"gateway", "worker", "migrate", "kb", "dlq", "version"}
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr []string // what each must contain; nil: it must be empty
	}{
		"nothing":                {nil, exitUsage, nil, all},
		"unknown command":        {[]string{"gatway"}, exitUsage, nil, append([]string{`no command "gatway"`}, all...)},
		"help":                   {[]string{"help"}, exitOK, append([]string{"NAME_FILE", "--help"}, all...), nil},
		"-h":                     {[]string{"-h"}, exitOK, all, nil},
		"--help":                 {[]string{"--help"}, exitOK, all, nil},
		"help for one":           {[]string{"help", "worker"}, exitOK, []string{"Usage: fte worker", "-roles", "intake", "metrics"}, nil},
		"help for none":          {[]string{"help", "nothing"}, exitUsage, nil, []string{`no command "nothing"`}},
		"gateway with argument":  {[]string{"gateway", "now"}, exitUsage, nil, []string{`unexpected argument "now"`, "Usage: fte gateway\n"}},
		"gateway with flag":      {[]string{"gateway", "--port", "1"}, exitUsage, nil, []string{"-port", "Usage: fte gateway\n"}},
		"worker with argument":   {[]string{"worker", "intake"}, exitUsage, nil, []string{`unexpected argument "intake"`, "--roles"}},
		"unknown role":           {[]string{"worker", "--roles", "intake,bogus"}, exitUsage, nil, []string{`no role "bogus"`, "intake,bridge,tickets,model,delivery,notifier,metrics"}},
		"empty role":             {[]string{"worker", "--roles", "intake,"}, exitUsage, nil, []string{`no role ""`}},
		"roles without a list":   {[]string{"worker", "--roles"}, exitUsage, nil, []string{"roles"}},
		"migrate with argument":  {[]string{"migrate", "up"}, exitUsage, nil, []string{`unexpected argument "up"`}},
		"version with argument":  {[]string{"version", "1"}, exitUsage, nil, []string{`unexpected argument "1"`}},
		"kb without a verb":      {[]string{"kb"}, exitUsage, nil, []string{"ingest, list", "gaps", "or withdraw"}},
		"kb with another":        {[]string{"kb", "empty"}, exitUsage, nil, []string{"there is no kb empty", "ingest PATH"}},
		"kb ingest nothing":      {[]string{"kb", "ingest"}, exitUsage, nil, []string{"folders or files"}},
		"kb search nothing":      {[]string{"kb", "search", "--json"}, exitUsage, nil, []string{"what to search for"}},
		"kb list with argument":  {[]string{"kb", "list", "all"}, exitUsage, nil, []string{`unexpected argument "all"`}},
		"kb with unknown flag":   {[]string{"kb", "list", "--yaml"}, exitUsage, nil, []string{"-yaml"}},
		"dlq without a verb":     {[]string{"dlq"}, exitUsage, nil, []string{"list or redrive"}},
		"dlq with another":       {[]string{"dlq", "burn"}, exitUsage, nil, []string{"there is no dlq burn"}},
		"dlq with argument":      {[]string{"dlq", "redrive", "form:1"}, exitUsage, nil, []string{`unexpected argument "form:1"`}},
		"dlq with negative":      {[]string{"dlq", "list", "--limit", "-1"}, exitUsage, nil, []string{"--limit"}},
		"dlq with no number":     {[]string{"dlq", "list", "--limit", "few"}, exitUsage, nil, []string{"limit"}},
		"version":                {[]string{"version"}, exitOK, []string{"fte "}, nil},
		"help between arguments": {[]string{"kb", "ingest", "folder", "--help"}, exitOK, []string{"Usage: fte kb", "-json"}, nil},
	} {
		got := fte(t, nil, c.args...)
		require.Equal(t, c.code, got.code, "%s: %+v", name, got)
		for text, wanted := range map[string][]string{got.stdout: c.stdout, got.stderr: c.stderr} {
			for _, want := range wanted {
				require.Contains(t, text, want, name)
			}
		}
		require.Equal(t, c.stdout == nil, got.stdout == "", "%s: standard output: %s", name, got.stdout)
		require.Equal(t, c.stderr == nil, got.stderr == "", "%s: standard error: %s", name, got.stderr)
	}
	for _, c := range commands() {
		for _, flag := range []string{"-h", "--help"} {
			got := fte(t, nil, c.name, flag)
			require.Equal(t, exitOK, got.code, c.name)
			require.Empty(t, got.stderr, c.name)
			require.True(t, strings.HasPrefix(got.stdout, "Usage: fte "+c.name), got.stdout)
		}
	}
}

func TestFlagsAnywhere(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		rest string
		json bool
	}{
		"--json search a b":    {"search a b", true},
		"search a --json b":    {"search a b", true},
		"search a b -json":     {"search a b", true},
		"search a b":           {"search a b", false},
		"search -- a --json":   {"search a --json", false},
		"--json -- search -x":  {"search -x", true},
		"search a -- --json b": {"search a --json b", false},
		"--json":               {"", true},
		"":                     {"", false},
	} {
		flags := flagsOf("kb")
		asJSON := flags.Bool("json", false, "")
		rest, err := parseFlags(flags, strings.Fields(line))
		require.NoError(t, err, line)
		require.Equal(t, want.rest, strings.Join(rest, " "), line)
		require.Equal(t, want.json, *asJSON, line)
	}
}

func TestSettingsAreCheckedAllAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	complete := cliSettings()
	for name, c := range map[string]struct {
		settings map[string]string
		command  string
		want     []string // in the message
		not      []string
		faults   string
	}{
		"gateway, nothing set": {
			nil, "gateway",
			[]string{"DATABASE_URL is not set", "KAFKA_BROKERS is not set", "PUBLIC_BASE_URL is not set", "FTE_SECRET_KEY is not set", "openssl rand"},
			[]string{"OPENAI", "TWILIO"},
			"4 fault(s)",
		},
		"worker, nothing set":   {nil, "worker", []string{"DATABASE_URL", "KAFKA_BROKERS", "PUBLIC_BASE_URL", "FTE_SECRET_KEY", "OPENAI_API_KEY"}, nil, "5 fault(s)"},
		"bridge, nothing set":   {nil, "worker --roles bridge", []string{"KAFKA_BROKERS"}, []string{"DATABASE_URL", "OPENAI", "FTE_SECRET_KEY"}, "1 fault(s)"},
		"intake, nothing set":   {nil, "worker --roles intake", []string{"DATABASE_URL", "KAFKA_BROKERS", "FTE_SECRET_KEY"}, []string{"OPENAI"}, "3 fault(s)"},
		"migrate, nothing set":  {nil, "migrate", []string{"DATABASE_URL", "KAFKA_BROKERS"}, []string{"FTE_SECRET_KEY"}, "2 fault(s)"},
		"kb list, nothing set":  {nil, "kb list", []string{"DATABASE_URL"}, []string{"OPENAI", "KAFKA"}, "1 fault(s)"},
		"kb search, no model":   {nil, "kb search x", []string{"DATABASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"}, nil, "2 fault(s)"},
		"dlq list, nothing set": {nil, "dlq list", []string{"KAFKA_BROKERS"}, []string{"DATABASE_URL"}, "1 fault(s)"},
		"WhatsApp by half": {
			with(complete, "TWILIO_AUTH_TOKEN", ""), "gateway",
			[]string{"WhatsApp is configured by half: TWILIO_ACCOUNT_SID, TWILIO_WHATSAPP_FROM is set, TWILIO_AUTH_TOKEN is not"},
			nil, "1 fault(s)",
		},
		"WhatsApp number that is none": {with(complete, "TWILIO_WHATSAPP_FROM", "0151 1234"), "gateway", []string{"TWILIO_", "international form"}, nil, "1 fault(s)"},
		"email by half":                {with(complete, "GMAIL_MAILBOX", "a@b.example"), "worker", []string{"GMAIL_MAILBOX is set, GOOGLE_APPLICATION_CREDENTIALS is not"}, nil, "1 fault(s)"},
		"email by the other half":      {with(complete, "GMAIL_PUBSUB_TOPIC", "t"), "worker", []string{"GMAIL_MAILBOX, GOOGLE_APPLICATION_CREDENTIALS is not"}, nil, "1 fault(s)"},
		"build by half":                {with(complete, "TEMPORAL_WORKER_BUILD_ID", "v2"), "worker", []string{"TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID"}, nil, "1 fault(s)"},
		"pushes by half": {
			with(complete, "GMAIL_MAILBOX", "a@b.example", "GOOGLE_APPLICATION_CREDENTIALS", "x", "GMAIL_PUBSUB_AUDIENCE", "y"), "gateway",
			[]string{"Gmail push is configured by half", "GMAIL_PUBSUB_SERVICE_ACCOUNT"},
			nil, "1 fault(s)",
		},
		"short key":         {with(complete, "FTE_SECRET_KEY", "tooshortkey"), "gateway", []string{"FTE_SECRET_KEY", "32", "openssl"}, []string{"tooshortkey"}, "1 fault(s)"},
		"short key of two":  {with(complete, "FTE_SECRET_KEY", cliKey+",tooshortkey"), "gateway", []string{"FTE_SECRET_KEY"}, []string{"tooshortkey"}, "1 fault(s)"},
		"unreadable file":   {with(complete, "FTE_SECRET_KEY", "", "FTE_SECRET_KEY_FILE", filepath.Join(dir, "none")), "gateway", []string{"FTE_SECRET_KEY_FILE", filepath.Join(dir, "none")}, nil, "2 fault(s)"},
		"directory as file": {with(complete, "OPENAI_API_KEY", "", "OPENAI_API_KEY_FILE", dir), "worker", []string{"OPENAI_API_KEY_FILE"}, nil, "2 fault(s)"},
		"broker without port": {
			with(complete, "KAFKA_BROKERS", "one:9092, two"), "dlq list", []string{`KAFKA_BROKERS: "two" is not host:port`}, []string{`"one`}, "1 fault(s)",
		},
		"address without scheme": {with(complete, "PUBLIC_BASE_URL", "support.example"), "gateway", []string{"PUBLIC_BASE_URL"}, nil, "1 fault(s)"},
		"model address":          {with(complete, "OPENAI_BASE_URL", "localhost:11434"), "worker", []string{"OPENAI_BASE_URL"}, nil, "1 fault(s)"},
		"webhook address":        {with(complete, "STAFF_ALERT_WEBHOOK", "webhooksecret"), "worker", []string{"STAFF_ALERT_WEBHOOK"}, nil, "1 fault(s)"},
		"what cannot be read, and what is missing": {
			with(complete, "FTE_CLOSE_AFTER", "3 days", "FTE_KAFKA_SESSION", "soon", "FTE_PROMPT_PRICE", "cheap", "DATABASE_URL", ""), "worker",
			[]string{"FTE_CLOSE_AFTER is not a duration", "FTE_KAFKA_SESSION is not a duration", "72h", "FTE_PROMPT_PRICE is not a number", "DATABASE_URL is not set"},
			[]string{"FTE_SECRET_KEY", "soon"},
			"4 fault(s)",
		},
		"what makes no sense": {
			with(complete, "FTE_CLOSE_AFTER", "-1h", "FTE_LOG_FORMAT", "xml", "FTE_LOG_LEVEL", "loud", "FTE_SEND_SECOND_CHECK", "1s",
				"FTE_DRAIN_DELAY", "-1s", "FTE_MODEL_TIMEOUT", "0s", "FTE_PROMPT_PRICE", "-1", "FTE_KAFKA_SESSION", "5ms", "FTE_SEND_FIRST_CHECK", "0s"), "gateway",
			[]string{"FTE_CLOSE_AFTER", "FTE_LOG_FORMAT", "FTE_LOG_LEVEL", "FTE_DRAIN_DELAY", "FTE_MODEL_TIMEOUT", "FTE_PROMPT_PRICE", "FTE_KAFKA_SESSION", "FTE_SEND_FIRST_CHECK"},
			nil, "8 fault(s)",
		},
		"second look before the first": {with(complete, "FTE_SEND_SECOND_CHECK", "1s"), "gateway", []string{"FTE_SEND_SECOND_CHECK"}, nil, "1 fault(s)"},
	} {
		got := fte(t, c.settings, strings.Fields(c.command)...)
		require.Equal(t, exitFailed, got.code, name)
		require.Empty(t, got.stdout, name)
		for _, want := range append(c.want, c.faults) {
			require.Contains(t, got.stderr, want, name)
		}
		for _, not := range c.not {
			require.NotContains(t, got.stderr, not, name)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	settings := with(cliSettings(), "FTE_SECRET_KEY", "", "FTE_SECRET_KEY_FILE", file("key", cliKey+"\n"),
		"TWILIO_AUTH_TOKEN", "", "TWILIO_AUTH_TOKEN_FILE", file("token", "new1 , old2\n"), "DATABASE_URL_FILE", file("url", "postgres://other"),
		"KAFKA_BROKERS", "a:1, b:2", "GMAIL_MAILBOX", "Support@Firnwacht.example", "GOOGLE_APPLICATION_CREDENTIALS", "x")
	c, err := loadConfig(t.Context(), envconfig.MapLookuper(settings), needDatabase, needKafka, needSecret, needModel, needPublicURL)
	require.NoError(t, err)
	require.Equal(t, cliKey, c.SecretKey, "a line end is no part of a secret")
	require.Equal(t, []string{"new1", "old2"}, c.TwilioAuthTokens)
	require.Equal(t, settings["DATABASE_URL"], c.DatabaseURL, "the value itself comes before a file")
	require.Equal(t, []string{"a:1", "b:2"}, c.KafkaBrokers)
	require.Equal(t, "support@firnwacht.example", c.GmailMailbox, "as pushes spell it")
	require.True(t, c.whatsAppOn() && c.emailOn() && !c.pushOn())

	key := file("temporal", "temporal-key\n")
	options, err := temporalOptions(envconfig.MapLookuper(map[string]string{"TEMPORAL_ADDRESS": "cloud:7233", "TEMPORAL_NAMESPACE": "ours", "TEMPORAL_API_KEY_FILE": key}))
	require.NoError(t, err)
	require.Equal(t, "cloud:7233 ours", options.HostPort+" "+options.Namespace)
	require.NotNil(t, options.Credentials)
	_, err = temporalOptions(envconfig.MapLookuper(map[string]string{"TEMPORAL_API_KEY_FILE": key + ".none"}))
	require.ErrorContains(t, err, "TEMPORAL_API_KEY_FILE")
}

func TestLogsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		settings := with(cliSettings(), "FTE_LOG_FORMAT", format, "GMAIL_MAILBOX", "a@b.example", "GOOGLE_APPLICATION_CREDENTIALS", "credentials.json")
		c, err := loadConfig(t.Context(), envconfig.MapLookuper(settings), needDatabase, needKafka, needSecret, needModel, needPublicURL)
		require.NoError(t, err)
		var out bytes.Buffer
		logStart(t.Context(), newLogger(c, &out), c, "worker")
		require.Contains(t, out.String(), "https://support.example")
		require.Contains(t, out.String(), "gmail pushes are off")
		requireNoSecret(t, out.String())
	}
	var out bytes.Buffer
	c, err := loadConfig(t.Context(), envconfig.MapLookuper(map[string]string{"FTE_LOG_LEVEL": "warn"}))
	require.NoError(t, err)
	logStart(t.Context(), newLogger(c, &out), c, "worker")
	require.Empty(t, out.String(), "the level holds")
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, table(&out, [][]string{{"A", "LONGER", "C"}, {"äöü", "b", "last"}}))
	require.Equal(t, "A    LONGER  C\näöü  b       last\n", out.String())
	require.Error(t, table(brokenPipe{}, [][]string{{"a", "b"}}))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
