package email

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// BounceAction is what a mail server did with a mail of ours (RFC 3464).
type BounceAction string

// The actions that matter; a server may report others.
const (
	BounceFailed  BounceAction = "failed"  // the mail has not been delivered and will not be
	BounceDelayed BounceAction = "delayed" // the server goes on trying
)

// Bounce is a mail server's report about a mail of ours. Anybody can write
// one, so it counts only together with an id that only its recipient knows,
// and never for another address than the one that mail went to.
type Bounce struct {
	Action     BounceAction
	Status     string   // RFC 3463, such as "5.1.1"; empty if the server gives none
	Recipients []string // whom it names, as it went and as it arrived; lower case
	MessageID  string   // of the mail of ours, with angle brackets; may be empty
	OutboundID string   // the id we gave that mail; may be empty
}

// Failed reports that the customer has not got the mail.
func (b *Bounce) Failed() bool { return b.Action == BounceFailed }

// Hard reports that the address itself is wrong, so that no other mail will
// arrive either.
func (b *Bounce) Hard() bool {
	// 5.1.7 and 5.1.8 are about the sender's address, which is ours.
	return b.Failed() && strings.HasPrefix(b.Status, "5.1.") && b.Status != "5.1.7" && b.Status != "5.1.8"
}

// Why says for people, in one sentence of our own, what the server reports.
func (b *Bounce) Why() string {
	var reason string
	switch class, subject, _ := split3(b.Status); {
	case b.Hard():
		reason = "the address does not exist"
	case subject == "2" && strings.HasSuffix(b.Status, ".2"):
		reason = "the mailbox is full"
	case subject == "2":
		reason = "the mailbox takes no mail"
	case b.Status == "5.3.4" || b.Status == "5.2.3":
		reason = "the mail is too large"
	case subject == "4":
		reason = "the customer's mail server cannot be reached"
	case subject == "7":
		reason = "the customer's mail server refuses our mail"
	case class == "4":
		reason = "the customer's mail server is out of order"
	default:
		reason = "no reason that we know"
	}
	if b.Status != "" {
		reason += " (" + b.Status + ")"
	}
	switch b.Action {
	case BounceFailed:
		return fmt.Sprintf("The mail was returned: %s.", reason)
	case BounceDelayed:
		return fmt.Sprintf("The mail is delayed and still being tried: %s.", reason)
	default:
		return "A mail server reports about our mail; nothing has to be done."
	}
}

func split3(status string) (class, subject, detail string) {
	class, rest, _ := strings.Cut(status, ".")
	subject, detail, _ = strings.Cut(rest, ".")
	return class, subject, detail
}

const (
	maxReport        = 64 << 10 // bytes of a report, or of a returned mail, that are looked at
	maxReportedNames = 5
)

