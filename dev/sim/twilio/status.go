package twilio

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// progress carries an accepted message on to its end in the background.
func (s *Server) progress(m Message) {
	s.work.Go(func(ctx context.Context) {
		s.report(ctx, m)
		for _, status := range []string{"sent", "delivered"} {
			if m.Status == status {
				continue
			}
			m.Status = status
			if status == "sent" {
				m.Sent = time.Now().UTC()
				if m.ErrorCode = s.failure(m); m.ErrorCode != 0 {
					m.Status = "failed"
				}
			}
			if err := s.put(m); err != nil {
				s.log.ErrorContext(ctx, "keeping a message's status", "message_sid", m.SID, "error", err)
				return
			}
			s.report(ctx, m)
			if m.Status == "failed" || ctx.Err() != nil {
				return
			}
		}
	})
}

// failure returns the code a message fails with, or 0.
func (s *Server) failure(m Message) int {
	if s.options.EnforceWindow && m.ContentSID == "" && time.Since(s.lastInbound(m.To)) > 24*time.Hour {
		return 63016
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
