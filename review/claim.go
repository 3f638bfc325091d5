package review

import (
	"slices"
	"strings"
)

// maxParts is how many statements a sentence may join.
const maxParts = 6

// fault is why a claim has no support.
type fault int

const (
	faultNone  fault = iota
	faultWords       // its words stand in no one place: embeddings may know better
	faultExact       // a number, name, link, limit or negation is another one
)

// claim is a sentence of a draft, judged.
type claim struct {
	sentence
	free bool
	// promises says that it is about an action of ours.
	promises bool
	support  float64
	fault    fault
	// source and at say where it was found, or found best.
	source *source
	at     int
	// verbatim is the share of its words that stand there in this order.
	verbatim float64
	// missing holds the words that no source has.
	missing []token
}

func (d *draft) readClaims() {
	r := newReader(d.tongue)
	d.customers = map[string]bool{}
	for _, text := range d.Customer {
		for _, t := range r.tokens(visible(text)) {
			d.customers[t.root] = true
		}
	}
	all := split(d.text, false)
	for i, raw := range all {
		raw.tokens = r.tokens(raw.text)
		c := claim{sentence: raw, promises: d.promised(raw)}
		if len(raw.tokens) == 0 {
			c.free = true
		} else if d.verbatim(&c) {
			c.support = 1
		} else if c.free = d.isFree(r, raw, c.promises, i+1 < len(all)); !c.free {
			d.ground(r, &c, i)
		}
		if !c.free && c.fault == faultNone {
			d.follow(r, &c, i)
		}
		d.claims = append(d.claims, c)
	}
}

// verbatim finds a sentence of a cited chunk that is the claim, word for word.
func (d *draft) verbatim(c *claim) bool {
	for _, s := range d.sources {
		for i, one := range s.sentences {
			if len(one.tokens) == len(c.tokens) && slices.EqualFunc(one.tokens, c.tokens, sameToken) {
				c.source, c.at, c.verbatim = s, i, 1
				return true
			}
		}
	}
	return false
}

func sameToken(a, b token) bool {
	if a.kind == number {
		return b.kind == number && a.root == b.root && a.unit == b.unit
	}
	return a.kind == b.kind && a.text == b.text
}

// ground looks for the one place in the cited chunks that supports a claim.
func (d *draft) ground(r *reader, c *claim, _ int) {
	tokens := stripAnswer(c.tokens)
	best := d.best(r, tokens)
	if best.fault == faultNone {
		c.take(best)
		return
	}
	if parts := d.stitched(r, tokens); parts != nil {
		c.take(parts[0])
		for _, p := range parts[1:] {
			c.support = min(c.support, p.support)
			c.verbatim = min(c.verbatim, p.verbatim)
		}
		return
	}
	c.take(best)
}

func (c *claim) take(m match) {
	c.support, c.fault, c.source, c.at, c.verbatim, c.missing = m.support, m.fault, m.source, m.at, m.verbatim, m.missing
}

// stripAnswer takes off the "Yes," before a statement and the "No," before a
// negative one. A bare yes or no stays: nothing supports it.
func stripAnswer(tokens []token) []token {
	if len(tokens) < 3 || tokens[0].clause == tokens[1].clause {
		return tokens
	}
	rest := tokens[1:]
	switch tokens[0].text {
	case "yes", "ja", "oui", "sí", "si", "sì", "sim":
		return rest
	case "no", "nein", "non", "não", "nee":
		if slices.ContainsFunc(rest, func(t token) bool { return t.negates }) {
			return rest
		}
	}
	return tokens
}

// best compares tokens with the sentences that have most of their words. Nothing
// else can support them.
func (d *draft) best(r *reader, tokens []token) match {
	best := match{fault: faultWords, missing: contentOf(tokens)}
	for _, ref := range d.likely(tokens) {
		if m := d.compare(r, tokens, ref.source, ref.at); m.better(best) {
			best = m
		}
	}
	return best
}

func contentOf(tokens []token) []token {
	var content []token
	for _, t := range tokens {
		if t.content {
			content = append(content, t)
		}
	}
	return content
}

// names reports whether one of the tokens has a root.
func names(tokens []token, root string) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.root == root })
}

// surplusOf counts how much more often each root stands among some tokens than
// among others.
func surplusOf(tokens, others []token) map[string]int {
	surplus := map[string]int{}
	for _, t := range tokens {
		surplus[t.root]++
	}
	for _, o := range others {
		surplus[o.root]--
	}
	return surplus
}

