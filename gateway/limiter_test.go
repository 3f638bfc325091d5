package gateway

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLimiterForgetsWhoWasQuietLongest(t *testing.T) {
	t.Parallel()
	l := newLimiter[netip.Prefix](0.5, 1)
	now := time.Now()
	first, busy := clientOf("192.0.2.1"), clientOf("192.0.2.2")
	require.Zero(t, l.wait(first, now))
	require.Zero(t, l.wait(busy, now))
	require.Equal(t, 2*time.Second, l.wait(first, now))
	for i := range maxClients - 1 {
		require.Zero(t, l.wait(clientOf(fmt.Sprintf("10.0.%d.%d", i/250, i%250)), now))
		require.NotZero(t, l.wait(busy, now))
	}
	require.Len(t, l.clients, maxClients)
	require.Equal(t, maxClients, l.recent.Len())
	require.Zero(t, l.wait(first, now), "it was forgotten")
}

func TestLimiterGrantsAgainAfterTheWait(t *testing.T) {
	t.Parallel()
	l := newLimiter[netip.Prefix](0.5, 1)
	now := time.Now()
	from := clientOf("2001:db8::1")
	require.Zero(t, l.wait(from, now))
	require.Equal(t, 2*time.Second, l.wait(from, now))
	require.Equal(t, time.Second, l.wait(from, now.Add(time.Second)), "a refusal costs nothing")
	require.Zero(t, l.wait(from, now.Add(2*time.Second)))
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, clientOf("192.0.2.1"), clientOf("::ffff:192.0.2.1"))
	require.NotEqual(t, clientOf("192.0.2.1"), clientOf("192.0.2.2"))
	require.Equal(t, clientOf("2001:db8::1"), clientOf("2001:db8::ffff"))
	require.NotEqual(t, clientOf("2001:db8::1"), clientOf("2001:db8:0:1::1"))
	require.Equal(t, clientOf("fe80::1%eth0"), clientOf("fe80::2"))
	require.Equal(t, clientOf(""), clientOf("nonsense"))
}
