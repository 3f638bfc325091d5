package email_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

// fakeGmail answers each "METHOD path" with a handler and notes the requests.
type fakeGmail struct {
	url    string
	routes map[string]http.HandlerFunc

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func newGmail(t *testing.T, routes map[string]http.HandlerFunc) *fakeGmail {
	t.Helper()
	f := &fakeGmail{routes: routes}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeGmail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.requests = append(f.requests, r)
	f.bodies = append(f.bodies, string(body))
	f.mu.Unlock()
	route := f.routes[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/gmail/v1/users/me/")]
	if route == nil {
		gmailError(404, "notFound")(w, r)
		return
	}
	route(w, r)
}

func answer(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}

func gmailError(status int, reason string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
			"code": status, "message": "text of ana@kunde.example", "errors": []any{map[string]string{"reason": reason}},
		}})
	}
}

func (f *fakeGmail) client(t *testing.T) *email.Client {
	t.Helper()
	c, err := email.NewClient(t.Context(), email.Options{Mailbox: "support@firnwacht.example", Endpoint: f.url})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

type object = map[string]any

func metadata(id, outboundID string, labels ...string) object {
	return object{
		"id": id, "threadId": "t1", "labelIds": labels,
		"payload": object{"headers": []object{
			{"name": "Message-Id", "value": "<real-" + id + "@mail.gmail.com>"},
			{"name": "X-Support-Outbound-Id", "value": outboundID},
		}},
	}
}

func TestProfileAndWatch(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{
		"GET profile": answer(object{"historyId": "41"}),
		"POST watch":  answer(object{"historyId": "42", "expiration": "1793610000000"}),
	})
	c := f.client(t)
	history, err := c.Profile(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(41), history)

	history, expiration, err := c.Watch(t.Context(), "projects/p/topics/gmail")
	require.NoError(t, err)
	require.Equal(t, uint64(42), history)
	require.Equal(t, int64(1793610000000), expiration.UnixMilli())
	require.JSONEq(t, `{"topicName":"projects/p/topics/gmail"}`, f.bodies[1])
}

func TestChangesReadsAllPagesWithTheSameStart(t *testing.T) {
	t.Parallel()
	added := func(ids ...string) []object {
		var all []object
		for _, id := range ids {
			all = append(all, object{"messagesAdded": []object{{"message": object{"id": id, "threadId": "t-" + id, "labelIds": []string{"INBOX"}}}}})
		}
		return all
	}
	f := newGmail(t, map[string]http.HandlerFunc{"GET history": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("pageToken") == "" {
			answer(object{"historyId": "90", "history": added("a", "b"), "nextPageToken": "p2"})(w, r)
			return
		}
		answer(object{"historyId": "91", "history": append(added("b", "c"), object{"labelsAdded": []object{}})})(w, r)
	}})
	refs, next, err := f.client(t).Changes(t.Context(), 80)
	require.NoError(t, err)
	require.Equal(t, uint64(91), next)
	require.Equal(t, []email.MessageRef{
		{GmailID: "a", ThreadID: "t-a", Labels: []string{"INBOX"}},
		{GmailID: "b", ThreadID: "t-b", Labels: []string{"INBOX"}},
		{GmailID: "c", ThreadID: "t-c", Labels: []string{"INBOX"}},
	}, refs)
	require.Len(t, f.requests, 2)
	for _, r := range f.requests {
		require.Equal(t, "80", r.URL.Query().Get("startHistoryId"))
		require.Equal(t, []string{"messageAdded", "labelAdded", "labelRemoved"}, r.URL.Query()["historyTypes"])
		require.False(t, r.URL.Query().Has("labelId"))
	}
}

