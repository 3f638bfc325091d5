package mask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSecret bounds a password that is not quoted, in bytes.
const maxSecret = 128

var (
	passwordWords = `(?:` + one(`pass_?words? passcodes? passphrases? pass_?wd pwd pw psw
		\pL*pass_?wörter[n]? \pL*passworte? \pL*kennwort \pL*kennwörter losungswort passwd
		mots?_de_passe mdp contraseñas? contrasenas? contrasenyas? senhas? palavra-passe palavra_passe
		parola_d'ordine parola_chiave \pL*wachtwoord(?:en)? hasło hasła haslo şifrem şifre parolam пароль пароля
		(?:wlan|wifi|wi-fi|netzwerk)-?schlüssel p[4@]ssw[o0]rd pa\$\$word`) + `)`
	passwordCue = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])` + passwordWords)
	// bareCue are words that mean much else: only a colon makes them a name.
	bareCue = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])(?:` + one(`pass clave secret login user/pass username/password credentials zugangsdaten`) + `)[ \t]{0,3}[:=]`)

	// ownCue are such words as somebody's own.
	ownCue = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])(?:` + one(`my_pass my_login mi_clave`) + `)\b`)

	// behindSlash is what goes with a name, as in "login: ana / hunter2".
	behindSlash = regexp.MustCompile(`^[ \t]*/[ \t]*(\S{3,64})`)

	about  = `(?:['"”»’)\]]|[ \t]{0,3}\([^)\n]{0,40}\))?(?:[ \t]+` + one(`for to of on in at für zum zur zu von vom pour de du del della do da para per voor van my mein`) + `[ \t][^\n:=.,;!?]{0,40}?)?`
	strong = regexp.MustCompile(`(?i)^` + about + `[ \t]{0,3}(?:[:=]|-+>|=>|→|lautet[:]?|heißt[:]?)>?[ \t]{0,3}\n?[ \t]{0,3}`)
	weak   = regexp.MustCompile(`(?i)^` + about + `[ \t]+` + verb + `(?:[ \t]+` + one(`now currently still jetzt maintenant ahora agora ora adesso nu simply just`) + `)?[ \t]{0,3}[ \t:][ \t]{0,3}`)
	set    = regexp.MustCompile(`(?i)^` + about + `(?:[ \t]+` + one(`was has_been is wurde ist`) + `[ \t]+` + one(`changed reset set`) + `)?[ \t]+(?:` + one(`to into in auf en a à para naar as als como`) + `)[ \t]+`)
	next   = regexp.MustCompile(`^[ \t]{1,3}`)
	// former is a password that another one has taken the place of.
	former = regexp.MustCompile(`(?i)^` + about + `[ \t]+(?:` + one(`from von de da van`) + `)[ \t]+(\S{4,64})[ \t]+(?:` + one(`to auf zu in en a à para naar`) + `)[ \t]+(\S{4,64})`)

	// stated is a password that is called so, or said to be used as one, afterwards.
	stated = regexp.MustCompile(`(?i)([^\s]{4,64})[ \t]+(?:` + one(`is was ist war est es é è era as als comme como come`) + `)[ \t]+(?:` +
		one(`my our the mein unser das mon notre le mi nuestra la minha a mia mijn het`) + `)[ \t]+(?:\pL{2,12}[ \t]+)?` + passwordWords)
	address  = regexp.MustCompile(`://[^\s:/@]{1,64}:([^\s@/]{1,128})@`)
	listed   = regexp.MustCompile(`(?i)^[.,;!?)\]"']*(?:[ \t]*(?:$|\n|[-–|/])|[.,;!?)\]"'])|^[ \t]+(?:` + one(`and und et y e en but aber mais pero ma maar or oder`) + `)[ \t]`)
	noSecret = words(`a an the my your his her our their this that it its here there i we you he she they is are was be been not no none yes
		never always still again already also too very so only just now then because since after before when while if but and or as
		wrong incorrect invalid expired rejected lost forgotten unknown correct right fine ok okay valid new old same different weak
		strong safe secure stolen leaked compromised reset changed working broken required missing empty blank denied locked blocked
		unchanged gone secret private accepted ignored needed asked refused below above attached link email mail unsafe hacked short
		long case sensitive something anything nothing everything known saved stored encrypted recovery manager generator field page
		cannot can't won't doesn't don't didn't isn't wasn't please help hi hello dear thanks thank what why how where which who
		falsch abgelaufen ungültig richtig korrekt weg vergessen verloren unbekannt neu alt gleich sicher nicht gesperrt zurückgesetzt
		geändert abgelehnt gestohlen gehackt geheim erforderlich leer gültig schwach stark kein keine noch immer wieder nur ich sie wir
		der die das ein eine einen bitte hilfe warum wie wo was nie mehr schon auch zu verschwunden
		incorrecte faux fausse invalide expiré oublié perdu bon bonne valide refusé bloqué volé changé nouveau faible pas toujours
		encore le la les un une des je il elle vide perdue
		incorrecta incorrecto inválida inválido caducada expirada olvidada perdida correcta errónea válida nueva bloqueada robada mal no
		siempre el los las una yo vacía débil
		errada incorreta esquecida correta nova bloqueada roubada não nao sempre o os as um uma eu vazia fraca segura
		errata sbagliata scaduta dimenticata persa corretta valida nuova bloccata rubata non il lo gli uno vuota debole sicura
		verkeerd onjuist ongeldig verlopen vergeten kwijt juist goed nieuw geblokkeerd gestolen niet het een ik leeg zwak veilig`)
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

// passwords finds what somebody says is a password.
func passwords(text string) (spans []span) {
	add := func(from, to int) {
		if from < to {
			spans = append(spans, span{from, to, password, text[from:to]})
		}
	}
	addOpaque := func(from, to int) {
		if inFrom, inTo := bare(text, from, to); opaque(text[inFrom:inTo]) {
			add(inFrom, inTo)
		}
	}
	for _, cue := range passwordCue.FindAllStringIndex(text, -1) {
		if r, _ := utf8.DecodeRuneInString(text[cue[1]:]); unicode.IsLetter(r) || unicode.IsDigit(r) {
			continue
		}
		add(secretAfter(text, cue[1], strings.Contains(strings.ToLower(text[cue[0]:cue[1]]), "phrase")))
		if m := former.FindStringSubmatchIndex(behind(text, cue[1])); m != nil {
			addOpaque(cue[1]+m[2], cue[1]+m[3])
			addOpaque(cue[1]+m[4], cue[1]+m[5])
		}
	}
	for _, cue := range bareCue.FindAllStringIndex(text, -1) {
		from, to := secretAfter(text, cue[1]-1, false)
		if from >= to {
			continue
		}
		add(from, to)
		if m := behindSlash.FindStringSubmatchIndex(behind(text, to)); m != nil {
			add(bare(text, to+m[2], to+m[3]))
		}
	}
	for _, cue := range ownCue.FindAllStringIndex(text, -1) {
		add(secretAfter(text, cue[1], false))
	}
	for _, m := range stated.FindAllStringSubmatchIndex(text, -1) {
		if quotedAt(text, m[2]) {
			add(bare(text, m[2], m[3]))
		} else {
			addOpaque(m[2], m[3])
		}
	}
	for _, m := range address.FindAllStringSubmatchIndex(text, -1) {
		add(m[2], m[3])
	}
	return spans
}

// secretAfter returns where the password stands that is named right before
// text[at:], nothing when that is a sentence about one. A phrase goes on to the
// end of its line.
func secretAfter(text string, at int, phrase bool) (from, to int) {
	rest := behind(text, at)
	type link struct {
		shape *regexp.Regexp
		// plain says that an ordinary word may be meant.
		plain bool
	}
	for _, l := range []link{{strong, true}, {set, false}, {weak, true}, {next, false}} {
		m := l.shape.FindStringIndex(rest)
		if m == nil {
			continue
		}
		from = at + m[1]
		if from, to := quotation(text, from); from < to {
			return from, to
		}
		from, to = bare(text, from, wordEnd(text, from))
		if phrase && l.shape == strong {
			return from, lineEnd(text, from)
		}
		word := text[from:to]
		if opaque(word) || l.shape == strong && number(word) >= 0 {
			return from, to
		}
		if l.plain && plainWord(word) && listed.MatchString(behind(text, to)) {
			return from, to
		}
		if l.plain {
			return 0, 0
		}
	}
	return 0, 0
}

// plainWord reports a word that may be a password though it looks like any other.
func plainWord(word string) bool {
	return utf8.RuneCountInString(word) > 2 && !noSecret[strings.ToLower(word)] && strings.ContainsFunc(word, wordly)
}

// opaque reports what is no word of any language: digits or signs among
// letters, or capitals in the middle.
func opaque(s string) bool {
	if len(s) < 4 || strings.Contains(s, "://") || strings.Contains(s, "@") && strings.Contains(s[strings.Index(s, "@"):], ".") ||
		strings.HasPrefix(s, "<") {
		return false
	}
	var letters, digits, signs, humps int
	before := ' '
	for _, r := range strings.TrimRight(s, "!?") {
		switch {
		case unicode.IsLetter(r):
			letters++
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				humps++
			}
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(`-'’./…,*•`, r):
			signs++
		}
		before = r
	}
	return letters > 0 && digits > 0 || signs > 0 && letters+digits >= 4 || humps > 0
}

// quotation returns what stands between quotation marks that begin at a place.
func quotation(text string, at int) (from, to int) {
	r, size := utf8.DecodeRuneInString(text[at:])
	closer, ok := map[rune]string{
		'"': `"`, '\'': `'`, '`': "`", '“': `”"“`, '„': `“”"`, '«': `»`, '»': `«`, '‘': `’'`, '‚': `‘'`, '”': `”`,
	}[r]
	if !ok {
		return 0, 0
	}
	inside := behind(text, at+size)
	end := strings.IndexAny(inside, closer+"\n")
	if end <= 0 || inside[end] == '\n' {
		return 0, 0
	}
	return at + size, at + size + end
}

func quotedAt(text string, at int) bool {
	return strings.ContainsRune("\"'`“„«‘‚", first(text[at:]))
}

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func wordEnd(text string, from int) int {
	rest := text[from:min(len(text), from+maxSecret)]
	if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
		return from + end
	}
	return from + len(strings.ToValidUTF8(rest, ""))
}

func lineEnd(text string, from int) int {
	rest := text[from:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	return from + len(strings.TrimRight(rest, " \t"))
}

// bare returns text[from:to] without the punctuation of the sentence around it.
func bare(text string, from, to int) (int, int) {
	word := text[from:to]
	left := strings.TrimLeft(word, `"'“„«‘‚(`+"`")
	return from + len(word) - len(left), from + len(word) - len(left) + len(strings.TrimRight(left, `.,;:)"'”“»’]`+"`"))
}
