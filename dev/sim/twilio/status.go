package twilio

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window is how long after a customer's last message free text is allowed.
const window = 24 * time.Hour

// progress carries an accepted message on to its end in the background.
func (s *Server) progress(m Message) {
	s.work.Go(func(ctx context.Context) {
		tell := s.reporter(m)
		tell.report(ctx, m)
		for _, status := range []string{"sent", "delivered"} {
			if m.Status == status {
				continue
			}
			m.Status = status
			if status == "sent" {
				m.Sent = time.Now().UTC()
				if m.ErrorCode = m.Fails; m.ErrorCode != 0 {
					m.Status = "failed"
				}
			}
			if err := s.put(m); err != nil {
				s.log.ErrorContext(ctx, "keeping a message's status", "message_sid", m.SID, "error", err)
				return
			}
			tell.report(ctx, m)
			if m.Status == "failed" || ctx.Err() != nil {
				break
			}
		}
		tell.end(ctx)
	})
}

// failure returns the code a message will fail with, or 0. What is to happen to
// the next message is used up.
func (s *Server) failure() int {
	for _, f := range lateFailures() {
		if s.faults.Take(late(f.code)) {
			return f.code
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fail) == 0 {
		return 0
	}
	code := s.fail[0]
	s.fail = s.fail[1:]
	return code
}

// outside reports whether free text is not allowed because the customer has been
// silent for too long.
func (s *Server) outside(m Message) bool {
	if m.ContentSID != "" || !strings.HasPrefix(m.To, "whatsapp:") {
		return false
	}
	return s.faults.Take(WindowClosed) || s.options.EnforceWindow && time.Since(s.lastInbound(m.To)) > window
}

// refusesAtOnce reports whether such a message is refused, or accepted and then
// failed.
func (s *Server) refusesAtOnce() bool {
	return s.options.RefuseOutsideWindow || s.faults.Take(WindowAtOnce)
}

// reporter sends the status callbacks of one message.
type reporter struct {
	sim *Server
	// lost, twice and backwards are what goes wrong with them.
	lost, twice, backwards bool
	kept                   []Message
}

func (s *Server) reporter(m Message) *reporter {
	if m.StatusCallback == "" {
		return &reporter{sim: s}
	}
	return &reporter{
		sim: s, lost: s.faults.Take(StatusesLost),
		twice: s.faults.Take(StatusesTwice), backwards: s.faults.Take(StatusesBackwards),
	}
}

func (r *reporter) report(ctx context.Context, m Message) {
	if r.backwards {
		r.kept = append(r.kept, m)
		return
	}
	r.send(ctx, m)
}

// end reports what was kept, the newest first.
func (r *reporter) end(ctx context.Context) {
	for _, m := range slices.Backward(r.kept) {
		r.send(ctx, m)
	}
}

func (r *reporter) send(ctx context.Context, m Message) {
	if r.lost {
		return
	}
	r.sim.report(ctx, m)
	if r.twice {
		r.sim.report(ctx, m)
	}
}

// report sends the status callback, if there is to be one.
func (s *Server) report(ctx context.Context, m Message) {
	s.mu.Lock()
	silent := s.silent
	s.mu.Unlock()
	if m.StatusCallback == "" || silent {
		return
	}
	status, err := s.deliver(ctx, s.newHook(m.StatusCallback, s.statusForm(m)))
	if err != nil || status >= 300 {
		s.log.WarnContext(ctx, "status callback not delivered", "message_sid", m.SID, "http_status", status, "error", err)
	}
}

// SendStatus posts a status callback of the caller's choosing for a message that
// asked for them, such as one out of order, and returns the answer's HTTP status.
func (s *Server) SendStatus(ctx context.Context, sid, status string, errorCode int) (int, error) {
	m, ok := s.message(sid)
	if !ok || m.StatusCallback == "" {
		return 0, fmt.Errorf("message %s has no status callback", sid)
	}
	m.Status, m.ErrorCode = status, errorCode
	return s.deliver(ctx, s.newHook(m.StatusCallback, s.statusForm(m)))
}

func (s *Server) statusForm(m Message) url.Values {
	form := url.Values{}
	for key, value := range map[string]string{
		"MessageSid": m.SID, "SmsSid": m.SID, "MessageStatus": m.Status, "SmsStatus": m.Status,
		"AccountSid": s.options.AccountSID, "From": m.From, "To": m.To, "ApiVersion": apiVersion,
		"ChannelPrefix": "whatsapp", "ChannelToAddress": m.To,
	} {
		form.Set(key, value)
	}
	if m.ErrorCode != 0 {
		form.Set("ErrorCode", strconv.Itoa(m.ErrorCode))
		form.Set("ErrorMessage", errorText(m.ErrorCode))
	}
	return form
}
