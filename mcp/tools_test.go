package mcp_test

import (
	"fmt"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// What tools say, as clients read it.
type (
	message struct {
		Author, Channel, Ticket, Text, Delivery string
		Verified                                bool
	}
	ticketView struct {
		Number, ID, Status, Owner, Assignee, Priority, Channel, Category, Subject, Customer, Tier, Escalation, Why string
	}
	lookup struct {
		Ticket   ticketView
		Messages []message
		Older    bool `json:"older_messages_left_out"`
	}
	history struct {
		Name, Tier string
		Proved     bool
		Messages   []message
		Older      bool `json:"older_messages_left_out"`
	}
	waiting struct {
		Tickets []ticketView
		More    bool `json:"more_left_out"`
	}
	search struct {
		Passages []struct {
			Article, Title, Language, Text string
			Similarity                     float64
		}
		Note string
	}
)

func texts(messages []message) []string {
	all := make([]string, len(messages))
	for i, m := range messages {
		all[i] = m.Text
	}
	return all
}

func TestToolsOnlyRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listed, err := w.client().ListTools(t.Context(), nil)
	require.NoError(t, err)
	names := []string{}
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
		require.NotEmpty(t, tool.Description, tool.Name)
		require.NotNil(t, tool.Annotations, tool.Name)
		require.True(t, tool.Annotations.ReadOnlyHint, tool.Name)
	}
	require.ElementsMatch(t, []string{"search_knowledge_base", "lookup_ticket", "customer_history", "list_waiting"}, names)

	err = w.reader.InsertCustomer(t.Context(), schema.InsertCustomerParams{Name: "Eve"})
	require.ErrorContains(t, err, "read-only", "what the tools are given can write nothing")
}

func TestLookupTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.thread(w.customer("Ana Silva", "email", "ana@example.com"), ticket.Email, "Hub offline")
	other := w.thread(w.customer("Bo", "email", "bo@example.com"), ticket.Email, "Else")
	w.says(in, 1, ticket.Customer, "Card 4111 1111 1111 1111 was charged.\u202e\U000E0041 Why?", "", "")
	w.says(in, 2, ticket.Assistant, "It was not.", "", "sent")
	w.says(in, 3, ticket.Assistant, "Withdrawn words.", "", "cancelled")
	w.says(in, 4, ticket.Staff, "Stored and not sent.", "staff:1", "")
	w.says(other, 5, ticket.Customer, "Somebody else's words.", "", "")
	w.exec("UPDATE tickets SET status = 'needs_human', escalation_code = 'refund_request' WHERE id = '%s'", in.ticket)
	session := w.client()
	for _, ref := range []string{in.number, strings.ToLower(in.number), " " + in.ticket.String()} {
		var found lookup
		call(t, session, "lookup_ticket", map[string]any{"ticket": ref}, &found)
		require.Equal(t, ticketView{
			Number: in.number, ID: in.ticket.String(), Status: "needs_human", Owner: "ai", Priority: "medium", Channel: "email",
			Category: "billing", Subject: "Hub offline", Customer: "Ana Silva", Tier: "standard", Escalation: "refund_request",
			Why: ticket.EscalationMeaning("refund_request"),
		}, found.Ticket)
		require.Equal(t, []string{"Card <CARD_1> was charged. Why?", "It was not."}, texts(found.Messages))
		require.Equal(t, message{
			Author: "assistant", Channel: "email", Ticket: in.number, Text: "It was not.", Delivery: "delivered", Verified: true,
		}, found.Messages[1])
		require.False(t, found.Older)
	}
}

func TestLookupTicketIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.thread(w.customer("Ana", "email", "ana@example.com"), ticket.Email, "")
	for i := range 51 {
		w.says(in, i, ticket.Customer, fmt.Sprintf("Message %d.", i), "", "")
	}
	w.says(in, 59, ticket.Customer, strings.Repeat("ä", 5000), "", "")
	var found lookup
	call(t, w.client(), "lookup_ticket", map[string]any{"ticket": in.number}, &found)
	require.Len(t, found.Messages, 50)
	require.True(t, found.Older)
	require.Equal(t, "Message 2.", found.Messages[0].Text, "the newest count, the oldest of them first")
	require.Equal(t, strings.Repeat("ä", 4000)+" … (cut)", found.Messages[49].Text)
}

func TestCustomerHistoryGoesOverAllChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, younger := w.customer("Ana Silva", "email", "ana@example.com"), w.customer("", "whatsapp", "+4915112345678")
	w.exec("UPDATE customers SET merged_into = '%s' WHERE id = '%s'", older, younger)
	mail, chat := w.thread(older, ticket.Email, ""), w.thread(younger, ticket.WhatsApp, "")
	stranger := w.thread(w.customer("Bo", "email", "bo@example.com"), ticket.Email, "")
	w.says(mail, 1, ticket.Customer, "By mail. My password is Tr0ub4dor&3x.", "", "")
	w.says(chat, 2, ticket.Customer, "From before the number was hers.", "", "")
	w.says(chat, 4, ticket.Customer, "By WhatsApp.", "", "")
	w.says(chat, 5, ticket.Assistant, "Answered.", "", "sent")
	w.says(chat, 6, ticket.Assistant, "Withdrawn.", "", "cancelled")
	w.says(stranger, 7, ticket.Customer, "Bo's words.", "", "")
	w.exec("UPDATE conversations SET customer_since = '%s' WHERE id = '%s'", w.started.Add(3*60e9).Format("2006-01-02T15:04:05Z07:00"), chat.conversation)
	session := w.client()
	for _, who := range []map[string]any{{"email": "Ana@Example.com"}, {"phone": "+49 151 1234-5678"}} {
		var found history
		call(t, session, "customer_history", who, &found)
		require.Equal(t, "Ana Silva", found.Name)
		require.True(t, found.Proved)
		require.False(t, found.Older)
		require.Equal(t, []string{"By mail. My password is <PASSWORD_1>.", "By WhatsApp.", "Answered."}, texts(found.Messages))
		require.Equal(t, chat.number, found.Messages[2].Ticket)
	}
	for i := range 20 {
		w.says(mail, 10+i, ticket.Customer, fmt.Sprintf("Further %d.", i), "", "")
	}
	var found history
	call(t, session, "customer_history", map[string]any{"email": "ana@example.com"}, &found)
	require.Len(t, found.Messages, 20)
	require.True(t, found.Older)
	require.Equal(t, "Further 0.", found.Messages[0].Text)
}

func TestClaimedAddressIsNotProved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.thread(w.customer("Somebody", "email", "some@example.com"), ticket.WebForm, "")
	w.exec("INSERT INTO identity_claims (conversation_id, kind, value) VALUES ('%s', 'email', 'named@example.com')", in.conversation)
	var found history
	call(t, w.client(), "customer_history", map[string]any{"email": "named@example.com"}, &found)
	require.Equal(t, "Somebody", found.Name)
	require.False(t, found.Proved)
	require.Empty(t, found.Messages)
}

func TestListWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.client()
	var found waiting
	call(t, session, "list_waiting", nil, &found)
	require.Equal(t, waiting{Tickets: []ticketView{}}, found)

	ana := w.customer("Ana", "email", "ana@example.com")
	later, sooner := w.thread(ana, ticket.Email, "Later"), w.thread(ana, ticket.WhatsApp, "Sooner")
	w.thread(ana, ticket.Email, "Answered by the assistant")
	w.exec("UPDATE tickets SET status = 'needs_human', escalation_code = 'legal_threat', sla_due_at = now() + interval '2 hours' WHERE id = '%s'", later.ticket)
	w.exec("UPDATE tickets SET status = 'needs_human', escalation_code = 'safety', sla_due_at = now() + interval '1 hour' WHERE id = '%s'", sooner.ticket)
	call(t, session, "list_waiting", map[string]any{}, &found)
	require.Len(t, found.Tickets, 2)
	require.Equal(t, "Sooner", found.Tickets[0].Subject)
	require.Equal(t, "legal_threat", found.Tickets[1].Escalation)
	require.False(t, found.More)
	for range 49 {
		in := w.thread(ana, ticket.Email, "More")
		w.exec("UPDATE tickets SET status = 'needs_human' WHERE id = '%s'", in.ticket)
	}
	call(t, session, "list_waiting", nil, &found)
	require.Len(t, found.Tickets, 50)
	require.True(t, found.More)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.client()
	var found search
	call(t, session, "search_knowledge_base", map[string]any{"query": "restart the hub"}, &found)
	require.Empty(t, found.Passages)
	require.Contains(t, found.Note, "empty")

	w.ingest("restart", "---\ntitle: Restart the Hub\ncategory: devices\nlanguage: en\n---\n\n# Restart the Hub\n\nTo restart the Hub, hold its button for 3 seconds.\n")
	found = search{}
	call(t, session, "search_knowledge_base", map[string]any{"query": "restart the hub", "max_results": 1}, &found)
	require.Len(t, found.Passages, 1)
	require.Equal(t, "restart", found.Passages[0].Article)
	require.Contains(t, found.Passages[0].Text, "3 seconds")
	require.Positive(t, found.Passages[0].Similarity)
	require.Empty(t, found.Note)

	w.words.away = true
	why := refused(t, session, "search_knowledge_base", map[string]any{"query": "another question"})
	require.Contains(t, why, "at the moment")
	require.NotContains(t, why, "10.1.2.3")
	require.Contains(t, w.log.String(), "10.1.2.3", "operators read the cause")
}

