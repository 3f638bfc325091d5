package mask

import (
	"iter"
	"regexp"
	"strings"
)

const (
	// near is how far before a value the words are looked for that say what it
	// is, in bytes.
	near = 56
	// past is how far a value is looked for behind such words.
	past = 200
)

// one returns a pattern for any of the words, given a line or more.
func one(words string) string {
	return "(?:" + strings.Join(strings.Fields(strings.ReplaceAll(words, "_", `[\x20-]?`)), "|") + ")"
}

// verb joins the name of a value to the value, in the languages that are spoken
// most by those who write to us.
var verb = one(`is was are now ist war sind lautet lauten heißt heisst est était sont c'est es era son é è era sono são sao zijn jest`)

// before returns what stands ahead of a place, as far as it may say what stands there.
func before(text string, at int) string { return text[max(0, at-near):at] }

// behind returns what follows a place.
func behind(text string, at int) string { return text[at:min(len(text), at+past)] }

// standing yields where a pattern stands as words or numbers of its own. What
// begins within a candidate that is refused is looked at as well.
func standing(text string, shape *regexp.Regexp) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for pos := 0; pos < len(text); {
			found := shape.FindStringIndex(text[pos:])
			if found == nil {
				return
			}
			from, to := pos+found[0], pos+found[1]
			if to == from {
				return
			}
			if apart(text, from, to) && !yield(from, to) {
				return
			}
			pos = from + 1
			for pos < to && alnum(text[pos-1]) && alnum(text[pos]) {
				pos++
			}
		}
	}
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// other are the words for numbers that are nobody's secret.
var other = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:` + one(`
	orders? order_numbers? purchase_order po bestellung bestellnummer bestell-nr auftrag auftragsnummer commande pedido
	ordine encomenda bestelling bestelnummer tickets? ticket_number invoices? rechnung rechnungsnummer rechnungs-nr facture factura
	fattura fatura factuur serial_numbers? serial seriennummer serien-nr serie série serienummer s/n sn parts? part_number
	articles? items? artikel artikelnummer artículo articolo artikel-nr tracking tracking_number sendung sendungsnummer suivi seguimiento
	rastreio parcel paket models? modell modello modèle modelo phones? phone_number telephone telefon telefonnummer
	tel mobile mobil handy handynummer téléphone portable teléfono móvil telefone celular telefono cellulare telefoon
	call fax whatsapp ean gtin imei isbn sku mac version firmware ref reference referenz kundennummer customer_number
	device device_id geräte gerätenummer batch charge lot hotline`) + `)[^\pL\d\n]{0,4}(?:` + one(`
	number numbers no nr num nummer numéro numero número id code is was are ist lautet est es é è de del di von of my meine`) + `[^\pL\d\n]{0,3}){0,3}$`)

// ordinary reports that what stands ahead of a place calls it a number that is
// nobody's secret.
func ordinary(text string, at int) bool {
	if at > 0 && text[at-1] == '+' {
		return true // a telephone number
	}
	return other.MatchString(before(text, at))
}
