package twilio_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/dev/sim/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
	ours    = "whatsapp:+14155238886"
	theirs  = "whatsapp:+491701234567"
)

type testBundle struct {
	sim *twilio.Server
	url string
	api *openapi.ApiService
}

func setup(t *testing.T, options twilio.Options) *testBundle {
	t.Helper()
	options.AccountSID, options.AuthToken, options.From = account, token, ours
	sim, err := twilio.New(options)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, sim.Close())
	})
	return &testBundle{sim: sim, url: server.URL, api: api(server.URL, token)}
}

// api is the real client, sent to the simulator the only way it allows.
func api(to, password string) *openapi.ApiService {
	c := &client.Client{
		Credentials: client.NewCredentials(account, password),
		HTTPClient:  &http.Client{Transport: rewriter{to: to}},
	}
	c.SetAccountSid(account)
	return openapi.NewApiServiceWithClient(c)
}

type rewriter struct{ to string }

func (r rewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	to, err := url.Parse(r.to)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = to.Scheme, to.Host
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || res.StatusCode < http.StatusBadRequest {
		return res, err
	}
	// The client library leaves the bodies of errors open.
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

func send(to, body string) *openapi.CreateMessageParams {
	params := &openapi.CreateMessageParams{}
	return params.SetTo(to).SetFrom(ours).SetBody(body)
}

// receiver is our webhook: it checks signatures with the real validator and
// keeps the forms.
type receiver struct {
	*httptest.Server

	public string
	seen   chan url.Values

	mu       sync.Mutex
	statuses []int
}

// newReceiver answers with the statuses in turn, then with 200. public is the
// address signatures are checked against; empty means the listener's own.
func newReceiver(t *testing.T, public string, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{seen: make(chan url.Values, 100), statuses: statuses}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	r.public = public
	if public == "" {
		r.public = r.URL
	}
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	validator := client.NewRequestValidator(token)
	if !validator.ValidateBody(r.public+req.URL.RequestURI(), body, req.Header.Get("X-Twilio-Signature")) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	r.mu.Lock()
	status := http.StatusOK
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	r.mu.Unlock()
	if form, err := url.ParseQuery(string(body)); err == nil && status == http.StatusOK {
		form.Set("query", req.URL.RawQuery)
		r.seen <- form
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = io.Copy(w, strings.NewReader("<Response></Response>"))
}

func (r *receiver) next(t *testing.T) url.Values {
	t.Helper()
	select {
	case form := <-r.seen:
		return form
	case <-deadline(t).Done():
		require.FailNow(t, "no webhook came")
		return nil
	}
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
