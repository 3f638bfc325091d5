package knowledge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"github.com/digital-fte/fte/language"
)

// maxArticleBytes is the most text an article may have: no article that people
// read is longer, and a file that is was named by mistake.
const maxArticleBytes = 1 << 20

// defaultLanguage is that of an article which does not say, and whose words do
// not tell.
const defaultLanguage = "en"

// Where an article comes from.
const (
	fromFile    = "file"
	fromPerson  = "learned" // from what a person answered
	learnedSlug = "learned/"
)

// article is one readable file, or what was learned from a ticket.
type article struct {
	slug     string
	title    string
	category string
	language string     // primary subtag, lower case
	updated  *time.Time // day, nil when not said
	body     string     // markdown without front matter
	// questions are how customers ask for it. They lead to its chunks, and
	// nobody is shown them.
	questions []string
	twin      string  // what all its translations have in common
	original  string  // the slug of what it translates, if it says so
	chunks    []chunk // at least one

	source     string
	ticket     *uuid.UUID // whose answer it is, of a learned one
	approvedBy string

	hidden  bool   // words that people do not see were left out
	suspect string // what in it reads like an order to the assistant, for people
}

// frontMatter is what an article may say of itself. Other keys are the
// author's business.
type frontMatter struct {
	Title    string `yaml:"title"`
	Category string `yaml:"category"`
	Language string `yaml:"language"`
	Updated  string `yaml:"updated"`
	// TranslationOf is the slug of the article that this one says in another language.
	TranslationOf string `yaml:"translation_of"`
	// Questions are how customers ask for what the article says.
	Questions []string `yaml:"questions"`
	// Trusted says that somebody has read what looks like an order to the
	// assistant, and that it belongs there.
	Trusted bool `yaml:"trusted"`
}

// parseArticle reads a file. Its errors tell the author what to do.
func parseArticle(name, slug string, data []byte) (article, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return article{}, errors.New("empty: write a text or remove the file")
	}
	doc, err := formatOf(name)(data)
	if err != nil {
		return article{}, err
	}
	a := article{
		slug: slug, source: fromFile, hidden: doc.hidden, title: oneLine(visible(doc.head.Title)),
		category: oneLine(visible(doc.head.Category)), body: strings.TrimSpace(visible(doc.body)),
	}
	order := ""
	if !doc.head.Trusted {
		a.body, order = withoutOrders(a.body)
	}
	if len(a.body) > maxArticleBytes {
		return article{}, fmt.Errorf("has %d KB of text, more than the %d KB of an article: divide it", len(a.body)>>10, maxArticleBytes>>10)
	}
	if a.language, err = parseLanguage(doc.head.Language, a.body); err != nil {
		return article{}, err
	}
	if a.updated, err = parseDay(doc.head.Updated); err != nil {
		return article{}, err
	}
	// A folder named after the language holds the translations of what lies beside it.
	a.twin = strings.TrimPrefix(slug, a.language+"/")
	if a.original = strings.Trim(strings.TrimSpace(doc.head.TranslationOf), "/"); formatOf(a.original) != nil {
		a.original = withoutExtension(a.original)
	}
	if a.questions, err = parseQuestions(doc.head.Questions); err != nil {
		return article{}, err
	}
	if err := a.cut(oneLine(visible(doc.fallback))); err != nil {
		return article{}, err
	}
	switch {
	case doc.head.Trusted:
	case order != "":
		a.suspect = leftOut(order)
	default:
		a.suspect = suspect(a)
	}
	return a, nil
}

// cut makes the chunks of an article from its title, body and questions alone,
// so that they can be made again from what is stored. Without a title it takes the
// first heading, else the fallback.
func (a *article) cut(fallback string) (err error) {
	sections, heading := parseSections(a.body)
	a.title = cmp.Or(a.title, heading, fallback)
	switch {
	case len(sections) == 0:
		return errors.New("empty: write a text or remove the file")
	case a.title == "":
		return errors.New("no title: add `title:` to the front matter or begin with a `# heading`")
	}
	if a.chunks, err = cut(a.title, sections); err != nil {
		return err
	}
	ask(a.chunks, a.questions)
	return nil
}

// splitFrontMatter takes off the YAML between two lines of three dashes with
// which a file may begin.
func splitFrontMatter(text string) (frontMatter, string, error) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return frontMatter{}, text, nil
	}
	var head []string
	for line := range strings.Lines(rest) {
		rest = rest[len(line):]
		if line = strings.TrimRight(line, " \t\n"); line == "---" {
			var parsed frontMatter
			if err := yaml.Unmarshal([]byte(strings.Join(head, "\n")), &parsed); err != nil {
				return frontMatter{}, "", fmt.Errorf("front matter that cannot be read, write it as lines of `key: value`, in quotes where a value has a colon (%s)",
					oneLine(err.Error()))
			}
			return parsed, rest, nil
		}
		head = append(head, line)
	}
	return frontMatter{}, "", errors.New("front matter without an end: close it with a line of `---`")
}

var languageTag = regexp.MustCompile(`^([a-z]{2,3})([-_][a-z0-9]+)*$`)

// parseLanguage returns what the author says, else what the words tell.
func parseLanguage(tag, body string) (string, error) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if tag == "" {
		if guess := language.Detect(body); guess.Sure && guess.Code != "" {
			return guess.Code, nil
		}
		return defaultLanguage, nil
	}
	parts := languageTag.FindStringSubmatch(tag)
	if parts == nil {
		return "", fmt.Errorf("language %q is not a code: write it as `en` or `de`", tag)
	}
	return parts[1], nil
}

func parseDay(day string) (*time.Time, error) {
	if day = strings.TrimSpace(day); day == "" {
		return nil, nil
	}
	parsed, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fmt.Errorf("updated %q is not a day: write it as 2026-01-31", day)
	}
	return &parsed, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
