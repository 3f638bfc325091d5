package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1.
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// endpoint is a public URL and the base address that really serves its host.
type endpoint struct {
	url    string
	target string
}

// address is where a request for callback really goes.
func (e endpoint) address(callback string) (string, error) {
	to, err := url.Parse(callback)
	if err != nil {
		return "", fmt.Errorf("parsing the webhook URL: %w", err)
	}
	public, err := url.Parse(e.url)
	if err != nil || e.target == "" || to.Host != public.Host {
		return callback, nil
	}
	local, err := url.Parse(e.target)
	if err != nil {
		return "", fmt.Errorf("parsing the webhook target: %w", err)
	}
	to.Scheme, to.Host = local.Scheme, local.Host
	return to.String(), nil
}

// Sign returns the X-Twilio-Signature of a form posted to url: the base64 of an
// HMAC-SHA1 over the URL without its fragment, followed by each key and value in
// the order of the keys, and of the values where a key has several. A value that
// is repeated counts once.
func Sign(authToken, url string, form url.Values) string {
	signed, _, _ := strings.Cut(url, "#")
	var text strings.Builder
	text.WriteString(signed)
	keys := make([]string, 0, len(form))
	for key := range form {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[key]))) {
			text.WriteString(key + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	_, _ = io.WriteString(mac, text.String())
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hook is one webhook; all its tries look the same.
type hook struct {
	url       string
	form      url.Values
	signature string
	token     string
}

func (s *Server) newHook(url string, form url.Values) hook {
	return hook{url: url, form: form, signature: Sign(s.options.AuthToken, url, form), token: rand.Text()}
}

// deliver posts a webhook until it is answered, as often as Options.RetryFor
// allows, and returns the last status.
func (s *Server) deliver(ctx context.Context, h hook) (int, error) {
	started, pause := time.Now(), 100*time.Millisecond
	for try := 1; ; try++ {
		status, err := s.post(ctx, h)
		left := s.options.RetryFor - time.Since(started)
		again := (err != nil || status >= 500) && left > 0
		if s.options.RetryFor == 0 {
			again = err != nil && try == 1
			left = pause
		}
		if !again || ctx.Err() != nil {
			return status, err
		}
		wait := time.NewTimer(min(pause, left))
		pause = min(2*pause, 2*time.Second)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return status, fmt.Errorf("delivering the webhook: %w", context.Cause(ctx))
		}
	}
}

func (s *Server) post(ctx context.Context, h hook) (int, error) {
	s.mu.Lock()
	webhook := s.webhook
	s.mu.Unlock()
	address, err := webhook.address(h.url)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(h.form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("making the webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("X-Twilio-Signature", h.signature)
	req.Header.Set("I-Twilio-Idempotency-Token", h.token)
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the webhook: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode, res.Body.Close()
}