func TestRefusalsAreSentences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.thread(w.customer("Ana", "email", "ana@example.com"), ticket.Email, "")
	session := w.client()
	const evil = "'; DELETE FROM tickets; --"
	for name, c := range map[string]struct {
		tool      string
		arguments map[string]any
		says      string
	}{
		"unknown number":     {"lookup_ticket", map[string]any{"ticket": "T-0000000000"}, "there is no ticket T-0000000000"},
		"unknown id":         {"lookup_ticket", map[string]any{"ticket": "7d1f5f7e-8f0a-4a43-9ffb-0a8a3b1c2d3e"}, "there is no ticket with this id"},
		"SQL as a ticket":    {"lookup_ticket", map[string]any{"ticket": evil}, "a ticket is named by its number"},
		"SQL as a workflow":  {"lookup_ticket", map[string]any{"ticket": "ticket/" + evil}, "there is no ticket of this workflow"},
		"SQL in an address":  {"customer_history", map[string]any{"email": "a@b.example" + evil}, "nobody is known"},
		"NUL":                {"lookup_ticket", map[string]any{"ticket": "ticket/\x00"}, "ticket is not text"},
		"no ticket":          {"lookup_ticket", map[string]any{"ticket": " "}, "ticket is empty"},
		"missing argument":   {"lookup_ticket", map[string]any{}, "ticket"},
		"unknown argument":   {"list_waiting", map[string]any{"status": "closed"}, "status"},
		"nobody named":       {"customer_history", map[string]any{}, "give either email or phone"},
		"two named":          {"customer_history", map[string]any{"email": "a@b.example", "phone": "+4915112345678"}, "give either email or phone"},
		"no mail address":    {"customer_history", map[string]any{"email": in.number}, "email is not a mail address"},
		"no country code":    {"customer_history", map[string]any{"phone": "015112345678"}, "phone must begin with +"},
		"unknown number too": {"customer_history", map[string]any{"phone": "+4915112345678"}, "nobody is known under this number"},
		"empty question":     {"search_knowledge_base", map[string]any{"query": ""}, "query is empty"},
		"long question":      {"search_knowledge_base", map[string]any{"query": strings.Repeat("x", 1001)}, "longer than 1000"},
		"too many results":   {"search_knowledge_base", map[string]any{"query": "hub", "max_results": 11}, "between 1 and 10"},
		"negative results":   {"search_knowledge_base", map[string]any{"query": "hub", "max_results": -1}, "between 1 and 10"},
	} {
		says := refused(t, session, c.tool, c.arguments)
		require.Contains(t, says, c.says, name)
		require.NotContains(t, says, "SQLSTATE", name)
	}
	_, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "resolve_ticket"})
	require.ErrorContains(t, err, "unknown tool")
	require.Equal(t, "1", schematest.Scalar(t, w.url, "SELECT count(*)::text FROM tickets"))
}

func TestFaultsOfOursAreNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.client()
	w.exec("ALTER TABLE tickets RENAME TO gone")
	says := refused(t, session, "list_waiting", nil)
	require.Equal(t, "internal error; the operators find the cause in the log", says)
	require.Contains(t, w.log.String(), "does not exist")
}

func TestCallsAreLoggedWithoutContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.thread(w.customer("Ana Silva", "email", "ana@example.com"), ticket.Email, "Subjectword")
	w.says(in, 1, ticket.Customer, "Bodyword", "", "")
	session := w.client()
	call(t, session, "customer_history", map[string]any{"email": "ana@example.com"}, &history{})
	refused(t, session, "lookup_ticket", map[string]any{"ticket": "T-0000000000"})
	_, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "toolword"})
	require.Error(t, err)
	log := w.log.String()
	require.Contains(t, log, "staff=ana tool=customer_history outcome=answered")
	require.Contains(t, log, "staff=ana tool=lookup_ticket outcome=refused")
	require.Contains(t, log, "staff=ana tool=unknown outcome=refused")
	for _, word := range []string{"Silva", "ana@", "Subjectword", "Bodyword", "toolword", "T-0000000000"} {
		require.NotContains(t, log, word)
	}
}
