package review

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

// Chunk is a piece of the knowledge base that was found in this turn.
type Chunk struct {
	ID      uuid.UUID
	Title   string // the headings that lead to it, joined with " > "
	Content string // as it is stored, with its markdown
	Slug    string // of its article
	// Language is an ISO 639-1 code; empty when nobody said.
	Language string
}

// Input is a draft and all it may rest on.
type Input struct {
	Channel   ticket.Channel
	Draft     string
	Citations []uuid.UUID
	Retrieved []Chunk // everything found in this turn
	// Customer holds the customer's own words of this turn, already masked.
	Customer []string
	// Earlier is what anybody said before in this conversation. It is what a
	// sentence such as "as you wrote" may repeat, and a source of no facts.
	Earlier      []string
	SystemPrompt string
	Canaries     []string // what must never appear: nonces, markers
	Company      string
	OwnLinks     []string // links and addresses allowed besides those of the cited chunks
	Limits       Limits
}

// Limits is how long an answer may be before it is put into its channel's form.
// Zero means no limit.
type Limits struct {
	Words      int
	Characters int
}

// Result says whether a draft may be sent, and why not.
type Result struct {
	Verdicts []ticket.Verdict // one a rule, in the order of Rules
	Passed   bool             // every verdict passed
	// Claims counts the sentences that state something, Supported those of them
	// that a cited chunk supports.
	Claims    int
	Supported int
	// Support is the mean support of the claims from 0 to 1, and 1 without any.
	Support float64
	// Deepen says that nothing failed but the words of some claims, so that
	// CheckDeeply may settle it.
	Deepen bool
	// StatesNothing says that no sentence is a claim: a thank-you, a question
	// back, an honest "I could not find that".
	StatesNothing bool
}

// Embedder turns texts into vectors of equal length, in the order of the texts.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// The rules, by the names their verdicts bear.
const (
	RuleCitations   = "citations"
	RuleGrounding   = "grounding"
	RulePromises    = "promises"
	RuleCommitments = "commitments"
	RuleLeaks       = "leaks"
	RuleLinks       = "links"
	RuleStyle       = "style"
	RuleLanguage    = "language"
	RuleHidden      = "hidden"
)

// Rules returns the names of all rules in the order of the verdicts.
func Rules() []string {
	return []string{
		RuleCitations, RuleGrounding, RulePromises, RuleCommitments, RuleLeaks,
		RuleLinks, RuleStyle, RuleLanguage, RuleHidden,
	}
}

// Check reviews a draft by its words alone. Equal input gives an equal result.
func Check(in Input) Result {
	return newDraft(in).result()
}

// CheckDeeply reviews a draft like Check and then asks e, in one call, about
// claims that failed for their words alone. It returns e's error; the result
// beside it is that of Check.
func CheckDeeply(ctx context.Context, in Input, e Embedder) (Result, error) {
	d := newDraft(in)
	if err := d.deepen(ctx, e); err != nil {
		return d.result(), err
	}
	return d.result(), nil
}

// draft is a draft being read.
type draft struct {
	Input
	text      string // without what cannot be seen
	cited     []Chunk
	tongue    *tongue
	language  string // of the draft, if it is sure
	sources   []*source
	places    []spot           // every sentence of the sources
	index     map[string][]int // which of the places have a root
	claims    []claim
	allowed   allowance
	words     map[string]bool // of the cited chunks, stemmed
	customers map[string]bool // words of the customer, stemmed
	said      map[string]bool // what was stated to us, stemmed; nil until an echo asks
}

func newDraft(in Input) *draft {
	d := &draft{Input: in, text: visible(in.Draft)}
	for _, c := range in.Retrieved {
		if slices.Contains(in.Citations, c.ID) {
			d.cited = append(d.cited, c)
		}
	}
	d.readLanguage()
	d.allowed = newAllowance(in, d.cited)
	d.readSources()
	d.readClaims()
	return d
}

func (d *draft) result() Result {
	r := Result{Verdicts: []ticket.Verdict{
		d.citations(), d.grounding(), d.promises(), d.commitments(), d.leaks(),
		d.links(), d.style(), d.languages(), d.hidden(),
	}, Passed: true, Support: 1}
	others := true
	for _, v := range r.Verdicts {
		r.Passed = r.Passed && v.Passed
		others = others && (v.Passed || v.Rule == RuleGrounding)
	}
	sum, deepen := 0.0, true
	for _, c := range d.claims {
		if c.free {
			continue
		}
		r.Claims++
		sum += c.support
		if c.fault == faultNone {
			r.Supported++
		}
		deepen = deepen && (c.fault == faultNone || c.fault == faultWords)
	}
	if r.Claims > 0 {
		r.Support = sum / float64(r.Claims)
	}
	r.StatesNothing = r.Claims == 0 && strings.TrimSpace(d.text) != ""
	r.Deepen = !r.Passed && others && deepen
	return r
}

func pass(rule string) ticket.Verdict { return ticket.Verdict{Rule: rule, Passed: true} }

func refuse(rule string, reasons ...string) ticket.Verdict {
	return ticket.Verdict{Rule: rule, Passed: len(reasons) == 0, Reason: strings.Join(reasons, " ")}
}
