package whatsapp_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
)

func sentence(length int) string { return strings.Repeat("x", length-1) + "." }

func lengths(parts []string) []int {
	var all []int
	for _, p := range parts {
		all = append(all, utf8.RuneCountInString(p))
	}
	return all
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     []int
	}{
		{"nothing", "", nil},
		{"blank", " \n\t\u00a0 ", nil},
		{"short stays one, paragraphs and all", "One.\n\nTwo. Three.", []int{17}},
		{"just fits", sentence(150) + " " + sentence(149), []int{300}},
		{"just too long", "X" + sentence(149) + " X" + sentence(149), []int{150, 150}},
		{"even rather than full", strings.TrimSpace(strings.Repeat("X"+sentence(99)+" ", 4)), []int{201, 201}},
		{"paragraph before sentence", "X" + sentence(99) + " X" + sentence(79) + "\n\nX" + sentence(139) + " X" + sentence(59), []int{181, 201}},
		{"no more parts than needed", strings.TrimSpace(strings.Repeat("X"+sentence(89)+" ", 9)), []int{272, 272, 272}},
		{"a long sentence stays whole", "X" + sentence(99) + " X" + sentence(899) + " X" + sentence(99), []int{100, 900, 100}},
		{"longer than a message: between words", strings.TrimSpace(strings.Repeat("word ", 400)), []int{999, 999}},
		{"longer than a message: one word", strings.Repeat("x", 3300), []int{1600, 1600, 100}},
		{"one character longer than a message", "a" + strings.Repeat("\u0301", 2000), []int{1600, 401}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, lengths(whatsapp.Split(c.in)))
		})
	}
}

func TestSplitKeepsWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("Bitte prüfen Sie den Akku und den Stecker. ", 6)
	for _, together := range []string{
		"https://example.com/help?article=12&lang=de",
		"Dr. Meier", "J. Smith", "z. B. Kabel", "(e.g. Cables)",
		"1. Press the button",
		"👩\u200d👩\u200d👧\u200d👦", "🇩🇪", "e\u0301",
	} {
		t.Run(together, func(t *testing.T) {
			t.Parallel()
			for shift := range 60 {
				in := filler + strings.Repeat("y", shift) + " " + together + " now. " + filler
				parts := whatsapp.Split(in)
				require.Greater(t, len(parts), 1)
				require.True(t, slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, together) }), "%q", parts)
			}
		})
	}
}

func TestSplitWithoutSpaces(t *testing.T) {
	t.Parallel()
	parts := whatsapp.Split(strings.Repeat("请检查电源线是否插好。", 40))
	require.Equal(t, []int{220, 220}, lengths(parts))
	for _, p := range parts {
		require.True(t, strings.HasSuffix(p, "。"))
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "Hi. ", "Is it on? Yes!\n\n", "a\u0301👩\u200d👩", "请。", "\xff\xfe 🇩🇪", " \u0308x. A", "e.g. Ja.\r\n1. b"} {
		f.Add(s, uint8(200))
	}
	f.Fuzz(func(t *testing.T, unit string, times uint8) {
		s := strings.Repeat(unit, int(times))
		parts := whatsapp.Split(s)
		requireNothingLost(t, s, parts)
		if n := utf8.RuneCountInString(strings.TrimSpace(s)); n <= whatsapp.PreferredLength {
			require.LessOrEqual(t, len(parts), 1)
		}
		for _, p := range parts {
			require.LessOrEqual(t, utf8.RuneCountInString(p), whatsapp.MaxLength)
			require.NotEmpty(t, strings.TrimSpace(p))
		}
	})
}

// requireNothingLost finds the parts in s one after the other, with nothing
// but white space between them and every end between two characters.
func requireNothingLost(t *testing.T, s string, parts []string) {
	t.Helper()
	isEnd := map[int]bool{0: true}
	longest, pos := 0, 0
	for rest, state := s, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		pos += len(cluster)
		isEnd[pos] = true
		longest = max(longest, utf8.RuneCountInString(cluster))
	}
	pos = 0
	for _, p := range parts {
		at := strings.Index(s[pos:], p)
		require.GreaterOrEqual(t, at, 0, "%q is not in the text", p)
		require.Empty(t, strings.TrimFunc(s[pos:pos+at], unicode.IsSpace), "lost before %q", p)
		start := pos + at
		pos = start + len(p)
		if longest <= whatsapp.MaxLength {
			require.True(t, isEnd[start] && isEnd[pos], "%q begins or ends inside a character", p)
		}
	}
	require.Empty(t, strings.TrimFunc(s[pos:], unicode.IsSpace), "lost at the end")
}

func TestRender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, number, want string }{
		{"plain", " Hello Ana. ", "", "Hello Ana."},
		{"number closes", "Hello.", "T-0123456789", "Hello.\n\nTicket T-0123456789"},
		{"number already said", "Your ticket is T-0123456789.", "T-0123456789", "Your ticket is T-0123456789."},
		{"markdown", "## **Reset** it\n\n\n\nPress **both** keys, see [the manual](https://x.example/a?b=1).", "", "*Reset it*\n\nPress *both* keys, see the manual: https://x.example/a?b=1."},
		{"bare link", "[https://x.example](https://x.example)", "", "https://x.example"},
		{"nothing", " \x00", "T-0123456789", ""},
		{"arithmetic and lists stay", "2 * 3 * 4\n* one\n* two\n#1 choice", "", "2 * 3 * 4\n* one\n* two\n#1 choice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, whatsapp.Render(c.in, c.number))
		})
	}
}
