package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// sarama's metrics library runs one ticker for the life of the process.
		goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const (
	// patience is how long a test waits for what must happen.
	patience = 60 * time.Second

	publicURL  = "https://support.example.com"
	accountSID = "AC00000000000000000000000000000001"
	authToken  = "twilio-token"
)

// bundle is a gateway with everything around it.
type bundle struct {
	*Gateway
	server *httptest.Server
	kafka  *fakeKafka
	db     *schema.DB
	dbURL  string
	logs   *logBook
}

// setup returns a running gateway whose channels are all on and whose relay
// has looked at the spool. Each change may alter its options.
func setup(t *testing.T, changes ...func(*Options)) *bundle {
	t.Helper()
	b := &bundle{kafka: &fakeKafka{}, dbURL: schematest.URL(t), logs: &logBook{}}
	b.db = open(t, b.dbURL)
	secrets, err := ticket.ParseSecrets("0123456789abcdef0123456789abcdef")
	require.NoError(t, err)
	verifier, err := whatsapp.NewVerifier(whatsapp.VerifierOptions{
		PublicBaseURL: publicURL, AccountSID: accountSID, Tokens: []string{authToken},
	})
	require.NoError(t, err)
	registry := prometheus.NewRegistry()
	o := Options{
		Logger: slog.New(slog.NewJSONHandler(b.logs, nil)), DB: b.db, Spool: open(t, b.dbURL), Producer: b.kafka,
		WhatsApp: verifier, Push: &fakePush{}, Secrets: secrets, PublicBaseURL: publicURL + "/",
		Web: fstest.MapFS{
			"index.html":        {Data: []byte("<!doctype html><title>Support</title>")},
			"favicon.svg":       {Data: []byte("<svg/>")},
			"assets/app-1a2.js": {Data: []byte("run()")},
			"embed.js":          {Data: []byte("define()")},
			".gitkeep":          {},
		},
		Registerer: registry, Gatherer: registry,
		PublishTimeout: 200 * time.Millisecond, SpoolTimeout: 5 * time.Second,
		RelayInterval: 5 * time.Millisecond, WatchInterval: 5 * time.Millisecond,
		FormBurst: 10_000, SenderBurst: 10_000,
	}
	for _, change := range changes {
		change(&o)
	}
	b.Gateway, err = New(o)
	require.NoError(t, err)
	b.server = httptest.NewServer(b.Public())
	t.Cleanup(b.server.Close)
	b.run(t)
	if left, err := o.Spool.SpoolBacklog(t.Context()); err != nil || left.Depth == 0 {
		eventually(t, func() bool { return !b.delivery.spoolFirst() }, "the relay looks at the spool")
	}
	return b
}

// run lets the relay work until the test ends.
func (b *bundle) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func open(t *testing.T, address string) *schema.DB {
	t.Helper()
	db, err := schema.Open(t.Context(), schema.Options{URL: address, MaxConns: 2, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// unreachable is a database that refuses connections.
func unreachable(t *testing.T) *schema.DB {
	t.Helper()
	return open(t, "postgres://nobody@127.0.0.1:1/none")
}

func (b *bundle) rejected(t *testing.T, reason string) int {
	t.Helper()
	return count(t, b.metrics.rejected.WithLabelValues(reason))
}

func (b *bundle) accepted(t *testing.T, topic, via string) int {
	t.Helper()
	return count(t, b.metrics.events.WithLabelValues(topic, via))
}

func count(t *testing.T, c prometheus.Metric) int {
	t.Helper()
	var m dto.Metric
	require.NoError(t, c.Write(&m))
	return int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
}

func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patience, 2*time.Millisecond, what)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bundle) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	if len(body) > maxForm {
		// Over a connection, the server may hang up before the body is sent.
		recorder := httptest.NewRecorder()
		b.Public().ServeHTTP(recorder, request)
		return answer{status: recorder.Code, header: recorder.Header(), body: recorder.Body.String()}
	}
	response, err := b.server.Client().Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(text)}
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(body), &value), body)
	return value
}

// requireProblem checks that an answer is a complete problem and returns it.
func requireProblem(t *testing.T, a answer, status int) problem {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	p := decode[problem](t, a.body)
	require.Equal(t, status, p.Status)
	require.Equal(t, http.StatusText(status), p.Title)
	require.NotEmpty(t, p.Type)
	require.NotEmpty(t, p.Detail)
	require.Equal(t, a.header.Get("X-Correlation-ID"), p.CorrelationID)
	return p
}

// fakeKafka is a broker that can be down or silent.
type fakeKafka struct {
	mu     sync.Mutex
	state  state
	events []stream.Event
	tooBig string // id of an event it refuses for good
}

type state int

const (
	up   state = iota
	down       // refuses at once
	hung       // never answers
)

func (k *fakeKafka) is(s state) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state == s
}

func (k *fakeKafka) set(s state) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state = s
}

func (k *fakeKafka) Publish(ctx context.Context, events ...stream.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range events {
		if e.ID == k.tooBig {
			return ticket.Errorf(ticket.CodeTooLarge, "too large")
		}
	}
	switch k.state {
	case down:
		return ticket.Errorf(ticket.CodeUnavailable, "kafka is down")
	case hung:
		k.mu.Unlock()
		<-ctx.Done()
		k.mu.Lock()
		return ticket.Wrap(ticket.CodeUnavailable, ctx.Err(), "kafka is silent")
	case up:
	}
	k.events = append(k.events, events...)
	return nil
}

func (k *fakeKafka) Ping(ctx context.Context) error {
	switch {
	case k.is(down):
		return ticket.Errorf(ticket.CodeUnavailable, "kafka is down")
	case k.is(hung):
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (k *fakeKafka) all() []stream.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]stream.Event(nil), k.events...)
}

func (k *fakeKafka) ids() []string {
	ids := []string{}
	for _, e := range k.all() {
		ids = append(ids, e.ID)
	}
	return ids
}

// fakePush accepts one bearer token and one subscription.
type fakePush struct{ err error }

func (p *fakePush) Verify(_ context.Context, header string) error {
	if p.err != nil {
		return p.err
	}
	if header != "Bearer good" {
		return ticket.Errorf(ticket.CodeUnauthorized, "the token of the push is not genuine")
	}
	return nil
}

func (*fakePush) Usable(push ticket.GmailPush) error {
	if push.Subscription != "projects/p/subscriptions/ours" {
		return ticket.Errorf(ticket.CodeInvalid, "the push is from another subscription")
	}
	return nil
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestOptionsAreCheckedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(Options{PublicBaseURL: "ftp://x"})
	require.ErrorContains(t, err, "no database is given")
	require.ErrorContains(t, err, "no spool is given")
	require.ErrorContains(t, err, "no producer is given")
	require.ErrorContains(t, err, "public base URL")
}

func TestTrustedProxiesAreChecked(t *testing.T) {
	t.Parallel()
	db := unreachable(t)
	_, err := New(Options{
		DB: db, Spool: db, Producer: &fakeKafka{}, PublicBaseURL: publicURL, TrustedProxies: []string{"not an address"},
	})
	require.ErrorContains(t, err, "trusted proxies")
}

func form(values map[string]string) string {
	encoded := url.Values{}
	for key, value := range values {
		encoded.Set(key, value)
	}
	return encoded.Encode()
}
