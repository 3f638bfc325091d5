package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/ticket"
)

// articles is the knowledge base of the fictional company.
const articles = "../../dev/company/kb"

// question is what the lab's customers ask unless a test needs another one, and
// answer is what the knowledge base says to it.
const (
	question = "How long is the link to reset my password valid?"
	answer   = `30 minutes`
)

// newLab starts everything but the roles.
func newLab(t *testing.T, settings map[string]string) *lab.Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers; `make test` runs it")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	return lab.New(t, lab.Options{
		Binary: self, Env: []string{asProgram + "=1"}, Settings: settings, Articles: []string{articles},
	})
}

func TestThreeChannelsInOneReplyEach(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil)
	l.StartAll()

	const phone, mail, form = "+491511234567", "ben@customer.example", "cleo@customer.example"
	l.WhatsApp(phone, question+" "+l.Canary(phone), 1)
	l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: "Hello,\n\n" + question + "\n\nThanks, " + l.Canary(mail)})
	submitted := l.Form(form, "Password link", question+" "+l.Canary(form), "key-1")
	l.Check()

	for _, customer := range []string{phone, mail, form} {
		replies := l.RepliesTo(customer)
		require.Len(t, replies, 1, customer)
		require.Regexp(t, answer, replies[0], customer)
	}
	for channel, workflow := range l.WorkflowsByChannel() {
		require.Contains(t, l.Explain(workflow).Sources, "account/reset-password", channel)
	}
	page := l.TicketPage(submitted.TicketID)
	require.Equal(t, submitted.TicketNumber, page.TicketNumber)
	require.Equal(t, ticket.WaitingCustomer, page.Status)
	require.Len(t, page.Answers(), 1)
}
