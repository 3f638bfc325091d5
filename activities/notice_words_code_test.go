package activities

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestEveryLanguageOfANoticeHasWordsForCodes(t *testing.T) {
	t.Parallel()
	english, seen := codeWordsIn("en"), map[string]string{}
	for _, language := range []string{"de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "en"} {
		notice, known := noticeIn(language)
		require.Equal(t, language != "en", known, language)
		if known {
			require.Equal(t, 1, strings.Count(notice.closed, "%s"), language)
			for _, words := range []string{notice.passedOn, notice.open, notice.danger} {
				require.NotEmpty(t, words, language)
				require.NotContains(t, words, "%", language)
			}
		}
		w := codeWordsIn(language)
		if language != "en" {
			require.NotEqual(t, english, w, language)
		}
		require.Equal(t, 1, strings.Count(w.sentMail, hiddenCode), language)
		require.Equal(t, 1, strings.Count(w.mail, "\n\n%s\n\n"), language)
		require.Equal(t, 1, strings.Count(w.tries, "%d"), language)
		for _, words := range []string{w.sentPage, w.sentMail, w.mail} {
			require.Contains(t, words, fmt.Sprint(int(codeLife.Minutes())), language)
		}
		for _, words := range []string{w.sentPage, w.sentMail, w.enterPage, w.enterMail, w.lastTry} {
			require.NotEmpty(t, words, language)
			require.NotContains(t, words, "%", language)
		}
		require.NotContains(t, w.sentPage+w.enterPage, hiddenCode, "%s: a page brings no code", language)
		for _, words := range []string{w.sentPage, w.sentMail, w.mail, w.enterPage, w.enterMail, w.lastTry, w.tries} {
			require.Empty(t, seen[words], "%s: said in another language or place as well", language)
			seen[words] = language
		}
		require.Equal(t, w.sentPage, codeSentText(ticket.WebForm, language))
		require.Equal(t, w.sentMail, codeSentText(ticket.Email, language))
		require.Contains(t, codeMailText("123456", language), "\n\n123456\n\n")
		require.Equal(t, w.lastTry, wrongCodeText(1, language))
		require.Contains(t, wrongCodeText(2, language), "2")
	}
	require.Equal(t, english, codeWordsIn(""), "English where the language is not known")
}
