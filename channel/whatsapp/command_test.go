package whatsapp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/ticket"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	commands := map[ticket.Command][]string{
		ticket.CommandStop: {
			"STOP", "stop", " Stop. ", "Stop!!!", "*STOP*", "_stop_", "~stop~", "`stop`", "\u201cStop\u201d", "«STOP»", "¡STOP!", "StopAll", "stop  all", "UNSUBSCRIBE",
			"Cancel", "END", "end.", "quit", "ARRET", "Arrêt", "arre\u0302t", "STOPP", "Abbestellen", "BAJA", "parar", "Sair", "СТОП", "стоп.", "توقف", "停止", "退订。",
			"ＳＴＯＰ", "\u200bSTOP\u200b", "\u202aSTOP\u202c", "(stop)", "stop\n",
		},
		ticket.CommandStart: {"START", "Start!", "unstop", "INICIAR", "Démarrer", "começar", "alta"},
		ticket.CommandContinue: {
			"yes", "Yes!", "OK", "ok.", "okay", "Ja", "ja bitte", "si", "Sí", "OUI", "sim", "Continue", "weiter", "👍", "👍🏽", "👍🏿 ", "👌\ufe0f", "да",
		},
		ticket.CommandNone: {
			"", " ", "?", "end of the month", "the end", "please stop", "stop it", "stop sending me this", "I want to cancel my order", "cancel order 42",
			"start again", "yes but when?", "no", "ja, bitte", "nonstop", "sto p", "s.t.o.p", "👎", "\U0001F3FB", "ok ok", "backend", "\uFFFD", strings.Repeat("stop", 100_000),
		},
	}
	for want, all := range commands {
		for _, body := range all {
			in, err := whatsapp.Parse(incoming(map[string]string{"Body": body}))
			require.NoError(t, err)
			require.Equal(t, want, in.Command(), "%q", body)
		}
	}
}

func TestCommandOfButtonsAndOptOuts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		params map[string]string
		want   ticket.Command
	}{
		"Twilio's word wins":        {map[string]string{"Body": "make it end now", "OptOutType": "STOP"}, ticket.CommandStop},
		"also over another command": {map[string]string{"Body": "stop", "OptOutType": "START"}, ticket.CommandStart},
		"help is a question":        {map[string]string{"Body": "info", "OptOutType": "HELP"}, ticket.CommandNone},
		"an unknown word of it":     {map[string]string{"Body": "stop", "OptOutType": "LATER"}, ticket.CommandStop},
		"payload of our button":     {map[string]string{"Body": "Show me the answer", "ButtonText": "Show me the answer", "ButtonPayload": "continue"}, ticket.CommandContinue},
		"text of a button":          {map[string]string{"Body": "Stop", "ButtonText": "Stop", "ButtonPayload": "b1"}, ticket.CommandStop},
		"entry of a list":           {map[string]string{"Body": "", "ListTitle": "Unsubscribe", "ListId": "7"}, ticket.CommandStop},
		"stop under a picture":      {map[string]string{"Body": "STOP", "NumMedia": "1"}, ticket.CommandStop},
		"ok under a picture":        {map[string]string{"Body": "ok", "NumMedia": "1"}, ticket.CommandNone},
		"yes with a place":          {map[string]string{"Body": "yes", "Latitude": "1", "Longitude": "1"}, ticket.CommandNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := whatsapp.Parse(incoming(c.params))
			require.NoError(t, err)
			require.Equal(t, c.want, in.Command())
		})
	}
}
