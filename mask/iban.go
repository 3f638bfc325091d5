package mask

import (
	"regexp"
	"strings"
)

// ibanLength is the length of the account numbers of each country.
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
	"CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
	"GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27,
	"MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
	"QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SV": 28, "TL": 23, "TN": 24,
	"TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

var (
	ibanHead = regexp.MustCompile(`(?i)[A-Z]{2}[ .-]{0,2}[0-9]{1,2}`)
	ibanCue  = regexp.MustCompile(`(?i)(?:^|[^\pL])IBAN[^\pL\d\n]{0,4}(?:` + one(`number no nr nummer is ist lautet est es é è`) + `[^\pL\d\n]{0,3}){0,2}$`)
)

// ibans finds international bank account numbers by the length that their
// country has and their check digits. One that is called so may be mistyped.
func ibans(text string) (spans []span) {
	for pos := 0; pos < len(text); {
		found := ibanHead.FindStringIndex(text[pos:])
		if found == nil {
			return spans
		}
		from := pos + found[0]
		pos = from + 1
		length := ibanLength[strings.ToUpper(text[from:from+2])]
		if length == 0 {
			continue
		}
		number, to := collect(text, from, length)
		if len(number) < length || !apart(text, from, to) {
			continue
		}
		if mod97(number) || ibanCue.MatchString(before(text, from)) {
			spans = append(spans, span{from, to, iban, number})
			pos = to
		}
	}
	return spans
}

// collect takes up to n letters and digits, with no more than three other signs
// in a row between them, and returns them with the place where they end.
func collect(text string, from, n int) (string, int) {
	var b strings.Builder
	gap := 0
	for i := from; i < len(text); i++ {
		switch {
		case alnum(text[i]):
			b.WriteByte(text[i])
			gap = 0
		case gap < 3 && strings.IndexByte(" \n\t-./_", text[i]) >= 0:
			gap++
		default:
			return compact(b.String()), i
		}
		if b.Len() == n {
			return compact(b.String()), i + 1
		}
	}
	return compact(b.String()), len(text)
}

// mod97 checks the digits by ISO 7064.
func mod97(number string) bool {
	rest := 0
	for _, c := range number[4:] + number[:4] {
		if c >= '0' && c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
