package language_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/language"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	for code, texts := range map[string][]string{
		"en": {"How do I replace the battery of my sensor?", "The hub is offline again, what should I do?", "I'd like to change the alarm limits for our freezer", "please cancel my order and tell me when it's done"},
		"de": {"Wie wechsle ich die Batterie meines Sensors?", "Der Hub ist seit gestern offline, was kann ich tun?", "koennen sie mir bitte sagen wie lange die garantie gilt", "Ich möchte mein Passwort zurücksetzen"},
		"fr": {"Comment changer la pile de mon capteur ?", "Bonjour, je n'arrive pas à me connecter depuis hier", "Est-ce que le hub fonctionne sans internet ?"},
		"es": {"¿Cómo cambio la batería del sensor?", "Hola, no puedo entrar en mi cuenta desde ayer", "Quiero saber si el hub funciona sin internet"},
		"it": {"Come posso cambiare la batteria del sensore?", "Buongiorno, non riesco ad accedere al mio account", "Vorrei sapere quanto dura la garanzia"},
		"pt": {"Como posso trocar a bateria do sensor?", "Olá, não consigo entrar na minha conta desde ontem", "Gostaria de saber quanto tempo dura a garantia do aparelho"},
		"nl": {"Hoe vervang ik de batterij van mijn sensor?", "Hallo, ik kan sinds gisteren niet meer inloggen", "Graag wil ik weten hoe lang de garantie geldt"},
		"pl": {"Jak wymienić baterię w moim czujniku?", "Dzień dobry, nie mogę się zalogować od wczoraj"},
		"sv": {"Hur byter jag batteri i min sensor?", "Hej, jag kan inte logga in sedan i går"},
		"da": {"Hvordan skifter jeg batteriet? Jeg ved ikke, hvad der er galt, og jeg mangler noget. Det virker ikke hos mig, hvad er det for noget?"},
		"tr": {"Sensörümün pilini nasıl değiştirebilirim?", "Merhaba, dünden beri hesabıma giremiyorum, bana yardım eder misiniz"},
		"cs": {"Jak vyměním baterii ve svém senzoru? Nefunguje to a nevím proč."},
		"fi": {"Miten vaihdan anturin pariston? En voi kirjautua sisään."},
		"ru": {"Как заменить батарею в датчике?", "Здравствуйте, я не могу войти в аккаунт"},
		"uk": {"Як замінити батарею в датчику?", "Добрий день, я не можу увійти до облікового запису"},
		"ar": {"كيف يمكنني تغيير بطارية المستشعر؟", "مرحبا، لا أستطيع تسجيل الدخول"},
		"fa": {"سلام، چگونه می\u200cتوانم باتری سنسور را عوض کنم؟"},
		"ur": {"میں سینسر کی بیٹری کیسے تبدیل کروں؟"},
		"he": {"איך מחליפים את הסוללה של החיישן?"},
		"hi": {"मैं सेंसर की बैटरी कैसे बदलूँ?"},
		"zh": {"请问如何更换传感器的电池？", "我无法登录我的账户"},
		"ja": {"センサーの電池を交換するにはどうすればいいですか？", "昨日からログインできません"},
		"ko": {"센서의 배터리를 어떻게 교체하나요?", "어제부터 로그인할 수 없습니다"},
		"el": {"Πώς αλλάζω την μπαταρία του αισθητήρα;"},
		"th": {"เปลี่ยนแบตเตอรี่ของเซ็นเซอร์อย่างไร"},
	} {
		for _, text := range texts {
			t.Run(code+"/"+text, func(t *testing.T) {
				t.Parallel()
				require.Equal(t, language.Guess{Code: code, Sure: true}, language.Detect(text))
			})
		}
	}
}

func TestShortTextsAreNotSurelyWrong(t *testing.T) {
	t.Parallel()
	for text, may := range map[string]string{
		"hub offline": "en", "sensor defekt": "de", "no funciona": "es", "non funziona": "it", "per favore": "it", "Firn Hub": "",
		"alarm test": "", "grazie mille": "it", "merci beaucoup": "fr", "não funciona": "pt", "hallo daar": "nl", "die Batterie": "de",
		"war in": "", "come stai": "it", "Hola Sara": "es", "si no": "", "de la": "", "Danke schön": "de", "kaputt geht": "de",
		"son las": "es", "hej du": "sv", "ok": "", "ja": "", "no": "", "help": "en", "account": "", "Start Business": "", "Cologne Berlin": "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if g := language.Detect(text); g.Sure {
				require.Equal(t, may, g.Code)
			}
		})
	}
}

func TestNothingToTellFrom(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "   ", "12345", "😀😀🎉", "+49 170 1234567", "https://help.firnwacht.example/en/the-and-is-are-for-with",
		"anna@the.and.is.example", "```\nfor the is and do if or this that\n```", "`the is and are`", "-18.5 / 4.2", "???", "\x00\x01\xff\xfe",
	} {
		require.Equal(t, language.Guess{}, language.Detect(text), "%q", text)
	}
}

func TestMixed(t *testing.T) {
	t.Parallel()
	g := language.Detect("Guten Tag, ich habe eine Frage zu meiner Rechnung. Sorry, my German is not very good, but I will try. Können Sie mir bitte helfen? Die Rechnung ist nicht richtig.")
	require.Equal(t, "de", g.Code)
	require.True(t, g.Mixed)
	g = language.Detect("Hi, the app shows a message that I do not understand: Verbindung verloren. What does that mean and what should I do?")
	require.Equal(t, "en", g.Code)
	require.True(t, g.Sure)
	g = language.Detect("你好，我的传感器坏了，我该怎么办？ The display of the hub is not working.")
	require.True(t, g.Mixed)
	require.False(t, language.Detect("How do I write Kühlschrank in the label of a sensor?").Mixed)
}

func TestCodeIsNoLanguage(t *testing.T) {
	t.Parallel()
	g := language.Detect("Warum kommt dieser Fehler?\n```\nfor i in range(10): print(\"the value is not what it was\")\nif this is the end then do that\n```\nIch habe nichts geändert.")
	require.Equal(t, language.Guess{Code: "de", Sure: true}, g)
}

func TestLongText(t *testing.T) {
	t.Parallel()
	require.Equal(t, language.Guess{Code: "nl", Sure: true}, language.Detect(strings.Repeat("Ik kan sinds gisteren niet meer inloggen op mijn account. ", 1000)))
}

func BenchmarkDetect(b *testing.B) {
	text := strings.Repeat("I can't sign in to my account since yesterday, und jetzt? ", 900)
	for b.Loop() {
		language.Detect(text)
	}
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{"How are you", "ähm ja", "你好", "ok\xff", "'’'", "и\u0306й"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := language.Detect(text)
		require.Equal(t, g, language.Detect(text))
		require.True(t, g.Code != "" || !g.Sure, "sure of nothing")
		require.True(t, len(g.Code) == 0 || len(g.Code) == 2, g.Code)
	})
}
