package gmail

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"
)

// submitted reads a mail from a request: from the JSON, or uploaded beside it.
// isDraft says that the JSON is a draft with the message inside.
func submitted(r *http.Request, isDraft bool) (raw []byte, threadID string, err error) {
	metadata, media, err := parts(r)
	if err != nil {
		return nil, "", err
	}
	var draft api.Draft
	target := any(&draft)
	if !isDraft {
		draft.Message = &api.Message{}
		target = draft.Message
	}
	if len(metadata) > 0 {
		if err := json.Unmarshal(metadata, target); err != nil {
			return nil, "", invalid(fmt.Sprintf("Invalid JSON payload received. %v", err))
		}
	}
	if draft.Message == nil {
		draft.Message = &api.Message{}
	}
	if media == nil && draft.Message.Raw != "" {
		if media, err = decodeRaw(draft.Message.Raw); err != nil {
			return nil, "", err
		}
	}
	return media, draft.Message.ThreadId, nil
}

// parts returns the JSON of a request and, for an upload, the mail beside it.
func parts(r *http.Request) (metadata, media []byte, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, invalid("Reading the request: " + err.Error())
	}
	if !strings.HasPrefix(r.URL.Path, "/upload/") {
		return body, nil, nil
	}
	switch r.URL.Query().Get("uploadType") {
	case "media":
		return nil, body, nil
	case "multipart":
	default:
		return nil, nil, invalid("The simulator takes uploads of type media and multipart only.")
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, invalid("Invalid multipart request.")
	}
	reader := multipart.NewReader(strings.NewReader(string(body)), params["boundary"])
	for i := range 2 {
		part, err := reader.NextRawPart()
		if err != nil {
			return nil, nil, invalid("Invalid multipart request with 0 mime parts.")
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, invalid("Invalid multipart request: " + err.Error())
		}
		if i == 0 {
			metadata = data
			continue
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != "message/rfc822" {
			return nil, nil, invalid("Media type '" + kind + "' is not supported. Valid media types: [message/rfc822]")
		}
		media = data
	}
	return metadata, media, nil
}

// decodeRaw reads base64 in either alphabet, padded or not, as the API does.
func decodeRaw(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed")
	}
	return raw, nil
}

func (s *Server) sendMessage(b *box, r *http.Request) (any, error) {
	raw, threadID, err := submitted(r, false)
	if err != nil {
		return nil, err
	}
	m, err := s.post(b, raw, threadID)
	if err != nil {
		return nil, err
	}
	return &api.Message{Id: m.ID, ThreadId: m.ThreadID, LabelIds: m.Labels}, nil
}

// post sends a mail: it becomes a SENT mail here and reaches those of its
// recipients whose mailboxes we hold. The caller holds s.mu.
func (s *Server) post(b *box, raw []byte, threadID string) (*Mail, error) {
	m, err := s.outgoing(b, raw, threadID)
	if err != nil {
		return nil, err
	}
	return m, s.dispatch(added(m))
}

// dispatch commits the event that makes a mail SENT and hands it on.
func (s *Server) dispatch(e event) error {
	m := e.Put
	if err := s.commit(e); err != nil {
		return err
	}
	for _, address := range addresses(m.Raw, "To", "Cc", "Bcc") {
		other := s.boxes[base(address)]
		if other == nil || other.address == m.Mailbox {
			continue
		}
		if _, err := s.receive(other, set(m.Raw, "Bcc", ""), DeliverOptions{}); err != nil {
			return err
		}
	}
	for _, kind := range bounces() {
		if s.faults.Take(string(kind)) {
			_, err := s.bounce(s.boxes[m.Mailbox], m, kind)
			return err
		}
	}
	return nil
}

// outgoing prepares a SENT mail the way Gmail does: the sender is the mailbox,
// there is a date, and the Message-ID is Gmail's own.
func (s *Server) outgoing(b *box, raw []byte, threadID string) (*Mail, error) {
	if len(raw) == 0 {
		return nil, invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
	}
	recipients := addresses(raw, "To", "Cc", "Bcc")
	if len(recipients) == 0 {
		return nil, invalid("Recipient address required")
	}
	if threadID != "" && !b.threadExists(threadID) {
		return nil, notFound()
	}
	if from := addresses(raw, "From"); len(from) != 1 || base(from[0]) != b.address {
		sender := &mail.Address{Address: b.address}
		if list, err := mail.ParseAddressList(get(raw, "From")); err == nil && len(list) > 0 {
			sender.Name = list[0].Name
		}
		raw = set(raw, "From", sender.String())
	}
	now := time.Now().UTC()
	if get(raw, "Date") == "" {
		raw = set(raw, "Date", now.Format(time.RFC1123Z))
	}
	if get(raw, "Message-ID") == "" || !s.options.KeepMessageID && !s.faults.Take(MessageIDKept) {
		raw = set(raw, "Message-ID", fmt.Sprintf("<CA+%016x%016x@mail.gmail.com>", random(), random()))
	}
	m := &Mail{ID: newID(), Mailbox: b.address, Labels: []string{LabelSent}, At: now, Raw: raw}
	if slices.ContainsFunc(recipients, func(address string) bool { return base(address) == b.address }) {
		m.Labels = append(m.Labels, LabelInbox, LabelUnread)
	}
	m.ThreadID = b.thread(raw, threadID, m.ID)
	return m, nil
}

// thread finds the thread of a mail: the wanted one if subject and references
// fit it, else one that holds a mail it refers to under the same subject, else a
// new one, whose id is that of its first mail.
func (b *box) thread(raw []byte, wanted, id string) string {
	refers := references(raw)
	for _, reference := range refers {
		for _, m := range b.byMessageID[reference] {
			if subject(m.Raw) == subject(raw) && (wanted == "" || m.ThreadID == wanted) {
				return m.ThreadID
			}
		}
	}
	if wanted != "" && len(refers) > 0 {
		return b.thread(raw, "", id)
	}
	return id
}

func (b *box) threadExists(id string) bool {
	for _, m := range b.mails {
		if m.ThreadID == id {
			return true
		}
	}
	return false
}
