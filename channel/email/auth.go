package email

import (
	"slices"
	"strings"
)

// DefaultAuthServID is the name under which Gmail reports its checks.
const DefaultAuthServID = "mx.google.com"

// dmarcPass reports whether the mail server named authServID found that the
// mail is truly from domain. Only the topmost Authentication-Results counts:
// it is the one our server put there, those below came with the mail.
func dmarcPass(results []string, authServID, domain string) bool {
	if len(results) == 0 || domain == "" {
		return false
	}
	clauses, ok := splitResults(results[0])
	if !ok {
		return false
	}
	// RFC 8601 allows a version after the name.
	name, _, _ := strings.Cut(strings.TrimSpace(clauses[0]), " ")
	if !strings.EqualFold(name, authServID) {
		return false
	}
	verdicts := slices.DeleteFunc(clauses[1:], func(clause string) bool {
		method, _, _ := strings.Cut(strings.TrimSpace(clause), "=")
		return !strings.EqualFold(strings.TrimSpace(method), "dmarc")
	})
	if len(verdicts) != 1 {
		return false
	}
	words := strings.Fields(strings.ToLower(verdicts[0]))
	if len(words) == 0 || words[0] != "dmarc=pass" {
		return false
	}
	for _, word := range words[1:] {
		// The server may have read another From than we did.
		if from, found := strings.CutPrefix(word, "header.from="); found && from != domain {
			return false
		}
	}
	return true
}

// splitResults splits a header at its semicolons and drops comments and quoted
// strings, both of which may repeat words the sender chose, such as a mail
// address that reads "; dmarc=pass". False if either is left open.
func splitResults(header string) ([]string, bool) {
	var clauses []string
	var clause strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(header); i++ {
		c := header[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case quoted:
			quoted = c != '"'
		case c == '"' && depth == 0:
			quoted = true
			clause.WriteByte('_')
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil, false
			}
			clause.WriteByte(' ')
		case depth > 0:
		case c == ';':
			clauses = append(clauses, clause.String())
			clause.Reset()
		default:
			clause.WriteByte(c)
		}
	}
	return append(clauses, clause.String()), depth == 0 && !quoted
}
