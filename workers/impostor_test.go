package workers

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// parrot is a desk whose model repeats all that it is shown, as the most
// gullible one would, and whose answers nobody reviews.
type parrot struct {
	*testBundle
	acts  *activities.Activities
	model *openai.Server
}

func withParrot(b *testBundle) *parrot {
	b.t.Helper()
	sim, err := openai.New(openai.Options{})
	require.NoError(b.t, err)
	server := httptest.NewServer(sim)
	b.t.Cleanup(func() {
		_ = sim.Close()
		server.Close()
	})
	sim.Script(func(r openai.ChatRequest) (openai.Scripted, bool) {
		var seen strings.Builder
		for _, m := range r.Messages[1:] {
			seen.WriteString(string(m.Content))
		}
		return openai.ToolCallWith("send_response", map[string]any{
			"message": seen.String(), "citations": []string{}, "triage": map[string]any{
				"sentiment": 0.5, "confidence": 0.9, "category": "general", "priority": "low", "language": "en",
			},
		}), true
	})
	client, err := llm.New(llm.Options{BaseURL: server.URL + "/v1", APIKey: "sk-test", Model: "chat-1", EmbeddingModel: "embed-1"})
	require.NoError(b.t, err)
	return &parrot{b, activities.New(activities.Options{
		DB: b.DB, Model: client, Knowledge: knowledge.New(b.DB, client, slog.New(slog.DiscardHandler)), Publisher: &publisher{},
		Gmail: letterbox{}, WhatsApp: phone{},
		Mailbox: mailbox, Secrets: b.Secrets, Policy: activities.Policy{Company: "Firnwacht", SLA: sla.DefaultPolicy()},
		Logger: slog.New(slog.DiscardHandler),
	}), sim}
}

// letterbox and phone take whatever is sent; nothing else is asked of them.
type letterbox struct{ activities.Gmail }

func (letterbox) CreateDraft(context.Context, []byte, string) (string, error) {
	return uuid.NewString(), nil
}

func (letterbox) SendDraft(context.Context, string) (gmailID, threadID string, err error) {
	return uuid.NewString(), uuid.NewString(), nil
}

func (letterbox) MessageID(context.Context, string) (string, error) {
	return "<" + uuid.NewString() + "@firnwacht.example>", nil
}

type phone struct{ activities.WhatsApp }

func (phone) Send(context.Context, string, string, string) (string, error) {
	return "SM" + uuid.NewString(), nil
}

// does calls an activity as a worker would, once.
func does[In, Out any](p *parrot, activity func(context.Context, In) (Out, error), in In) (out Out) {
	p.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	value, err := env.ExecuteActivity(activity, in)
	require.NoError(p.t, err)
	require.NoError(p.t, value.Get(&out))
	return out
}

// answers takes a batch through a turn and returns what the model was sent.
func (p *parrot) answers(batch ...ticket.MessageReceived) (prompt string) {
	p.t.Helper()
	in := ticket.CreateTicketInput{ConversationID: batch[0].ConversationID}
	for _, m := range batch {
		in.MessageIDs = append(in.MessageIDs, m.MessageID)
		// Our answers have the time of the machine, so that these have it, too.
		p.exec("UPDATE messages SET provider_at = clock_timestamp() WHERE id = '" + m.MessageID.String() + "'")
	}
	turn := does(p, p.acts.CreateTicket, in)
	require.Len(p.t, turn.MessageIDs, len(batch))
	history := does(p, p.acts.FetchHistory, ticket.FetchHistoryInput{TurnID: turn.TurnID})
	search := does(p, p.acts.SearchKnowledge, ticket.SearchKnowledgeInput{TurnID: turn.TurnID})
	call := does(p, p.acts.CallModel, ticket.CallModelInput{
		TurnID: turn.TurnID, History: history.MessageIDs, Rounds: []ticket.Round{{SearchID: search.SearchID}},
	})
	sent := does(p, p.acts.SendReply, ticket.SendReplyInput{TurnID: turn.TurnID, DraftID: call.DraftID})
	require.Equal(p.t, ticket.SendDone, sent.State)
	calls := p.model.Calls()
	require.Equal(p.t, openai.Chat, calls[len(calls)-1].Kind)
	return string(calls[len(calls)-1].Raw)
}

// page returns all that the page of a form ticket holds.
func (p *parrot) page(id uuid.UUID) string {
	p.t.Helper()
	rows, err := p.DB.PageMessages(p.t.Context(), id)
	require.NoError(p.t, err)
	var all []string
	for _, r := range rows {
		if r.Elsewhere {
			require.Empty(p.t, r.Body)
			require.Equal(p.t, "email", r.Channel)
		}
		all = append(all, string(r.Author)+": "+r.Body)
	}
	return strings.Join(all, "\n")
}

