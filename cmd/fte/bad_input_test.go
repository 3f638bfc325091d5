package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/ticket"
)

// badInput is what a customer sends, and what has to come of it.
type badInput struct {
	name string
	text string // the words, on every channel that takes them
	// channels are those on which it is sent.
	channels []ticket.Channel
	mail     string // a whole mail instead, behind its From and To
	media    []twilio.Media
	// hears is a pattern of what the customer is told; why the code for which a
	// person is asked, empty when none is.
	hears, why string
}

// TestBadInput is the table of docs/bad-input.md: every odd message ends with
// the outcome that is stated for it, and the customer is told.
func TestBadInput(t *testing.T) {
	t.Parallel()
	const (
		// modelDecides is for what is left to the model: an answer or a person.
		modelDecides = "model"
		asks         = "arrived without any text. What can we do for you?"
		cannotSee    = "what you sent has arrived"
		passedOn     = "passed it to our team|passed to our team"
		plain        = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	)
	every := ticket.Channels()
	picture := base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n not much of a picture"))
	filler := func(size int) string {
		return question + "\n" + strings.Repeat("It is a long story. ", size)[:size-len(question)-1]
	}
	rows := []badInput{
		{name: "nothing, mail", channels: []ticket.Channel{ticket.Email}, mail: plain, hears: asks},
		{name: "nothing, WhatsApp", channels: []ticket.Channel{ticket.WhatsApp}, text: " ", hears: asks},
		{
			name: "a picture, mail", channels: []ticket.Channel{ticket.Email}, hears: cannotSee, why: "unreadable",
			mail: "Subject: \r\nMIME-Version: 1.0\r\nContent-Type: image/png; name=a.png\r\n" +
				"Content-Disposition: attachment; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n",
		},
		{
			name: "a picture, WhatsApp", channels: []ticket.Channel{ticket.WhatsApp}, hears: cannotSee, why: "unreadable",
			media: []twilio.Media{{ContentType: "image/png"}},
		},
		{name: "nearly 50,000 characters", channels: []ticket.Channel{ticket.Email}, text: filler(49_900), hears: answer},
		{name: "more than 50,000 characters", channels: []ticket.Channel{ticket.Email}, text: filler(50_100), hears: cannotSee, why: "unreadable"},
		{name: "as long as the form takes", channels: []ticket.Channel{ticket.WebForm}, text: filler(5_000), hears: answer},
		{name: "English with some German", channels: every, text: question + " Vielen Dank und viele Grüße aus Köln!", hears: answer},
		{
			name: "more Spanish than English", channels: every, text: question + " ¿Y dónde puedo descargar mis facturas del año pasado?",
			hears: "Gracias por su mensaje", why: "unsupported_language",
		},
		{name: "emoji", channels: every, text: "🙂🙂🙂 👍👍👍 🎉🎉🎉", hears: `\pL`, why: modelDecides},
		{
			name: "code", channels: every, text: "x[i++] = (y >>= 2) ^ 0xff; z = !z && w->q; v %= u;",
			hears: `\pL`, why: modelDecides,
		},
		{
			name: "a language without articles", channels: every, text: "¿Dónde puedo descargar mis facturas del año pasado?",
			hears: "Gracias por su mensaje", why: "unsupported_language",
		},
		{
			name: "a language without words of ours", channels: every, text: "パスワードをリセットするリンクはどのくらい有効ですか。教えてください。",
			hears: passedOn, why: "unsupported_language",
		},
		{name: "signs", channels: []ticket.Channel{ticket.WhatsApp}, text: "????????????!!!!!!!", hears: cannotSee, why: "unreadable"},
		{name: "one letter over and over", channels: every, text: strings.Repeat("a", 400), hears: `\pL`, why: modelDecides},
	}
	a := newArena(t, nil)
	a.StartAll()
	who := map[string]*badInput{}
	for i := range rows {
		for n, c := range rows[i].channels {
			customer := fmt.Sprintf("odd%d-%d@customer.example", i, n)
			a.breathe(c)
			switch c {
			case ticket.WhatsApp:
				customer = fmt.Sprintf("+49151500%05d", 100*i+n)
				a.WhatsAppWith(customer, rows[i].text, twilio.InboundOptions{ProfileName: "Ana", Media: rows[i].media})
			case ticket.Email:
				if rows[i].mail != "" {
					a.DeliverRaw([]byte("From: <"+customer+">\r\nTo: <"+lab.Mailbox+">\r\n"+rows[i].mail), customer)
					break
				}
				a.Deliver(lab.Mail{From: customer, Name: "Ana", Subject: "A question", Text: rows[i].text})
			case ticket.WebForm:
				a.Form(customer, "A question", rows[i].text, customer)
			}
			who[customer] = &rows[i]
		}
	}
	a.Check()
	endings := a.endings()
	for customer, row := range who {
		ended := endings[customer]
		require.Len(t, ended, 1, "%s: %s", row.name, customer)
		require.Regexp(t, row.hears, flat(a.to(customer)), "%s: %s", row.name, customer)
		if row.why == modelDecides {
			require.True(t, ended[0].answered() || ended[0].person(), "%s: %s", row.name, customer)
			continue
		}
		require.Equal(t, row.why, ended[0].Escalation, "%s: %s", row.name, customer)
		require.Equal(t, row.why != "", ended[0].person(), "%s: %s", row.name, customer)
	}
	for _, refused := range []string{"", filler(5_001)} {
		_, status := a.TryForm("odd@customer.example", "A question", refused, "refused")
		require.Equal(t, http.StatusUnprocessableEntity, status, "the form says what is wrong")
	}
}
