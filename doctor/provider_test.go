package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// answer stands for a call to a provider.
func answer(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestMailAccount(t *testing.T) {
	t.Parallel()
	d := &Doctor{Mailbox: "support@example.com"}
	require.Equal(t, "Mend settings first.", d.mailAccount(t.Context()).Do)
	opens := func(address string, err error) {
		d.Address = func(context.Context) (string, error) { return address, err }
	}
	opens("Support@Example.com", nil)
	require.Equal(t, ok("Gmail opens support@example.com."), d.mailAccount(t.Context()))
	opens("me@example.com", nil)
	require.Equal(t, "The credentials open me@example.com, and GMAIL_MAILBOX is support@example.com.", d.mailAccount(t.Context()).Found)
	opens("", ticket.Errorf(ticket.CodeUnauthorized, "Google refused the credentials (status 401)"))
	require.Equal(t, fail("Gmail cannot be used: Google refused the credentials (status 401)."), d.mailAccount(t.Context()))
}

func TestWhatsAppAccount(t *testing.T) {
	t.Parallel()
	d := &Doctor{WhatsApp: true}
	require.Equal(t, "Mend settings first.", d.whatsAppAccount(t.Context()).Do)
	d.Messages = answer(nil)
	require.Equal(t, ok("Twilio takes the credentials."), d.whatsAppAccount(t.Context()))
	d.Messages = answer(ticket.Errorf(ticket.CodeUnauthorized, "Twilio refuses our credentials or the account is suspended"))
	require.Equal(t, fail("Twilio cannot be used: Twilio refuses our credentials or the account is suspended."), d.whatsAppAccount(t.Context()))
	require.Equal(t, Warning, d.whatsAppTemplate(t.Context()).Verdict)
	d.TemplateID = "HX0123456789"
	require.Equal(t, OK, d.whatsAppTemplate(t.Context()).Verdict)
}

func TestModel(t *testing.T) {
	t.Parallel()
	d := &Doctor{Model: "m", EmbeddingModel: "e"}
	require.Equal(t, "Mend settings first.", d.model(t.Context()).Do)
	require.Equal(t, "Mend settings first.", d.embeddings(t.Context()).Do)
	d.Ask, d.Embed = answer(nil), answer(nil)
	require.Equal(t, ok("m answers."), d.model(t.Context()))
	require.Equal(t, ok("e answers, and its vectors fit."), d.embeddings(t.Context()))
	d.Ask = answer(ticket.Errorf(ticket.CodeQuota, "the server answered 429 insufficient_quota"))
	d.Embed = answer(ticket.Errorf(ticket.CodeInvalid, "embedding model e has 3072 dimensions, 1536 is the most that can be stored"))
	require.Equal(t, fail("The model does not answer: the server answered 429 insufficient_quota."), d.model(t.Context()))
	require.Contains(t, d.embeddings(t.Context()).Found, "3072 dimensions")

	d.Fallback = "other"
	require.Equal(t, "Mend settings first.", d.fallback(t.Context()).Do)
	d.AskFallback = answer(nil)
	require.Equal(t, ok("other answers."), d.fallback(t.Context()))
	d.AskFallback = answer(ticket.Errorf(ticket.CodeUnauthorized, "the server answered 401 invalid_api_key"))
	require.Equal(t, fail("The fallback model does not answer: the server answered 401 invalid_api_key."), d.fallback(t.Context()))
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"ok"}`)) })
	mux.HandleFunc("GET /shop/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<p>Hello</p>")) })
	mux.HandleFunc("GET /down/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for url, want := range map[string]Finding{
		server.URL:                      ok("A gateway answers under %s.", server.URL),
		server.URL + "/":                ok("A gateway answers under %s/.", server.URL),
		server.URL + "/shop":            warn(server.URL+"/shop answers, and it is no gateway.", "Correct PUBLIC_BASE_URL."),
		server.URL + "/down":            warn("No gateway answers under " + server.URL + "/down: the answer has status 502."),
		"http://u:hunter22@127.0.0.1:1": warn("No gateway answers under http://u:xxxxx@127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused."),
		"":                              warn("PUBLIC_BASE_URL is not set or is no address.", "Mend settings first."),
	} {
		require.Equal(t, want, (&Doctor{PublicURL: url, HTTP: server.Client()}).publicURL(t.Context()), url)
	}
}

// Channels that are not configured are off, whatever else is wrong.
func TestOff(t *testing.T) {
	t.Parallel()
	off := map[string]string{}
	for _, c := range (&Doctor{}).Checks() {
		if c.Off != "" {
			off[c.Name] = c.Off
		}
	}
	require.Len(t, off, 9, "%v", off)
	require.Contains(t, off["model.fallback"], "OPENAI_FALLBACK_MODEL")
	require.Contains(t, off["email.sync"], "GMAIL_MAILBOX is not set")
	require.Contains(t, off["whatsapp.workflow"], "TWILIO_")
	for _, c := range (&Doctor{Mailbox: "a@b.c", WhatsApp: true, Fallback: "m"}).Checks() {
		if c.Off != "" {
			require.Equal(t, "email.watch", c.Name)
			require.Contains(t, c.Off, "read once a minute")
		}
	}
}
