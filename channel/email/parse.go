package email

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"

	"github.com/digital-fte/fte/ticket"
)

// DefaultMaxText bounds each text of a Mail, in bytes.
const DefaultMaxText = 64 << 10

const (
	headerOutboundID = "X-Support-Outbound-Id"
	maxLine          = 500 // runes of a subject
	maxBoundaries    = 500
	maxPartErrors    = 20
)

// Parser turns raw mails into Mails. The zero value is ready for Gmail.
type Parser struct {
	AuthServID string // whose Authentication-Results count; empty is DefaultAuthServID
	MaxText    int    // bytes; zero is DefaultMaxText
	// Groups are addresses of ours that pass mail on to the mailbox, such as
	// those of Google Groups. What came through one is no mailing list's.
	Groups []string
}

// Parse parses a mail with the zero Parser.
func Parse(raw []byte) (*Mail, error) { return Parser{}.Parse(raw) }

// Parse makes the best of a raw mail: however broken it is, the result has
// all that could be read of it. Only something without any From header, which
// is not a mail at all, is CodeInvalid.
func (p Parser) Parse(raw []byte) (*Mail, error) {
	if p.AuthServID == "" {
		p.AuthServID = DefaultAuthServID
	}
	if p.MaxText == 0 {
		p.MaxText = DefaultMaxText
	}
	root := readParts(raw)
	if root == nil {
		root = headersOnly(raw)
	}
	h := root.Header
	if len(h.Values("From")) == 0 {
		return nil, ticket.Errorf(ticket.CodeInvalid, "the mail has no From header")
	}
	m := &Mail{
		InReplyTo:   firstOf(messageIDs(h.Get("In-Reply-To"))),
		MessageID:   firstOf(messageIDs(h.Get("Message-Id"))),
		References:  references(strings.Join(h.Values("References"), " ")),
		To:          addresses(h.Values("To")),
		Cc:          addresses(h.Values("Cc")),
		ReplyTo:     firstOf(addresses(h.Values("Reply-To"))),
		DeliveredTo: firstOf(addresses(h.Values("Delivered-To"))).Address,
		Subject:     cleanLine(decodeWords(h.Get("Subject")), maxLine),
		Date:        date(h.Get("Date")),
		OutboundID:  cleanLine(h.Get(headerOutboundID), maxLine),
	}
	from := addresses(h.Values("From"))
	m.From = firstOf(from)
	_, domain, _ := strings.Cut(m.From.Address, "@")
	// With two senders nobody can say which of them was checked.
	m.DMARC = len(from) == 1 && oneAddress(h.Values("From")) && dmarcPass(h.Values("Authentication-Results"), p.AuthServID, domain)
	if m.Group = groupOf(h, p.Groups); m.Group != "" {
		if sender, replaced := throughGroup(h, m.From, m.Group); replaced {
			m.From, m.DMARC = sender, false
		}
	}
	m.suppress = suppressReason(h, root.ContentType, m.From.Address, m.Group != "")
	// A person may show us such a report.
	if m.suppress != "" {
		m.Bounce = bounceOf(root, m.From.Address)
	}
	if m.Bounce != nil && m.suppress != SuppressOwnMail {
		m.suppress = SuppressDeliveryReport
		if m.Bounce.MessageID == "" {
			m.Bounce.MessageID = firstOf(m.ThreadRefs())
		}
	}
	p.fillBody(m, root, raw)
	return m, nil
}

func (p Parser) fillBody(m *Mail, root *enmime.Part, raw []byte) {
	b := readBody(root)
	if strings.TrimSpace(b.text) == "" && (b.lost || b.leaves == 0) {
		b.text = cleanText(string(afterHeader(raw)))
	}
	b.text = strings.TrimSpace(b.text)
	parts := separate(withoutArmor(b.text), forwardSubject.MatchString(m.Subject))
	if parts.text == "" {
		parts.text = b.text
	}
	var cuts [4]bool
	m.Text, cuts[0] = clip(parts.text, p.MaxText)
	m.Quoted, cuts[1] = clip(parts.quoted, p.MaxText)
	m.Signature, cuts[2] = clip(parts.signature, p.MaxText)
	m.FullText, cuts[3] = clip(b.text, p.MaxText)
	m.Truncated = b.truncated || cuts != [4]bool{}
	m.HTMLOnly = b.html
	m.Attachments = b.attachments
}

// readParts returns nil for a mail whose structure cannot be read.
func readParts(raw []byte) (root *enmime.Part) {
	// Each level of nesting costs memory and time for all levels below it.
	if bytes.Count(raw, []byte("oundary=")) > maxBoundaries {
		return nil
	}
	defer func() {
		if recover() != nil {
			root = nil
		}
	}()
	parser := enmime.NewParser(
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.DisableCharacterDetection(true),
		enmime.MaxStoredPartErrors(maxPartErrors),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
		enmime.SetCustomParseMediaType(parseMediaType),
	)
	root, err := parser.ReadParts(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	return root
}

// parseMediaType forgives a media type that cannot be read, which would
// otherwise cost the whole mail, and a charset of ASCII, which programs state
// whatever they send.
func parseMediaType(value string) (string, map[string]string, []string, error) {
	kind, params, invalid, err := mediatype.Parse(value)
	if err != nil {
		return "text/plain", map[string]string{}, nil, nil
	}
	switch strings.ToLower(params["charset"]) {
	case "us-ascii", "ascii", "ansi_x3.4-1968":
		delete(params, "charset")
	}
	return kind, params, invalid, nil
}

// headersOnly is what remains of a mail whose structure cannot be read.
func headersOnly(raw []byte) *enmime.Part {
	root := enmime.NewPart("text/plain")
	if h, err := enmime.ReadHeader(bufio.NewReader(bytes.NewReader(raw)), ignoreErrors{}); err == nil {
		root.Header = h
	}
	root.Content = afterHeader(raw)
	return root
}

type ignoreErrors struct{}

func (ignoreErrors) AddError(string, string, ...any)   {}
func (ignoreErrors) AddWarning(string, string, ...any) {}

func afterHeader(raw []byte) []byte {
	for _, blank := range []string{"\r\n\r\n", "\n\n"} {
		if _, body, found := bytes.Cut(raw, []byte(blank)); found {
			return body
		}
	}
	return nil
}

func firstOf[T any](list []T) (first T) {
	if len(list) > 0 {
		first = list[0]
	}
	return first
}
