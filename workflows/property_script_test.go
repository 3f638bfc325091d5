package workflows_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

// grid is the step of time in which a conversation is played. Between two steps
// the test environment has all the time it needs, so that the same seed gives
// the same order of things; in one step much may happen.
const grid = 100 * time.Millisecond

// player plays everybody but the workflow.
type player struct {
	*rand.Rand
	*desk
	t       *testing.T
	seed    uint64
	channel ticket.Channel
	start   time.Time
	script  []act     // in the order of time
	calm    time.Time // from then on nobody surprises anybody
	acts    int
	written []ticket.MessageRef
	told    []string
	names   map[uuid.UUID]string

	// Every so many calls of an activity fail; where it is final, once for good.
	every map[string]int
	final map[string]bool
	nths  map[string]int

	faults     []string
	acted      map[string]error // the actions that have ended
	instructed map[uuid.UUID]bool
	unheard    atomic.Bool // the workflow does not know yet what was done elsewhere
}

// act is something that happens at a moment.
type act struct {
	at   time.Time
	n    int
	what string
	do   func(s *stage)
}

func newPlayer(t *testing.T, seed uint64) *player {
	t.Helper()
	p := &player{
		Rand: rand.New(rand.NewPCG(seed, seed)),
		desk: newDesk(), t: t, seed: seed, names: map[uuid.UUID]string{uuid.Nil: "-"},
		every: map[string]int{}, final: map[string]bool{}, nths: map[string]int{},
		acted: map[string]error{}, instructed: map[uuid.UUID]bool{},
		// The test environment ends the tries of a local activity by the clock on
		// the wall: in the future there is always one, before the ordinary ones.
		start: time.Date(2101, 1, 3, 12, 0, 0, 0, time.UTC),
	}
	p.now = func() time.Time { return p.start }
	p.channel = ticket.Channels()[p.IntN(3)]
	p.parts = 1 + p.IntN(3)
	p.rule = func(batch []uuid.UUID) rule {
		switch p.draw("rule for "+batch[0].String(), 0) % 12 {
		case 0:
			return rule{plain: ticket.PlainSlow, until: p.now().Add(40 * time.Second)}
		case 1:
			return rule{plain: ticket.PlainEmpty}
		case 2:
			return rule{person: ticket.EscalateUnreadable}
		default:
			return rule{}
		}
	}
	p.mode = []ticket.Mode{ticket.ModeAuto, ticket.ModeAuto, ticket.ModeAuto, ticket.ModeDraft, ticket.ModeOff}[p.IntN(5)]
	return p
}

// at adds an act to the script.
func (p *player) at(when time.Time, what string, do func(s *stage)) {
	p.acts++
	p.script = append(p.script, act{when, p.acts, what, do})
	slices.SortStableFunc(p.script, func(a, b act) int { return a.at.Compare(b.at) })
}

// write makes up what is going to happen.
func (p *player) write() {
	now := p.start
	for i := range 1 + p.IntN(6) {
		m := ticket.MessageRef{MessageID: id(fmt.Sprint("m", i)), Author: ticket.Customer, ReceivedAt: p.start.Add(time.Duration(p.IntN(600)) * time.Second)}
		p.written = append(p.written, m)
		p.names[m.MessageID] = fmt.Sprint("m", i)
		p.names[id("turn of "+m.MessageID.String())] = fmt.Sprint("turn of m", i)
		p.times[m.MessageID] = m.ReceivedAt
	}
	told := 0
	for i := range 3 + p.IntN(14) {
		now = now.Add(p.gap())
		kind := p.IntN(14)
		if i == 0 {
			kind = 0
		}
		switch {
		case kind < 6 && told < len(p.written):
			batch := slices.Clone(p.written[told : told+1+p.IntN(len(p.written)-told)])
			told += len(batch)
			if p.IntN(4) == 0 { // what was told before comes again
				batch = append(batch, p.written[p.IntN(told)])
			}
			if kind == 5 { // in the same instant as an action
				action := p.action()
				p.at(now, "write and act", func(s *stage) { s.deliver(batch...); action(s) })
				continue
			}
			p.at(now, "write", func(s *stage) { s.deliver(batch...) })
		case kind == 6:
			p.at(now, "takes over elsewhere", (*stage).elsewhere)
		case kind == 7 && p.IntN(4) == 0:
			p.at(now, "cancels the run", func(s *stage) { s.env.CancelWorkflow() })
		case kind == 8:
			p.at(now, "is long", func(s *stage) { s.env.SetContinueAsNewSuggested(true) })
		default:
			p.at(now, "act", p.action())
		}
	}
	for ; told < len(p.written); told++ {
		now = now.Add(p.gap())
		m := p.written[told]
		p.at(now, "write", func(s *stage) { s.deliver(m) })
	}
	// The lead comes back until all is settled; nobody else acts any more.
	p.calm = now.Add(24 * time.Hour)
	for i := range 8 {
		now = now.Add(5 * 24 * time.Hour)
		p.at(now, "lead", func(s *stage) { s.settleAll(i) })
	}
	p.mishaps()
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
		return time.Duration(p.IntN(20*60*60)) * time.Second
	case 1:
		return time.Duration(p.IntN(30*60)) * time.Second
	case 2:
		return 0
	default:
		return time.Duration(p.IntN(60)) * grid
	}
}

// action is what some person asks for.
func (p *player) action() func(s *stage) {
	action := ticket.Actions()[p.IntN(len(ticket.Actions()))]
	actionID := fmt.Sprint(action, " ", p.acts)
	actor := []string{"ana", "ana", "ana", "bob"}[p.IntN(4)]
	again := p.IntN(5) == 0
	return func(s *stage) {
		req := s.request(actionID)
		req.Actor = actor
		s.ask(actionID, action, req)
		if again {
			s.later(5*grid, func() { s.ask(actionID+" ", action, req) })
		}
	}
}

// mishaps decides which calls fail.
func (p *player) mishaps() {
	for _, name := range []string{
		ticket.ActivityCreateTicket, ticket.ActivitySearchKnowledge, ticket.ActivityCallModel, ticket.ActivitySendReply,
		ticket.ActivityApplyAction, ticket.ActivityEscalate, ticket.ActivityCloseTicket, ticket.ActivityReadTicket,
		ticket.ActivitySendStaffReply,
	} {
		p.every[name] = 2 + p.IntN(8)
		p.final[name] = p.IntN(6) == 0 && slices.Contains([]string{
			ticket.ActivitySearchKnowledge, ticket.ActivityCallModel, ticket.ActivitySendReply, ticket.ActivitySendStaffReply,
		}, name)
	}
}
