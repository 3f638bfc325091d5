package main

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/lab"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// office is a lab in which people work with the command line.
type office struct {
	*lab.Lab
	t *testing.T
}

func newOffice(t *testing.T, settings map[string]string) *office {
	t.Helper()
	o := &office{newLab(t, settings), t}
	o.StartAll()
	return o
}

// try runs a command line as somebody.
func (o *office) try(line, who string, more ...string) outcome {
	o.t.Helper()
	args := append(strings.Fields(line), more...)
	if who != "" {
		args = append(args, "--as", who)
	}
	return fte(o.t, map[string]string{
		"DATABASE_URL": o.Database, "TEMPORAL_ADDRESS": o.Server.Address, "TEMPORAL_NAMESPACE": o.Server.Namespace,
	}, args...)
}

// says runs a command line that succeeds and says so with these words.
func (o *office) says(line, who, want string, more ...string) string {
	o.t.Helper()
	got := o.try(line, who, more...)
	require.Equal(o.t, exitOK, got.code, "%s: %s", line, got.stderr)
	require.Contains(o.t, got.stdout, want, line)
	return got.stdout
}

// refuses runs a command line that is refused with exactly one sentence.
func (o *office) refuses(line, who, want string, more ...string) {
	o.t.Helper()
	got := o.try(line, who, more...)
	require.Equal(o.t, exitFailed, got.code, "%s: %s", line, got.stdout)
	require.Equal(o.t, "fte ticket: "+want+"\n", got.stderr, line)
}

// shows waits until a ticket is shown with all of these patterns, and returns how.
func (o *office) shows(number string, patterns ...string) (shown string) {
	o.t.Helper()
	o.Wait(number+" shows "+strings.Join(patterns, ", "), func(context.Context) bool {
		shown = o.try("ticket show "+number, "").stdout
		return !slices.ContainsFunc(patterns, func(p string) bool { return !regexp.MustCompile("(?m)" + p).MatchString(shown) })
	})
	return shown
}

// number waits for the ticket of the only conversation and returns its number.
func (o *office) number() (number string) {
	o.t.Helper()
	o.Wait("a ticket is open", func(context.Context) bool {
		var listed []struct {
			Number string `json:"ticket_number"`
		}
		require.NoError(o.t, json.Unmarshal([]byte(o.says("ticket list --json", "", "[")), &listed))
		if len(listed) == 1 {
			number = listed[0].Number
		}
		return number != ""
	})
	return number
}

// hears waits until the customer has got a reply that matches.
func (o *office) hears(customer, pattern string) {
	o.t.Helper()
	o.Wait(customer+" hears "+pattern, func(context.Context) bool {
		return slices.ContainsFunc(o.RepliesTo(customer), regexp.MustCompile(pattern).MatchString)
	})
}

// TestPeopleDecideAboutDrafts has the assistant propose only, and people approve
// and reject.
func TestPeopleDecideAboutDrafts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const phone = "+491511234567"
	o.says("mode set draft --channel whatsapp", "ana", "whatsapp: draft (was auto)")
	o.WhatsApp(phone, question, 1)
	number := o.number()
	shown := o.shows(number, "needs_human", `\(approval_needed\)`, "Draft ", "sources: account/reset-password", "drafted: waits")
	require.Regexp(t, `(?m)^  .*`+answer, shown, "the draft's words")
	for _, text := range o.RepliesTo(phone) {
		require.NotRegexp(t, answer, text, "nobody has approved it")
	}
	o.says("ticket list --needs-human", "", number)
	o.refuses("ticket approve "+number+" --draft 00000000-0000-0000-0000-000000000001", "ana", "there is no draft with this id")
	require.Regexp(t, answer, o.says("ticket approve "+number, "ana", "The draft is approved and goes to the customer of "+number+"."), "it is shown first")
	o.hears(phone, answer)
	o.shows(number, "waiting_customer", "approve_draft by ana")
	o.refuses("ticket approve "+number, "ana", "no draft of "+number+" waits for approval")

	o.WhatsApp(phone, "And "+question, 1)
	o.shows(number, "needs_human", "Draft ", `(?s)drafted: waits.*drafted: waits`)
	o.says("ticket reject "+number+" --reason incomplete", "ana", "The draft is rejected; "+number+" waits for a person.")
	require.NotContains(t, o.shows(number, "needs_human", `\(draft_rejected\)`, "handed over to a person$"), "Draft ")

	o.says("mode set auto", "ana", "whatsapp: auto (was draft)")
	o.says("ticket override "+number, "ana", "Its answer waits for approval.", "--note", "the article was wrong then")
	o.shows(number, "override by ana", "Draft ")
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM instructions WHERE actor = 'ana' AND NOT auto"))
}

