package email

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits in words of a whole letter, and of what an answer may have so that it
// fits into one with greeting and sign-off.
const (
	WordLimit         = 500
	FormWordLimit     = 300
	BodyWordLimit     = WordLimit - frameWords
	FormBodyWordLimit = FormWordLimit - frameWords
	frameWords        = 100
)

// Letter is an answer to be framed as a mail.
type Letter struct {
	CustomerName string // as the customer gave it; used only if it looks like a name
	TicketNumber string
	Body         string // the answer itself
	StatusURL    string // the ticket page; optional in a formal letter
	Company      string
	// Language is an ISO 639-1 code; the frame is English where it has no words
	// in that language.
	Language string
}

// Words returns the number of words in text.
func Words(text string) int { return len(strings.Fields(text)) }

// Render writes the formal letter of the e-mail channel, at most WordLimit
// words long. A body that is too long ends after a whole sentence, and the
// letter says so.
func Render(l Letter) string {
	f := frameIn(l.Language)
	return l.frame(f, WordLimit, l.greet(f.nobody, f.somebody), l.refer(f.number, f.follow), f.closing)
}

// RenderForm writes the semi-formal letter that carries the answer to a
// web-form ticket, at most FormWordLimit words long, with a link to its page.
func RenderForm(l Letter) string {
	f := frameIn(l.Language)
	return l.frame(f, FormWordLimit, l.greet(f.noName, f.named), l.refer(f.answers, f.page), f.formClose)
}

func (l Letter) greet(nobody, somebody string) string {
	if name := greetable(l.CustomerName); name != "" {
		return fmt.Sprintf(somebody, name)
	}
	return nobody
}

func (l Letter) refer(ticket, page string) string {
	reference := fmt.Sprintf(ticket, cleanLine(l.TicketNumber, maxName))
	if l.StatusURL != "" {
		reference += fmt.Sprintf(page, cleanLine(l.StatusURL, maxLine))
	}
	return reference
}

func (l Letter) frame(f frameText, limit int, greeting, reference, closing string) string {
	signature := closing + "\n" + f.support
	if company := cleanLine(l.Company, maxName); company != "" {
		signature = closing + "\n" + company + " " + f.support
	}
	frame := []string{reference, signature, f.disclosure}
	room := limit - Words(greeting) - Words(strings.Join(frame, " "))
	body := strings.TrimSpace(cleanText(l.Body))
	if Words(body) > room {
		body = firstWords(body, room-Words(f.shortened)) + "\n\n" + f.shortened
	}
	return strings.Join(append([]string{greeting, body}, frame...), "\n\n") + "\n"
}

// sentenceEnd matches the end of a sentence or a line.
var sentenceEnd = regexp.MustCompile(`[.!?。！？…]["'”»)]*(\s|$)|\n`)

// firstWords keeps whole sentences of at most limit words; of a sentence that
// is longer still, the words that fit.
func firstWords(text string, limit int) string {
	end, words, inWord := len(text), 0, false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if !space && !inWord {
			if words == limit {
				end = i
				break
			}
			words++
		}
		inWord = !space
	}
	kept := text[:end]
	ends := sentenceEnd.FindAllStringIndex(kept, -1)
	if len(ends) == 0 {
		return strings.TrimSpace(kept) + "…"
	}
	return strings.TrimSpace(kept[:ends[len(ends)-1][1]])
}

const (
	maxGreetedName  = 40 // runes
	maxGreetedWords = 5
	maxParticle     = 3 // runes
)

// greetable returns name if it can stand in a greeting. Anybody can type a
// name into the form together with somebody else's address, so a name must
// not carry a message or a link to them.
func greetable(name string) string {
	name = cleanLine(name, maxGreetedName+1)
	if utf8.RuneCountInString(name) > maxGreetedName || len(strings.Fields(name)) > maxGreetedWords {
		return ""
	}
	letters := 0
	words := strings.Fields(name)
	for _, word := range words {
		runes := []rune(word)
		// A longer name has particles in small letters; a sentence has more.
		if len(words) > 2 && len(runes) > maxParticle && unicode.IsLower(runes[0]) {
			return ""
		}
		for i, r := range runes {
			switch {
			case unicode.IsLetter(r):
				letters++
			case unicode.IsMark(r), r == '-', r == '\'', r == '’', r == '.' && i == len(runes)-1:
			default:
				return ""
			}
		}
	}
	if letters < 2 {
		return ""
	}
	return name
}

const (
	maxFormSubject = 100 // runes
	// formSubject is what a mail about a form is called otherwise.
	formSubject = "Your request"
)

// beckons matches what leads a reader somewhere: a web or mail address, or a
// number to call.
var beckons = regexp.MustCompile(`(?i)://|@|[\pL\pN-]\.\pL{2,}|(?:\+|\b0)[\d ()/-]{6,}\d`)

// FormSubject returns the subject of mails about a form: the one that was typed,
// unless it is long or leads somewhere. Anybody can type it together with
// somebody else's address.
func FormSubject(typed string) string {
	typed = cleanLine(typed, maxFormSubject+1)
	if typed == "" || utf8.RuneCountInString(typed) > maxFormSubject || beckons.MatchString(typed) {
		return formSubject
	}
	return typed
}
