package lab

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// acceptance is one send that a provider accepted.
type acceptance struct {
	providerID, outbound, to, text string
	byHand                         bool // written by a person in the mailbox itself
}

// providerLog returns what the providers accepted, each in its own order.
func (l *Lab) providerLog() []acceptance {
	var all []acceptance
	for _, m := range l.Twilio.Accepted() {
		callback, err := url.Parse(m.StatusCallback)
		require.NoError(l.t, err)
		all = append(all, acceptance{m.SID, callback.Query().Get("oid"), strings.TrimPrefix(m.To, "whatsapp:"), m.Body, false})
	}
	for _, m := range l.Gmail.Sent() {
		all = append(all, acceptance{
			m.ID, m.Headers.Get("X-Support-Outbound-Id"), strings.Join(m.To, ","), m.Text, slices.Contains(l.byHand, m.ID),
		})
	}
	return all
}

// send is one row of the outbox with the conversation it belongs to.
type send struct {
	ID           uuid.UUID
	SendKey      string
	Kind         ticket.Kind
	Via          string
	State        string
	ProviderID   *string
	FormerIDs    []string // under which the provider had accepted it before it refused it later
	Template     string
	Conversation uuid.UUID
	Turn         *uuid.UUID // nil for a person's own words
	Asked        *time.Time // when the first message of the turn came
}

// sends returns all sends, those of a conversation in the order in which they
// were decided.
func (l *Lab) sends(ctx context.Context) []send {
	return query[send](ctx, l, `SELECT o.id, o.send_key, o.kind, o.via, o.state, o.provider_id,
			o.former_ids, o.template, o.conversation_id AS conversation, o.turn_id AS turn,
			(SELECT min(x.received_at) FROM messages x WHERE x.id = ANY (t.message_ids)) AS asked
		FROM outbox o LEFT JOIN turns t ON t.id = o.turn_id
		ORDER BY o.conversation_id, o.created_at, o.part`)
}

// checkSends holds the outbox against what the providers accepted.
func (l *Lab) checkSends(ctx context.Context, accepted []acceptance, report func(string, ...any)) {
	position := map[string]int{}
	times := map[string]int{}
	providerID := map[string]string{}
	sends := l.sends(ctx)
	refused := map[string]bool{}
	for _, s := range sends {
		for _, id := range s.FormerIDs {
			refused[id] = true
		}
	}
	for i, a := range accepted {
		if refused[a.providerID] {
			continue
		}
		if _, seen := position[a.outbound]; !seen {
			position[a.outbound] = i
		}
		times[a.outbound]++
		providerID[a.outbound] = a.providerID
	}
	known := map[string]bool{}
	// Each provider has an order of its own.
	type line struct {
		conversation uuid.UUID
		via          string
	}
	last := map[line]int{}
	for _, s := range sends {
		id := s.ID.String()
		known[id] = true
		if s.Via == "page" {
			continue
		}
		if n := times[id]; n > 1 {
			report("I3: %s was accepted %d times by the provider", s.SendKey, n)
		}
		switch {
		case s.State == "sent" && times[id] == 0:
			report("I3: %s counts as sent, but the provider has not accepted it", s.SendKey)
		case s.State == "sent" && (s.ProviderID == nil || *s.ProviderID != providerID[id]):
			report("I3: %s is recorded under another provider id than it has", s.SendKey)
		case s.State != "sent" && times[id] > 0:
			report("I3: %s is %s, but the provider has accepted it", s.SendKey, s.State)
		}
		// A template goes out ahead of what it announces.
		if times[id] == 0 || s.Template != "" {
			continue
		}
		here := line{s.Conversation, s.Via}
		if before, ok := last[here]; ok && position[id] < before {
			report("I4: %s went out before an earlier part of its conversation", s.SendKey)
		}
		last[here] = position[id]
	}
	for _, a := range accepted {
		if !known[a.outbound] && !a.byHand {
			report("I3: the provider accepted %s, which no outbox row explains", a.providerID)
		}
	}
	checkTurns(sends, report)
	l.checkReplies(ctx, report)
}

// checkTurns reports turns that were first answered before an earlier one of
// their conversation. What a person had answered again comes whenever it was
// asked for.
func checkTurns(sends []send, report func(string, ...any)) {
	latest := map[uuid.UUID]time.Time{}
	seen := map[uuid.UUID]bool{}
	for _, s := range sends {
		if s.Turn == nil || s.Asked == nil || seen[*s.Turn] {
			continue
		}
		seen[*s.Turn] = true
		if s.Asked.Before(latest[s.Conversation]) {
			report("I4: %s answers a turn after a later one of its conversation", s.SendKey)
		}
		latest[s.Conversation] = *s.Asked
	}
}

// checkReplies reports people's replies that were promised to go out, did not,
// and of which staff was not told either.
func (l *Lab) checkReplies(ctx context.Context, report func(string, ...any)) {
	type row struct {
		ActionID string
		Parts    int
		Sent     int
		Told     bool
	}
	for _, r := range query[row](ctx, l, `SELECT a.action_id, count(o.id)::int AS parts, count(o.id) FILTER (WHERE o.state = 'sent')::int AS sent,
			EXISTS (SELECT FROM handovers h JOIN tickets t ON t.id = h.ticket_id
				WHERE t.conversation_id = a.conversation_id AND h.code = 'not_delivered') AS told
		FROM actions a LEFT JOIN outbox o ON o.message_id = (a.request ->> 'message_id')::uuid AND o.kind = 'reply'
		WHERE a.action = 'reply' GROUP BY a.action_id, a.conversation_id`) {
		if r.Parts == 0 || (r.Sent < r.Parts && !r.Told) {
			report("I3: of the reply %s %d of %d parts were sent, and nobody was told", r.ActionID, r.Sent, r.Parts)
		}
	}
}
