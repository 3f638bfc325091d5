package activities

// codeWords are what is said about one-time codes in one language.
type codeWords struct {
	sentPage  string // on a page, which must not say where the code went
	sentMail  string // in the mail that brings the code, which stands for hiddenCode
	mail      string // the mail to whoever filled in a form, with one verb for the code
	enterPage string // on a page, while a code is awaited
	enterMail string // in a mail, while a code is awaited
	lastTry   string // the code was wrong, one try is left
	tries     string // the code was wrong, with one verb for how many tries are left
}

// codeWordsIn returns what is said about codes in a language, in English where
// there are no words for it.
func codeWordsIn(language string) codeWords {
	switch language {
	case "de":
		return codeWords{
			"Um das zu beantworten, müssen wir sicher sein, wer Sie sind. Wir haben einen Code an die E-Mail-Adresse geschickt, die Sie angegeben haben. Bitte geben Sie ihn innerhalb von 10 Minuten hier ein.",
			"Um das zu beantworten, müssen wir sicher sein, dass diese Adresse Ihnen gehört. Antworten Sie auf diese E-Mail innerhalb von 10 Minuten mit dem Code " + hiddenCode + ". Falls Sie uns nichts gefragt haben, müssen Sie nichts tun: Ohne den Code geben wir niemandem Auskunft.",
			"Jemand, der diese E-Mail-Adresse angegeben hat, hat uns etwas gefragt, das wir nur ihrem Inhaber beantworten. Wenn Sie das waren, geben Sie diesen Code innerhalb von 10 Minuten auf der Seite ein, auf der Sie uns geschrieben haben:\n\n%s\n\nGeben Sie ihn niemandem weiter, und schicken Sie ihn nicht als Antwort auf diese E-Mail; niemand von uns wird Sie danach fragen. Wenn Sie es nicht waren, müssen Sie nichts tun: Ohne den Code geben wir niemandem Auskunft.",
			"Wir können das beantworten, sobald Sie den Code eingegeben haben, den wir an die von Ihnen angegebene E-Mail-Adresse geschickt haben.",
			"Wir können das beantworten, sobald Sie mit dem Code geantwortet haben, den wir Ihnen geschickt haben.",
			"Das ist nicht der Code, den wir geschickt haben. Sie haben noch einen Versuch.",
			"Das ist nicht der Code, den wir geschickt haben. Sie haben noch %d Versuche.",
		}
	case "fr":
		return codeWords{
			"Pour répondre à cela, nous devons être sûrs de votre identité. Nous avons envoyé un code à l’adresse e-mail que vous avez indiquée. Saisissez-le ici dans les 10 minutes.",
			"Pour répondre à cela, nous devons être sûrs que cette adresse est la vôtre. Répondez à cet e-mail dans les 10 minutes avec le code " + hiddenCode + ". Si vous ne nous avez rien demandé, ne faites rien : sans le code, nous ne disons rien à personne.",
			"Une personne qui a indiqué cette adresse e-mail nous a posé une question à laquelle nous ne répondons qu’à son titulaire. Si c’était vous, saisissez ce code dans les 10 minutes sur la page où vous nous avez écrit :\n\n%s\n\nNe le donnez à personne et ne l’envoyez pas en réponse à cet e-mail ; personne chez nous ne vous le demandera. Si ce n’était pas vous, ne faites rien : sans le code, nous ne disons rien à personne.",
			"Nous pourrons répondre dès que vous aurez saisi le code que nous avons envoyé à l’adresse e-mail indiquée.",
			"Nous pourrons répondre dès que vous nous aurez renvoyé le code que nous vous avons envoyé.",
			"Ce n’est pas le code que nous avons envoyé. Il vous reste un essai.",
			"Ce n’est pas le code que nous avons envoyé. Il vous reste %d essais.",
		}
	case "es":
		return codeWords{
			"Para responder a esto tenemos que estar seguros de quién es usted. Hemos enviado un código a la dirección de correo que indicó. Introdúzcalo aquí antes de 10 minutos.",
			"Para responder a esto tenemos que estar seguros de que esta dirección es suya. Responda a este correo antes de 10 minutos con el código " + hiddenCode + ". Si no nos ha preguntado nada, no haga nada: sin el código no decimos nada a nadie.",
			"Alguien que indicó esta dirección de correo nos ha preguntado algo que solo respondemos a su titular. Si fue usted, introduzca este código antes de 10 minutos en la página donde nos escribió:\n\n%s\n\nNo se lo dé a nadie ni lo envíe en respuesta a este correo; ninguno de nosotros se lo pedirá. Si no fue usted, no haga nada: sin el código no decimos nada a nadie.",
			"Podremos responder en cuanto introduzca el código que hemos enviado a la dirección de correo que indicó.",
			"Podremos responder en cuanto nos conteste con el código que le hemos enviado.",
			"Ese no es el código que hemos enviado. Le queda un intento.",
			"Ese no es el código que hemos enviado. Le quedan %d intentos.",
		}
	case "it":
		return codeWords{
			"Per rispondere dobbiamo essere sicuri della sua identità. Abbiamo inviato un codice all’indirizzo e-mail che ha indicato. Lo inserisca qui entro 10 minuti.",
			"Per rispondere dobbiamo essere sicuri che questo indirizzo sia suo. Risponda a questa e-mail entro 10 minuti con il codice " + hiddenCode + ". Se non ci ha chiesto nulla, non faccia nulla: senza il codice non diciamo nulla a nessuno.",
			"Qualcuno che ha indicato questo indirizzo e-mail ci ha chiesto qualcosa a cui rispondiamo solo al titolare. Se è stato lei, inserisca questo codice entro 10 minuti nella pagina da cui ci ha scritto:\n\n%s\n\nNon lo dia a nessuno e non lo invii in risposta a questa e-mail; nessuno di noi glielo chiederà. Se non è stato lei, non faccia nulla: senza il codice non diciamo nulla a nessuno.",
			"Potremo rispondere appena avrà inserito il codice che abbiamo inviato all’indirizzo e-mail indicato.",
			"Potremo rispondere appena ci avrà risposto con il codice che le abbiamo inviato.",
			"Non è il codice che abbiamo inviato. Le resta un tentativo.",
			"Non è il codice che abbiamo inviato. Le restano %d tentativi.",
		}
	case "pt":
		return codeWords{
			"Para responder a isto, temos de ter a certeza de quem é. Enviámos um código para o endereço de e-mail que indicou. Introduza-o aqui no prazo de 10 minutos.",
			"Para responder a isto, temos de ter a certeza de que este endereço é seu. Responda a este e-mail no prazo de 10 minutos com o código " + hiddenCode + ". Se não nos perguntou nada, não faça nada: sem o código não dizemos nada a ninguém.",
			"Alguém que indicou este endereço de e-mail perguntou-nos algo a que só respondemos ao seu titular. Se foi você, introduza este código no prazo de 10 minutos na página onde nos escreveu:\n\n%s\n\nNão o dê a ninguém nem o envie em resposta a este e-mail; nenhum de nós lho pedirá. Se não foi você, não faça nada: sem o código não dizemos nada a ninguém.",
			"Podemos responder assim que introduzir o código que enviámos para o endereço de e-mail indicado.",
			"Podemos responder assim que nos responder com o código que lhe enviámos.",
			"Esse não é o código que enviámos. Tem mais uma tentativa.",
			"Esse não é o código que enviámos. Tem mais %d tentativas.",
		}
	case "nl":
		return codeWords{
			"Om dit te beantwoorden moeten we zeker weten wie u bent. We hebben een code gestuurd naar het e-mailadres dat u hebt opgegeven. Vul die binnen 10 minuten hier in.",
			"Om dit te beantwoorden moeten we zeker weten dat dit adres van u is. Beantwoord deze e-mail binnen 10 minuten met de code " + hiddenCode + ". Hebt u ons niets gevraagd, dan hoeft u niets te doen: zonder de code vertellen we niemand iets.",
			"Iemand die dit e-mailadres heeft opgegeven, heeft ons iets gevraagd dat we alleen aan de eigenaar beantwoorden. Was u dat, vul deze code dan binnen 10 minuten in op de pagina waar u ons hebt geschreven:\n\n%s\n\nGeef de code aan niemand en stuur hem niet als antwoord op deze e-mail; niemand van ons zal erom vragen. Was u het niet, dan hoeft u niets te doen: zonder de code vertellen we niemand iets.",
			"We kunnen dit beantwoorden zodra u de code hebt ingevuld die we naar het opgegeven e-mailadres hebben gestuurd.",
			"We kunnen dit beantwoorden zodra u hebt geantwoord met de code die we u hebben gestuurd.",
			"Dat is niet de code die we hebben gestuurd. U hebt nog één poging.",
			"Dat is niet de code die we hebben gestuurd. U hebt nog %d pogingen.",
		}
	case "pl":
		return codeWords{
			"Aby na to odpowiedzieć, musimy mieć pewność, kim Pan/Pani jest. Wysłaliśmy kod na podany adres e-mail. Prosimy wpisać go tutaj w ciągu 10 minut.",
			"Aby na to odpowiedzieć, musimy mieć pewność, że ten adres należy do Pana/Pani. Prosimy odpowiedzieć na tę wiadomość w ciągu 10 minut, podając kod " + hiddenCode + ". Jeśli o nic nas Pan/Pani nie pytał(a), nie trzeba nic robić: bez kodu nikomu nic nie mówimy.",
			"Ktoś, kto podał ten adres e-mail, zapytał nas o coś, na co odpowiadamy tylko jego właścicielowi. Jeśli to Pan/Pani, prosimy wpisać ten kod w ciągu 10 minut na stronie, z której do nas napisano:\n\n%s\n\nProsimy nikomu go nie podawać i nie wysyłać w odpowiedzi na tę wiadomość; nikt z nas o niego nie zapyta. Jeśli to nie Pan/Pani, nie trzeba nic robić: bez kodu nikomu nic nie mówimy.",
			"Odpowiemy, gdy zostanie wpisany kod, który wysłaliśmy na podany adres e-mail.",
			"Odpowiemy, gdy otrzymamy w odpowiedzi kod, który wysłaliśmy.",
			"To nie jest kod, który wysłaliśmy. Pozostała jedna próba.",
			"To nie jest kod, który wysłaliśmy. Pozostałe próby: %d.",
		}
	case "sv":
		return codeWords{
			"För att svara på detta måste vi vara säkra på vem du är. Vi har skickat en kod till den e-postadress du angav. Skriv in den här inom 10 minuter.",
			"För att svara på detta måste vi vara säkra på att adressen är din. Svara på det här mejlet inom 10 minuter med koden " + hiddenCode + ". Om du inte har frågat oss något behöver du inte göra något: utan koden berättar vi inget för någon.",
			"Någon som angav den här e-postadressen har frågat oss något som vi bara svarar dess ägare på. Om det var du, skriv in den här koden inom 10 minuter på sidan där du skrev till oss:\n\n%s\n\nGe den inte till någon och skicka den inte som svar på det här mejlet; ingen av oss kommer att fråga efter den. Om det inte var du behöver du inte göra något: utan koden berättar vi inget för någon.",
			"Vi kan svara när du har skrivit in koden som vi har skickat till e-postadressen du angav.",
			"Vi kan svara när du har svarat med koden som vi har skickat till dig.",
			"Det är inte koden som vi har skickat. Du har ett försök kvar.",
			"Det är inte koden som vi har skickat. Du har %d försök kvar.",
		}
	case "tr":
		return codeWords{
			"Bunu yanıtlamak için kim olduğunuzdan emin olmamız gerekiyor. Verdiğiniz e-posta adresine bir kod gönderdik. Lütfen kodu 10 dakika içinde buraya girin.",
			"Bunu yanıtlamak için bu adresin size ait olduğundan emin olmamız gerekiyor. Bu e-postayı 10 dakika içinde şu kodla yanıtlayın: " + hiddenCode + ". Bize bir şey sormadıysanız hiçbir şey yapmanız gerekmez: kod olmadan kimseye bilgi vermeyiz.",
			"Bu e-posta adresini veren biri bize yalnızca adresin sahibine yanıtladığımız bir şey sordu. Bu kişi sizseniz, 10 dakika içinde bu kodu bize yazdığınız sayfaya girin:\n\n%s\n\nKodu kimseye vermeyin ve bu e-postaya yanıt olarak göndermeyin; hiçbirimiz sizden kodu istemeyiz. Bu kişi siz değilseniz hiçbir şey yapmanız gerekmez: kod olmadan kimseye bilgi vermeyiz.",
			"Verdiğiniz e-posta adresine gönderdiğimiz kodu girdiğinizde bunu yanıtlayabiliriz.",
			"Size gönderdiğimiz kodla yanıt verdiğinizde bunu yanıtlayabiliriz.",
			"Bu, gönderdiğimiz kod değil. Bir deneme hakkınız kaldı.",
			"Bu, gönderdiğimiz kod değil. %d deneme hakkınız kaldı.",
		}
	default:
		return codeWords{
			"To answer this we have to be sure who you are. We have sent a code to the e-mail address you gave. Enter it here within 10 minutes.",
			"To answer this we have to be sure that this address is yours. Reply to this mail with the code " + hiddenCode + " within 10 minutes. If you have not asked us anything, do nothing: without the code we tell nobody anything.",
			"Somebody who gave this e-mail address has asked us something that we answer only to its owner. If that was you, enter this code within 10 minutes on the page where you wrote to us:\n\n%s\n\nGive it to nobody, and do not send it in a reply to this mail; none of us will ask you for it. If it was not you, do nothing: without the code we tell nobody anything.",
			"We can answer this once you have entered the code that we have sent to the e-mail address you gave.",
			"We can answer this once you have replied with the code that we have sent you.",
			"That is not the code we have sent. You have one more try.",
			"That is not the code we have sent. You have %d more tries.",
		}
	}
}
