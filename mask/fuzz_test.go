package mask

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// canaries are secrets with what makes them known as such.
var canaries = []struct{ text, secret string }{
	{"card: 4111 1111 1111 1111", "4111 1111 1111 1111"},
	{"card: 378282246310005", "378282246310005"},
	{"IBAN: DE89 3704 0044 0532 0130 00", "3704 0044 0532 0130"},
	{"SSN: 123-45-6789", "123-45-6789"},
	{"my password is Zaunkönig77", "Zaunkönig77"},
	{"Passwort: zaunkoenig", "zaunkoenig"},
	{"verification code: 482913", "482913"},
	{"key: sk-proj-Zm9vYmFy8nq3LkXw2Rt7", "Zm9vYmFy8nq3LkXw2Rt7"},
}

func FuzzText(f *testing.F) {
	for i := range canaries {
		f.Add("Hello,", "Thanks", i)
		f.Add("order 4711 4111 1111", "12/27 <CARD_1>", i)
		f.Add("DE89 3704 password:", "is my password", i)
		f.Add("４１１１\u200b\xff", "•••• 1111 <card_1> &lt;", i)
	}
	f.Fuzz(func(t *testing.T, head, tail string, which int) {
		c := canaries[uint(which)%uint(len(canaries))]
		if strings.Contains(head+tail, c.secret) {
			t.Skip()
		}
		s := head + "\n\n" + c.text + "\n\n" + tail
		m := New()
		got := m.Text(s)
		require.NotContains(t, got, c.secret)
		require.Equal(t, utf8.ValidString(s), utf8.ValidString(got))
		require.Equal(t, got, New(s).Text(s), "the mask of the same messages")
		for _, known := range m.known {
			text := fold(got).text
			for _, p := range m.again(text) {
				require.NotEqual(t, known.value, text[p.from:p.to], "a value that is left")
			}
		}
		for _, p := range placeholder.FindAllStringSubmatch(got, -1) {
			require.Contains(t, m.numbers, name{kind(p[1]), m.values[kind(p[1])][number(p[2])-1]}, "a placeholder that we gave out")
		}
		back := m.Restore(got)
		require.NotContains(t, back, c.secret)
		require.NotRegexp(t, placeholder, back)
		require.Equal(t, strings.Count(s, "••••"), strings.Count(New().Restore(got), "••••"), "another mask restores nothing")
	})
}