// TestPeopleAnswer goes through the life of a ticket that a person answers.
func TestPeopleAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const phone = "+491511234567"
	o.WhatsApp(phone, question, 1)
	number := o.number()
	o.shows(number, "waiting_customer")
	o.hears(phone, answer)

	o.refuses("ticket release "+number, "ana", number+" is with the assistant already.")
	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	o.refuses("ticket takeover "+number, "ben", number+" is with ana. Ask ana to release it first.")
	o.refuses("ticket reply "+number, "ben", number+" is with ana. Ask ana to release it first.", "--text", "I say so")
	require.Equal(t, "0", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM messages WHERE author = 'staff'"), "what was refused was never said")
	o.shows(number, "with_human", "^with +ana", "takeover by ana")

	o.says("ticket reply "+number+" --action-id once", "ana", "Your reply to "+number+" is on its way", "--text", "Your link was sent\nagain.")
	o.says("ticket reply "+number+" --action-id once", "ana", "is on its way", "--text", "Your link was sent\nagain.")
	o.hears(phone, `Your link was sent\s+again\.`)
	o.refuses("ticket reply "+number+" --action-id once", "ana", "this action id has been used for something else before: ask again with a new one", "--text", "Other words")
	o.says("ticket priority "+number+" urgent", "ana", number+" has priority urgent now.")
	o.shows(number, "^priority +urgent")

	before := len(o.RepliesTo(phone))
	o.WhatsApp(phone, "Thank you. And "+question, 1)
	o.says("ticket show "+number, "", number)
	require.Len(t, o.RepliesTo(phone), before, "a person has it")
	o.Wait("the message is settled", func(context.Context) bool {
		return schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM processed_messages WHERE outcome = 'human'") == "1"
	})
	got := o.says("ticket release "+number+" --json", "ana", `"action":"release"`)
	var released struct {
		Status ticket.Status `json:"status"`
		Owner  ticket.Owner  `json:"owner"`
		Epoch  int64         `json:"epoch"`
	}
	require.NoError(t, json.Unmarshal([]byte(got), &released))
	require.Equal(t, ticket.Open, released.Status, "a customer waits")
	require.Equal(t, ticket.OwnerAI, released.Owner)
	require.EqualValues(t, 2, released.Epoch)
	o.Wait("the assistant answers what came in meanwhile", func(context.Context) bool { return len(o.RepliesTo(phone)) > before })
	o.shows(number, "waiting_customer", `(?s)answered$.*answered$`)

	o.says("ticket resolve "+number, "ana", number+" is resolved.", "--note", "Sent a new link.")
	o.refuses("ticket resolve "+number, "ana", number+" is resolved already.", "--note", "Again.")
	o.says("ticket reopen "+number, "ben", number+" is open again and waits for a person.")
	o.shows(number, "needs_human", `\(reopened\)`, "reopen by ben")
	o.refuses("ticket reopen "+number, "ben", number+" is not settled: there is nothing to reopen.")
	once := 0
	for _, text := range o.RepliesTo(phone) {
		once += strings.Count(text, "Your link was sent")
	}
	require.Equal(t, 1, once)
}

// TestAClosedTicketIsActedOn wakes a ticket whose workflow has ended.
func TestAClosedTicketIsActedOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, map[string]string{"FTE_CLOSE_AFTER": "1s"})
	const phone = "+491511234567"
	o.WhatsApp(phone, question, 1)
	number := o.number()
	o.shows(number, "closed")
	for _, line := range []string{"release " + number, "priority " + number + " low"} {
		o.refuses("ticket "+line, "ana", number+" is closed; reopen it first")
	}
	o.says("ticket takeover "+number, "ana", number+" is with ana now.")
	o.shows(number, "with_human", "takeover by ana")
	o.says("ticket reply "+number, "ana", "is on its way", "--text", "One thing more.")
	o.hears(phone, "One thing more")
}

// TestNoWorker asks while nobody can answer: nothing is pretended, and asking
// again under the same id does it once.
func TestNoWorker(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const phone = "+491511234567"
	o.WhatsApp(phone, question, 1)
	number := o.number()
	o.shows(number, "waiting_customer")
	o.Process("tickets").Kill()
	got := o.try("ticket reply "+number+" --action-id once", "ana", "--text", "I am here.")
	require.Equal(t, exitFailed, got.code)
	require.Regexp(t, "^fte ticket: no worker answered within 20s: is `fte worker` running\\? It may still happen.*\nTo ask again without doing it twice, add --action-id once\n$", got.stderr)
	require.Contains(t, o.says("ticket show "+number, "", number), "Its workflow could not be asked: no worker answered: is `fte worker` running?")
	o.Start("tickets")
	o.says("ticket reply "+number+" --action-id once", "ana", "is on its way", "--text", "I am here.")
	o.hears(phone, "I am here")
	require.Equal(t, "1", schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM messages WHERE author = 'staff'"))
}
