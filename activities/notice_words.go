package activities

// noticeWords are a notice in one language. Dates are written in figures, the
// day first, since names of days and months would need a calendar of their own.
type noticeWords struct {
	passedOn string // what happened, and that a person will answer
	open     string // the office is open
	closed   string // with one verb for the time at which it opens again
	danger   string // what to do where somebody may be in danger
}

// openLayout is how the time is written at which the office opens again.
const openLayout = "02.01.2006, 15:04 (MST)"

// noticeIn returns the words of a language, and whether there are any. English
// has sentences of its own, with the office's hours.
func noticeIn(language string) (words noticeWords, known bool) {
	switch language {
	case "de":
		return noticeWords{
			"Vielen Dank für Ihre Nachricht. Unser automatischer Assistent kann das nicht selbst klären und hat sie an unser Team weitergegeben; eine Kollegin oder ein Kollege antwortet Ihnen hier.",
			"Unser Büro ist jetzt besetzt.", "Unser Büro ist gerade geschlossen und öffnet wieder am %s.",
			"Wenn jemand in Gefahr ist, rufen Sie bitte sofort den Notruf (112).",
		}, true
	case "fr":
		return noticeWords{
			"Merci pour votre message. Notre assistant automatique ne peut pas régler cela lui-même et l’a transmis à notre équipe ; un collègue vous répondra ici.",
			"Notre bureau est ouvert en ce moment.", "Notre bureau est fermé et rouvre le %s.",
			"Si quelqu’un est en danger, appelez tout de suite les secours (112).",
		}, true
	case "es":
		return noticeWords{
			"Gracias por su mensaje. Nuestro asistente automático no puede resolverlo y lo ha pasado a nuestro equipo; una persona le responderá aquí.",
			"Nuestra oficina está abierta ahora.", "Nuestra oficina está cerrada y abre de nuevo el %s.",
			"Si alguien está en peligro, llame enseguida al servicio de emergencias de su país.",
		}, true
	case "it":
		return noticeWords{
			"Grazie per il suo messaggio. Il nostro assistente automatico non può risolvere la questione e l’ha passata al nostro team; un collega le risponderà qui.",
			"Il nostro ufficio è aperto ora.", "Il nostro ufficio è chiuso e riapre il %s.",
			"Se qualcuno è in pericolo, chiami subito il numero di emergenza (112).",
		}, true
	case "pt":
		return noticeWords{
			"Obrigado pela sua mensagem. O nosso assistente automático não consegue resolver isto e passou-a à nossa equipa; uma pessoa vai responder-lhe aqui.",
			"O nosso escritório está aberto agora.", "O nosso escritório está fechado e reabre em %s.",
			"Se alguém estiver em perigo, ligue já para o número de emergência do seu país.",
		}, true
	case "nl":
		return noticeWords{
			"Bedankt voor uw bericht. Onze automatische assistent kan dit niet zelf oplossen en heeft het doorgegeven aan ons team; een collega antwoordt u hier.",
			"Ons kantoor is nu open.", "Ons kantoor is nu gesloten en gaat weer open op %s.",
			"Is iemand in gevaar, bel dan meteen het alarmnummer (112).",
		}, true
	case "pl":
		return noticeWords{
			"Dziękujemy za wiadomość. Nasz automatyczny asystent nie może sam załatwić tej sprawy i przekazał ją naszemu zespołowi; odpowie tutaj człowiek.",
			"Nasze biuro jest teraz otwarte.", "Nasze biuro jest teraz zamknięte i zostanie otwarte %s.",
			"Jeśli ktoś jest w niebezpieczeństwie, proszę natychmiast zadzwonić pod numer alarmowy (112).",
		}, true
	case "sv":
		return noticeWords{
			"Tack för ditt meddelande. Vår automatiska assistent kan inte lösa detta själv och har lämnat det till vårt team; en kollega svarar dig här.",
			"Vårt kontor är öppet nu.", "Vårt kontor är stängt och öppnar igen %s.",
			"Om någon är i fara, ring genast nödnumret (112).",
		}, true
	case "tr":
		return noticeWords{
			"Mesajınız için teşekkür ederiz. Otomatik asistanımız bunu kendisi çözemiyor ve ekibimize iletti; bir çalışanımız size buradan yanıt verecek.",
			"Ofisimiz şu anda açık.", "Ofisimiz şu anda kapalı; yeniden açılış: %s.",
			"Tehlikede olan biri varsa lütfen hemen acil yardım numarasını (112) arayın.",
		}, true
	default:
		return noticeWords{}, false
	}
}
