package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema/schematest"
)

// heldDeaths are the places at which a role is killed while an answer waits for
// the customer to write, or is sent on because he has. late marks those where
// Twilio refuses what it had accepted; else our own look at the clock holds it.
var heldDeaths = map[string]struct {
	role, failpoint string
	late            bool
}{
	"held":     {role: "delivery", failpoint: "send.afterHold"},
	"asked":    {role: "delivery", failpoint: "send.afterAccept"},
	"reported": {role: "intake", failpoint: "status.afterCommit@2", late: true}, // the first says that it is queued
	"released": {role: "tickets", failpoint: "tickets.afterTurnOpened@2"},
	"sent on":  {role: "delivery", failpoint: "send.afterAccept@2"},
}

// TestKilledWhileTextWaits kills a role with SIGKILL at each of these places.
// The customer is asked once, and then gets the answer once.
func TestKilledWhileTextWaits(t *testing.T) {
	t.Parallel()
	for name, death := range heldDeaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, map[string]string{
				"TWILIO_TEMPLATE_SID": "HX0123456789abcdef0123456789abcdef", "FTE_SEND_FIRST_CHECK": "8s", "FTE_SEND_SECOND_CHECK": "12s",
			})
			l.StartAllBut(death.role, map[string]string{"FAILPOINT": death.failpoint + ":exit"})
			const phone = "+491511234567"
			if death.late {
				l.Twilio.FailNext(63016)
				l.WhatsApp(phone, question, 1)
			} else {
				l.OpenAI.Faults().Set(wire.Fault{Match: "POST /v1/chat", Mode: wire.Hang})
				l.WhatsApp(phone, question, 1)
				require.NoError(t, l.OpenAI.Faults().WaitForHits(t.Context(), 1))
				schematest.Exec(t, l.Database, "UPDATE messages SET provider_at = provider_at - interval '24 hours'")
				l.OpenAI.Faults().Clear()
			}
			restarted := func() {
				require.True(t, l.Died(l.Process(death.role)), "killed at its fail point")
				l.Start(death.role)
			}
			// What is to happen after the customer's next word must not be waited for here.
			early := name != "released" && name != "sent on"
			if early {
				restarted()
			}
			l.Wait("the customer is asked to write", func(context.Context) bool {
				return schematest.Scalar(t, l.Database, "SELECT count(*)::text FROM outbox WHERE template <> '' AND state = 'sent'") == "1"
			})
			require.Equal(t, "held", schematest.Scalar(t, l.Database, "SELECT state FROM outbox WHERE kind = 'answer'"))
			l.WhatsApp(phone, "Yes", 1)
			if !early {
				restarted()
			}
			l.Check()

			asked, answers := 0, 0
			for _, m := range l.Twilio.Accepted() {
				switch {
				case m.ContentSID != "":
					asked++
				case m.ErrorCode == 0:
					require.Regexp(t, answer, m.Body)
					answers++
				}
			}
			require.Equal(t, 1, asked)
			require.Equal(t, 1, answers)
			require.Equal(t, "sent", schematest.Scalar(t, l.Database, "SELECT state FROM outbox WHERE kind = 'answer'"))
		})
	}
}

// TestKilledWhileAMissedMessageIsHandedIn kills the role that has published a
// message whose webhook never came, before it could note that.
func TestKilledWhileAMissedMessageIsHandedIn(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	const phone = "+491511234567"
	l.WriteWithoutWebhook(phone, question, time.Now().Add(-10*time.Minute))
	l.StartWith("delivery", map[string]string{"FAILPOINT": "reconcile.afterPublish:exit"})
	p := l.Process("delivery")
	l.Start("tickets")
	require.True(t, l.Died(p), "killed at its fail point")
	l.StartAll()
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
}
