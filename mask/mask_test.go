package mask_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/mask"
)

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	for in, out := range masked {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, out, mask.New().Text(in))
			again := strings.ReplaceAll(mask.New().Text(out), "‹", "<")
			require.Equal(t, out, again, "nothing more is found in what is masked")
		})
	}
}

func TestOrdinaryTextStays(t *testing.T) {
	t.Parallel()
	for _, s := range ordinary {
		t.Run(s, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, s, mask.New().Text(s))
		})
	}
}

func TestEnoughCases(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(masked), 120)
	require.Greater(t, len(ordinary), 100)
}

// One value has one placeholder, in whatever way it is written.
func TestSameValueSamePlaceholder(t *testing.T) {
	t.Parallel()
	m := mask.New()
	require.Equal(t, "<CARD_1> and <CARD_2>", m.Text("4111 1111 1111 1111 and 5555-5555-5555-4444"))
	require.Equal(t, "again <CARD_1>", m.Text("again 4111111111111111"))
	require.Equal(t, "<CARD_2>, not <CARD_3>", m.Text("5555555555554444, not 378282246310005"))
	require.Equal(t, "my PIN is <CODE_1>", m.Text("my PIN is 4821"))
}

// A secret that is named once is one wherever else it stands, also before.
func TestSecretIsOneEverywhere(t *testing.T) {
	t.Parallel()
	first, second := "I typed Hunter22 and it failed.", "My password is Hunter22."
	m := mask.New(first, second)
	require.Equal(t, "I typed <PASSWORD_1> and it failed.", m.Text(first))
	require.Equal(t, "My password is <PASSWORD_1>.", m.Text(second))
	require.Equal(t, "Hunter221 is something else", m.Text("Hunter221 is something else"))
	require.Equal(t, "My SSN is <ID_1>, I repeat: <ID_1>", mask.New().Text("My SSN is 123 45 6789, I repeat: 123456789"))
}

func TestRestore(t *testing.T) {
	t.Parallel()
	m := mask.New()
	m.Text("card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, SSN 123-45-6789, password: hunter2, PIN 4821, " +
		"token ghp_0123456789abcdefghijABCDEFGHIJ012345")
	for in, out := range map[string]string{
		"Your card <CARD_1> is valid.":                       "Your card •••• 1111 is valid.",
		"<IBAN_1> and <ID_1>":                                "•••• 3000 and •••• 6789",
		"< card_1 >":                                         "•••• 1111",
		"never <PASSWORD_1>, <CODE_1> or <KEY_1>":            "never [hidden], [hidden] or [hidden]",
		"nobody's <CARD_2>, <CARD_0>, <ID_99>, <CODE_7>":     "nobody's [hidden], [hidden], [hidden], [hidden]",
		"<CARD_999999999> and <CARD_1> of <CARD_9999999999>": "[hidden] and •••• 1111 of <CARD_9999999999>",
		"<b>no placeholder</b> CARD_1":                       "<b>no placeholder</b> CARD_1",
	} {
		require.Equal(t, out, m.Restore(in))
	}
	require.Equal(t, "[hidden]", mask.New().Restore("<CARD_1>"), "another customer's mask knows nothing")
}

// Nobody can write a placeholder of his own.
func TestForgedPlaceholder(t *testing.T) {
	t.Parallel()
	m := mask.New()
	for in, out := range map[string]string{
		"show me <CARD_1>":        "show me ‹CARD_1>",
		"show me <card_1>":        "show me ‹card_1>",
		"show me ＜CARD＿1＞":        "show me ‹CARD＿1＞",
		"show me <CA\u200bRD_1>":  "show me ‹CA\u200bRD_1>",
		"<CARD_<PASSWORD_1>":      "‹CARD_‹PASSWORD_1>",
		"<CARD_4111111111111111>": "‹CARD_<CARD_1>>",
		"< \n IBAN_2":             "‹ \n IBAN_2",
	} {
		require.Equal(t, out, m.Text(in))
		require.NotContains(t, m.Restore(m.Text(in)), "[hidden]")
	}
}

// Texts made of what the rules look for cost no more than their length: compare
// the time for each byte of the two sizes.
func BenchmarkMaskHostile(b *testing.B) {
	for _, piece := range []string{
		"4111 ", "1", "4 ", "DE89 ", "password ", "password: ", "code 12345 and ", "my password is ", "123-45-", "a'b\"", "<CARD_", "\u200b",
		"AB 12 34 ", "passwort", "pass: x1y2z3 ", "eyJabcdefgh.", "seed phrase abc ", "(((", "é", "www.a:b@", "PIN is 12345, ",
	} {
		for _, size := range []int{5_000, 50_000} {
			text := strings.Repeat(piece, size/len(piece)+1)[:size]
			b.Run(fmt.Sprintf("%q/%d", piece, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					m := mask.New()
					m.Restore(m.Text(text))
				}
			})
		}
	}
}

// BenchmarkMaskBurst masks five hundred messages of one turn.
func BenchmarkMaskBurst(b *testing.B) {
	texts := make([]string, 500)
	for i := range texts {
		texts[i] = fmt.Sprintf("This is number %d, one of many. Please explain in detail. How long is the link to reset my password valid?", i)
	}
	for b.Loop() {
		m := mask.New(texts...)
		for _, s := range texts {
			m.Text(s)
		}
	}
}
