package gmail

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// BounceKind says what became of a mail that did not arrive.
type BounceKind string

// The kinds of bounces.
const (
	// BounceUnknown is final: there is no such address.
	BounceUnknown BounceKind = "bounce"
	// BounceFull is final, but of a mailbox that exists: it is full.
	BounceFull BounceKind = "bounce-full"
	// BounceDelayed is not final: Gmail goes on trying.
	BounceDelayed BounceKind = "bounce-delayed"
)

func bounces() []BounceKind { return []BounceKind{BounceUnknown, BounceFull, BounceDelayed} }

// verdict is what a delivery status says.
type verdict struct{ action, status, diagnostic, subject, says string }

func (k BounceKind) verdict(to string) verdict {
	switch k {
	case BounceFull:
		return verdict{
			"failed", "5.2.2", "smtp; 552 5.2.2 The email account that you tried to reach is over quota.", "Failure",
			"Your message to " + to + " has been blocked: the recipient's inbox is out of storage space.",
		}
	case BounceDelayed:
		return verdict{
			"delayed", "4.4.1", "smtp; The recipient server did not accept our requests to connect.", "Delay",
			"There was a temporary problem delivering your message to " + to + ". Gmail will retry for 46 more hours.",
		}
	default:
		return verdict{
			"failed", "5.1.1", "smtp; 550 5.1.1 The email account that you tried to reach does not exist.", "Failure",
			"Your message wasn't delivered to " + to + " because the address couldn't be found, or is unable to receive mail.",
		}
	}
}

// Bounce delivers Gmail's delivery status notification for a mail that was sent,
// and returns the notification's id.
func (s *Server) Bounce(sentID string, kind BounceKind) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.boxes {
		if m := b.mails[sentID]; m != nil && m.has(LabelSent) {
			return s.bounce(b, m, kind)
		}
	}
	return "", fmt.Errorf("bouncing mail %s: no such mail was sent", sentID)
}

// bounce puts the notification into the thread of the mail, as Gmail does. The
// caller holds s.mu.
func (s *Server) bounce(b *box, m *Mail, kind BounceKind) (string, error) {
	to := "unknown"
	if all := addresses(m.Raw, "To", "Cc", "Bcc"); len(all) > 0 {
		to = all[0]
	}
	now := time.Now().UTC()
	notice := &Mail{ID: newID(), Mailbox: b.address, At: now, Labels: []string{LabelInbox, LabelUnread}, ThreadID: m.ThreadID}
	raw := report(b.address, to, m.Raw, kind.verdict(to), now)
	notice.Raw = append([]byte(trace(b.address, raw, now, "pass")), raw...)
	return notice.ID, s.commit(added(notice))
}

// report is a notification as RFC 3464 has it, in Gmail's words.
func report(mailbox, to string, original []byte, v verdict, now time.Time) []byte {
	id, date := get(original, "Message-ID"), now.Format(time.RFC1123Z)
	boundary := fmt.Sprintf("%024x", random())
	lines := []string{
		"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "To: " + mailbox, "Return-Path: <>",
		"Auto-Submitted: auto-replied", "Subject: Delivery Status Notification (" + v.subject + ")",
		"References: " + id, "In-Reply-To: " + id, "Date: " + date,
		fmt.Sprintf("Message-ID: <%016x.%016x.GMR@mx.google.com>", random(), random()),
	}
	if v.action == "failed" {
		lines = append(lines, "X-Failed-Recipients: "+to)
	}
	return []byte(strings.Join(append(lines,
		"MIME-Version: 1.0", `Content-Type: multipart/report; boundary="`+boundary+`"; report-type=delivery-status`, "",
		"--"+boundary, `Content-Type: text/plain; charset="UTF-8"`, "", v.says, "",
		"--"+boundary, "Content-Type: message/delivery-status", "",
		"Reporting-MTA: dns; googlemail.com", "Received-From-MTA: dns; "+mailbox, "Arrival-Date: "+date, "X-Original-Message-ID: "+id, "",
		"Final-Recipient: rfc822; "+to, "Action: "+v.action, "Status: "+v.status, "Diagnostic-Code: "+v.diagnostic, "Last-Attempt-Date: "+date, "",
		"--"+boundary, "Content-Type: message/rfc822", "", string(original), "",
		"--"+boundary+"--", "",
	), "\r\n"))
}

// serveBounce is Bounce for other processes; the query parameters are id and
// kind, which defaults to BounceUnknown.
func (s *Server) serveBounce(w http.ResponseWriter, r *http.Request) {
	kind := BounceKind(r.URL.Query().Get("kind"))
	if kind == "" {
		kind = BounceUnknown
	}
	if !slices.Contains(bounces(), kind) {
		http.Error(w, "unknown kind of bounce", http.StatusBadRequest)
		return
	}
	id, err := s.Bounce(r.URL.Query().Get("id"), kind)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	wire.WriteJSON(w, http.StatusOK, map[string]string{"id": id})
}
