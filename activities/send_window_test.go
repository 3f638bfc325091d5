package activities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const template = "HX0123456789abcdef0123456789abcdef"

// withTemplate gives the service the approved template.
func (w *world) withTemplate() *world {
	w.options.WhatsAppTemplate = template
	return w
}

// silent lets the customers have been silent for so long.
func (w *world) silent(d time.Duration) {
	w.t.Helper()
	ago := " - interval '" + d.String() + "'"
	w.exec("UPDATE messages SET provider_at = provider_at" + ago + ", received_at = received_at" + ago + " WHERE author = 'customer'")
}

// templates returns the templates that Twilio has accepted.
func (w *world) templates() (accepted []twilio.Message) {
	for _, m := range w.twilio.Accepted() {
		if m.ContentSID != "" {
			accepted = append(accepted, m)
		}
	}
	return accepted
}

// freeTexts returns the free texts that Twilio has accepted.
func (w *world) freeTexts() (bodies []string) {
	for _, m := range w.twilio.Accepted() {
		if m.ContentSID == "" {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}

// statesOf returns the states of those parts of a turn that are text.
func (w *world) statesOf(turn uuid.UUID) (states []string) {
	for _, p := range w.parts(turn) {
		if p.Template == "" {
			states = append(states, p.State)
		}
	}
	return states
}

// requireAsked asserts that one template has gone out and nothing else.
func (w *world) requireAsked() {
	w.t.Helper()
	require.Empty(w.t, w.freeTexts())
	require.Len(w.t, w.templates(), 1)
	asked := w.templates()[0]
	require.Equal(w.t, template, asked.ContentSID)
	require.Equal(w.t, "whatsapp:"+phone, asked.To)
	require.Equal(w.t, "sent "+template, w.scalar("SELECT state || ' ' || template FROM outbox WHERE template <> ''"))
	require.Contains(w.t, asked.StatusCallback, w.scalar("SELECT id::text FROM outbox WHERE template <> ''"))
	require.Contains(w.t, w.scalar("SELECT body FROM messages WHERE external_id LIKE '%/ack/template'"), "Reply to this message")
}

func TestWhatIsTooLateForFreeTextWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, long)
	w.silent(23*time.Hour + 55*time.Minute)
	for range 3 { // a repeated try asks the customer once
		res, err := w.send(opened.TurnID, draft)
		require.NoError(t, err)
		require.Equal(t, ticket.SendDone, res.State)
		require.Equal(t, uuid.Nil, res.Unsent)
		require.True(t, res.Waits)
		require.Equal(t, []string{"held", "held", "held"}, w.statesOf(opened.TurnID))
		w.requireAsked()
	}
	require.Contains(t, w.parts(opened.TurnID)[0].Error, "held until the customer writes")

	t.Log("the customer writes: it goes out, in order, before what is said now")
	next := w.turn(c, "yes please, and how do I log out?")
	res, err := w.send(next.TurnID, w.draft(next.TurnID, "Close the window."))
	require.NoError(t, err)
	require.False(t, res.Waits)
	require.Equal(t, []string{"sent", "sent", "sent"}, w.statesOf(opened.TurnID))
	require.Len(t, w.freeTexts(), 4)
	require.Contains(t, w.freeTexts()[3], "Close the window.")
	require.Equal(t, strings.Fields(w.parts(opened.TurnID)[0].Body), strings.Fields(w.freeTexts()[0]))
	require.Len(t, w.templates(), 1)
}

func TestTheWindowClosesFiveMinutesEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
	w.silent(23*time.Hour + 50*time.Minute)
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, "Open the settings."))
	require.NoError(t, err)
	require.Len(t, w.freeTexts(), 1)
	require.Empty(t, w.templates())
}

func TestOnlyWhatsAppOpensTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c, mail := w.conversation(ticket.WhatsApp), w.conversation(ticket.Email)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.silent(48 * time.Hour)
	w.message(c, "by mail", func(p *schema.InsertMessageParams) { p.Channel = ticket.Email })
	_, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, []string{"held"}, w.statesOf(opened.TurnID))

	t.Log("the same words had come by mail before: the message from the number is stored there")
	w.exec("UPDATE outbox SET state = 'queued' WHERE template = ''")
	w.message(mail, "hello again", func(p *schema.InsertMessageParams) { p.Channel, p.HomeID = ticket.WhatsApp, &c.ID })
	_, err = w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, []string{"sent"}, w.statesOf(opened.TurnID))
}

// Wherever the process dies, the next try asks the customer, once.
func TestAHeldPartAsksTheCustomerAfterACrash(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *world){
		"before the call": func(*world) {},
		"during the call": func(w *world) {
			w.exec("UPDATE outbox SET state = 'sending', attempts = 1, attempted_at = now() WHERE template <> ''")
		},
		"after a throttle": func(w *world) { w.exec("UPDATE outbox SET error = 'Twilio is throttling us' WHERE template <> ''") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio().withTemplate()
			opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
			draft := w.draft(opened.TurnID, "Open the settings.")
			w.silent(25 * time.Hour)
			w.twilio.SetFault(twilio.ErrorFault(429, 20429))
			_, err := w.send(opened.TurnID, draft)
			requireRefused(t, err, ticket.CodeRateLimited, false)
			require.Equal(t, []string{"held", "queued"}, w.states(opened.TurnID))
			prepare(w)
			for _, wait := range []time.Duration{firstCheck, secondCheck} {
				w.later(wait)
				_, err = w.send(opened.TurnID, draft)
			}
			require.NoError(t, err)
			w.requireAsked()
		})
	}
}

