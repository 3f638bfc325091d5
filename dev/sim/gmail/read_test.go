package gmail_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	api "google.golang.org/api/gmail/v1"

	"github.com/digital-fte/fte/dev/sim/gmail"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	raw := mailText(map[string]string{
		"From": "Ada <" + customer + ">", "To": "Support <support+t1@example.com>", "Subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
		"Message-ID": "<q1@customer.example>", "Content-Type": `multipart/mixed; boundary="b"`,
	}, "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n--b\r\n"+
		"Content-Type: text/csv\r\nContent-Disposition: attachment; filename=\"a.csv\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxiCg==\r\n--b--\r\n")
	id, err := bundle.sim.Deliver(raw)
	require.NoError(t, err)

	whole, err := bundle.api.Messages.Get("me", id).Format("raw").Do()
	require.NoError(t, err)
	decoded, err := base64.URLEncoding.DecodeString(whole.Raw)
	require.NoError(t, err)
	require.Contains(t, string(decoded), string(raw))
	require.Contains(t, string(decoded), "Delivered-To: support+t1@example.com\r\n")
	require.Contains(t, string(decoded), "dmarc=pass")
	require.Equal(t, []string{"INBOX", "UNREAD"}, whole.LabelIds)
	require.WithinDuration(t, time.Now(), time.UnixMilli(whole.InternalDate), time.Minute)
	require.Equal(t, "Grüße", whole.Snippet)

	full, err := bundle.api.Messages.Get(mailbox, id).Do()
	require.NoError(t, err)
	require.Equal(t, "multipart/mixed", full.Payload.MimeType)
	require.Len(t, full.Payload.Parts, 2)
	body, err := base64.URLEncoding.DecodeString(full.Payload.Parts[0].Body.Data)
	require.NoError(t, err)
	require.Equal(t, "Grüße", string(body))
	require.Equal(t, "a.csv", full.Payload.Parts[1].Filename)
	attachment, err := bundle.api.Messages.Attachments.Get("me", id, full.Payload.Parts[1].Body.AttachmentId).Do()
	require.NoError(t, err)
	require.Equal(t, base64.URLEncoding.EncodeToString([]byte("a,b\n")), attachment.Data)

	brief, err := bundle.api.Messages.Get("me", id).Format("metadata").MetadataHeaders("subject").Do()
	require.NoError(t, err)
	require.Len(t, brief.Payload.Headers, 1)
	require.Equal(t, "Grüße", brief.Payload.Headers[0].Value)

	require.NoError(t, bundle.sim.Delete(mailbox, id))
	_, err = bundle.api.Messages.Get("me", id).Do()
	require.Equal(t, 404, googleError(t, err).Code)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	profile, err := bundle.api.GetProfile("me").Do()
	require.NoError(t, err)
	require.Equal(t, mailbox, profile.EmailAddress)
	var ids []string
	for i := range 5 {
		id, err := bundle.sim.Deliver(question(fmt.Sprintf("<q%d@customer.example>", i), "Password"))
		require.NoError(t, err)
		ids = append(ids, id)
	}
	_, err = bundle.api.Messages.Modify("me", ids[0], &api.ModifyMessageRequest{RemoveLabelIds: []string{"UNREAD"}}).Do()
	require.NoError(t, err)

	var seen []string
	var last uint64
	pages := 0
	err = bundle.api.History.List("me").StartHistoryId(profile.HistoryId).HistoryTypes("messageAdded").MaxResults(2).
		Pages(t.Context(), func(page *api.ListHistoryResponse) error {
			pages++
			for _, record := range page.History {
				require.Greater(t, record.Id, last)
				last = record.Id
				seen = append(seen, record.MessagesAdded[0].Message.Id)
			}
			require.Equal(t, bundle.sim.HistoryID(mailbox), page.HistoryId)
			return nil
		})
	require.NoError(t, err)
	require.Equal(t, 3, pages)
	require.Equal(t, ids, seen)

	everything, err := bundle.api.History.List("me").StartHistoryId(profile.HistoryId).Do()
	require.NoError(t, err)
	require.Len(t, everything.History, 6)
	none, err := bundle.api.History.List("me").StartHistoryId(everything.HistoryId).Do()
	require.NoError(t, err)
	require.Empty(t, none.History)

	require.NoError(t, bundle.sim.ExpireHistory(mailbox))
	_, err = bundle.api.History.List("me").StartHistoryId(everything.HistoryId).Do()
	require.Equal(t, 404, googleError(t, err).Code)
	profile, err = bundle.api.GetProfile("me").Do()
	require.NoError(t, err)
	_, err = bundle.api.History.List("me").StartHistoryId(profile.HistoryId).Do()
	require.NoError(t, err)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	now := time.Now()
	deliver := func(id string, options gmail.DeliverOptions) string {
		delivered, err := bundle.sim.DeliverWith(question(id, "Password"), options)
		require.NoError(t, err)
		return delivered
	}
	old := deliver("<old@customer.example>", gmail.DeliverOptions{At: now.Add(-48 * time.Hour)})
	recent := deliver("<new@customer.example>", gmail.DeliverOptions{})
	spam := deliver("<spam@customer.example>", gmail.DeliverOptions{Labels: []string{gmail.LabelSpam}})
	sent, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Hello"))}).Do()
	require.NoError(t, err)
	list := func(q string) []string {
		var ids []string
		require.NoError(t, bundle.api.Messages.List("me").Q(q).MaxResults(1).Pages(t.Context(), func(page *api.ListMessagesResponse) error {
			for _, m := range page.Messages {
				ids = append(ids, m.Id)
			}
			return nil
		}))
		return ids
	}
	require.Equal(t, []string{sent.Id, recent, old}, list(""))
	require.Equal(t, []string{recent}, list(fmt.Sprintf("after:%d -in:sent", now.Add(-time.Hour).Unix())))
	require.Equal(t, []string{old}, list("rfc822msgid:old@customer.example"))
	require.Equal(t, []string{sent.Id}, list("in:sent"))
	found, err := bundle.api.Messages.List("me").LabelIds("SPAM").Do()
	require.NoError(t, err)
	require.Equal(t, spam, found.Messages[0].Id)
	_, err = bundle.api.Messages.List("me").Q("size:5").Do()
	require.Equal(t, 400, googleError(t, err).Code)
}

