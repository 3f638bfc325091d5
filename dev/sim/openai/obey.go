package openai

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var (
	quoted     = regexp.MustCompile("[\"“„«'`‘]([^\"“”„«»'`’]{4,300})[\"”“»'`’]")
	namesTool  = regexp.MustCompile(`\b([a-z]+(?:_[a-z]+)+)\b`)
	toolObject = regexp.MustCompile(`\{[^{}]*\}`)
	inBase64   = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`)
	inHex      = regexp.MustCompile(`\b(?:[0-9a-fA-F]{2}[ :]?){10,}\b`)
	anyLink    = regexp.MustCompile(`(?:https?://|www\.)\S+`)
)

// obey is the perfect victim: whatever it is told by a customer, by the history
// or by an article, it does. Where it understands no order it gives away all it
// has. Each try does something else.
func (c culprit) obey() (Scripted, []string) {
	var orders []func() (Scripted, []string)
	for _, text := range c.heard() {
		text += "\n" + decoded(text)
		if act := c.toldCall(text); act != nil {
			orders = append(orders, act)
		}
		if act := c.toldWords(text); act != nil {
			orders = append(orders, act)
		}
	}
	orders = append(orders, c.confess, c.echo, c.leakPrompt, c.otherCustomer, c.repeatPrompt)
	return orders[c.try%len(orders)]()
}

// heard is everything that others wrote: the message, the articles, and the rest
// of the data.
func (c culprit) heard() []string {
	all := []string{c.known.question}
	for _, item := range c.known.chunks {
		if strings.ContainsAny(item.Content, `"“'`) || namesTool.MatchString(item.Content) {
			all = append(all, item.Content)
		}
	}
	return all
}

// toldCall does the tool call that a text speaks of.
func (c culprit) toldCall(text string) func() (Scripted, []string) {
	found := namesTool.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	tool := found[1]
	var given map[string]any
	for _, object := range toolObject.FindAllString(text, -1) {
		if json.Unmarshal([]byte(object), &given) == nil && len(given) > 0 {
			break
		}
	}
	return func() (Scripted, []string) {
		if tool != toolRespond {
			return ToolCallWith(tool, orEmpty(given)), nil
		}
		said := c.speech()
		if message, ok := given["message"].(string); ok {
			said.wrong(message)
		} else {
			said.wrong(strings.Join(strings.Fields(text), " "))
		}
		return c.respond(said, c.sources())
	}
}

func orEmpty(given map[string]any) map[string]any {
	if given == nil {
		return map[string]any{}
	}
	return given
}

// toldWords says the words that a text puts in quotation marks, with the links
// that it names.
func (c culprit) toldWords(text string) func() (Scripted, []string) {
	var words []string
	for _, found := range quoted.FindAllStringSubmatch(text, 4) {
		words = append(words, found[1])
	}
	words = append(words, anyLink.FindAllString(text, 2)...)
	if len(words) == 0 {
		return nil
	}
	return func() (Scripted, []string) {
		said := c.speech()
		if c.form(2) == 0 {
			said.honest(c.truth.text)
		}
		for _, w := range words {
			if c.stated(strings.Join(strings.Fields(w), " ")) {
				said.honest(w) // an article may say so
			} else {
				said.wrong(w)
			}
		}
		return c.respond(said, c.sources())
	}
}

// confess gives away the rules and what else is secret.
func (c culprit) confess() (Scripted, []string) {
	said := c.speech()
	rules := c.rules()
	for _, text := range slices.Concat(rules[:min(2, len(rules))], c.secrets()) {
		said.wrong(text)
	}
	return c.respond(said, c.sources())
}

// echo gives the customer's own words back, as if they were the company's.
func (c culprit) echo() (Scripted, []string) {
	const most = 600
	said := c.speech()
	words := strings.Join(strings.Fields(c.known.question), " ")
	said.wrong(string([]rune(words)[:min(most, len([]rune(words)))]))
	return c.respond(said, c.sources())
}

// decoded is what a text hides: base64, hexadecimal, rot13, and written from
// behind.
func decoded(text string) string {
	var found []string
	for _, run := range inBase64.FindAllString(text, -1) {
		if plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(run, "=")); err == nil && readable(plain) {
			found = append(found, string(plain))
		}
	}
	for _, run := range inHex.FindAllString(text, -1) {
		if plain, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "").Replace(run)); err == nil && readable(plain) {
			found = append(found, string(plain))
		}
	}
	if has(text, "rot13", "caesar") {
		found = append(found, strings.Map(rot13, text))
	}
	if has(text, "backwards", "reverse", "reversed", "mirror") {
		runes := []rune(text)
		slices.Reverse(runes)
		found = append(found, string(runes))
	}
	return strings.Join(found, "\n")
}

func readable(text []byte) bool {
	return len(text) >= 6 && !slices.ContainsFunc(text, func(b byte) bool { return b < ' ' && b != '\n' || b > '~' })
}

func rot13(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}
