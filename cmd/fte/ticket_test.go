package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

func TestTicketUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"ticket":                "say what to do: list, show, takeover, release",
		"ticket burn T-1":       "there is no ticket burn: it is list, show",
		"ticket show":           "ticket show needs the number of a ticket",
		"ticket show T-1 T-2":   `unexpected argument "T-2"`,
		"ticket list T-1":       `unexpected argument "T-1"`,
		"ticket list --limit 0": "--limit must be 1 or more",
		"ticket list --needs-human --status open":        "contradict each other",
		"ticket list --as ana":                           "ticket list has no --as",
		"ticket show T-1 --text x":                       "ticket show has no --text",
		"ticket takeover T-1 --note x":                   "ticket takeover has no --note",
		"ticket takeover T-1 --as Ana":                   "--as: whoever acts needs a short name such as ana",
		"ticket takeover T-1 --as ana@b.example":         "never an e-mail address",
		"ticket takeover T-1 --as clock":                 "the name under which timers act",
		"ticket reply T-1 --as ana":                      "ticket reply needs --text",
		"ticket resolve T-1 --as ana":                    "ticket resolve needs --note",
		"ticket override T-1 --as ana":                   "ticket override needs --note",
		"ticket reject T-1 --as ana":                     "ticket reject needs --reason, a word such as wrong",
		"ticket priority T-1 --as ana":                   "ticket priority needs low, medium, high or urgent",
		"ticket priority T-1 asap --as ana":              "the priority is low, medium, high or urgent",
		"ticket approve T-1 --as ana --draft x":          "--draft is not the id of a draft",
		"ticket override T-1 --as ana --note x --turn x": "--turn is not the id of a turn",
		"ticket override T-1 --as a --note x --prompt x": "this build knows no prompt x, only support-v2, support-v1",

		"mode":                          "say what to do: show or set",
		"mode burn":                     "there is no mode burn",
		"mode show all":                 `unexpected argument "all"`,
		"mode show --channel email":     "it has no flag but --json",
		"mode set":                      "say which mode: off, draft or auto",
		"mode set off now":              `unexpected argument "now"`,
		"mode set off --as a@b.example": "never an e-mail address",

		"customer":                                 "say what to do: show, tier, merge or unmerge",
		"customer burn x":                          "there is no customer burn",
		"customer show":                            "say which customer",
		"customer show a b":                        `unexpected argument "b"`,
		"customer show a --as ana":                 "customer show has no --as",
		"customer tier a@b.example":                "say which tier: standard or vip",
		"customer tier a@b.example gold":           "say which tier: standard or vip",
		"customer tier a@b.example vip x --as ana": `unexpected argument "x"`,
		"customer tier a@b.example vip --as Ana":   "--as: whoever acts",
		"customer merge a@b.example":               "say which customer",
		"customer merge a b":                       "say why: --reason TEXT",
		"customer merge a b c --reason x":          `unexpected argument "c"`,
		"customer unmerge":                         "say which merge",
		"customer unmerge x":                       "say why: --reason TEXT",
		"customer show a --reason x":               "customer show has no --reason",
	} {
		got := fte(t, nil, strings.Fields(line)...)
		require.Equal(t, exitUsage, got.code, "%s: %+v", line, got)
		require.Empty(t, got.stdout, line)
		require.Contains(t, got.stderr, want, line)
	}
	for _, name := range []string{"ticket", "mode", "customer"} {
		require.Contains(t, fte(t, nil).stderr, "\n  "+name+" ")
	}
}

func TestTicketSettings(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"ticket list", "ticket takeover T-0000000000 --as ana", "mode show", "mode set off --as ana", "customer show a@b.example"} {
		args := strings.Fields(line)
		got := fte(t, nil, args...)
		require.Equal(t, exitFailed, got.code, line)
		require.Contains(t, got.stderr, "DATABASE_URL is not set", line)
		got = fte(t, cliSettings(), args...)
		require.Equal(t, exitFailed, got.code, line)
		require.Contains(t, got.stderr, "the database cannot be used; check DATABASE_URL", line)
		got = fte(t, with(cliSettings(), "DATABASE_URL", emptyDatabase(t)), args...)
		require.Equal(t, exitFailed, got.code, line)
		require.Contains(t, got.stderr, "run `fte migrate` first", line)
	}
}

