package play_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/play"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

// left returns how often each failure of a provider will still happen.
func (b *testBundle) left(t *testing.T, provider string) map[string]int {
	t.Helper()
	var all []struct {
		Name     string
		Failures []wire.Switch
	}
	b.get(t, "/api/failures", &all)
	found := map[string]int{}
	for _, p := range all {
		for _, f := range p.Failures {
			if p.Name == provider {
				found[f.Name] = f.Left
			}
		}
	}
	return found
}

func (b *testBundle) press(t *testing.T, request map[string]any) int {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	res, err := http.Post(b.url+"/api/failures", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestFailuresAreSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	require.Greater(t, len(b.left(t, "WhatsApp")), 20)
	require.Equal(t, http.StatusOK, b.press(t, map[string]any{"provider": "WhatsApp", "name": "late-63016", "on": true}))
	require.Equal(t, http.StatusOK, b.press(t, map[string]any{"provider": "Gmail", "name": gmail.MessageIDKept, "on": true}))
	require.Equal(t, 1, b.left(t, "WhatsApp")["late-63016"])
	require.Equal(t, -1, b.left(t, "Gmail")[gmail.MessageIDKept])
	require.Equal(t, http.StatusOK, b.press(t, map[string]any{"provider": "WhatsApp", "name": "late-63016"}))
	require.Zero(t, b.left(t, "WhatsApp")["late-63016"])
	require.Equal(t, -1, b.left(t, "Gmail")[gmail.MessageIDKept])
	require.Equal(t, http.StatusOK, b.press(t, map[string]any{}))
	require.Zero(t, b.left(t, "Gmail")[gmail.MessageIDKept])

	require.Equal(t, http.StatusNotFound, b.press(t, map[string]any{"provider": "Fax", "name": "drop", "on": true}))
	require.Equal(t, http.StatusNotFound, b.press(t, map[string]any{"provider": "Gmail", "name": "explode", "on": true}))
}

func TestFailuresOfNothing(t *testing.T) {
	t.Parallel()
	p, err := play.New(play.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	require.Equal(t, "[]\n", string(body(t, p, "/api/failures")))
}

func TestLostMessageStaysLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := stateFiles{twilio: dir + "/twilio", play: dir + "/play"}
	before := setup(t, files, http.StatusOK)
	require.NoError(t, before.whatsapp.SwitchOn(twilio.LostWebhook, 0))
	_, lost := before.post(t, "/api/whatsapp", map[string]string{"number": "+491713920011", "name": "Ilse", "text": "lost"})
	before.eventually(t, func() bool {
		all := before.conversations(t)
		return len(all) == 1 && all[0].Messages[0].Status == "lost"
	})
	require.Empty(t, before.received())

	after := setup(t, files, http.StatusOK)
	require.Equal(t, "lost", after.conversations(t)[0].Messages[0].Status)
	// Whoever finds it in the list has to bring it in; here a person delivers it.
	after.post(t, "/api/whatsapp/repeat", map[string]any{"id": lost["id"], "times": 1})
	after.eventually(t, func() bool { return after.conversations(t)[0].Messages[0].Status == "delivered" })
	require.Len(t, after.received(), 1)
}

func body(t *testing.T, handler http.Handler, path string) []byte {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Body.Bytes()
}
