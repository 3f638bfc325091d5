package whatsapp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/ticket"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	s, err := whatsapp.ParseStatus(map[string]string{
		"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "63016", "SmsStatus": "sent",
		"From": "whatsapp:+14155238886", "To": "whatsapp:+4915112345678",
	}, map[string]string{"oid": "0190d0ab-0000-7000-8000-000000000000"})
	require.NoError(t, err)
	require.Equal(t, &whatsapp.Status{
		SID: "SM1", Status: "undelivered", ErrorCode: 63016, OutboundID: "0190d0ab-0000-7000-8000-000000000000",
		From: "+14155238886", To: "+4915112345678",
	}, s)
}

func TestParseStatusToleratesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s, err := whatsapp.ParseStatus(map[string]string{"SmsSid": "SM1", "SmsStatus": "teleported", "ErrorCode": "x"}, map[string]string{"oid": "'; drop"})
	require.NoError(t, err)
	require.Equal(t, &whatsapp.Status{SID: "SM1", Status: "teleported"}, s)
	require.Equal(t, -1, whatsapp.Rank(s.Status))
	require.Empty(t, whatsapp.Delivery(s.Status))
}

func TestParseStatusRefuses(t *testing.T) {
	t.Parallel()
	for _, params := range []map[string]string{
		nil, {"MessageStatus": "sent"}, {"MessageSid": "SM1"}, {"MessageSid": "SM1", "MessageStatus": "a b"},
	} {
		_, err := whatsapp.ParseStatus(params, nil)
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), "%v", params)
	}
}

func TestRankNeverRegresses(t *testing.T) {
	t.Parallel()
	order := []string{"", "accepted", "scheduled", "queued", "sending", "sent", "delivered", "read"}
	for i := range len(order) - 1 {
		require.Less(t, whatsapp.Rank(order[i]), whatsapp.Rank(order[i+1]))
	}
	for _, last := range []string{"failed", "undelivered", "canceled"} {
		require.Greater(t, whatsapp.Rank(last), whatsapp.Rank("read"))
		require.Equal(t, ticket.DeliveryFailed, whatsapp.Delivery(last))
	}
	require.Equal(t, ticket.DeliveryQueued, whatsapp.Delivery("sending"))
	require.Equal(t, ticket.DeliverySent, whatsapp.Delivery("sent"))
	require.Equal(t, ticket.DeliveryDelivered, whatsapp.Delivery("delivered"))
	require.Equal(t, ticket.DeliveryRead, whatsapp.Delivery("read"))
}
