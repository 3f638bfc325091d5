package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

// PromptInput is all that a prompt is made of.
type PromptInput struct {
	Prompt           Prompt // the zero value means the newest
	Channel          ticket.Channel
	Company          string
	History          []HistoryMessage // the oldest first, without CustomerMessages
	Chunks           []Chunk          // the best first
	CustomerMessages []string         // the oldest first
	PriorSearches    []SearchRound    // what the model searched for in this turn already
	Rejected         *Rejection       // set for the repair call only
	InvalidCall      *InvalidCall     // set if the model's last call could not be used
	// Identity says whether it is proved who writes: "verified" or
	// "unverified"; empty says nothing.
	Identity string
	// Language is that of the customer's messages, as an ISO 639-1 code; empty
	// leaves it to the model.
	Language string
	// Nonce marks where data begins and ends. The customer must not be able to
	// guess it, and it must be the same for the same turn, or stored model
	// calls are not found again.
	Nonce string
}

// HistoryMessage is an earlier message of the conversation.
type HistoryMessage struct {
	Author ticket.Author
	Text   string
	At     time.Time // zero if unknown
}

// Chunk is a retrieved piece of the knowledge base.
type Chunk struct {
	ID      uuid.UUID
	Title   string
	Content string
}

// SearchRound is one search the model asked for and what was found.
type SearchRound struct {
	Query      string
	ToolCallID string
	Chunks     []Chunk
}

// Rejection is an answer that the review refused, and why.
type Rejection struct {
	ToolCallID string
	Raw        json.RawMessage // Completion.Raw of the refused answer
	Reasons    []string
}

// Build returns the messages that ask the model for its next step. Equal input
// gives equal bytes. Text that others wrote appears only inside JSON strings,
// one object a line, so that it can neither end its block nor begin another.
func Build(in PromptInput) []Message {
	facts := line(struct {
		Company  string         `json:"company"`
		Channel  ticket.Channel `json:"channel"`
		Identity string         `json:"identity,omitempty"`
		Language string         `json:"language,omitempty"`
		Marker   string         `json:"data_marker"`
	}{in.Company, in.Channel, in.Identity, in.Language, in.Nonce})
	rules := in.Prompt
	if rules.Text == "" {
		rules = CurrentPrompt()
	}
	msgs := []Message{
		{Role: RoleSystem, Content: rules.Text + "\n" + facts + "\n"},
		{Role: RoleUser, Content: strings.Join([]string{
			block(in.Nonce, "knowledge", chunkLines(in.Chunks)),
			block(in.Nonce, "history", historyLines(in.History)),
			block(in.Nonce, "customer", customerLines(in.CustomerMessages)),
			"Answer with exactly one tool call.\n",
		}, "\n")},
	}
	for i, round := range in.PriorSearches {
		id := callID(round.ToolCallID, i)
		msgs = append(msgs,
			Message{Role: RoleAssistant, ToolCall: &ToolCall{ID: id, Tool: ToolSearch, Arguments: line(searchArgs{Query: &round.Query})}},
			Message{Role: RoleTool, ToolCallID: id, Content: block(in.Nonce, "knowledge", chunkLines(round.Chunks))},
		)
	}
	if in.Rejected != nil {
		msgs = append(msgs, in.Rejected.messages(len(in.PriorSearches))...)
	}
	if in.InvalidCall != nil {
		msgs = append(msgs, in.InvalidCall.messages(len(in.PriorSearches)+1)...)
	}
	return msgs
}

func (r Rejection) messages(nth int) []Message {
	refused := struct {
		Tool      Tool           `json:"tool"`
		Arguments map[string]any `json:"arguments"`
	}{ToolRespond, map[string]any{}}
	// What ParseDecision accepts decodes; of anything else only the reasons
	// count. Writing the arguments anew gives the same bytes for a call that a
	// jsonb column has put into another order.
	_ = json.Unmarshal(r.Raw, &refused)
	id := callID(r.ToolCallID, nth)
	return []Message{
		{Role: RoleAssistant, ToolCall: &ToolCall{ID: id, Tool: refused.Tool, Arguments: line(refused.Arguments)}},
		{Role: RoleTool, ToolCallID: id, Content: line(struct {
			Rejected bool     `json:"rejected"`
			Reasons  []string `json:"reasons"`
		}{true, r.Reasons}) + "\n"},
	}
}

// callID stands in for the id that some servers leave empty, since a tool
// result must name its call.
func callID(id string, nth int) string {
	if id == "" {
		return fmt.Sprintf("call_%d", nth+1)
	}
	return id
}

func chunkLines(chunks []Chunk) []string {
	lines := make([]string, 0, len(chunks))
	for _, c := range chunks {
		lines = append(lines, line(struct {
			ID      uuid.UUID `json:"chunk_id"`
			Title   string    `json:"title"`
			Content string    `json:"content"`
		}{c.ID, visible(c.Title), visible(c.Content)}))
	}
	return lines
}

func historyLines(history []HistoryMessage) []string {
	lines := make([]string, 0, len(history))
	for _, m := range history {
		at := ""
		if !m.At.IsZero() {
			at = m.At.UTC().Format(time.RFC3339)
		}
		lines = append(lines, line(struct {
			Author ticket.Author `json:"history_author"`
			Text   string        `json:"history_text"`
			At     string        `json:"history_at,omitempty"`
		}{m.Author, visible(m.Text), at}))
	}
	return lines
}

func customerLines(messages []string) []string {
	lines := make([]string, 0, len(messages))
	for _, m := range messages {
		lines = append(lines, line(struct {
			Text string `json:"customer_message"`
		}{visible(m)}))
	}
	return lines
}

func block(nonce, name string, lines []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<<<data:%s %s>>>\n", nonce, name)
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	fmt.Fprintf(&b, "<<<end:%s %s>>>\n", nonce, name)
	return b.String()
}

// line encodes v on one line. It leaves <, > and & as they are, or the model
// would learn to write links with escapes in them.
func line(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings, and what was decoded from JSON, always encode
	return strings.TrimSuffix(b.String(), "\n")
}
