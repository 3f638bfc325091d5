package mcp

import (
	"context"
	"strings"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/staff"
	"github.com/digital-fte/fte/ticket"
)

const (
	// Limits of what is asked, in characters.
	maxQuery = 1000
	maxRef   = 320
	// Limits of what is answered.
	defaultResults = 5
	maxResults     = 10
	maxOfTicket    = 50
	maxOfCustomer  = 20
	maxWaiting     = 50
)

// addTools adds the four tools, which only read.
func (s *Server) addTools(server *sdk.Server) {
	add(s, server, "search_knowledge_base", "Search the company's articles by meaning and by words. Returns the passages that may answer the "+
		"question, the best first. An empty list means that the articles do not say.", s.search)
	add(s, server, "lookup_ticket", "Look at one ticket: status, who answers, priority, channel, why a person was asked, and its newest messages, "+
		"the oldest of them first.", s.lookup)
	add(s, server, "customer_history", "The newest 20 messages of one customer over email, WhatsApp and the web form, the oldest of them first. "+
		"Give either email or phone.", s.history)
	add(s, server, "list_waiting", "The tickets that wait for a person, the most urgent first, with why a person was asked. At most 50.", s.waiting)
}

// add adds a tool whose errors are sentences.
func add[In, Out any](s *Server, server *sdk.Server, name, description string, answer func(context.Context, In) (Out, error)) {
	closed := false
	sdk.AddTool(server, &sdk.Tool{
		Name: name, Description: description,
		Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &closed},
	}, func(ctx context.Context, _ *sdk.CallToolRequest, in In) (*sdk.CallToolResult, Out, error) {
		out, err := answer(ctx, in)
		if err != nil {
			return nil, out, s.told(ctx, err)
		}
		return nil, out, nil
	})
}

type searchInput struct {
	Query      string `json:"query" jsonschema:"what to find, in the words of a customer; at most 1000 characters"`
	MaxResults int    `json:"max_results,omitempty" jsonschema:"how many passages to return, 1 to 10; 5 if left out"`
}

type searchOutput struct {
	Passages []passage `json:"passages"`
	Note     string    `json:"note,omitempty"`
}

type passage struct {
	Article    string  `json:"article" jsonschema:"name of the article"`
	Title      string  `json:"title" jsonschema:"the headings that lead to the passage"`
	Language   string  `json:"language"`
	Text       string  `json:"text"`
	Similarity float64 `json:"similarity" jsonschema:"how near the passage is to the question, 1 at most"`
}

func (s *Server) search(ctx context.Context, in searchInput) (searchOutput, error) {
	if err := checkText("query", in.Query, maxQuery); err != nil {
		return searchOutput{}, err
	}
	if in.MaxResults == 0 {
		in.MaxResults = defaultResults
	}
	if in.MaxResults < 1 || in.MaxResults > maxResults {
		return searchOutput{}, ticket.Errorf(ticket.CodeInvalid, "max_results must be between 1 and %d", maxResults)
	}
	if s.knowledge == nil {
		return searchOutput{}, ticket.Errorf(ticket.CodeInvalid,
			"searching is not set up: set OPENAI_API_KEY (or OPENAI_BASE_URL, for a server that needs none) for `fte mcp`; the other tools work")
	}
	found, err := s.knowledge.Search(ctx, in.Query, in.MaxResults)
	if err != nil {
		return searchOutput{}, err
	}
	out := searchOutput{Passages: make([]passage, len(found.Chunks))}
	for i, c := range found.Chunks {
		out.Passages[i] = passage{
			Article: c.Slug, Title: visible(c.Title), Language: c.Language, Text: visible(c.Content), Similarity: c.Similarity,
		}
	}
	if found.Version == 0 {
		out.Note = "The knowledge base is empty."
	}
	return out, nil
}

type lookupInput struct {
	Ticket string `json:"ticket" jsonschema:"number of the ticket, such as T-4QXV8GZ2KM, or its id"`
}

type lookupOutput struct {
	Ticket   ticketView `json:"ticket"`
	Messages []message  `json:"messages"`
	Older    bool       `json:"older_messages_left_out"`
}

