package gmail

import (
	"bytes"
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// field is one header field of a mail, unfolded but not decoded.
type field struct{ name, value string }

// fields reads the header of a mail, however broken, in its order.
func fields(raw []byte) []field {
	head, _ := split(raw)
	var found []field
	for line := range strings.SplitSeq(string(head), "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if len(found) > 0 {
				found[len(found)-1].value += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if ok && name != "" && !strings.ContainsAny(name, " \t") {
			found = append(found, field{name: name, value: strings.TrimSpace(value)})
		}
	}
	return found
}

// split cuts a mail into header and body; the blank line belongs to neither.
func split(raw []byte) (head, body []byte) {
	crlf, lf := bytes.Index(raw, []byte("\r\n\r\n")), bytes.Index(raw, []byte("\n\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		return raw[:crlf], raw[crlf+4:]
	case lf >= 0:
		return raw[:lf], raw[lf+2:]
	default:
		return raw, nil
	}
}

// get returns the first field of that name, in whatever case.
func get(raw []byte, name string) string {
	for _, f := range fields(raw) {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// set replaces all fields of that name by one at the top; an empty value only
// removes them.
func set(raw []byte, name, value string) []byte {
	head, body := split(raw)
	var kept []string
	skipping := false
	for line := range strings.SplitSeq(string(head), "\n") {
		line = strings.TrimRight(line, "\r")
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			found, _, _ := strings.Cut(line, ":")
			skipping = strings.EqualFold(strings.TrimSpace(found), name)
		}
		if !skipping && line != "" {
			kept = append(kept, line)
		}
	}
	if value != "" {
		kept = append([]string{name + ": " + value}, kept...)
	}
	return append([]byte(strings.Join(kept, "\r\n")+"\r\n\r\n"), body...)
}

// decoded is a header value as the API shows it.
func decoded(value string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return text
}

var (
	messageID = regexp.MustCompile(`<[^<>\s]+>`)
	rePrefix  = regexp.MustCompile(`(?i)^\s*((re|aw|fwd?|wg|sv|antw)\s*(\[\d+\])?\s*:\s*)+`)
)

// references returns the Message-IDs a mail refers to, nearest first.
func references(raw []byte) []string {
	ids := messageID.FindAllString(get(raw, "In-Reply-To"), -1)
	older := messageID.FindAllString(get(raw, "References"), -1)
	for _, o := range slices.Backward(older) {
		ids = append(ids, o)
	}
	return ids
}

// subject is a mail's subject without what replies and forwards put before it.
func subject(raw []byte) string {
	return strings.TrimSpace(rePrefix.ReplaceAllString(decoded(get(raw, "Subject")), ""))
}

// addresses returns the bare addresses of a field, in lower case.
func addresses(raw []byte, names ...string) []string {
	var found []string
	for _, f := range fields(raw) {
		for _, name := range names {
			if !strings.EqualFold(f.name, name) {
				continue
			}
			list, err := mail.ParseAddressList(f.value)
			if err != nil {
				continue
			}
			for _, address := range list {
				found = append(found, strings.ToLower(address.Address))
			}
		}
	}
	return found
}

// base is an address without its plus tag.
func base(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}
