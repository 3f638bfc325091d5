package review

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/digital-fte/fte/ticket"
)

var (
	markdownHeading = regexp.MustCompile(`(?m)^\s{0,3}#{1,6}\s+\S`)
	markdownTable   = regexp.MustCompile(`(?m)^\s*\|.*\|.*$`)
	htmlElement     = regexp.MustCompile(`(?i)</?(a|abbr|article|b|blockquote|body|br|button|code|div|em|embed|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|li|link|meta|object|ol|p|pre|script|section|span|strong|style|svg|table|tbody|td|th|thead|tr|u|ul|video)\b[^<>]*>|<!--|&(lt|gt|amp|nbsp|#\d+|#x[0-9a-f]+);`)
	greeting        = regexp.MustCompile(`(?i)^\s*(hi|hello|hey|dear|greetings|good (morning|afternoon|evening|day)|hallo|guten (tag|morgen|abend)|sehr geehrte[rs]?|liebe[rs]?|moin|bonjour|bonsoir|salut|cher|chère|hola|buenos días|buenas (tardes|noches)|estimad[oa]|ciao|buongiorno|buonasera|gentile|olá|bom dia|boa (tarde|noite)|prezad[oa]|beste|geachte|goedendag|goedemorgen)(?:[,!.\n]|\s[^.!?,\n:]{0,40}[,!.\n]|[^\pL\n]*$)`)
	signature       = pattern(`(?im)^\s*((best|kind|kindest|warm|warmest|many) (regards|wishes)|regards|sincerely|yours (sincerely|truly|faithfully)|cheers|(mit )?(freundlichen|besten|herzlichen|vielen) grüßen|(viele|beste|freundliche|liebe|herzliche) grüße|mfg|(bien )?cordialement|bien à vous|salutations|(un )?(cordial )?saludos?|atentamente|cordiali saluti|distinti saluti|atenciosamente|cumprimentos|met vriendelijke groet(en)?|groeten|(your|the|ihr|euer|votre|su|il|o|uw|het) [\pL ]{0,30}team)\s*[,.!]?\s*$`)
)

// insides are words for how answers are made. A company that sells such things
// may speak of them if a cited chunk does.
var insides = pattern(`(?i)\bas an? (ai|a\.i\.|artificial|language model|assistant|bot|llm)\b|\b(i am|i'm) (an? )?(ai|a\.i\.|bot|chatbot|language model|virtual assistant|assistant)\b|\blarge language model\b|\blanguage model\b|\btraining data\b|\bsystem prompt\b|\bmy (instructions|prompt|guidelines|programming|rules)\b|\b(knowledge base|retrieved (chunk|document|passage)s?|provided (context|chunks?|documents?|passages?)|chunks?\b|context provided|search results?)\b|\bals (eine )?(ki|künstliche intelligenz|sprachmodell|assistent)\b|\b(wissensdatenbank|sprachmodell|systemprompt|meine anweisungen|meine vorgaben)\b|\ben tant qu'(ia|intelligence|assistant)\b|\bmodèle de langage\b|\bbase de connaissances\b|\bcomo (una? )?(ia|inteligencia|modelo de lenguaje|asistente)\b|\bbase de conocimientos?\b|\bcome (un'?)?(ia|intelligenza artificiale|modello linguistico|assistente)\b|\bals (een )?(ai|taalmodel|assistent)\b|\b(kennisbank|base di conoscenza|base de conhecimento)\b`)

// style refuses what does not fit a plain message that its channel frames.
func (d *draft) style() ticket.Verdict {
	reasons := d.length()
	if markdownHeading.MatchString(d.Draft) || markdownTable.MatchString(d.Draft) || htmlElement.MatchString(d.Draft) {
		reasons = append(reasons, "The answer has headings, tables or HTML: write plain text.")
	}
	if d.garbled() {
		reasons = append(reasons, "The answer has no words, or runs of signs that nobody can read: write plain sentences.")
	}
	if d.evades() {
		reasons = append(reasons, "The answer tells the customer nothing, or says the question back: answer it, ask for what is missing, or say that you could not find it.")
	}
	if d.scrappy() {
		reasons = append(reasons, "The answer is a heading or a few words: write whole sentences, each with a full stop.")
	}
	if greeting.MatchString(d.text) {
		reasons = append(reasons, "The answer begins with a greeting: begin with the answer itself.")
	}
	lines := strings.Split(strings.TrimSpace(d.text), "\n")
	if slices.ContainsFunc(lines[max(0, len(lines)-3):], signature.MatchString) {
		reasons = append(reasons, "The answer ends with a closing formula: leave it out, the channel adds it.")
	}
	for _, inside := range insides.FindAllString(d.text, -1) {
		if !d.stands(strings.TrimFunc(inside, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })) {
			reasons = append(reasons, "The answer speaks of how it is made: leave out everything about models, prompts, chunks and the knowledge base.")
			break
		}
	}
	return refuse(RuleStyle, reasons...)
}

// stands reports whether words stand in a cited chunk.
func (d *draft) stands(words string) bool {
	for _, c := range d.cited {
		if strings.Contains(strings.ToLower(c.Title+"\n"+c.Content), strings.ToLower(words)) {
			return true
		}
	}
	return false
}
