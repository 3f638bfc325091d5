package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
)

// turnedAway is a Temporal worker that cannot start, or that the server turns
// away at once.
type turnedAway struct {
	worker.Worker
	start, fatal error
	tell         func(error)
	stopped      chan<- struct{}
}

func (w *turnedAway) Start() error {
	if w.start == nil && w.fatal != nil {
		w.tell(w.fatal)
		w.tell(w.fatal) // each of its pollers may say so
	}
	return w.start
}

func (w *turnedAway) Stop() { close(w.stopped) }

func TestWorkerThatIsTurnedAwayIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := &workerProcess{log: slog.New(slog.DiscardHandler)}
	stopped := make(chan struct{})
	attempts := []*turnedAway{
		{start: errors.New("no server"), stopped: stopped},
		{fatal: errors.New("no namespace"), stopped: stopped},
		{stopped: stopped},
	}
	made := make(chan int, len(attempts))
	n := 0
	run := w.poll("model", func(fatal func(error)) worker.Worker {
		tw := attempts[n]
		tw.tell = fatal
		n++
		made <- n
		return tw
	})
	require.Equal(t, []string{"model"}, w.ready.missing())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	for want := 1; want <= len(attempts); want++ {
		select {
		case got := <-made:
			require.Equal(t, want, got)
		case <-time.After(cliPatience):
			require.FailNow(t, "no worker was made", "attempt %d", want)
		}
	}
	require.Eventually(t, func() bool { return len(w.ready.missing()) == 0 }, cliPatience, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	<-stopped
}

func TestRolesAskForWhatTheyNeed(t *testing.T) {
	t.Parallel()
	all, err := parseRoles("")
	require.NoError(t, err)
	require.Equal(t, "intake,bridge,tickets,model,delivery,notifier,metrics", namesOf(all))
	some, err := parseRoles(" metrics, bridge ,metrics")
	require.NoError(t, err)
	require.Equal(t, "metrics,bridge", namesOf(some))
	require.ElementsMatch(t, []demand{needDatabase, needKafka, needKafka}, needsOf(some))
}
