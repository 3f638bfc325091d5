package activities_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// callbacks takes status callbacks as the service does.
func (w *world) callbacks() (url string) {
	return w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		s, err := whatsapp.ParseStatus(
			map[string]string{"MessageSid": r.PostFormValue("MessageSid"), "MessageStatus": r.PostFormValue("MessageStatus")},
			map[string]string{whatsapp.OutboundQuery: r.URL.Query().Get(whatsapp.OutboundQuery)})
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		id := uuid.MustParse(s.OutboundID)
		if _, err := w.db.ApplyDelivery(r.Context(), schema.ApplyDeliveryParams{
			ID: &id, ProviderID: s.SID, Delivery: string(whatsapp.Delivery(s.Status)),
		}); err != nil {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}), http.NoBody)
}

func TestACallbackSettlesAnUnknownPart(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(w *world, turn, draft uuid.UUID){
		"under way": func(*world, uuid.UUID, uuid.UUID) {},
		"queued again": func(w *world, turn, _ uuid.UUID) {
			w.exec("UPDATE outbox SET state = 'queued', attempts = 1, attempted_at = now()")
		},
		"given up": func(w *world, turn, _ uuid.UUID) {
			w.exec("UPDATE outbox SET state = 'failed', delivery = 'failed', error = 'unknown'")
		},
		"withdrawn": func(w *world, turn, _ uuid.UUID) { w.exec("UPDATE outbox SET state = 'cancelled'") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).withTwilio()
			w.options.PublicBaseURL = w.callbacks()
			turn, draft := w.onWhatsApp("Open the settings.")
			w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.AcceptThenDrop})
			_, err := w.send(turn, draft)
			requireRefused(t, err, ticket.CodeUnknownOutcome, false)
			require.NoError(t, w.twilio.WaitFor(t.Context(), func(all []twilio.Message) bool {
				return len(all) == 1 && all[0].Status == "delivered"
			}))
			prepare(w, turn, draft)
			sid := w.twilio.Accepted()[0].SID
			status, err := w.twilio.SendStatus(t.Context(), sid, "delivered", 0)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			part := w.parts(turn)[0]
			require.Equal(t, "sent", part.State)
			require.Equal(t, ticket.DeliveryDelivered, part.Delivery)
			require.Equal(t, sid, *part.ProviderID)
			require.Empty(t, part.Error)
			_, err = w.send(turn, draft)
			require.NoError(t, err)
			require.Len(t, w.bodies(), 1)
		})
	}
}

// Two parts may claim one message; the callback of it must not break on the
// unique index and stop every callback behind it.
func TestACallbackForAMessageAnotherPartHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withTwilio()
	c := w.conversation(ticket.WhatsApp)
	first := w.turn(c, "one")
	_, err := w.send(first.TurnID, w.draft(first.TurnID, "Yes."))
	require.NoError(t, err)
	second := w.turn(c, "two")
	w.twilio.SetFault(wire.Fault{Match: posts, Mode: wire.Drop})
	_, err = w.send(second.TurnID, w.draft(second.TurnID, "Yes."))
	requireRefused(t, err, ticket.CodeUnknownOutcome, false)
	part := w.parts(second.TurnID)[0]
	n, err := w.db.ApplyDelivery(t.Context(), schema.ApplyDeliveryParams{
		ID: &part.ID, ProviderID: w.twilio.Accepted()[0].SID, Delivery: string(ticket.DeliveryDelivered),
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Equal(t, ticket.DeliveryDelivered, w.parts(first.TurnID)[0].Delivery)
	require.Equal(t, []string{"sending"}, w.states(second.TurnID))
}