// TestImpostor is about somebody who fills in the form in another customer's
// name and asks for what that customer wrote last week: nothing of it is in the
// prompt, the answer or the page, whatever the customer does.
func TestImpostor(t *testing.T) {
	t.Parallel()
	p := withParrot(setup(t))
	const ben, lastWeek, number = "ben@customer.example", "Zaunkoenig", "+4915112345678"
	mail := p.proved("Ben Okri <"+ben+">", "My alarm code is "+lastWeek+" and the sensor is broken.")
	p.answers(mail)
	known := p.whatsApp(number, "This is about "+p.scalar("SELECT number FROM tickets")+", the code is "+lastWeek+" still.", start)
	require.True(t, p.one(mail, known))
	require.Contains(t, p.answers(known), "sensor is broken", "who is proved is remembered on every channel")

	s := submission(p.testBundle, ben, "impostor")
	s.Name, s.Phone, s.Message = "Ben Okri", number, "What did I write last week?"
	form := p.takeOne(record(t, ticket.TypeWebFormSubmission, s))
	require.NotContains(t, p.answers(form), lastWeek)
	require.Contains(t, p.page(s.TicketID), "assistant: ")
	require.Contains(t, p.page(s.TicketID), s.Message)
	require.NotContains(t, p.page(s.TicketID), lastWeek)
	asks := func(n string) ticket.MessageReceived {
		t.Helper()
		return p.takeOne(record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{
			TicketID: s.TicketID, N: n, Message: "And what did I write in the last mail, " + n + "?", At: start.Add(2 * time.Minute),
		}))
	}
	require.NotContains(t, p.answers(asks("1")), lastWeek)

	t.Log("the customer answers the mail: he sees his own history, the page does not")
	reply := p.proved(ben, "That was not me. My new code is Rotkehlchen.", p.into(form))
	require.True(t, p.verified(reply))
	require.Contains(t, p.answers(reply), lastWeek)
	require.Contains(t, p.scalar("SELECT string_agg(m.body, ' ') FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.verified AND m.conversation_id = '"+form.ConversationID.String()+"'"), lastWeek)
	secrets := func(text string) {
		t.Helper()
		require.NotContains(t, text, lastWeek)
		require.NotContains(t, text, "Rotkehlchen")
	}
	secrets(p.page(s.TicketID))
	secrets(p.answers(asks("2")))
	secrets(p.page(s.TicketID))

	t.Log("both at once, in one turn")
	both := p.answers(asks("3"), p.proved(ben, "Once more: it was not me.", p.into(form)))
	secrets(both)
	require.NotContains(t, p.page(s.TicketID), "Once more")
	secrets(p.page(s.TicketID))

	t.Log("a mail that no check has passed goes to the page neither")
	unproved := p.proved(ben, "Amsel is my code.", p.into(form), func(l *letter) { l.dmarc = false })
	secrets(p.answers(unproved))
	require.NotContains(t, p.page(s.TicketID), "Amsel")
	require.NotContains(t, p.answers(asks("4")), "Amsel")
	require.NotContains(t, p.page(s.TicketID), "Amsel")
}

// TestPersonAnswersMailBesidePage is about somebody who holds the page of a form
// that the customer has answered by mail, and writes on it just before a person
// of ours does: that person may still answer the mail.
func TestPersonAnswersMailBesidePage(t *testing.T) {
	t.Parallel()
	p := withParrot(setup(t))
	const ben, secret = "ben@customer.example", "Rotkehlchen"
	s := submission(p.testBundle, ben, "impostor")
	form := p.takeOne(record(t, ticket.TypeWebFormSubmission, s))
	p.answers(form)
	p.answers(p.proved(ben, "That was not me. Which code have I got?", p.into(form)))
	asks := func(n string) ticket.MessageReceived {
		t.Helper()
		return p.takeOne(record(t, ticket.TypeWebFormMessage, ticket.WebFormMessage{
			TicketID: s.TicketID, N: n, Message: "Well?", At: time.Now(),
		}))
	}
	p.answers(asks("1"))
	reply := staffReply()
	reply.to, reply.text = p.Secrets.ReplyAddress(mailbox, form.ConversationID), "Your code is "+secret+"."
	reply.headers = []string{"Cc: " + ben}
	p.exec("UPDATE messages SET provider_at = clock_timestamp() WHERE id = '" + p.takeOne(p.mail(reply)).MessageID.String() + "'")
	require.NotContains(t, p.page(s.TicketID), secret)
	require.NoError(t, p.DB.GiveBack(t.Context(), form.ConversationID))
	require.NotContains(t, p.answers(asks("2")), secret)
	require.NotContains(t, p.page(s.TicketID), secret)
}
