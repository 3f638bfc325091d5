package gmail_test

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/googleapi"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
)

var gmailID = regexp.MustCompile(`^<CA[^@]+@mail\.gmail\.com>$`)

func TestDraftIsSentOnce(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	id, err := bundle.sim.Deliver(question("<q1@customer.example>", "Password"))
	require.NoError(t, err)
	asked, err := bundle.api.Messages.Get("me", id).Format("minimal").Do()
	require.NoError(t, err)

	draft, err := bundle.api.Drafts.Create("me", &api.Draft{Message: &api.Message{
		Raw: encoded(reply("<q1@customer.example>", "Re: Password")), ThreadId: asked.ThreadId,
	}}).Do()
	require.NoError(t, err)
	require.Equal(t, asked.ThreadId, draft.Message.ThreadId)
	require.Equal(t, []string{"DRAFT"}, draft.Message.LabelIds)
	there, err := bundle.api.Drafts.Get("me", draft.Id).Do()
	require.NoError(t, err)
	require.Equal(t, draft.Message.Id, there.Message.Id)
	listed, err := bundle.api.Drafts.List("me").Do()
	require.NoError(t, err)
	require.Len(t, listed.Drafts, 1)
	require.Empty(t, bundle.sim.Sent())

	sent, err := bundle.api.Drafts.Send("me", &api.Draft{Id: draft.Id}).Do()
	require.NoError(t, err)
	require.NotEqual(t, draft.Message.Id, sent.Id)
	require.Equal(t, asked.ThreadId, sent.ThreadId)
	_, err = bundle.api.Drafts.Send("me", &api.Draft{Id: draft.Id}).Do()
	require.Equal(t, 404, googleError(t, err).Code)
	require.Equal(t, "notFound", googleError(t, err).Errors[0].Reason)
	_, err = bundle.api.Drafts.Get("me", draft.Id).Do()
	require.Equal(t, 404, googleError(t, err).Code)

	thread, err := bundle.api.Threads.Get("me", asked.ThreadId).Format("metadata").MetadataHeaders("X-Support-Outbound-Id", "Message-ID").Do()
	require.NoError(t, err)
	require.Len(t, thread.Messages, 2)
	found := map[string]string{}
	for _, header := range thread.Messages[1].Payload.Headers {
		found[header.Name] = header.Value
	}
	require.Equal(t, "turn/answer/1", found["X-Support-Outbound-Id"])
	require.Regexp(t, gmailID, found["Message-ID"])
	require.Len(t, found, 2)

	log := bundle.sim.Sent()
	require.Len(t, log, 1)
	require.Equal(t, sent.Id, log[0].ID)
	require.Equal(t, []string{customer}, log[0].To)
	require.Equal(t, "turn/answer/1", log[0].Headers.Get("X-Support-Outbound-Id"))
	require.Equal(t, "Open Settings.", log[0].Text)
	played := bundle.sim.Mailbox(customer)
	require.Len(t, played, 2)
	require.Equal(t, "Re: Password", played[1].Header("Subject"))

	// The customer answers to the Message-ID that Gmail gave.
	id, err = bundle.sim.Deliver(mailText(map[string]string{
		"From": customer, "To": mailbox, "Subject": "AW: Re: Password", "Message-ID": "<q2@customer.example>", "In-Reply-To": found["Message-ID"],
	}, "Thanks"))
	require.NoError(t, err)
	answered, err := bundle.api.Messages.Get("me", id).Format("minimal").Do()
	require.NoError(t, err)
	require.Equal(t, asked.ThreadId, answered.ThreadId)
}

func TestDraftsCanBeDeleted(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	draft, err := bundle.api.Drafts.Create("me", &api.Draft{Message: &api.Message{Raw: encoded(reply("", "Hi"))}}).Do()
	require.NoError(t, err)
	require.Len(t, bundle.sim.Drafts(mailbox), 1)
	require.NoError(t, bundle.api.Drafts.Delete("me", draft.Id).Do())
	require.Empty(t, bundle.sim.Drafts(mailbox))
	require.Equal(t, 404, googleError(t, bundle.api.Drafts.Delete("me", draft.Id).Do()).Code)
}

func TestSend(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{KeepMessageID: true, Mailboxes: []string{"sales@example.com"}})
	sent, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Hello"))}).Do()
	require.NoError(t, err)
	require.Equal(t, []string{"SENT"}, sent.LabelIds)
	require.Equal(t, "<ours@example.com>", bundle.sim.Sent()[0].Headers.Get("Message-ID"))

	_, err = bundle.api.Messages.Send("me", &api.Message{Raw: encoded(mailText(map[string]string{"From": mailbox, "Subject": "x"}, "y"))}).Do()
	require.Equal(t, 400, googleError(t, err).Code)
	_, err = bundle.api.Messages.Send("me", &api.Message{Raw: "%%%"}).Do()
	require.Equal(t, 400, googleError(t, err).Code)
	_, err = bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Hello")), ThreadId: "1234"}).Do()
	require.Equal(t, 404, googleError(t, err).Code)

	// A mail to another mailbox of ours arrives there.
	_, err = bundle.api.Messages.Send("me", &api.Message{Raw: encoded(mailText(map[string]string{
		"From": "Somebody else <other@example.com>", "To": "Sales <sales+x@example.com>", "Subject": "Hand over",
	}, "text"))}).Do()
	require.NoError(t, err)
	require.Equal(t, `"Somebody else" <support@example.com>`, bundle.sim.Sent()[1].Headers.Get("From"))
	sales := service(t, bundle.sim, bundle.url, "sales@example.com")
	found, err := sales.Messages.List("me").LabelIds("INBOX").Do()
	require.NoError(t, err)
	require.Len(t, found.Messages, 1)
}

