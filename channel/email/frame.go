package email

// frameText is what stands around an answer, in one language. A verb stands for
// the customer's name, the ticket's number or the address of its page.
type frameText struct {
	nobody, somebody   string // the greeting of a letter
	noName, named      string // that of an answer to the form
	number, follow     string // of a letter: the ticket's number, its page
	answers, page      string // of an answer to the form
	closing, formClose string
	support            string // who signs, behind the company's name
	disclosure         string
	shortened          string
}

// frameIn returns the frame of a language, English where there is none.
func frameIn(language string) frameText {
	switch language {
	case "de":
		return frameText{
			"Guten Tag,", "Guten Tag %s,", "Hallo,", "Hallo %s,",
			"Ihre Ticketnummer ist %s; bitte nennen Sie sie bei weiteren Fragen.", " Sie können das Ticket auch hier verfolgen: %s",
			"Dies ist die Antwort auf Ihr Ticket %s.", " Sie können sie hier lesen und hier zurückschreiben: %s",
			"Mit freundlichen Grüßen", "Viele Grüße", "Kundenservice",
			"Diese Antwort hat ein automatischer Assistent geschrieben. Wenn Sie lieber mit einem Menschen sprechen möchten, antworten Sie auf diese E-Mail und schreiben Sie das.",
			"Diese Antwort musste gekürzt werden. Antworten Sie auf diese E-Mail, wenn etwas fehlt, das Sie brauchen.",
		}
	case "fr":
		return frameText{
			"Bonjour,", "Bonjour %s,", "Bonjour,", "Bonjour %s,",
			"Le numéro de votre ticket est %s ; merci de l’indiquer pour toute autre question.", " Vous pouvez aussi suivre le ticket ici : %s",
			"Ceci est la réponse à votre ticket %s.", " Vous pouvez la lire et y répondre ici : %s",
			"Cordialement,", "Bien à vous,", "Service client",
			"Cette réponse a été rédigée par un assistant automatique. Si vous préférez l’avis d’une personne, répondez à cet e-mail en le disant.",
			"Cette réponse a dû être raccourcie. Répondez à cet e-mail s’il vous manque quelque chose.",
		}
	case "es":
		return frameText{
			"Buenos días:", "Buenos días, %s:", "Hola:", "Hola, %s:",
			"El número de su ticket es %s; indíquelo si tiene más preguntas.", " También puede seguir el ticket aquí: %s",
			"Esta es la respuesta a su ticket %s.", " Puede leerla y contestar aquí: %s",
			"Un cordial saludo,", "Saludos,", "Atención al cliente",
			"Esta respuesta la ha escrito un asistente automático. Si prefiere que le conteste una persona, responda a este correo y dígalo.",
			"Hemos tenido que acortar esta respuesta. Responda a este correo si le falta algo.",
		}
	case "it":
		return frameText{
			"Buongiorno,", "Buongiorno %s,", "Salve,", "Salve %s,",
			"Il numero del suo ticket è %s; lo indichi per ogni altra domanda.", " Può seguire il ticket anche qui: %s",
			"Questa è la risposta al suo ticket %s.", " Può leggerla e rispondere qui: %s",
			"Cordiali saluti,", "Un saluto,", "Servizio clienti",
			"Questa risposta è stata scritta da un assistente automatico. Se preferisce parlare con una persona, risponda a questa e-mail e lo scriva.",
			"Questa risposta è stata accorciata. Risponda a questa e-mail se le manca qualcosa.",
		}
	case "pt":
		return frameText{
			"Bom dia,", "Bom dia, %s,", "Olá,", "Olá, %s,",
			"O número do seu ticket é %s; indique-o em caso de outras perguntas.", " Também pode acompanhar o ticket aqui: %s",
			"Esta é a resposta ao seu ticket %s.", " Pode lê-la e responder aqui: %s",
			"Com os melhores cumprimentos,", "Cumprimentos,", "Apoio ao cliente",
			"Esta resposta foi escrita por um assistente automático. Se preferir que uma pessoa lhe responda, responda a este e-mail e diga-o.",
			"Esta resposta teve de ser encurtada. Responda a este e-mail se lhe faltar alguma coisa.",
		}
	case "nl":
		return frameText{
			"Goedendag,", "Goedendag %s,", "Hallo,", "Hallo %s,",
			"Uw ticketnummer is %s; vermeld het bij verdere vragen.", " U kunt het ticket ook hier volgen: %s",
			"Dit is het antwoord op uw ticket %s.", " U kunt het hier lezen en beantwoorden: %s",
			"Met vriendelijke groet,", "Vriendelijke groet,", "Klantenservice",
			"Dit antwoord is door een automatische assistent geschreven. Wilt u liever antwoord van een mens, beantwoord dan deze e-mail en schrijf dat.",
			"Dit antwoord moest worden ingekort. Beantwoord deze e-mail als u iets mist.",
		}
	case "pl":
		return frameText{
			"Dzień dobry,", "Dzień dobry, %s,", "Dzień dobry,", "Dzień dobry, %s,",
			"Numer zgłoszenia to %s; prosimy podawać go przy dalszych pytaniach.", " Zgłoszenie można też śledzić tutaj: %s",
			"To jest odpowiedź na zgłoszenie %s.", " Można ją przeczytać i odpisać tutaj: %s",
			"Z poważaniem,", "Pozdrawiamy,", "Obsługa klienta",
			"Tę odpowiedź napisał automatyczny asystent. Jeśli wolą Państwo odpowiedź człowieka, prosimy odpisać na tę wiadomość i o tym napisać.",
			"Ta odpowiedź musiała zostać skrócona. Prosimy odpisać na tę wiadomość, jeśli czegoś w niej brakuje.",
		}
	case "sv":
		return frameText{
			"Hej,", "Hej %s,", "Hej,", "Hej %s,",
			"Ditt ärendenummer är %s; ange det vid fler frågor.", " Du kan också följa ärendet här: %s",
			"Detta är svaret på ditt ärende %s.", " Du kan läsa det och svara här: %s",
			"Med vänliga hälsningar", "Vänliga hälsningar", "Kundtjänst",
			"Svaret är skrivet av en automatisk assistent. Vill du hellre ha svar av en människa, svara på det här mejlet och skriv det.",
			"Svaret har fått kortas. Svara på det här mejlet om du saknar något.",
		}
	case "tr":
		return frameText{
			"Merhaba,", "Merhaba %s,", "Merhaba,", "Merhaba %s,",
			"Kayıt numaranız %s; lütfen diğer sorularınızda belirtin.", " Kaydı buradan da izleyebilirsiniz: %s",
			"Bu, %s numaralı kaydınızın yanıtıdır.", " Buradan okuyabilir ve yanıt yazabilirsiniz: %s",
			"Saygılarımızla,", "Saygılarımızla,", "Müşteri Hizmetleri",
			"Bu yanıtı otomatik bir asistan yazdı. Bir insandan yanıt almak isterseniz bu e-postayı yanıtlayıp bunu yazın.",
			"Bu yanıtın kısaltılması gerekti. Eksik olan bir şey varsa bu e-postayı yanıtlayın.",
		}
	default:
		return frameText{
			"Dear customer,", "Dear %s,", "Hello,", "Hello %s,",
			"Your ticket number is %s; please keep it for any further question.", " You can also follow the ticket here: %s",
			"This is the answer to your ticket %s.", " You can read it and write back here: %s",
			"Kind regards,", "Best regards,", "Customer Support",
			"This answer was written by an automated assistant. If you would rather hear from a person, reply to this e-mail and say so.",
			"This answer had to be shortened. Reply to this e-mail if something you need is missing.",
		}
	}
}
