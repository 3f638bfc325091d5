package email

import (
	"net/mail"
	"slices"
	"time"
)

// Mail is what we understand of one mail. Every text in it is valid UTF-8
// without control characters other than newline and tab; names and subjects
// are single lines.
type Mail struct {
	MessageID  string   // with angle brackets; empty if the mail has none
	InReplyTo  string   // with angle brackets, the first one if there are several
	References []string // with angle brackets, oldest first

	From        mail.Address // Address in lower case; empty if it cannot be read
	ReplyTo     mail.Address // zero if the mail has none
	To, Cc      []mail.Address
	DeliveredTo string    // the address it arrived at, lower case; may be empty
	Subject     string    // decoded
	Date        time.Time // the sender's clock; zero if missing or unreadable

	Text      string // what the sender wrote now; the full text if nothing else is left
	Quoted    string // quoted mails, set apart
	Signature string // the sender's signature, set apart
	FullText  string // everything, in the order of the mail
	HTMLOnly  bool   // the text was made from HTML, there was no plain text
	Truncated bool   // a text was longer than the bound and has been cut

	Attachments []Attachment
	OutboundID  string  // the outbound id we gave the mail, if it is one of ours
	DMARC       bool    // our mail server vouches for the From domain
	Group       string  // the group of ours that passed it on; From is who wrote to it
	Bounce      *Bounce // what it reports about a mail of ours; nil if nothing

	suppress SuppressReason // from the headers alone
}

// Attachment describes a part of a mail that is not its text. The content
// itself stays in the raw mail.
type Attachment struct {
	Name        string // cleaned base name; may be empty
	ContentType string // lower case, without parameters
	Size        int    // decoded, in bytes
	SHA256      string // of the decoded content, hexadecimal
	// Inline says that the text shows it, such as a logo in a signature.
	Inline bool
}

// Recipients returns every address the mail went to, the one it was delivered
// to first, each once: a signed reply address may stand in any of them.
func (m *Mail) Recipients() []string {
	var all []string
	add := func(address string) {
		if address != "" && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	add(m.DeliveredTo)
	for _, a := range slices.Concat(m.To, m.Cc) {
		add(a.Address)
	}
	return all
}

// ThreadRefs returns the Message-IDs by which the mail's conversation is
// looked up, in the order of the look-up: In-Reply-To, then References from
// the last.
func (m *Mail) ThreadRefs() []string {
	var refs []string
	add := func(id string) {
		if id != "" && id != m.MessageID && !slices.Contains(refs, id) {
			refs = append(refs, id)
		}
	}
	add(m.InReplyTo)
	for _, id := range slices.Backward(m.References) {
		add(id)
	}
	return refs
}

// RootKey returns the key of the conversation a mail starts when none of its
// ThreadRefs is known: the first of References, else its own Message-ID, else
// the Gmail id.
func (m *Mail) RootKey(gmailID string) string {
	if len(m.References) > 0 {
		return m.References[0]
	}
	if m.MessageID != "" {
		return m.MessageID
	}
	return "gmail:" + gmailID
}
