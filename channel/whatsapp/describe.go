package whatsapp

import (
	"fmt"
	"strconv"
	"strings"
)

// Text returns what the assistant and people read: the words of the customer,
// and a description in square brackets of what is not words. It is never empty.
func (in *Inbound) Text() string {
	var parts []string
	switch {
	case in.Body != "":
		parts = append(parts, in.Body)
	case in.ButtonText != "":
		parts = append(parts, in.ButtonText)
	}
	if media := in.describeMedia(); media != "" {
		parts = append(parts, "[The customer sent "+media+".]")
	}
	if in.Location != nil {
		parts = append(parts, "[The customer sent a location: "+in.Location.describe()+".]")
	}
	if len(parts) == 0 {
		return "[The customer sent an empty message.]"
	}
	return strings.Join(parts, "\n")
}

// HasWords reports whether the customer wrote anything, or only sent media, a
// place or nothing.
func (in *Inbound) HasWords() bool { return in.Body != "" || in.ButtonText != "" }

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
