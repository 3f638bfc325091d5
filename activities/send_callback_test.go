package activities_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
	"github.com/digital-fte/fte/workers"
)

// callbacks takes status callbacks as the service does.
func (w *world) callbacks() (url string) {
	return w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		e := ticket.WhatsAppEvent{Params: map[string]string{}, Query: map[string]string{}}
		for key := range r.PostForm {
			e.Params[key] = r.PostFormValue(key)
		}
		for key := range r.URL.Query() {
			e.Query[key] = r.URL.Query().Get(key)
		}
		if err := w.status(r.Context(), e); err != nil {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}), http.NoBody)
}

// status handles a status callback as a worker would.
func (w *world) status(ctx context.Context, e ticket.WhatsAppEvent) error {
	value, err := json.Marshal(e)
	if err != nil {
		return err
	}
	intake := &workers.Intake{
		DB: w.db, Publisher: w.published, Secrets: w.options.Secrets, Logger: w.options.Logger, WhatsAppTemplate: w.options.WhatsAppTemplate,
	}
	return intake.Handle(ctx, stream.Record{Event: stream.Event{Type: ticket.TypeWhatsAppStatus, Time: time.Now(), Value: value}})
}

// reported handles the report that a message has this status.
func (w *world) reported(sid, status, code string, part *uuid.UUID) {
	w.t.Helper()
	e := ticket.WhatsAppEvent{Params: map[string]string{"MessageSid": sid, "MessageStatus": status}, Query: map[string]string{}}
	if code != "" {
		e.Params["ErrorCode"] = code
	}
	if part != nil {
		e.Query[whatsapp.OutboundQuery] = part.String()
	}
	require.NoError(w.t, w.status(w.t.Context(), e))
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
	w.reported(w.twilio.Accepted()[0].SID, "delivered", "", &part.ID)
	require.Equal(t, ticket.DeliveryDelivered, w.parts(first.TurnID)[0].Delivery)
	require.Equal(t, []string{"sending"}, w.states(second.TurnID))
}