func TestChangesBringWhatALabelKeptFromUs(t *testing.T) {
	t.Parallel()
	change := func(kind, id string, labels ...string) object {
		return object{kind: []object{{"message": object{"id": id, "threadId": "t", "labelIds": []string{"X"}}, "labelIds": labels}}}
	}
	added := func(id string, labels ...string) object {
		return object{"messagesAdded": []object{{"message": object{"id": id, "threadId": "t", "labelIds": labels}}}}
	}
	f := newGmail(t, map[string]http.HandlerFunc{"GET history": answer(object{"historyId": "90", "history": []object{
		added("new", "INBOX"), added("rescued at once", "SPAM"), change("labelsRemoved", "rescued at once", "SPAM"),
		change("labelsRemoved", "read", "UNREAD"), change("labelsAdded", "starred", "STARRED"),
		change("labelsAdded", "unarchived", "INBOX"), change("labelsRemoved", "restored", "TRASH"),
		change("labelsAdded", "rescued", "INBOX"), change("labelsRemoved", "rescued", "UNREAD", "SPAM"),
		change("labelsRemoved", "draft that was sent", "DRAFT"), change("labelsAdded", "junk", "SPAM"),
	}})})
	refs, _, err := f.client(t).Changes(t.Context(), 80)
	require.NoError(t, err)
	require.Equal(t, []email.MessageRef{
		{GmailID: "new", ThreadID: "t", Labels: []string{"INBOX"}},
		{GmailID: "rescued at once", ThreadID: "t"},
		{GmailID: "unarchived", ThreadID: "t", Moved: true},
		{GmailID: "restored", ThreadID: "t", Moved: true},
		{GmailID: "rescued", ThreadID: "t"},
		{GmailID: "draft that was sent", ThreadID: "t"},
	}, refs)
}

func TestChangesOfALostHistoryID(t *testing.T) {
	t.Parallel()
	_, _, err := newGmail(t, nil).client(t).Changes(t.Context(), 1)
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
}

func TestListSince(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{"GET messages": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("pageToken") == "" {
			answer(object{"messages": []object{{"id": "c", "threadId": "t"}, {"id": "b", "threadId": "t"}}, "nextPageToken": "p2"})(w, r)
			return
		}
		answer(object{"messages": []object{{"id": "a", "threadId": "t"}}})(w, r)
	}})
	refs, err := f.client(t).ListSince(t.Context(), time.Unix(1793600000, 5))
	require.NoError(t, err)
	require.Equal(t, []email.MessageRef{{GmailID: "a", ThreadID: "t"}, {GmailID: "b", ThreadID: "t"}, {GmailID: "c", ThreadID: "t"}}, refs)
	require.Contains(t, f.requests[0].URL.Query().Get("q"), "after:1793600000 ")
}

func TestSkip(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]bool{"INBOX": false, "SENT": false, "DRAFT": true, "SPAM": true, "TRASH": true, "CHAT": true} {
		require.Equal(t, want, email.Skip([]string{"UNREAD", label}), label)
	}
}

func TestRaw(t *testing.T) {
	t.Parallel()
	mail := "From: a@b.example\r\nSubject: ÿ?>\r\n\r\nHi"
	for name, encoding := range map[string]*base64.Encoding{"padded": base64.URLEncoding, "bare": base64.RawURLEncoding, "standard": base64.StdEncoding} {
		f := newGmail(t, map[string]http.HandlerFunc{"GET messages/m1": answer(object{
			"id": "m1", "threadId": "t1", "internalDate": "1793600000123", "labelIds": []string{"INBOX"},
			"raw": encoding.EncodeToString([]byte(mail)),
		})})
		raw, thread, at, labels, err := f.client(t).Raw(t.Context(), "m1")
		require.NoError(t, err, name)
		require.Equal(t, mail, string(raw))
		require.Equal(t, "t1", thread)
		require.Equal(t, int64(1793600000123), at.UnixMilli())
		require.Equal(t, []string{"INBOX"}, labels)
		_, _, _, _, err = f.client(t).Raw(t.Context(), "gone")
		require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	}
}

func TestRawOfAHugeMailKeepsItsHeader(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]bool{"declared": true, "streamed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newGmail(t, map[string]http.HandlerFunc{"GET messages/m1": func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("format") == "metadata" {
					answer(object{"id": "m1", "threadId": "t1", "internalDate": "1793600000123", "snippet": "Look &amp; see", "payload": object{"headers": []object{
						{"name": "From", "value": "Ana <ana@kunde.example>"},
						{"name": "Subject", "value": "Big\r\nX: y"},
						{"name": "Content-Type", "value": "multipart/mixed; boundary=x"},
						{"name": "Message-ID", "value": "<big@x>"},
					}}})(w, r)
					return
				}
				if declare {
					w.Header().Set("Content-Length", fmt.Sprint(60<<20))
				}
				_, _ = io.WriteString(w, `{"raw":"`)
				for range 60 {
					if _, err := w.Write([]byte(strings.Repeat("A", 1<<20))); err != nil {
						return
					}
				}
			}})
			raw, thread, _, _, err := f.client(t).Raw(t.Context(), "m1")
			require.NoError(t, err)
			require.Equal(t, "t1", thread)
			m := parse(t, raw)
			require.Equal(t, "ana@kunde.example", m.From.Address)
			require.Equal(t, "Big X: y", m.Subject)
			require.Equal(t, "<big@x>", m.MessageID)
			require.True(t, strings.HasPrefix(m.Text, "Look & see\n\n[This mail is too large"))
		})
	}
}

