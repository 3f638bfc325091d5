package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const cliPatience = 60 * time.Second

func cliKafka(t *testing.T, topics ...string) *part.Kafka {
	t.Helper()
	kafka, err := part.StartKafka(part.KafkaOptions{Topics: topics})
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	return kafka
}

// emptyDatabase returns a database without any table.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	url := schematest.URL(t)
	schematest.Exec(t, url, "DROP SCHEMA public CASCADE")
	schematest.Exec(t, url, "CREATE SCHEMA public")
	return url
}

func TestUnreachableServers(t *testing.T) {
	t.Parallel()
	complete := cliSettings()
	folder := writeArticles(t, map[string]string{"a.md": article})
	for line, want := range map[string][]string{
		"migrate":             {"DATABASE_URL", "pgvector", "127.0.0.1:1"},
		"kb list":             {"the database cannot be used", "DATABASE_URL"},
		"kb search refund":    {"the database cannot be used", "DATABASE_URL"},
		"kb ingest " + folder: {"the database cannot be used", "DATABASE_URL"},
		"dlq list":            {"KAFKA_BROKERS", "fte migrate"},
		"dlq redrive":         {"KAFKA_BROKERS", "fte migrate"},
	} {
		got := fte(t, complete, strings.Fields(line)...)
		require.Equal(t, exitFailed, got.code, line)
		require.Empty(t, got.stdout, line)
		for _, w := range want {
			require.Contains(t, got.stderr, w, line)
		}
	}
	got := fte(t, with(complete, "DATABASE_URL", "mysql://fte:"+cliPassword+"@db/fte"), "kb", "list")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "DATABASE_URL is not a Postgres connection string")
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts servers; `make test` runs it")
	}
	settings := with(cliSettings(), "DATABASE_URL", emptyDatabase(t))

	got := fte(t, settings, "migrate")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stdout, "database: made 00001_init.sql", "what was done is said")
	require.Contains(t, got.stderr, "KAFKA_BROKERS (127.0.0.1:1)")

	kafka := cliKafka(t)
	settings = with(settings, "KAFKA_BROKERS", strings.Join(kafka.Brokers, ","))
	got = fte(t, settings, "migrate")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stdout, "database: nothing to do\ntopics: made fte.channels.email.inbound, ")
	require.Contains(t, got.stderr, "127.0.0.1:1 in namespace default; check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE")

	cli := os.Getenv("TEMPORAL_CLI_PATH")
	require.NotEmpty(t, cli, "`make test` sets TEMPORAL_CLI_PATH")
	server, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: cli, Headless: true, SearchAttributes: map[string]string{"Turns": "Int"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	settings = with(settings, "TEMPORAL_ADDRESS", server.Address)
	got = fte(t, with(settings, "TEMPORAL_NAMESPACE", "nowhere"), "migrate")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "in namespace nowhere; check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE")

	got = fte(t, settings, "migrate")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Regexp(t, `^database: nothing to do\ntopics: nothing to do\nsearch attributes: made AssignedTo, .*TicketStatus\n$`, got.stdout)
	require.NotContains(t, got.stdout, "Turns", "it was there")
	again := fte(t, settings, "migrate")
	require.Equal(t, outcome{exitOK, "database: nothing to do\ntopics: nothing to do\nsearch attributes: nothing to do\n", ""}, again)
	for _, topic := range ticket.Topics() {
		require.Len(t, kafka.Cluster.PartitionInfos(topic), ticket.TopicPartitions, topic)
	}
	c, err := client.Dial(client.Options{HostPort: server.Address})
	require.NoError(t, err)
	defer c.Close()
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "default"})
	require.NoError(t, err)
	for name, kind := range ticket.SearchAttributes() {
		require.Equal(t, kind, have.GetCustomAttributes()[name].String(), name)
	}
}

func TestOldSchema(t *testing.T) {
	t.Parallel()
	settings := with(cliSettings(), "DATABASE_URL", emptyDatabase(t))
	for _, line := range []string{"gateway", "worker", "worker --roles metrics", "kb list", "kb search x"} {
		got := fte(t, settings, strings.Fields(line)...)
		require.Equal(t, exitFailed, got.code, line)
		require.Contains(t, got.stderr, "run `fte migrate` first", line)
	}
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	busy := taken.Addr().String()
	for line, name := range map[string]string{"gateway": "HTTP_ADDR", "gateway ": "METRICS_ADDR", "worker": "METRICS_ADDR", "worker --roles bridge": "METRICS_ADDR"} {
		got := fte(t, with(cliSettings(), name, busy), strings.Fields(line)...)
		require.Equal(t, exitFailed, got.code, line)
		require.Contains(t, got.stderr, name+"="+busy+" cannot be used", line)
	}
	got := fte(t, with(cliSettings(), "HTTP_ADDR", "8080"), "gateway")
	require.Contains(t, got.stderr, "HTTP_ADDR=8080 cannot be used")
}

// TestWorkerWaits starts a worker whose servers are all away: it lives, is not
// ready and stops in order when it is told to.
func TestWorkerWaits(t *testing.T) {
	t.Parallel()
	for _, roles := range []string{"", "bridge,notifier"} {
		port, err := part.FreePort()
		require.NoError(t, err)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		ctx, stop := context.WithCancel(t.Context())
		args := []string{"worker"}
		if roles != "" {
			args = append(args, "--roles", roles)
		}
		var log syncBuffer
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, args, envconfig.MapLookuper(with(cliSettings(), "METRICS_ADDR", address)), &log, &log)
		}()
		require.Eventually(t, func() bool { return status(t, address, "/health") == http.StatusOK }, cliPatience, 10*time.Millisecond)
		require.Equal(t, http.StatusServiceUnavailable, status(t, address, "/ready"))
		require.Equal(t, http.StatusOK, status(t, address, "/metrics"))
		stop()
		select {
		case code := <-ended:
			require.Equal(t, exitOK, code, log.String())
			requireNoSecret(t, log.String())
		case <-time.After(cliPatience):
			require.FailNow(t, "the worker did not stop")
		}
	}
}

