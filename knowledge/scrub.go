package knowledge

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/digital-fte/fte/mask"
)

// What belongs to one customer and to no article. Longer things come first:
// they hold what looks like the shorter ones.
var (
	placeholder    = regexp.MustCompile(`<[A-Z]+_\d+>`) // of package mask
	personalLink   = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"')\]]*[?&#=@][^\s<>"')\]]*[^\s<>"')\].,;!?]`)
	mailAddress    = regexp.MustCompile(`(?i)[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`)
	accountNumber  = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`)
	ticketNumber   = regexp.MustCompile(`\bT-[0-9A-HJKMNP-TV-Z]{10}\b`)
	reference      = regexp.MustCompile(`(?:\b[A-Za-z]{1,6}[-#]|#)\d{3,}[\p{L}\p{N}-]*`)
	longNumber     = regexp.MustCompile(`\+?\(?\d[\d ()/.-]{5,}\d`)
	salutation     = regexp.MustCompile(`(?i)^\s*(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten (tag|morgen|abend)|liebe[r]?|sehr geehrte[r]?|moin|servus|bonjour|hola)\b[^.!?\n]{0,60}[,!.]?\s*$`)
	closingFormula = regexp.MustCompile(`(?i)^\s*(best|kind|warm|many)?\s*(regards|wishes|thanks)|^\s*(best|cheers|thanks|thank you|sincerely|yours)\b[^.\n]{0,20},?\s*$|^\s*(mit freundlichen|freundliche|viele|beste|liebe|herzliche) gr(ü|ue)(ß|ss)en?|^\s*(cordialement|saludos)|^--\s*$`)
)

// scrub replaces what belongs to one customer: addresses, numbers of accounts,
// orders and telephones, and the words of the name. It rather takes too much:
// a person reads what is left before anybody else does.
func scrub(text, name string) string {
	text = placeholder.ReplaceAllString(mask.New(text).Text(text), "[hidden]")
	text = mailAddress.ReplaceAllString(text, "[address]")
	text = personalLink.ReplaceAllString(text, "[link]")
	text = ticketNumber.ReplaceAllString(text, "[number]")
	text = accountNumber.ReplaceAllString(text, "[number]")
	text = reference.ReplaceAllString(text, "[number]")
	text = longNumber.ReplaceAllStringFunc(text, func(s string) string {
		if digits := strings.Map(onlyDigits, s); len(digits) < 7 || isDay(s) {
			return s
		}
		return "[number]"
	})
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if utf8.RuneCountInString(w) >= 3 || len(w) >= 2 && unicode.IsUpper([]rune(w)[0]) {
			text = replaceWord(text, w, "[name]")
		}
	}
	return text
}

func onlyDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

var dayPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$|^\d{1,2}[./]\d{1,2}[./]\d{4}$`)

func isDay(s string) bool { return dayPattern.MatchString(strings.TrimSpace(s)) }

// replaceWord replaces a whole word, however it is written.
func replaceWord(text, old, replacement string) string {
	pattern := regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}])` + regexp.QuoteMeta(old) + `('s|s)?($|[^\p{L}\p{N}])`)
	for range 2 { // neighbours share the sign between them
		text = pattern.ReplaceAllString(text, "${1}"+replacement+"${3}")
	}
	return text
}

// gist returns what a letter says, without how it begins and ends: the
// salutation and everything from the closing formula on.
func gist(letter string) string {
	lines := strings.Split(strings.TrimSpace(letter), "\n")
	if len(lines) > 1 && salutation.MatchString(lines[0]) {
		lines = lines[1:]
	}
	for i := len(lines) - 1; i >= max(1, len(lines)-8); i-- {
		if closingFormula.MatchString(lines[i]) {
			lines = lines[:i]
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
