package workflows_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

var (
	seed  = flag.Uint64("seed", 0, "run the property test with this seed only")
	cases = flag.Int("cases", 2000, "how many conversations the property test plays")
)

// TestAnyConversationKeepsItsPromises plays conversations in which messages,
// people's actions, clocks, failures, cancellations of the model and
// continue-as-new meet in random order. However they meet:
//   - every message is settled, and answered at most once;
//   - a message is answered by the assistant, or a person was asked or owns it;
//   - within a turn messages are in the provider's order;
//   - no part of the assistant's is begun under an epoch that has passed.
func TestAnyConversationKeepsItsPromises(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		play(t, *seed)
		return
	}
	n := *cases
	if testing.Short() {
		n /= 10
	}
	first := rand.Uint64() >> 1
	for i := range uint64(n) {
		if !t.Run(fmt.Sprint("seed ", first+i), func(t *testing.T) { play(t, first+i) }) {
			t.Logf("again: go test ./workflows -run TestAnyConversation -seed %d", first+i)
			return
		}
	}
}

// play is one conversation, decided by its seed alone.
func play(t *testing.T, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test that can be repeated
	p := &player{Rand: r, t: t, desk: newDesk()}
	p.channel = ticket.Channels()[r.IntN(3)]
	p.parts = 1 + r.IntN(3)
	p.mode = []ticket.Mode{ticket.ModeAuto, ticket.ModeAuto, ticket.ModeAuto, ticket.ModeDraft, ticket.ModeOff}[r.IntN(5)]
	in := ticket.TicketInput{ConversationID: id("conversation"), Channel: p.channel}
	at := noon()
	// After the last act everything is given the time it takes, and then the
	// lead settles what a person was asked for.
	for range 60 {
		if len(p.script) > 0 && in.Carry == nil && p.script[0].at.After(at) {
			at = p.script[0].at // no run is there until something happens
		}
		b := p.stage(at)
		err := b.runFrom(in)
		at = b.env.Now()
		if err == nil {
			if len(p.script) == 0 {
				break
			}
			in = ticket.TicketInput{ConversationID: id("conversation"), Channel: p.channel}
			continue
		}
		in = next(t, err)
	}
	p.check()
}

// player plays everybody but the workflow.
type player struct {
	*rand.Rand
	*desk
	t       *testing.T
	channel ticket.Channel
	script  []act
	written []ticket.MessageRef
	begun   bool
}

// act is something that happens at a moment.
type act struct {
	at time.Time
	do func(b *bench)
}

// stage prepares a run that begins at a moment, with what is left of the script.
func (p *player) stage(at time.Time) *bench {
	b := newBench(p.t, p.channel)
	d := p.desk
	b.desk, b.now = d, b.env.Now
	d.now = b.env.Now
	b.env.SetStartTime(at)
	b.register(nil, b.env)
	if !p.begun {
		p.begun = true
		p.write()
	}
	if p.IntN(3) == 0 {
		b.at(time.Duration(p.Int64N(int64(3*time.Hour))), func() { b.env.SetContinueAsNewSuggested(true) })
	}
	for _, a := range p.script {
		b.at(max(a.at.Sub(at), 0), func() { p.drop(a); a.do(b) })
	}
	return b
}

// drop takes an act out of the script once it is played.
func (p *player) drop(done act) {
	for i, a := range p.script {
		if a.at.Equal(done.at) {
			p.script = append(p.script[:i:i], p.script[i+1:]...)
			return
		}
	}
}

// write makes up what is going to happen.
func (p *player) write() {
	now := noon()
	for i := range 1 + p.IntN(6) {
		m := ticket.MessageRef{MessageID: id(fmt.Sprint("m", i)), Author: ticket.Customer, ReceivedAt: noon().Add(time.Duration(p.IntN(600)) * time.Second)}
		p.written = append(p.written, m)
		p.times[m.MessageID] = m.ReceivedAt
	}
	acts := 3 + p.IntN(14)
	told := 0
	for i := range acts {
		now = now.Add(p.gap()).Add(time.Duration(i+1) * time.Microsecond)
		kind := p.IntN(10)
		if i == 0 {
			kind = 0
		}
		switch {
		case kind < 5 && told < len(p.written):
			batch := p.written[told : told+1+p.IntN(len(p.written)-told)]
			told += len(batch)
			if p.IntN(4) == 0 { // what was told before comes again
				batch = append(batch[:len(batch):len(batch)], p.written[p.IntN(told)])
			}
			p.script = append(p.script, act{now, func(b *bench) { b.signal(batch...) }})
		case kind == 5:
			p.script = append(p.script, act{now, func(b *bench) { p.takeOverElsewhere(b) }})
		default:
			actionID, req := uuid.NewString(), ticket.ActionRequest{}
			action := ticket.Actions()[p.IntN(len(ticket.Actions()))]
			p.script = append(p.script, act{now, func(b *bench) { p.ask(b, actionID, action, req) }})
		}
	}
	for ; told < len(p.written); told++ {
		now = now.Add(p.gap())
		m := p.written[told]
		p.script = append(p.script, act{now, func(b *bench) { b.signal(m) }})
	}
	// The lead comes back until all is settled.
	for i := range 8 {
		now = now.Add(5 * 24 * time.Hour)
		p.script = append(p.script, act{now, func(b *bench) { p.settleAll(b, i) }})
	}
	for _, name := range []string{ticket.ActivitySearchKnowledge, ticket.ActivityCallModel, ticket.ActivitySendReply, ticket.ActivityCreateTicket} {
		p.before[name] = p.mishap()
	}
	escalates, refuses := p.IntN(4), p.IntN(4)
	p.model = func(n int, _ ticket.CallModelInput) ticket.CallModelResult {
		switch {
		case n%4 == escalates && escalates > 0:
			return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
		case n%3 == 0:
			return search()
		default:
			return respond()
		}
	}
	p.review = func(n int) bool { return n%4 != refuses || refuses == 0 }
}

