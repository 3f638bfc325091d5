package email

import (
	"bufio"
	"bytes"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
	"golang.org/x/net/html/charset"

	"github.com/digital-fte/fte/ticket"
)

// DefaultMaxText bounds each text of a Mail, in bytes.
const DefaultMaxText = 64 << 10

const (
	headerOutboundID = "X-Support-Outbound-Id"
	maxLine          = 500 // runes of a subject
	maxName          = 120 // runes of a display name
	maxAddresses     = 100
	maxReferences    = 100
	maxIDLength      = 900 // bytes; a longer id does not fit a header line
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
	m.DMARC = len(from) == 1 && dmarcPass(h.Values("Authentication-Results"), p.AuthServID, domain)
	if m.Group = groupOf(h, p.Groups); m.Group != "" {
		if sender, replaced := throughGroup(h, m.From, m.Group); replaced {
			m.From, m.DMARC = sender, false
		}
	}
	m.suppress = suppressReason(h, root.ContentType, m.From.Address, m.Group != "")
	if m.Bounce = bounceOf(root, m.From.Address); m.Bounce != nil && m.suppress != SuppressOwnMail {
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

func decodeWords(s string) string {
	if decoded, err := wordDecoder().DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

func wordDecoder() *mime.WordDecoder { return &mime.WordDecoder{CharsetReader: charset.NewReaderLabel} }

func date(s string) time.Time {
	at, err := mail.ParseDate(s)
	if err != nil {
		return time.Time{}
	}
	return at
}

// A header that follows no grammar: the address in angle brackets is the one
// that counts, and only without any is every other one taken. A display name
// may well contain an address that is not the sender's.
var (
	angleAddress = regexp.MustCompile(`<\s*([^\s<>]+@[^\s<>]+)\s*>`)
	looseAddress = regexp.MustCompile(`[^\s<>()\[\],;:"]+@[^\s<>()\[\],;:"@]+`)
)

func addresses(values []string) []mail.Address {
	var all []mail.Address
	for _, value := range values {
		parser := mail.AddressParser{WordDecoder: wordDecoder()}
		list, err := parser.ParseList(value)
		if err != nil {
			list = looseAddresses(value)
		}
		for _, a := range list {
			if len(all) == maxAddresses {
				return all
			}
			all = append(all, mail.Address{Name: cleanLine(a.Name, maxName), Address: cleanAddress(a.Address)})
		}
	}
	return all
}

func looseAddresses(value string) []*mail.Address {
	var list []*mail.Address
	name, _, _ := strings.Cut(value, "<")
	for _, found := range angleAddress.FindAllStringSubmatch(value, maxAddresses) {
		list = append(list, &mail.Address{Name: decodeWords(strings.TrimSpace(name)), Address: found[1]})
		name = ""
	}
	if list == nil {
		for _, found := range looseAddress.FindAllString(value, maxAddresses) {
			list = append(list, &mail.Address{Address: found})
		}
	}
	return list
}

// plainAddress is the shape of the addresses we answer to. It leaves out
// quoted local parts, which can be made to look like other addresses.
var plainAddress = regexp.MustCompile(`^[^\s<>()\[\],;:"@\\]{1,128}@[\p{L}\p{N}.-]{1,255}$`)

// cleanAddress returns the address in lower case, "" if it is not a plain one.
func cleanAddress(address string) string {
	address = strings.ToLower(toUTF8(address))
	if !plainAddress.MatchString(address) || strings.Contains(address, "=?") || cleanLine(address, len(address)) != address {
		return ""
	}
	return address
}

// messageID matches one id; programs fold lines inside of the brackets.
var messageID = regexp.MustCompile(`<[^<>]+>`)

func messageIDs(value string) []string {
	value = cleanText(value)
	found := messageID.FindAllString(value, -1)
	if found == nil && len(strings.Fields(value)) == 1 {
		found = []string{"<" + strings.Trim(value, "<> \t\n") + ">"}
	}
	var ids []string
	for _, id := range found {
		id = strings.Join(strings.Fields(id), "")
		if len(id) > len("<>") && len(id) <= maxIDLength {
			ids = append(ids, id)
		}
	}
	return ids
}

// references bounds a list that may have any length: the root and the last
// ones are what a conversation is found by.
func references(value string) []string {
	ids := messageIDs(value)
	if ids == nil {
		for word := range strings.FieldsSeq(cleanText(value)) {
			ids = append(ids, messageIDs(word)...)
		}
	}
	if len(ids) > maxReferences {
		ids = append(ids[:1:1], ids[len(ids)-maxReferences+1:]...)
	}
	return ids
}

func firstOf[T any](list []T) (first T) {
	if len(list) > 0 {
		first = list[0]
	}
	return first
}
