package email

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

const (
	maxWorkText    = 512 << 10 // bytes of text that are looked at
	maxHTML        = 2 << 20   // bytes of HTML that are looked at
	maxAttachments = 100
	maxFileName    = 200 // runes
)

// body is the content of a mail before quotes are set apart.
type body struct {
	text        string
	html        bool // the text was made from HTML only
	truncated   bool
	leaves      int  // parts that were read
	lost        bool // a part could not be read
	attachments []Attachment
}

func readBody(root *enmime.Part) body {
	var b body
	piece := b.read(root)
	b.html = piece.html
	b.text, b.truncated = clip(strings.Trim(piece.text, "\n"), maxWorkText)
	return b
}

// piece is the text of one part and those below it.
type piece struct {
	text string
	html bool
}

func (p piece) blank() bool { return strings.TrimSpace(p.text) == "" }

func (b *body) read(part *enmime.Part) piece {
	for _, err := range part.Errors {
		b.lost = b.lost || err.Severe
	}
	if part.FirstChild == nil {
		return b.readLeaf(part)
	}
	var pieces []piece
	for child := part.FirstChild; child != nil; child = child.NextSibling {
		if p := b.read(child); !p.blank() {
			pieces = append(pieces, p)
		}
	}
	if part.ContentType == "multipart/alternative" {
		return preferred(pieces)
	}
	return joined(pieces)
}

// preferred picks among renderings of the same text the one the sender wrote
// as plain text.
func preferred(pieces []piece) piece {
	for _, p := range pieces {
		if !p.html {
			return p
		}
	}
	return firstOf(pieces)
}

func joined(pieces []piece) piece {
	all := piece{html: len(pieces) > 0}
	var texts []string
	for _, p := range pieces {
		texts = append(texts, strings.Trim(p.text, "\n"))
		all.html = all.html && p.html
	}
	all.text = strings.Join(texts, "\n\n")
	return all
}

func (b *body) readLeaf(part *enmime.Part) piece {
	if len(part.Content) > 0 || !strings.HasPrefix(part.ContentType, "multipart/") {
		b.leaves++
	}
	switch {
	case isAttachment(part):
		b.attach(part)
		return piece{}
	case part.ContentType == "text/html":
		source := string(part.Content)
		if len(source) > maxHTML {
			source, b.truncated = cut(source, maxHTML), true
		}
		return piece{text: cleanText(htmlText(toUTF8(source))), html: true}
	default:
		return piece{text: cleanText(string(part.Content))}
	}
}

// isAttachment tells a file from the text of the mail. A root that claims to
// be a multipart but has no parts is text that lost its structure.
func isAttachment(part *enmime.Part) bool {
	switch {
	case part.Disposition == "attachment":
		return true
	case strings.HasPrefix(part.ContentType, "multipart/"), part.ContentType == "":
		return false
	case part.ContentType == "text/plain", part.ContentType == "text/html":
		return part.FileName != ""
	case strings.HasPrefix(part.ContentType, "text/"):
		return part.Parent != nil
	default:
		return true
	}
}

func (b *body) attach(part *enmime.Part) {
	if len(b.attachments) == maxAttachments {
		return
	}
	sum := sha256.Sum256(part.Content)
	name := cleanLine(part.FileName, maxFileName)
	if name != "" {
		name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	}
	b.attachments = append(b.attachments, Attachment{
		Name:        name,
		ContentType: cleanLine(strings.ToLower(part.ContentType), maxFileName),
		Size:        len(part.Content),
		SHA256:      hex.EncodeToString(sum[:]),
		Inline:      part.Disposition != "attachment" && part.ContentID != "",
	})
}
