package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	// resyncOverlap is how far before the last sync a resync looks: clocks
	// differ, and a mail that is stored twice is stored once.
	resyncOverlap = time.Hour
	// renewWatch is when a watch is asked for again; Gmail grants seven days
	// and advises to renew daily.
	renewWatch = 6 * 24 * time.Hour
	// watchAlarm is how much of a watch is left when somebody has to look why
	// it is not renewed.
	watchAlarm = 48 * time.Hour
	// watchEnds is what SyncMailbox reports for WatchDays then; zero means that
	// no pushes are wanted.
	watchEnds = -1
)

// SyncMailbox fetches what has changed in the mailbox since the stored cursor,
// stores each raw mail and publishes its reference, and only then advances the
// cursor. A mailbox seen for the first time is read from now on. When Gmail
// has forgotten the cursor, everything since the last sync is listed instead.
func (a *Activities) SyncMailbox(ctx context.Context, in ticket.SyncMailboxInput) (ticket.SyncMailboxResult, error) {
	defer beat(ctx)()
	res, err := a.syncMailbox(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) syncMailbox(ctx context.Context, in ticket.SyncMailboxInput) (res ticket.SyncMailboxResult, err error) {
	if a.Gmail == nil || in.Mailbox != a.Mailbox {
		return res, ticket.Errorf(ticket.CodeUnauthorized, "this worker is not configured for the mailbox; check GMAIL_MAILBOX")
	}
	box, err := a.mailbox(ctx, in.Mailbox)
	if err != nil {
		return res, err
	}
	res.WatchDays = a.watch(ctx, box)
	refs, next, err := a.Gmail.Changes(ctx, uint64(box.Cursor))
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return a.resync(ctx, box, res)
	}
	if err != nil {
		return res, err
	}
	if res.Mails, err = a.storeMails(ctx, in.Mailbox, refs); err != nil {
		return res, err
	}
	return res, a.DB.AdvanceMailbox(ctx, schema.AdvanceMailboxParams{Mailbox: in.Mailbox, Cursor: int64(next)})
}

// mailbox returns the stored cursor, begun at the present if there is none.
func (a *Activities) mailbox(ctx context.Context, address string) (schema.Mailbox, error) {
	box, err := a.DB.GetMailbox(ctx, address)
	if !schema.NoRows(err) {
		return box, err
	}
	now, err := a.Gmail.Profile(ctx)
	if err != nil {
		return box, err
	}
	if err := a.DB.InsertMailbox(ctx, schema.InsertMailboxParams{Mailbox: address, Cursor: int64(now)}); err != nil {
		return box, err
	}
	return a.DB.GetMailbox(ctx, address)
}

// watch keeps pushes coming. Without them mail is still found by polling, so a
// failure is reported and does not stop the sync.
func (a *Activities) watch(ctx context.Context, box schema.Mailbox) (days int) {
	if a.PubSubTopic == "" {
		return 0
	}
	until := box.WatchExpiresAt
	if until == nil || time.Until(*until) < renewWatch {
		_, expires, err := a.Gmail.Watch(ctx, a.PubSubTopic)
		if err == nil {
			until = &expires
			err = a.DB.RecordWatch(ctx, schema.RecordWatchParams{Mailbox: box.Mailbox, WatchExpiresAt: until})
		}
		if err != nil {
			a.Logger.WarnContext(ctx, "gmail pushes could not be renewed; polling goes on", slog.Any("error", err))
		}
	}
	left := time.Duration(0)
	if until != nil {
		left = max(time.Until(*until), 0)
	}
	if a.WatchLeft != nil {
		a.WatchLeft.Set(left.Seconds())
	}
	if left < watchAlarm {
		a.Logger.ErrorContext(ctx, "gmail pushes end soon and could not be renewed; see that Gmail may publish to the topic",
			slog.Duration("left", left.Round(time.Minute)))
		return watchEnds
	}
	return int(left.Hours() / 24)
}

// resync lists what came since the last sync and begins again at a cursor
// taken before the listing, so that nothing falls between the two.
func (a *Activities) resync(ctx context.Context, box schema.Mailbox, res ticket.SyncMailboxResult) (ticket.SyncMailboxResult, error) {
	res.Resynced = true
	cursor, err := a.Gmail.Profile(ctx)
	if err != nil {
		return res, err
	}
	refs, err := a.Gmail.ListSince(ctx, box.SyncedAt.Add(-resyncOverlap))
	if err != nil {
		return res, err
	}
	if res.Mails, err = a.storeMails(ctx, box.Mailbox, refs); err != nil {
		return res, err
	}
	return res, a.DB.ResetMailbox(ctx, schema.ResetMailboxParams{Mailbox: box.Mailbox, Cursor: int64(cursor)})
}

