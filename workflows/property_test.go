package workflows_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/digital-fte/fte/ticket"
)

var (
	seed  = flag.Uint64("seed", 0, "play the conversation of this seed only, and print it")
	cases = flag.Int("cases", 2000, "how many conversations the property test plays; a tenth with -short")
)

// TestAnyConversationKeepsItsPromises plays conversations in which messages,
// people's actions, clocks, failures, cancellations and continue-as-new meet in
// random order. However they meet:
//   - every message is settled, and answered by the assistant at most once;
//   - what the assistant has not answered was left to a person, with a notice or
//     because a person owned it, resolved it or was asked;
//   - within a turn messages are in the provider's order;
//   - nothing of the assistant's is begun under an epoch that has passed, and the
//     model is not asked once the workflow knows that a person owns the ticket;
//   - an action happens once, and only what a person approved is sent where
//     approval is needed;
//   - a run ends without a message it was given and has not looked at, and
//     hands on what the database says.
func TestAnyConversationKeepsItsPromises(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		p := play(t, *seed)
		t.Log("\n" + p.story())
		if play(t, *seed).story() != p.story() {
			t.Log("it went differently the second time: the machine is busy")
		}
		p.check()
		return
	}
	n := uint64(*cases)
	if testing.Short() {
		n /= 10
	}
	first := rand.Uint64() >> 1
	const groups = 4
	for g := range uint64(groups) {
		t.Run(fmt.Sprint("group ", g), func(t *testing.T) {
			t.Parallel()
			for i := g; i < n; i += groups {
				if !t.Run(fmt.Sprint("seed ", first+i), func(t *testing.T) { play(t, first+i).check() }) {
					return
				}
			}
		})
	}
}

// play is one conversation, decided by its seed alone.
func play(t *testing.T, seed uint64) *player {
	t.Helper()
	p := newPlayer(t, seed)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("go test ./workflows -run TestAnyConversation -seed %d\n%s", seed, p.story())
		}
	})
	p.write()
	in := ticket.TicketInput{ConversationID: id("conversation"), Channel: p.channel}
	at := p.start
	for runs := 0; len(p.script) > 0 || in.Carry != nil; runs++ {
		require.Less(t, runs, 100, "the conversation does not come to its end")
		if in.Carry == nil && p.script[0].at.After(at) {
			at = p.script[0].at // no run is there until something happens
		}
		s := p.stage(at)
		err := s.runFrom(in)
		at = s.env.Now()
		s.ends()
		var canceled *temporal.CanceledError
		switch {
		case err == nil:
			p.tell("the run completes")
			in.Carry = nil
		case errors.As(err, &canceled):
			p.tell("the run is cancelled")
			in.Carry = nil
			p.deliverAgain(at)
		default:
			in = next(t, err)
			p.tell("the run continues as new")
			p.handedOn(in.Carry)
		}
	}
	return p
}

// handedOn requires that the next run begins with what the database says.
func (p *player) handedOn(c *ticket.Carry) {
	p.t.Helper()
	if p.unheard.Load() || c.Standing.Revision == 0 {
		return // somebody has acted elsewhere and the news is on its way, or nothing was asked yet
	}
	d := p.stands()
	if c.Standing.TicketID != uuid.Nil {
		require.Equal(p.t, d.Status, c.Standing.Status)
	}
	require.Equal(p.t, d.Owner, c.Standing.Owner)
	require.Equal(p.t, d.Epoch, c.Standing.Epoch)
}

func (p *player) check() {
	p.t.Helper()
	for _, m := range p.written {
		outcome := p.settled[m.MessageID]
		require.NotEmpty(p.t, outcome, "%s was lost", p.name(m.MessageID))
	}
	p.checkReplies()
	p.checkActions()
	require.Empty(p.t, p.faults)
	// Epochs only grow, and a claim is made under the one that holds.
	for i, epoch := range p.claims {
		require.Zero(p.t, epoch%2, "a part was begun while a person owned the conversation")
		if i > 0 {
			require.GreaterOrEqual(p.t, epoch, p.claims[i-1])
		}
	}
}

func (p *player) checkReplies() {
	p.t.Helper()
	answered, noticed, plainly := map[uuid.UUID]int{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, r := range p.replies {
		var last time.Time
		for _, m := range r.Messages {
			if r.Kind == ticket.KindAnswer {
				answered[m]++
			}
			noticed[m] = noticed[m] || r.Kind == ticket.KindNotice
			plainly[m] = plainly[m] || r.Kind == ticket.KindAck
			if r.Kind != ticket.KindReply {
				at := p.times[m]
				require.False(p.t, at.Before(last), "a batch is out of order")
				last = at
			}
		}
	}
	for _, m := range p.written {
		id := m.MessageID
		require.LessOrEqual(p.t, answered[id], 1, "%s was answered twice", p.name(id))
		if p.settled[id] == ticket.Answered {
			require.True(p.t, answered[id] == 1 || plainly[id], p.name(id))
		} else if answered[id] == 0 {
			require.True(p.t, noticed[id] || p.left[id] != "", "%s has neither an answer nor a person", p.name(id))
		}
	}
}

func (p *player) checkActions() {
	p.t.Helper()
	times := map[string]int{}
	decided := map[uuid.UUID]bool{}
	for _, a := range p.done {
		times[a.ActionID]++
		decided[a.DraftID] = decided[a.DraftID] || a.Action == ticket.ActionApproveDraft
	}
	for actionID, n := range times {
		require.Equal(p.t, 1, n, "action %s", actionID)
	}
	for actionID, o := range p.acted {
		require.False(p.t, o == nil && times[actionID] == 0, "action %s was not done", actionID)
	}
	for _, draft := range p.sent {
		require.False(p.t, p.rejected[draft], "a rejected draft was sent")
		require.True(p.t, p.mode == ticket.ModeAuto && !p.instructed[draft] || decided[draft], "draft %s was sent unasked", p.name(draft))
	}
}

// story is what happened when.
func (p *player) story() string { return strings.Join(p.told, "\n") }
