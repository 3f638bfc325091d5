package mask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	codeWords = one(`
		one_time_(?:pass)?codes? one_time_pins? one-time_code otp otps
		(?:verification|security|confirmation|login|log-in|sign-in|access|authentication|authenticator|auth|activation|unlock|recovery|backup|sms|2fa|mfa|two-factor|reset|card)_codes?
		passcodes? pins? pin_code pin_number puks? tans? m-?tan push-?tan i-?tan cvv2? cvc2? csc cvv/cvc
		\pL*(?:bestätigungs|sicherheits|verifizierungs|einmal|zugangs|anmelde|login|freischalt|aktivierungs|prüf|sms|wiederherstellungs|entsperr)-?codes?
		geheimzahl prüfziffer prüfnummer kartenprüfnummer pin-code pin-nummer
		code_(?:de_|d['’])?(?:vérification|verification|sécurité|securite|confirmation|validation|accès|acces|activation|sms|pin|secret|usage_unique) code_à_usage_unique
		c[óo]digo_(?:de_|do_)?(?:verificaci[óo]n|seguridad|confirmaci[óo]n|acceso|activaci[óo]n|verificaç[ãa]o|seguranç?a|confirmaç[ãa]o|acesso|ativaç[ãa]o|sms|pin)
		codice_(?:di_|d['’])?(?:verifica|sicurezza|conferma|accesso|attivazione|sblocco|otp|pin|sms)
		(?:verificatie|bevestigings|beveiligings|inlog|toegangs|sms|activerings)-?codes? pincode
		kod_(?:weryfikacyjny|sms|pin|dostępu)`)
	plainCode = one(`(?:six|6)_digits (?:sechs|6)_ziffern codes? c[óo]digos? codice codici kod`)
	codeCue   = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])(?:(` + codeWords + `)|(` + plainCode + `))\b`)
	// otherCode are the words that make a code nobody's secret.
	otherCode = regexp.MustCompile(`(?i)(?:^|[^\pL])` + one(`error status fault exit return response http postal post zip promo promotion promotional discount voucher coupon gift
		qr bar area country dial dialing product item source dress colour color model order region hs sort vin part diagnostic blink flash
		trouble service reference booking tracking referral invite invitation party alarm event warning result reason key_fob
		the_same_error`) + `[ -]$`)

	linked = `(?:[ \t:=#>"'(«“„*]|-(?:>|[ \t])|` + `(?:` + one(`is was are ist war lautet lauten heißt sind est était sont es era son é è sono zijn jest to my your
		now number no nr nummer numéro numero número just i_got received here`) + `)[ \t:.])`
	direct = regexp.MustCompile(`(?i)^(?:\([^)\n]{0,24}\))?` + linked + `{1,12}`)
	loose  = regexp.MustCompile(`(?i)^[^\d\n.;!?]{1,48}?[ \t](?:` + one(`is was ist war lautet est es era é è zijn`) + `)[ \t:"'“„«]{1,4}|^[^\d\n.;!?]{1,48}?[:=][ \t"'“„«]{0,4}`)
	onLine = regexp.MustCompile(`^[ \t]*:?[ \t]*\n[ \t]*`)

	numeral = regexp.MustCompile(`^(?:[A-Za-z]{1,2}-)?(?:[0-9]{3}[ -][0-9]{3}|[0-9]{2}[ -][0-9]{2}[ -][0-9]{2}|[0-9]{4}[ -][0-9]{4}|[0-9]{3,10})`)
	lettery = regexp.MustCompile(`^(?:[A-Z0-9]{4,}(?:-[A-Z0-9]{3,}){0,5}|[a-z0-9]{4,5}-[a-z0-9]{4,5})`)
	further = regexp.MustCompile(`(?i)^[ \t]*(?:,|;|/|` + one(`and und et y e en or oder ou o of`) + `)[ \t]*`)
	called  = regexp.MustCompile(`(?i)[0-9]{3}[ -]?[0-9]{1,5}[ \t]+(?:` + one(`is was ist war est es é è era`) + `)[ \t]+(?:[^\s\d.;!?]{1,14}[ \t]+){0,4}?(?:` +
		codeWords + `|` + plainCode + `)`)
	// texted is a code that is said to have come by text message.
	texted      = regexp.MustCompile(`(?i)[0-9]{3}[ -]?[0-9]{3}[ \t]+(?:` + one(`by per via par por`) + `)[ \t]+(?:` + one(`sms text_message`) + `)`)
	numeralOnly = regexp.MustCompile(`^[0-9]{3}[ -]?[0-9]{1,5}`)
)

// codes finds one-time codes and PINs: numbers that are called so.
func codes(text string) (spans []span) {
	for _, cue := range codeCue.FindAllStringSubmatchIndex(text, -1) {
		if unicode.IsLetter(first(text[cue[1]:])) {
			continue
		}
		certain := cue[2] >= 0
		if !certain && otherCode.MatchString(before(text, cue[4])) {
			continue
		}
		spans = append(spans, codesAfter(text, cue[1], certain)...)
	}
	for _, shape := range []*regexp.Regexp{called, texted} {
		spans = append(spans, codesBefore(text, shape)...)
	}
	return spans
}

// codesBefore returns the codes that are named right behind them.
func codesBefore(text string, shape *regexp.Regexp) (spans []span) {
	for from, to := range standing(text, shape) {
		if unicode.IsLetter(first(text[to:])) {
			continue
		}
		if end := from + len(numeralOnly.FindString(text[from:to])); isCode(text, from, end, false) {
			spans = append(spans, span{from, end, code, compact(text[from:end])})
		}
	}
	return spans
}

// codesAfter returns the codes that are named right before text[at:]. Where the
// name may mean something else only the usual length of a code is one.
func codesAfter(text string, at int, certain bool) (spans []span) {
	links := []*regexp.Regexp{direct, onLine}
	if certain {
		links = append(links, loose)
	}
	for _, link := range links {
		m := link.FindStringIndex(behind(text, at))
		if m == nil {
			continue
		}
		for from := at + m[1]; ; {
			to := from + len(numeral.FindString(text[from:]))
			if !isCode(text, from, to, certain) {
				to = from + len(lettery.FindString(text[from:]))
				if word := text[from:to]; !certain || !fourSigns(word) || !ended(text, to) {
					break
				}
			}
			spans = append(spans, span{from, to, code, compact(text[from:to])})
			more := further.FindString(text[to:])
			if more == "" {
				break
			}
			from = to + len(more)
		}
		if len(spans) > 0 {
			return spans
		}
	}
	return nil
}

// isCode reports a number of the length of a code that stands alone.
func isCode(text string, from, to int, certain bool) bool {
	n := 0
	for i := from; i < to; i++ {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	least := 6
	if certain {
		least = 3
	}
	return n >= least && n <= 10 && (certain || n <= 8) && ended(text, to) && apart(text, from, to)
}

// ended reports that no number goes on at a place.
func ended(text string, to int) bool {
	r, size := utf8.DecodeRuneInString(text[to:])
	if unicode.IsDigit(r) || unicode.IsLetter(r) {
		return false
	}
	return !strings.ContainsRune(".,:/-%°", r) || !unicode.IsDigit(first(text[to+size:]))
}

// fourSigns reports a mixture of capitals and digits.
func fourSigns(s string) bool {
	return len(compact(s)) >= 4 && strings.ContainsAny(s, "0123456789")
}