// storeMails makes each mail durable and publishes its reference, oldest first.
func (a *Activities) storeMails(ctx context.Context, mailbox string, refs []email.MessageRef) (stored int, err error) {
	for _, ref := range refs {
		if email.Skip(ref.Labels) {
			continue
		}
		event, err := a.storedMail(ctx, mailbox, ref)
		if schema.NoRows(err) {
			event, err = a.fetchMail(ctx, mailbox, ref)
		}
		if errors.Is(err, errNotOurs) {
			continue
		}
		if err != nil {
			return stored, err
		}
		if err := a.Publisher.Publish(ctx, event); err != nil {
			return stored, err
		}
		failpoint.Here("mailbox.afterPublish")
		stored++
	}
	return stored, nil
}

// errNotOurs says that a mail is none of our business, or not there any more.
var errNotOurs = errors.New("the mail is not for us")

// storedMail returns the event of a mail that an earlier sync has stored. It
// may not have been published, and may be gone from the mailbox by now.
func (a *Activities) storedMail(ctx context.Context, mailbox string, ref email.MessageRef) (stream.Event, error) {
	id, err := a.DB.RawEventID(ctx, schema.RawEventIDParams{Source: sourceOf(mailbox), ExternalID: ref.GmailID})
	if err != nil {
		return stream.Event{}, err
	}
	raw, err := a.DB.RawEvent(ctx, id)
	if err != nil {
		return stream.Event{}, err
	}
	return mailEvent(mailbox, ref, id, raw.Body, raw.ProviderAt)
}

// fetchMail fetches a mail, stores it and returns its event.
func (a *Activities) fetchMail(ctx context.Context, mailbox string, ref email.MessageRef) (stream.Event, error) {
	raw, threadID, at, labels, err := a.Gmail.Raw(ctx, ref.GmailID)
	if ticket.CodeOf(err) == ticket.CodeNotFound || (err == nil && email.Skip(labels)) {
		return stream.Event{}, errNotOurs
	}
	if err != nil {
		return stream.Event{}, err
	}
	source := sourceOf(mailbox)
	if ref.Moved {
		// A mail from before our time that somebody takes out of the archive is
		// no question to us.
		ours, err := a.DB.MailStoredBefore(ctx, schema.MailStoredBeforeParams{Source: source, At: at})
		if err != nil || !ours {
			return stream.Event{}, firstOf(err, errNotOurs)
		}
	}
	if err := a.DB.InsertRawEvent(ctx, schema.InsertRawEventParams{
		ID: uuid.New(), Source: source, ExternalID: ref.GmailID, Body: raw, ProviderAt: at,
		Labels: append([]string{}, labels...), // an archived mail has none, and the column takes no NULL
	}); err != nil {
		return stream.Event{}, err
	}
	id, err := a.DB.RawEventID(ctx, schema.RawEventIDParams{Source: source, ExternalID: ref.GmailID})
	if err != nil {
		return stream.Event{}, err
	}
	ref.ThreadID = threadID
	return mailEvent(mailbox, ref, id, raw, at)
}

// mailEvent refers to a stored mail. Its key is the sender, so that one
// sender's mails keep their order.
func mailEvent(mailbox string, ref email.MessageRef, id uuid.UUID, raw []byte, at time.Time) (stream.Event, error) {
	key := mailbox
	if mail, err := email.Parse(raw); err == nil {
		key = cmp.Or(mail.From.Address, mailbox)
	}
	value, err := json.Marshal(ticket.EmailRaw{Mailbox: mailbox, GmailID: ref.GmailID, ThreadID: ref.ThreadID, RawRef: id})
	if err != nil {
		return stream.Event{}, fmt.Errorf("encoding a mail's reference: %w", err)
	}
	return stream.Event{
		Topic: ticket.TopicEmailInbound, Key: key, ID: sourceOf(mailbox) + ":" + ref.GmailID,
		Type: ticket.TypeEmailRaw, Source: sourceOf(mailbox), Time: at, Value: value,
	}, nil
}

func sourceOf(mailbox string) string { return "gmail:" + mailbox }
