package webform

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The one description of the form. The pages are built from the same file, so
// that a browser never lets through what the server refuses.
//
//go:embed form.json
var described []byte

// form is what the description says.
type form struct {
	Submission []field `json:"submission"` // in the order of the page
	Reply      []field `json:"reply"`
	NotText    string  `json:"notText"`
}

// field is one field of the form.
type field struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Kind     kind     `json:"kind"`
	Optional bool     `json:"optional"`
	Min      int      `json:"min"`        // in characters (runes) after trimming
	Max      int      `json:"max"`        // the same; of an address in bytes
	Mailbox  int      `json:"maxMailbox"` // of an address, in bytes before the @
	Pattern  string   `json:"pattern"`
	Initial  string   `json:"initial"` // what the page begins with, and what a choice means that is left out
	Choices  []choice `json:"choices"`
	Says     says     `json:"says"`

	shape *regexp.Regexp
}

type choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// says are the sentences for what may be wrong with a field. {min}, {max},
// {count} and {choices} stand for the limits, the length and the choices.
type says struct {
	Missing   string `json:"missing"`
	Short     string `json:"short"`
	Long      string `json:"long"`
	Malformed string `json:"malformed"`
}

// kind is how a field is read.
type kind string

const (
	kindLine   kind = "line"   // one line of text
	kindWords  kind = "words"  // any number of lines
	kindEmail  kind = "email"  // a bare mail address
	kindPhone  kind = "phone"  // a number in international form
	kindChoice kind = "choice" // one of a closed set
	kindBait   kind = "bait"   // what only robots fill in
)

var theForm = sync.OnceValue(func() *form {
	f := &form{}
	if err := json.Unmarshal(described, f); err != nil {
		panic(fmt.Errorf("reading the description of the form: %w", err))
	}
	for _, fields := range [][]field{f.Submission, f.Reply} {
		for i := range fields {
			if fields[i].Pattern != "" {
				fields[i].shape = regexp.MustCompile(fields[i].Pattern)
			}
		}
	}
	return f
})

// values are what a choice may be.
func (d *field) values() []string {
	all := make([]string, 0, len(d.Choices))
	for _, c := range d.Choices {
		all = append(all, c.Value)
	}
	return all
}

// sentence fills in what the words stand for.
func (d *field) sentence(words string, count int) string {
	return strings.NewReplacer(
		"{min}", strconv.Itoa(d.Min), "{max}", strconv.Itoa(d.Max), "{count}", strconv.Itoa(count),
		"{choices}", strings.Join(d.values(), ", "),
	).Replace(words)
}

// choices returns the values of a choice of the submission.
func choices(name string) []string {
	for i := range theForm().Submission {
		if d := &theForm().Submission[i]; d.Name == name {
			return d.values()
		}
	}
	return nil
}
