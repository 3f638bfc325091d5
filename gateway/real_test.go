package gateway

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// The gateway with the real producer, over an outage of a broker that speaks
// the real protocol.
func TestOutageOfABroker(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(ticket.TopicPartitions, ticket.TopicWhatsAppInbound))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: cluster.ListenAddrs(), ClientID: "test"})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	b := setup(t, func(o *Options) {
		o.Producer = producer
		o.PublishTimeout = patience // the broker refuses, it is never slow
	})
	stored := func() (n int64) {
		for _, p := range cluster.PartitionInfos(ticket.TopicWhatsAppInbound) {
			n += p.HighWatermark
		}
		return n
	}
	b.message(t, "SM1")
	require.EqualValues(t, 1, stored())

	outage := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	for i := range 20 {
		b.message(t, fmt.Sprintf("SM%d", i+2))
	}
	require.EqualValues(t, 1, stored())
	require.Equal(t, 20, b.backlog(t))
	require.Equal(t, http.StatusOK, b.do(t, http.MethodGet, "/ready", "").status)

	outage.Remove()
	eventually(t, func() bool { return !b.delivery.spoolFirst() }, "the spool is drained")
	require.EqualValues(t, 21, stored())
	b.message(t, "SM22")
	require.EqualValues(t, 22, stored())
}

// The gateway with the real verifier of Google's tokens.
func TestPushOfAStranger(t *testing.T) {
	t.Parallel()
	const (
		audience = publicURL + "/webhooks/gmail"
		pusher   = "push@project.iam.gserviceaccount.com"
	)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	certs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kid": "k", "kty": "RSA", "alg": "RS256", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	}))
	t.Cleanup(certs.Close)
	token := func(audience, account string) string {
		content := encode([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + encode(fmt.Appendf(nil,
			`{"iss":"https://accounts.google.com","aud":%q,"email":%q,"email_verified":true,"iat":%d,"exp":%d}`,
			audience, account, time.Now().Unix(), time.Now().Add(time.Hour).Unix()))
		sum := sha256.Sum256([]byte(content))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		require.NoError(t, err)
		return "Bearer " + content + "." + encode(signature)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	verifier, err := email.NewPushVerifier(email.PushOptions{
		Audience: audience, ServiceAccount: pusher, CertsURL: certs.URL, HTTPClient: client,
	})
	require.NoError(t, err)
	b := setup(t, func(o *Options) { o.Push = verifier })
	push := func(token string) answer {
		return b.do(t, http.MethodPost, "/webhooks/gmail", pushBody("support@example.com", "42", "7", "s"),
			"Content-Type", jsonContent, "Authorization", token)
	}
	require.Equal(t, http.StatusNoContent, push(token(audience, pusher)).status)
	for name, bad := range map[string]string{
		"wrong audience": token("https://elsewhere.example", pusher),
		"wrong account":  token(audience, "eve@example.com"),
		"no token":       "",
	} {
		a := push(bad)
		requireProblem(t, a, http.StatusUnauthorized)
		require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"), name)
	}
	require.Equal(t, []string{"pubsub:7"}, b.kafka.ids())
}
