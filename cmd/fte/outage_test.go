package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/ticket"
)

// TestTemporalDown takes messages in while Temporal is away.
func TestTemporalDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone = "+491511234567"
	l.KillTemporal()
	l.WhatsApp(phone, question, 1)
	l.Blocked("bridge")
	l.StartTemporal()
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
}

// TestDatabaseDown takes messages in while only the broker is there.
func TestDatabaseDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone, form = "+491511234567", "cleo@customer.example"
	l.Postgres.Cut()
	l.WhatsApp(phone, question, 1)
	l.Form(form, "Password link", question, "key-1")
	l.Blocked("intake")
	l.Postgres.Heal()
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
	require.Len(t, l.RepliesTo(form), 1)
}

// TestDatabaseAndBrokerDown refuses what cannot be made durable, and takes the
// repeated message when it can.
func TestDatabaseAndBrokerDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	l.StopKafka()
	l.Postgres.Cut()
	_, status := l.TryForm("cleo@customer.example", "Password link", question, "key-1")
	require.Equal(t, http.StatusServiceUnavailable, status)
	l.StartKafka()
	l.Postgres.Heal()
	l.FormAgain("cleo@customer.example", "Password link", question, "key-1")
	l.Check()
	require.Len(t, l.RepliesTo("cleo@customer.example"), 1)
}

// TestSpoolSurvivesTheGateway kills the gateway right after it has spooled, and
// again while it drains the spool.
func TestSpoolSurvivesTheGateway(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone = "+491511234567"
	l.StopKafka()
	l.Process("gateway").Kill()
	dying := l.StartWith("gateway", map[string]string{"FAILPOINT": "gateway.afterSpool:exit"})
	l.Ready("gateway")
	sid := l.WriteOnce(phone, question)
	require.True(t, l.Died(dying))

	dying = l.StartWith("gateway", map[string]string{"FAILPOINT": "gateway.afterUnspoolPublish:exit"})
	l.Ready("gateway")
	l.WhatsAppAgain(phone, question, sid)
	l.StartKafka()
	require.True(t, l.Died(dying))
	l.Start("gateway")
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
}

// TestModelRecovers retries a model that throttles and fails.
func TestModelRecovers(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone = "+491511234567"
	l.OpenAI.Enqueue(
		openai.GarbageJSON(),
		openai.Failure(http.StatusTooManyRequests, "rate_limit_exceeded", "slow down", 1),
		openai.Failure(http.StatusInternalServerError, "server_error", "oops", 0),
	)
	l.WhatsApp(phone, question, 1)
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
	require.Regexp(t, answer, l.RepliesTo(phone)[0])
}

// TestModelGone tells the customer the truth and asks for a person when the
// model cannot be used at all.
func TestModelGone(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	l.OpenAI.SetFault(wire.Fault{
		Match: "/v1/chat/completions", Times: -1, Mode: wire.Answer, Status: http.StatusTooManyRequests,
		Body: `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`,
	})
	submitted := l.Form("cleo@customer.example", "Password link", question, "key-1")
	l.Check()
	require.Equal(t, ticket.NeedsHuman, l.TicketPage(submitted.TicketID).Status)
	require.Len(t, l.RepliesTo("cleo@customer.example"), 1)
	require.Regexp(t, `(?i)colleague`, l.RepliesTo("cleo@customer.example")[0])
}

// TestUnknownOutcomeAtTheProviders lets Twilio and Gmail accept a reply and
// never answer.
func TestUnknownOutcomeAtTheProviders(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone, mail = "+491511234567", "ben@customer.example"
	l.Twilio.SetStatusCallbacks(false)
	l.Twilio.SetFault(wire.Fault{Match: "POST /2010-04-01/", Mode: wire.AcceptThenDrop})
	l.Gmail.SetFault(wire.Fault{Match: "/drafts/send", Mode: wire.AcceptThenDrop})
	l.WhatsApp(phone, question, 1)
	l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: question})
	l.Check()
	require.Len(t, l.RepliesTo(phone), 1)
	require.Len(t, l.RepliesTo(mail), 1)
}

// TestDeliveryFailsAfterAcceptance lets Twilio take a reply and then report
// that it could not be delivered: a person has to know.
func TestDeliveryFailsAfterAcceptance(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()
	const phone, outsideTheWindow = "+491511234567", 63016
	l.Twilio.FailNext(outsideTheWindow)
	l.WhatsApp(phone, question, 1)
	l.Check()
	l.Escalated("not_delivered")
}
