package staff

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// modes returns what is set, as channel/category to mode.
func (w *world) modes() map[string]ticket.Mode {
	w.t.Helper()
	all, err := w.Modes(w.t.Context())
	require.NoError(w.t, err)
	set := map[string]ticket.Mode{}
	for _, m := range all {
		set[string(m.Channel)+"/"+m.Category] = m.Mode
	}
	return set
}

func TestSetMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, map[string]ticket.Mode{"email/": "auto", "whatsapp/": "auto", "webform/": "auto"}, w.modes(), "the default")

	changes, err := w.SetMode(t.Context(), "ana", ticket.ModeDraft, "", "billing")
	require.NoError(t, err)
	require.Equal(t, ModeChange{ticket.Email, "billing", ticket.ModeAuto, ticket.ModeDraft, false}, changes[0])
	require.Len(t, changes, 3)
	changes, err = w.SetMode(t.Context(), "ana", ticket.ModeOff, ticket.Email, "feedback")
	require.NoError(t, err)
	require.Len(t, changes, 1)
	require.Equal(t, map[string]ticket.Mode{
		"email/": "auto", "email/billing": "draft", "email/feedback": "off", "whatsapp/": "auto", "whatsapp/billing": "draft", "webform/": "auto", "webform/billing": "draft",
	}, w.modes())
	all, err := w.Modes(t.Context())
	require.NoError(t, err)
	require.Nil(t, all[0].SetAt)
	require.NotNil(t, all[1].SetAt)

	changes, err = w.SetMode(t.Context(), "ana", ticket.ModeDraft, ticket.Email, "")
	require.NoError(t, err)
	require.Equal(t, []ModeChange{
		{ticket.Email, "", ticket.ModeAuto, ticket.ModeDraft, false},
		{ticket.Email, "billing", ticket.ModeDraft, ticket.ModeDraft, true},
		{ticket.Email, "feedback", ticket.ModeOff, ticket.ModeDraft, true},
	}, changes)
	require.Equal(t, map[string]ticket.Mode{"email/": "draft", "whatsapp/": "auto", "whatsapp/billing": "draft", "webform/": "auto", "webform/billing": "draft"}, w.modes())

	_, err = w.SetMode(t.Context(), "ana", ticket.ModeOff, "", "")
	require.NoError(t, err)
	require.Equal(t, map[string]ticket.Mode{"email/": "off", "whatsapp/": "off", "webform/": "off"}, w.modes(), "the emergency stop leaves nothing on")
	require.Equal(t, "4", w.count("audit_log WHERE actor = 'ana' AND action = 'set_mode'"))
	require.Equal(t, "1", w.count("audit_log WHERE detail @> '[{\"channel\": \"webform\", \"category\": \"billing\", \"removed\": true}]'"))

	for _, c := range []struct {
		actor             string
		mode              ticket.Mode
		channel           ticket.Channel
		category, because string
	}{
		{"ana@firm.example", "off", "", "", "short name"},
		{"ana", "on", "", "", "the mode must be off, draft or auto"},
		{"ana", "off", "fax", "", "the channel must be"},
		{"ana", "off", "", "biling", "the category must be one of general, technical, billing"},
	} {
		_, err := w.SetMode(t.Context(), c.actor, c.mode, c.channel, c.category)
		requireSentence(t, err, ticket.CodeInvalid, c.because)
	}
	require.Equal(t, "4", w.count("audit_log"))
}

// TestEmergencyStopLeavesNothingOn stops everything while categories are being
// switched on: whatever is on afterwards was switched on after the stop.
func TestEmergencyStopLeavesNothingOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 10 {
		var group errgroup.Group
		for _, category := range []string{"billing", "feedback", "general"} {
			group.Go(func() error {
				_, err := w.SetMode(t.Context(), "ben", ticket.ModeAuto, ticket.Email, category)
				return err
			})
		}
		group.Go(func() error {
			_, err := w.SetMode(t.Context(), "ana", ticket.ModeOff, "", "")
			return err
		})
		require.NoError(t, group.Wait())
		require.Equal(t, "0", w.count(`channel_configs c WHERE c.category <> '' AND NOT EXISTS (
			SELECT FROM audit_log a WHERE a.actor = 'ben' AND a.detail->0->>'category' = c.category
			AND a.id > (SELECT max(id) FROM audit_log WHERE actor = 'ana'))`))
	}
}

// A part that is being claimed while the assistant is switched off belongs to
// the time before: the command returns after it.
func TestSwitchingOffWaitsForClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	claimed, goOn := make(chan struct{}), make(chan struct{})
	var both errgroup.Group
	both.Go(func() error {
		return w.DB.Tx(t.Context(), func(q *schema.Queries) error {
			_, err := q.ClaimPart(t.Context(), uuid.New()) // that there is no such part does not matter
			close(claimed)
			<-goOn
			return err
		})
	})
	<-claimed
	returned := make(chan struct{})
	both.Go(func() error {
		defer close(returned)
		_, err := w.SetMode(t.Context(), "ana", ticket.ModeOff, "", "")
		return err
	})
	require.Eventually(t, func() bool {
		return w.count("pg_locks WHERE NOT granted AND relation = 'outbox'::regclass") == "1"
	}, time.Minute, time.Millisecond)
	select {
	case <-returned:
		require.FailNow(t, "it did not wait")
	default:
	}
	close(goOn)
	require.NoError(t, both.Wait())
	require.Equal(t, ticket.ModeOff, w.modes()["whatsapp/"])
}
