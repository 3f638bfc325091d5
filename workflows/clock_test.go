package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// office gives the desk office hours in a zone.
func (b *bench) office(hours, zone string, holidays ...string) {
	b.t.Helper()
	calendar, err := sla.ParseCalendar(hours, zone, holidays)
	require.NoError(b.t, err)
	b.policy.Calendar = calendar
}

// starts sets the moment at which the test begins.
func (b *bench) starts(zone, local string) time.Time {
	b.t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(b.t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", local, location)
	require.NoError(b.t, err)
	b.env.SetStartTime(at)
	return at
}

// silence keeps the assistant from answering until the test ends.
func (b *bench) silence() {
	b.model = func(int, ticket.CallModelInput) ticket.CallModelResult {
		return ticket.CallModelResult{Decision: ticket.DecideEscalate, Escalation: "refund_request"}
	}
}

// alarm is what a clock brought about, and when.
type alarm struct {
	at   time.Time
	code string
	step ticket.Step
}

// watch records every alarm of a clock.
func (b *bench) watch() *[]alarm {
	var heard []alarm
	b.before[ticket.ActivityEscalate] = func(context.Context, int) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		in := b.calls[len(b.calls)-1].In.(ticket.EscalateInput)
		if in.DueAt.IsZero() {
			return nil
		}
		heard = append(heard, alarm{b.env.Now().UTC().Truncate(time.Minute), in.Code, in.Step})
		return nil
	}
	return &heard
}

// promise gives everything one response time, and makes no other promise.
func (b *bench) promise(response time.Duration) {
	const far = 100 * 365 * 24 * time.Hour
	b.policy.Person = 0
	b.policy.Unresolved, b.policy.Acknowledge, b.policy.SecondLevel, b.policy.AutoRelease = far, far, far, far
	for _, byPriority := range b.policy.Targets {
		for p := range byPriority {
			byPriority[p] = sla.Target{Response: response, Resolution: far}
		}
	}
}

// A promise of one hour is broken after an hour of work, whatever the calendar
// has in store.
func TestPromiseIsKeptByTheCalendar(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hours, zone, begins string
		holidays            []string
		promise             time.Duration
		warned, broken      string
	}{
		"inside a day": {
			"mon-fri 09:00-17:00", "Europe/Berlin", "2026-03-02 10:00", nil, time.Hour, "2026-03-02 10:45", "2026-03-02 11:00",
		},
		"Friday 16:30 goes on on Monday": {
			"mon-fri 09:00-17:00", "Europe/Berlin", "2026-03-06 16:30", nil, time.Hour, "2026-03-09 09:15", "2026-03-09 09:30",
		},
		"a holiday is no working day": {
			"mon-fri 09:00-17:00", "Europe/Berlin", "2026-04-02 16:30",
			[]string{"2026-04-03", "2026-04-06"},
			time.Hour,
			"2026-04-07 09:15", "2026-04-07 09:30",
		},
		"spring forward: the night is an hour shorter": {
			"always", "Europe/Berlin", "2026-03-28 23:00", nil, 8 * time.Hour, "2026-03-29 06:00", "2026-03-29 08:00",
		},
		"fall back: the night is an hour longer": {
			"always", "Europe/Berlin", "2026-10-24 23:00", nil, 8 * time.Hour, "2026-10-25 04:00", "2026-10-25 06:00",
		},
		"office hours across the change of clocks": {
			"mon-fri 09:00-17:00", "America/New_York", "2026-03-06 16:30", nil, time.Hour, "2026-03-09 09:15", "2026-03-09 09:30",
		},
		"a lunch break does not count": {
			"mon-fri 09:00-12:00 13:00-17:00", "UTC", "2026-03-02 11:30", nil, time.Hour, "2026-03-02 13:15", "2026-03-02 13:30",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, ticket.Email)
			b.office(tc.hours, tc.zone, tc.holidays...)
			b.promise(tc.promise)
			begins := b.starts(tc.zone, tc.begins)
			location := begins.Location()
			parse := func(s string) time.Time {
				at, err := time.ParseInLocation("2006-01-02 15:04", s, location)
				require.NoError(t, err)
				return at.UTC()
			}
			heard := b.watch()
			b.mode = ticket.ModeDraft // nobody decides about the draft
			b.arrive(0, msg("m1", 0))
			b.at(14*24*time.Hour, b.env.CancelWorkflow)
			requireCanceled(t, b.run())
			require.Equal(t, []alarm{
				{parse(tc.warned), ticket.EscalateAtRisk, ticket.StepWarning},
				{parse(tc.broken), ticket.EscalateBreached, ticket.StepAsk},
			}, *heard)
		})
	}
}

