package gateway

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// Whoever holds the page of a form ticket is not proved to be whoever answers
// its mail.
func TestPageOfAFormTicketKeepsMailToItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	th := b.thread(t, ticket.WebForm)
	question := th.says("question")
	id := th.ticket("seed")
	th.answers(th.turn(id, question), []uuid.UUID{question}, "answer")
	mail := th.says("private words")
	schematest.Exec(t, b.dbURL, "UPDATE messages SET channel = 'email', verified = true WHERE id = '"+mail.String()+"'")
	th.answers(th.turn(id, mail), []uuid.UUID{mail}, "private answer")
	th.says("question again")

	page := b.page(t, id)
	require.Equal(t, []string{
		"customer: question", "assistant: answer (queued)", "customer: " + wentByMail, "assistant: " + wentByMail + " (queued)", "customer: question again",
	}, lines(page))
	require.Equal(t, ticket.Email, page.Messages[2].Channel)
	require.Equal(t, ticket.Email, page.Messages[3].Channel)
	require.Equal(t, ticket.WebForm, page.Messages[4].Channel)

	t.Log("the page of a mail's own ticket shows it: only its customer was given the id")
	other := b.thread(t, ticket.Email)
	words := other.says("private words")
	schematest.Exec(t, b.dbURL, "UPDATE messages SET verified = true WHERE id = '"+words.String()+"'")
	own := other.ticket("own")
	other.answers(other.turn(own, words), []uuid.UUID{words}, "private answer")
	require.Equal(t, []string{"customer: private words", "assistant: private answer (queued)"}, lines(b.page(t, own)))
}
