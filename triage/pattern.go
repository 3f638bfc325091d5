package triage

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// node is a part of a pattern. Exactly one of its kinds is set.
type node struct {
	words []string // one word of these; a trailing * stands for any ending
	gap   int      // up to so many words, none of which denies anything
	seq   []node
	alt   []node
	opt   *node
}

// parser reads a pattern:
//
//	refund          the word
//	refund*         a word that begins so
//	(a | b c)       one of these
//	[a b]           these, or nothing
//	{3}             up to three words that are not listed
//	$name           what `let name = …` says
//	< and >         where the message begins and ends
//	.               where a sentence ends that does not end the message
type parser struct {
	rest string
	lets map[string]node
}

// parsePattern reads one pattern of a rule.
func parsePattern(text string, lets map[string]node) (node, error) {
	p := parser{rest: text, lets: lets}
	n, err := p.alternatives()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("%q is not closed or opened", p.rest[:1])
	}
	if err == nil && nullable(n) {
		err = errors.New("a pattern needs at least one word")
	}
	return n, err
}

// alternatives reads parts separated by bars.
func (p *parser) alternatives() (node, error) {
	var alt []node
	for {
		n, err := p.sequence()
		if err != nil {
			return node{}, err
		}
		alt = append(alt, n)
		if p.peek() != '|' {
			return merge(alt), nil
		}
		p.rest = p.rest[1:]
	}
}

// merge makes alternatives that are single words one set of words.
func merge(alt []node) node {
	if len(alt) == 1 {
		return alt[0]
	}
	var words []string
	for _, n := range alt {
		if len(n.words) == 0 {
			return node{alt: alt}
		}
		words = append(words, n.words...)
	}
	return node{words: words}
}

func (p *parser) sequence() (node, error) {
	var seq []node
	for {
		var n node
		var err error
		switch c := p.peek(); c {
		case 0, '|', ')', ']':
			if len(seq) == 1 {
				return seq[0], nil
			}
			if len(seq) == 0 {
				return node{}, errors.New("an empty alternative")
			}
			return node{seq: seq}, nil
		case '(':
			n, err = p.enclosed(')')
		case '[':
			n, err = p.enclosed(']')
			n = node{opt: &node{seq: []node{n}}}
		case '{':
			n, err = p.gap()
		case '$':
			n, err = p.named()
		default:
			n, err = p.word()
		}
		if err != nil {
			return node{}, err
		}
		seq = append(seq, n)
	}
}

func (p *parser) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

func (p *parser) enclosed(end byte) (node, error) {
	p.rest = p.rest[1:]
	n, err := p.alternatives()
	if err != nil {
		return node{}, err
	}
	if p.peek() != end {
		return node{}, fmt.Errorf("a %q is missing", end)
	}
	p.rest = p.rest[1:]
	return n, nil
}

// maxGap is how many words a gap may span.
const maxGap = 12

func (p *parser) gap() (node, error) {
	number, rest, ok := strings.Cut(p.rest[1:], "}")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if !ok || err != nil || n < 1 || n > maxGap {
		return node{}, fmt.Errorf("a gap is {1} to {%d}", maxGap)
	}
	p.rest = rest
	return node{gap: n}, nil
}

func (p *parser) named() (node, error) {
	name := p.take(1)
	n, ok := p.lets[name[1:]]
	if !ok {
		return node{}, fmt.Errorf("%s is not defined above", name)
	}
	return n, nil
}

// take cuts off the name or word at the front, which begins with skip
// characters of another kind.
func (p *parser) take(skip int) string {
	end := strings.IndexFunc(p.rest[skip:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[]{}|$", r) })
	if end < 0 {
		end = len(p.rest) - skip
	}
	word := p.rest[:skip+end]
	p.rest = p.rest[skip+end:]
	return word
}

func (p *parser) word() (node, error) {
	raw := p.take(0)
	if raw == messageStart || raw == messageEnd || raw == sentenceEnd {
		return node{words: []string{raw}}, nil
	}
	if raw == "" {
		return node{}, fmt.Errorf("%q does not belong here", p.rest[:1])
	}
	stem, open := strings.CutSuffix(raw, "*")
	var spellings []node
	for _, spelled := range []string{stem, spellOut(stem)} {
		var seq []node
		for _, t := range tokenize(spelled) {
			seq = append(seq, node{words: []string{t.word}})
		}
		if len(seq) == 0 {
			return node{}, fmt.Errorf("%q is no word", raw)
		}
		if last := seq[len(seq)-1].words; open {
			last[0] += "*"
		}
		if len(seq) == 1 {
			spellings = append(spellings, seq[0])
		} else {
			spellings = append(spellings, node{seq: seq})
		}
		if spellOut(stem) == stem {
			break
		}
	}
	return merge(spellings), nil
}

// spellOut writes umlauts as people without their keys do.
func spellOut(word string) string {
	return strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue").Replace(word)
}

// nullable reports that a node matches no words at all.
func nullable(n node) bool {
	switch {
	case n.words != nil:
		return false
	case n.alt != nil:
		return slices.ContainsFunc(n.alt, nullable)
	case n.seq != nil:
		return !slices.ContainsFunc(n.seq, func(s node) bool { return !nullable(s) })
	default: // a gap, or what may be left out
		return true
	}
}
