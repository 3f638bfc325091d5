package pubsub_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/api/idtoken"

	"github.com/digital-fte/fte/dev/sim/pubsub"
)

func TestForgedTokensAreRefusedAndComeAgain(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{
		"wrong-audience": true, "wrong-issuer": true, "wrong-email": true, "unverified-email": true, "expired-token": true,
		"other-key": true, "es256": true, "es256-short": true, "no failure": false,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var bundle *testBundle
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !genuine(r, bundle.validator) {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			t.Cleanup(server.Close)
			bundle = setup(t, server.URL)
			want := []int{200}
			if refused {
				require.NoError(t, bundle.sim.SwitchOn(name, 1))
				want = []int{401, 200}
			}
			require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 1))
			require.Equal(t, want, bundle.sim.Pushes()[0].Statuses)
		})
	}
}

// genuine checks a push as Google's documentation asks for.
func genuine(r *http.Request, validator *idtoken.Validator) (ok bool) {
	// A short ES256 signature makes the library panic.
	defer func() { ok = recover() == nil && ok }()
	token := r.Header.Get("Authorization")[len("Bearer "):]
	payload, err := validator.Validate(r.Context(), token, audience)
	return err == nil && payload.Issuer == "https://accounts.google.com" &&
		payload.Claims["email"] == account && payload.Claims["email_verified"] == true
}

func TestRedeliveryAndGarbage(t *testing.T) {
	t.Parallel()
	server, pushes, _ := subscriber(t)
	bundle := setup(t, server.URL)
	require.NoError(t, bundle.sim.SwitchOn(pubsub.Redelivery, 0))
	require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 1))
	first, second := <-pushes, <-pushes
	require.Equal(t, first, second)
	require.Equal(t, []int{204, 204}, bundle.sim.Pushes()[0].Statuses)

	var mu sync.Mutex
	var bodies []int64
	reader := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, r.ContentLength)
	}))
	t.Cleanup(reader.Close)
	bundle.sim.SetWebhook(reader.URL, "")
	require.NoError(t, bundle.sim.SwitchOn(pubsub.Garbage, 0))
	require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 2))
	require.NoError(t, bundle.sim.Push(t.Context(), "support@example.com", 3))
	require.Len(t, bodies, 2)
	require.Less(t, bodies[0], bodies[1])
}
