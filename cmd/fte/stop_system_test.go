package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

// TestEmergencyStop switches the assistant off while twenty customers are being
// answered: half of them wait for the model, and one has half an answer.
func TestEmergencyStop(t *testing.T) {
	t.Parallel()
	o := newOffice(t, map[string]string{"FTE_SEND_FIRST_CHECK": "8s", "FTE_SEND_SECOND_CHECK": "12s"})
	const customers, half = 20, "+491511234500"
	phones := []string{half}
	for i := 1; i < customers; i++ {
		phones = append(phones, fmt.Sprintf("+4915112345%02d", i))
	}
	explain(o.Lab)
	accepting(o.Lab, 1)
	o.WhatsApp(half, inDetail, 1)
	require.NoError(t, o.Twilio.Faults().WaitForHits(t.Context(), 1))
	o.OpenAI.SetFault(wire.Fault{Match: "/v1/chat/completions", BodyMatch: "hold the line", Times: -1, Mode: wire.Hang})
	for i, phone := range phones[1:] {
		text := question
		if i%2 == 0 {
			text = "Please hold the line. " + question
		}
		o.WhatsApp(phone, text, 1)
	}
	require.NoError(t, o.OpenAI.Faults().WaitForHits(t.Context(), 1))

	o.says("mode set off", "ana", "whatsapp: off (was auto)")
	o.OpenAI.Faults().Clear()
	o.Check()

	require.Empty(t, o.begun("mode whatsapp off"), "no answer begins after the stop")
	stopped := 0
	for _, phone := range phones {
		said := o.RepliesTo(phone)
		last := said[len(said)-1]
		if strings.Contains(last, "colleague") {
			stopped++
			continue
		}
		require.Regexp(t, answer, last, "%s: who was not answered before is told that a person will", phone)
	}
	require.GreaterOrEqual(t, stopped, customers/2)
	said := o.RepliesTo(half)
	require.Len(t, said, 2, "%q", said)
	require.Regexp(t, "^First", said[0])
	require.Contains(t, said[1], "colleague", "the rest of the answer was stopped")
	require.Equal(t, fmt.Sprint(stopped), schematest.Scalar(t, o.Database, "SELECT count(*)::text FROM tickets WHERE status = 'needs_human' AND escalation_code = 'assistant_off'"))

	o.says("mode set auto", "ana", "whatsapp: auto (was off)")
	const next = "+491511234599"
	o.WhatsApp(next, question, 1)
	o.hears(next, answer)
	o.Check()
}

// begun returns the answers' parts that were taken for a provider call after
// something else had happened.
func (o *office) begun(after string) (keys []string) {
	happened := false
	for _, e := range o.Diary() {
		happened = happened || e.Event == after
		if happened && e.Event == "claim" && e.Kind == ticket.KindAnswer {
			keys = append(keys, e.SendKey)
		}
	}
	require.True(o.t, happened, after)
	return keys
}
