package workers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/dev/part"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// newTemporal starts a development server; the test is skipped under -short.
func newTemporal(tb testing.TB, o part.TemporalOptions) *part.Temporal {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts a Temporal server; `make test` runs it")
	}
	o.CLI, o.Headless = os.Getenv("TEMPORAL_CLI_PATH"), true
	if o.CLI == "" {
		tb.Fatal("TEMPORAL_CLI_PATH is not set; `make test` sets it")
	}
	server, err := part.StartTemporal(tb.Context(), o)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = server.Stop(ctx)
	})
	return server
}

func dial(tb testing.TB, address string) client.Client {
	tb.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: address, Logger: quiet{}})
	require.NoError(tb, err)
	tb.Cleanup(c.Close)
	return c
}

// quiet is a logger of the SDK that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// eventually waits until attempt succeeds and fails with its last error.
func eventually(t *testing.T, attempt func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := attempt(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			require.NoError(t, fmt.Errorf("it did not happen: %w", errors.Join(ctx.Err(), err)))
		case <-tick.C:
		}
	}
}