func TestDraftIsCreatedAndSent(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{
		"POST drafts":      answer(object{"id": "d1", "message": object{"id": "m0"}}),
		"POST drafts/send": answer(object{"id": "m1", "threadId": "t1"}),
		"GET drafts/d1":    answer(object{"id": "d1"}),
		"GET messages/m1":  answer(metadata("m1", "o1", "SENT")),
	})
	c := f.client(t)
	id, err := c.CreateDraft(t.Context(), []byte("raw?>ÿ"), "t1")
	require.NoError(t, err)
	require.Equal(t, "d1", id)
	require.JSONEq(t, `{"message":{"raw":"`+base64.URLEncoding.EncodeToString([]byte("raw?>ÿ"))+`","threadId":"t1"}}`, f.bodies[0])

	gmailID, thread, err := c.SendDraft(t.Context(), "d1")
	require.NoError(t, err)
	require.Equal(t, "m1", gmailID)
	require.Equal(t, "t1", thread)
	require.JSONEq(t, `{"id":"d1"}`, f.bodies[1])

	there, err := c.DraftExists(t.Context(), "d1")
	require.NoError(t, err)
	require.True(t, there)
	there, err = c.DraftExists(t.Context(), "d2")
	require.NoError(t, err)
	require.False(t, there)

	messageID, err := c.MessageID(t.Context(), "m1")
	require.NoError(t, err)
	require.Equal(t, "<real-m1@mail.gmail.com>", messageID)
}

func TestFindSent(t *testing.T) {
	t.Parallel()
	f := newGmail(t, map[string]http.HandlerFunc{
		"GET threads/t1": answer(object{"id": "t1", "messages": []object{
			metadata("forged", "o1", "INBOX"), metadata("draft", "o1", "DRAFT"), metadata("m1", "o1", "SENT"), metadata("m2", "o2", "SENT"),
		}}),
		"GET messages":    answer(object{"messages": []object{{"id": "gone"}, {"id": "m2"}, {"id": "m3"}}}),
		"GET messages/m2": answer(metadata("m2", "o2", "SENT")),
		"GET messages/m3": answer(metadata("m3", "o3", "SENT")),
		"GET drafts":      answer(object{"drafts": []object{{"id": "d2", "message": object{"id": "m2"}}, {"id": "d3", "message": object{"id": "m3"}}}}),
	})
	c := f.client(t)
	for _, tc := range []struct{ thread, outbound, want string }{
		{"t1", "o1", "m1"}, {"", "o3", "m3"}, {"t1", "o3", "m3"}, {"t-unknown", "o2", "m2"}, {"", "o9", ""},
	} {
		id, found, err := c.FindSent(t.Context(), tc.thread, tc.outbound)
		require.NoError(t, err)
		require.Equal(t, tc.want != "", found, tc)
		require.Equal(t, tc.want, map[bool]string{true: id}[found], tc)
	}
	id, found, err := c.FindDraft(t.Context(), "o3")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "d3", id)
	_, found, err = c.FindDraft(t.Context(), "o9")
	require.NoError(t, err)
	require.False(t, found)
}