func TestUploads(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	id, err := bundle.sim.Deliver(question("<q1@customer.example>", "Password"))
	require.NoError(t, err)
	big := append(reply("<q1@customer.example>", "Re: Password"), bytes.Repeat([]byte("0123456789\r\n"), 600_000)...)
	media := googleapi.ContentType("message/rfc822")
	asked, err := bundle.api.Messages.Get("me", id).Format("minimal").Do()
	require.NoError(t, err)
	draft, err := bundle.api.Drafts.Create("me", &api.Draft{Message: &api.Message{ThreadId: asked.ThreadId}}).Media(bytes.NewReader(big), media).Do()
	require.NoError(t, err)
	require.Equal(t, asked.ThreadId, draft.Message.ThreadId)
	_, err = bundle.api.Drafts.Send("me", &api.Draft{Id: draft.Id}).Do()
	require.NoError(t, err)
	sent, err := bundle.api.Messages.Send("me", nil).Media(bytes.NewReader(reply("", "Small")), media).Do()
	require.NoError(t, err)
	require.NotEqual(t, asked.ThreadId, sent.ThreadId)
	require.Greater(t, len(bundle.sim.Sent()[0].Raw), 7_000_000)
	_, err = bundle.api.Messages.Send("me", nil).Media(bytes.NewReader([]byte("x")), googleapi.ContentType("text/plain")).Do()
	require.Equal(t, 400, googleError(t, err).Code)
}

func TestThreadNeedsSubjectAndReference(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	id, err := bundle.sim.Deliver(question("<q1@customer.example>", "Password"))
	require.NoError(t, err)
	asked, err := bundle.api.Messages.Get("me", id).Format("minimal").Do()
	require.NoError(t, err)
	for name, raw := range map[string][]byte{
		"other subject": reply("<q1@customer.example>", "Something else"),
		"no reference":  reply("", "Re: Password"),
	} {
		sent, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(raw), ThreadId: asked.ThreadId}).Do()
		require.NoError(t, err)
		require.NotEqual(t, asked.ThreadId, sent.ThreadId, name)
	}
	sent, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("<q1@customer.example>", "Re: Password"))}).Do()
	require.NoError(t, err)
	require.Equal(t, asked.ThreadId, sent.ThreadId)
}

func TestSendAcceptedButNotAnswered(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	draft, err := bundle.api.Drafts.Create("me", &api.Draft{Message: &api.Message{Raw: encoded(reply("", "Hello"))}}).Do()
	require.NoError(t, err)
	bundle.sim.SetFault(wire.Fault{Match: "drafts/send", Mode: wire.AcceptThenDrop})
	_, err = bundle.api.Drafts.Send("me", &api.Draft{Id: draft.Id}).Do()
	require.Error(t, err)
	require.Len(t, bundle.sim.Sent(), 1)

	bundle.sim.SetFault(gmail.ErrorFault(403, "userRateLimitExceeded", "User Rate Limit Exceeded", 30))
	_, err = bundle.api.GetProfile("me").Do()
	problem := googleError(t, err)
	require.Equal(t, 403, problem.Code)
	require.Equal(t, "userRateLimitExceeded", problem.Errors[0].Reason)
	require.Equal(t, "30", problem.Header.Get("Retry-After"))
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "gmail.jsonl")
	first := setup(t, gmail.Options{StateFile: state})
	_, err := first.sim.Deliver(question("<q1@customer.example>", "Password"))
	require.NoError(t, err)
	draft, err := first.api.Drafts.Create("me", &api.Draft{Message: &api.Message{Raw: encoded(reply("<q1@customer.example>", "Re: Password"))}}).Do()
	require.NoError(t, err)
	sent, err := first.api.Messages.Send("me", &api.Message{Raw: encoded(reply("<q1@customer.example>", "Re: Password"))}).Do()
	require.NoError(t, err)

	second := setup(t, gmail.Options{StateFile: state})
	require.Equal(t, first.sim.HistoryID(mailbox), second.sim.HistoryID(mailbox))
	require.Equal(t, first.sim.Sent(), second.sim.Sent())
	require.Equal(t, first.sim.Mailbox(customer), second.sim.Mailbox(customer))
	again, err := second.api.Drafts.Send("me", &api.Draft{Id: draft.Id}).Do()
	require.NoError(t, err)
	require.Equal(t, sent.ThreadId, again.ThreadId)
	require.NoError(t, second.sim.WaitFor(deadline(t), func(all []gmail.Sent) bool { return len(all) == 2 }))
}
