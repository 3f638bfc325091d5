package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// done lists, as a pattern, what a service could claim to have done.
const done = `(refunded|credited|escalated|forwarded|reset|cancell?ed|changed|updated|created|opened|sent|unlocked|locked|reserved|extended|applied|booked|processed|issued|arranged|scheduled|notified|informed|contacted|checked|reviewed|looked|fixed|repaired|removed|deleted|added|activated|deactivated|enabled|disabled|upgraded|downgraded|restored|shipped|replaced|confirmed|approved|registered|logged|noted|passed|submitted|initiated|started|made|ordered|reimbursed|waived|transferred|assigned|flagged|raised|reported|verified|corrected|adjusted|granted|completed|resolved|put|set|given|taken|asked|told|called|written|emailed|e-mailed|found out|investigated|prepared|attached|renewed|paid|charged|switched|turned|moved|merged|exported|imported|recorded|filed|placed|dispatched|queued|alerted|paired|claimed|closed|done|handled|solved|rebooted|restarted|blocked|unblocked|released|invited)`

// Promises of the service's own, by language. What they match must stand in a
// cited chunk word for word.
var ownPromises = map[string][]*regexp.Regexp{
	"en": {
		pattern(`\b(i|we) (will|shall|would|'ll|are going to|am going to|plan to|intend to|aim to)\b`),
		pattern(`\b(i|we) (have|had) (now |just |already |also |since |today )*` + done + `\b`),
		pattern(`\b(i|we) (now |just |already |also |hereby |can |could |gladly )*(refund|guarantee|promise|cancel|confirm|approve|waive|reserve|send|forward|escalate|assure|grant|offer|credit|compensate|reimburse|arrange|schedule|call|contact|notify|inform|check|look into|investigate|reset|unlock|update|change|delete|ship|replace|upgrade|extend|process|issue|book|transfer|pass|handle|take care|follow up|get back|keep you|make sure|ensure|see to|remind|alert|ask|raise|report|log|create|open|close|fix|repair|deduct|ship|deliver|send|restart|reboot)\b`),
		pattern(`\b(i|we) (now |just |already |also |hereby )*` + done + `\b`),
		pattern(`\b(i am|we are|i'm|we're) (now |currently |already |just )*(\w+ing)\b`),
		pattern(`\b(let me|allow me|let us) (check|look|see|find|forward|escalate|reset|get|ask|fix|take|send|do|arrange|cancel|refund|verify|pull|contact|make)`),
		pattern(`\b(someone|somebody|(a|an|one|our|your|the|my)( of our| of my| of the)?( \w+){0,3} (colleagues?|technicians?|agents?|specialists?|person|persons|engineers?|team|managers?|representatives?|staff|department|supervisors?|experts?|advisors?|developers?|partner))( \w+){0,2} (will|shall|is going to|are going to|has|have|is now|are now|is already|are already|can|calls?|contacts?|takes?|looks?|gets?|comes?)\b`),
		pattern(`\b(your|this)( [\w-]+){1,4} (has|have) (now |just |already |also |successfully |since )*been\b`),
		pattern(`\b(the|that|it|everything)( [\w-]+){0,4} (has|have) (now |just |already |also |successfully |since )*been ` + done + `\b`),
		pattern(`\b(has|have) (now |just |already )*been ` + done + ` (for|to) you\b`),
		pattern(`\byour( [\w-]+){1,4} (is|are) (now|already|being|hereby)\b`),
		pattern(`\b(rest assured|consider it done|it'?s done|all set|all done|you have my word|leave it (to|with) (me|us)|i'?m on it|we'?re on it|on its way|be assured|you can count on)\b`),
		pattern(`\b(by|before) (tomorrow|tonight|the end of (the|today|this)|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next week)\b|\b(as soon as possible|right away|asap)\b`),
		pattern(`^(done|refunded|cancell?ed|resolved|fixed|escalated|forwarded|approved|confirmed|noted)\b`),
	},
	"de": {
		pattern(`\b(ich|wir) (werde|werden|habe|haben|hatte|hatten|kümmere|kümmern|leite|leiten|sende|senden|schicke|schicken|prüfe|prüfen|storniere|stornieren|erstatte|erstatten|rufe|rufen|melde|melden|setze|setzen|garantiere|garantieren|verspreche|versprechen|bestätige|bestätigen|informiere|informieren|veranlasse|veranlassen|gebe|geben|lasse|lassen|schreibe|schreiben|bieten|biete|gewähre|gewähren|schaue|schauen|lösche|löschen|ändere|ändern|reserviere|reservieren|buche|buchen|sorge|sorgen|benachrichtige|benachrichtigen|kontaktiere|kontaktieren|sperre|entsperre|entsperren|tausche|tauschen|ersetze|ersetzen|kündige|kündigen)\b`),
		pattern(`\b(werde|werden|habe|haben|kümmere|kümmern|leite|leiten|sende|senden|schicke|schicken|prüfe|prüfen|storniere|stornieren|erstatte|erstatten|rufe|rufen|melde|melden|setze|setzen|veranlasse|veranlassen|gebe|geben|bieten|biete|lasse|lassen|informiere|informieren|benachrichtige|benachrichtigen|schaue|schauen) (ich|wir)\b`),
		pattern(`\b(jemand|ein(e|er)? (unserer )?\w*(kollege|kollegin|mitarbeiter|mitarbeiterin|techniker|technikerin|kollegen|experte|berater)|unser(e)? (\w+ )?(team|support|techniker|kollege|kollegin|abteilung|buchhaltung|kundendienst))( \w+){0,2} (wird|werden|hat|haben|kümmert|meldet|ruft|prüft|leitet|sendet|schickt|kontaktiert|nimmt|schaut|kann)\b`),
		pattern(`\b(wird|werden|hat|meldet|ruft|kümmert)( \w+){0,3} (jemand|ein kollege|eine kollegin|ein techniker|ein mitarbeiter|unser team)\b`),
		pattern(`\bihr(e|en|em)?( [\pL-]+){1,3} (wurde|wurden|ist|sind) (\pL+ ){0,4}(storniert|gekündigt|erstattet|zurückgesetzt|gesperrt|entsperrt|freigeschaltet|gelöscht|geändert|reserviert|verlängert|gutgeschrieben|weitergeleitet|versandt|verschickt|bestätigt|erledigt|unterwegs|ersetzt|aktualisiert|aktiviert|umgestellt)\b`),
		pattern(`\b(erledigt|wird erledigt|versprochen|umgehend|schnellstmöglich|so schnell wie möglich|seien sie versichert)\b`),
	},
	"fr": {
		pattern(`\b(je|nous) (vais|allons|suis en train|sommes en train|vous )|\b(j'ai|nous avons|je m'en|nous nous) |\b(je|nous) (vous |nous |le |la |les |m'en |l')*\pL+(rai|rons)\b|\b(nous|je) (vous )?(garanti|promet|rembours|assur|envo)`),
		pattern(`\b(un|une|notre|nos|quelqu'un)( de nos)? ?(collègue|technicien|technicienne|équipe|conseiller|conseillère|agent|collègues|service|collaborateur)?( \pL+){0,2} (va|vont|vous \pL+ra|\pL+era|a (pris|été))\b`),
		pattern(`\bvotre( \pL+){1,4} (a été|ont été|est maintenant|est désormais|sera|seront)\b|\bc'est fait\b|\bdans les plus brefs délais\b`),
	},
	"es": {
		pattern(`\b(yo |ya )?(he|hemos) (\pL+(ado|ido)|hecho|puesto|abierto|escrito|resuelto|devuelto)\b|\b(voy|vamos) a\b|\b\pL+(aré|eré|iré|aremos|eremos|iremos)\b|\b(estoy|estamos) \pL+(ando|iendo)\b|\b(le|te) (garantiz|promet|asegur|reembols|devolv)`),
		pattern(`\b(un|una|uno|nuestro|nuestra|alguien)( de nuestros| de nuestras)? ?(compañero|compañera|técnico|técnica|equipo|agente|colega|compañeros|especialista)?( \pL+){0,2} (\pL+(ará|erá|irá)|va a|ha)\b`),
		pattern(`\b(su|tu)( \pL+){1,4} (ha sido|han sido|fue|está ahora|ya está|será|serán)\b|\blo antes posible\b`),
	},
	"it": {
		pattern(`\b(ho|abbiamo) (già |appena |ora )?(\pL+(ato|uto|ito)|fatto|messo|aperto|scritto|risolto|chiesto|preso)\b|\b(sto|stiamo) \pL+(ando|endo)\b|\b\pL+(erò|irò|arò|eremo|iremo|aremo)\b|\b(le|vi|ti) (garanti|promett|assicur|rimbors)`),
		pattern(`\b(un|una|il nostro|la nostra|qualcuno)( dei nostri)? ?(collega|tecnico|team|operatore|operatrice|squadra|colleghi|specialista)?( \pL+){0,2} (\pL+(erà|irà|arà)|sta|ha)\b`),
		pattern(`\b(il suo|la sua|i suoi|il tuo|la tua|il vostro|la vostra)( \pL+){1,3} (è stat|sono stat|sarà|saranno|è ora|è già)|\bal più presto\b`),
	},
	"pt": {
		pattern(`\b(vou|vamos|iremos|irei) |\b(já )?(cancelei|enviei|encaminhei|solicitei|reembolsei|abri|verifiquei|atualizei|alterei|cancelamos|enviamos|encaminhamos|reembolsamos|abrimos|verificamos|atualizamos|alteramos)\b|\b\pL+(arei|erei|irei|aremos|eremos|iremos)\b|\b(estou|estamos) (a )?\pL+(ndo|ar|er|ir)\b|\b(lhe|te) (garant|promet|assegur|reembols)`),
		pattern(`\b(um|uma|nosso|nossa|alguém)( dos nossos| das nossas)? ?(colega|técnico|técnica|equipe|equipa|agente|atendente|especialista)?( \pL+){0,2} (irá|vai|entrará|\pL+(ará|erá))\b`),
		pattern(`\b(seu|sua|teu|tua|o seu|a sua)( \pL+){1,4} (foi|foram|será|serão|já está|já foi)\b|\bo mais breve possível\b`),
	},
	"nl": {
		pattern(`\b(ik|wij|we) (zal|zullen|ga|gaan|heb|hebben|stuur|sturen|bel|bellen|garandeer|garanderen|beloof|beloven|annuleer|annuleren|regel|regelen|neem|nemen|controleer|controleren|betaal|betalen)\b|\b(zal|zullen|ga|gaan|heb|hebben|stuur|sturen|regel|regelen) (ik|wij|we)\b`),
		pattern(`\b(een|onze|iemand)( van onze)? ?(collega|monteur|medewerker|team|technicus|specialist)?( \pL+){0,2} (zal|gaat|neemt|belt|stuurt|heeft|kijkt)\b`),
		pattern(`\b(uw|je|jouw)( [\pL-]+){1,4} (is|zijn|werd|wordt|worden) (\pL+ ){0,3}(geannuleerd|teruggestort|terugbetaald|gereset|verwijderd|gewijzigd|verlengd|verzonden|bevestigd|doorgestuurd|hersteld|geblokkeerd|gedeblokkeerd)\b|\bzo snel mogelijk\b`),
	},
}

