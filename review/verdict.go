package review

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/digital-fte/fte/language"
	"github.com/digital-fte/fte/ticket"
)

// maxReasons is how many sentences of one rule are named; a draft that breaks it
// more often is written anew anyway.
const maxReasons = 8

// citations refuses what was not retrieved, and facts without a source.
func (d *draft) citations() ticket.Verdict {
	for i, id := range d.Citations {
		if !slices.ContainsFunc(d.Retrieved, func(c Chunk) bool { return c.ID == id }) {
			return refuse(RuleCitations, fmt.Sprintf("Citation %d is not among the retrieved chunks: cite only chunk ids that were given.", i+1))
		}
	}
	if len(d.Citations) == 0 && slices.ContainsFunc(d.claims, func(c claim) bool { return !c.free }) {
		return refuse(RuleCitations, "The answer states facts and cites no source: cite the chunk ids it rests on.")
	}
	return pass(RuleCitations)
}

// grounding refuses claims that no cited chunk supports.
func (d *draft) grounding() ticket.Verdict {
	var reasons []string
	for i, c := range d.claims {
		if c.free || c.fault == faultNone || len(reasons) == maxReasons {
			continue
		}
		if c.fault == faultExact {
			reasons = append(reasons, fmt.Sprintf("Sentence %d differs from the cited chunks in a number, name, link, condition or negation: quote the chunk or leave it out.", i+1))
			continue
		}
		reasons = append(reasons, fmt.Sprintf("Sentence %d is supported by no cited chunk: leave it out or cite what supports it, and stay close to its words.", i+1))
	}
	return refuse(RuleGrounding, reasons...)
}

// readLanguage finds the language in which the draft is read.
func (d *draft) readLanguage() {
	if g := language.Detect(d.text); g.Sure {
		d.language = g.Code
		d.tongue = tongueOf(g.Code)
		return
	}
	for _, c := range d.cited {
		if c.Language != "" {
			d.tongue = tongueOf(c.Language)
			return
		}
	}
	if g := language.Detect(strings.Join(d.Customer, "\n")); g.Sure {
		d.tongue = tongueOf(g.Code)
		return
	}
	d.tongue = tongueOf(defaultTongue)
}

// languages refuses an answer in another language than the question.
func (d *draft) languages() ticket.Verdict {
	asked := language.Detect(strings.Join(d.Customer, "\n"))
	if asked.Sure && !asked.Mixed && d.language != "" && asked.Code != d.language {
		return refuse(RuleLanguage, "The answer is in another language than the customer's message: answer in the customer's language.")
	}
	return pass(RuleLanguage)
}

// length returns what is wrong with the length of the draft, if anything.
func (d *draft) length() []string {
	words, characters := len(strings.Fields(d.text)), utf8.RuneCountInString(d.Draft)
	switch {
	case words == 0:
		return []string{"The answer is empty."}
	case d.Limits.Words > 0 && words > d.Limits.Words:
		return []string{fmt.Sprintf("The answer has %d words, at most %d are allowed.", words, d.Limits.Words)}
	case d.Limits.Characters > 0 && characters > d.Limits.Characters:
		return []string{fmt.Sprintf("The answer has %d characters, at most %d are allowed.", characters, d.Limits.Characters)}
	}
	return nil
}
