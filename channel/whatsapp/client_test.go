package whatsapp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

const (
	ours   = "+14155238886"
	theirs = "+4915112345678"
	path   = "/2010-04-01/Accounts/" + account + "/Messages.json"
)

func twilio(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func newClient(t *testing.T, baseURL string, change ...func(*whatsapp.Options)) *whatsapp.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o := whatsapp.Options{AccountSID: account, AuthToken: token, From: ours, BaseURL: baseURL, Timeout: 10 * time.Second, Transport: transport}
	for _, f := range change {
		f(&o)
	}
	c, err := whatsapp.NewClient(o)
	require.NoError(t, err)
	return c
}

func TestSendSpeaksTwilio(t *testing.T) {
	t.Parallel()
	seen := make(chan []string, 2) // two, so that a second request would show
	s := twilio(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		seen <- []string{
			r.Method, r.URL.Path, user, password, r.FormValue("From"), r.FormValue("To"), r.FormValue("Body"), r.FormValue("StatusCallback"),
			r.FormValue("ValidityPeriod"),
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null,"num_media":"0"}`)
	})
	sid, err := newClient(t, s.URL+"/sim/").Send(t.Context(), theirs, "Grüße & 100 % ✓\nzwei", "https://support.example.com/webhooks/whatsapp/status?oid=1")
	require.NoError(t, err)
	require.Equal(t, "SM0123456789abcdef0123456789abcdef", sid)
	require.Len(t, seen, 1)
	require.Equal(t, []string{
		"POST", "/sim" + path, account, token, "whatsapp:" + ours, "whatsapp:" + theirs, "Grüße & 100 % ✓\nzwei",
		"https://support.example.com/webhooks/whatsapp/status?oid=1", "14400",
	}, <-seen)
}

func TestATemplateIsNamedAndHasNoText(t *testing.T) {
	t.Parallel()
	seen := make(chan map[string][]string, 2)
	s := twilio(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		seen <- r.PostForm
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued"}`)
	})
	c := newClient(t, s.URL)
	sid, err := c.SendTemplate(t.Context(), theirs, "HX0123456789abcdef0123456789abcdef", "https://support.example.com/?oid=1")
	require.NoError(t, err)
	require.Equal(t, "SM0123456789abcdef0123456789abcdef", sid)
	require.Len(t, seen, 1)
	require.Equal(t, map[string][]string{
		"From": {"whatsapp:" + ours}, "To": {"whatsapp:" + theirs}, "ContentSid": {"HX0123456789abcdef0123456789abcdef"},
		"StatusCallback": {"https://support.example.com/?oid=1"}, "ValidityPeriod": {"14400"},
	}, <-seen)
	_, err = c.SendTemplate(t.Context(), theirs, "our template", "")
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	require.ErrorContains(t, err, "TWILIO_TEMPLATE_SID")
	require.Empty(t, seen)
}