// stitched takes a claim apart where it joins statements, and returns where
// each of them stands: one behind the other in one section of a chunk, and about
// the same thing.
func (d *draft) stitched(r *reader, tokens []token) []match {
	parts := statements(tokens)
	if len(parts) < 2 || len(parts) > maxParts {
		return nil
	}
	subject := leading(parts[0])
	for _, ref := range d.likely(parts[0]) {
		if found := d.lay(r, ref.source, ref.at, parts, subject, true); len(found) > 1 {
			return found
		}
	}
	return nil
}

// lay supports as many of the parts as it can by sentence i, and the rest by the
// sentence behind it. It returns nil if some part is left.
func (d *draft) lay(r *reader, s *source, i int, parts [][]token, subject []token, first bool) []match {
	for n := len(parts); n > 0; n-- {
		tokens := slices.Concat(parts[:n]...)
		m, ok := d.supports(r, tokens, s, i)
		if !ok || !first && !s.isAbout(i, tokens, subject) {
			continue
		}
		if n == len(parts) {
			return []match{m}
		}
		if i+1 == len(s.sentences) || s.sentences[i+1].heading != s.sentences[i].heading {
			continue
		}
		if rest := d.lay(r, s, i+1, parts[n:], subject, false); rest != nil {
			return append([]match{m}, rest...)
		}
	}
	return nil
}

// isAbout reports whether a part that names no subject of its own says of the
// same thing what sentence i says: it begins with what that sentence begins
// with, or the sentence names the subject.
func (s *source) isAbout(i int, part, subject []token) bool {
	one := s.sentences[i]
	content := contentOf(part)
	if len(content) == 0 {
		return false
	}
	if at := one.at[content[0].root]; len(at) > 0 && at[0] == 0 && one.item {
		return true
	}
	if len(one.topic) > 0 && content[0].root == one.topic[0].root {
		return true // it names its own
	}
	if own := firstBehindJoint(part); own != "" && own == firstBehindJoint(one.tokens) {
		return true // "you can …"
	}
	return !slices.ContainsFunc(subject, func(t token) bool {
		if len(one.at[t.root]) > 0 || one.context.roots[t.root] {
			return false
		}
		return i == 0 || !one.refers || len(s.sentences[i-1].at[t.root]) == 0
	})
}

// firstBehindJoint returns the pronoun of the first or second person that a
// statement begins with, behind what joins it to another.
func firstBehindJoint(tokens []token) string {
	for _, t := range tokens {
		switch t.text {
		case "and", "but", "so", "und", "aber", "et", "mais", "y", "pero", "e", "ma", "mas", "en", "maar":
			continue
		case "you", "we", "sie", "wir", "vous", "nous", "usted", "lei", "você", "u", "je":
			return t.text
		}
		return ""
	}
	return ""
}

// leading returns what a sentence is about: its first words that mean
// something, up to two, before anything is said of them.
func leading(tokens []token) []token {
	var found []token
	for _, t := range tokens {
		if t.content {
			found = append(found, t)
		} else if len(found) > 0 {
			break
		}
		if len(found) == 2 {
			break
		}
	}
	return found
}

// statements parts tokens at clauses that are joined by "and", "but" or a
// semicolon, or follow a comma. Parts with nothing to say join the one before.
func statements(tokens []token) [][]token {
	var parts [][]token
	for i, t := range tokens {
		if i == 0 || t.clause != tokens[i-1].clause && joins(t) {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	kept := parts[:0]
	for _, p := range parts {
		if n := len(kept); n > 0 && len(contentOf(p)) < 2 {
			kept[n-1] = append(slices.Clone(kept[n-1]), p...)
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// joins reports whether a clause that begins with t can be a statement of its
// own, and not one that depends on another.
func joins(t token) bool {
	return !strings.Contains(" if when unless because while which who that although wenn falls weil während obwohl dass si quand lorsque parce cuando porque aunque quando perché quando als wanneer omdat dat ", " "+t.text+" ")
}

// follow fails a supported claim that speaks of "it" or "they" when what it
// follows in the draft is about something else than in its chunk.
func (d *draft) follow(r *reader, c *claim, i int) {
	if c.source == nil || i == 0 || !r.is("anaphora", c.tokens[0].text) {
		return
	}
	before := d.claims[i-1]
	if before.free {
		return
	}
	if before.source == c.source && before.at <= c.at && before.at >= c.at-1 {
		return
	}
	if c.source.isAbout(c.at, c.tokens, leading(before.tokens)) {
		return
	}
	c.fault, c.support = faultExact, c.support/2
}
