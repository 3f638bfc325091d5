package triage

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The tokens that are no words.
const (
	sentenceEnd  = "."
	questionEnd  = "?"
	comma        = ","
	messageStart = "<"
	messageEnd   = ">"
)

// token is a word as the rules read it: lower case, without marks. Forms are
// what it may stand for besides: "refuuund" for "refund", "sh1t" for "shit".
type token struct {
	word  string
	forms []string
}

// tokens cuts a message into words and the breaks between them. Subject and
// text are sentences of their own; only the text has a start and an end, since
// a subject of one word says too little.
func (m Message) tokens() []token {
	out := tokenize(m.Subject)
	out = append(out, token{word: sentenceEnd}, token{word: messageStart})
	out = append(out, tokenize(m.Text)...)
	end := sentenceEnd
	for len(out) > 0 && out[len(out)-1].isBreak() {
		if out[len(out)-1].word == questionEnd {
			end = questionEnd
		}
		out = out[:len(out)-1]
	}
	return append(out, token{word: messageEnd}, token{word: end})
}

// tokenize cuts a text into words and breaks.
func tokenize(text string) []token {
	t := tokenizer{rest: foldText(text)}
	t.run()
	return joinSpelled(t.out)
}

type tokenizer struct {
	rest string
	out  []token
}

func (t *tokenizer) run() {
	start := -1 // of the word being read
	for i, r := range t.rest {
		if isWordRune(r) || start >= 0 && isInner(r) && followed(t.rest[i+len(string(r)):]) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			t.word(t.rest[start:i])
			start = -1
		}
		t.mark(i, r)
	}
	if start >= 0 {
		t.word(t.rest[start:])
	}
}

// mark adds what stands between words, as far as it means anything.
func (t *tokenizer) mark(i int, r rune) {
	switch {
	case strings.ContainsRune("?？؟", r):
		t.add(questionEnd)
	case r == '.' && followed(t.rest[i+1:]):
		t.add(comma) // in a name, an address or a number
	case strings.ContainsRune(".!…。！", r):
		t.add(sentenceEnd)
	case strings.ContainsRune(",;:()—–\"“”„«»", r):
		t.add(comma)
	case r == '\n' && newSentence(t.rest[i+1:]):
		t.add(sentenceEnd)
	case r == '%':
		t.add("percent")
	case unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r > 0x1000:
		t.add(string(r))
	}
}

func (t *tokenizer) add(mark string) {
	next := token{word: mark}
	if n := len(t.out); n > 0 && next.isBreak() && t.out[n-1].word == mark {
		return
	}
	t.out = append(t.out, next)
}

// isBreak reports that a token stands between words.
func (t token) isBreak() bool { return t.endsSentence() || t.word == comma }

// endsSentence reports that no pattern goes on after a token.
func (t token) endsSentence() bool { return t.word == sentenceEnd || t.word == questionEnd }

// word adds a word. An apostrophe that shortens an English verb is dropped;
// any other parts two words, as in "l'avocat".
func (t *tokenizer) word(w string) {
	if before, after, ok := strings.Cut(w, "'"); ok {
		switch after {
		case "t", "s", "m", "d", "re", "ve", "ll":
			w = before + after
		default:
			t.word(before)
			t.word(after)
			return
		}
	}
	if w != "" {
		t.out = append(t.out, token{word: w, forms: formsOf(w)})
	}
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isInner reports what may stand within a word: an apostrophe, and what hides
// the letters of a bad one.
func isInner(r rune) bool { return strings.ContainsRune("'*@$", r) }

func followed(rest string) bool {
	for _, r := range rest {
		return isWordRune(r) || r == '*'
	}
	return false
}

// newSentence reports that a line does not go on with the sentence before it:
// mails are wrapped in the middle of sentences. Where a capital letter begins one,
// foldText has left an empty line.
func newSentence(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return rest == "" || !unicode.IsLetter([]rune(rest[:min(len(rest), 4)])[0])
}

// foldText makes a text comparable: lower case, without marks, without hidden
// characters, with plain apostrophes. A line that begins with a capital letter
// gets an empty one before it, unless it looks like a wrapped one.
func foldText(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	length, before := 0, wrapped // characters of this line and of the one before
	for _, r := range norm.NFKD.String(text) {
		if r == '\n' {
			length, before = 0, length
		} else {
			if length == 0 && unicode.IsUpper(r) && before < wrapped {
				b.WriteByte('\n')
			}
			length++
		}
		foldRune(&b, r)
	}
	return b.String()
}

// wrapped is the length from which a line looks as if a mail program had broken
// it, so that a capital letter after it need not begin a sentence.
const wrapped = 50

func foldRune(b *strings.Builder, r rune) {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r == '`' {
			r = '\''
		}
		b.WriteByte(byte(r))
	case r == '’' || r == '‘' || r == '´' || r == 'ʼ':
		b.WriteByte('\'')
	case r == 'ß':
		b.WriteString("ss")
	case r == 'ø' || r == 'Ø':
		b.WriteByte('o')
	case r == 'ł' || r == 'Ł':
		b.WriteByte('l')
	case r == 'ı':
		b.WriteByte('i')
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}
