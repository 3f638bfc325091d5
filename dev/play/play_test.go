package play_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/play"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/twilio"
)

const (
	ours    = "whatsapp:+14155238886"
	mailbox = "support@firnwacht.example"
	account = "ACf17e0000000000000000000000000000"
	secret  = "0123456789abcdef0123456789abcdef"
	patient = 10 * time.Second
)

// testBundle is a page with its simulators, and the service that they call.
type testBundle struct {
	url      string
	page     *play.Page
	whatsapp *twilio.Server
	api      string // of the simulated Twilio
	mail     *gmail.Server

	status atomic.Int32 // what the service answers to webhooks
	mu     sync.Mutex
	forms  []url.Values
}

type stateFiles struct{ twilio, play string }

func setup(t *testing.T, files stateFiles, status int) *testBundle {
	t.Helper()
	b := &testBundle{}
	b.status.Store(int32(status))
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		b.mu.Lock()
		b.forms = append(b.forms, r.PostForm)
		b.mu.Unlock()
		w.WriteHeader(int(b.status.Load()))
	}))
	t.Cleanup(service.Close)
	var err error
	b.whatsapp, err = twilio.New(twilio.Options{
		AccountSID: account, AuthToken: secret, From: ours, WebhookURL: service.URL + "/webhooks/whatsapp",
		NoStatusCallbacks: true, StateFile: files.twilio,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.whatsapp.Close()) })
	rest := httptest.NewServer(b.whatsapp)
	t.Cleanup(rest.Close)
	b.api = rest.URL
	b.mail, err = gmail.New(gmail.Options{Mailboxes: []string{mailbox}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.mail.Close()) })
	b.page, err = play.New(play.Options{
		WhatsApp: b.whatsapp, WhatsAppNumber: ours, Mail: b.mail, Mailbox: mailbox, StateFile: files.play,
		Providers: []play.Provider{{Name: "WhatsApp", Faults: b.whatsapp.Faults()}, {Name: "Gmail", Faults: b.mail.Faults()}},
		Links:     play.Links{Form: "http://localhost:8080/", TemporalUI: "http://localhost:8233", Namespace: "default"},
		Questions: filepath.Join("..", "company", "questions.jsonl"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.page.Close()) })
	server := httptest.NewServer(b.page)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// received returns the webhooks the service got.
func (b *testBundle) received() []url.Values {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]url.Values(nil), b.forms...)
}

func (b *testBundle) post(t *testing.T, path string, request any) (int, map[string]string) {
	t.Helper()
	body, err := json.Marshal(request)
	require.NoError(t, err)
	res, err := http.Post(b.url+path, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer res.Body.Close()
	answer := map[string]string{}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	return res.StatusCode, answer
}

func (b *testBundle) get(t *testing.T, path string, answer any) {
	t.Helper()
	res, err := http.Get(b.url + path)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NoError(t, json.NewDecoder(res.Body).Decode(answer))
}

type shownMessage struct {
	ID, Text, Status, Detail, Subject, From, To string
	Ours                                        bool
	Deliveries                                  int
}

type shownConversation struct {
	ID, Channel, Address, Name, Subject string
	Messages                            []shownMessage
}

func (b *testBundle) conversations(t *testing.T) []shownConversation {
	t.Helper()
	var all []shownConversation
	b.get(t, "/api/conversations", &all)
	return all
}

// message is the n-th message of the first conversation; empty while there is none.
func (b *testBundle) message(t *testing.T, n int) (m shownMessage) {
	t.Helper()
	if all := b.conversations(t); len(all) > 0 && len(all[0].Messages) > n {
		m = all[0].Messages[n]
	}
	return m
}

func (b *testBundle) eventually(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, patient, 10*time.Millisecond)
}

func TestWhatsAppThereAndBack(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	status, answer := b.post(t, "/api/whatsapp", map[string]string{"number": "+49 171 39200-11", "name": "Ilse", "text": " hello "})
	require.Equal(t, http.StatusAccepted, status)
	require.Equal(t, "whatsapp:+491713920011", answer["conversation"])
	b.eventually(t, func() bool { return b.message(t, 0).Status == "delivered" })
	form := b.received()[0]
	require.Equal(t, "whatsapp:+491713920011", form.Get("From"))
	require.Equal(t, "hello", form.Get("Body"))
	require.Equal(t, "Ilse", form.Get("ProfileName"))
	require.Equal(t, answer["id"], form.Get("MessageSid"))

	b.reply(t, "+491713920011", "good day")
	b.eventually(t, func() bool {
		talk := b.conversations(t)[0]
		return len(talk.Messages) == 2 && talk.Messages[1].Status == "delivered"
	})
	talk := b.conversations(t)[0]
	require.Equal(t, "Ilse", talk.Name)
	require.True(t, talk.Messages[1].Ours)
	require.Equal(t, "good day", talk.Messages[1].Text)
}

