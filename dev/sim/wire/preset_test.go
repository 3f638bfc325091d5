package wire_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestPresets(t *testing.T) {
	t.Parallel()
	var faults wire.Faults
	done := 0
	faults.Offer(
		wire.Preset{Name: "busy", Does: "It is busy.", Fault: wire.Fault{Status: 429}},
		wire.Preset{Name: "lost", Does: "It is lost.", Fault: wire.Fault{Mode: wire.Inside, Times: -1}},
		wire.Preset{Name: "forget", Does: "It forgets.", Do: func() error { done++; return nil }},
		wire.Preset{Name: "broken", Does: "It cannot.", Do: func() error { return errors.New("no disk") }},
	)
	server, _ := serve(t, &faults)
	control := func(method, query, body string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/_sim/faults"+query, strings.NewReader(body))
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	left := func() map[string]int {
		res, err := http.Get(server.URL + "/_sim/faults")
		require.NoError(t, err)
		var all []wire.Switch
		require.NoError(t, json.NewDecoder(res.Body).Decode(&all))
		require.NoError(t, res.Body.Close())
		require.Len(t, all, 4)
		found := map[string]int{}
		for _, s := range all {
			require.NotEmpty(t, s.Does)
			found[s.Name] = s.Left
		}
		return found
	}

	require.Equal(t, http.StatusNoContent, control(http.MethodPost, "", `{"name":"busy","times":2}`))
	require.NoError(t, faults.SwitchOn("lost", 0))
	require.Equal(t, map[string]int{"busy": 2, "lost": -1, "forget": 0, "broken": 0}, left())
	res, err := post(t.Context(), server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.True(t, faults.Take("lost"))
	require.True(t, faults.Take("lost"), "below 0 is until it is switched off")
	require.False(t, faults.Take("busy"), "what meets requests is not taken inside")
	require.Equal(t, 1, left()["busy"])

	require.Equal(t, http.StatusNoContent, control(http.MethodDelete, "?name=lost", ""))
	require.False(t, faults.Take("lost"))
	require.Equal(t, 1, left()["busy"])
	require.Equal(t, http.StatusNoContent, control(http.MethodDelete, "", ""))
	require.Zero(t, left()["busy"])

	require.Equal(t, http.StatusNoContent, control(http.MethodPost, "", `{"name":"forget"}`))
	require.Equal(t, 1, done)
	require.Equal(t, http.StatusInternalServerError, control(http.MethodPost, "", `{"name":"broken"}`))
	require.Equal(t, http.StatusNotFound, control(http.MethodPost, "", `{"name":"explode"}`))
	require.Equal(t, http.StatusBadRequest, control(http.MethodPost, "", `{"nam":"busy"}`))
	require.ErrorIs(t, faults.SwitchOn("explode", 1), wire.ErrUnknownPreset)
	require.Equal(t, http.StatusMethodNotAllowed, control(http.MethodPut, "", ""))
}
