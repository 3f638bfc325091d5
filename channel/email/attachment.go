package email

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/digital-fte/fte/ticket"
)

// MaxAttachment is the largest content, in bytes, that is worth keeping; of a
// larger one people are told that it is too large.
const MaxAttachment = 25 << 20

const (
	maxDescribed     = 10       // attachments that are described one by one
	maxDescribedName = 80       // runes
	decoration       = 16 << 10 // bytes; a smaller inline picture belongs to a letterhead
)

// TooLarge reports that the attachment is larger than MaxAttachment.
func (a Attachment) TooLarge() bool { return a.Size > MaxAttachment }

// Body returns what the sender wrote now, with a line for each file that came
// with it, and says what came instead of words. A new mail of nothing but a
// subject says it in the subject.
func (m *Mail) Body() (text string, wordless ticket.Wordless) {
	text = strings.TrimSpace(m.Text)
	if deviceLine.MatchString(text) {
		text = "" // a phone added it to nothing
	}
	files := m.described()
	switch {
	case strings.HasPrefix(text, armor):
		// Encrypted: there may be words, but nobody here can read them.
		wordless = ticket.WordlessMedia
	case text != "":
	case len(files) > 0 || len(m.Attachments) > 0:
		wordless = ticket.WordlessMedia
	case m.InReplyTo == "" && len(strings.Fields(m.Subject)) > 1:
		text = m.Subject
	default:
		wordless = ticket.WordlessEmpty
	}
	return strings.TrimSpace(text + "\n\n" + strings.Join(files, "\n")), wordless
}

// armor begins an encrypted text.
const armor = "-----BEGIN PGP MESSAGE-----"

// signedText matches a text with its signature around it (RFC 9580, section 7).
var signedText = regexp.MustCompile(`(?s)-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]+: [^\n]*\n)*\n(.*?)` +
	`-----BEGIN PGP SIGNATURE-----.*?-----END PGP SIGNATURE-----`)

func withoutArmor(text string) string {
	return signedText.ReplaceAllStringFunc(text, func(signed string) string {
		words := signedText.FindStringSubmatch(signed)[1]
		return strings.ReplaceAll("\n"+words, "\n- ", "\n")[1:]
	})
}

// described names the files that a reader of the mail would notice.
func (m *Mail) described() []string {
	if m.suppress == SuppressDeliveryReport {
		return nil // its parts are for machines
	}
	var lines []string
	more := 0
	for _, a := range m.Attachments {
		switch {
		case a.Inline && a.Size < decoration, sealed(a.ContentType):
		case len(lines) == maxDescribed:
			more++
		default:
			lines = append(lines, a.describe())
		}
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("[The customer attached %d more files.]", more))
	}
	return lines
}

// sealed tells the parts by which programs check a signature or open a seal.
func sealed(contentType string) bool {
	switch contentType {
	case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-keys",
		"application/pgp-encrypted":
		return true
	default:
		return false
	}
}

func (a Attachment) describe() string {
	// A name must not end the note and go on in our words.
	name := strings.NewReplacer("[", "(", "]", ")").Replace(a.Name)
	if utf8.RuneCountInString(name) > maxDescribedName {
		name = string([]rune(name)[:maxDescribedName]) + "…"
	}
	if name == "" {
		name = "a file without a name"
	}
	note := a.kind() + ", " + size(a.Size)
	if a.TooLarge() {
		note += ", too large to be kept"
	}
	return "[The customer attached " + name + " (" + note + ").]"
}

// kind is a word for people.
func (a Attachment) kind() string {
	kind, sub, _ := strings.Cut(a.ContentType, "/")
	switch {
	case a.ContentType == "application/pdf":
		return "PDF"
	case a.ContentType == "message/rfc822":
		return "mail"
	case a.ContentType == "text/calendar":
		return "calendar entry"
	case a.ContentType == "application/ms-tnef":
		return "files in Outlook's own format"
	case strings.Contains(sub, "pkcs7-mime"):
		return "encrypted mail"
	case kind == "image", kind == "audio", kind == "video":
		return kind
	}
	if extension := strings.TrimPrefix(path.Ext(a.Name), "."); extension != "" && len(extension) <= 5 && plainWord(extension) {
		return strings.ToUpper(extension)
	}
	return "file"
}

func plainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

func size(bytes int) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%d KB", bytes>>10)
	default:
		return "less than 1 KB"
	}
}
