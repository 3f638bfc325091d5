package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// beatEvery is well under the heartbeat timeout of the workflow's options, so
// that a worker that died is noticed at once and a slow provider is not
// mistaken for one.
const beatEvery = 2 * time.Second

// beat records heartbeats until the returned function is called. A cancelled
// activity learns of it through a heartbeat, which ends its context. Outside of
// an activity nobody listens.
func beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	quit := make(chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	})
	return func() {
		close(quit)
		owner.Wait()
	}
}