func TestATemplateOfUnknownOutcomeIsFoundInTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio(impatient).withTemplate()
	opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.silent(25 * time.Hour)
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	_, err = w.look(opened.TurnID, draft, firstCheck)
	require.NoError(t, err)
	w.requireAsked()
}

func TestWithoutATemplateAPersonIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	opened := w.turn(w.conversation(ticket.WhatsApp), "how do I log in?")
	draft := w.draft(opened.TurnID, long)
	w.silent(25 * time.Hour)
	for range 2 {
		_, err := w.send(opened.TurnID, draft)
		requireRefused(t, err, ticket.CodeInvalid, true)
		require.Contains(t, refusal(t, err).Message(), "TWILIO_TEMPLATE_SID")
		require.Equal(t, []string{"failed", "cancelled", "cancelled"}, w.states(opened.TurnID))
	}
	require.Empty(t, w.twilio.Accepted())
}

func TestATemplateThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.silent(25 * time.Hour)
	w.twilio.SetFault(twilio.ErrorFault(400, 21655))
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	_, err = w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "TWILIO_TEMPLATE_SID")
	require.Equal(t, []string{"held"}, w.statesOf(opened.TurnID), "it goes out if the customer writes")
	require.Empty(t, w.twilio.Accepted())
}

func TestARefusalAtOnceHoldsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	w.twilio.SetFault(twilio.ErrorFault(400, 63016))
	_, err := w.send(opened.TurnID, w.draft(opened.TurnID, long))
	require.NoError(t, err)
	require.Equal(t, []string{"held", "held", "held"}, w.statesOf(opened.TurnID))
	require.Zero(t, w.parts(opened.TurnID)[0].Attempts)
	w.requireAsked()
}

func TestATakeoverWithdrawsWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, long)
	w.silent(25 * time.Hour)
	_, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	w.acted(c.ID, ticket.ActionTakeover)
	require.Equal(t, []string{"cancelled", "cancelled", "cancelled"}, w.statesOf(opened.TurnID))
	w.open(c, w.message(c, "yes"))
	res, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendMuted, res.State)
	require.Empty(t, w.freeTexts())
}

func TestAPersonsReplyWaitsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	w.turn(c, "how do I log in?")
	w.silent(25 * time.Hour)
	m := w.queued(c.ID, long)
	for range 2 {
		sent, err := w.deliver(m)
		require.NoError(t, err)
		require.True(t, sent.Held)
		require.Equal(t, []string{"held", "held", "held"}, w.replyStates(m))
		w.requireAsked()
	}
	second := w.queued(c.ID, "And call me.")
	_, err := w.deliver(second)
	require.NoError(t, err)
	require.Equal(t, []string{"held"}, w.replyStates(second))
	w.requireAsked()

	res := w.open(c, w.message(c, "yes"))
	require.Equal(t, []uuid.UUID{m, second}, res.Replies)
	for _, m := range res.Replies {
		sent, err := w.deliver(m)
		require.NoError(t, err)
		require.False(t, sent.Held)
	}
	require.Len(t, w.freeTexts(), 4)
	require.Len(t, w.templates(), 1)
}

func TestARequestToWriteThatNothingWaitsForIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, "Open the settings.")
	w.silent(25 * time.Hour)
	w.twilio.SetFault(twilio.ErrorFault(429, 20429))
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.open(c, w.message(c, "hello?"))
	res, err := w.send(opened.TurnID, draft)
	require.NoError(t, err)
	require.Equal(t, ticket.SendDone, res.State)
	require.Equal(t, []string{"sent", "cancelled"}, w.states(opened.TurnID))
	require.Len(t, w.freeTexts(), 1)
	require.Empty(t, w.templates())
}

func TestNothingAutomaticGoesToWhoHasOptedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio().withTemplate()
	c := w.conversation(ticket.WhatsApp)
	opened := w.turn(c, "how do I log in?")
	draft := w.draft(opened.TurnID, long)
	w.twilio.SetFault(twilio.ErrorFault(429, 20429))
	_, err := w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeRateLimited, false)
	w.exec("INSERT INTO suppressions (kind, value, reason) VALUES ('whatsapp', '" + phone + "', 'stop')")
	_, err = w.send(opened.TurnID, draft)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Contains(t, refusal(t, err).Message(), "only a person may write")
	require.Equal(t, []string{"failed", "cancelled", "cancelled"}, w.states(opened.TurnID))
	require.Empty(t, w.twilio.Accepted())

	w.replied(c.ID, "Ben here.")
	require.Equal(t, []string{"Ben here."}, w.freeTexts(), "a person's words go out")
	w.silent(25 * time.Hour)
	late := w.queued(c.ID, "Ben again.")
	_, err = w.deliver(late)
	requireRefused(t, err, ticket.CodeInvalid, true)
	require.Equal(t, []string{"held"}, w.replyStates(late), "nobody is asked to write who wants no messages")
	require.Empty(t, w.templates())
}