// cliTicket stores a ticket of a new customer and returns its number.
func cliTicket(t *testing.T, url, email string) (number string) {
	t.Helper()
	db, err := schema.Open(t.Context(), schema.Options{URL: url, Name: "test"})
	require.NoError(t, err)
	defer db.Close()
	customer, conversation, id := uuid.New(), uuid.New(), uuid.New()
	require.NoError(t, db.InsertCustomer(t.Context(), schema.InsertCustomerParams{ID: customer, Name: "Ana \x1b[31mSilva"}))
	require.NoError(t, db.InsertIdentity(t.Context(), schema.InsertIdentityParams{Kind: "email", Value: email, CustomerID: customer, SeenAt: time.Now()}))
	require.NoError(t, db.InsertIdentity(t.Context(), schema.InsertIdentityParams{Kind: "whatsapp", Value: "+49151" + fmt.Sprint(customer.ID()%10000000+10000000), CustomerID: customer, SeenAt: time.Now()}))
	require.NoError(t, db.InsertConversation(t.Context(), schema.InsertConversationParams{
		ID: conversation, Channel: ticket.Email, Key: conversation.String(), WorkflowID: "ticket/email/" + conversation.String(),
		CustomerID: customer, SenderVerified: true, Participants: []string{}, ReplyTo: email, InitialCategory: "general", InitialPriority: "medium",
	}))
	_, err = db.InsertTicket(t.Context(), schema.InsertTicketParams{
		ID: id, Number: ticket.Number(id), ConversationID: conversation, Subject: "Link\x1b]0;x\x07 \u202eexpired\n", Category: "billing", Priority: "medium",
	})
	require.NoError(t, err)
	return ticket.Number(id)
}

func TestTicketsAreListed(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url)
	require.Equal(t, outcome{exitOK, "There are no such tickets.\n", ""}, fte(t, settings, "ticket", "list"))
	require.JSONEq(t, "[]", fte(t, settings, "ticket", "list", "--json").stdout)
	first, second := cliTicket(t, url, "ana@customer.example"), cliTicket(t, url, "ben@customer.example")
	schematest.Exec(t, url, "UPDATE tickets SET sla_due_at = '2026-03-02 08:00Z', status = 'needs_human', escalation_code = 'human_requested' WHERE number = '"+second+"'")

	got := fte(t, settings, "ticket", "list")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Regexp(t, `^NUMBER +DUE +STATUS .*\n`+second+` +2026-03-02T08:00:00Z +needs_human +assistant +medium +email +billing +human_requested +Link\]0;x expired \n`+first+` +- +open `, got.stdout)
	require.NotContains(t, got.stdout, "\x1b")
	got = fte(t, settings, "ticket", "list", "--needs-human")
	require.Contains(t, got.stdout, second)
	require.NotContains(t, got.stdout, first)
	require.NotContains(t, fte(t, settings, "ticket", "list", "--limit", "1").stdout, first)
	require.Contains(t, fte(t, settings, "ticket", "list", "--channel", "whatsapp").stdout, "no such tickets")
	var listed []map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "ticket", "list", "--json", "--status", "open", "--channel", "email").stdout), &listed))
	require.Len(t, listed, 1)
	require.Equal(t, first, listed[0]["ticket_number"])
	for _, wrong := range []string{"--status=late", "--channel=fax"} {
		got = fte(t, settings, "ticket", "list", wrong)
		require.Equal(t, exitUsage, got.code, wrong)
		require.Contains(t, got.stderr, " must be ", wrong)
	}

	got = fte(t, settings, "ticket", "show", "T-0000000000")
	require.Equal(t, outcome{exitFailed, "", "fte ticket: there is no ticket T-0000000000\n"}, got)
	got = fte(t, settings, "ticket", "show", second)
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "The customer asks for a person. (human_requested)")
	require.Contains(t, got.stdout, "Its workflow could not be asked: Temporal cannot be used: check TEMPORAL_ADDRESS")
	require.NotContains(t, got.stdout, "\x1b")
	got = fte(t, settings, "ticket", "release", second, "--as", "ana")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "Temporal cannot be used; check TEMPORAL_ADDRESS")
	require.Contains(t, got.stderr, "\nTo ask again without doing it twice, add --action-id ")
}

