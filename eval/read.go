package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

const (
	// maxLine is the most that one example may have, in bytes.
	maxLine = 1 << 20
	// maxFaults is how many faults of the files are reported at once.
	maxFaults = 20
)

// Message is a labelled message of a customer.
type Message struct {
	ID       string         `json:"id"`
	Channel  ticket.Channel `json:"channel"`
	Subject  string         `json:"subject"`
	Text     string         `json:"text"`
	Escalate *bool          `json:"escalate"` // whether a person has to answer
	Reason   string         `json:"reason"`   // why, an escalation code; empty when nobody has to
	// Sentiment is how the customer feels, from 0 to 1; nil when it cannot be told.
	Sentiment *float64 `json:"sentiment"`
	// Expect is a regular expression that a right answer matches, Articles are
	// those that hold it. Only simulated customers have them.
	Expect   string   `json:"expect"`
	Articles []string `json:"articles"`

	File string `json:"-"`
	Line int    `json:"-"`

	expect *regexp.Regexp
}

// Query is a labelled question: any of the articles answers it.
type Query struct {
	ID       string   `json:"id"`
	Query    string   `json:"query"`
	Articles []string `json:"articles"`

	File string `json:"-"`
	Line int    `json:"-"`
}

// ReadMessages reads labelled messages. Its error is CodeInvalid and lists the
// faults of all files, each with file and line.
func ReadMessages(paths ...string) ([]Message, error) {
	return read(paths, func(m *Message, file string, line int) (string, error) {
		m.File, m.Line = file, line
		return m.ID, m.check()
	})
}

// ReadCustomers reads labelled messages of which those that need no person say
// what a right answer matches. Errors as ReadMessages.
func ReadCustomers(paths ...string) ([]Message, error) {
	return read(paths, func(m *Message, file string, line int) (string, error) {
		m.File, m.Line = file, line
		err := m.check()
		if m.Escalate != nil && !*m.Escalate && m.Expect == "" {
			err = errors.Join(err, errors.New("`expect` is missing: a regular expression that a right answer matches"))
		}
		var bad error
		if m.expect, bad = regexp.Compile("(?i)" + m.Expect); bad != nil {
			err = errors.Join(err, fmt.Errorf("`expect` is not a regular expression: %w", bad))
		}
		return m.ID, err
	})
}

// ReadQueries reads labelled questions. Errors as ReadMessages.
func ReadQueries(paths ...string) ([]Query, error) {
	return read(paths, func(q *Query, file string, line int) (string, error) {
		q.File, q.Line = file, line
		var faults []error
		if strings.TrimSpace(q.Query) == "" {
			faults = append(faults, errors.New("`query` is missing"))
		}
		if len(q.Articles) == 0 {
			faults = append(faults, errors.New("`articles` is missing: the paths, below the knowledge base and without extension, of those that answer it"))
		}
		return q.ID, errors.Join(faults...)
	})
}

func (m *Message) check() error {
	var faults []error
	if !m.Channel.Valid() {
		faults = append(faults, fmt.Errorf("`channel` is %q, not one of email, whatsapp and webform", m.Channel))
	}
	switch {
	case m.Escalate == nil:
		faults = append(faults, errors.New("`escalate` is missing: true when a person has to answer"))
	case *m.Escalate && m.Reason == "":
		faults = append(faults, errors.New("`reason` is missing: why a person has to answer, in one word"))
	case !*m.Escalate && m.Reason != "":
		faults = append(faults, fmt.Errorf("`reason` is %q although nobody has to answer", m.Reason))
	}
	if s := m.Sentiment; s != nil && (*s < 0 || *s > 1) {
		faults = append(faults, fmt.Errorf("`sentiment` is %v, not between 0 and 1", *s))
	}
	return errors.Join(faults...)
}

// read decodes one example a line. check names the example and says what is
// wrong with it.
func read[T any](paths []string, check func(example *T, file string, line int) (id string, err error)) ([]T, error) {
	var all []T
	var faults []string
	ids := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path) //nolint:gosec // The person who evaluates names the files.
		if err != nil {
			return nil, ticket.Wrap(ticket.CodeInvalid, err, "reading examples")
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, maxLine)
		n := 0
		for lines.Scan() {
			n++
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			at := fmt.Sprintf("%s:%d", path, n)
			var example T
			if err := json.Unmarshal(lines.Bytes(), &example); err != nil {
				faults = append(faults, fmt.Sprintf("%s: not an example in JSON: %v", at, err))
				continue
			}
			id, err := check(&example, path, n)
			if err != nil {
				faults = append(faults, at+": "+strings.ReplaceAll(err.Error(), "\n", "; "))
			}
			switch before, known := ids[id]; {
			case id == "":
				faults = append(faults, at+": `id` is missing")
			case known:
				faults = append(faults, fmt.Sprintf("%s: the id %q stands at %s already", at, id, before))
			}
			ids[id] = at
			all = append(all, example)
		}
		if err := lines.Err(); err != nil {
			faults = append(faults, fmt.Sprintf("%s:%d: %v; one example has one line of at most %d bytes", path, n+1, err, maxLine))
		}
	}
	if len(faults) > maxFaults {
		faults = append(slices.Clone(faults[:maxFaults]), fmt.Sprintf("and %d more", len(faults)-maxFaults))
	}
	switch {
	case len(faults) > 0:
		return nil, ticket.Errorf(ticket.CodeInvalid, "the examples cannot be used:\n%s", strings.Join(faults, "\n"))
	case len(all) == 0:
		return nil, ticket.Errorf(ticket.CodeInvalid, "%s has no examples: write one JSON object a line", strings.Join(paths, ", "))
	}
	return all, nil
}