// processes find what is said to come to the customer. It may be said of the
// process if a cited chunk says so.
var processes = []*regexp.Regexp{
	pattern(`\byou( will|'ll| shall| should)( also| soon| then| shortly)? (receive|get|be|hear|have)\b|\b(will|shall) be (refunded|credited|shipped|delivered|sent|called|contacted|paid|reset|unlocked|cancell?ed|replaced|repaired|processed|reimbursed)\b|\bexpect (a|an|your|the|our)\b`),
	pattern(`\bsie (erhalten|bekommen|hören)\b|\b(wird|werden) .*(erstattet|gutgeschrieben|zugestellt|geliefert|versandt|verschickt|zurückgerufen|kontaktiert|gelöscht|storniert|ersetzt|ausgezahlt)\b`),
	pattern(`\bvous (recevrez|serez|allez recevoir|aurez)\b|\b(recibirá|recibirás|tendrá|será contactado)\b|\b(riceverà|riceverai|sarà contattato)\b|\b(receberá|receberás|será contactado)\b|\b(u|je) (ontvangt|krijgt|zult|hoort)\b`),
}

// courtesies are no promises though they look like some.
var courtesies = pattern(`\b((i|we) (will|would|'ll) be (happy|glad) to (help|assist)|(i am|we are|i'm|we're) (looking forward|sorry|hoping)|(i|we) (hope|are happy|am happy|are glad|am glad)|let (me|us) know|(i|we) (could|can|did|do|have|am|are|was|were)( not|n't| unable| no)\b[^,;.]*|can ?not [^,;.]*|couldn't [^,;.]*|can't [^,;.]*|wir haben (leider )?(keine|dazu)[^,;.]*|(ich|wir) (habe|haben) [^,;.]*(keine|nicht|nichts)[^,;.]*|(habe|haben) (ich|wir) [^,;.]*(keine|nicht|nichts)[^,;.]*|nous n'avons pas|je n'ai pas|no (he|hemos) |non (ho|abbiamo) |(ik|we|wij) heb(ben)? [^,;.]*(geen|niet)[^,;.]*)`)

