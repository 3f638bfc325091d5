package workflows_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/digital-fte/fte/ticket"
)

// stage is one run of the workflow. Activities take virtual time in it, decided
// by the seed, so that what happens meanwhile does too.
//
// The test environment loses what reaches a run in the moment of its end, where
// a server would refuse the end. The stage notes what the run was given and
// hands the rest, and only the rest, to the next run.
type stage struct {
	*bench
	p     *player
	at0   time.Time
	sent  [][]ticket.MessageRef // signals, in order
	given int                   // how many of them the run was given
	asked []asked
	ended map[string]bool
	takes int
}

type asked struct {
	id     string
	action ticket.Action
	req    ticket.ActionRequest
}

// stage prepares a run that begins at a moment, with what is left of the script.
func (p *player) stage(at time.Time) *stage {
	b := newBench(p.t, p.channel)
	b.desk = p.desk
	s := &stage{bench: b, p: p, at0: at, ended: map[string]bool{}}
	p.now = b.env.Now
	b.env.SetStartTime(at)
	b.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&watcher{s: s}}})
	b.register(nil, b.env)
	d := p.desk
	take(s, ticket.ActivityCreateTicket, 3, nil, d.createTicket)
	take(s, ticket.ActivityFetchHistory, 0, nil, d.fetchHistory)
	take(s, ticket.ActivitySearchKnowledge, 8, nil, d.searchKnowledge)
	take(s, ticket.ActivityCallModel, 80, nil, d.callModel)
	take(s, ticket.ActivityReviewReply, 0, nil, d.reviewReply)
	take(s, ticket.ActivitySendReply, 30, nil, d.sendReply)
	// A turn, a clock and a person's reply may ask at the same time.
	take(s, ticket.ActivityEscalate, 15, func(in ticket.EscalateInput) bool { return in.TurnID != uuid.Nil }, d.escalate)
	take(s, ticket.ActivityEscalate, 15, func(in ticket.EscalateInput) bool { return in.TurnID == uuid.Nil }, d.escalate)
	take(s, ticket.ActivityCloseTicket, 3, nil, d.closeTicket)
	take(s, ticket.ActivityReadTicket, 3, nil, d.readTicket)
	take(s, ticket.ActivityApplyAction, 4, nil, d.applyAction)
	take(s, ticket.ActivitySendStaffReply, 20, nil, d.sendStaffReply)
	p.begins = func(part int) {
		if part > 0 && p.draw("takes over between two parts", len(p.calls))%25 == 0 {
			p.tell("somebody takes over between two parts")
			p.takeOver()
			p.unheard.Store(true)
			s.later(0, func() { s.signalStaff() })
		}
	}
	for _, a := range p.script {
		s.later(max(a.at.Sub(at), 0), func() { p.drop(a); a.do(s) })
	}
	return s
}

// take makes an activity take up to so many steps of time. Now and then a call
// fails, its result is lost or somebody takes over meanwhile. What it does is
// apart in time from what others do, so that they always meet in one order.
func take[I, R any](s *stage, name string, steps uint64, which func(I) bool, do func(context.Context, I) (R, error)) {
	p := s.p
	s.takes++
	label, offset := fmt.Sprint(name, s.takes), time.Duration(s.takes)*8*time.Millisecond
	var matches any = mock.Anything
	if which != nil {
		matches = mock.MatchedBy(which)
	}
	s.env.OnActivity(name, mock.Anything, matches).AfterFn(func() time.Duration {
		if steps == 0 {
			return 0
		}
		drawn := p.draw("how long "+label, p.nth("begun "+label))
		meanwhile := fmt.Sprint("meanwhile ", label, drawn%1000)
		if !p.now().Before(p.calm) {
			return time.Duration(drawn/1000%steps)*grid + offset
		}
		switch busy := name == ticket.ActivityCreateTicket || name == ticket.ActivitySendReply || name == ticket.ActivityEscalate; {
		case drawn%23 == 0 && busy:
			s.later(grid, func() { s.ask(meanwhile, ticket.ActionTakeover, s.request("")) })
		case drawn%29 == 0:
			s.later(grid, s.elsewhere)
		}
		return time.Duration(drawn/1000%steps)*grid + offset
	}).Return(func(ctx context.Context, in I) (res R, err error) {
		n := p.nth("tried " + label)
		if err = p.mishap(name, n); err == nil {
			res, err = do(ctx, in)
		}
		if err == nil && p.draw("the result is lost of "+label, n)%17 == 0 {
			err = errDown
		}
		p.tell("  %s %s", name, p.brief(fmt.Sprintf("%+v -> %+v %v", in, res, err)))
		return res, err
	})
}

// mishap is why a call fails, nil for most.
func (p *player) mishap(name string, n int) error {
	every := p.every[name]
	switch {
	case every == 0 || n%every != 0:
		return nil
	case p.final[name] && n == every:
		return bad("it will never work")
	default:
		return errDown
	}
}

// nth counts.
func (p *player) nth(what string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nths[what]++
	return p.nths[what]
}

// draw is a number that depends on the seed and on what it is for alone.
func (p *player) draw(what string, n int) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, p.seed, what, n)
	return h.Sum64() >> 8
}

// later does something in the run's main loop after a while.
func (s *stage) later(after time.Duration, do func()) { s.env.RegisterDelayedCallback(do, after) }

