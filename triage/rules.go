package triage

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed rules/*.txt
var builtIn embed.FS

// anyLanguage is the language of rules that are read in every text.
const anyLanguage = "any"

// kind says what a rule is for.
type kind string

// The kinds of rules, as the sections of a file are named.
const (
	kindTrigger   kind = "trigger"   // asks for a person
	kindMood      kind = "mood"      // how the customer feels
	kindRepeats   kind = "repeats"   // an earlier answer did not help
	kindInjection kind = "injection" // somebody tries to steer the assistant
	kindStronger  kind = "stronger"  // makes a mood stronger
	kindDenying   kind = "denying"   // denies what follows
	kindUnless    kind = "unless"    // undoes what it overlaps
	kindAside     kind = "aside"     // undoes the triggers of its sentence
)

// rule is a pattern and what it means.
type rule struct {
	kind    kind
	section int // an unless undoes the rules of its own section
	name    string
	code    string
	urgency string
	weight  float64
	undoes  []string // the codes that an aside undoes; none means all
}

// Rules are what messages are read by. They never change once loaded.
type Rules struct {
	books map[string]*book // by language
	extra []*book          // of the company, in the order they were added
}

// book holds the rules of a language.
type book struct {
	language string
	rules    []rule
	program  *program
	lets     map[string]node
}

// defaults are the rules that come with the program, which a test loads: a
// fault in them cannot be met at run time.
var defaults = sync.OnceValue(func() *Rules {
	r, err := load()
	if err != nil {
		panic(err)
	}
	return r
})

// Default returns the rules that come with the program.
func Default() *Rules { return defaults() }

// Languages returns the languages that the rules know (ISO 639-1), sorted.
func Languages() []string {
	all := slices.Sorted(maps.Keys(defaults().books))
	return slices.DeleteFunc(all, func(l string) bool { return l == anyLanguage })
}

func load() (*Rules, error) {
	r := &Rules{books: map[string]*book{}}
	files, err := builtIn.ReadDir("rules")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := builtIn.ReadFile(path.Join("rules", f.Name()))
		if err != nil {
			return nil, err
		}
		language := strings.TrimSuffix(f.Name(), ".txt")
		b := newBook(language, nil)
		if err := b.read(f.Name(), string(text)); err != nil {
			return nil, err
		}
		r.books[language] = b
	}
	return r, nil
}

// With returns the rules with those of a company added to them. The text is
// written like the files in rules/; a line "language xx" says for which
// language the lines below it are, and those above the first one are read in
// every text. What the file's language defines with let can be used. All
// faults are reported at once, each with its line.
func (r *Rules) With(name, text string) (*Rules, error) {
	out := &Rules{books: r.books, extra: slices.Clone(r.extra)}
	b := newBook(anyLanguage, r.books[anyLanguage])
	var part strings.Builder
	var errs []error
	flush := func() {
		if err := b.read(name, part.String()); err != nil {
			errs = append(errs, err)
		}
		if len(b.rules) > 0 {
			out.extra = append(out.extra, b)
		}
	}
	line := 0
	for l := range strings.Lines(text) {
		line++
		language, ok := strings.CutPrefix(strings.TrimSpace(l), "language ")
		if !ok {
			part.WriteString(l)
			continue
		}
		flush()
		part.Reset()
		part.WriteString(strings.Repeat("\n", line)) // lines are numbered as in the file
		language = strings.TrimSpace(language)
		if r.books[language] == nil {
			errs = append(errs, fmt.Errorf("%s:%d: language %q has no rules to add to; there are %s, %s",
				name, line, language, anyLanguage, strings.Join(Languages(), ", ")))
		}
		b = newBook(language, r.books[language])
	}
	flush()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// newBook returns an empty book that knows the definitions of another.
func newBook(language string, base *book) *book {
	b := &book{language: language, lets: map[string]node{}}
	denying := map[string]bool{}
	if base != nil {
		maps.Copy(b.lets, base.lets)
		maps.Copy(denying, base.program.denying)
	}
	b.program = newProgram(denying)
	return b
}

// read adds the lines of a file.
func (b *book) read(name, text string) error {
	var errs []error
	var in rule // what the lines of the section have in common
	n := 0
	scan := bufio.NewScanner(strings.NewReader(text))
	for scan.Scan() {
		n++
		line := strings.TrimSpace(scan.Text())
		var err error
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section := in.section + 1
			in, err = parseSection(line)
			in.section = section
		case strings.HasPrefix(line, "let "):
			err = b.define(line)
		default:
			err = b.add(in, line)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", name, n, err))
		}
	}
	return errors.Join(append(errs, scan.Err())...)
}

// parseSection reads "[trigger legal_threat urgent]", "[mood -2]" and the like.
func parseSection(line string) (rule, error) {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(line, "["), "]")
	f := strings.Fields(inner)
	if !ok || len(f) == 0 {
		return rule{}, errors.New("a section is [kind …]")
	}
	r := rule{kind: kind(f[0])}
	switch r.kind {
	case kindTrigger:
		if len(f) != 3 || rank(f[1]) < 0 || !slices.Contains(urgencies, f[2]) {
			return rule{}, fmt.Errorf("a trigger is [trigger CODE URGENCY], with a code of %s and an urgency of %s",
				strings.Join(codes, ", "), strings.Join(urgencies, ", "))
		}
		r.code, r.urgency = f[1], f[2]
	case kindMood, kindInjection:
		var err error
		if len(f) == 2 {
			r.weight, err = strconv.ParseFloat(f[1], 64)
		}
		most := 5.0
		if r.kind == kindInjection {
			most = 1
		}
		if err != nil || r.weight == 0 || r.weight > most || r.weight < -most {
			return rule{}, fmt.Errorf("[%s WEIGHT] needs a number up to %v", r.kind, most)
		}
	case kindAside:
		r.undoes = f[1:]
		if slices.ContainsFunc(r.undoes, func(code string) bool { return rank(code) < 0 }) {
			return rule{}, fmt.Errorf("an aside is [aside CODE…], with codes of %s", strings.Join(codes, ", "))
		}
	case kindRepeats, kindStronger, kindDenying:
		if len(f) != 1 {
			return rule{}, fmt.Errorf("[%s] stands alone", r.kind)
		}
	default:
		return rule{}, fmt.Errorf("there is no section %q", f[0])
	}
	return r, nil
}

// define reads "let name = pattern".
func (b *book) define(line string) error {
	name, pattern, ok := strings.Cut(strings.TrimPrefix(line, "let "), "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return errors.New("a definition is let NAME = PATTERN")
	}
	n, err := parsePattern(pattern, b.lets)
	if err == nil {
		b.lets[name] = n
	}
	return err
}

// add reads "name: pattern, pattern …".
func (b *book) add(r rule, line string) error {
	if r.kind == "" {
		return errors.New("a rule stands in a section, like [trigger legal_threat urgent]")
	}
	name, patterns, ok := strings.Cut(line, ":")
	if !ok {
		name, patterns = string(r.kind), line
	}
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsAny(name, " /") {
		return fmt.Errorf("%q is no name of a rule", name)
	}
	if r.kind == kindTrigger && !ok {
		return errors.New("a trigger has a name: NAME: PATTERN, PATTERN")
	}
	r.name = name
	if name == string(kindUnless) {
		r.kind = kindUnless
	}
	b.rules = append(b.rules, r)
	for pattern := range strings.SplitSeq(patterns, ",") {
		n, err := parsePattern(strings.TrimSpace(pattern), b.lets)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(pattern), err)
		}
		if r.kind == kindDenying {
			for _, w := range n.words {
				b.program.denying[w] = true
			}
			continue
		}
		b.program.add(len(b.rules)-1, n, r.kind == kindUnless)
	}
	return nil
}

// fullName is what is stored and shown of a trigger.
func (b *book) fullName(r rule) string {
	return "trigger/" + r.code + "/" + b.language + "." + r.name
}
