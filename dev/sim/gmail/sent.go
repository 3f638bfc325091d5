package gmail

import (
	"cmp"
	"context"
	"net/http"
	"net/textproto"
	"slices"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// Sent is a mail that Gmail accepted for sending.
type Sent struct {
	ID       string    `json:"id"`
	ThreadID string    `json:"thread_id"`
	Mailbox  string    `json:"mailbox"`
	At       time.Time `json:"at"`
	// To holds the bare addresses of all recipients.
	To []string `json:"to"`
	// Headers are by canonical name, unfolded, not decoded.
	Headers textproto.MIMEHeader `json:"headers"`
	// Text is the first plain text part.
	Text string `json:"text"`
	// Raw is the mail as recipients get it.
	Raw []byte `json:"raw"`
}

func (m *Mail) sent() Sent {
	headers := textproto.MIMEHeader{}
	for _, f := range fields(m.Raw) {
		headers.Add(f.name, f.value)
	}
	return Sent{
		ID: m.ID, ThreadID: m.ThreadID, Mailbox: m.Mailbox, At: m.At, Raw: m.Raw,
		To: addresses(m.Raw, "To", "Cc", "Bcc"), Headers: headers, Text: text(m.Raw),
	}
}

// Sent returns what was sent from our mailboxes, in the order in which it was
// accepted; deleting a mail later does not take it out.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// WaitFor returns once cond holds for the sent mails, or with the context's
// error. It asks again after every change, also of drafts and watches.
func (s *Server) WaitFor(ctx context.Context, cond func([]Sent) bool) error {
	return s.changed.WaitFor(ctx, func() bool { return cond(s.Sent()) })
}

// Mailbox returns what a person outside sees of their mail with us: what we sent
// to them and what they wrote, oldest first. Nothing that was only drafted.
func (s *Server) Mailbox(address string) []Mail {
	var found []Mail
	for _, m := range s.all() {
		people := append(addresses(m.Raw, "From"), addresses(m.Raw, "To", "Cc", "Bcc")...)
		same := func(other string) bool { return base(other) == base(address) }
		if !m.has(LabelDraft) && slices.ContainsFunc(people, same) {
			found = append(found, *m)
		}
	}
	return found
}

// Text returns the first plain text part of the mail.
func (m Mail) Text() string { return text(m.Raw) }

// Header returns a header field of the mail, decoded; empty when there is none.
func (m Mail) Header(name string) string { return decoded(get(m.Raw, name)) }

func (s *Server) all() []*Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Mail
	for _, b := range s.boxes {
		for _, id := range b.order {
			all = append(all, b.mails[id])
		}
	}
	slices.SortStableFunc(all, func(a, b *Mail) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.HistoryID, b.HistoryID), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (s *Server) serveMailbox(w http.ResponseWriter, r *http.Request) {
	found := s.Mailbox(r.URL.Query().Get("address"))
	if found == nil {
		found = []Mail{}
	}
	wire.WriteJSON(w, http.StatusOK, found)
}
