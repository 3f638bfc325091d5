package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

func (w *world) sync() (ticket.SyncMailboxResult, error) {
	return run(w, w.acts().SyncMailbox, ticket.SyncMailboxInput{Mailbox: mailbox})
}

// synced is a world whose mailbox has been read before.
func synced(t *testing.T) *world {
	t.Helper()
	w := newWorld(t).withGmail()
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, ticket.SyncMailboxResult{}, res)
	return w
}

// receive lets a mail of the customer arrive and returns its id.
func (w *world) receive(messageID string, options gmail.DeliverOptions) string {
	w.t.Helper()
	id, err := w.gmail.DeliverWith(question("Login", messageID, ""), options)
	require.NoError(w.t, err)
	return id
}

// published returns the Gmail ids of the published mails, in order.
func (w *world) publishedMails() []string {
	w.t.Helper()
	var ids []string
	for _, e := range w.published.of(ticket.TopicEmailInbound) {
		ids = append(ids, valueOf[ticket.EmailRaw](w.t, e).GmailID)
	}
	return ids
}

func (w *world) cursor() int64 {
	w.t.Helper()
	box, err := w.db.GetMailbox(w.t.Context(), mailbox)
	require.NoError(w.t, err)
	return box.Cursor
}

func TestTheFirstSyncBeginsAtThePresent(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	w.receive("<old@kunde.example>", gmail.DeliverOptions{})
	res, err := w.sync()
	require.NoError(t, err)
	require.Zero(t, res.Mails)
	require.Empty(t, w.publishedMails())
	require.EqualValues(t, w.gmail.HistoryID(mailbox), w.cursor())

	id := w.receive("<new@kunde.example>", gmail.DeliverOptions{})
	res, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, 1, res.Mails)
	require.Equal(t, []string{id}, w.publishedMails())
	require.EqualValues(t, w.gmail.HistoryID(mailbox), w.cursor())
	res, err = w.sync()
	require.NoError(t, err)
	require.Zero(t, res.Mails)
}

func TestAMailIsStoredAndItsReferencePublished(t *testing.T) {
	t.Parallel()
	w := synced(t)
	id := w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	_, err := w.sync()
	require.NoError(t, err)
	event := w.published.of(ticket.TopicEmailInbound)[0]
	require.Equal(t, address, event.Key)
	require.Equal(t, "gmail:"+mailbox+":"+id, event.ID)
	require.Equal(t, ticket.TypeEmailRaw, event.Type)
	value := valueOf[ticket.EmailRaw](t, event)
	require.Equal(t, mailbox, value.Mailbox)
	require.Equal(t, w.gmail.Mailbox(address)[0].ThreadID, value.ThreadID)
	raw, err := w.db.RawEvent(t.Context(), value.RawRef)
	require.NoError(t, err)
	require.Equal(t, w.gmail.Mailbox(address)[0].Raw, raw.Body)
	require.Equal(t, []string{"INBOX", "UNREAD"}, raw.Labels)
	require.WithinDuration(t, time.Now(), raw.ProviderAt, time.Minute)
	require.NotContains(t, string(event.Value), address)
}

func TestNoMailIsLostBetweenStoreAndCursor(t *testing.T) {
	t.Parallel()
	w := synced(t)
	before := w.cursor()
	first := w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	second := w.receive("<q2@kunde.example>", gmail.DeliverOptions{})
	w.published.failNext(1)
	_, err := w.sync()
	requireRefused(t, err, ticket.CodeUnavailable, false)
	require.Equal(t, before, w.cursor())
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM raw_events"))

	// Stored and not published: it must not matter that it is gone by now.
	require.NoError(t, w.gmail.Delete(mailbox, first))
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, 2, res.Mails)
	require.Equal(t, []string{first, second}, w.publishedMails())
	require.Greater(t, w.cursor(), before)
	for _, e := range w.published.of(ticket.TopicEmailInbound) {
		require.Equal(t, address, e.Key)
		value := valueOf[ticket.EmailRaw](t, e)
		require.NotEmpty(t, value.ThreadID)
		_, err := w.db.RawEvent(t.Context(), value.RawRef)
		require.NoError(t, err)
	}
}

func TestWhatIsStoredIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	w := synced(t)
	first := w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	second := w.receive("<q2@kunde.example>", gmail.DeliverOptions{})
	down := gmail.ErrorFault(503, "backendError", "down", 0)
	down.Match = readsMail + second
	w.gmail.SetFault(down)
	_, err := w.sync()
	requireRefused(t, err, ticket.CodeUnavailable, false)
	w.gmail.SetFault(wire.Fault{Match: readsMail + first, Status: 500, Times: -1})
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, []string{first, first, second}, w.publishedMails())
}

func TestAMailDeletedMeanwhileIsSkipped(t *testing.T) {
	t.Parallel()
	w := synced(t)
	gone := w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	id := w.receive("<q2@kunde.example>", gmail.DeliverOptions{})
	require.NoError(t, w.gmail.Delete(mailbox, gone))
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, 1, res.Mails)
	require.Equal(t, []string{id}, w.publishedMails())
}

func TestSpamAndDraftsAreNoneOfOurBusiness(t *testing.T) {
	t.Parallel()
	w := synced(t)
	for _, label := range []string{gmail.LabelSpam, gmail.LabelTrash, gmail.LabelDraft} {
		w.receive("<"+label+"@kunde.example>", gmail.DeliverOptions{Labels: []string{label}})
	}
	res, err := w.sync()
	require.NoError(t, err)
	require.Zero(t, res.Mails)
}

// What a person sends from the mailbox has to be seen, and so has what we send:
// intake knows them apart.
func TestSentMailsAreHandedOn(t *testing.T) {
	t.Parallel()
	w := synced(t)
	byHand, err := w.gmail.SendByHand(mailbox, []byte("From: "+mailbox+"\r\nTo: "+address+"\r\nSubject: Login\r\n\r\nI take over.\r\n"), "")
	require.NoError(t, err)
	turn, draft := w.onForm("Open the settings.")
	_, err = w.send(turn, draft)
	require.NoError(t, err)
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, []string{byHand, w.gmail.Sent()[1].ID}, w.publishedMails())
	require.Equal(t, "2", w.scalar("SELECT count(*)::text FROM raw_events WHERE labels = '{SENT}'"))
}

func TestALostCursorIsMadeUpFor(t *testing.T) {
	t.Parallel()
	w := synced(t)
	w.exec("UPDATE mailboxes SET synced_at = now() - interval '2 days'")
	w.receive("<ancient@kunde.example>", gmail.DeliverOptions{At: time.Now().Add(-72 * time.Hour)})
	first := w.receive("<q1@kunde.example>", gmail.DeliverOptions{At: time.Now().Add(-48 * time.Hour)})
	second := w.receive("<q2@kunde.example>", gmail.DeliverOptions{At: time.Now().Add(-time.Minute)})
	w.receive("<spam@kunde.example>", gmail.DeliverOptions{Labels: []string{gmail.LabelSpam}})
	require.NoError(t, w.gmail.ExpireHistory(mailbox))
	w.published.failNext(1)
	_, err := w.sync()
	requireRefused(t, err, ticket.CodeUnavailable, false)

	res, err := w.sync()
	require.NoError(t, err)
	require.True(t, res.Resynced)
	require.Equal(t, 2, res.Mails)
	require.Equal(t, []string{first, second}, w.publishedMails(), "oldest first")
	require.EqualValues(t, w.gmail.HistoryID(mailbox), w.cursor())

	third := w.receive("<q3@kunde.example>", gmail.DeliverOptions{})
	res, err = w.sync()
	require.NoError(t, err)
	require.False(t, res.Resynced)
	require.Equal(t, []string{first, second, third}, w.publishedMails())
}

func TestAMailWithoutSenderHasAKey(t *testing.T) {
	t.Parallel()
	w := synced(t)
	_, err := w.gmail.Deliver([]byte("To: " + mailbox + "\r\nSubject: ?\r\n\r\nhello\r\n"))
	require.NoError(t, err)
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, mailbox, w.published.of(ticket.TopicEmailInbound)[0].Key)
}

// archived is a mailbox whose mails have no label any more.
type archived struct{ activities.Gmail }

