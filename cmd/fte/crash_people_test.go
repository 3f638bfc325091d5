package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

const crashPhone = "+491511234567"

// actionDeaths are people's actions during which a role is killed: what was
// asked of the ticket before, and what has come of it in the end.
var actionDeaths = map[string]struct {
	role, failpoint string
	draft           bool // the assistant only proposes
	line            string
	more            []string
	says            string
	status          string // pattern
	replies         []string
}{
	"takeover": {
		role: "tickets", failpoint: "action.afterCommit", line: "takeover", says: "is with ana now",
		status: "with_human", replies: []string{answer},
	},
	"resolve": {
		role: "tickets", failpoint: "action.afterCommit", line: "resolve", more: []string{"--note", "Settled by phone."},
		says: "is resolved", status: "resolved", replies: []string{answer},
	},
	"approve": {
		role: "tickets", failpoint: "action.afterCommit", draft: true, line: "approve", says: "The draft is approved",
		status: "waiting_customer", replies: []string{answer},
	},
	"reply": {
		role: "tickets", failpoint: "action.afterCommit", line: "reply", more: []string{"--text", "Ana here."},
		says: "is on its way", status: "with_human", replies: []string{answer, "^Ana here"},
	},
	// The first send is the assistant's.
	"reply/claimed": {
		role: "delivery", failpoint: "send.afterClaim@2", line: "reply", more: []string{"--text", "Ana here."},
		says: "is on its way", status: "with_human", replies: []string{answer, "^Ana here"},
	},
	"reply/accepted": {
		role: "delivery", failpoint: "send.afterAccept@2", line: "reply", more: []string{"--text", "Ana here."},
		says: "is on its way", status: "with_human", replies: []string{answer, "^Ana here"},
	},
	"reply/delivered": {
		role: "delivery", failpoint: "reply.afterDelivery", line: "reply", more: []string{"--text", "Ana here."},
		says: "is on its way", status: "with_human", replies: []string{answer, "^Ana here"},
	},
}

// TestKilledDuringAnAction kills a role with SIGKILL while a person acts. The
// action happens once, and whoever asks again for the same is told so.
func TestKilledDuringAnAction(t *testing.T) {
	t.Parallel()
	for name, death := range actionDeaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &office{newLab(t, nil), t}
			o.StartAllBut(death.role, map[string]string{"FAILPOINT": death.failpoint + ":exit"})
			// The turn has to be over: nothing is resolved while the assistant answers.
			before, done := "waiting_customer", "answered$"
			if death.draft {
				before, done = "needs_human", "drafted: waits"
				o.says("mode set draft", "ana", "draft")
			}
			o.WhatsApp(crashPhone, question, 1)
			number := o.number()
			o.shows(number, before, done)
			if !death.draft {
				o.hears(crashPhone, answer)
			}

			line := "ticket " + death.line + " " + number + " --action-id once"
			if death.draft {
				line += " --draft " + schematest.Scalar(t, o.Database, "SELECT pending_draft_id::text FROM tickets")
			}
			asked := make(chan outcome, 1)
			go func() { asked <- o.try(line, "ana", death.more...) }()
			require.True(t, o.Died(o.Process(death.role)), "killed at its fail point")
			o.Start(death.role)
			require.Contains(t, []int{exitOK, exitFailed}, (<-asked).code)
			o.Wait("the same action is answered", func(context.Context) bool {
				got := o.try(line, "ana", death.more...)
				return got.code == exitOK && strings.Contains(got.stdout, death.says)
			})
			o.shows(number, death.status, strings.Fields(line)[1])
			o.Check()

			require.Equal(t, "1 1", schematest.Scalar(t, o.Database, `SELECT concat_ws(' ', (SELECT count(*) FROM actions WHERE action_id = 'once'),
				(SELECT count(*) FROM audit_log WHERE object LIKE 'ticket:%'))`))
			said := o.RepliesTo(crashPhone)
			if death.draft { // the notice went out before
				said = slices.DeleteFunc(said, func(text string) bool { return strings.Contains(text, "colleague") })
			}
			require.Len(t, said, len(death.replies), "%q", said)
			for i, pattern := range death.replies {
				require.Regexp(t, pattern, said[i])
			}
		})
	}
}

// TestKilledWhileAClockRings kills the role that tells staff of a missed promise.
func TestKilledWhileAClockRings(t *testing.T) {
	t.Parallel()
	o := &office{newLab(t, map[string]string{"FTE_BUSINESS_HOURS": "always", "FTE_SLA": "whatsapp/*=2s:1h", "FTE_PERSON_RESPONSE": "0"}), t}
	o.StartAllBut("delivery", map[string]string{"FAILPOINT": "escalate.afterCommit:exit"})
	o.OpenAI.SetFault(wire.Fault{Match: "/v1/chat/completions", Times: -1, Mode: wire.Hang})
	o.WhatsApp(crashPhone, question, 1)
	require.True(t, o.Died(o.Process("delivery")))
	o.Start("delivery")
	o.shows(o.number(), "needs_human", "missed: first response")
	o.OpenAI.Faults().Clear()
	o.Check()
	require.Len(t, o.Events(ticket.TopicEscalations), 1)
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM handovers"))
	require.Len(t, o.RepliesTo(crashPhone), 1)
}

// TestKilledWhileATicketIsGivenBack kills the role that gives a ticket back of
// which its owner has not been heard; the takeover before is its first action.
func TestKilledWhileATicketIsGivenBack(t *testing.T) {
	t.Parallel()
	o := &office{newLab(t, map[string]string{"FTE_BUSINESS_HOURS": "always", "FTE_AUTO_RELEASE_AFTER": "3s"}), t}
	o.StartAllBut("tickets", map[string]string{"FAILPOINT": "action.afterCommit@2:exit"})
	o.WhatsApp(crashPhone, question, 1)
	number := o.number()
	o.hears(crashPhone, answer)
	o.shows(number, "waiting_customer")
	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	o.WhatsApp(crashPhone, "Once more, please: "+question, 1)
	require.True(t, o.Died(o.Process("tickets")))
	o.Start("tickets")
	o.shows(number, "waiting_customer", "release by clock")
	o.Check()
	require.Len(t, o.RepliesTo(crashPhone), 2)
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM actions WHERE actor = 'clock'"))
}