func TestSendClassesAnswers(t *testing.T) {
	t.Parallel()
	const html = "<html><body>Bad Gateway +4915112345678</body></html>"
	failure := func(code int) string {
		return fmt.Sprintf(`{"code":%d,"message":"The 'To' number whatsapp:%s is bad","more_info":"https://www.twilio.com/docs/errors/%d","status":400}`, code, theirs, code)
	}
	for _, c := range []struct {
		name       string
		status     int
		body       string
		header     map[string]string
		want       ticket.Code
		twilioCode int
		retryAfter time.Duration
		says       string
	}{
		{"throttled", 429, failure(20429), map[string]string{"Retry-After": "7"}, ticket.CodeRateLimited, 20429, 7 * time.Second, "20429"},
		{"throttled by a proxy", 429, html, map[string]string{"Retry-After": "2"}, ticket.CodeRateLimited, 0, 2 * time.Second, "429"},
		{"retry at a date", 429, failure(20429), map[string]string{"Date": "Mon, 02 Nov 2026 10:00:00 GMT", "Retry-After": "Mon, 02 Nov 2026 10:00:30 GMT"}, ticket.CodeRateLimited, 20429, 30 * time.Second, ""},
		{"retry nonsense", 429, failure(20429), map[string]string{"Retry-After": "soon"}, ticket.CodeRateLimited, 20429, 0, ""},
		{"sender rate", 400, failure(63018), nil, ticket.CodeRateLimited, 63018, 0, "63018"},
		{"daily cap", 400, failure(63038), nil, ticket.CodeRateLimited, 63038, time.Hour, "daily"},
		{"daily cap, until tomorrow", 429, failure(63038), map[string]string{"Retry-After": "7200"}, ticket.CodeRateLimited, 63038, 2 * time.Hour, "daily"},
		{"opted out", 400, failure(21610), nil, ticket.CodeInvalid, 21610, 0, "opted out"},
		{"bad number", 400, failure(21211), nil, ticket.CodeInvalid, 21211, 0, "21211"},
		{"not mobile", 400, failure(21614), nil, ticket.CodeInvalid, 21614, 0, "21614"},
		{"not on WhatsApp", 400, failure(63003), nil, ticket.CodeInvalid, 63003, 0, "not on WhatsApp"},
		{"invalid recipient", 400, failure(63024), nil, ticket.CodeInvalid, 63024, 0, "63024"},
		{"region", 403, failure(21408), nil, ticket.CodeInvalid, 21408, 0, "country"},
		{"window closed", 400, failure(63016), nil, ticket.CodeInvalid, 63016, 0, "24 hours"},
		{"unknown template", 400, failure(21655), nil, ticket.CodeInvalid, 21655, 0, "template"},
		{"experiment", 400, failure(63032), nil, ticket.CodeInvalid, 63032, 0, "experiment"},
		{"too long", 400, failure(21617), nil, ticket.CodeInvalid, 21617, 0, "longer"},
		{"a code we do not know", 400, failure(29999), nil, ticket.CodeInvalid, 29999, 0, "29999"},
		{"refused without a code", 404, html, nil, ticket.CodeInvalid, 0, 0, "404"},
		{"credentials", 401, failure(20003), nil, ticket.CodeUnauthorized, 20003, 0, "20003"},
		{"credentials, no JSON", 401, html, nil, ticket.CodeUnauthorized, 0, 0, "401"},
		{"forbidden", 403, html, nil, ticket.CodeUnauthorized, 0, 0, "403"},
		{"failed inside", 500, failure(20500), nil, ticket.CodeUnknownOutcome, 20500, 0, "20500"},
		{"failed inside, odd status", 400, failure(20500), nil, ticket.CodeUnknownOutcome, 20500, 0, "20500"},
		{"proxy failed", 502, html, nil, ticket.CodeUnknownOutcome, 0, 0, "502"},
		{"overloaded", 503, html, map[string]string{"Retry-After": "5"}, ticket.CodeUnknownOutcome, 0, 5 * time.Second, "503"},
		{"proxy gave up waiting", 408, html, nil, ticket.CodeUnknownOutcome, 0, 0, "408"},
		{"created, but garbage", 201, html, nil, ticket.CodeUnknownOutcome, 0, 0, ""},
		{"created, cut short", 201, `{"sid":"SM01`, nil, ticket.CodeUnknownOutcome, 0, 0, ""},
		{"created, but no id", 201, `{}`, nil, ticket.CodeUnknownOutcome, 0, 0, ""},
		{"redirected", 307, html, map[string]string{"Location": "/elsewhere"}, ticket.CodeUnknownOutcome, 0, 0, "307"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			s := twilio(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				for key, value := range c.header {
					w.Header().Set(key, value)
				}
				w.Header().Set("Twilio-Request-Id", "RQ42")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			sid, err := newClient(t, s.URL).Send(t.Context(), theirs, "the customer's secret", "")
			require.Empty(t, sid)
			require.Equal(t, c.want, ticket.CodeOf(err), "%v", err)
			require.Equal(t, c.retryAfter, ticket.RetryAfterOf(err))
			require.Equal(t, c.twilioCode, whatsapp.ErrorCode(err))
			require.ErrorContains(t, err, c.says)
			requireDiscreet(t, err)
			require.Equal(t, int32(1), calls.Load(), "a send is never repeated on its own")
			if c.status >= 400 {
				var api *whatsapp.APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, c.status, api.HTTPStatus)
				require.Equal(t, "RQ42", api.RequestID)
				require.Equal(t, redact.Text(api.Message), api.Message, "nothing that Twilio quotes")
			}
		})
	}
}

