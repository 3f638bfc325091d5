package pubsub

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Push is one notification and what became of it.
type Push struct {
	MessageID string    `json:"message_id"`
	Mailbox   string    `json:"mailbox"`
	HistoryID uint64    `json:"history_id"`
	Published time.Time `json:"published"`
	// Statuses are the answers to the tries; 0 is one without an answer.
	Statuses []int `json:"statuses"`
	// Acked is set once the subscriber has taken it.
	Acked bool `json:"acked"`
}

// envelope is the body of a push, with the message id in both spellings.
type envelope struct {
	Message      message `json:"message"`
	Subscription string  `json:"subscription"`
}

type message struct {
	Data         string            `json:"data"`
	MessageID    string            `json:"messageId"`
	MessageID2   string            `json:"message_id"`
	PublishTime  string            `json:"publishTime"`
	PublishTime2 string            `json:"publish_time"`
	Attributes   map[string]string `json:"attributes"`
}

// Push notifies the subscriber that a mailbox has changed, again and again until
// it acknowledges, and returns the context's error when that ends first, or an
// error when the server is closed.
func (s *Server) Push(ctx context.Context, mailbox string, historyID uint64) error {
	s.mu.Lock()
	s.last++
	id := strconv.FormatInt(s.last, 10)
	push := Push{MessageID: id, Mailbox: mailbox, HistoryID: historyID, Published: time.Now().UTC()}
	at := len(s.pushes)
	s.pushes = append(s.pushes, push)
	s.mu.Unlock()
	s.changed.Broadcast()
	return s.deliver(ctx, at)
}

// Redeliver posts a push once more, as Pub/Sub may do at any time.
func (s *Server) Redeliver(ctx context.Context, messageID string) error {
	at := slices.IndexFunc(s.Pushes(), func(p Push) bool { return p.MessageID == messageID })
	if at < 0 {
		return fmt.Errorf("pushing again: no message %s", messageID)
	}
	return s.deliver(ctx, at)
}

func (s *Server) deliver(ctx context.Context, at int) error {
	ctx, release := s.work.Attach(ctx)
	defer release()
	pause := s.options.MinBackoff
	for {
		status, err := s.post(ctx, s.Pushes()[at])
		acked := slices.Contains([]int{102, 200, 201, 202, 204}, status)
		s.mu.Lock()
		s.pushes[at].Statuses = append(slices.Clone(s.pushes[at].Statuses), status)
		s.pushes[at].Acked = s.pushes[at].Acked || acked
		s.mu.Unlock()
		s.changed.Broadcast()
		if acked {
			if s.faults.Take(Redelivery) {
				continue
			}
			return nil
		}
		s.log.WarnContext(ctx, "push not acknowledged", "http_status", status, "error", err)
		wait := time.NewTimer(pause)
		pause = min(2*pause, s.options.MaxBackoff)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return fmt.Errorf("pushing: %w", context.Cause(ctx))
		}
	}
}

func (s *Server) post(ctx context.Context, push Push) (int, error) {
	body, err := s.body(push)
	if err != nil {
		return 0, err
	}
	if s.faults.Take(Garbage) {
		body = []byte(`{"message":{"data":"!"},"subscription":7}`)
	}
	token, err := s.Token(s.forgery())
	if err != nil {
		return 0, err
	}
	return s.PostRaw(ctx, body, "Bearer "+token)
}

func (s *Server) body(push Push) ([]byte, error) {
	data, err := json.Marshal(map[string]any{"emailAddress": push.Mailbox, "historyId": push.HistoryID})
	if err != nil {
		return nil, fmt.Errorf("encoding the notification: %w", err)
	}
	published := push.Published.Format("2006-01-02T15:04:05.000Z")
	return json.Marshal(envelope{Subscription: s.options.Subscription, Message: message{
		Data: base64.StdEncoding.EncodeToString(data), MessageID: push.MessageID, MessageID2: push.MessageID,
		PublishTime: published, PublishTime2: published, Attributes: map[string]string{},
	}})
}

// PostRaw posts a body of the caller's choosing with an Authorization header of
// the caller's choosing, once, and returns the answer's status.
func (s *Server) PostRaw(ctx context.Context, body []byte, authorization string) (int, error) {
	s.mu.Lock()
	url := s.options.WebhookURL
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.options.AckDeadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("making the push: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "CloudPubSub-Google")
	req.Header.Set("From", "noreply@google.com")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the push: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode, res.Body.Close()
}

// Pushes returns every notification, oldest first.
func (s *Server) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pushes)
}

// WaitFor returns once cond holds for the pushes, or with the context's error.
func (s *Server) WaitFor(ctx context.Context, cond func([]Push) bool) error {
	return s.changed.WaitFor(ctx, func() bool { return cond(s.Pushes()) })
}
