package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/text"
)

func TestSanitize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Grüße 👋🏽\n\tja", "Grüße 👋🏽\n\tja"},
		{"nul and escape", "a\x00b\x1b[31mc\x7f", "ab[31mc"},
		{"broken bytes", "a\xff\xfeb", "a\uFFFDb"},
		{"line ends", "a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"},
		{"joiners stay", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, text.Sanitize(c.in))
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Ana Bcc: x@example.com", text.Line("  Ana\r\nBcc:\tx@example.com\x00 "))
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	require.Equal(t, "abc", text.Truncate("abc", 3))
	require.Equal(t, "ab…", text.Truncate("abcd", 3))
	require.Equal(t, "…", text.Truncate("👩\u200d👩\u200d👧👍", 4), "a family is one character to a reader")
	require.Empty(t, text.Truncate("abc", 0))
}

func FuzzSanitize(f *testing.F) {
	for _, s := range []string{"", "a\x00b", "\xff", "e\u0301 \r\n", "👩\u200d👩"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := text.Sanitize(s)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, got, text.Sanitize(got))
		require.False(t, strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }))
		require.NotContains(t, text.Line(s), "\n")
		require.LessOrEqual(t, utf8.RuneCountInString(text.Truncate(got, limit)), max(limit, 0))
	})
}
