package email

import (
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// groupOf returns which of our groups passed the mail on, "" if none did.
// Whoever writes these headers himself gains nothing: he is answered as a
// sender without any list header would be.
func groupOf(h textproto.MIMEHeader, groups []string) string {
	header := func(names ...string) string {
		var all []string
		for _, name := range names {
			all = append(all, h.Values(name)...)
		}
		return strings.ToLower(strings.Join(all, " "))
	}
	ids, posts := header("List-Id"), header("List-Post", "Mailing-List", "X-Beenthere")
	for _, group := range groups {
		group = strings.ToLower(strings.TrimSpace(group))
		if group != "" && (strings.Contains(ids, "<"+strings.ReplaceAll(group, "@", ".")+">") || names(posts, group)) {
			return group
		}
	}
	return ""
}

// names reports whether the address stands in text as a whole.
func names(text, address string) bool {
	for _, found := range looseAddress.FindAllString(text, maxAddresses) {
		if strings.TrimPrefix(found, "mailto:") == address {
			return true
		}
	}
	return false
}

// via matches the name a group gives to somebody whose From it had to replace.
var via = regexp.MustCompile(`^['"]?(.*?)['"]?\s+(?i:via)\s+.+$`)

// throughGroup returns who wrote a mail whose From a group has replaced by its
// own address. Nobody has checked that address, neither the group's server nor
// ours.
func throughGroup(h textproto.MIMEHeader, from mail.Address, group string) (mail.Address, bool) {
	if from.Address != group {
		return from, false
	}
	for _, name := range []string{"X-Original-From", "Reply-To", "X-Original-Sender"} {
		sender := firstOf(addresses(h.Values(name)))
		if sender.Address == "" || sender.Address == group {
			continue
		}
		if told := via.FindStringSubmatch(from.Name); sender.Name == "" && told != nil {
			sender.Name = told[1]
		}
		return sender, true
	}
	return from, false
}
