package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestFaultModes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault    wire.Fault
		accepted bool
		status   int
		body     string
		drops    bool
	}{
		"answer": {
			fault:  wire.Fault{Status: 429, Body: `{"a":1}`, Header: map[string]string{"Retry-After": "20"}},
			status: 429, body: `{"a":1}`,
		},
		"answer defaults to 500": {fault: wire.Fault{}, status: 500},
		"drop":                   {fault: wire.Fault{Mode: wire.Drop}, drops: true},
		"accept then drop":       {fault: wire.Fault{Mode: wire.AcceptThenDrop}, accepted: true, drops: true},
		"accept then answer": {
			fault:    wire.Fault{Mode: wire.AcceptThenAnswer, Status: 502, Body: "<html>"},
			accepted: true, status: 502, body: "<html>",
		},
		"delay":          {fault: wire.Fault{Mode: wire.Delay, DelayMillis: 1}, accepted: true, status: 200, body: "ping"},
		"does not match": {fault: wire.Fault{Match: "GET /other"}, accepted: true, status: 200, body: "ping"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var faults wire.Faults
			server, accepted := serve(t, &faults)
			faults.Set(tc.fault)

			res, err := post(t.Context(), server.URL)

			if tc.drops {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.Equal(t, tc.status, res.StatusCode)
				require.Equal(t, tc.body, string(body))
				for name, value := range tc.fault.Header {
					require.Equal(t, value, res.Header.Get(name))
				}
			}
			require.Equal(t, tc.accepted, accepted.Load() == 1)
		})
	}
}

func TestFaultIsUsedUp(t *testing.T) {
	t.Parallel()
	var faults wire.Faults
	server, _ := serve(t, &faults)
	faults.Set(wire.Fault{Status: 503, Times: 2})

	var statuses []int
	for range 3 {
		res, err := post(t.Context(), server.URL)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		statuses = append(statuses, res.StatusCode)
	}

	require.Equal(t, []int{503, 503, 200}, statuses)
	require.Equal(t, 2, faults.Hits())
	require.Empty(t, faults.Pending())
}

func TestHangingRequestsEndWhenFaultsAreCleared(t *testing.T) {
	t.Parallel()
	var faults wire.Faults
	server, accepted := serve(t, &faults)
	faults.Set(wire.Fault{Mode: wire.AcceptThenHang})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		res, err := post(ctx, server.URL)
		if err == nil {
			err = res.Body.Close()
		}
		failed <- err
	}()

	require.NoError(t, faults.WaitForHits(ctx, 1))
	require.EqualValues(t, 1, accepted.Load())
	faults.Clear()

	require.Error(t, <-failed)
	require.NoError(t, ctx.Err())
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	var faults wire.Faults
	server, _ := serve(t, &faults)

	res, err := http.Post(server.URL+"/_sim/fault", "application/json", strings.NewReader(`{"mode":"hang","times":-1,"match":"POST"}`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	require.Equal(t, []wire.Fault{{Mode: wire.Hang, Times: -1, Match: "POST"}}, faults.Pending())

	res, err = http.Post(server.URL+"/_sim/fault", "application/json", strings.NewReader(`{"mode":"explode"}`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusBadRequest, res.StatusCode)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, server.URL+"/_sim/fault", nil)
	require.NoError(t, err)
	res, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Empty(t, faults.Pending())
}

func TestJournalSurvivesATornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	open := func() (*wire.Journal[int], []int) {
		var seen []int
		journal, err := wire.OpenJournal(path, func(n int) { seen = append(seen, n) })
		require.NoError(t, err)
		return journal, seen
	}
	journal, seen := open()
	require.Empty(t, seen)
	require.NoError(t, journal.Append(1))
	require.NoError(t, journal.Append(2))
	require.NoError(t, journal.Close())
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("33")
	require.NoError(t, err)
	require.NoError(t, file.Close())

	journal, seen = open()
	require.Equal(t, []int{1, 2}, seen)
	require.NoError(t, journal.Append(4))
	require.NoError(t, journal.Close())

	journal, seen = open()
	require.Equal(t, []int{1, 2, 4}, seen)
	require.NoError(t, journal.Close())
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var signal wire.Signal
	require.ErrorIs(t, signal.WaitFor(ctx, func() bool { return false }), context.Canceled)
}

// serve runs a server that answers ping and counts what it accepted.
func serve(t *testing.T, faults *wire.Faults) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var accepted atomic.Int32
	server := httptest.NewServer(faults.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepted.Add(1)
		_, _ = io.Copy(w, r.Body)
	})))
	t.Cleanup(server.Close)
	return server, &accepted
}

func post(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("ping"))
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}

func TestBackgroundEndsWhatItStarted(t *testing.T) {
	t.Parallel()
	var work wire.Background
	started, ended := make(chan struct{}), make(chan struct{})
	work.Go(func(ctx context.Context) {
		close(started)
		<-ctx.Done()
		close(ended)
	})
	attached, release := work.Attach(t.Context())
	defer release()
	<-started
	work.Close()
	<-ended
	require.ErrorIs(t, attached.Err(), context.Canceled)
	work.Go(func(context.Context) { t.Error("started after Close") })
	late, release := work.Attach(t.Context())
	defer release()
	require.ErrorIs(t, late.Err(), context.Canceled)
}