// reply sends a message as the service does.
func (b *testBundle) reply(t *testing.T, to, text string) {
	t.Helper()
	form := url.Values{"To": {"whatsapp:" + to}, "From": {ours}, "Body": {text}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		b.api+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(account, secret)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusCreated, res.StatusCode)
}

func TestRepeatedWebhookIsTheSameMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	_, sent := b.post(t, "/api/whatsapp", map[string]string{"number": "+491713920011", "name": "Ilse", "text": "hello"})
	b.eventually(t, func() bool { return len(b.received()) == 1 })
	status, _ := b.post(t, "/api/whatsapp/repeat", map[string]any{"id": sent["id"], "times": 5})
	require.Equal(t, http.StatusAccepted, status)
	b.eventually(t, func() bool { return b.message(t, 0).Deliveries == 6 })
	require.Len(t, b.conversations(t)[0].Messages, 1)
	for _, form := range b.received() {
		require.Equal(t, b.received()[0], form)
	}
}

func TestUndeliveredMessageIsDeliveredAfterRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := stateFiles{twilio: filepath.Join(dir, "twilio"), play: filepath.Join(dir, "play")}
	before := setup(t, files, http.StatusServiceUnavailable)
	_, lost := before.post(t, "/api/whatsapp", map[string]string{"number": "+491713920011", "name": "Ilse", "text": "lost"})
	before.eventually(t, func() bool { return before.message(t, 0).Status == "refused" })
	before.status.Store(http.StatusOK)
	before.post(t, "/api/whatsapp", map[string]string{"number": "+491713920011", "name": "Ilse", "text": "found"})
	before.eventually(t, func() bool { return before.message(t, 1).Status == "delivered" })

	after := setup(t, files, http.StatusOK)
	after.eventually(t, func() bool { return after.message(t, 0).Status == "delivered" })
	require.Len(t, after.received(), 1)
	require.Equal(t, lost["id"], after.received()[0].Get("MessageSid"))
	require.Equal(t, "Ilse", after.received()[0].Get("ProfileName"))
}

func TestMailThread(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	status, first := b.post(t, "/api/mail", map[string]string{
		"from": "zoe@lab.example", "name": "Zoë Maas", "subject": "Grüße\r\nBcc: all", "text": "How long?\nThanks, ünïcödé",
	})
	require.Equal(t, http.StatusAccepted, status)
	wrote := parsed(t, b.mail.Mailbox("zoe@lab.example")[0])
	require.Empty(t, wrote.Header.Get("Bcc"))
	require.Contains(t, b.mail.Mailbox("zoe@lab.example")[0].Text(), "ünïcödé")

	_, err := b.mail.SendByHand(mailbox, []byte(strings.Join([]string{
		"From: Firnwacht <" + mailbox + ">", "To: zoe@lab.example", "Reply-To: support+tag@firnwacht.example", "Subject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe_Bcc=3A_all?=",
		"In-Reply-To: " + wrote.Header.Get("Message-Id"), "References: " + wrote.Header.Get("Message-Id"),
		"Content-Type: text/plain; charset=utf-8", "", "12 characters.", "",
	}, "\r\n")), b.mail.Mailbox("zoe@lab.example")[0].ThreadID)
	require.NoError(t, err)
	talk := b.conversations(t)
	require.Len(t, talk, 1)
	require.Equal(t, "Zoë Maas", talk[0].Name)
	require.True(t, talk[0].Messages[1].Ours)
	answer := talk[0].Messages[1]

	status, second := b.post(t, "/api/mail", map[string]string{
		"from": "zoe@lab.example", "name": "Zoë Maas", "text": "Thank you.", "reply_to": answer.ID,
	})
	require.Equal(t, http.StatusAccepted, status)
	require.NotEqual(t, first["id"], second["id"])
	all := b.mail.Mailbox("zoe@lab.example")
	require.Len(t, all, 3)
	reply := parsed(t, all[2])
	parent := parsed(t, all[1])
	require.Equal(t, parent.Header.Get("Message-Id"), reply.Header.Get("In-Reply-To"))
	require.Equal(t, []string{wrote.Header.Get("Message-Id"), parent.Header.Get("Message-Id")}, strings.Fields(reply.Header.Get("References")))
	require.Contains(t, reply.Header.Get("To"), "support+tag@firnwacht.example")
	require.Equal(t, "Re: Grüße Bcc: all", all[2].Header("Subject"))
	require.Contains(t, all[2].Text(), "> 12 characters.")
	require.Len(t, b.conversations(t), 1, "the answer belongs to the thread")
}

