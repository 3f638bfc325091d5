package review_test

import (
	"flag"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

func TestOwnSentencesPass(t *testing.T) {
	t.Parallel()
	for _, a := range company(t) {
		t.Run(a.slug, func(t *testing.T) {
			t.Parallel()
			for _, c := range a.chunks {
				all := review.Sentences(c.Content)
				for _, s := range all {
					r := review.Check(a.answer(s))
					require.True(t, r.Passed, "%q %v", s, failed(r))
				}
				r := review.Check(a.answer(strings.Join(all, "\n")))
				require.True(t, r.Passed, "%v %+v", failed(r), review.Explain(a.answer(strings.Join(all, "\n"))))
			}
		})
	}
}

// mutant is a sentence of an article made untrue in one way.
type mutant struct{ from, text string }

var (
	aNumber  = regexp.MustCompile(`\d+(?:[.:]\d+)*`)
	aDenial  = regexp.MustCompile(`(?i)\b(not|no|never|nicht|keine?n?|without|ohne|nothing)\b ?|\bcannot\b`)
	aVerb    = regexp.MustCompile(`\b(is|are|can|must|may|does|do|will|ist|sind|kann|können|wird|werden)\b`)
	aLink    = regexp.MustCompile(`https?://[^\s]+[a-z0-9]|[a-z-]+@[a-z.]+[a-z]`)
	someWord = regexp.MustCompile(`\pL+`)
)

// swaps are words that change what a sentence says when they change places.
var (
	unitSwaps = []string{
		"minutes:hours", "minutes:seconds", "hours:days", "days:weeks", "days:months", "months:years", "years:months", "seconds:minutes",
		"€:$", "°C:°F", "MB:GB", "metres:centimetres", "metre:centimetre", "cm:mm", "%:€", "characters:words", "working days:days", "days:working days",
		"sensors:users", "sites:users", "Minuten:Stunden", "Tage:Wochen", "Monate:Jahre", "Zeichen:Wörter", "month:year", "year:month", "GHz:MHz", "digits:letters", "people:sites",
	}
	oppositeSwaps = []string{
		"before:after", "after:before", "at least:at most", "more than:less than", "below:above", "above:below", "first:last", "last:first", "longest:shortest",
		"on:off", "off:on", "up to:at least", "within:after", "all:some", "always:sometimes", "every:no", "with:without", "without:with", "start:end",
		"open:closed", "free:paid", "inside:outside", "outside:inside", "old:new", "new:old", "left:right", "right:left", "plus:minus",
		"older:newer", "longer:shorter", "closer:farther", "warmer:colder", "solid:blinking", "Solid:Blinking", "green:red", "red:green", "yellow:blue", "blue:yellow",
		"monthly:yearly", "yearly:monthly", "incoming:outgoing", "outgoing:incoming", "valid:invalid", "mindestens:höchstens", "nach:vor", "unter:über", "must:can", "only:also", "Only:Also",
		"until:after", "upgrade:downgrade", "downgrade:upgrade", "Unused:Used", "empty:full", "restart:reset", "once:twice", "both:one of the",
	}
	nameSwaps = []string{
		"Firn Tag:Firn Probe", "Firn Probe:Firn Tag", "Hub:Relay", "Hub:sensor", "Firn Hub LTE:Firn Hub", "Start:Team", "Team:Business", "Business:Start", "Business:Team",
		"Owner:Manager", "Owners:Viewers", "Manager:Viewer", "Managers:Viewers", "Owners:Managers", "Germany:France", "Leipzig:Berlin", "Frankfurt:Hamburg", "Switzerland:Turkey",
		"Billing:Security", "Security:Billing", "Team:Profile", "Profile:Team", "Settings:Devices", "Devices:Settings", "Sites:Devices", "PDF:CSV", "CSV:PDF", "XRechnung:ZUGFeRD",
		"SEPA:PayPal", "credit card:PayPal", "Wi-Fi:Bluetooth", "TLS:SSL", "DHCP:DNS", "UDP:TCP", "TCP:UDP", "E12:E15", "Android:iOS", "iPhone:Android", "WhatsApp:SMS", "Ethernet:Wi-Fi",
		"ISO:DIN", "lithium:alkaline", "Inhaber:Manager", "Sicherheit:Abrechnung", "Abrechnung:Sicherheit", "alarms:reports", "readings:invoices", "invoices:readings", "password:invoice", "sensor:Hub",
	}
	extras = []string{
		" for free", " free of charge", " for life", " at no extra cost", " forever", " automatically", " on every plan", " within 24 hours", " in all countries", " without any limit",
	}
	promisesAdded = []string{
		" We will refund you.", " I have escalated this to our technicians.", " A colleague will call you today.", " I will look into your account.", " Your password has been reset.",
		" We have unlocked your account.", " Within 24 hours you will receive a replacement.", " I've cancelled your plan for you.", " Our team will contact you shortly.", " Rest assured that this is fixed.",
		" We guarantee that this works.", " Let me check that for you.", " You will get your money back tomorrow.", " I have reserved one for you.", " Someone from support is going to fix this.",
		" Ein Kollege wird Sie heute anrufen.", " Ich habe Ihren Tarif gekündigt.", " Nous vous rembourserons.", " Le devolveremos el dinero.", " Um colega vai ligar para você.", " Een collega belt u vandaag.", " Un collega la chiamerà oggi.",
	}
	clausesAdded = []string{
		", and a colleague will call you today", ", and we have already refunded you", ", and I have reset it for you", ", which we will do for you", ", so your account has been unlocked",
	}
)

// change replaces one whole word or sign, once at each place.
func change(s, swap string) []mutant {
	from, to, _ := strings.Cut(swap, ":")
	pattern := regexp.QuoteMeta(from)
	if someWord.MatchString(from) {
		pattern = `\b` + pattern + `\b`
	}
	var all []mutant
	for _, span := range regexp.MustCompile(pattern).FindAllStringIndex(s, -1) {
		all = append(all, mutant{s, s[:span[0]] + to + s[span[1]:]})
	}
	return all
}

func changes(s string, swaps []string) []mutant {
	var all []mutant
	for _, swap := range swaps {
		all = append(all, change(s, swap)...)
	}
	return all
}

func otherNumbers(s string, numbers []string) []mutant {
	var all []mutant
	for _, span := range aNumber.FindAllStringIndex(s, -1) {
		was := s[span[0]:span[1]]
		others := []string{"1" + was, was + "0", "7" + was[1:]}
		if n, err := strconv.Atoi(was); err == nil {
			others = append(others, strconv.Itoa(n+1), strconv.Itoa(2*n), strconv.Itoa(n-1))
		}
		others = append(others, numbers...)
		for _, other := range others {
			if other != was {
				all = append(all, mutant{s, s[:span[0]] + other + s[span[1]:]})
			}
		}
	}
	return all
}

func denials(s string) []mutant {
	var all []mutant
	for _, span := range aDenial.FindAllStringIndex(s, -1) {
		with := ""
		switch strings.ToLower(strings.TrimSpace(s[span[0]:span[1]])) {
		case "cannot":
			with = "can"
		case "without":
			with = "with "
		case "ohne":
			with = "mit "
		case "nothing":
			with = "everything "
		case "never":
			with = "always "
		}
		all = append(all, mutant{s, s[:span[0]] + with + s[span[1]:]})
	}
	for _, span := range aVerb.FindAllStringIndex(s, -1) {
		no := " not"
		if w := s[span[0]:span[1]]; slices.Contains([]string{"ist", "sind", "kann", "können", "wird", "werden"}, w) {
			no = " nicht"
		}
		if strings.HasPrefix(s[span[1]:], " not") || strings.HasPrefix(s[span[1]:], " nicht") || strings.HasPrefix(s[span[1]:], " never") {
			continue
		}
		all = append(all, mutant{s, s[:span[1]] + no + s[span[1]:]})
	}
	return all
}

// merged joins the first half of each sentence to the second half of another.
func merged(sentences []string) []mutant {
	var all []mutant
	for i, a := range sentences {
		for _, step := range []int{1, 2, 5} {
			b := sentences[(i+step)%len(sentences)]
			x, y := strings.Fields(a), strings.Fields(b)
			if len(x) < 6 || len(y) < 6 || a == b {
				continue
			}
			all = append(all, mutant{a + " + " + b, strings.Join(append(slices.Clone(x[:len(x)/2]), y[len(y)/2:]...), " ")})
		}
	}
	return all
}

func appended(s string, extras []string, inside bool) []mutant {
	var all []mutant
	for _, extra := range extras {
		text := s + extra
		if inside {
			text = strings.TrimRight(s, ".") + extra + "."
		}
		all = append(all, mutant{s, text})
	}
	return all
}

func otherLinks(s string) []mutant {
	var all []mutant
	for _, span := range aLink.FindAllStringIndex(s, -1) {
		was := s[span[0]:span[1]]
		for _, other := range []string{
			was + "/more", was + "2", strings.Replace(was, "firnwacht", "firnwaçht", 1), strings.Replace(was, "firnwacht", "firnwatch", 1), strings.Replace(was, "https", "http", 1),
			strings.Replace(was, ".example", ".example.com", 1), strings.Replace(was, "https://", "https://evil.example/?to=", 1), strings.Replace(was, "https://", "https://a@", 1),
			strings.Replace(was, "@", "1@", 1), was + "?next=https://evil.example", "javascript:alert(1)", "[" + was + "](https://evil.example)",
		} {
			if other != was {
				all = append(all, mutant{s, s[:span[0]] + other + s[span[1]:]})
			}
		}
	}
	return all
}

// everyMutant makes the test try all of them; else it takes a part that is the
// same each time.
var everyMutant = flag.Bool("every-mutant", false, "try every untrue sentence, not one in 31")

const oneIn = 31

// mostMerged bounds the halves of two true sentences of one article that pass as
// one: most are broken English, and some are true.
const mostMerged = 0.05

// TestMutantsAreRefused makes untrue sentences of all true ones of the made-up
// company. Nothing gets through but a few halves of sentences.
func TestMutantsAreRefused(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	made, through := map[string]int{}, map[string]int{}
	tried := func(kind, text string, passed bool) {
		mu.Lock()
		defer mu.Unlock()
		made[kind]++
		if passed {
			through[kind]++
			t.Logf("%s: %q", kind, text)
		}
	}
	all := company(t)
	var articles sync.WaitGroup
	for n, a := range all {
		articles.Go(func() {
			turn := n
			try := func(kind string, mutants []mutant) {
				for _, m := range mutants {
					turn++
					if (*everyMutant || turn%oneIn == 0) && !same(m.text, a) {
						tried(kind, m.text, review.Check(a.answer(m.text)).Passed)
					}
				}
			}
			sentences, numbers := a.parts()
			for _, s := range sentences {
				try("number", otherNumbers(s, numbers))
				try("unit", changes(s, unitSwaps))
				try("negation", denials(s))
				try("opposite", changes(s, oppositeSwaps))
				try("name", changes(s, nameSwaps))
				try("extra", appended(s, extras, true))
				try("promise", appended(s, promisesAdded, false))
				try("promise", appended(s, clausesAdded, true))
				try("link", otherLinks(s))
			}
			try("merged", merged(sentences))

			other := all[(n+7)%len(all)]
			for _, s := range sentences {
				turn++
				if !*everyMutant && turn%oneIn != 0 || same(s, other) || len(strings.Fields(s)) < 4 {
					continue
				}
				in := other.answer(s)
				in.Retrieved = append(slices.Clone(in.Retrieved), a.chunks...)
				tried("uncited", s, review.Check(in).Passed)
			}
		})
	}
	articles.Wait()
	for kind, n := range made {
		t.Logf("%-9s %5d made, %d let through", kind, n, through[kind])
		if kind == "merged" {
			require.LessOrEqual(t, float64(through[kind]), mostMerged*float64(n))
			continue
		}
		require.Zero(t, through[kind], kind)
	}
	require.Len(t, made, 10)
}

// parts returns the sentences of an article and some of its numbers.
func (a article) parts() (sentences, numbers []string) {
	for _, c := range a.chunks {
		sentences = append(sentences, review.Sentences(c.Content)...)
	}
	for _, s := range sentences {
		numbers = append(numbers, aNumber.FindAllString(s, 2)...)
	}
	return sentences, numbers[:min(len(numbers), 6)]
}

// same reports whether an article says a sentence by the letter.
func same(s string, a article) bool {
	bare := strings.TrimRight(s, ".")
	for _, c := range a.chunks {
		if strings.Contains(strings.Join(strings.Fields(c.Content), " "), bare) {
			return true
		}
	}
	return false
}