// hangs makes a step fail and be tried again for ever, as a server does that
// never answers.
func (b *bench) hangs() {
	b.before[ticket.ActivityFetchHistory] = func(context.Context, int) error { return errDown }
}

func TestAnswerStopsTheClocksUntilTheCustomerWritesAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	heard := b.watch()
	b.arrive(0, msg("m1", 0))
	b.arrive(48*time.Hour, msg("m2", 1))
	b.at(47*time.Hour, func() {
		require.Equal(t, ticket.WaitingCustomer, b.view().Status)
		require.Empty(t, b.view().SLA)
		require.Nil(t, b.attr(ticket.AttrSlaDueAt))
	})
	require.NoError(t, b.run())
	require.Empty(t, *heard)
	require.Len(t, b.answered(), 2)
	require.InDelta(t, 48*time.Hour+closeAfter, b.elapsed(), float64(time.Minute))
}

// The time a ticket has waited for us counts, the time it waited for the
// customer does not.
func TestResolutionGoesOnWhereItWasPaused(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(24 * time.Hour)
	for _, byPriority := range b.policy.Targets {
		for p := range byPriority {
			byPriority[p] = sla.Target{Response: 100 * time.Hour, Resolution: 10 * time.Hour}
		}
	}
	heard := b.watch()
	b.silence()
	b.arrive(0, msg("m1", 0))
	// A person answers after six hours; the customer writes again a day later.
	b.at(5*time.Hour, func() { b.act("t1", ticket.ActionTakeover, ticket.ActionRequest{}) })
	b.at(6*time.Hour, func() { b.act("r1", ticket.ActionReply, ticket.ActionRequest{MessageID: id("words")}) })
	b.arrive(30*time.Hour, msg("m2", 1))
	b.at(50*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	start := noon()
	require.Equal(t, []alarm{
		// Three quarters of ten hours would be after 7.5; six had gone when it stopped.
		{start.Add(33 * time.Hour), ticket.EscalateAtRisk, ticket.StepWarning},
		{start.Add(34 * time.Hour), ticket.EscalateBreached, ticket.StepAsk},
	}, *heard)
}

func TestUnresolvedForADayAsksForAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(1000 * time.Hour)
	b.policy.Unresolved = 24 * time.Hour
	heard := b.watch()
	b.mode = ticket.ModeDraft // nobody decides about the draft
	b.arrive(0, msg("m1", 0))
	b.at(25*time.Hour, func() {
		require.Equal(t, ticket.EscalateApproval, b.attr(ticket.AttrEscalationReason), "a clock does not hide why a person was asked")
		b.env.CancelWorkflow()
	})
	requireCanceled(t, b.run())
	require.Equal(t, []alarm{
		{noon().Add(18 * time.Hour), ticket.EscalateAtRisk, ticket.StepWarning},
		{noon().Add(24 * time.Hour), ticket.EscalateUnresolved, ticket.StepAsk},
	}, *heard)
}