func TestErrorsAreClassed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler    http.HandlerFunc
		read, send ticket.Code
	}{
		"403 rate":       {gmailError(403, "userRateLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"403 daily":      {gmailError(403, "dailyLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"429":            {gmailError(429, "rateLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"403 of a user":  {gmailError(403, "rateLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"403 quota":      {gmailError(403, "quotaExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"403 at once":    {gmailError(403, "concurrentLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"429 of a user":  {gmailError(429, "userRateLimitExceeded"), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"429 bare":       {gmailError(429, ""), ticket.CodeRateLimited, ticket.CodeRateLimited},
		"403 domain":     {gmailError(403, "domainPolicy"), ticket.CodeUnauthorized, ticket.CodeUnauthorized},
		"403 delegation": {gmailError(403, "forbidden"), ticket.CodeUnauthorized, ticket.CodeUnauthorized},
		"403 API is off": {gmailError(403, "accessNotConfigured"), ticket.CodeUnauthorized, ticket.CodeUnauthorized},
		"403 permission": {gmailError(403, "insufficientPermissions"), ticket.CodeUnauthorized, ticket.CodeUnauthorized},
		"401":            {gmailError(401, "authError"), ticket.CodeUnauthorized, ticket.CodeUnauthorized},
		"404":            {gmailError(404, "notFound"), ticket.CodeNotFound, ticket.CodeNotFound},
		"400":            {gmailError(400, "invalidArgument"), ticket.CodeInvalid, ticket.CodeInvalid},
		"413":            {gmailError(413, "uploadTooLarge"), ticket.CodeTooLarge, ticket.CodeTooLarge},
		"500":            {gmailError(500, "backendError"), ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"503":            {gmailError(503, "backendError"), ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"html 502": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			_, _ = io.WriteString(w, "<html>text of ana@kunde.example")
		}, ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"not json": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"no id":    {answer(object{}), "", ticket.CodeUnknownOutcome},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		}, ticket.CodeUnavailable, ticket.CodeUnknownOutcome},
		"throttled with a time": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "20")
			gmailError(429, "rateLimitExceeded")(w, r)
		}, ticket.CodeRateLimited, ticket.CodeRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newGmail(t, map[string]http.HandlerFunc{"GET profile": tc.handler, "POST drafts/send": tc.handler}).client(t)
			_, readErr := c.Profile(t.Context())
			require.Equal(t, tc.read, ticket.CodeOf(readErr))
			_, _, sendErr := c.SendDraft(t.Context(), "d1")
			require.Equal(t, tc.send, ticket.CodeOf(sendErr))
			require.NotContains(t, sendErr.Error(), "ana@kunde.example")
			coded := &ticket.Error{Message: "reading a draft: Gmail answered 404"}
			if readErr != nil {
				require.ErrorAs(t, readErr, &coded)
			}
			require.NotContains(t, coded.Message, "text of", "only words of ours are kept and shown")
			require.Regexp(t, `^[a-z' ]+: Gmail (answered \d{3}( [a-zA-Z]+)?|gave no usable answer)$`, coded.Message)
			if name == "throttled with a time" {
				require.Equal(t, 20*time.Second, ticket.RetryAfterOf(readErr))
			}
		})
	}
}

func TestTheTimeToRetryStandsInTheWords(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(40 * time.Minute).UTC()
	f := newGmail(t, map[string]http.HandlerFunc{"POST drafts/send": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(429)
		_, _ = fmt.Fprintf(w, `{"error":{"code":429,"message":"User-rate limit exceeded.  Retry after %s (Mail sending)","errors":[{"reason":"rateLimitExceeded"}]}}`,
			until.Format("2006-01-02T15:04:05.000Z"))
	}})
	_, _, err := f.client(t).SendDraft(t.Context(), "d1")
	require.Equal(t, ticket.CodeRateLimited, ticket.CodeOf(err))
	require.InDelta(t, 40*time.Minute, ticket.RetryAfterOf(err), float64(10*time.Second))
}

func TestTimeoutOfASendIsUnclear(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	hang := func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}
	f := newGmail(t, map[string]http.HandlerFunc{"GET profile": hang, "POST drafts/send": hang})
	t.Cleanup(func() { close(release) })
	c := f.client(t)
	for want, call := range map[ticket.Code]func(context.Context) error{
		ticket.CodeUnavailable:    func(ctx context.Context) error { _, err := c.Profile(ctx); return err },
		ticket.CodeUnknownOutcome: func(ctx context.Context) error { _, _, err := c.SendDraft(ctx, "d1"); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		require.Equal(t, want, ticket.CodeOf(call(ctx)))
	}
}

func TestSendThatNeverLeftIsUnavailable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	refused, err := email.NewClient(t.Context(), email.Options{Mailbox: "a@b.example", Endpoint: "http://" + address})
	require.NoError(t, err)
	_, _, err = refused.SendDraft(t.Context(), "d1")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))

	// A transport that says nothing about its connections proves nothing.
	mute, err := email.NewClient(t.Context(), email.Options{
		Mailbox: "a@b.example", Endpoint: "http://" + address,
		HTTPClient: &http.Client{Transport: failing{io.ErrUnexpectedEOF}},
	})
	require.NoError(t, err)
	_, _, err = mute.SendDraft(t.Context(), "d1")
	require.Equal(t, ticket.CodeUnknownOutcome, ticket.CodeOf(err))
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }
