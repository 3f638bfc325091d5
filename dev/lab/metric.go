package lab

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// Blocked waits until a consumer says that a lane is held up, which is what it
// has to do while something it needs is away.
func (l *Lab) Blocked(role string) {
	l.t.Helper()
	l.Wait(role+" has a blocked lane", func(ctx context.Context) bool {
		return l.metric(ctx, role, "fte_stream_blocked_lanes") > 0
	})
}

// metric returns the sum of a metric over all its labels.
func (l *Lab) metric(ctx context.Context, role, name string) float64 {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.processes[role].metrics+"/metrics", nil)
	require.NoError(l.t, err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	sum := 0.0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name+"{"); ok {
			value, err := strconv.ParseFloat(rest[strings.LastIndex(rest, " ")+1:], 64)
			require.NoError(l.t, err)
			sum += value
		}
	}
	return sum
}
