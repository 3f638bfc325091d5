package twilio_test

import (
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/digital-fte/fte/dev/sim/twilio"
	"github.com/digital-fte/fte/dev/sim/wire"
)

func TestCreateAndFetch(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{})
	created, err := bundle.api.CreateMessage(send(theirs, "Hello & welcome ✓"))
	require.NoError(t, err)
	require.Regexp(t, `^SM[0-9a-f]{32}$`, *created.Sid)
	require.Equal(t, "queued", *created.Status)
	require.Equal(t, "outbound-api", *created.Direction)
	require.Equal(t, "Hello & welcome ✓", *created.Body)
	require.Nil(t, created.DateSent)
	_, err = time.Parse(time.RFC1123Z, *created.DateCreated)
	require.NoError(t, err)

	require.NoError(t, bundle.sim.WaitFor(deadline(t), func(all []twilio.Message) bool { return all[0].Status == "delivered" }))
	fetched, err := bundle.api.FetchMessage(*created.Sid, nil)
	require.NoError(t, err)
	require.Equal(t, "delivered", *fetched.Status)
	require.NotNil(t, fetched.DateSent)

	_, err = bundle.api.FetchMessage("SMffffffffffffffffffffffffffffffff", nil)
	require.Equal(t, 20404, code(t, err))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		params *openapi.CreateMessageParams
		code   int
	}{
		"too long":        {send(theirs, strings.Repeat("é", 1601)), 21617},
		"no body":         {send(theirs, ""), 21619},
		"no recipient":    {(&openapi.CreateMessageParams{}).SetFrom(ours).SetBody("x"), 21604},
		"no sender":       {(&openapi.CreateMessageParams{}).SetTo(theirs).SetBody("x"), 21603},
		"bad recipient":   {send("whatsapp:0170", "x"), 21211},
		"mixed channels":  {send("+491701234567", "x"), 21910},
		"unknown sender":  {send(theirs, "x").SetFrom("whatsapp:+4930123456"), 63007},
		"bad callback":    {send(theirs, "x").SetStatusCallback("not a url"), 21609},
		"unknown content": {send(theirs, "").SetContentSid("HX2"), 21655},
	}
	bundle := setup(t, twilio.Options{Templates: map[string]string{"HX1": "Hi {{1}}"}})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bundle.api.CreateMessage(tc.params)
			require.Equal(t, tc.code, code(t, err))
		})
	}
	_, err := bundle.api.CreateMessage(send(theirs, strings.Repeat("é", 1600)))
	require.NoError(t, err)
	_, err = api(bundle.url, "wrong").CreateMessage(send(theirs, "x"))
	require.Equal(t, 20003, code(t, err))
	require.Len(t, bundle.sim.Accepted(), 1)
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{Templates: map[string]string{"HX1": "Hi {{1}}, ticket {{2}} is answered."}})
	created, err := bundle.api.CreateMessage(send(theirs, "").SetContentSid("HX1").SetContentVariables(`{"1":"Ada","2":"T-1"}`))
	require.NoError(t, err)
	require.Equal(t, "Hi Ada, ticket T-1 is answered.", *created.Body)
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{})
	var sids []string
	for i := range 7 {
		created, err := bundle.api.CreateMessage(send(theirs, strconv.Itoa(i)))
		require.NoError(t, err)
		sids = append(sids, *created.Sid)
	}
	_, err := bundle.api.CreateMessage(send("whatsapp:+4915112345678", "other"))
	require.NoError(t, err)
	list := func(params *openapi.ListMessageParams) []string {
		found, err := bundle.api.ListMessage(params.SetFrom(ours))
		require.NoError(t, err)
		var got []string
		for _, m := range found {
			got = append(got, *m.Sid)
		}
		return got
	}
	params := func() *openapi.ListMessageParams { return (&openapi.ListMessageParams{}).SetTo(theirs) }
	newestFirst := []string{sids[6], sids[5], sids[4], sids[3], sids[2], sids[1], sids[0]}
	now := time.Now().UTC()
	require.Equal(t, newestFirst, list(params().SetPageSize(3)))
	require.Equal(t, newestFirst[:4], list(params().SetPageSize(2).SetLimit(4)))
	require.Equal(t, newestFirst, list(params().SetDateSentAfter(now.Add(-time.Minute)).SetDateSentBefore(now.Add(time.Minute))))
	require.Equal(t, newestFirst, list(params().SetDateSent(now)))
	require.Empty(t, list(params().SetDateSentAfter(now.Add(time.Minute))))
	require.Empty(t, list(params().SetDateSentBefore(now.Add(-time.Minute))))
	require.Empty(t, list(params().SetDateSent(now.AddDate(0, 0, -2))))
	require.Len(t, list(&openapi.ListMessageParams{}), 8)
}

func TestFaultsThroughTheClient(t *testing.T) {
	t.Parallel()
	bundle := setup(t, twilio.Options{})
	bundle.sim.SetFault(wire.Fault{Status: 429, Body: `{"code":20429,"message":"Too Many Requests","more_info":"","status":429}`, Header: map[string]string{"Retry-After": "1"}})
	_, err := bundle.api.CreateMessage(send(theirs, "a"))
	require.Equal(t, 20429, code(t, err))
	require.Empty(t, bundle.sim.Messages())

	bundle.sim.SetFault(wire.Fault{Match: "POST", Mode: wire.AcceptThenDrop})
	_, err = bundle.api.CreateMessage(send(theirs, "accepted"))
	require.Error(t, err)
	require.Len(t, bundle.sim.Accepted(), 1)
	found, err := bundle.api.ListMessage((&openapi.ListMessageParams{}).SetTo(theirs))
	require.NoError(t, err)
	require.Equal(t, "accepted", *found[0].Body)
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "twilio.jsonl")
	first := setup(t, twilio.Options{StateFile: state})
	_, err := first.sim.Inbound(t.Context(), theirs, "hello", twilio.InboundOptions{NoWebhook: true})
	require.NoError(t, err)
	_, err = first.api.CreateMessage(send(theirs, "hi"))
	require.NoError(t, err)
	require.NoError(t, first.sim.WaitFor(deadline(t), func(all []twilio.Message) bool { return all[1].Status == "delivered" }))

	second := setup(t, twilio.Options{StateFile: state})
	require.Equal(t, first.sim.Messages(), second.sim.Messages())
	require.Len(t, second.sim.Conversation("+491701234567"), 2)
	res, err := http.Get(second.url + "/_sim/log?after=1")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func code(t *testing.T, err error) int {
	t.Helper()
	var problem *client.TwilioRestError
	require.ErrorAs(t, err, &problem)
	require.NotEmpty(t, problem.Message)
	return problem.Code
}
