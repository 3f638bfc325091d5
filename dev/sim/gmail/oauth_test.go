package gmail_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/option"

	"github.com/digital-fte/fte/dev/sim/gmail"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	credentials, err := bundle.sim.ServiceAccountJSON()
	require.NoError(t, err)
	config, err := google.JWTConfigFromJSON(credentials, api.GmailModifyScope)
	require.NoError(t, err)
	ask := func() error {
		_, err := config.TokenSource(t.Context()).Token()
		return err
	}
	config.Subject = mailbox
	require.NoError(t, ask())
	config.Subject = "nobody@example.com"
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, ask(), &refused)
	require.Contains(t, string(refused.Body), "invalid_grant")

	config.Subject = mailbox
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	config.PrivateKey = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(other)})
	require.ErrorAs(t, ask(), &refused)
	require.Equal(t, http.StatusBadRequest, refused.Response.StatusCode)
}

func TestCallsNeedAToken(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	anonymous, err := api.NewService(t.Context(), option.WithEndpoint(bundle.url), option.WithoutAuthentication())
	require.NoError(t, err)
	_, err = anonymous.Users.GetProfile("me").Do()
	require.Equal(t, 401, googleError(t, err).Code)

	_, err = bundle.api.GetProfile("me").Do()
	require.NoError(t, err)
	_, err = bundle.api.GetProfile("other@example.com").Do()
	require.Equal(t, 403, googleError(t, err).Code)
	require.NoError(t, bundle.sim.RevokeTokens())
	_, err = bundle.api.GetProfile("me").Do()
	require.Equal(t, 401, googleError(t, err).Code)
	_, err = service(t, bundle.sim, bundle.url, mailbox).GetProfile("me").Do()
	require.NoError(t, err)
}

func TestDeliverOverHTTP(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	res, err := http.Post(bundle.url+"/_sim/deliver?options=%7B%22dmarc%22%3A%22fail%22%7D", "message/rfc822", strings.NewReader(string(question("<q@customer.example>", "Hi"))))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, bundle.sim.Mailbox(customer)[0].Header("Authentication-Results"), "dmarc=fail")
	_, err = bundle.sim.Deliver([]byte("To: nobody@elsewhere.example\r\n\r\nhi"))
	require.Error(t, err)
}
