package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// accountQuestion is what the simulated model leaves to somebody with access.
const accountQuestion = "Where is my order?"

var sixDigitLine = regexp.MustCompile(`(?m)^([0-9]{6})\r?$`)

// asker is a customer on a form who is asked for a one-time code.
type asker struct {
	*office
	email string
	form  lab.Submitted
	typed int
}

func (a *asker) types(text string) {
	a.t.Helper()
	a.typed++
	a.PageMessage(a.form.TicketID, a.email, text, fmt.Sprintf("%s-%d", a.email, a.typed))
}

// reads waits until the page says something as often as this.
func (a *asker) reads(words string, times int) {
	a.t.Helper()
	a.Wait(a.email+" reads "+words, func(context.Context) bool {
		return strings.Count(strings.Join(a.TicketPage(a.form.TicketID).Answers(), "\n"), words) == times
	})
}

// ends waits until a person is asked because nobody else can answer.
func (a *asker) ends() {
	a.t.Helper()
	a.Wait(a.email+" waits for a person", func(context.Context) bool {
		return a.TicketPage(a.form.TicketID).Status == ticket.NeedsHuman
	})
}

// code waits for the nth mail with a code and returns what it brings.
func (a *asker) code(n int) (code string) {
	a.t.Helper()
	a.Wait(fmt.Sprintf("%s gets code %d", a.email, n), func(context.Context) bool {
		var codes []string
		for _, mail := range a.RepliesTo(a.email) {
			if found := sixDigitLine.FindStringSubmatch(mail); found != nil {
				codes = append(codes, found[1])
			}
		}
		if len(codes) == n {
			code = codes[n-1]
		}
		return code != ""
	})
	return code
}

// other returns a code that is none of these.
func other(codes ...string) string {
	for n := 0; ; n++ {
		if code := fmt.Sprintf("%06d", n); !slices.Contains(codes, code) {
			return code
		}
	}
}

// TestOneTimeCodes has customers prove who they are, or not. The simulated model
// leaves what concerns an account to a person even then, who is told of it.
func TestOneTimeCodes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	askers := map[string]*asker{}
	for _, name := range []string{"right", "wrong", "late", "foreign"} {
		email := name + "@customer.example"
		askers[name] = &asker{office: o, email: email, form: o.Form(email, "My order", accountQuestion, name)}
	}
	const phone = "+491511234567"
	o.WhatsApp(phone, accountQuestion, 1)
	right, wrong, late, foreign := askers["right"], askers["wrong"], askers["late"], askers["foreign"]
	codes := []string{right.code(1), wrong.code(1), late.code(1), foreign.code(1)}
	for _, a := range askers {
		a.reads("To answer this we have to be sure who you are", 1)
	}

	// Somebody else's code is a wrong one, and proves nothing for its owner.
	foreign.types(codes[0])
	foreign.reads("You have 2 more tries.", 1)
	require.Equal(t, "0", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM verifications WHERE state = 'proved'"))
	guess := other(codes...)
	right.types(guess)
	right.reads("You have 2 more tries.", 1)
	right.types("My code is " + codes[0])
	right.ends()
	require.Equal(t, "proved", schematest.Scalar(t, o.Database, "SELECT state FROM verifications WHERE address = '"+right.email+"'"))

	for _, a := range []*asker{wrong, foreign} {
		for left := 3 - a.typed; left > 1; left-- {
			a.types(guess)
			a.reads(map[int]string{3: "You have 2 more tries.", 2: "You have one more try."}[left], 1)
		}
		a.types(guess)
		a.ends()
		require.Equal(t, "failed", schematest.Scalar(t, o.Database, "SELECT state FROM verifications WHERE address = '"+a.email+"'"))
	}

	// A code that has run out brings another one.
	schematest.Exec(t, o.Database, "UPDATE verifications SET expires_at = now() - interval '1 second' WHERE address = '"+late.email+"'")
	late.types(codes[2])
	codes = append(codes, late.code(2))
	late.types(codes[4])
	late.ends()

	o.Check()
	require.Equal(t, "5", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM tickets WHERE status = 'needs_human' AND escalation_code = '"+ticket.EscalateIdentity+"'"))
	require.Equal(t, "5", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM verifications"), "Twilio proves who writes: no code is asked for")
	require.Equal(t, "2", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM handovers WHERE tried LIKE '%was proved by a code%'"))
	o.knownToNobody(codes)
}

// knownToNobody looks for codes where none belongs.
func (o *office) knownToNobody(codes []string) {
	o.t.Helper()
	anyCode := regexp.MustCompile(`\b(` + strings.Join(codes, "|") + `)\b`)
	for _, call := range o.OpenAI.Calls() {
		require.False(o.t, anyCode.Match(call.Raw), "a request to the model")
	}
	for id := range o.Workflows() {
		for _, event := range o.History(id) {
			require.NotRegexp(o.t, anyCode, event.String(), "the history of a workflow")
		}
	}
	// The lab keeps the log of each role in a temporary folder of the test.
	logs, err := filepath.Glob(filepath.Join(filepath.Dir(o.t.TempDir()), "*", "*.log"))
	require.NoError(o.t, err)
	require.GreaterOrEqual(o.t, len(logs), len(lab.Roles()))
	for _, name := range logs {
		said, err := os.ReadFile(name)
		require.NoError(o.t, err)
		require.False(o.t, anyCode.Match(said), name)
	}
}
