package ticket_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestFailureDetailsAreReadByPeopleAndWorkflows(t *testing.T) {
	t.Parallel()
	d := ticket.FailureDetails{
		Code: ticket.CodeRateLimited, Mend: "wait, or `fte ticket override NUMBER`",
		RetryAfter: ticket.Wait(32 * time.Second), Step: ticket.ActivityCallModel, Attempt: 2,
	}
	text, err := json.Marshal(d)
	require.NoError(t, err)
	require.JSONEq(t, "{\"code\":\"rate_limited\",\"mend\":\"wait, or `fte ticket override NUMBER`\",\"retry_after\":\"32s\",\"step\":\"CallModel\",\"attempt\":2}", string(text))
	var back ticket.FailureDetails
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, d, back)
	require.Equal(t, "wait, or `fte ticket override T-0HJKMNPQRS`", d.MendFor("T-0HJKMNPQRS"))
	require.Equal(t, d.Mend, d.MendFor(""))

	text, err = json.Marshal(ticket.FailureDetails{Code: ticket.CodeInternal})
	require.NoError(t, err)
	require.JSONEq(t, `{"code":"internal","mend":""}`, string(text))
	require.Error(t, json.Unmarshal([]byte(`{"retry_after":"soon"}`), &back))
}
