package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

var (
	reasonWord   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	languageCode = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
)

// call is a tool call in the form in which it is stored.
type call struct {
	Tool      Tool            `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// The arguments as they arrive: pointers tell a missing value from a zero,
// which would make a customer of unknown mood a furious one.
type (
	searchArgs struct {
		Query *string `json:"query"`
	}
	escalateArgs struct {
		Reason  *string     `json:"reason"`
		Urgency *string     `json:"urgency"`
		Triage  *triageArgs `json:"triage"`
	}
	respondArgs struct {
		Message   *string     `json:"message"`
		Citations *[]string   `json:"citations"`
		Triage    *triageArgs `json:"triage"`
	}
	triageArgs struct {
		Sentiment  *float64  `json:"sentiment"`
		Confidence *float64  `json:"confidence"`
		Category   *Category `json:"category"`
		Priority   *Priority `json:"priority"`
		Language   *string   `json:"language"`
	}
)

// ParseDecision reads a stored tool call (Completion.Raw) back. It returns a
// *ticket.Error with CodeBadOutput if the call breaks a rule of its tool; the
// message names the rule and holds nothing the model or the customer wrote.
func ParseDecision(raw json.RawMessage) (Decision, error) {
	var c call
	if err := decode(raw, &c); err != nil {
		return Decision{}, err
	}
	d, _, err := parseCall(c.Tool, c.Arguments)
	return d, err
}

// parseCall checks a tool call and returns it with its arguments written anew,
// so that what is stored is what was checked.
func parseCall(tool Tool, arguments []byte) (d Decision, raw json.RawMessage, err error) {
	var args any
	switch tool {
	case ToolSearch:
		var a searchArgs
		if err = decode(arguments, &a); err == nil {
			d.Search, err = a.check()
		}
		args = a
	case ToolEscalate:
		var a escalateArgs
		if err = decode(arguments, &a); err == nil {
			d.Escalate, err = a.check()
		}
		args = a
	case ToolRespond:
		var a respondArgs
		if err = decode(arguments, &a); err == nil {
			d.Respond, err = a.check()
		}
		args = a
	default:
		err = badOutput("a tool that does not exist")
	}
	if err != nil {
		return Decision{}, nil, err
	}
	return d, store(tool, args), nil
}

// store encodes a checked call; strings and finite numbers always encode.
func store(tool Tool, args any) json.RawMessage {
	written, _ := json.Marshal(args)
	raw, _ := json.Marshal(call{tool, written})
	return raw
}

func (a searchArgs) check() (*Search, error) {
	switch {
	case a.Query == nil:
		return nil, badOutput("a search without a query")
	case !prose(*a.Query):
		return nil, badOutput("an empty or unprintable query")
	case len(*a.Query) > MaxQueryBytes:
		return nil, badOutput("a query that is too long")
	}
	return &Search{Query: strings.TrimSpace(*a.Query)}, nil
}

// check does not refuse an escalation for its wording: that would only keep a
// customer from a person. Prose in place of a word could carry what the
// customer wrote to where it must not be, so it becomes ReasonOther.
func (a escalateArgs) check() (*Escalation, error) {
	if a.Reason == nil || a.Urgency == nil {
		return nil, badOutput("an escalation without reason or urgency")
	}
	if strings.ContainsRune(*a.Reason, 0) || strings.ContainsRune(*a.Urgency, 0) {
		return nil, badOutput("an unprintable reason or urgency")
	}
	triage, err := a.Triage.check()
	if err != nil {
		return nil, err
	}
	e := &Escalation{Reason: Reason(*a.Reason), Urgency: Priority(*a.Urgency), Triage: triage}
	if !reasonWord.MatchString(*a.Reason) {
		e.Reason = ReasonOther
	}
	if !slices.Contains(Priorities(), e.Urgency) {
		e.Urgency = PriorityHigh
	}
	return e, nil
}

func (a respondArgs) check() (*Response, error) {
	switch {
	case a.Message == nil || a.Citations == nil:
		return nil, badOutput("a response without message or citations")
	case !prose(*a.Message):
		return nil, badOutput("an empty or unprintable message")
	case len(*a.Message) > MaxMessageBytes:
		return nil, badOutput("a message that is too long")
	case len(*a.Citations) > MaxCitations:
		return nil, badOutput("too many citations")
	}
	r := &Response{Message: strings.TrimSpace(*a.Message), Citations: []uuid.UUID{}}
	for _, text := range *a.Citations {
		id, err := uuid.Parse(text)
		if err != nil || len(text) != len(id.String()) {
			return nil, badOutput("a citation that is not a chunk id")
		}
		if !slices.Contains(r.Citations, id) {
			r.Citations = append(r.Citations, id)
		}
	}
	var err error
	r.Triage, err = a.Triage.check()
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (a *triageArgs) check() (Triage, error) {
	switch {
	case a == nil:
		return Triage{}, badOutput("no triage")
	case a.Sentiment == nil || a.Confidence == nil || a.Category == nil || a.Priority == nil || a.Language == nil:
		return Triage{}, badOutput("an incomplete triage")
	case !share(*a.Sentiment):
		return Triage{}, badOutput("a sentiment out of range")
	case !share(*a.Confidence):
		return Triage{}, badOutput("a confidence out of range")
	case !slices.Contains(Categories(), *a.Category):
		return Triage{}, badOutput("an unknown category")
	case !slices.Contains(Priorities(), *a.Priority):
		return Triage{}, badOutput("an unknown priority")
	case !languageCode.MatchString(*a.Language):
		return Triage{}, badOutput("a language that is not a language code")
	}
	return Triage{*a.Sentiment, *a.Confidence, *a.Category, *a.Priority, *a.Language}, nil
}

// prose reports whether s says something and can be stored: Postgres has no
// NUL in text.
func prose(s string) bool {
	return strings.TrimSpace(s) != "" && !strings.ContainsRune(s, 0)
}

func share(f float64) bool { return f >= 0 && f <= 1 }

// decode reads one JSON object and nothing besides, with no unknown fields.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badOutput("arguments that are not the JSON asked for")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badOutput("arguments followed by something else")
	}
	return nil
}

func badOutput(what string) error {
	return ticket.Errorf(ticket.CodeBadOutput, "the model gave %s", what)
}
