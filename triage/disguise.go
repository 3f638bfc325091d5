package triage

import (
	"slices"
	"strings"
)

// formsOf returns what a word may stand for besides itself.
func formsOf(w string) []string {
	var out []string
	if one, two := squeeze(w, 1), squeeze(w, 2); two != w {
		out = append(out, one, two)
	}
	if plain := unmask(w); plain != w {
		out = append(out, plain)
	}
	return out
}

// squeeze shortens runs of three or more equal letters to n.
func squeeze(w string, n int) string {
	if !hasRun(w) {
		return w
	}
	var b strings.Builder
	r := []rune(w)
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && r[j] == r[i] {
			j++
		}
		run := j - i
		if run > 2 {
			run = n
		}
		for range run {
			b.WriteRune(r[i])
		}
		i = j
	}
	return b.String()
}

// hasRun reports three equal letters in a row.
func hasRun(w string) bool {
	run, last := 0, rune(-1)
	for _, r := range w {
		if r != last {
			run, last = 0, r
		}
		if run++; run > 2 {
			return true
		}
	}
	return false
}

// unmask reads digits, signs and letters of another script as the letters they
// look like, when they stand among letters.
func unmask(w string) string {
	latin := false
	strange := false
	for _, r := range w {
		latin = latin || 'a' <= r && r <= 'z'
		strange = strange || lookalike(r) != r
	}
	if !latin || !strange {
		return w
	}
	return strings.Map(lookalike, w)
}

// lookalikes are signs and letters that are taken for others, with the letters
// that they look like, in the same order.
var lookalikes = [2][]rune{[]rune("0134579@$аеорсухівѕјкмнт"), []rune("oieastgasaeopcyxibsjkmht")}

func lookalike(r rune) rune {
	if i := slices.Index(lookalikes[0], r); i >= 0 {
		return lookalikes[1][i]
	}
	return r
}

// joinSpelled reads four or more letters that stand alone, as in "r e f u n d"
// or "r.e.f.u.n.d", as one word.
func joinSpelled(in []token) []token {
	single := func(t token) bool { return len(t.word) == 1 && isWordRune(rune(t.word[0])) }
	out := make([]token, 0, len(in))
	for i := 0; i < len(in); {
		var word strings.Builder
		j, letters := i, 0
		for j < len(in) && (single(in[j]) || letters > 0 && in[j].isBreak() && j+1 < len(in) && single(in[j+1])) {
			if single(in[j]) {
				word.WriteString(in[j].word)
				letters++
			}
			j++
		}
		if letters >= 4 {
			out = append(out, token{word: word.String()})
			if in[j-1].endsSentence() {
				out = append(out, token{word: sentenceEnd})
			}
			i = j
			continue
		}
		out = append(out, in[i])
		i++
	}
	return out
}