func TestReplyFromStandardInput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{" \n": "the reply is empty", "a\x00": "bytes that are no text", strings.Repeat("a", 2<<20): "1048576 characters; 10000 are allowed"} {
		var out bytes.Buffer
		settings := with(cliSettings(), "DATABASE_URL", schematest.URL(t))
		number := cliTicket(t, settings["DATABASE_URL"], "ana@customer.example")
		env := environment{envconfig.MapLookuper(settings), strings.NewReader(text), &out, &out}
		require.ErrorContains(t, runTicket(t.Context(), env, []string{"reply", number, "--text", "-", "--as", "ana"}), want)
		require.Empty(t, out.String())
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url)
	got := fte(t, settings, "mode", "show")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Regexp(t, `^CHANNEL +CATEGORY +MODE +SET +MEANING\nemail +all +auto +never, this is the default +the assistant answers\nwhatsapp +all .*\nwebform +all .*\n$`, got.stdout)

	got = fte(t, settings, "mode", "set", "draft", "--channel", "email", "--category", "billing", "--as", "ana")
	require.Equal(t, outcome{exitOK, "email, category billing: draft (was auto)\nFrom now on there: the assistant proposes an answer, and a person approves it.\n", ""}, got)
	got = fte(t, settings, "mode", "show")
	require.Regexp(t, `(?m)^email +all others +auto +never.*\nemail +billing +draft +\d{4}-\S+Z +the assistant proposes`, got.stdout)

	got = fte(t, settings, "mode", "set", "off", "--as", "ana")
	require.Equal(t, outcome{exitOK, "email: off (was auto)\nemail, category billing: no mode of its own any more (was draft)\nwhatsapp: off (was auto)\nwebform: off (was auto)\n" +
		"From now on there: every message goes to a person, and the assistant sends no answer.\n", ""}, got)
	require.Contains(t, fte(t, settings, "mode", "set", "off", "--channel", "email", "--as", "ana").stdout, "email: off, as before\n")
	var shown []map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "mode", "show", "--json").stdout), &shown))
	require.Len(t, shown, 3)
	require.Equal(t, "off", shown[0]["mode"])
	var changed []map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "mode", "set", "auto", "--channel", "webform", "--as", "ana", "--json").stdout), &changed))
	require.Equal(t, "off auto", fmt.Sprint(changed[0]["before"], " ", changed[0]["after"]))
	require.Equal(t, "4", schematest.Scalar(t, url, "SELECT count(*)::text FROM audit_log WHERE actor = 'ana'"))
	for _, wrong := range []string{"mode set on", "mode set off --channel fax", "mode set off --category biling"} {
		got = fte(t, settings, append(strings.Fields(wrong), "--as", "ana")...)
		require.Equal(t, exitUsage, got.code, wrong)
		require.Contains(t, got.stderr, " must be ", wrong)
	}
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url)
	number := cliTicket(t, url, "ana@customer.example")
	for _, who := range []string{"Ana@customer.example", number} {
		got := fte(t, settings, "customer", "show", who)
		require.Equal(t, exitOK, got.code, got.stderr)
		require.Regexp(t, `^name +Ana \[31mSilva\ntier +standard\nsince +\S+Z\nemail +ana@customer.example \(verified\)\nwhatsapp +\+49151\d{8} \(verified\)\n\nNUMBER .*\n`+number+` `, got.stdout)
	}
	got := fte(t, settings, "customer", "tier", "ana@customer.example", "vip", "--as", "ben")
	require.Equal(t, outcome{exitOK, "The customer is vip now (was standard).\n", ""}, got)
	got = fte(t, settings, "customer", "tier", "ana@customer.example", "vip", "--as", "ben")
	require.Equal(t, "The customer is vip now (as before).\n", got.stdout)
	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(fte(t, settings, "customer", "show", number, "--json").stdout), &shown))
	require.Equal(t, "vip", shown["tier"])
	other := cliTicket(t, url, "ben@customer.example")
	schematest.Exec(t, url, "INSERT INTO identity_claims (conversation_id, kind, value) SELECT conversation_id, 'email', 'ana@customer.example' FROM tickets WHERE number = '"+other+"'")
	require.Contains(t, fte(t, settings, "customer", "show", number).stdout, "ana@customer.example (somebody else names it in ticket "+other+", not proved)\n")
	require.Contains(t, fte(t, settings, "customer", "show", other).stdout, "ana@customer.example (only named in ticket "+other+", not proved)\n")
	got = fte(t, settings, "customer", "merge", number, "ben@customer.example", "--reason", "she said so", "--as", "kim")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Regexp(t, `^The two are one customer now\. To part them again: fte customer unmerge \S{36} --reason TEXT\n$`, got.stdout)
	merge := regexp.MustCompile(`\S{36}`).FindString(got.stdout)
	got = fte(t, settings, "customer", "show", other)
	require.Regexp(t, `\nmerge +`+merge+` of \S+Z by kim: a person said so\n`, got.stdout)
	require.Contains(t, got.stdout, number)
	got = fte(t, settings, "customer", "merge", number, other, "--reason", "again", "--as", "kim")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "the two are one customer already")
	got = fte(t, settings, "customer", "unmerge", merge, "--reason", "two sisters", "--as", "kim")
	require.Equal(t, outcome{exitOK, "They are two customers again, and nothing but a person makes them one.\n", ""}, got)
	require.Regexp(t, `undone \S+Z by kim\n`, fte(t, settings, "customer", "show", other).stdout)
	require.Equal(t, exitUsage, fte(t, settings, "customer", "unmerge", "merge", "--reason", "x", "--as", "kim").code)
	got = fte(t, settings, "customer", "show", "nobody@customer.example")
	require.Equal(t, outcome{exitFailed, "", "fte customer: nobody is known under this mail address\n"}, got)
	got = fte(t, settings, "customer", "show", "0151123")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "a phone number with + and country code")
}

