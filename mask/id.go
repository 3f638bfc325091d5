package mask

import (
	"regexp"
	"strings"
)

// rule is how the people of a country are numbered.
type rule struct {
	shape *regexp.Regexp
	// valid says whether a number that is compact, without signs and in capital
	// letters, can have been given out; nil for those without check digits.
	valid func(compact string) bool
	// cue is what such a number is called.
	cue *regexp.Regexp
	// told is for numbers that look like many others: only their name tells.
	told bool
}

func named(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL])` + one(words) + `(?:[^\pL]|$)`)
}

var (
	socialSecurity = named(`ssn social_security social_security_number`)
	insurance      = named(`nino ni_number national_insurance national_insurance_number`)
	taxID          = named(`steuer-id steuer_id steueridentifikationsnummer steuer-identifikationsnummer steuer-idnr idnr identifikationsnummer tax_id`)
	nir            = named(`nir numéro_de_sécurité_sociale sécurité_sociale securite_sociale n°_de_sécu numéro_de_sécu`)
	dni            = named(`dni nie nif documento_nacional documento_de_identidad`)
	fiscalCode     = named(`codice_fiscale cf c.f.`)
	bsn            = named(`bsn burgerservicenummer burger_service_nummer sofinummer sofi-nummer`)
	pesel          = named(`pesel`)
	cpf            = named(`cpf`)
	aadhaar        = named(`aadhaar aadhar adhaar uidai`)
	ahv            = named(`ahv ahv-nummer avs`)
	personnummer   = named(`personnummer personnr samordningsnummer`)
	rijksregister  = named(`rijksregisternummer insz niss numéro_national registre_national`)
	sin            = named(`sin social_insurance social_insurance_number`)
	tfn            = named(`tfn tax_file_number`)
	nif            = named(`nif contribuinte número_de_contribuinte`)
	svnr           = named(`svnr sv-nummer sozialversicherungsnummer versicherungsnummer`)
	idCard         = named(`身份证 身份證 resident_identity_card`)
)

// rules say how the people of the world are numbered, as far as we know it.
var rules = []rule{
	{shape: regexp.MustCompile(`[0-9]{3}-[0-9]{2}-[0-9]{4}`), valid: validSSN, cue: socialSecurity},
	{shape: regexp.MustCompile(`[0-9]{3}[ .]?[0-9]{2}[ .]?[0-9]{4}`), valid: validSSN, cue: socialSecurity, told: true},
	{shape: regexp.MustCompile(`(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: [0-9]{2}){3} [A-D]`), valid: validNINO, cue: insurance},
	{shape: regexp.MustCompile(`(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:[ -]?[0-9]{2}){3}[ -]?[A-D]`), valid: validNINO, cue: insurance, told: true},
	{shape: regexp.MustCompile(`[1-9][0-9](?:[ /]?[0-9]{3}){3}`), valid: validTaxID, cue: taxID},
	{
		shape: regexp.MustCompile(`(?i)[12][ .]?[0-9]{2}[ .]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ .]?(?:[0-9]{2}|2[AB])[ .]?[0-9]{3}[ .]?[0-9]{3}[ ./-]{0,3}[0-9]{2}`),
		valid: validNIR, cue: nir,
	},
	{shape: regexp.MustCompile(`(?i)(?:[0-9]{8}|[XYZ][ -]?[0-9]{7})[ -]?[A-Z]`), valid: validDNI, cue: dni},
	{shape: regexp.MustCompile(`[0-9]{2}\.[0-9]{3}\.[0-9]{3}[ -]?[A-Za-z]`), valid: validDNI, cue: dni},
	{shape: regexp.MustCompile(`(?i)(?:[A-Z]{3}[ -]?){2}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[ -]?[A-Z][0-9LMNP-V]{3}[A-Z]`), valid: validFiscalCode, cue: fiscalCode},
	{shape: regexp.MustCompile(`[0-9]{9}|[0-9]{3}[. ][0-9]{3}[. ][0-9]{3}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}`), valid: validBSN, cue: bsn, told: true},
	{shape: regexp.MustCompile(`[0-9]{11}`), valid: validPESEL, cue: pesel},
	{shape: regexp.MustCompile(`[0-9]{3}\.[0-9]{3}\.[0-9]{3}[-/][0-9]{2}`), valid: validCPF, cue: cpf},
	{shape: regexp.MustCompile(`[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{3}[ -]?[0-9]{2}`), valid: validCPF, cue: cpf, told: true},
	{shape: regexp.MustCompile(`[2-9][0-9]{3}([ -])[0-9]{4}[ -][0-9]{4}`), valid: verhoeff, cue: aadhaar},
	{shape: regexp.MustCompile(`[2-9][0-9]{11}`), valid: verhoeff, cue: aadhaar, told: true},
	{shape: regexp.MustCompile(`756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}`), valid: validEAN, cue: ahv},
	{shape: regexp.MustCompile(`(?:19|20)?[0-9]{6}[+-][0-9]{4}`), valid: validPersonnummer, cue: personnummer},
	{shape: regexp.MustCompile(`[0-9]{2}\.[0-9]{2}\.[0-9]{2}[ -][0-9]{3}[. ][0-9]{2}`), valid: validRijksregister, cue: rijksregister},
	{shape: regexp.MustCompile(`[0-9]{11}`), valid: validRijksregister, cue: rijksregister, told: true},
	{shape: regexp.MustCompile(`[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}`), valid: luhn, cue: sin, told: true},
	{shape: regexp.MustCompile(`[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{2,3}`), cue: tfn, told: true},
	{shape: regexp.MustCompile(`[1-35689][0-9]{2}[ .]?[0-9]{3}[ .]?[0-9]{3}`), valid: validNIF, cue: nif, told: true},
	{shape: regexp.MustCompile(`[0-9]{4}[ -]?[0-9]{6}`), cue: svnr, told: true},
	{shape: regexp.MustCompile(`(?i)[0-9]{2}[ ]?[0-9]{6}[ ]?[A-Z][ ]?[0-9]{3}`), cue: svnr, told: true},
	{shape: regexp.MustCompile(`[1-9][0-9]{16}[0-9Xx]`), valid: validResident, cue: idCard},
	// Papers whose numbers have no rule of their own.
	{
		shape: regexp.MustCompile(`(?i)[A-Z]{0,3}[ -]?[0-9][A-Z0-9]{5,12}|[A-Z][A-Z0-9]{2}[0-9][A-Z0-9]{5}`), valid: fourDigits, told: true,
		cue: named(`passport passport_number passport_no reisepass reisepassnummer passnummer personalausweis personalausweisnummer ausweisnummer
			führerschein führerscheinnummer passeport pasaporte passaporte passaporto paspoort paspoortnummer rijbewijsnummer carta_d'identità
			carte_d'identité identity_card id_card driver's_license driver's_licence driving_licence driving_license licence_number
			permis_de_conduire carnet_de_conducir patente_di_guida rg dowód_osobisty`),
	},
}

// ids finds the numbers that states give to people.
func ids(text string) (spans []span) {
	for _, r := range rules {
		for from, to := range standing(text, r.shape) {
			ahead := before(text, from)
			told := r.cue.MatchString(ahead)
			if !told && (r.told || ordinary(text, from) || partOfMore(text, from, to)) {
				continue
			}
			if value := compact(text[from:to]); r.valid == nil || r.valid(value) {
				spans = append(spans, span{from, to, id, value})
			}
		}
	}
	return spans
}

// partOfMore reports that a number goes on before or behind text[from:to].
func partOfMore(text string, from, to int) bool {
	joined := func(sign, beyond byte) bool { return strings.IndexByte("-./_:@", sign) >= 0 && alnum(beyond) }
	return from > 1 && joined(text[from-1], text[from-2]) || to+1 < len(text) && joined(text[to], text[to+1])
}

func fourDigits(n string) bool { return digitsIn(n) >= minDigits }