func TestWatchAndPush(t *testing.T) {
	t.Parallel()
	pushes := make(chan uint64, 10)
	bundle := setup(t, gmail.Options{OnChange: func(_ context.Context, address string, historyID uint64) {
		if address == mailbox {
			pushes <- historyID
		}
	}})
	_, err := bundle.sim.Deliver(question("<q0@customer.example>", "Password"))
	require.NoError(t, err)

	_, err = bundle.api.Watch("me", &api.WatchRequest{TopicName: "topic"}).Do()
	require.Equal(t, 400, googleError(t, err).Code)
	started, err := bundle.api.Watch("me", &api.WatchRequest{TopicName: "projects/p/topics/t", LabelIds: []string{"INBOX"}, LabelFilterBehavior: "INCLUDE"}).Do()
	require.NoError(t, err)
	require.Equal(t, bundle.sim.HistoryID(mailbox), started.HistoryId)
	require.WithinDuration(t, time.Now().AddDate(0, 0, 7), time.UnixMilli(started.Expiration), time.Hour)
	require.WithinDuration(t, time.UnixMilli(started.Expiration), bundle.sim.Watched(mailbox), time.Second)

	_, err = bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Not in the inbox"))}).Do()
	require.NoError(t, err)
	_, err = bundle.sim.Deliver(question("<q1@customer.example>", "Password"))
	require.NoError(t, err)
	select {
	case historyID := <-pushes:
		require.Equal(t, bundle.sim.HistoryID(mailbox), historyID)
	case <-deadline(t).Done():
		require.FailNow(t, "no push")
	}
	require.NoError(t, bundle.api.Stop("me").Do())
	require.Zero(t, bundle.sim.Watched(mailbox))
	require.Empty(t, pushes)
}