func (s *Server) lookup(ctx context.Context, in lookupInput) (lookupOutput, error) {
	if err := checkText("ticket", in.Ticket, maxRef); err != nil {
		return lookupOutput{}, err
	}
	found, err := s.desk.Find(ctx, in.Ticket)
	if err != nil {
		return lookupOutput{}, err
	}
	rows, err := s.db.TicketMessages(ctx, schema.TicketMessagesParams{TicketID: found.ID, MaxMessages: maxOfTicket + 1})
	if err != nil {
		return lookupOutput{}, schema.Classify(err)
	}
	texts := []string{found.Subject, found.Customer, found.Reason}
	raw := make([]schema.CustomerMessagesRow, len(rows))
	for i, r := range rows {
		raw[i] = schema.CustomerMessagesRow{
			Author: r.Author, Channel: r.Channel, Subject: r.Subject, Body: r.Body, Verified: r.Verified,
			ProviderAt: r.ProviderAt, Delivery: r.Delivery, Number: found.Number,
		}
		texts = append(texts, r.Subject, r.Body)
	}
	w := wordingOf(texts...)
	shown, older := newest(w, raw, maxOfTicket)
	return lookupOutput{Ticket: viewOf(w, found), Messages: shown, Older: older}, nil
}

type historyInput struct {
	Email string `json:"email,omitempty" jsonschema:"mail address of the customer"`
	Phone string `json:"phone,omitempty" jsonschema:"phone number of the customer with + and country code"`
}

type historyOutput struct {
	Name     string    `json:"name"`
	Tier     string    `json:"tier"`
	Proved   bool      `json:"proved" jsonschema:"whether the channel has proved that the address is this customer's; if false somebody has only named it"`
	Messages []message `json:"messages"`
	Older    bool      `json:"older_messages_left_out"`
}

func (s *Server) history(ctx context.Context, in historyInput) (historyOutput, error) {
	ref, err := in.ref()
	if err != nil {
		return historyOutput{}, err
	}
	customer, err := s.desk.Customer(ctx, ref)
	if err != nil {
		return historyOutput{}, err
	}
	rows, err := s.db.CustomerMessages(ctx, schema.CustomerMessagesParams{CustomerID: customer.ID, MaxMessages: maxOfCustomer + 1})
	if err != nil {
		return historyOutput{}, schema.Classify(err)
	}
	texts := []string{customer.Name}
	for _, r := range rows {
		texts = append(texts, r.Subject, r.Body)
	}
	w := wordingOf(texts...)
	shown, older := newest(w, rows, maxOfCustomer)
	return historyOutput{
		Name: w.say(customer.Name), Tier: customer.Tier, Proved: proved(customer, ref), Messages: shown, Older: older,
	}, nil
}

// ref returns how the customer is named.
func (in historyInput) ref() (string, error) {
	email, phone := strings.TrimSpace(in.Email), strings.TrimSpace(in.Phone)
	switch {
	case (email == "") == (phone == ""):
		return "", ticket.Errorf(ticket.CodeInvalid, "give either email or phone")
	case email != "" && !strings.Contains(email, "@"):
		return "", ticket.Errorf(ticket.CodeInvalid, "email is not a mail address")
	case phone != "" && !strings.HasPrefix(phone, "+"):
		return "", ticket.Errorf(ticket.CodeInvalid, "phone must begin with + and the country code")
	}
	ref := email + phone
	return ref, checkText("email or phone", ref, maxRef)
}

type waitingInput struct{}

type waitingOutput struct {
	Tickets []ticketView `json:"tickets"`
	More    bool         `json:"more_left_out"`
}

func (s *Server) waiting(ctx context.Context, _ waitingInput) (waitingOutput, error) {
	found, err := s.desk.List(ctx, staff.Filter{Status: ticket.NeedsHuman, Limit: maxWaiting + 1})
	if err != nil {
		return waitingOutput{}, err
	}
	out := waitingOutput{More: len(found) > maxWaiting}
	out.Tickets = make([]ticketView, min(len(found), maxWaiting))
	for i := range out.Tickets {
		t := found[i]
		out.Tickets[i] = viewOf(wordingOf(t.Subject, t.Customer, t.Reason), t)
	}
	return out, nil
}

// checkText refuses what is no question: nothing, too much, or no text.
func checkText(name, s string, limit int) error {
	switch {
	case strings.TrimSpace(s) == "":
		return ticket.Errorf(ticket.CodeInvalid, "%s is empty", name)
	case utf8.RuneCountInString(s) > limit:
		return ticket.Errorf(ticket.CodeInvalid, "%s is longer than %d characters", name, limit)
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		return ticket.Errorf(ticket.CodeInvalid, "%s is not text", name)
	}
	return nil
}
