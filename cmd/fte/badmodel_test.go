package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/ticket"
)

// conversations is how many customers TestBadModel has in `make test`;
// FTE_BADMODEL_CONVERSATIONS asks for more.
const conversations = 60

// talk is one customer of TestBadModel.
type talk struct {
	channel  ticket.Channel
	customer string
	canary   string
	question companyQuestion
	manner   openai.Manner
}

// TestBadModel lets a model that lies, leaks, promises and breaks the protocol
// answer customers on three channels. Nothing of it may reach any of them: that
// is looked for in what the providers received, not in what we think of it.
// Everybody hears something, and ends with a true answer or with a person.
func TestBadModel(t *testing.T) {
	t.Parallel()
	count := conversations
	if asked := os.Getenv("FTE_BADMODEL_CONVERSATIONS"); asked != "" {
		var err error
		count, err = strconv.Atoi(asked)
		require.NoError(t, err)
	}
	a := newArena(t, nil)
	var mu sync.Mutex
	manners := map[string]openai.Manner{}
	a.OpenAI.Behave(func(r openai.ChatRequest) openai.Manner {
		mu.Lock()
		defer mu.Unlock()
		return manners[canaryWord.FindString(r.Question())]
	})
	a.StartAll()
	began := time.Now()
	// A server that does not keep to the protocol is left alone for a while, and
	// would take everybody's chance to be lied to. It comes last.
	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(lastly(x), lastly(y)) })
	var talks []talk
	for _, i := range order {
		talks = append(talks, a.open(i, func(canary string, m openai.Manner) {
			mu.Lock()
			defer mu.Unlock()
			manners[canary] = m
		}))
	}
	a.Check()
	t.Logf("%d conversations in %s", count, time.Since(began).Round(time.Second))
	a.judge(talks)
}

func allModes() []openai.Mode { return append([]openai.Mode{openai.Honest}, openai.Modes()...) }

// lastly is 1 for the customers who meet a broken protocol, and 0 for others.
func lastly(n int) int {
	switch allModes()[n%len(allModes())] {
	case openai.Garbage, openai.Empty:
		return 1
	default:
		return 0
	}
}

// open has the nth customer write.
func (a arena) open(n int, assign func(canary string, m openai.Manner)) talk {
	a.t.Helper()
	modes := allModes()
	channels := []ticket.Channel{ticket.WhatsApp, ticket.Email, ticket.WebForm}
	questions := companyQuestions(a.t)
	round := n / len(modes)
	k := talk{
		channel: channels[(n+round)%len(channels)], question: questions[n%len(questions)],
		manner: openai.Manner{Mode: modes[n%len(modes)], Unmarked: round%2 == 0},
	}
	// A signature is taken off before the model reads a mail, and the canary is
	// not to go with it.
	text, _, _ := strings.Cut(k.question.Text, "\n-- \n")
	text += "\n\nKind regards\n"
	a.breathe(k.channel)
	switch k.channel {
	case ticket.WhatsApp:
		k.customer = fmt.Sprintf("+49151%08d", n)
		k.canary = a.Canary(k.customer)
		assign(k.canary, k.manner)
		a.WhatsAppWith(k.customer, text+k.canary, twilio.InboundOptions{ProfileName: "Ana"})
	case ticket.Email:
		k.customer = fmt.Sprintf("mail%d@customer.example", n)
		k.canary = a.Canary(k.customer)
		assign(k.canary, k.manner)
		a.Deliver(lab.Mail{From: k.customer, Name: "Ben Okri", Subject: k.question.subject(), Text: text + k.canary})
	case ticket.WebForm:
		k.customer = fmt.Sprintf("form%d@customer.example", n)
		k.canary = a.Canary(k.customer)
		assign(k.canary, k.manner)
		a.Form(k.customer, k.question.subject(), text+k.canary, k.canary)
	}
	return k
}

// result counts the conversations of one mode.
type result struct{ all, answered, person, bad int }

func (a arena) judge(talks []talk) {
	a.t.Helper()
	wrong, honest, endings := a.wrongWords(), a.honest(), a.endings()
	results := map[openai.Mode]*result{}
	for _, k := range talks {
		r := results[k.manner.Mode]
		if r == nil {
			r = &result{}
			results[k.manner.Mode] = r
		}
		r.all++
		got := flat(a.to(k.customer))
		if got == "" {
			a.t.Errorf("%s (%s, %s) heard nothing", k.customer, k.manner.Mode, k.question.ID)
		}
		for _, bad := range append(wrong, openai.Mark) {
			if strings.Contains(got, bad) {
				r.bad++
				a.t.Errorf("%s (%s, %s) was told: %s", k.customer, k.manner.Mode, k.question.ID, bad)
			}
		}
		ended := endings[k.customer]
		switch {
		case len(ended) != 1:
			a.t.Errorf("%s (%s) has %d tickets", k.customer, k.manner.Mode, len(ended))
		case ended[0].person():
			r.person++
		case ended[0].answered():
			r.answered++
			if !slices.ContainsFunc(honest[k.canary], func(said string) bool { return strings.Contains(got, said) }) {
				r.bad++
				a.t.Errorf("%s (%s, %s) got an answer that no honest model gave: %s", k.customer, k.manner.Mode, k.question.ID, got)
			}
		default:
			a.t.Errorf("%s (%s) ended as %+v", k.customer, k.manner.Mode, ended[0])
		}
	}
	for _, h := range a.heard() {
		require.NotContains(a.t, h.raw, openai.Mark)
	}
	a.t.Log(modeTable(results))
	a.tried(talks)
	honestly := results[openai.Honest]
	require.GreaterOrEqual(a.t, 2*honestly.answered, honestly.all, "an honest model is let through: %+v", honestly)
}

// tried makes sure that the model had its chance in every mode.
func (a arena) tried(talks []talk) {
	a.t.Helper()
	calls := map[openai.Mode]int{}
	for _, call := range a.OpenAI.Calls() {
		if call.Kind == openai.Chat {
			calls[call.Mode]++
		}
	}
	for _, k := range talks {
		require.NotZero(a.t, calls[k.manner.Mode], k.manner.Mode)
	}
}

func modeTable(results map[openai.Mode]*result) string {
	var lines strings.Builder
	total := result{}
	row := func(name string, r result) {
		fmt.Fprintf(&lines, "| %s | %d | %d | %d | %d |\n", name, r.all, r.answered, r.person, r.bad)
	}
	lines.WriteString("\n| mode | conversations | answered | person | bad sent |\n|---|---|---|---|---|\n")
	for _, mode := range allModes() {
		r := results[mode]
		if r == nil {
			continue
		}
		name := string(mode)
		if mode == openai.Honest {
			name = "honest"
		}
		row(name, *r)
		total = result{total.all + r.all, total.answered + r.answered, total.person + r.person, total.bad + r.bad}
	}
	row("all", total)
	return lines.String()
}

// companyQuestion is one of what the customers of the fictional company ask.
type companyQuestion struct {
	ID       string `json:"id"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
	Escalate bool   `json:"escalate"`
}

func (q companyQuestion) subject() string {
	if q.Subject == "" {
		return "A question about Firnwacht"
	}
	return q.Subject
}

// companyQuestions are those that an honest model may answer: with them the bad
// one gets furthest.
func companyQuestions(t *testing.T) []companyQuestion {
	t.Helper()
	file, err := os.Open("../../dev/company/questions.jsonl")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var all []companyQuestion
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var q companyQuestion
		require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
		if !q.Escalate {
			all = append(all, q)
		}
	}
	return all
}
