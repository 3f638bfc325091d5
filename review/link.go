package review

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/digital-fte/fte/ticket"
)

var (
	linkLike = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*://|//|www\.)[^\s<>"'“”„]+|[\pL\pN._%+-]+@[\pL\pN.-]+\.\pL{2,}|(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+\pL{2,}(?::\d+)?(?:[/?#][^\s<>"'“”„]*)?`)
	scripted = regexp.MustCompile(`(?i)\b(?:javascript|vbscript|file|blob|livescript):\S|\bdata:[a-z]+/[a-z0-9.+-]+[;,]`)
	mailto   = regexp.MustCompile(`(?i)^(mailto|tel|sms|whatsapp):`)
)

// reservedTLDs are no public suffixes, yet names of hosts end in them.
var reservedTLDs = []string{"example", "test", "local", "localhost", "internal", "invalid", "onion", "lan", "home", "corp"}

// looksLikeLink tells a link, a mail address or a host from two words that a
// full stop joins.
func looksLikeLink(raw string) bool {
	if strings.Contains(raw, "://") || strings.Contains(raw, "@") || strings.HasPrefix(strings.ToLower(raw), "www.") || strings.HasPrefix(raw, "//") {
		return true
	}
	host := strings.ToLower(raw)
	if at := strings.IndexAny(host, "/?#:"); at >= 0 {
		host = host[:at]
	}
	if !strings.Contains(host, ".") || strings.ContainsAny(host, " ,;") {
		return false
	}
	last := host[strings.LastIndex(host, ".")+1:]
	if slices.Contains(reservedTLDs, last) {
		return true
	}
	suffix, official := publicsuffix.PublicSuffix(host)
	return official && suffix != host
}

// trimLink takes off the marks that end a sentence.
func trimLink(raw string) string {
	raw = strings.TrimRight(raw, `.,;:!?'"*_`)
	for strings.HasSuffix(raw, ")") && strings.Count(raw, "(") < strings.Count(raw, ")") {
		raw = strings.TrimRight(strings.TrimSuffix(raw, ")"), `.,;:!?'"`)
	}
	return strings.TrimRight(raw, "]>")
}

// findLinks returns every link, address and host of a text.
func findLinks(text string) []string {
	var found []string
	for _, field := range strings.FieldsFunc(text, unicode.IsSpace) {
		if !strings.Contains(field, ".") && !strings.Contains(field, "//") {
			continue
		}
		for _, raw := range linkLike.FindAllString(field, -1) {
			if raw = trimLink(raw); looksLikeLink(raw) {
				found = append(found, raw)
			}
		}
	}
	return found
}

// address is a link in a form in which equal ones are equal. The scheme is
// empty when none was written.
type address struct{ scheme, rest string }

func readAddress(raw string) address {
	raw = mailto.ReplaceAllString(raw, "")
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		scheme, rest = "", strings.TrimPrefix(raw, "//")
	}
	host, path := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		host, path = rest[:at], rest[at:]
	}
	if path == "/" {
		path = ""
	}
	return address{strings.ToLower(scheme), strings.ToLower(host) + path}
}

// allowance is what a draft may name because a cited chunk or the company does.
type allowance struct {
	links map[address]bool
	raw   []string
	// text is everything whose numbers and addresses the draft may repeat.
	text string
}

func newAllowance(in Input, cited []Chunk) allowance {
	a := allowance{links: map[address]bool{}}
	var texts []string
	for _, c := range cited {
		texts = append(texts, visible(c.Title+"\n"+c.Content))
	}
	texts = append(texts, in.OwnLinks...)
	for _, l := range append(findLinks(strings.Join(texts, "\n")), in.OwnLinks...) {
		a.raw = append(a.raw, l)
		whole := readAddress(l)
		a.links[whole] = true
		a.links[address{"", whole.rest}] = true
	}
	slices.SortFunc(a.raw, func(x, y string) int { return len(y) - len(x) })
	a.text = strings.Join(append(texts, in.Customer...), "\n")
	return a
}

// strip takes the allowed links out of a text.
func (a allowance) strip(text string) string {
	for _, l := range a.raw {
		text = strings.ReplaceAll(text, l, " ")
	}
	return text
}

// links refuses every link, address and host that neither a cited chunk nor the
// company names, by the letter.
func (d *draft) links() ticket.Verdict {
	var reasons []string
	if scripted.MatchString(d.text) {
		reasons = append(reasons, "The answer has a link that runs or carries something: leave it out.")
	}
	for _, m := range mdLink.FindAllStringSubmatch(d.text, -1) {
		shown := findLinks(m[1])
		if len(shown) > 0 && !slices.Contains(shown, trimLink(m[2])) || !d.allowed.links[readAddress(trimLink(m[2]))] {
			reasons = append(reasons, "A link shows another address than it leads to, or leads where no cited chunk does: write the address itself.")
			break
		}
	}
	for i, l := range findLinks(d.text) {
		if !d.allowed.links[readAddress(l)] || deceives(l) && !slices.Contains(d.allowed.raw, l) {
			reasons = append(reasons, fmt.Sprintf("Link or address %d stands in no cited chunk: leave it out or write it exactly as it stands there.", i+1))
		}
	}
	return refuse(RuleLinks, reasons[:min(len(reasons), maxReasons)]...)
}

// deceives reports whether a link has parts in which a reader is easily misled.
func deceives(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return true
	}
	return u.User != nil || strings.Contains(strings.ToLower(u.Host), "xn--") || !isASCII(u.Host)
}
