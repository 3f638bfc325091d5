package review

import (
	"fmt"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

var (
	// commits finds words of money, law and liability.
	commits = pattern(`[€$£¥]|\b(eur|euros?|usd|dollars?|gbp|pounds?|chf)\b|\b(refund\w*|reimburs\w*|compensat\w*|discount\w*|rebate\w*|voucher\w*|coupon\w*|credit (note|to)|credited|goodwill|money back|chargeback\w*|waive\w*|guarantee\w*|warrant(y|ies)|liab(le|ility)|legal(ly)?|lawsuit|lawyer|damages|entitled|free of charge|for free|(is|are) free|at no (extra |additional )?(cost|charge)|free for (life|ever)|on the house|complimentary|half price|off your|special (price|offer|deal)|binding|contractual\w*|indemnif\w*)` +
		`|\b(rückerstatt\w*|erstatt\w*|rabatt\w*|gutschrift\w*|gutschein\w*|entschädig\w*|schadensersatz|garant\w*|gewährleist\w*|haft(ung|en|et)\b|kostenlos\w*|kostenfrei\w*|umsonst|gratis|kulanz\w*|rechtlich\w*|rechtsanspruch|anspruch|nachlass|preisnachlass)` +
		`|\b(rembours\w*|remise|réduction|avoir|garanti\w*|dédommag\w*|gratuit\w*|indemnis\w*|reembols\w*|descuento\w*|garantí\w*|gratis|gratuit\w*|indemniz\w*|compensaci\w*|rimbors\w*|sconto|sconti|garanzi\w*|risarc\w*|desconto\w*|gratuito|indeniz\w*|terugbetal\w*|terugstort\w*|korting\w*|schadevergoeding|kosteloos)`)
	// individual finds a commitment to this customer.
	individual = pattern(`\b(you|your|yours|ihnen|ihre?[nms]?|dir|dein\w*|vous|votre|vos|usted|su|sus|tu|lei|suo|sua|você|seu|u|uw|je|jouw)\b`)
	given      = pattern(`\b(refund\w*|reimburs\w*|compensat\w*|discount\w*|voucher\w*|coupon\w*|credited|goodwill|money back|waive\w*|entitled|erstatt\w*|rückerstatt\w*|rabatt\w*|gutschrift\w*|gutschein\w*|entschädig\w*|kulanz\w*|nachlass|rembours\w*|remise|reembols\w*|descuento\w*|rimbors\w*|sconto|desconto\w*|terugbetal\w*|korting\w*)`)
	delivers   = pattern(`\b(arriv\w*|deliver\w*|ship\w*|dispatch\w*|reach you|parcel|package|liefer\w*|zugestellt|versand\w*|verschickt|paket|sendung|livr\w*|expédi\w*|entreg\w*|enví\w*|consegn\w*|spedi\w*|geleverd|bezorg\w*|verzonden)`)
	dates      = pattern(`\b(today|tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next (week|month)|this (week|month)|heute|morgen|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|nächste woche|aujourd'hui|demain|lundi|mardi|mercredi|jeudi|vendredi|hoy|mañana|lunes|martes|miércoles|jueves|viernes|oggi|domani|lunedì|martedì|mercoledì|giovedì|venerdì|hoje|amanhã|segunda|terça|quarta|quinta|sexta|vandaag|maandag|dinsdag|woensdag|donderdag|vrijdag|\d{1,2}[./]\d{1,2}[./](\d{2,4})?|\d{4}-\d\d-\d\d|(january|february|march|april|june|july|august|september|october|november|december|januar|februar|märz|juni|juli|oktober|dezember) \d{1,2}|\d{1,2}\.? (january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember))\b|übermorgen`)
)

// commitments refuses what binds the company: money, law, liability and dates
// of delivery, unless a cited chunk says it by the letter. What is given to this
// customer must be quoted.
func (d *draft) commitments() ticket.Verdict {
	var reasons []string
	for i, c := range d.claims {
		text := strings.TrimSpace(plainText(c.text))
		money, dated := commits.MatchString(text), delivers.MatchString(text) && dates.MatchString(text)
		if !money && !dated {
			continue
		}
		held := !c.free && c.fault == faultNone && len(c.missing) == 0
		held = held && (!money || c.limited())
		if held && given.MatchString(text) && individual.MatchString(text) || dated {
			held = held && c.verbatim >= nearlyVerbatim
		}
		if !held {
			reasons = append(reasons, fmt.Sprintf("Sentence %d speaks of a price, refund, discount, guarantee, legal matter or date that no cited chunk states by the letter: leave it out or quote the chunk.", i+1))
		}
	}
	return refuse(RuleCommitments, reasons...)
}

// limited reports whether a claim about money names every limit that its source
// sets by a number: free from €300 on is not free.
func (c claim) limited() bool {
	if c.source == nil || c.source.sentences[c.at].cell {
		return true
	}
	for _, o := range c.source.sentences[c.at].tokens {
		if o.kind == number && !names(c.tokens, o.root) {
			return false
		}
	}
	return true
}
