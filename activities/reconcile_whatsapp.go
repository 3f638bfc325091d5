package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/failpoint"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	// firstLook is how far back a number is looked at that nobody has looked at.
	firstLook = 24 * time.Hour
	// lookOverlap is how far before the last look the next one begins: clocks
	// differ, and Twilio's list may be late.
	lookOverlap = time.Hour
	// lookWindow is how much is listed at once, and leastWindow how little when
	// there is too much.
	lookWindow, leastWindow = 6 * time.Hour, time.Minute
	// arriving is how long the webhook of a message may be on its way.
	arriving = time.Minute
	// sending is how long a send of ours may go on without its id being known.
	sending = 3 * time.Minute
	// handover is how long what was handed to the broker may take to be stored
	// before it is handed over once more.
	handover = 15 * time.Minute
	// handoverBatch is how many are handed over at once.
	handoverBatch = 100
)

// ReconcileWhatsApp lists what went to and from the number since the last look
// and publishes, as if its webhook had come, each message that is not stored.
// How far it has looked is stored after each window, so a long outage heals bit
// by bit. CodeUnauthorized when the worker has no such number.
func (a *Activities) ReconcileWhatsApp(ctx context.Context, in ticket.ReconcileWhatsAppInput) (ticket.ReconcileWhatsAppResult, error) {
	defer beat(ctx)()
	res, err := a.reconcileWhatsApp(ctx, in.Number)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) reconcileWhatsApp(ctx context.Context, number string) (res ticket.ReconcileWhatsAppResult, err error) {
	if a.WhatsApp == nil || a.WhatsApp.From() != number {
		return res, ticket.Errorf(ticket.CodeUnauthorized, "this worker is not configured for the number; check TWILIO_WHATSAPP_FROM")
	}
	now := a.Now().UTC()
	from, err := a.DB.WhatsAppReconciledAt(ctx, number)
	switch {
	case schema.NoRows(err):
		from = now.Add(-firstLook)
	case err != nil:
		return res, err
	default:
		from = from.Add(-lookOverlap)
	}
	res.Until = now.Add(-arriving)
	for width := lookWindow; from.Before(res.Until); {
		look := look{number: number, now: now, from: from, until: earlier(from.Add(width), res.Until)}
		missed, pastUs, err := a.reconcileWindow(ctx, look)
		if ticket.CodeOf(err) == ticket.CodeTooLarge && width > leastWindow {
			width = max(width/2, leastWindow)
			continue
		}
		if err != nil {
			return res, err
		}
		res.Missed, res.PastUs = res.Missed+missed, res.PastUs+pastUs
		if err := a.DB.AdvanceWhatsApp(ctx, schema.AdvanceWhatsAppParams{Number: number, ReconciledAt: look.until}); err != nil {
			return res, err
		}
		from = look.until
	}
	return res, nil
}

// look is one window of a look at Twilio's list.
type look struct {
	number           string
	now, from, until time.Time
}

// source names the messages of the list in table raw_events.
func (l look) source() string { return "twilio:" + l.number }

func (a *Activities) reconcileWindow(ctx context.Context, l look) (missed, pastUs int, err error) {
	inbound, err := a.WhatsApp.ListInbound(ctx, l.from, l.until)
	if err != nil {
		return 0, 0, err
	}
	outbound, err := a.WhatsApp.ListOutbound(ctx, l.from, l.until)
	if err != nil {
		return 0, 0, err
	}
	inbound, err = a.unknown(ctx, l, inbound, arriving)
	if err != nil {
		return 0, 0, err
	}
	outbound, err = a.unknown(ctx, l, outbound, sending)
	if err != nil {
		return 0, 0, err
	}
	outbound, err = a.byOthers(ctx, outbound)
	if err != nil {
		return 0, 0, err
	}
	all := slices.Concat(inbound, outbound)
	slices.SortStableFunc(all, func(x, y whatsapp.Sent) int { return x.At().Compare(y.At()) })
	for batch := range slices.Chunk(all, handoverBatch) {
		if err := a.publishMissed(ctx, l, batch); err != nil {
			return 0, 0, err
		}
	}
	return len(inbound), len(outbound), nil
}

// unknown returns those of the listed messages that are older than age and that
// nothing of ours has.
func (a *Activities) unknown(ctx context.Context, l look, listed []whatsapp.Sent, age time.Duration) ([]whatsapp.Sent, error) {
	sids := make([]string, 0, len(listed))
	for _, m := range listed {
		if m.Valid() && !m.At().After(l.now.Add(-age)) {
			sids = append(sids, m.SID)
		}
	}
	if len(sids) == 0 {
		return nil, nil
	}
	sids, err := a.DB.UnknownWhatsApp(ctx, schema.UnknownWhatsAppParams{
		Sids: sids, Source: l.source(), HandedOverSince: l.now.Add(-handover),
	})
	if err != nil {
		return nil, err
	}
	missing := make(map[string]bool, len(sids))
	for _, sid := range sids {
		missing[sid] = true
	}
	return slices.DeleteFunc(listed, func(m whatsapp.Sent) bool { return !missing[m.SID] }), nil
}

// byOthers returns those messages that reached a customer of ours and that this
// service surely did not send.
func (a *Activities) byOthers(ctx context.Context, sent []whatsapp.Sent) ([]whatsapp.Sent, error) {
	var others []whatsapp.Sent
	for _, m := range sent {
		if m.Undelivered() {
			continue
		}
		past, err := a.DB.SentPastUs(ctx, schema.SentPastUsParams{
			Sid: m.SID, Key: whatsapp.ConversationKey(m.From, m.To), Recipient: m.To, Body: m.Body, SentAt: m.At(),
		})
		if err != nil {
			return nil, err
		}
		if past {
			others = append(others, m)
		}
	}
	return others, nil
}

// publishMissed publishes messages, the oldest first, and then notes that it has: a
// consumer that is behind must not be given the same again at every look.
func (a *Activities) publishMissed(ctx context.Context, l look, batch []whatsapp.Sent) error {
	events, sids := make([]stream.Event, len(batch)), make([]string, len(batch))
	for i, m := range batch {
		value, err := json.Marshal(ticket.WhatsAppEvent{Params: m.Params()})
		if err != nil {
			return fmt.Errorf("encoding a message of Twilio's list: %w", err)
		}
		customer := m.From
		if customer == l.number {
			customer = m.To
		}
		sids[i] = m.SID
		events[i] = stream.Event{
			Topic: ticket.TopicWhatsAppInbound, Key: customer, ID: whatsapp.EventID(m.SID, ""),
			Type: ticket.TypeWhatsAppMessage, Source: "/twilio", Time: m.At(), Value: value,
		}
	}
	if err := a.Publisher.Publish(ctx, events...); err != nil {
		return err
	}
	failpoint.Here("reconcile.afterPublish")
	return a.DB.NoteHandedOver(ctx, schema.NoteHandedOverParams{Source: l.source(), At: l.now, Sids: sids})
}

func earlier(x, y time.Time) time.Time {
	if x.Before(y) {
		return x
	}
	return y
}
