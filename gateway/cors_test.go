package gateway

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const shop = "https://shop.example"

func preflight(t *testing.T, b *bundle, path, origin string) answer {
	t.Helper()
	return b.do(t, http.MethodOptions, path, "", "Origin", origin, "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "content-type,idempotency-key")
}

func TestListedSiteSendsTheForm(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.EmbedOrigins = []string{"http://localhost:3000", shop} })
	a := preflight(t, b, submitPath, shop)
	require.Equal(t, http.StatusNoContent, a.status)
	require.Empty(t, a.body)
	require.Equal(t, shop, a.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "POST", a.header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "content-type,idempotency-key", a.header.Get("Access-Control-Allow-Headers"))
	require.Equal(t, "600", a.header.Get("Access-Control-Max-Age"))
	require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"))
	require.Contains(t, a.header.Get("Vary"), "Origin")

	for name, sent := range map[string]answer{
		"taken":   b.submitForm(t, submission, "Origin", shop),
		"refused": b.submitForm(t, "{}", "Origin", shop),
		"no JSON": b.do(t, http.MethodPost, submitPath, "name=Ana", "Content-Type", formContent, "Origin", shop),
	} {
		require.Equal(t, shop, sent.header.Get("Access-Control-Allow-Origin"), name)
		require.Contains(t, sent.header.Get("Vary"), "Origin", name)
		require.Equal(t, "X-Correlation-Id, Retry-After", sent.header.Get("Access-Control-Expose-Headers"), name)
		require.Empty(t, sent.header.Get("Access-Control-Allow-Credentials"), name)
	}
	require.Len(t, b.kafka.all(), 1)
}

func TestOverloadIsReadableOnAListedSite(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.EmbedOrigins, o.FormRate, o.FormBurst = []string{shop}, 0.01, 1 })
	require.Equal(t, http.StatusOK, b.submitForm(t, submission, "Origin", shop).status)
	a := b.submitForm(t, submission, "Origin", shop)
	requireProblem(t, a, http.StatusTooManyRequests)
	require.Equal(t, shop, a.header.Get("Access-Control-Allow-Origin"))
}

func TestNothingIsOpenToOthers(t *testing.T) {
	t.Parallel()
	listed := func(o *Options) { o.EmbedOrigins = []string{shop} }
	b, closed := setup(t, listed), setup(t)
	id := b.opts.Secrets.TicketID("seed").String()
	for name, a := range map[string]answer{
		"another site":            preflight(t, b, submitPath, "https://evil.example"),
		"a site below":            preflight(t, b, submitPath, "https://a.shop.example"),
		"another port":            preflight(t, b, submitPath, shop+":8443"),
		"without TLS":             preflight(t, b, submitPath, "http://shop.example"),
		"no site":                 preflight(t, b, submitPath, "null"),
		"sent by another site":    b.submitForm(t, submission, "Origin", "https://evil.example"),
		"the ticket":              b.do(t, http.MethodGet, "/support/ticket/"+id, "", "Origin", shop),
		"a message on the ticket": preflight(t, b, "/support/ticket/"+id+"/messages", shop),
		"a message that is sent":  b.do(t, http.MethodPost, "/support/ticket/"+id+"/messages", `{"message":"hi"}`, "Content-Type", jsonContent, "Origin", shop),
		"a webhook":               preflight(t, b, "/webhooks/whatsapp", shop),
		"a page":                  b.do(t, http.MethodGet, "/ticket/"+id, "", "Origin", shop),
		"switched off":            preflight(t, closed, submitPath, shop),
		"sent when switched off":  closed.submitForm(t, submission, "Origin", shop),
	} {
		for _, header := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"} {
			require.Empty(t, a.header.Get(header), name)
		}
	}
	stream := b.do(t, http.MethodGet, "/support/ticket/"+id+"x/events", "", "Origin", shop)
	require.Empty(t, stream.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.StatusMethodNotAllowed, preflight(t, closed, submitPath, shop).status)
}

func TestValidOrigin(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{shop, "http://localhost:3000", "https://shop.example:8443", "http://[::1]:8080", "https://xn--mller-kva.example"} {
		require.True(t, ValidOrigin(origin), origin)
	}
	for _, origin := range []string{
		"", "*", "null", "https://*.example", "shop.example", shop + "/", shop + "/form", shop + "?a", shop + "#a", "https://ana@shop.example",
		"ftp://shop.example", "https://", "https://Shop.example", "HTTPS://shop.example", "https://shop.example:443", "http://shop.example:80", "https://shop.example:", " https://shop.example",
	} {
		require.False(t, ValidOrigin(origin), origin)
	}
}

func TestFormForOtherSites(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.do(t, http.MethodGet, "/embed.js", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "define()", a.body)
	require.Contains(t, a.header.Get("Content-Type"), "javascript")
	require.Equal(t, "public, max-age=300, stale-while-revalidate=86400", a.header.Get("Cache-Control"))
	require.Equal(t, "cross-origin", a.header.Get("Cross-Origin-Resource-Policy"))
	again := b.do(t, http.MethodGet, "/embed.js", "", "If-None-Match", a.header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.status)
	require.Empty(t, b.do(t, http.MethodGet, "/favicon.svg", "").header.Get("Cross-Origin-Resource-Policy"))
}
