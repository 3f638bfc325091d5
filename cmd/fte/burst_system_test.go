package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/wire"
)

// TestBurstOfOneCustomer has one customer write five hundred messages at once:
// others who write after that are answered while the burst is still being read.
func TestBurstOfOneCustomer(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	const burst, messages, others = "+491511234500", 500, 20
	explain(o.Lab) // the simulated model is slow with hundreds of questions
	o.OpenAI.SetFault(wire.Fault{Match: "/v1/chat/completions", BodyMatch: "one of many", Times: -1, Mode: wire.Hang})
	o.Process("bridge").Kill()
	for i := range messages {
		o.WhatsApp(burst, fmt.Sprintf("This is number %d, one of many. %s", i, inDetail), 1)
	}
	var phones []string
	for i := 1; i <= others; i++ {
		phone := fmt.Sprintf("+4915112345%02d", i)
		phones = append(phones, phone)
		o.WhatsApp(phone, question+" "+o.Canary(phone), 1)
	}
	o.Wait("all are stored", func(context.Context) bool { return len(o.StoredOrder()) == messages+others })
	o.Start("bridge")
	for _, phone := range phones {
		o.hears(phone, answer)
	}
	require.Empty(t, o.RepliesTo(burst))
	o.OpenAI.Faults().Clear()
	o.Check()

	require.NotEmpty(t, o.RepliesTo(burst))
	require.Regexp(t, answer, o.RepliesTo(burst)[0])
	require.LessOrEqual(t, o.Signals(burst), messages/50, "the messages are handed over together")
	last := ""
	for _, m := range o.Twilio.Accepted() {
		last = strings.TrimPrefix(m.To, "whatsapp:")
	}
	require.Equal(t, burst, last, "nobody waits for the burst")
}