// status returns what an address answers, 0 if nothing.
func status(t *testing.T, address, path string) int {
	t.Helper()
	res, err := http.Get("http://" + address + path)
	if err != nil {
		return 0
	}
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

const article = "---\ntitle: Refunds\ncategory: billing\n---\n\n# Refunds\n\n## How long it takes\n\nA refund takes five working days.\n"

func writeArticles(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	return folder
}

func TestKnowledgeBase(t *testing.T) {
	t.Parallel()
	model, err := openai.New(openai.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(model)
	t.Cleanup(server.Close)
	settings := with(cliSettings(), "DATABASE_URL", schematest.URL(t), "OPENAI_BASE_URL", server.URL+"/v1")

	got := fte(t, settings, "kb", "list")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "The knowledge base is empty. Fill it with `fte kb ingest PATH…`.")
	require.JSONEq(t, "[]", fte(t, settings, "kb", "list", "--json").stdout)
	got = fte(t, settings, "kb", "search", "refund")
	t.Logf("search in an empty knowledge base: %+v", got)
	require.Contains(t, got.stdout+got.stderr, "empty")

	broken := writeArticles(t, map[string]string{"good.md": article, "bad.md": "---\ntitle: never closed\n"})
	got = fte(t, settings, "kb", "ingest", broken)
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "bad.md")
	require.NotContains(t, got.stderr, "good.md")
	got = fte(t, settings, "kb", "ingest", filepath.Join(broken, "none"))
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, filepath.Join(broken, "none"))

	folder := writeArticles(t, map[string]string{"refunds.md": article})
	got = fte(t, settings, "kb", "ingest", folder)
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "is live: 1 article")
	require.Contains(t, fte(t, settings, "kb", "ingest", folder).stdout, "unchanged")
	require.Regexp(t, `(?m)^ARTICLE +TITLE .*\nrefunds +Refunds +billing +en +file +\d+ +-$`, fte(t, settings, "kb", "list").stdout)
	got = fte(t, settings, "kb", "search", "how", "long", "does", "a", "refund", "take?")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "refunds")
	var found map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "kb", "search", "refund", "--json").stdout), &found))
	require.NotEmpty(t, found)

	got = fte(t, with(settings, "OPENAI_BASE_URL", "http://127.0.0.1:1/v1"), "kb", "search", "refund")
	t.Logf("search without a model: %+v", got)
	require.Equal(t, exitFailed, got.code)
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	kafka := cliKafka(t, ticket.TopicDeadLetters, ticket.TopicWebFormInbound)
	settings := with(cliSettings(), "KAFKA_BROKERS", kafka.Brokers[0])
	got := fte(t, settings, "dlq", "list")
	require.Equal(t, outcome{exitOK, "There are no dead letters.\n", ""}, got)
	require.JSONEq(t, "[]", fte(t, settings, "dlq", "list", "--json").stdout)
	require.Contains(t, fte(t, settings, "dlq", "redrive").stdout, "0 of 0 dead letter(s) sent back")

	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	letters := stream.NewDeadLetters(producer)
	put := func(id string, offset int64, headers ...stream.Header) {
		t.Helper()
		headers = append(headers, stream.Header{Key: ticket.HeaderID, Value: []byte(id)}, stream.Header{Key: ticket.HeaderType, Value: []byte(ticket.TypeWebFormMessage)})
		require.NoError(t, letters.Put(t.Context(), stream.Record{
			Event: stream.Event{Topic: ticket.TopicWebFormInbound, Key: "k", Value: []byte(`{"message":"the customer's words"}`)}, Offset: offset, Headers: headers,
		}, "invalid", errors.New("no ticket id"), 1))
	}
	put("form:1", 7, stream.Header{Key: stream.HeaderDlqReplay, Value: []byte("5")}) // sent back too often already
	put("form:2", 8)
	put("", 9)

	got = fte(t, settings, "dlq", "list")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Equal(t, 4, strings.Count(got.stdout, "\n"))
	require.Contains(t, got.stdout, "form:2")
	require.Contains(t, got.stdout, "no ticket id")
	require.NotContains(t, got.stdout, "words")
	var listed []map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "dlq", "list", "--json", "--id", "form:2").stdout), &listed))
	require.Len(t, listed, 1)
	require.Equal(t, "form:2", listed[0]["id"])
	require.EqualValues(t, 8, listed[0]["offset"])
	require.Equal(t, "There are no dead letters.\n", fte(t, settings, "dlq", "list", "--reason", "panic").stdout)

	got = fte(t, settings, "dlq", "redrive")
	require.Equal(t, exitFailed, got.code, "one could not be sent back")
	require.Contains(t, got.stderr, "form:1 was not sent back")
	require.Contains(t, got.stdout, "form:2 sent back to "+ticket.TopicWebFormInbound)
	require.Contains(t, got.stdout, ticket.TopicWebFormInbound+"/0/9 sent back")
	require.Contains(t, got.stdout, "2 of 3 dead letter(s) sent back")
	require.EqualValues(t, 2, kafka.Cluster.PartitionInfos(ticket.TopicWebFormInbound)[0].HighWatermark)
	require.Equal(t, exitOK, fte(t, settings, "dlq", "redrive", "--id", "form:2").code)
	require.EqualValues(t, 3, kafka.Cluster.PartitionInfos(ticket.TopicWebFormInbound)[0].HighWatermark)
}
