package whatsapp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/digital-fte/fte/channel/text"
	"github.com/digital-fte/fte/ticket"
)

// Text returns what the assistant and people read: the words of the customer,
// and a description in square brackets of what is not words. It is never empty.
func (in *Inbound) Text() string {
	var parts []string
	say := func(sentence string) { parts = append(parts, "["+sentence+"]") }
	switch {
	case in.Body != "":
		parts = append(parts, in.Body)
	case in.ButtonText != "":
		parts = append(parts, in.ButtonText)
	case in.ButtonPayload != "":
		say("The customer pressed a button: " + in.ButtonPayload + ".")
	}
	if in.Forwarded && in.HasWords() {
		say("The customer forwarded this, somebody else wrote it.")
	}
	if media := in.describeMedia(); media != "" {
		say("The customer sent " + media + ".")
	}
	if in.Location != nil {
		say("The customer sent a location: " + in.Location.describe() + ".")
	}
	switch {
	case len(parts) > 0:
	case in.Wordless() == ticket.WordlessMedia:
		say("The customer sent something that cannot be shown here.")
	default:
		say("The customer sent an empty message.")
	}
	if in.Advert != "" {
		say("The customer came from the advertisement \u201c" + in.Advert + "\u201d.")
	}
	return strings.Join(parts, "\n")
}

// SentText is Text for a message that went from our number to a customer.
func (in *Inbound) SentText() string {
	var parts []string
	if in.Body != "" {
		parts = append(parts, in.Body)
	}
	if media := in.describeMedia(); media != "" {
		parts = append(parts, "["+strings.ToUpper(media[:1])+media[1:]+" went to the customer.]")
	}
	if len(parts) == 0 {
		return "[Something that cannot be shown here went to the customer.]"
	}
	return strings.Join(parts, "\n")
}

// TextInReplyTo is Text with the message that the customer quotes, given as its
// text, in front.
func (in *Inbound) TextInReplyTo(quoted string) string {
	const longest = 200
	if quoted = text.Truncate(text.Line(quoted), longest); quoted == "" {
		return in.Text()
	}
	return "[In reply to \u201c" + quoted + "\u201d:]\n" + in.Text()
}

// HasWords reports whether the customer wrote anything or pressed a button, or
// only sent media, a place or nothing.
func (in *Inbound) HasWords() bool {
	return in.Body != "" || in.ButtonText != "" || in.ButtonPayload != ""
}

// Wordless says what the customer sent instead of words: nothing, or what only
// a person can look at. A kind of message we do not know is not nothing.
func (in *Inbound) Wordless() ticket.Wordless {
	switch {
	case in.HasWords():
		return ticket.WordlessNot
	case in.NumMedia > 0 || in.Location != nil:
		return ticket.WordlessMedia
	}
	switch in.Kind {
	case "", "text", "button", "interactive":
		return ticket.WordlessEmpty
	default:
		return ticket.WordlessMedia
	}
}

func (l *Location) describe() string {
	at := strconv.FormatFloat(l.Latitude, 'f', -1, 64) + ", " + strconv.FormatFloat(l.Longitude, 'f', -1, 64)
	var names []string
	for _, name := range []string{l.Label, l.Address} {
		if name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return at
	}
	return strings.Join(names, ", ") + " (" + at + ")"
}

// describeMedia says what kinds of media came and how many of each, in the
// order in which they first appear.
func (in *Inbound) describeMedia() string {
	var order []mediaKind
	count := map[mediaKind]int{}
	for i := range in.NumMedia {
		var contentType string
		if i < len(in.Media) {
			contentType = in.Media[i].ContentType
		}
		kind := kindOf(contentType)
		if count[kind] == 0 {
			order = append(order, kind)
		}
		count[kind]++
	}
	words := make([]string, 0, len(order))
	for _, kind := range order {
		if n := count[kind]; n == 1 {
			words = append(words, kind.one)
		} else {
			words = append(words, fmt.Sprintf("%d %s", n, kind.many))
		}
	}
	if len(words) > 1 {
		last := len(words) - 1
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

type mediaKind struct{ one, many string }

func kindOf(contentType string) mediaKind {
	mime, _, _ := strings.Cut(contentType, ";")
	mime = strings.TrimSpace(mime)
	major, _, _ := strings.Cut(mime, "/")
	switch {
	case mime == "image/webp":
		return mediaKind{"a sticker", "stickers"}
	case major == "image":
		return mediaKind{"an image", "images"}
	case major == "audio":
		return mediaKind{"a voice message", "voice messages"}
	case major == "video":
		return mediaKind{"a video", "videos"}
	case mime == "text/vcard" || mime == "text/x-vcard":
		return mediaKind{"a contact card", "contact cards"}
	case mime == "application/pdf":
		return mediaKind{"a PDF document", "PDF documents"}
	default:
		return mediaKind{"a file", "files"}
	}
}
