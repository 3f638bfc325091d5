package gmail_test

import (
	"context"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	api "google.golang.org/api/gmail/v1"

	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestEveryPresetIsListedWithWhatItDoes(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	res, err := http.Get(bundle.url + "/_sim/faults")
	require.NoError(t, err)
	defer res.Body.Close()
	var all []wire.Switch
	require.NoError(t, json.NewDecoder(res.Body).Decode(&all))
	var names []string
	for _, s := range all {
		require.Regexp(t, `^[A-Z].*\.$`, s.Does)
		names = append(names, s.Name)
	}
	slices.Sort(names)
	require.Equal(t, names, slices.Compact(slices.Clone(names)), "names are unique")
}

func TestErrorsByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		status int
		reason string
	}{
		"user-rate-limit":          {403, "userRateLimitExceeded"},
		"rate-limit":               {403, "rateLimitExceeded"},
		"daily-limit":              {403, "dailyLimitExceeded"},
		"too-many-requests":        {429, "rateLimitExceeded"},
		"insufficient-permissions": {403, "insufficientPermissions"},
		"domain-policy":            {403, "domainPolicy"},
		"expired-token":            {401, "authError"},
		"error-500":                {500, "backendError"},
		"error-503":                {503, "backendError"},
		"html-502":                 {502, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, gmail.Options{})
			require.NoError(t, bundle.sim.SwitchOn(name, 0))
			_, err := bundle.api.GetProfile("me").Do()
			problem := googleError(t, err)
			require.Equal(t, want.status, problem.Code)
			if want.reason != "" {
				require.Equal(t, want.reason, problem.Errors[0].Reason)
			}
			_, err = bundle.api.GetProfile("me").Do()
			require.NoError(t, err, "it happens once")
		})
	}
}

func TestDelegationMissing(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	require.NoError(t, bundle.sim.SwitchOn("delegation-missing", 0))
	_, err := bundle.api.GetProfile("me").Do()
	require.ErrorContains(t, err, "unauthorized_client")
}

func TestForgottenHistoryAndEndedWatch(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	watched, err := bundle.api.Watch("me", &api.WatchRequest{TopicName: "projects/p/topics/t"}).Do()
	require.NoError(t, err)
	require.NoError(t, bundle.sim.SwitchOn("history-404", 0))
	require.NoError(t, bundle.sim.SwitchOn("watch-expired", 0))
	_, err = bundle.api.History.List("me").StartHistoryId(watched.HistoryId).Do()
	require.Equal(t, http.StatusNotFound, googleError(t, err).Code)
	require.True(t, bundle.sim.Watched(mailbox).IsZero())
}

func TestPushes(t *testing.T) {
	t.Parallel()
	pushed := make(chan uint64, 10)
	bundle := setup(t, gmail.Options{AlwaysPush: true, OnChange: func(_ context.Context, _ string, id uint64) { pushed <- id }})
	arrive := func() uint64 {
		_, err := bundle.sim.Deliver(question("", "Hello"))
		require.NoError(t, err)
		return bundle.sim.HistoryID(mailbox)
	}
	news := func(since uint64) (int, uint64) {
		list, err := bundle.api.History.List("me").StartHistoryId(since).Do()
		require.NoError(t, err)
		return len(list.History), list.HistoryId
	}
	require.NoError(t, bundle.sim.SwitchOn(gmail.LostPush, 0))
	lost := arrive()
	found := arrive()
	require.Equal(t, found, <-pushed)
	require.NotEqual(t, lost, found)

	require.NoError(t, bundle.sim.SwitchOn(gmail.EarlyPush, 0))
	early := arrive()
	require.Equal(t, early, <-pushed)
	n, cursor := news(found)
	require.Zero(t, n)
	require.Equal(t, found, cursor, "whoever goes on from here loses nothing")
	n, cursor = news(cursor)
	require.Equal(t, 1, n)
	require.Equal(t, early, cursor)
}

func TestLatePush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pushed atomic.Int32
		sim, err := gmail.New(gmail.Options{
			Mailboxes: []string{mailbox}, AlwaysPush: true,
			OnChange: func(context.Context, string, uint64) { pushed.Add(1) },
		})
		require.NoError(t, err)
		require.NoError(t, sim.SwitchOn(gmail.LatePush, 0))
		_, err = sim.Deliver(question("", "Hello"))
		require.NoError(t, err)
		<-time.After(4 * time.Second)
		synctest.Wait()
		require.Zero(t, pushed.Load())
		<-time.After(2 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 1, pushed.Load())
		require.NoError(t, sim.Close())
	})
}