func requireDiscreet(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{strings.TrimPrefix(theirs, "+"), token, "secret"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func TestSendWithoutAnAnswer(t *testing.T) {
	t.Parallel()

	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		s := twilio(t, func(http.ResponseWriter, *http.Request) { <-release })
		t.Cleanup(func() { close(release) }) // before the server's own cleanup, which waits for handlers
		_, err := newClient(t, s.URL, func(o *whatsapp.Options) { o.Timeout = 100 * time.Millisecond }).Send(t.Context(), theirs, "hello", "")
		require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireDiscreet(t, err)
	})

	t.Run("cancelled under way", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		s := twilio(t, func(http.ResponseWriter, *http.Request) { cancel(); <-release })
		t.Cleanup(func() { close(release) })
		_, err := newClient(t, s.URL).Send(ctx, theirs, "hello", "")
		require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, "http://127.0.0.1:1").Send(ctx, theirs, "hello", "")
		require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	})

	t.Run("hangs in the middle of an error", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		s := twilio(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_ = http.NewResponseController(w).Flush()
			<-release
		})
		t.Cleanup(func() { close(release) })
		_, err := newClient(t, s.URL, func(o *whatsapp.Options) { o.Timeout = 100 * time.Millisecond }).Send(t.Context(), theirs, "hello", "")
		require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
	})

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		_, err := newClient(t, s.URL).Send(t.Context(), theirs, "hello", "")
		require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
		requireDiscreet(t, err)
	})

	t.Run("accepts and closes", func(t *testing.T) {
		t.Parallel()
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}
		}()
		t.Cleanup(func() { _ = l.Close(); <-done })
		_, err = newClient(t, "http://"+l.Addr().String()).Send(t.Context(), theirs, "hello", "")
		require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
		requireDiscreet(t, err)
	})
}

// closing counts bodies that were opened and not closed.
type closing struct {
	under http.RoundTripper
	open  *atomic.Int32
	read  *atomic.Int64
}

func (c closing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.under.RoundTrip(r)
	if err == nil {
		c.open.Add(1)
		resp.Body = &closingBody{resp.Body, c}
	}
	return resp, err
}

type closingBody struct {
	io.ReadCloser
	of closing
}

func (b *closingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.of.read.Add(int64(n))
	return n, err
}

func (b *closingBody) Close() error {
	b.of.open.Add(-1)
	return b.ReadCloser.Close()
}

func TestAnErrorStormLeaksNothing(t *testing.T) {
	t.Parallel()
	s := twilio(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, strings.Repeat("<p>no</p>", 100_000))
	})
	transport := closing{under: &http.Transport{}, open: new(atomic.Int32), read: new(atomic.Int64)}
	c := newClient(t, s.URL, func(o *whatsapp.Options) { o.Transport = transport })
	for range 20 {
		_, err := c.Send(t.Context(), theirs, "hello", "")
		require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
	}
	require.Zero(t, transport.open.Load(), "every body is closed")
	require.LessOrEqual(t, transport.read.Load(), int64(20*64<<10), "and read no further than its bound")
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1")
	for name, m := range map[string]struct {
		to, body string
		want     ticket.Code
	}{
		"no number": {"ana@example.com", "hello", ticket.CodeInvalid},
		"address":   {"whatsapp:" + theirs, "hello", ticket.CodeInvalid},
		"blank":     {theirs, " \n", ticket.CodeInvalid},
		"too long":  {theirs, strings.Repeat("ü", whatsapp.MaxLength+1), ticket.CodeTooLarge},
	} {
		_, err := c.Send(t.Context(), m.to, m.body, "")
		require.Equal(t, m.want, ticket.CodeOf(err), name)
	}
}

func TestNewClientRefuses(t *testing.T) {
	t.Parallel()
	good := whatsapp.Options{AccountSID: account, AuthToken: token, From: "whatsapp:" + ours}
	c, err := whatsapp.NewClient(good)
	require.NoError(t, err)
	require.Equal(t, ours, c.From())
	for name, change := range map[string]func(*whatsapp.Options){
		"no account":   func(o *whatsapp.Options) { o.AccountSID = "" },
		"token list":   func(o *whatsapp.Options) { o.AuthToken = token + "," + next },
		"no token":     func(o *whatsapp.Options) { o.AuthToken = "" },
		"no sender":    func(o *whatsapp.Options) { o.From = "" },
		"base address": func(o *whatsapp.Options) { o.BaseURL = "localhost:8080" },
		"timeout":      func(o *whatsapp.Options) { o.Timeout = -1 },
	} {
		o := good
		change(&o)
		_, err := whatsapp.NewClient(o)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), token)
	}
}

func TestExplainIsCompleteAboutDocumentedCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]ticket.Code{
		20429: ticket.CodeRateLimited, 63017: ticket.CodeRateLimited, 63018: ticket.CodeRateLimited, 63038: ticket.CodeRateLimited,
		21610: ticket.CodeInvalid, 63016: ticket.CodeInvalid, 63032: ticket.CodeInvalid, 20003: ticket.CodeUnauthorized,
		20500: ticket.CodeUnknownOutcome, 1: ticket.CodeInternal,
	} {
		got, sentence := whatsapp.Explain(code)
		require.Equal(t, want, got, "%d", code)
		require.NotEmpty(t, sentence)
	}
	require.Zero(t, whatsapp.ErrorCode(errors.New("x")))
}