func parsed(t *testing.T, m gmail.Mail) *mail.Message {
	t.Helper()
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	require.NoError(t, err)
	return read
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	for name, test := range map[string]struct {
		path    string
		request any
		status  int
		says    string
	}{
		"national number": {"/api/whatsapp", map[string]string{"number": "0171 39200", "text": "hi"}, 422, "international"},
		"no text":         {"/api/whatsapp", map[string]string{"number": "+491713920011", "text": "  "}, 422, "between 1 and"},
		"long text":       {"/api/whatsapp", map[string]string{"number": "+491713920011", "text": strings.Repeat("ü", 4097)}, 422, "between 1 and"},
		"unknown message": {"/api/whatsapp/repeat", map[string]any{"id": "SM1", "times": 5}, 404, "no such message"},
		"too many":        {"/api/whatsapp/repeat", map[string]any{"id": "SM1", "times": 21}, 422, "between 1 and 20"},
		"no sender":       {"/api/mail", map[string]string{"from": "zoe", "text": "hi"}, 422, "mail address"},
		"empty mail":      {"/api/mail", map[string]string{"from": "zoe@lab.example", "text": "\n"}, 422, "no text"},
		"unknown parent":  {"/api/mail", map[string]string{"from": "zoe@lab.example", "text": "hi", "reply_to": "x"}, 404, "no such mail"},
		"no object":       {"/api/mail", []int{1}, 400, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer := b.post(t, test.path, test.request)
			require.Equal(t, test.status, status)
			require.Contains(t, answer["error"], test.says)
		})
	}
}

func TestReplacedProvidersAreOff(t *testing.T) {
	t.Parallel()
	p, err := play.New(play.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	b := &testBundle{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	b.url = server.URL
	var found struct {
		WhatsApp, Email struct{ On bool }
		Questions       []play.Question
	}
	b.get(t, "/api/setup", &found)
	require.False(t, found.WhatsApp.On)
	require.False(t, found.Email.On)
	require.NotNil(t, found.Questions)
	require.Empty(t, b.conversations(t))
	status, _ := b.post(t, "/api/whatsapp", map[string]string{"number": "+491713920011", "text": "hi"})
	require.Equal(t, http.StatusConflict, status)
	status, _ = b.post(t, "/api/mail", map[string]string{"from": "zoe@lab.example", "text": "hi"})
	require.Equal(t, http.StatusConflict, status)
}

func TestSetupNamesLinksAndQuestions(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	var found struct {
		Form, Workflows string
		WhatsApp        struct{ Address string }
		Questions       []play.Question
	}
	b.get(t, "/api/setup", &found)
	require.Equal(t, "http://localhost:8233/namespaces/default/workflows", found.Workflows)
	require.Equal(t, "+14155238886", found.WhatsApp.Address)
	require.Greater(t, len(found.Questions), 50)
}

func TestEventsTellOfChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/api/events", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, res.Body.Close()) })
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(res.Body); scan.Scan(); {
			if strings.HasPrefix(scan.Text(), "data:") {
				select {
				case lines <- scan.Text():
				case <-t.Context().Done():
					return
				}
			}
		}
	}()
	next := func() {
		t.Helper()
		select {
		case line := <-lines:
			require.Equal(t, "data: changed", line)
		case <-time.After(patient):
			require.Fail(t, "no event came")
		}
	}
	next() // what there is already
	b.post(t, "/api/mail", map[string]string{"from": "zoe@lab.example", "text": "hi"})
	next()
}

func TestPageIsSelfContainedAndGuarded(t *testing.T) {
	t.Parallel()
	b := setup(t, stateFiles{}, http.StatusOK)
	for _, path := range []string{"/", "/app.js", "/view.js", "/failure.js", "/style.css", "/icon.svg"} {
		res, err := http.Get(b.url + path)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'self'")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/api/mail", strings.NewReader(`{}`))
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}
