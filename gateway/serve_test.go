package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func quietLogger() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/", "/nowhere", "/health", "/assets/app-1a2.js", "/support/ticket/x"} {
		h := b.do(t, http.MethodGet, path, "").header
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'self'")
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.NotEmpty(t, h.Get("Strict-Transport-Security"))
		require.NotEmpty(t, h.Get("X-Correlation-ID"))
	}
}

func TestCorrelationIDIsRepeatedOnlyIfSafe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	get := func(id string) string {
		return b.do(t, http.MethodGet, "/nowhere", "", "X-Correlation-ID", id).header.Get("X-Correlation-ID")
	}
	require.Equal(t, "a-Z-9", get("a-Z-9"))
	require.Equal(t, strings.Repeat("a", 64), get(strings.Repeat("a", 64)))
	for _, bad := range []string{"", "a b", "<script>", "ü", strings.Repeat("a", 65)} {
		got := get(bad)
		require.NotEqual(t, bad, got)
		require.Len(t, got, 36)
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nowhere", 404},
		{"POST", "/nowhere", 404},
		{"GET", "/webhooks/whatsapp/", 404},
		{"GET", "/index.html", 404},
		{"GET", "/.gitkeep", 404},
		{"GET", "/assets", 404},
		{"GET", "/assets/", 404},
		{"GET", "/assets/../favicon.svg", 404},
		{"GET", "/assets/%2e%2e/%2e%2e/etc/passwd", 404},
		{"GET", "/metrics", 404},
		{"GET", "/support/ticket/..%2f..%2fetc", 404},
		{"POST", "/favicon.svg", 404},
		{"POST", "/health", 405},
		{"GET", "/support/submit", 405},
		{"PUT", "/support/submit", 405},
		{"GET", "/webhooks/gmail", 405},
		{"DELETE", "/support/ticket/x", 405},
		{"POST", "/support/ticket/x/events", 405},
	} {
		a := b.do(t, test.method, test.path, "")
		requireProblem(t, a, test.status)
		if test.status == http.StatusMethodNotAllowed {
			require.NotEmpty(t, a.header.Get("Allow"))
		}
	}
}

func TestPagesAreServed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/", "/ticket/" + b.opts.Secrets.TicketID("x").String()} {
		a := b.do(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, a.status)
		require.Contains(t, a.body, "<title>Support</title>")
		require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
		require.Equal(t, "no-cache", a.header.Get("Cache-Control"))
		require.Equal(t, http.StatusOK, b.do(t, http.MethodHead, path, "").status)
	}
	a := b.do(t, http.MethodGet, "/assets/app-1a2.js", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "run()", a.body)
	require.Contains(t, a.header.Get("Content-Type"), "javascript")
	require.Equal(t, "public, max-age=31536000, immutable", a.header.Get("Cache-Control"))
	a = b.do(t, http.MethodGet, "/favicon.svg", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "image/svg+xml", a.header.Get("Content-Type"))
	require.Equal(t, "public, max-age=3600", a.header.Get("Cache-Control"))
}

func TestPagesThatAreNotBuiltSaySo(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"none":     func(o *Options) { o.Web = nil },
		"no index": func(o *Options) { o.Web = fstest.MapFS{".gitkeep": {}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, change)
			a := b.do(t, http.MethodGet, "/", "")
			require.Equal(t, http.StatusServiceUnavailable, a.status)
			require.Contains(t, a.body, "make web")
			requireProblem(t, b.do(t, http.MethodGet, "/favicon.svg", ""), http.StatusNotFound)
		})
	}
}

func TestHealthChecksNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.DB, o.Spool = unreachable(t), unreachable(t) })
	b.kafka.set(hung)
	a := b.do(t, http.MethodGet, "/health", "")
	require.Equal(t, http.StatusOK, a.status)
	got := decode[map[string]any](t, a.body)
	require.Equal(t, "ok", got["status"])
	_, err := time.Parse(time.RFC3339, got["timestamp"].(string))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"email": "on", "whatsapp": "on", "webform": "on"}, got["channels"])
}

func TestReadyWhileAnythingCanBeMadeDurable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kafka  state
		spool  bool
		status int
	}{
		"both":        {up, true, 200},
		"kafka only":  {up, false, 200},
		"spool only":  {down, true, 200},
		"kafka hangs": {hung, true, 200},
		"neither":     {down, false, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *Options) {
				if !test.spool {
					o.Spool = unreachable(t)
				}
			})
			b.kafka.set(test.kafka)
			a := b.do(t, http.MethodGet, "/ready", "")
			require.Equal(t, test.status, a.status, a.body)
			if test.status != http.StatusOK {
				require.Equal(t, "neither kafka nor the spool can be reached", requireProblem(t, a, test.status).Detail)
			}
		})
	}
}

func TestTooManyRequestsAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.MaxConcurrent = 1 })
	b.slots <- struct{}{}
	a := b.submitForm(t, submission)
	requireProblem(t, a, http.StatusServiceUnavailable)
	require.Equal(t, "1", a.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, b.do(t, http.MethodGet, "/health", "").status)
	<-b.slots
	require.Equal(t, http.StatusOK, b.submitForm(t, submission).status)
}

// panickingPush stands for a bug.
type panickingPush struct{ fakePush }

func (panickingPush) Verify(context.Context, string) error { panic("out of luck") }

func TestPanicIsAnAnswerWithoutSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Push = &panickingPush{} })
	a := b.do(t, http.MethodPost, "/webhooks/gmail", `{"secret":"body"}`, "Content-Type", jsonContent,
		"Authorization", "Bearer secret-token", "Cookie", "secret-cookie=1")
	p := requireProblem(t, a, http.StatusInternalServerError)
	require.Equal(t, "internal error", p.Detail)
	require.Contains(t, b.logs.String(), "out of luck")
	require.Contains(t, b.logs.String(), p.CorrelationID)
	require.NotContains(t, b.logs.String(), "secret")
	require.Equal(t, 1, b.rejected(t, "internal"))
}

func TestMetricsAreShownInsideOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.message(t, "SM1")
	inner := listen(t)
	outer := listen(t)
	ctx, cancel := contextWithCancel(t)
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, outer, inner) }()
	status, body := get(t, inner, "/metrics")
	require.Equal(t, http.StatusOK, status)
	for _, want := range []string{
		`fte_ingest_ack_seconds_count{route="/webhooks/whatsapp"} 1`,
		`fte_ingest_events_total{topic="fte.channels.whatsapp.inbound",via="kafka"} 1`,
		`fte_spool_depth 0`, `fte_spool_oldest_seconds 0`,
	} {
		require.Contains(t, body, want)
	}
	status, _ = get(t, inner, "/health")
	require.Equal(t, http.StatusOK, status)
	status, _ = get(t, inner, "/support/ticket/x")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = get(t, outer, "/health")
	require.Equal(t, http.StatusOK, status)
	cancel()
	require.NoError(t, <-served)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func get(t *testing.T, l net.Listener, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+path, nil)
	require.NoError(t, err)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

// slowPush answers when it is told to.
type slowPush struct {
	fakePush
	entered, release chan struct{}
}

func (p *slowPush) Verify(context.Context, string) error {
	close(p.entered)
	<-p.release
	return nil
}

func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	slow := &slowPush{entered: make(chan struct{}), release: make(chan struct{})}
	b := setup(t, func(o *Options) {
		o.Push = slow
		o.DrainDelay = 3 * time.Second
	})
	outer, inner := listen(t), listen(t)
	ctx, cancel := contextWithCancel(t)
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx, outer, inner) }()
	status, _ := get(t, inner, "/ready")
	require.Equal(t, http.StatusOK, status)

	answered := make(chan int, 1)
	go func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+outer.Addr().String()+"/webhooks/gmail",
			strings.NewReader(pushBody("support@example.com", 1, "9", "projects/p/subscriptions/ours")))
		if err != nil {
			answered <- 0
			return
		}
		request.Header.Set("Content-Type", jsonContent)
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		_ = response.Body.Close()
		answered <- response.StatusCode
	}()
	<-slow.entered

	cancel()
	eventually(t, func() bool { return b.draining.Load() }, "it drains")
	status, body := get(t, inner, "/ready")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "shutting down")
	status, _ = get(t, outer, "/health")
	require.Equal(t, http.StatusOK, status, "it still answers")
	eventually(t, func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", outer.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, "it takes no new connections")
	select {
	case err := <-served:
		require.Fail(t, "it left a request behind", "%v", err)
	default:
	}
	close(slow.release)
	require.Equal(t, http.StatusNoContent, <-answered)
	require.NoError(t, <-served)
	require.Equal(t, []string{"pubsub:9"}, b.kafka.ids())
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := listen(t)
	require.NoError(t, broken.Close())
	require.ErrorContains(t, b.Serve(t.Context(), broken, listen(t)), "public listener")
}

func TestCodesBecomeStatuses(t *testing.T) {
	t.Parallel()
	for code, status := range map[ticket.Code]int{
		ticket.CodeInvalid: 422, ticket.CodeNotFound: 404, ticket.CodeConflict: 409, ticket.CodeUnauthorized: 401,
		ticket.CodeTooLarge: 413, ticket.CodeRateLimited: 429, ticket.CodeUnavailable: 503, ticket.CodeQuota: 503,
		ticket.CodeInternal: 500, ticket.CodeUnknownOutcome: 500, ticket.CodeBadOutput: 500, ticket.CodeGuardrail: 500,
	} {
		require.Equal(t, status, statusOf(code), code)
		p, _ := describe(ticket.Errorf(code, "the message"))
		require.Equal(t, status == 500, p.Detail == "internal error", "users see the message only if the fault is not ours")
	}
	p, reason := describe(io.ErrUnexpectedEOF)
	require.Equal(t, "internal error", p.Detail)
	require.Equal(t, "internal", reason)
}
