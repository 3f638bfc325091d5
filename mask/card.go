package mask

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	minCard, maxCard = 13, 19
	// maxBetween is how much may stand between the groups of one card number.
	maxBetween = 24
)

var (
	digits  = regexp.MustCompile(`[0-9]+`)
	cardCue = regexp.MustCompile(`(?i)` + one(`card karte carte tarjeta cartão cartao carta kaart karta visa mastercard maestro amex
		american_express diners discover credit debit kredit crédit crédito credito débito`))
	// canonical are the ways in which cards are printed, or typed with a gap left
	// out, by the lengths of their groups.
	canonical = map[string]bool{"4444": true, "465": true, "464": true, "44443": true, "4441": true, "448": true, "484": true, "844": true, "88": true}
)

// cards finds payment card numbers: of a length and beginning that schemes
// give out, with the right check digit, and grouped as people group them.
func cards(text string) (spans []span) {
	groups, cues := digits.FindAllStringIndex(text, -1), cardCue.FindAllStringIndex(text, -1)
	for i := 0; i < len(groups); i++ {
		last, ok := cardFrom(text, groups, i, cued(cues, groups[i][0]))
		if !ok {
			continue
		}
		p := span{groups[i][0], groups[last][1], card, ""}
		for _, g := range groups[i : last+1] {
			p.value += text[g[0]:g[1]]
		}
		spans = append(spans, p)
		i = last
	}
	return spans
}

// cued reports that one of the words that name a card stands shortly ahead of a place.
func cued(cues [][]int, at int) bool {
	next, _ := slices.BinarySearchFunc(cues, at, func(cue []int, at int) int { return cue[0] - at })
	return next > 0 && cues[next-1][1] > at-near
}

// cardFrom returns the last group of a card number that begins with group i.
func cardFrom(text string, groups [][]int, i int, cued bool) (last int, ok bool) {
	var number, shape strings.Builder
	between, same := "", true
	for j := i; j < len(groups); j++ {
		g := groups[j]
		if j > i {
			gap := text[groups[j-1][1]:g[0]]
			if len(gap) > maxBetween {
				return 0, false
			}
			same = same && (j == i+1 || gap == between) && len(gap) <= 3
			between = gap
		}
		number.WriteString(text[g[0]:g[1]])
		shape.WriteString(strconv.Itoa(g[1] - g[0]))
		if number.Len() > maxCard {
			return 0, false
		}
		if number.Len() < minCard || !grouped(text, groups[i:j+1], shape.String(), same) || !apart(text, groups[i][0], g[1]) {
			continue
		}
		if isCard(text, groups[i][0], number.String(), canonical[shape.String()], cued) {
			return j, true
		}
	}
	return 0, false
}

// grouped reports groups that belong together: printed as on a card, or all of
// one length with the same sign between them.
func grouped(text string, groups [][]int, shape string, same bool) bool {
	if len(groups) == 1 {
		from := groups[0][0]
		// Not the decimals of a number.
		return from < 2 || (text[from-1] != '.' && text[from-1] != ',') || text[from-2] < '0' || text[from-2] > '9'
	}
	if canonical[shape] {
		return true
	}
	if !same {
		return false
	}
	size := groups[0][1] - groups[0][0]
	for n, g := range groups {
		if l := g[1] - g[0]; l > size || l < size && n < len(groups)-1 {
			return false
		}
	}
	return true
}

// isCard judges a number by itself and by what is said ahead of it. Somebody
// who says that it is a card may have mistyped it.
func isCard(text string, from int, number string, printed, cued bool) bool {
	issued := scheme(number)
	checked := luhn(number)
	mistyped := issued && (printed || len(number) >= 15)
	if oneDigitOnly(number) || !checked && !mistyped {
		return false
	}
	if cued {
		return true
	}
	return checked && issued && !ordinary(text, from)
}

// scheme reports whether a scheme gives out numbers that begin so and are of
// this length.
func scheme(n string) bool {
	head := func(digits int) int { return number(n[:digits]) }
	two, four := head(2), head(4)
	length := func(of ...int) bool { return slices.Contains(of, len(n)) }
	switch {
	case n[0] == '4': // Visa; those of 13 digits have gone, and look like bar codes
		return length(16, 19)
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return length(16)
	case two == 34, two == 37: // American Express
		return length(15)
	case four == 6011, head(3) >= 644 && head(3) <= 649, two == 65: // Discover
		return length(16, 19)
	case head(3) >= 300 && head(3) <= 305, two == 36, two == 38, two == 39: // Diners
		return length(14, 16)
	case four >= 3528 && four <= 3589: // JCB
		return length(16)
	case two == 62: // UnionPay
		return length(16, 17, 18, 19)
	case two == 50, two >= 56 && two <= 69: // Maestro
		return length(16, 19)
	default:
		return false
	}
}

func luhn(n string) bool {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