// plainText writes a sentence small, with one kind of apostrophe and of space.
func plainText(text string) string {
	text = strings.ToLower(strings.NewReplacer("’", "'", "‘", "'", "`", "'").Replace(text))
	return " " + strings.Join(strings.Fields(contracted.Replace(text+" ")), " ") + " "
}

// pattern compiles an expression in which \b is the end of a word in any
// language; the engine's own knows only the letters of English, which is enough
// where words begin, and faster.
func pattern(expression string) *regexp.Regexp {
	parts := strings.Split(expression, `\b`)
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		switch {
		case i == len(parts)-1:
		case part == "" || strings.HasSuffix(part, "|") || strings.HasSuffix(part, "(") || strings.HasSuffix(part, "(?i)"):
			b.WriteString(`\b`)
		default:
			b.WriteString(`(?:[^\pL\pN_]|$)`)
		}
	}
	return regexp.MustCompile(b.String())
}

var contracted = strings.NewReplacer("'ll ", " will ", "'ve ", " have ", "i'm ", "i am ", "we're ", "we are ", "'d ", " would ")

// promised reports whether a sentence promises something of the service's own,
// in the language of the draft or in another that its words may be of.
func (d *draft) promised(s sentence) bool {
	text := courtesies.ReplaceAllString(strings.TrimSpace(plainText(s.text)), " ")
	for code, patterns := range ownPromises {
		if t := tongues()[code]; t != d.tongue && !slices.ContainsFunc(s.tokens, func(w token) bool {
			return !isASCII(w.text) || t.is("stop", w.text) && !d.tongue.is("stop", w.text)
		}) {
			continue
		}
		for _, p := range patterns {
			if p.MatchString(text) {
				return true
			}
		}
	}
	return false
}

func expected(text string) bool {
	text = strings.TrimSpace(plainText(text))
	for _, p := range processes {
		if p.MatchString(text) {
			return true
		}
	}
	return false
}

// promises refuses what no tool did. A cited chunk may say what the company
// does; the draft may quote it.
func (d *draft) promises() ticket.Verdict {
	var reasons []string
	for i, c := range d.claims {
		own := c.promises
		switch {
		case own && !(c.fault == faultNone && !c.free && c.verbatim >= nearlyVerbatim && d.saysSo(c)):
			reasons = append(reasons, fmt.Sprintf("Sentence %d promises or reports an action: leave it out; nothing was done and nothing may be promised.", i+1))
		case !own && expected(c.text) && (c.free || c.fault != faultNone):
			reasons = append(reasons, fmt.Sprintf("Sentence %d says what the customer will get or what will happen, and no cited chunk says so: leave it out.", i+1))
		}
	}
	return refuse(RulePromises, reasons...)
}

// saysSo reports whether the place that supports a claim makes the same promise.
func (d *draft) saysSo(c claim) bool {
	if c.source == nil {
		return false
	}
	return d.promised(c.source.sentences[c.at].sentence)
}