func TestMessageIDIsKeptWhileAsked(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	sent := func() string {
		_, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Hi"))}).Do()
		require.NoError(t, err)
		all := bundle.sim.Sent()
		return all[len(all)-1].Headers.Get("Message-ID")
	}
	require.NotEqual(t, "<ours@example.com>", sent())
	require.NoError(t, bundle.sim.SwitchOn(gmail.MessageIDKept, 0))
	require.Equal(t, "<ours@example.com>", sent())
	require.Equal(t, "<ours@example.com>", sent())
	bundle.sim.Faults().SwitchOff(gmail.MessageIDKept)
	require.NotEqual(t, "<ours@example.com>", sent())
}

func TestBounces(t *testing.T) {
	t.Parallel()
	for kind, want := range map[gmail.BounceKind][]string{
		gmail.BounceUnknown: {"Action: failed", "Status: 5.1.1"},
		gmail.BounceFull:    {"Action: failed", "Status: 5.2.2"},
		gmail.BounceDelayed: {"Action: delayed", "Status: 4.4.1"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bundle := setup(t, gmail.Options{})
			require.NoError(t, bundle.sim.SwitchOn(string(kind), 0))
			sent, err := bundle.api.Messages.Send("me", &api.Message{Raw: encoded(reply("", "Hi"))}).Do()
			require.NoError(t, err)
			thread, err := bundle.api.Threads.Get("me", sent.ThreadId).Format("metadata").Do()
			require.NoError(t, err)
			require.Len(t, thread.Messages, 2)
			notice := bundle.sim.Mailbox("mailer-daemon@googlemail.com")
			require.Len(t, notice, 1)
			read, err := mail.ReadMessage(strings.NewReader(string(notice[0].Raw)))
			require.NoError(t, err)
			require.Equal(t, "<>", read.Header.Get("Return-Path"))
			require.Equal(t, bundle.sim.Sent()[0].Headers.Get("Message-ID"), read.Header.Get("In-Reply-To"))
			media, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
			require.NoError(t, err)
			require.Equal(t, "multipart/report", media)
			require.Equal(t, "delivery-status", params["report-type"])
			parts := multipart.NewReader(read.Body, params["boundary"])
			var kinds []string
			for {
				part, err := parts.NextPart()
				if err != nil {
					break
				}
				kinds = append(kinds, part.Header.Get("Content-Type"))
			}
			require.Equal(t, []string{`text/plain; charset="UTF-8"`, "message/delivery-status", "message/rfc822"}, kinds)
			for _, line := range append(want, "Final-Recipient: rfc822; "+customer, "X-Support-Outbound-Id: turn/answer/1") {
				require.Contains(t, string(notice[0].Raw), line)
			}
		})
	}
	bundle := setup(t, gmail.Options{})
	_, err := bundle.sim.Bounce("unknown", gmail.BounceUnknown)
	require.Error(t, err)
}

func TestSpamAndItsRescue(t *testing.T) {
	t.Parallel()
	bundle := setup(t, gmail.Options{})
	require.NoError(t, bundle.sim.SwitchOn(gmail.Spam, 0))
	id, err := bundle.sim.Deliver(question("<q1@customer.example>", "Hello"))
	require.NoError(t, err)
	shown, err := bundle.api.Messages.Get("me", id).Format("minimal").Do()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"SPAM", "UNREAD"}, shown.LabelIds)
	before := bundle.sim.HistoryID(mailbox)

	require.NoError(t, bundle.sim.Rescue(mailbox, id))
	list, err := bundle.api.History.List("me").StartHistoryId(before).Do()
	require.NoError(t, err)
	require.Len(t, list.History, 2)
	gone, come := list.History[0].LabelsRemoved[0], list.History[1].LabelsAdded[0]
	require.Equal(t, []string{"SPAM"}, gone.LabelIds)
	require.Equal(t, []string{"INBOX"}, come.LabelIds)
	for _, m := range []*api.Message{gone.Message, come.Message} {
		require.Equal(t, id, m.Id)
		require.ElementsMatch(t, []string{"INBOX", "UNREAD"}, m.LabelIds)
	}
	require.Error(t, bundle.sim.Rescue(mailbox, id), "it is no spam any more")

	second, err := bundle.sim.DeliverWith(question("<q2@customer.example>", "Again"), gmail.DeliverOptions{Labels: []string{"SPAM"}})
	require.NoError(t, err)
	require.NoError(t, bundle.sim.SwitchOn("rescue-spam", 0))
	shown, err = bundle.api.Messages.Get("me", second).Format("minimal").Do()
	require.NoError(t, err)
	require.Equal(t, []string{"INBOX"}, shown.LabelIds)

	_, err = bundle.api.Messages.Modify("me", id, &api.ModifyMessageRequest{AddLabelIds: []string{"INBOX"}, RemoveLabelIds: []string{"SPAM"}}).Do()
	require.NoError(t, err)
	list, err = bundle.api.History.List("me").StartHistoryId(before).LabelId("INBOX").Do()
	require.NoError(t, err)
	require.Len(t, list.History, 4, "a change that changes nothing leaves no record")
}