// bounceOf returns what a mail reports about one of ours, nil if it reports
// nothing of the kind.
func bounceOf(root *enmime.Part, from string) *Bounce {
	status := partOf(root, "message/delivery-status", "message/global-delivery-status")
	if status == nil {
		return plainBounce(root, from)
	}
	b := &Bounce{}
	for _, block := range blocks(status.Content) {
		if id := firstOf(messageIDs(block["x-original-message-id"])); id != "" {
			b.MessageID = id
		}
		action := BounceAction(strings.ToLower(block["action"]))
		// One of ours has one recipient; of several blocks the worst counts.
		if action == "" || b.Action != "" && action != BounceFailed {
			continue
		}
		b.Action, b.Status, b.Recipients = action, enhanced(block["status"]), nil
		for _, name := range []string{"original-recipient", "final-recipient", "x-actual-recipient"} {
			b.addRecipient(block[name])
		}
		if b.Status == "" || strings.HasSuffix(b.Status, ".0.0") {
			// Some servers put the true code into their words only.
			if told := enhanced(block["diagnostic-code"]); told != "" {
				b.Status = told
			}
		}
	}
	if b.Action == "" {
		return nil
	}
	returned := partOf(root, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers")
	if returned != nil {
		// The mail itself follows its header after a blank line.
		if all := blocks(returned.Content); len(all) > 0 {
			if id := firstOf(messageIDs(all[0]["message-id"])); id != "" {
				b.MessageID = id
			}
			b.OutboundID = cleanLine(all[0][strings.ToLower(headerOutboundID)], maxLine)
		}
	}
	return b
}

// plainBounce reads a report of a server that follows no standard, such as
// qmail and old ones of Exim: it repeats our mail in its own text.
func plainBounce(root *enmime.Part, from string) *Bounce {
	local, _, _ := strings.Cut(from, "@")
	failed := root.Header.Get("X-Failed-Recipients")
	if local != "mailer-daemon" && local != "postmaster" && failed == "" {
		return nil
	}
	text := cut(cleanText(string(textOf(root))), maxReport)
	returned := returnedID.FindStringSubmatch(text)
	if returned == nil {
		return nil
	}
	b := &Bounce{Action: BounceFailed, OutboundID: returned[1], Status: enhanced(text)}
	if id := returnedMessageID.FindStringSubmatch(text); id != nil {
		b.MessageID = firstOf(messageIDs(id[1]))
	}
	if strings.HasPrefix(b.Status, "4.") && failed == "" {
		b.Action = BounceDelayed
	}
	b.addRecipient(failed)
	said := text
	if copied := returnedHeader.FindStringIndex(text); copied != nil {
		said = text[:copied[0]]
	}
	for _, at := range angleAddress.FindAllStringSubmatch(said, maxReportedNames) {
		b.addRecipient(at[1])
	}
	return b
}

func (b *Bounce) addRecipient(value string) {
	if _, address, typed := strings.Cut(value, ";"); typed {
		value = address
	}
	address := cleanAddress(strings.Trim(strings.TrimSpace(value), "<>"))
	if address != "" && len(b.Recipients) < maxReportedNames && !slices.Contains(b.Recipients, address) {
		b.Recipients = append(b.Recipients, address)
	}
}

var (
	statusCode        = regexp.MustCompile(`(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\s)`)
	returnedID        = regexp.MustCompile(`(?im)^[> \t]*` + headerOutboundID + `:[ \t]*([!-~]{1,200})[ \t]*$`)
	returnedHeader    = regexp.MustCompile(`(?im)^[> \t]*(Return-Path|Received|From|Message-ID):`)
	returnedMessageID = regexp.MustCompile(`(?im)^[> \t]*Message-ID:[ \t]*(<[^<>\s]+>)`)
)

// enhanced returns the first status code in a text.
func enhanced(text string) string {
	if found := statusCode.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// partOf returns the first part of one of these types.
func partOf(root *enmime.Part, kinds ...string) *enmime.Part {
	return root.BreadthMatchFirst(func(p *enmime.Part) bool {
		// A customer may forward such a report as a file.
		return slices.Contains(kinds, p.ContentType) &&
			(p.Disposition != "attachment" || p.Parent != nil && p.Parent.ContentType == "multipart/report")
	})
}

// textOf returns the first text of a mail.
func textOf(root *enmime.Part) []byte {
	part := root.BreadthMatchFirst(func(p *enmime.Part) bool {
		return p.FirstChild == nil && (p.ContentType == "text/plain" || p.ContentType == "")
	})
	if part == nil {
		return nil
	}
	return part.Content
}

// blocks reads paragraphs of header fields, with names in lower case; of a
// field that is given twice the first counts.
func blocks(content []byte) []map[string]string {
	var all []map[string]string
	var block map[string]string
	last := ""
	for line := range strings.SplitSeq(cut(cleanText(string(content)), maxReport), "\n") {
		switch name, value, field := strings.Cut(line, ":"); {
		case strings.TrimSpace(line) == "":
			block, last = nil, ""
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				block[last] += " " + strings.TrimSpace(line)
			}
		case field:
			if block == nil {
				block = map[string]string{}
				all = append(all, block)
			}
			if last = strings.ToLower(strings.TrimSpace(name)); block[last] != "" {
				last = ""
				continue
			}
			block[last] = strings.TrimSpace(value)
		}
	}
	return all
}