// gap is how long nothing happens: most of the time much is going on.
func (p *player) gap() time.Duration {
	switch p.IntN(6) {
	case 0:
		return time.Duration(p.Int64N(int64(20 * time.Hour)))
	case 1:
		return time.Duration(p.Int64N(int64(30 * time.Minute)))
	case 2:
		return 0
	default:
		return time.Duration(p.Int64N(int64(4 * time.Second)))
	}
}

// mishap makes some calls of an activity fail once, and some give up.
func (p *player) mishap() func(context.Context, int) error {
	every, gives := 2+p.IntN(6), p.IntN(8) == 0
	return func(_ context.Context, n int) error {
		if n%every != 0 {
			return nil
		}
		if gives && n == every {
			return nil
		}
		return errDown
	}
}

func (p *player) takeOverElsewhere(b *bench) {
	p.mu.Lock()
	open := p.status != ""
	p.mu.Unlock()
	if open {
		p.takeOver("")
		b.signal(ticket.MessageRef{MessageID: uuid.New(), Author: ticket.Staff, ReceivedAt: b.env.Now()})
	}
}

func (p *player) ask(b *bench, actionID string, action ticket.Action, req ticket.ActionRequest) {
	p.mu.Lock()
	req.DraftID, req.MessageID, req.NoteID, req.InstructionID = p.pending, id("words "+actionID), id("note"), id("instruction")
	req.Priority, req.ReasonCode = "urgent", "wrong"
	if len(p.turns) > 0 {
		req.TurnID = p.turns[len(p.turns)-1].id
	}
	p.mu.Unlock()
	b.act(actionID, action, req)
}

// settleAll does what a diligent lead does.
func (p *player) settleAll(b *bench, round int) {
	p.mu.Lock()
	pending, owner, status := p.pending, p.owner, p.status
	p.mu.Unlock()
	name := fmt.Sprint("last ", round, " ", b.env.Now())
	switch {
	case pending != uuid.Nil && round%2 == 0:
		p.ask(b, name, ticket.ActionApproveDraft, ticket.ActionRequest{})
	case pending != uuid.Nil:
		p.ask(b, name, ticket.ActionRejectDraft, ticket.ActionRequest{})
	case owner == ticket.OwnerHuman && round < 4:
		p.ask(b, name, ticket.ActionRelease, ticket.ActionRequest{})
	case status != "":
		p.ask(b, name, ticket.ActionResolve, ticket.ActionRequest{})
	default:
		b.signal(p.written[0]) // a repeat, long after
	}
}

func (p *player) check() {
	p.t.Helper()
	require.Empty(p.t, p.script, "the conversation did not come to its end")
	answered := map[uuid.UUID]int{}
	for _, r := range p.replies {
		if r.Kind != ticket.KindAnswer {
			continue
		}
		var last time.Time
		for _, m := range r.Messages {
			answered[m]++
			at := p.receivedAt(m)
			require.False(p.t, at.Before(last), "a batch is out of order")
			last = at
		}
	}
	for _, m := range p.written {
		outcome := p.settled[m.MessageID]
		require.NotEmpty(p.t, outcome, "message %s was lost", m.MessageID)
		require.LessOrEqual(p.t, answered[m.MessageID], 1, "message %s was answered twice", m.MessageID)
		if outcome == ticket.Answered {
			require.Equal(p.t, 1, answered[m.MessageID])
		}
	}
	// Epochs only grow, and a claim is made under the one that holds.
	for i, epoch := range p.claims {
		require.True(p.t, epoch%2 == 0, "a part was begun while a person owned the conversation")
		if i > 0 {
			require.GreaterOrEqual(p.t, epoch, p.claims[i-1])
		}
	}
}

func (p *player) receivedAt(m uuid.UUID) time.Time {
	for _, w := range p.written {
		if w.MessageID == m {
			return w.ReceivedAt
		}
	}
	p.t.Fatalf("message %s was answered and never written", m)
	return time.Time{}
}