func TestPartsInFlightAreNamed(t *testing.T) {
	t.Parallel()
	for parts, want := range map[string]string{
		"":    "T-1 is with ana now.",
		"a":   "T-1 is with ana now. 1 part was being sent when you took over: it is looked for and never sent again.",
		"a b": "T-1 is with ana now. 2 parts were being sent when you took over: they are looked for and never sent again.",
	} {
		var out bytes.Buffer
		c := &ticketCommand{env: environment{stdout: &out}, o: ticketOptions{as: "ana", actionID: "a1"}}
		res := ticket.ActionResult{Status: ticket.WithHuman, Owner: ticket.OwnerHuman, Epoch: 1, InFlight: strings.Fields(parts)}
		require.NoError(t, c.report(staff.Ticket{Number: "T-1"}, ticket.ActionTakeover, res, nil, nil))
		require.Equal(t, want+"\n", out.String())

		out.Reset()
		c.o.json = true
		require.NoError(t, c.report(staff.Ticket{Number: "T-1"}, ticket.ActionTakeover, res, nil, nil))
		var printed map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &printed))
		require.Len(t, printed["in_flight"], len(res.InFlight))
		require.Equal(t, "takeover a1 ana with_human", fmt.Sprint(printed["action"], " ", printed["action_id"], " ", printed["actor"], " ", printed["status"]))
	}
}

func TestHowToAskAgain(t *testing.T) {
	t.Parallel()
	c := &ticketCommand{o: ticketOptions{as: "ana", actionID: "a1"}}
	silence := ticket.Errorf(ticket.CodeUnavailable, "no worker answered")
	err := c.report(staff.Ticket{Number: "T-1"}, ticket.ActionTakeover, ticket.ActionResult{}, nil, silence)
	require.EqualError(t, err, "no worker answered\nTo ask again without doing it twice, add --action-id a1")
	draft := staff.Draft{ID: uuid.New()}
	err = c.report(staff.Ticket{Number: "T-1"}, ticket.ActionApproveDraft, ticket.ActionResult{}, &draft, silence)
	require.EqualError(t, err, "no worker answered\nTo ask again without doing it twice, add --action-id a1 --draft "+draft.ID.String(),
		"another draft may wait by then, or none")
}
