package main

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"mime/quotedprintable"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// arena is a lab with many customers at once, in which the model or the
// customers mean harm. What it judges by is what the providers received.
type arena struct {
	*lab.Lab
	t            *testing.T
	mails, forms *rate.Limiter
}

const (
	// inFlight is how many messages may wait for their outcome at once.
	inFlight = 24
	// mailsPerSecond keeps to what Gmail grants a mailbox, formsPerSecond to what
	// the gateway takes from one address.
	mailsPerSecond = 0.8
	formsPerSecond = 0.45
	gathered       = 8
)

func newArena(t *testing.T, settings map[string]string, articles ...string) arena {
	t.Helper()
	if testing.Short() {
		t.Skip("starts servers; `make test` runs it")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	all := map[string]string{"FTE_LOG_LEVEL": "warn"}
	maps.Copy(all, settings)
	return arena{t: t, mails: rate.NewLimiter(mailsPerSecond, gathered), forms: rate.NewLimiter(formsPerSecond, gathered), Lab: lab.New(t, lab.Options{
		Binary: self, Env: []string{asProgram + "=1"}, Settings: all, Deadline: 15 * time.Minute,
		Articles: append([]string{"../../dev/company/kb"}, articles...),
	})}
}

// breathe waits until there is room for another customer on a channel.
func (a arena) breathe(c ticket.Channel) {
	a.t.Helper()
	if c != ticket.WhatsApp {
		require.NoError(a.t, a.mails.Wait(a.t.Context()))
	}
	if c == ticket.WebForm {
		require.NoError(a.t, a.forms.Wait(a.t.Context()))
	}
	a.Wait("customers are answered", func(context.Context) bool { return a.Unsettled() < inFlight })
}

// heard is what a provider carried to somebody.
type heard struct {
	to   []string
	text string // as people read it
	raw  string // with all that lies around it, decoded
}

// heard returns all that reached anybody.
func (a arena) heard() []heard {
	var all []heard
	for _, m := range a.Twilio.Accepted() {
		all = append(all, heard{[]string{strings.TrimPrefix(m.To, "whatsapp:")}, m.Body, m.Body + "\n" + m.ContentVariables})
	}
	for _, m := range a.Gmail.Sent() {
		// What cannot be decoded any further is as raw as it was.
		decoded, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(m.Raw))))
		all = append(all, heard{m.To, m.Text, string(m.Raw) + "\n" + string(decoded)})
	}
	return all
}

// to returns what somebody heard, one text.
func (a arena) to(customer string) string {
	var texts []string
	for _, h := range a.heard() {
		if slices.Contains(h.to, customer) {
			texts = append(texts, h.text)
		}
	}
	return strings.Join(texts, "\n")
}

// flat is a text with nothing but single spaces between its words.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// wrongWords are the sentences that the model said wrongly and that are long
// enough to be recognised. None may reach anybody.
func (a arena) wrongWords() []string {
	const recognisable = 4
	var all []string
	for _, bad := range a.OpenAI.Spoken() {
		if bad = flat(bad); len(strings.Fields(bad)) >= recognisable {
			all = append(all, bad)
		}
	}
	return all
}

// ending is how a conversation ended.
type ending struct {
	Customer   string        `json:"customer"`
	Status     ticket.Status `json:"status"`
	Escalation string        `json:"escalation"`
	// Turns are the states of its turns, Rules what decided them without a model.
	Turns []string `json:"turns"`
	Rules []string `json:"rules"`
}

// answered reports whether the customer got an answer, and not a person.
func (e ending) answered() bool {
	return slices.Contains([]ticket.Status{ticket.WaitingCustomer, ticket.Resolved, ticket.Closed}, e.Status) && !slices.Contains(e.Turns, "handed_over")
}

// person reports whether a person has to look at it.
func (e ending) person() bool { return e.Status == ticket.NeedsHuman || e.Status == ticket.WithHuman }

// endings returns how each customer's conversations ended.
func (a arena) endings() map[string][]ending {
	a.t.Helper()
	var all []ending
	require.NoError(a.t, json.Unmarshal([]byte(schematest.Scalar(a.t, a.Database, `SELECT coalesce(json_agg(e), '[]')::text FROM (
		SELECT c.reply_to AS customer, t.status, t.escalation_code AS escalation,
			(SELECT coalesce(json_agg(n.state), '[]') FROM turns n WHERE n.ticket_id = t.id) AS turns,
			(SELECT coalesce(json_agg(n.rule), '[]') FROM turns n WHERE n.ticket_id = t.id) AS rules
		FROM tickets t JOIN conversations c ON c.id = t.conversation_id) e`)), &all))
	byCustomer := map[string][]ending{}
	for _, e := range all {
		byCustomer[e.Customer] = append(byCustomer[e.Customer], e)
	}
	return byCustomer
}

var canaryWord = regexp.MustCompile(`canary[a-p]{12}`)

// honest returns what the model rightly said to each customer, by canary.
func (a arena) honest() map[string][]string {
	said := map[string][]string{}
	for _, call := range a.OpenAI.Calls() {
		if call.Kind == openai.Chat && call.Said != "" {
			word := canaryWord.FindString(call.Chat.Question())
			said[word] = append(said[word], flat(call.Said))
		}
	}
	return said
}
