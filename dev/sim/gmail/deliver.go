package gmail

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// DeliverOptions vary how a mail arrives.
type DeliverOptions struct {
	// Mailbox is where it arrives; empty takes the recipient that is one of ours.
	Mailbox string `json:"mailbox,omitempty"`
	// DMARC is the verdict in Authentication-Results: "pass" by default, "fail",
	// or "none", which leaves the header out.
	DMARC string `json:"dmarc,omitempty"`
	// Labels default to INBOX and UNREAD.
	Labels []string `json:"labels,omitempty"`
	// At is when it arrives; zero means now.
	At time.Time `json:"at,omitzero"`
}

// Deliver lets a mail from outside arrive in the inbox of the first recipient
// that is one of ours, and returns its id. Broken mails are taken as they are.
func (s *Server) Deliver(raw []byte) (string, error) { return s.DeliverWith(raw, DeliverOptions{}) }

// DeliverWith is Deliver with options.
func (s *Server) DeliverWith(raw []byte, options DeliverOptions) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	candidates := append([]string{options.Mailbox}, addresses(raw, "Delivered-To", "To", "Cc")...)
	for _, address := range candidates {
		if b := s.boxes[base(address)]; b != nil {
			return s.receive(b, raw, options)
		}
	}
	return "", errors.New("delivering a mail: none of its recipients is a mailbox of ours")
}

// receive puts a mail into a mailbox. The caller holds s.mu.
func (s *Server) receive(b *box, raw []byte, options DeliverOptions) (string, error) {
	at := options.At
	if at.IsZero() {
		at = time.Now().UTC()
	}
	m := &Mail{
		ID: newID(), Mailbox: b.address, At: at, Labels: slices.Clone(options.Labels),
		Raw: append([]byte(trace(b.address, raw, at, options.DMARC)), raw...),
	}
	switch {
	case len(m.Labels) > 0:
	case s.faults.Take(Spam):
		m.Labels = []string{LabelSpam, LabelUnread}
	default:
		m.Labels = []string{LabelInbox, LabelUnread}
	}
	m.ThreadID = b.thread(m.Raw, "", m.ID)
	return m.ID, s.commit(added(m))
}

// trace is what Google's servers write above a mail they receive.
func trace(mailbox string, raw []byte, at time.Time, dmarc string) string {
	to := mailbox
	for _, address := range addresses(raw, "Delivered-To", "To", "Cc") {
		if base(address) == mailbox {
			to = address
			break
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "Delivered-To: %s\r\n", to)
	fmt.Fprintf(&text, "Received: by 2002:a05:7300:0:0:0:0:1 with SMTP id %s; %s\r\n", newID(), at.Format(time.RFC1123Z))
	sender := addresses(raw, "From")
	if get(raw, "Return-Path") == "" && len(sender) > 0 {
		fmt.Fprintf(&text, "Return-Path: <%s>\r\n", sender[0])
	}
	if verdict := cmp.Or(dmarc, "pass"); verdict != "none" && len(sender) > 0 {
		_, domain, _ := strings.Cut(sender[0], "@")
		fmt.Fprintf(&text, "Authentication-Results: mx.google.com;\r\n       dkim=%s header.i=@%s header.s=sim header.b=AbCdEfGh;\r\n"+
			"       spf=%s (google.com: domain of %s) smtp.mailfrom=%s;\r\n       dmarc=%s (p=REJECT sp=REJECT dis=NONE) header.from=%s\r\n",
			verdict, domain, verdict, sender[0], sender[0], verdict, domain)
	}
	return text.String()
}

// SendByHand sends a mail as a person in the Gmail window would, optionally into
// a thread, and returns its id.
func (s *Server) SendByHand(mailbox string, raw []byte, threadID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[strings.ToLower(mailbox)]
	if b == nil {
		return "", fmt.Errorf("sending by hand: %s is no mailbox of ours", mailbox)
	}
	m, err := s.post(b, raw, threadID)
	if err != nil {
		return "", err
	}
	return m.ID, nil
}

// Delete removes a mail for good, as a person may do.
func (s *Server) Delete(mailbox, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[strings.ToLower(mailbox)]
	if b == nil || b.mails[id] == nil {
		return fmt.Errorf("deleting mail %s: it is not in %s", id, mailbox)
	}
	e := removed(b.mails[id])
	for draft, mail := range b.drafts {
		if mail == id {
			e.DraftID = draft
		}
	}
	return s.commit(e)
}

// serveDeliver is DeliverWith for other processes: the body is the raw mail, the
// query parameter "options" the options as JSON.
func (s *Server) serveDeliver(w http.ResponseWriter, r *http.Request) {
	var options DeliverOptions
	raw, err := io.ReadAll(r.Body)
	if text := r.URL.Query().Get("options"); err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &options)
	}
	id := ""
	if err == nil {
		id, err = s.DeliverWith(raw, options)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	wire.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
}
