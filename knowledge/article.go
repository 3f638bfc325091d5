package knowledge

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxArticleBytes is the most an article may have: no article that people read
// is longer, and a file that is was named by mistake.
const maxArticleBytes = 1 << 20

// defaultLanguage is that of an article which does not say.
const defaultLanguage = "en"

// article is one readable file.
type article struct {
	slug     string
	title    string
	category string
	language string     // primary subtag, lower case
	updated  *time.Time // day, nil when not said
	body     string     // markdown without front matter
	chunks   []chunk    // at least one
}

// frontMatter is what an article may say of itself. Other keys are the
// author's business.
type frontMatter struct {
	Title    string `yaml:"title"`
	Category string `yaml:"category"`
	Language string `yaml:"language"`
	Updated  string `yaml:"updated"`
}

// parseArticle reads a file. Its errors tell the author what to do.
func parseArticle(slug string, data []byte) (article, error) {
	if !utf8.Valid(data) || bytes.ContainsRune(data, 0) {
		return article{}, errors.New("not UTF-8 text: save it as UTF-8")
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	head, body, err := splitFrontMatter(text)
	if err != nil {
		return article{}, err
	}
	a := article{
		slug: slug, title: oneLine(head.Title), category: oneLine(head.Category),
		body: strings.TrimSpace(body),
	}
	if a.language, err = parseLanguage(head.Language); err != nil {
		return article{}, err
	}
	if a.updated, err = parseDay(head.Updated); err != nil {
		return article{}, err
	}
	sections, heading := parseSections(a.body)
	a.title = cmp.Or(a.title, heading)
	switch {
	case len(sections) == 0:
		return article{}, errors.New("empty: write a text or remove the file")
	case a.title == "":
		return article{}, errors.New("no title: add `title:` to the front matter or begin with a `# heading`")
	}
	a.chunks, err = cut(a.title, sections)
	return a, err
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

func parseLanguage(tag string) (string, error) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if tag == "" {
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
