package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// watch ends the session when a partition has records that nobody delivers:
// clients have been seen to stop fetching without an error.
func (c *Consumer) watch(ctx context.Context, client sarama.Client, restart context.CancelCauseFunc) {
	tick := time.NewTicker(c.watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, cl := range c.liveClaims() {
			if c.stalled(client, cl) {
				c.metrics.stalls.Inc()
				restart(fmt.Errorf("no record of %s/%d arrived for %s though there are some",
					cl.source.Topic(), cl.source.Partition(), c.stallAfter))
				return
			}
		}
	}
}

func (c *Consumer) stalled(client sarama.Client, cl *claim) bool {
	next, since, busy := cl.position()
	if busy || time.Since(since) < c.stallAfter {
		return false
	}
	newest, err := client.GetOffset(cl.source.Topic(), cl.source.Partition(), sarama.OffsetNewest)
	if err != nil {
		return false
	}
	if next < 0 {
		if next, err = client.GetOffset(cl.source.Topic(), cl.source.Partition(), sarama.OffsetOldest); err != nil {
			return false
		}
	}
	again, _, busy := cl.position()
	return newest > next && !busy && again <= next
}
