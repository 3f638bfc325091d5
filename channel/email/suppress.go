package email

import (
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// SuppressReason says why a mail must not be answered by a machine.
type SuppressReason string

// The reasons, none of which hinders a person from answering.
const (
	SuppressOwnMail        SuppressReason = "own_mail"          // we wrote it
	SuppressOwnMailbox     SuppressReason = "own_mailbox"       // it comes from one of our mailboxes
	SuppressDeliveryReport SuppressReason = "delivery_report"   // a bounce or a receipt
	SuppressAutoSubmitted  SuppressReason = "auto_submitted"    // a machine wrote it (RFC 3834)
	SuppressNullReturnPath SuppressReason = "null_return_path"  // its sender wants no answer at all
	SuppressBulk           SuppressReason = "bulk"              // Precedence
	SuppressList           SuppressReason = "mailing_list"      // a list or a newsletter
	SuppressRequested      SuppressReason = "asked_not_to"      // X-Auto-Response-Suppress
	SuppressNoReplySender  SuppressReason = "no_reply_sender"   // nobody reads that address
	SuppressNoSender       SuppressReason = "unreadable_sender" // there is nobody to answer to
)

// Suppress returns why the mail must never be answered automatically, ""
// when it may. The addresses of our own mailboxes are given so that two of
// them cannot talk to each other; plus-tags are ignored.
func (m *Mail) Suppress(mailboxes ...string) SuppressReason {
	if m.suppress != "" {
		return m.suppress
	}
	from := withoutTag(m.From.Address)
	if slices.ContainsFunc(mailboxes, func(own string) bool { return withoutTag(strings.ToLower(own)) == from }) {
		return SuppressOwnMailbox
	}
	return ""
}

func withoutTag(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + domain
}

// noReply matches local parts that nobody reads.
var noReply = regexp.MustCompile(`^(mailer-daemon|postmaster)$|(^|[._-])(no|do-?not)[._-]?reply([._-]|$)`)

// suppressReason judges by the headers. A group of ours marks all it passes on
// as a list's, so of such a mail those marks say nothing.
func suppressReason(h textproto.MIMEHeader, contentType, from string, group bool) SuppressReason {
	first := func(name string) string { return strings.ToLower(strings.TrimSpace(h.Get(name))) }
	local, _, _ := strings.Cut(withoutTag(from), "@")
	auto, _, _ := strings.Cut(first("Auto-Submitted"), ";")
	auto = strings.TrimSpace(auto)
	switch {
	case h.Get(headerOutboundID) != "":
		return SuppressOwnMail
	case contentType == "multipart/report":
		return SuppressDeliveryReport
	case auto != "" && auto != "no", first("X-Autoreply") == "yes", first("X-Autorespond") != "":
		return SuppressAutoSubmitted
	case first("Return-Path") == "<>":
		return SuppressNullReturnPath
	case first("Precedence") == "auto_reply":
		return SuppressAutoSubmitted
	case !group && slices.Contains([]string{"bulk", "list", "junk"}, first("Precedence")):
		return SuppressBulk
	case !group && (first("List-Id") != "" || first("List-Unsubscribe") != ""):
		return SuppressList
	case suppressesReplies(first("X-Auto-Response-Suppress")):
		return SuppressRequested
	case from == "":
		return SuppressNoSender
	case noReply.MatchString(local):
		return SuppressNoReplySender
	default:
		return ""
	}
}

// suppressesReplies reads Exchange's list; the values that concern receipts
// only do not count.
func suppressesReplies(value string) bool {
	for item := range strings.SplitSeq(value, ",") {
		switch strings.TrimSpace(item) {
		case "all", "autoreply", "oof":
			return true
		}
	}
	return false
}
