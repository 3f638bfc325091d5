package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// timer wakes the run at a deadline. There is one, and it is set anew only when
// the deadline has moved: each start and each end of a timer is an event.
type timer struct {
	at   time.Time
	rang workflow.Future
	stop func()
}

// set makes the timer wake the run at a moment; zero stops it.
func (t *timer) set(ctx workflow.Context, at time.Time, name string) {
	if at.Equal(t.at) && (t.rang == nil || !t.rang.IsReady()) {
		return
	}
	if t.stop != nil {
		t.stop()
	}
	*t = timer{at: at}
	if at.IsZero() {
		return
	}
	ctx, t.stop = workflow.WithCancel(ctx)
	t.rang = workflow.NewTimerWithOptions(ctx, at.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: name})
}