func (a archived) Raw(ctx context.Context, gmailID string) (raw []byte, threadID string, at time.Time, labels []string, err error) {
	raw, threadID, at, _, err = a.Gmail.Raw(ctx, gmailID)
	return raw, threadID, at, nil, err
}

func TestAnArchivedMailHasNoLabels(t *testing.T) {
	t.Parallel()
	w := synced(t)
	w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	w.options.Gmail = archived{w.options.Gmail}
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, 1, res.Mails)
}

func TestAMailboxWeMayNotReadIsForTheOperator(t *testing.T) {
	t.Parallel()
	w := synced(t)
	w.gmail.SetFault(gmail.ErrorFault(403, "insufficientPermissions", "no", 0))
	_, err := w.sync()
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	w.gmail.SetFault(gmail.ErrorFault(403, "rateLimitExceeded", "slow down", 11))
	_, err = w.sync()
	requireRefused(t, err, ticket.CodeRateLimited, false)
	require.Equal(t, 11*time.Second, refusal(t, err).NextRetryDelay())

	_, err = run(w, w.acts().SyncMailbox, ticket.SyncMailboxInput{Mailbox: "other@firnwacht.example"})
	requireRefused(t, err, ticket.CodeUnauthorized, true)
	w.options.Gmail = nil
	_, err = w.sync()
	requireRefused(t, err, ticket.CodeUnauthorized, true)
}

func TestSpamThatAPersonRescues(t *testing.T) {
	t.Parallel()
	w := synced(t)
	id := w.receive("<q1@kunde.example>", gmail.DeliverOptions{Labels: []string{gmail.LabelSpam}})
	res, err := w.sync()
	require.NoError(t, err)
	require.Zero(t, res.Mails)
	require.NoError(t, w.gmail.Rescue(mailbox, id))
	res, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, 1, res.Mails)
	require.Equal(t, []string{id}, w.publishedMails())
	require.Equal(t, "{INBOX}", w.scalar("SELECT labels::text FROM raw_events"))

	both := w.receive("<q2@kunde.example>", gmail.DeliverOptions{Labels: []string{gmail.LabelSpam}})
	require.NoError(t, w.gmail.Rescue(mailbox, both))
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, []string{id, both}, w.publishedMails(), "it came and was rescued between two looks")
}

// unarchiving is a mailbox in which somebody moves a mail to the inbox.
type unarchiving struct {
	activities.Gmail
	moved []string
}

func (u unarchiving) Changes(ctx context.Context, start uint64) ([]email.MessageRef, uint64, error) {
	refs, next, err := u.Gmail.Changes(ctx, start)
	for _, id := range u.moved {
		refs = append(refs, email.MessageRef{GmailID: id, Moved: true})
	}
	return refs, next, err
}

func TestAMailFromBeforeOurTimeStaysUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	ancient := w.receive("<ancient@kunde.example>", gmail.DeliverOptions{At: time.Now().Add(-72 * time.Hour)})
	_, err := w.sync()
	require.NoError(t, err)
	first := w.receive("<q1@kunde.example>", gmail.DeliverOptions{At: time.Now().Add(-time.Hour)})
	_, err = w.sync()
	require.NoError(t, err)
	thrown := w.receive("<q2@kunde.example>", gmail.DeliverOptions{Labels: []string{gmail.LabelTrash}})
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, []string{first}, w.publishedMails())

	w.options.Gmail = unarchiving{w.options.Gmail, []string{ancient, thrown, first}}
	_, err = w.sync()
	require.NoError(t, err)
	require.NotContains(t, w.publishedMails(), ancient)
	require.NotContains(t, w.publishedMails(), thrown, "it still lies in the trash")
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM raw_events"))
}

