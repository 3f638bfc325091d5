package email

import (
	"regexp"
	"slices"
	"strings"
)

// separated is a text with what is not new set apart.
type separated struct{ text, quoted, signature string }

// What a line belongs to.
const (
	lineText = iota
	lineQuoted
	lineSignature
)

const (
	maxMarkLine       = 300 // bytes; a longer line is prose
	maxSignatureLines = 15
	headerBlockLines  = 8
)

var (
	// divider is the line programs put over a mail they quote whole.
	divider = regexp.MustCompile(`(?i)^[-_*=]{2,}\s*(original message|original appointment|ursprüngliche nachricht|original-?nachricht|` +
		`message d.origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|` +
		`mensagem original|ursprungligt meddelande|oprindelig meddelelse)\s*[-_*=]{2,}.*$`)
	// forwarded introduces a mail we have not seen yet.
	forwarded = regexp.MustCompile(`(?i)^([-_*=]{2,}\s*(forwarded message|forwarded by .*|weitergeleitete nachricht|message transféré|` +
		`mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada)\s*[-_*=]{2,}.*` +
		`|(begin forwarded message|anfang der weitergeleiteten nachricht|début du message (transféré|réexpédié)|inicio del mensaje reenviado|inizio messaggio inoltrato)\s*:)$`)
	forwardSubject = regexp.MustCompile(`(?i)^(fwd?|wg|tr|rv|enc)\s*:`)

	// A header block of Outlook: a sender, then a date and a recipient or subject.
	blockFrom = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|från|fra|od|发件人|寄件者|差出人)\s?[:：]\*?\s*\S`)
	blockDate = regexp.MustCompile(`(?i)^\*?(sent|date|gesendet|datum|envoyé|enviado( el)?|enviada em|fecha|inviato|data|verzonden|skickat|sendt|发送时间|日期|送信日時)\s?[:：]\*?\s*\S`)
	blockTo   = regexp.MustCompile(`(?i)^\*?(to|subject|an|betreff|à|a|objet|para|asunto|assunto|oggetto|aan|onderwerp|till|til|ämne|emne|收件人|主题|件名|宛先)\s?[:：]\*?\s*`)
	ruler     = regexp.MustCompile(`^[_\-=]{5,}$`)

	// attribution introduces a quote: "On <date>, <somebody> wrote:".
	attribution = regexp.MustCompile(`(?i)^(` +
		`(on|am|le|el|il|op|em|den|dnia|w dniu|på) .+ (wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał(\(a\))?)(\s.*)?[:：]` +
		`|.*\d{4}.+(写道|寫道|のメール)\s*[:：]` +
		`|\d{4}-\d\d-\d\d.*<[^<>@\s]+@[^<>\s]+>\s*:)$`)
	// written is somebody's address after a date, in whatever language.
	written        = regexp.MustCompile(`\d.*<[^<>@\s]+@[^<>\s]+>|<[^<>@\s]+@[^<>\s]+>.*\d`)
	clockOrAddress = regexp.MustCompile(`\d{1,2}[:.h]\d\d|<[^<>@\s]+@[^<>\s]+>|\[mailto:`)
	digit          = regexp.MustCompile(`\d`)

	// deviceLine is the signature phones add without a delimiter.
	deviceLine = regexp.MustCompile(`(?i)^(sent from my .{2,40}|sent from (outlook|mail for|yahoo|proton).{0,60}|get outlook for .{2,40}|` +
		`von meinem .{2,40} gesendet|gesendet von .{2,60}|diese nachricht wurde von meinem .{5,60} gesendet.?|envoyé (de|depuis) mon .{2,40}|` +
		`enviado desde mi .{2,40}|inviato da(l mio)? .{2,40}|verzonden vanaf mijn .{2,40}|enviado do meu .{2,40}|skickat från min .{2,40}|sendt fra min .{2,40}|` +
		`wysłane z (iphone|ipad|android|telefonu|urządzenia|outlook|poczty).{0,40}|` +
		`отправлено (с|из) (iphone|ipad|android|мобильн|outlook|почты).{0,40}|` +
		`(iphone|ipad|android|galaxy).{0,20}(gönderildi|から送信)|发自我的.{2,20})$`)
)

// separate tells what the sender wrote now from the mails quoted and from the
// signature. When in doubt a line stays text: too much context costs a little,
// a lost sentence costs the answer. A forwarded mail is text too: it is new to
// us, and usually the point.
func separate(full string, isForward bool) separated {
	lines := strings.Split(full, "\n")
	belongs := make([]int, len(lines))
	for i := 0; i < len(lines); {
		if whole := wholeQuoteAt(lines, i); whole && isForward || forwardedAt(lines[i]) {
			break
		} else if whole {
			fill(belongs[i:], lineQuoted)
			break
		}
		if quotedLine(lines[i]) {
			belongs[i] = lineQuoted
			i++
			continue
		}
		n := attributionAt(lines, i)
		if n == 0 {
			i++
			continue
		}
		next := nextLine(lines, i+n)
		switch {
		case next < 0 || quotedLine(lines[next]):
			fill(belongs[i:i+n], lineQuoted)
			i += n
		case clockOrAddress.MatchString(strings.Join(lines[i:i+n], " ")):
			fill(belongs[i:], lineQuoted)
			i = len(lines)
		default:
			i += n
		}
	}
	markSignature(lines, belongs)
	return separated{
		text:      gather(lines, belongs, lineText),
		quoted:    gather(lines, belongs, lineQuoted),
		signature: gather(lines, belongs, lineSignature),
	}
}

func quotedLine(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), ">") }

func forwardedAt(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) <= maxMarkLine && forwarded.MatchString(line)
}

// wholeQuoteAt reports that from line i on everything is a mail quoted
// without marks on its lines.
func wholeQuoteAt(lines []string, i int) bool {
	line := strings.TrimSpace(lines[i])
	if line == "" || len(line) > maxMarkLine {
		return false
	}
	if divider.MatchString(line) {
		return true
	}
	if ruler.MatchString(line) {
		next := nextLine(lines, i+1)
		return next >= 0 && headerBlockAt(lines, next)
	}
	return headerBlockAt(lines, i)
}

func headerBlockAt(lines []string, i int) bool {
	if !blockFrom.MatchString(strings.TrimSpace(lines[i])) {
		return false
	}
	hasDate, hasTo := false, false
	for _, line := range lines[i+1 : min(i+headerBlockLines, len(lines))] {
		line = cut(strings.TrimSpace(line), maxMarkLine)
		switch {
		case blockFrom.MatchString(line):
			return false
		case blockDate.MatchString(line):
			hasDate = true
		case blockTo.MatchString(line):
			hasTo = true
		}
	}
	return hasDate && hasTo
}

// attributionAt returns how many lines, from line i on, introduce a quote;
// programs wrap that line.
func attributionAt(lines []string, i int) int {
	joined := ""
	for n := 1; n <= 3 && i+n <= len(lines); n++ {
		line := strings.TrimSpace(lines[i+n-1])
		if line == "" || len(line) > maxMarkLine {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		if colonAtEnd(joined) && attribution.MatchString(joined) && digit.MatchString(joined) {
			return n
		}
		// A line of another language counts only if a marked quote follows it.
		if first := strings.TrimSpace(lines[i]); n == 1 || strings.HasSuffix(first, "<") {
			next := nextLine(lines, i+n)
			if colonAtEnd(joined) && written.MatchString(joined) && next >= 0 && quotedLine(lines[next]) {
				return n
			}
		}
	}
	return 0
}

// markSignature finds the signature after the new text: behind the customary
// delimiter, or the line a phone adds.
func markSignature(lines []string, belongs []int) {
	seenText := false
	for i, line := range lines {
		if belongs[i] != lineText {
			continue
		}
		trimmed := strings.TrimSpace(line)
		if seenText && (trimmed == "--" || deviceLine.MatchString(trimmed)) {
			// Looking no further than a signature reaches keeps this linear.
			end := i + 1
			for end < len(lines) && belongs[end] == lineText && end-i <= maxSignatureLines {
				end++
			}
			if end-i <= maxSignatureLines && (trimmed == "--" || nextLine(lines[:end], i+1) < 0) {
				fill(belongs[i:end], lineSignature)
			}
		}
		seenText = seenText || trimmed != ""
	}
}

func colonAtEnd(line string) bool {
	return strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")
}

func nextLine(lines []string, from int) int {
	for i := from; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != "" {
			return i
		}
	}
	return -1
}

func fill(belongs []int, what int) {
	for i := range belongs {
		belongs[i] = what
	}
}

// gather joins the lines of one sort, with at most one blank line between
// paragraphs.
func gather(lines []string, belongs []int, what int) string {
	var kept []string
	for i, line := range lines {
		if belongs[i] == what {
			kept = append(kept, strings.TrimRight(line, " \t"))
		}
	}
	kept = slices.CompactFunc(kept, func(a, b string) bool { return a == "" && b == "" })
	return strings.Trim(strings.Join(kept, "\n"), "\n")
}
