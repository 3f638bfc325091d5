package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWatermarkNeverPassesAnOpenRecord(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var (
			w      watermark
			open   = map[int64]*mark{}
			marked int64
			offset = rng.Int64N(1000)
			begun  int
		)
		for begun < 300 || len(open) > 0 {
			if begun < 300 && (len(open) == 0 || rng.IntN(2) == 0) {
				offset += 1 + rng.Int64N(3) // offsets have gaps
				open[offset] = w.begin(offset, time.Unix(offset, 0))
				begun++
				continue
			}
			for o, m := range open { // any of them
				delete(open, o)
				next, moved := w.finish(m)
				if moved {
					require.Greater(t, next, marked, "the watermark only rises")
					marked = next
				}
				break
			}
			for o := range open {
				require.GreaterOrEqual(t, o, marked, "seed %d: marked past an open record", seed)
			}
			oldest := w.oldest()
			for o := range open {
				require.False(t, time.Unix(o, 0).Before(oldest))
			}
		}
		require.Equal(t, offset+1, marked, "in the end everything is marked")
		require.Empty(t, w.open)
		require.True(t, w.oldest().IsZero())
	}
}

func TestBackoffGrowsAndHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	b := backoff{min: 100 * time.Millisecond, max: 15 * time.Second}
	full := 100 * time.Millisecond
	for range 20 {
		d := b.next(0)
		require.GreaterOrEqual(t, d, full/2)
		require.LessOrEqual(t, d, full)
		full = min(2*full, 15*time.Second)
	}
	require.Equal(t, time.Hour, b.next(time.Hour))
	b.reset()
	require.LessOrEqual(t, b.next(0), 100*time.Millisecond)
}

func TestThrottleLetsTheSameTextThroughOnce(t *testing.T) {
	t.Parallel()
	var said throttle
	require.True(t, said.allow("a"))
	require.False(t, said.allow("a"))
	require.True(t, said.allow("b"))
}
