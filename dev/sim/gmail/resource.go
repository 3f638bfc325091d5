package gmail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"slices"
	"strconv"
	"strings"

	api "google.golang.org/api/gmail/v1"
)

// resource is a mail in the format a request asks for.
func (m *Mail) resource(format string, only []string) *api.Message {
	shown := &api.Message{
		Id: m.ID, ThreadId: m.ThreadID, LabelIds: m.Labels, HistoryId: m.HistoryID,
		InternalDate: m.At.UnixMilli(), SizeEstimate: int64(len(m.Raw)), Snippet: snippet(m.Raw),
	}
	switch strings.ToLower(format) {
	case "minimal":
	case "raw":
		shown.Raw = base64.URLEncoding.EncodeToString(m.Raw)
	case "metadata":
		shown.Payload = &api.MessagePart{Headers: shownHeaders(m.Raw, only), MimeType: mimeType(m.Raw)}
	default:
		shown.Payload = part(m.Raw, "")
	}
	return shown
}

func validFormat(format string) bool {
	return slices.Contains([]string{"", "minimal", "full", "raw", "metadata"}, strings.ToLower(format))
}

func shownHeaders(raw []byte, only []string) []*api.MessagePartHeader {
	var shown []*api.MessagePartHeader
	for _, f := range fields(raw) {
		wanted := slices.ContainsFunc(only, func(name string) bool { return strings.EqualFold(name, f.name) })
		if len(only) == 0 || wanted {
			shown = append(shown, &api.MessagePartHeader{Name: f.name, Value: decoded(f.value)})
		}
	}
	return shown
}

func mimeType(raw []byte) string {
	kind, _, err := mime.ParseMediaType(get(raw, "Content-Type"))
	if err != nil {
		return "text/plain"
	}
	return kind
}

// part is a mail, or one part of it, with all its parts.
func part(raw []byte, id string) *api.MessagePart {
	shown := &api.MessagePart{PartId: id, MimeType: mimeType(raw), Headers: shownHeaders(raw, nil), Body: &api.MessagePartBody{}}
	_, params, _ := mime.ParseMediaType(get(raw, "Content-Type"))
	if disposition, names, err := mime.ParseMediaType(get(raw, "Content-Disposition")); err == nil {
		shown.Filename = names["filename"]
		if shown.Filename == "" && disposition == "attachment" {
			shown.Filename = params["name"]
		}
	}
	_, body := split(raw)
	if strings.HasPrefix(shown.MimeType, "multipart/") && params["boundary"] != "" {
		for i, child := range children(body, params["boundary"]) {
			name := strconv.Itoa(i)
			if id != "" {
				name = id + "." + name
			}
			shown.Parts = append(shown.Parts, part(child, name))
		}
		return shown
	}
	content := content(raw)
	shown.Body.Size = int64(len(content))
	if shown.Filename != "" {
		shown.Body.AttachmentId = "ANGjdJ" + id
		return shown
	}
	shown.Body.Data = base64.URLEncoding.EncodeToString(content)
	return shown
}

// children returns the parts of a multipart body, each with its header. A broken
// end loses no part before it.
func children(body []byte, boundary string) [][]byte {
	var found [][]byte
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		next, err := reader.NextRawPart()
		if err != nil {
			return found
		}
		var raw bytes.Buffer
		for name, values := range next.Header {
			for _, value := range values {
				raw.WriteString(name + ": " + value + "\r\n")
			}
		}
		raw.WriteString("\r\n")
		_, err = io.Copy(&raw, next)
		found = append(found, raw.Bytes())
		if err != nil {
			return found
		}
	}
}

// content is a part's body without its transfer encoding.
func content(raw []byte) []byte {
	_, body := split(raw)
	var reader io.Reader = bytes.NewReader(body)
	switch strings.ToLower(get(raw, "Content-Transfer-Encoding")) {
	case "base64":
		reader = base64.NewDecoder(base64.StdEncoding, reader)
	case "quoted-printable":
		reader = quotedprintable.NewReader(reader)
	}
	// What can be decoded of a broken part is shown.
	plain, _ := io.ReadAll(reader)
	return plain
}

// text returns the first plain text of a mail, else its first part of any kind.
func text(raw []byte) string {
	if kind, params, err := mime.ParseMediaType(get(raw, "Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		_, body := split(raw)
		parts := children(body, params["boundary"])
		for _, child := range parts {
			if kind := mimeType(child); kind == "text/plain" || strings.HasPrefix(kind, "multipart/") {
				return text(child)
			}
		}
		if len(parts) > 0 {
			return text(parts[0])
		}
		return ""
	}
	return string(content(raw))
}

func snippet(raw []byte) string {
	words := []rune(strings.Join(strings.Fields(text(raw)), " "))
	return string(words[:min(len(words), 200)])
}

func (s *Server) getAttachment(b *box, r *http.Request) (any, error) {
	m := b.mails[r.PathValue("id")]
	if m == nil {
		return nil, notFound()
	}
	raw := m.Raw
	id, _ := strings.CutPrefix(r.PathValue("attachment"), "ANGjdJ")
	for step := range strings.SplitSeq(id, ".") {
		at, err := strconv.Atoi(step)
		_, params, _ := mime.ParseMediaType(get(raw, "Content-Type"))
		_, body := split(raw)
		parts := children(body, params["boundary"])
		if err != nil || at < 0 || at >= len(parts) {
			return nil, notFound()
		}
		raw = parts[at]
	}
	data := content(raw)
	return &api.MessagePartBody{Size: int64(len(data)), Data: base64.URLEncoding.EncodeToString(data)}, nil
}
