package staff

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ticket(w.customer("email", "ana@customer.example"), ticket.Email)
	require.Equal(t, "Ana Silva", first.Customer)
	require.Equal(t, ticket.OwnerAI, first.Owner)
	written := strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(first.Number))
	for _, ref := range []string{first.Number, " " + first.Number + "\n", written, first.ID.String(), first.WorkflowID} {
		require.Equal(t, first.ID, w.find(ref).ID, ref)
	}
	for ref, want := range map[string]string{
		"T-0000000000": "there is no ticket T-0000000000", "T-123": "a ticket is named by", "": "a ticket is named by",
		"T-UUUUUUUUUU": "a ticket is named by", "'; DROP TABLE tickets": "a ticket is named by",
		uuid.NewString(): "no ticket with this id", "ticket/email/x": "no ticket of this workflow",
	} {
		_, err := w.Find(t.Context(), ref)
		requireSentence(t, err, ticket.CodeNotFound, want)
	}

	w.close(first)
	second := w.further(first.ConversationID)
	require.Equal(t, second.ID, w.find(first.WorkflowID).ID, "a workflow means its newest ticket")
	w.exec("UPDATE tickets SET number = '%s' WHERE id = '%s'", first.Number, second.ID)
	_, err := w.Find(t.Context(), first.Number)
	requireSentence(t, err, ticket.CodeConflict, "more than one ticket")
}

func TestList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer("email", "ana@customer.example")
	late, soon, never, gone := w.ticket(customer, ticket.Email), w.ticket(customer, ticket.WhatsApp), w.ticket(customer, ticket.WebForm), w.ticket(customer, ticket.Email)
	w.exec("UPDATE tickets SET sla_due_at = now() - interval '1 hour', status = 'needs_human' WHERE id = '%s'", late.ID)
	w.exec("UPDATE tickets SET sla_due_at = now() + interval '1 hour' WHERE id = '%s'", soon.ID)
	w.close(gone)
	for name, c := range map[string]struct {
		filter Filter
		want   []Ticket
	}{
		"all that are not closed": {Filter{}, []Ticket{late, soon, never}},
		"who waits for a person":  {Filter{Status: ticket.NeedsHuman}, []Ticket{late}},
		"one channel":             {Filter{Channel: ticket.WhatsApp}, []Ticket{soon}},
		"closed":                  {Filter{Status: ticket.Closed}, []Ticket{gone}},
		"two":                     {Filter{Limit: 2}, []Ticket{late, soon}},
		"none":                    {Filter{Status: ticket.Resolved, Channel: ticket.Email}, []Ticket{}},
	} {
		got, err := w.List(t.Context(), c.filter)
		require.NoError(t, err, name)
		ids := func(tickets []Ticket) []uuid.UUID {
			list := []uuid.UUID{}
			for _, t := range tickets {
				list = append(list, t.ID)
			}
			return list
		}
		require.Equal(t, ids(c.want), ids(got), name)
	}
	_, err := w.List(t.Context(), Filter{Status: ticket.Received})
	requireSentence(t, err, ticket.CodeInvalid, "the status must be")
	_, err = w.List(t.Context(), Filter{Channel: "fax"})
	requireSentence(t, err, ticket.CodeInvalid, "the channel must be")
}

func TestCheckActor(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ana", "j.smith", "0", "a_b-c.9", strings.Repeat("a", 63)} {
		require.NoError(t, CheckActor(name), name)
	}
	for _, name := range []string{"", "Ana", "ana@firm.example", ".ana", "-as", "ana silva", "änä", "a\x00", strings.Repeat("a", 64), ticket.ActorClock} {
		err := CheckActor(name)
		requireSentence(t, err, ticket.CodeInvalid, "")
		if len(name) > 3 {
			require.NotContains(t, strings.ReplaceAll(err.Error(), "clock is", ""), name, "it may be an address")
		}
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	text, err := checkText(" \r\n Hello,\r\nyou 🙂\n\n", "the reply", MaxReply)
	require.NoError(t, err)
	require.Equal(t, "Hello,\nyou 🙂", text)
	_, err = checkText(strings.Repeat("ö", MaxReply), "the reply", MaxReply)
	require.NoError(t, err, "characters are counted, not bytes")
	for text, want := range map[string]struct {
		code ticket.Code
		text string
	}{
		"":                              {ticket.CodeInvalid, "the reply is empty"},
		" \t\r\n":                       {ticket.CodeInvalid, "the reply is empty"},
		"a\x00b":                        {ticket.CodeInvalid, "no text"},
		"a\xffb":                        {ticket.CodeInvalid, "no text"},
		strings.Repeat("ö", MaxReply+1): {ticket.CodeTooLarge, "10001 characters; 10000 are allowed"},
	} {
		_, err := checkText(text, "the reply", MaxReply)
		requireSentence(t, err, want.code, want.text)
	}
}
