package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
)

// deaths are the places at which a role is killed: between two durable steps,
// where a message could be lost or answered twice. email marks those that only
// a mail passes.
var deaths = []struct {
	role, failpoint string
	email           bool
}{
	{"gateway", "stream.afterProduce", false},
	{"intake", "intake.afterCommit", false},
	{"intake", "stream.afterProduce", false},
	{"intake", "fte-intake.beforeMark", false},
	{"bridge", "bridge.afterSignal", false},
	{"bridge", "fte-bridge.beforeMark", false},
	{"tickets", "tickets.afterTurnOpened", false},
	{"model", "model.beforeCall", false},
	{"model", "model.afterCall", false},
	{"model", "model.afterStore", false},
	{"delivery", "send.afterOutboxCommit", false},
	{"delivery", "send.afterClaim", false},
	{"delivery", "send.afterAccept", false},
	{"delivery", "send.afterRecord", false},
	{"delivery", "mailbox.afterPublish", true},
	{"delivery", "send.afterDraft", true},
	{"delivery", "send.afterGmailAccept", true},
	{"metrics", "fte-metrics.beforeMark", false},
}

// TestKilledAtEachFailPoint kills a role with SIGKILL at each place, starts it
// again and expects exactly one reply.
func TestKilledAtEachFailPoint(t *testing.T) {
	t.Parallel()
	for _, death := range deaths {
		t.Run(death.role+"/"+death.failpoint, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, nil)
			l.StartAll()
			p := l.Process(death.role)
			p.Kill()
			p = l.StartWith(death.role, map[string]string{"FAILPOINT": death.failpoint + ":exit"})
			l.Ready(death.role)

			const phone, mail = "+491511234567", "ben@customer.example"
			customer := phone
			sid := ""
			if death.email {
				customer = mail
				l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question})
			} else {
				sid = l.WriteOnce(phone, question)
			}
			require.True(t, l.Died(p), "killed at its fail point")
			l.StartWith(death.role, nil)
			l.Ready(death.role)
			if !death.email {
				l.WhatsAppAgain(phone, question, sid)
			}
			l.Check()
			require.Len(t, l.RepliesTo(customer), 1)
			require.Regexp(t, answer, l.RepliesTo(customer)[0])
			if death.failpoint == "model.afterStore" {
				asked := slices.DeleteFunc(l.OpenAI.Calls(), func(c openai.Call) bool { return c.Kind != openai.Chat })
				require.Len(t, asked, 1, "what is stored is not paid for again")
			}
		})
	}
}

// TestHungWorkerIsReplaced lets a worker stop in the middle of a model call and
// kills it from outside.
func TestHungWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	l.Process("model").Kill()
	hung := l.StartWith("model", map[string]string{"FAILPOINT": "model.beforeCall:hang"})
	l.Ready("model")
	const phone = "+491511234567"
	l.WhatsApp(phone, question, 1)
	l.Wait("the worker hangs", func(context.Context) bool { return strings.Contains(hung.Tail(), "failpoint model.beforeCall: hang") })
	hung.Kill()
	l.Start("model")
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
}

// TestEveryWebhookFiveTimes delivers everything five times at once.
func TestEveryWebhookFiveTimes(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone, mail, form = "+491511234567", "ben@customer.example", "cleo@customer.example"
	l.WhatsApp(phone, question, 5)
	l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question})
	l.RedeliverPushes(5)
	first := l.Form(form, "Password link", question, "one-key")
	for range 4 {
		require.Equal(t, first, l.Form(form, "Password link", question, "one-key"))
	}
	l.Check()
	for _, customer := range []string{phone, mail, form} {
		require.Len(t, l.RepliesTo(customer), 1, customer)
	}
}

// TestAfterTheRunHasCompleted closes a ticket, answers the customer's next
// message in a new run and does not answer an old event that is sent again.
func TestAfterTheRunHasCompleted(t *testing.T) {
	t.Parallel()
	l := newLab(t, map[string]string{"FTE_CLOSE_AFTER": "1s"})
	l.StartAll()
	const phone = "+491511234567"
	first := l.WhatsApp(phone, question, 1)
	l.Check()
	l.Completed(1)

	l.WhatsApp(phone, "Once more, please: "+question, 1)
	l.Check()
	l.Completed(2)
	require.Len(t, l.RepliesTo(phone), 2)

	l.Redrive(first)
	l.Completed(3)
	l.Check()
	require.Len(t, l.RepliesTo(phone), 2, "what was answered is not answered again")
}

// TestKafkaDown takes messages in while the broker is away and answers them in
// order when it is back.
func TestKafkaDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone = "+491511234567"
	l.StopKafka()
	for i := range 5 {
		l.WhatsApp(phone, fmt.Sprintf("%s (%d)", question, i), 1)
	}
	l.StartKafka()
	l.Check()
	require.NotEmpty(t, l.RepliesTo(phone))
	require.Equal(t, l.InboundOrder(), l.StoredOrder())
}