// drop takes an act out of the script once it is played.
func (p *player) drop(done act) {
	p.tell("%s", done.what)
	p.script = slices.DeleteFunc(p.script, func(a act) bool { return a.n == done.n })
}

// tell adds a line to the story.
func (p *player) tell(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, fmt.Sprintf("%14s  ", p.now().Sub(p.start))+fmt.Sprintf(format, args...))
}

// lines is how long the story is so far.
func (p *player) lines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.told)
}

// name is what a person calls an id.
func (p *player) name(u uuid.UUID) string {
	if n, ok := p.names[u]; ok {
		return n
	}
	return u.String()[:8]
}

// brief makes a line of values readable.
func (p *player) brief(s string) string {
	s = strings.NewReplacer(id("conversation").String(), "conv", "ConversationID:conv ", "").Replace(s)
	for u, n := range p.names {
		s = strings.ReplaceAll(s, u.String(), n)
	}
	if i := strings.Index(s, " Clocks:["); i >= 0 {
		if j := strings.Index(s[i:], "]"); j >= 0 {
			s = s[:i] + s[i+j+1:]
		}
	}
	return s
}

// deliver has messages stored and signalled.
func (s *stage) deliver(messages ...ticket.MessageRef) {
	var names []string
	for _, m := range messages {
		names = append(names, s.p.name(m.MessageID))
	}
	s.p.tell("signal %v", names)
	s.arrives(messages...)
	s.send(messages...)
}

func (s *stage) send(messages ...ticket.MessageRef) {
	s.sent = append(s.sent, messages)
	s.signal(messages...)
}

// elsewhere is somebody who writes to the customer from the mailbox.
func (s *stage) elsewhere() {
	s.p.mu.Lock()
	open := s.status != ""
	s.p.mu.Unlock()
	if open {
		s.p.tell("somebody takes over elsewhere")
		s.takeOver()
		s.p.unheard.Store(true)
		s.signalStaff()
	}
}

func (s *stage) signalStaff() {
	s.send(ticket.MessageRef{MessageID: id(fmt.Sprint("staff ", s.p.lines())), Author: ticket.Staff, ReceivedAt: s.env.Now()})
}

// request is what a person asks who looks at the ticket now.
func (s *stage) request(actionID string) ticket.ActionRequest {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	req := ticket.ActionRequest{
		Actor: "ana", DraftID: s.pending, MessageID: id("words " + actionID), NoteID: id("note"), InstructionID: id("instruction " + actionID),
		Priority: "urgent", ReasonCode: "wrong",
	}
	if len(s.turns) > 0 {
		req.TurnID = s.turns[len(s.turns)-1].id
	}
	return req
}

func (s *stage) ask(actionID string, action ticket.Action, req ticket.ActionRequest) {
	req.ActionID = strings.TrimSpace(actionID) // a repeat is another update of the same action
	s.asked = append(s.asked, asked{actionID, action, req})
	s.p.tell("%s asks for %s", req.Actor, actionID)
	end := func(err error) {
		s.ended[actionID] = true
		s.p.acted[req.ActionID] = err
		s.p.tell("%s: %v", actionID, err)
	}
	s.env.UpdateWorkflow(string(action), actionID, &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: end, OnComplete: func(_ any, err error) { end(err) },
	}, req)
}

// ends hands what the run was not given to the next one.
func (s *stage) ends() {
	now := s.env.Now()
	for _, messages := range s.sent[s.given:] {
		s.p.at(now, "signal that met the end", func(next *stage) { next.send(messages...) })
	}
	if len(s.sent) == s.given {
		s.p.unheard.Store(false)
	}
	for _, a := range s.asked {
		if !s.ended[a.id] {
			s.p.at(now, "action that met the end", func(next *stage) { next.ask(a.id, a.action, a.req) })
		}
	}
}

// deliverAgain is what an operator does about a run that was cancelled.
func (p *player) deliverAgain(at time.Time) {
	var lost []ticket.MessageRef
	for _, m := range p.written {
		if _, stored := p.stored[m.MessageID]; stored && p.settled[m.MessageID] == "" {
			lost = append(lost, m)
		}
	}
	if len(lost) > 0 {
		p.at(at.Add(time.Second), "messages are delivered again", func(s *stage) { s.deliver(lost...) })
	}
}

// settleAll does what a diligent lead does.
func (s *stage) settleAll(round int) {
	s.p.mu.Lock()
	pending, owner, status, assignee := s.pending, s.owner, s.status, s.assignee
	s.p.mu.Unlock()
	name := fmt.Sprint("last ", round)
	req := s.request(name)
	if assignee != "" {
		req.Actor = assignee
	}
	switch {
	case pending != uuid.Nil && round%2 == 0 && round < 6:
		s.ask(name, ticket.ActionApproveDraft, req)
	case pending != uuid.Nil && round < 6:
		s.ask(name, ticket.ActionRejectDraft, req)
	case owner == ticket.OwnerHuman && round < 4:
		s.ask(name, ticket.ActionRelease, req)
	case status != "":
		s.ask(name, ticket.ActionResolve, req)
	default:
		s.deliver(s.p.written[0]) // a repeat, long after
		if !slices.ContainsFunc(s.p.written, func(m ticket.MessageRef) bool { return s.settled[m.MessageID] == "" }) {
			s.p.script = nil // there is nothing left to do
		}
	}
}