// TestAnOutageOfTwoDaysHealsByItself lets everything fail for two days, with
// mail coming all the time and Gmail forgetting meanwhile how far we were.
func TestAnOutageOfTwoDaysHealsByItself(t *testing.T) {
	t.Parallel()
	for name, forgets := range map[string]bool{"the cursor still holds": false, "the cursor is forgotten": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := synced(t)
			w.exec("UPDATE mailboxes SET synced_at = now() - interval '2 days'")
			down := gmail.ErrorFault(503, "backendError", "down", 0)
			down.Times = -1
			w.gmail.SetFault(down)
			var want []string
			for i := range 48 {
				at := time.Now().Add(time.Duration(i-48) * time.Hour)
				want = append(want, w.receive(fmt.Sprintf("<q%d@kunde.example>", i), gmail.DeliverOptions{At: at}))
				_, err := w.sync()
				requireRefused(t, err, ticket.CodeUnavailable, false)
			}
			if forgets {
				require.NoError(t, w.gmail.ExpireHistory(mailbox))
			}
			w.gmail.Faults().Clear()
			res, err := w.sync()
			require.NoError(t, err)
			require.Equal(t, forgets, res.Resynced)
			require.Equal(t, want, w.publishedMails(), "each once, oldest first")
			res, err = w.sync()
			require.NoError(t, err)
			require.Zero(t, res.Mails)
		})
	}
}

// gauge keeps what it was set to.
type gauge struct{ value float64 }

func (g *gauge) Set(value float64) { g.value = value }

func TestAWatchThatRunsOutIsNoticed(t *testing.T) {
	t.Parallel()
	const alarm = "gmail pushes end soon"
	w := newWorld(t).withGmail()
	left := &gauge{}
	w.options.PubSubTopic, w.options.WatchLeft = "projects/p/topics/gmail", left
	_, err := w.sync()
	require.NoError(t, err)
	require.InDelta(t, (7 * 24 * time.Hour).Seconds(), left.value, 60)
	refused := gmail.ErrorFault(403, "forbidden", "no right to publish", 0)
	refused.Match, refused.Times = "/watch", -1
	w.gmail.SetFault(refused)

	w.exec("UPDATE mailboxes SET watch_expires_at = now() + interval '49 hours'")
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, 2, res.WatchDays)
	require.NotContains(t, w.log.String(), alarm)

	w.exec("UPDATE mailboxes SET watch_expires_at = now() + interval '47 hours'")
	res, err = w.sync()
	require.NoError(t, err)
	require.Negative(t, res.WatchDays)
	require.Contains(t, w.log.String(), alarm)
	require.InDelta(t, (47 * time.Hour).Seconds(), left.value, 60)

	w.exec("UPDATE mailboxes SET watch_expires_at = now() - interval '1 day'")
	res, err = w.sync()
	require.NoError(t, err)
	require.Negative(t, res.WatchDays)
	require.Zero(t, left.value)
}

func TestTheWatchIsRenewedDaily(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withGmail()
	w.options.PubSubTopic = "projects/p/topics/gmail"
	res, err := w.sync()
	require.NoError(t, err)
	require.Equal(t, 6, res.WatchDays)
	first := w.gmail.Watched(mailbox)
	require.False(t, first.IsZero())
	_, err = w.sync()
	require.NoError(t, err)
	require.Equal(t, first, w.gmail.Watched(mailbox), "not before its time")

	w.exec("UPDATE mailboxes SET watch_expires_at = now() + interval '5 days 23 hours'")
	_, err = w.sync()
	require.NoError(t, err)
	require.Greater(t, w.gmail.Watched(mailbox), first)

	// Without pushes there is still the poll.
	w.exec("UPDATE mailboxes SET watch_expires_at = NULL")
	refused := gmail.ErrorFault(403, "forbidden", "no right to publish", 0)
	refused.Match = "/watch"
	w.gmail.SetFault(refused)
	id := w.receive("<q1@kunde.example>", gmail.DeliverOptions{})
	res, err = w.sync()
	require.NoError(t, err)
	require.Negative(t, res.WatchDays)
	require.Equal(t, []string{id}, w.publishedMails())
	require.Contains(t, w.log.String(), "gmail pushes could not be renewed")
}

func TestTheCursorNeverGoesBack(t *testing.T) {
	t.Parallel()
	w := synced(t)
	now := w.cursor()
	require.NoError(t, w.db.AdvanceMailbox(t.Context(), schema.AdvanceMailboxParams{Mailbox: mailbox, Cursor: now - 5}))
	require.Equal(t, now, w.cursor())
}
