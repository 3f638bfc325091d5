package whatsapp

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/digital-fte/fte/ticket"
)

// Command returns what the customer told the service itself. Only a message
// that is nothing but one of the words counts: "the end of the month" is an
// ordinary sentence. When Twilio has taken the message for an opt-out keyword
// of its own, its word decides, because Twilio acts on it too.
func (in *Inbound) Command() ticket.Command {
	switch in.optOut {
	case "STOP":
		return ticket.CommandStop
	case "START":
		return ticket.CommandStart
	case "HELP":
		return ticket.CommandNone
	}
	// A pressed button brings our own word for it, beside what the customer read.
	for _, words := range []string{in.ButtonPayload, in.ButtonText, in.Body} {
		switch c := commandOf(words); {
		case c == ticket.CommandContinue && (in.NumMedia > 0 || in.Location != nil):
			return ticket.CommandNone // "ok" under a picture is about the picture
		case c != ticket.CommandNone:
			return c
		}
	}
	return ticket.CommandNone
}

func commandOf(words string) ticket.Command {
	const longest = 64 // bytes; no command has as many, and a message may have a million
	if words == "" || len(words) > longest {
		return ticket.CommandNone
	}
	word := bare(words)
	switch {
	case slices.Contains(stopWords(), word):
		return ticket.CommandStop
	case slices.Contains(startWords(), word):
		return ticket.CommandStart
	case slices.Contains(continueWords(), word):
		return ticket.CommandContinue
	default:
		return ticket.CommandNone
	}
}

// bare returns words without what does not change their meaning: case, width,
// the punctuation and white space around them, and the colour of an emoji.
func bare(words string) string {
	folded := cases.Fold().String(norm.NFKC.String(words))
	folded = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) || r >= '\U0001F3FB' && r <= '\U0001F3FF' {
			return -1
		}
		return r
	}, folded)
	trimmed := strings.TrimFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) || r == '~' || r == '`' })
	return strings.Join(strings.Fields(trimmed), " ")
}

// stopWords end all automatic messages: those of Twilio and of the carriers,
// and what customers write in the languages of our markets. All are as bare
// returns them.
func stopWords() []string {
	return []string{
		"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt-out", "opt out", "revoke",
		"arret", "arrêt", "desabonner", "désabonner", "stopp", "abbestellen", "abmelden", "baja", "parar", "cancelar", "sair",
		"disiscrivimi", "annulla", "afmelden", "stoppen", "wypisz", "стоп", "отписаться", "توقف", "إيقاف", "停止", "退订",
	}
}

// startWords allow them again.
func startWords() []string {
	return []string{
		"start", "unstop", "starten", "anmelden", "demarrer", "démarrer", "reprendre", "alta", "iniciar", "empezar", "comecar", "começar",
		"inizia", "avvia", "aanmelden", "старт", "ابدأ", "开始",
	}
}

// continueWords ask for what waits until the customer writes. They command
// nothing while nothing waits.
func continueWords() []string {
	return []string{
		"continue", "yes", "yes please", "y", "ok", "okay", "sure", "go on", "read", "show", "weiter", "ja", "ja bitte", "si", "sí", "continuar", "seguir",
		"oui", "continuer", "sim", "continua", "ga door", "tak", "да", "نعم", "是", "はい", "👍", "👌", "✅",
	}
}
