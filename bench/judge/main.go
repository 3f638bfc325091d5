// Command judge trains the statistical part of triage on the labelled messages
// that may be fitted to, and prints its weights:
//
//	go run ./bench/judge > weights.txt && mv weights.txt triage/judge.txt
//
// With -folds 5 it prints instead how well models do that have not seen a fifth
// of the messages. It never reads a test file.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/digital-fte/fte/triage"
	"github.com/digital-fte/fte/triage/judge"
)

// labelled are files of messages or questions, one JSON object a line.
var labelled = []string{
	"bench/eval/triage.tune.jsonl", "bench/eval/triage.hard.tune.jsonl", "bench/eval/retrieval.tune.jsonl", "dev/company/questions.jsonl",
}

// examples are files of "code | text".
var examples = []string{"triage/testdata/en.txt", "triage/testdata/more.txt", "triage/testdata/other.txt", "triage/testdata/hard.txt", "triage/testdata/attacks.txt"}

func main() {
	folds := flag.Int("folds", 0, "measure on `N` parts that were left out, instead of printing weights")
	flag.Parse()
	if err := run(os.Stdout, *folds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, folds int) error {
	all, err := readAll()
	if err != nil {
		return err
	}
	if folds > 1 {
		return measure(out, all, folds)
	}
	return judge.Train(all).Write(out,
		fmt.Sprintf("Weights of triage/judge, trained on %d messages in English and German by go run ./bench/judge from", len(all)),
		strings.Join(slices.Concat(labelled, examples), " "))
}

func readAll() ([]judge.Example, error) {
	var all []judge.Example
	add := func(m triage.Message, code string) {
		if code == "" || code == "-" {
			code = judge.Nobody
		}
		all = append(all, judge.Example{Words: m.Words(), Code: code})
	}
	for _, name := range labelled {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			var m struct {
				Subject, Text, Query, Reason string
			}
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				return nil, fmt.Errorf("reading %s: %w", name, err)
			}
			if m.Reason == "" || triage.Judged(m.Reason) {
				add(triage.Message{Subject: m.Subject, Text: m.Text + m.Query}, m.Reason)
			}
		}
	}
	for _, name := range examples {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			head, text, ok := strings.Cut(strings.TrimSpace(line), " | ")
			f := strings.Fields(head)
			if !ok || f[0] == "#" || len(f) == 2 && f[0] != "de" && f[0] != "en" {
				continue
			}
			if code := f[len(f)-1]; code == "-" || triage.Judged(code) {
				add(triage.Message{Text: text}, code)
			}
		}
	}
	return all, nil
}

// measure prints, for several odds, how many of those who need a person are
// found and how many others with them.
func measure(w io.Writer, all []judge.Example, folds int) error {
	type judged struct {
		odds float64
		due  bool
	}
	var out []judged
	for k := range folds {
		var train, held []judge.Example
		for i, e := range all {
			if i%folds == k {
				held = append(held, e)
			} else {
				train = append(train, e)
			}
		}
		m := judge.Train(train)
		for _, e := range held {
			out = append(out, judged{m.Judge(e.Words).Odds, e.Code != judge.Nobody})
		}
	}
	for _, odds := range []float64{-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2} {
		var due, found, calm, wrong float64
		for _, j := range out {
			above := j.odds > odds
			switch {
			case j.due && above:
				due, found = due+1, found+1
			case j.due:
				due++
			case above:
				calm, wrong = calm+1, wrong+1
			default:
				calm++
			}
		}
		_, err := fmt.Fprintf(w, "odds over %4.1f: recall %.3f of %.0f, false escalation %.3f of %.0f\n", odds, found/due, due, wrong/calm, calm)
		if err != nil {
			return err
		}
	}
	return nil
}
