package main

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/ticket"
)

// articles is the knowledge base of the fictional company.
const articles = "../../dev/company/kb"

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
	l.WhatsApp(phone, "How do I reset my password? "+l.Canary(phone), 1)
	l.Deliver(lab.Mail{From: mail, Name: "Ben Okri", Subject: "Password", Text: "Hello,\n\nhow can I reset my password?\n\nThanks " + l.Canary(mail)})
	submitted := l.Form(form, "Reset password", "How do I reset my password? "+l.Canary(form), "key-1")
	l.Check()

	for _, customer := range []string{phone, mail, form} {
		replies := l.RepliesTo(customer)
		require.Len(t, replies, 1, customer)
		require.Regexp(t, `(?i)forgot|reset`, replies[0], customer)
	}
	page := l.TicketPage(submitted.TicketID)
	require.Equal(t, submitted.TicketNumber, page.TicketNumber)
	require.Equal(t, ticket.WaitingCustomer, page.Status)
	require.Len(t, page.Answers(), 1)
	_ = context.Background
}