func TestEscalationIsRepeatedUntilAPersonTakesOver(t *testing.T) {
	t.Parallel()
	escalated := func(t *testing.T) (*bench, *[]alarm) {
		t.Helper()
		b := newBench(t, ticket.Email)
		b.promise(1000 * time.Hour)
		b.policy.Acknowledge, b.policy.SecondLevel = 15*time.Minute, 30*time.Minute
		b.silence()
		b.arrive(0, msg("m1", 0))
		b.at(2*time.Hour, b.env.CancelWorkflow)
		return b, b.watch()
	}
	t.Run("nobody comes", func(t *testing.T) {
		t.Parallel()
		b, heard := escalated(t)
		requireCanceled(t, b.run())
		require.Equal(t, []alarm{
			{noon().Add(15 * time.Minute), "refund_request", ticket.StepReminder},
			{noon().Add(30 * time.Minute), "refund_request", ticket.StepSecondLevel},
		}, *heard)
	})
	t.Run("somebody comes after the reminder", func(t *testing.T) {
		t.Parallel()
		b, heard := escalated(t)
		b.at(20*time.Minute, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
		requireCanceled(t, b.run())
		require.Len(t, *heard, 1)
		require.Equal(t, ticket.StepReminder, (*heard)[0].step)
	})
	t.Run("somebody comes in time", func(t *testing.T) {
		t.Parallel()
		b, heard := escalated(t)
		b.at(10*time.Minute, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
		requireCanceled(t, b.run())
		require.Empty(t, *heard)
	})
}

// A person who has a ticket and stays silent while the customer waits loses it
// to the assistant, which then answers.
func TestSilentOwnerLosesTheTicket(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(1000 * time.Hour)
	b.policy.AutoRelease = 4 * time.Hour
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
	b.arrive(2*time.Hour, msg("m2", 7200))
	b.at(5*time.Hour+59*time.Minute, func() {
		require.Equal(t, ticket.OwnerHuman, b.view().Owner)
		require.Len(t, b.answered(), 1)
		require.Equal(t, "ana", b.attr(ticket.AttrAssignedTo))
	})
	b.at(6*time.Hour+time.Minute, func() {
		require.Equal(t, ticket.OwnerAI, b.view().Owner)
		require.Equal(t, ticket.WaitingCustomer, b.view().Status)
	})
	require.NoError(t, b.run())
	require.Equal(t, []reply{{ticket.KindAnswer, ids("m1")}, {ticket.KindAnswer, ids("m2")}}, b.answered())
	require.Equal(t, "release by clock", ask[[]ticket.Event](b, ticket.QueryTimeline)[2].What)
}

func TestOwnerWhoAnswersKeepsTheTicket(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(1000 * time.Hour)
	b.policy.AutoRelease = 4 * time.Hour
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() { b.act("t", ticket.ActionTakeover, ticket.ActionRequest{}) })
	for i := range 5 {
		h := time.Duration(2+i*6) * time.Hour
		b.arrive(h, msg("q"+string(rune('0'+i)), 7200+i))
		b.at(h+3*time.Hour, func() {
			b.act("r"+string(rune('0'+i)), ticket.ActionReply, ticket.ActionRequest{MessageID: id("words " + string(rune('0'+i)))})
		})
		b.at(h+5*time.Hour, func() { require.Equal(t, ticket.OwnerHuman, b.view().Owner) })
	}
	require.NoError(t, b.run(), "it goes back to the assistant and closes once nobody writes any more")
	require.Len(t, b.answered(), 6)
}

func TestPriorityMovesTheClocks(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.Email)
	b.promise(1000 * time.Hour)
	for _, byPriority := range b.policy.Targets {
		byPriority["urgent"] = sla.Target{Response: 2 * time.Hour, Resolution: 1000 * time.Hour}
	}
	heard := b.watch()
	b.hangs()
	b.arrive(0, msg("m1", 0))
	b.at(time.Hour, func() { b.act("p", ticket.ActionSetPriority, ticket.ActionRequest{Priority: "urgent"}) })
	b.at(time.Hour+time.Minute, func() {
		require.Equal(t, "first response due Mon 2 Mar 14:00 UTC", b.view().SLA)
		require.EqualValues(t, 1, b.attr(ticket.AttrTicketPriority))
	})
	b.at(3*time.Hour, b.env.CancelWorkflow)
	requireCanceled(t, b.run())
	require.Equal(t, []alarm{
		{noon().Add(90 * time.Minute), ticket.EscalateAtRisk, ticket.StepWarning},
		{noon().Add(2 * time.Hour), ticket.EscalateBreached, ticket.StepAsk},
	}, *heard)
}

func TestStaffIsWarnedBeforeWhatsAppsTimeEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, ticket.WhatsApp)
	b.promise(100 * 365 * 24 * time.Hour)
	b.silence()
	b.lastInbound = noon()
	heard := b.watch()
	b.arrive(0, msg("m1", 0))
	b.at(30*time.Hour, func() { b.act("a", ticket.ActionResolve, ticket.ActionRequest{NoteID: id("note")}) })
	require.NoError(t, b.run())
	require.Equal(t, []alarm{{noon().Add(23 * time.Hour), ticket.EscalateWindow, ticket.StepWarning}}, *heard)
	require.Equal(t, "staff warned: the end of WhatsApp's time for free answers is due soon",
		ask[[]ticket.Event](b, ticket.QueryTimeline)[1].What)
}
