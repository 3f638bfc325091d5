package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// doors are what must not leave us, and how a customer writes them down.
const doorsOpen = "My card is 4111 1111 1111 1111, my IBAN DE89 3704 0044 0532 0130 00, my SSN 123-45-6789. " +
	"My password is Zaunkönig77, the verification code is 482913, the API key sk-proj-Zm9vYmFy8nq3LkXw2Rt7."

var doors = []string{"4111 1111", "1111 1111 1111", "3704 0044", "0532 0130", "123-45-6789", "Zaunkönig77", "482913", "Zm9vYmFy8nq3LkXw2Rt7"}

func closed(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range doors {
		require.NotContains(t, text, secret, where)
	}
}

func TestSecretsStayWithUs(t *testing.T) {
	t.Parallel()
	for _, channel := range ticket.Channels() {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio().withGmail().withModel(articles())
			c := w.conversation(channel)
			earlier := w.message(c, "Hello. I type Zaunkönig77 every day. "+doorsOpen, func(p *schema.InsertMessageParams) { p.ProviderAt = p.ProviderAt.Add(-1e9) })
			_, err := w.db.SettleMessage(t.Context(), schema.SettleMessageParams{MessageID: earlier, Outcome: ticket.Answered})
			require.NoError(t, err)
			h := &history{world: w}
			opened := w.open(c, w.message(c, resetQuestion+" I type Zaunkönig77.", func(p *schema.InsertMessageParams) { p.Subject = "Card 4111 1111 1111 1111" }),
				w.message(c, doorsOpen))
			found, err := take(h, h.acts().SearchKnowledge, ticket.SearchKnowledgeInput{TurnID: opened.TurnID})
			require.NoError(t, err)
			before, err := take(h, h.acts().FetchHistory, ticket.FetchHistoryInput{TurnID: opened.TurnID})
			require.NoError(t, err)
			require.Contains(t, before.MessageIDs, earlier)
			w.openai.Enqueue(respond("The link is valid for 30 minutes. Nothing was taken from <CARD_1> or <IBAN_1>; <PASSWORD_1> and <CARD_7> are unknown.", found.Chunks[0].ID))
			call, err := take(h, h.acts().CallModel, ticket.CallModelInput{
				TurnID: opened.TurnID, History: before.MessageIDs, Rounds: []ticket.Round{{SearchID: found.SearchID}},
			})
			require.NoError(t, err)
			review, err := take(h, h.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: call.DraftID})
			require.NoError(t, err)
			for _, v := range review.Verdicts {
				closed(t, "a verdict", v.Reason)
			}
			_, err = take(h, h.acts().SendReply, ticket.SendReplyInput{TurnID: opened.TurnID, DraftID: call.DraftID})
			require.NoError(t, err)

			require.NotEmpty(t, w.openai.Calls())
			seen := ""
			for _, call := range w.openai.Calls() {
				seen += string(call.Raw)
			}
			closed(t, "what the model was sent", seen)
			require.Contains(t, seen, "CARD_1")
			require.Contains(t, seen, "PASSWORD_1")
			closed(t, "searches", w.scalar("SELECT string_agg(query, ' ') FROM searches"))
			closed(t, "model calls", w.scalar("SELECT string_agg(decision::text, ' ') FROM model_calls"))
			closed(t, "drafts", w.scalar("SELECT string_agg(body, ' ') FROM drafts"))
			closed(t, "the log", w.log.String())
			for _, topic := range []string{ticket.TopicEscalations, ticket.TopicMetrics} {
				for _, e := range w.published.of(topic) {
					closed(t, topic, string(e.Value))
				}
			}

			// The customer reads whose card it was, and nothing that was secret.
			said := w.scalar("SELECT string_agg(body, ' ') FROM messages WHERE author = 'assistant'")
			require.Contains(t, said, "Nothing was taken from •••• 1111 or •••• 3000; [hidden] and [hidden] are unknown.")
			// People read it as it came.
			require.Contains(t, w.scalar("SELECT string_agg(body, ' ') FROM messages WHERE author = 'customer'"), doorsOpen)
		})
	}
}

// What is mailed to staff leaves us; it names no number and no secret.
func TestHandoverIsMasked(t *testing.T) {
	t.Parallel()
	mail := activities.RenderHandover(schema.HandoverForTicketRow{
		Number: "T-0HJKMNPQRS", Subject: "Card 4111 1111 1111 1111", Summary: "I typed Zaunkönig77.\n\n" + doorsOpen,
		Tried: "Searched the knowledge base for \"my card <CARD_1>\".", SuggestedReply: "Your card •••• 1111 is fine.",
	})
	closed(t, "the mail", mail)
	require.Contains(t, mail, "T-0HJKMNPQRS")
	require.Contains(t, mail, "My card is •••• 1111, my IBAN •••• 3000")
	require.Contains(t, mail, "I typed [hidden].")
	require.NotContains(t, strings.ReplaceAll(mail, "‹CARD_1>", ""), "CARD_1")
}
