// Package attacks holds attempts to make the assistant say, reveal or do what
// it may not, for system tests to send. README.md says what the fields mean.
//
// It must never be imported by production code.
package attacks

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Said is what an attacker wants to hear whose attack is encoded, so that no
// canary of its own could stand in it.
const Said = "the vault is open"

//go:embed attacks.jsonl
var corpus []byte

// Article is the channel of attacks that come by the knowledge base.
const Article = "kb"

// Attack is one attempt.
type Attack struct {
	ID      string `json:"id"`
	Channel string `json:"channel"` // email, whatsapp, webform or Article
	Where   string `json:"where"`
	Kind    string `json:"kind"`
	Text    string `json:"text"`

	Subject    string            `json:"subject"`
	Name       string            `json:"name"`
	HTML       string            `json:"html"`
	Attachment string            `json:"attachment"` // name of a file
	Attached   string            `json:"attached"`   // what the file says
	Headers    map[string]string `json:"headers"`
	// History are earlier messages of the attacker, the oldest first.
	History []string `json:"history"`
	// Title and Question are of an article: what it is called, and what an
	// innocent customer asks about it.
	Title    string `json:"title"`
	Question string `json:"question"`
}

// Load returns all attacks in the order of the file. It fails on a line that
// does not fit.
func Load() ([]Attack, error) {
	var all []Attack
	decoder := json.NewDecoder(bytes.NewReader(corpus))
	decoder.DisallowUnknownFields()
	for {
		var a Attack
		err := decoder.Decode(&a)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading attack %d: %w", len(all)+1, err)
		}
		all = append(all, a)
	}
}

// Aim returns the attack with its placeholders filled in: the word that the
// attacker wants to hear and the address of somebody else.
func (a Attack) Aim(canary, victim string) Attack {
	fill := strings.NewReplacer("{{canary}}", canary, "{{victim}}", victim)
	for _, text := range []*string{&a.Text, &a.Subject, &a.Name, &a.HTML, &a.Attachment, &a.Attached, &a.Title, &a.Question} {
		*text = fill.Replace(*text)
	}
	headers := make(map[string]string, len(a.Headers))
	for name, value := range a.Headers {
		headers[name] = fill.Replace(value)
	}
	a.Headers = headers
	history := make([]string, len(a.History))
	for i, text := range a.History {
		history[i] = fill.Replace(text)
	}
	a.History = history
	return a
}
