package whatsapp_test

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/ticket"
)

// incoming is what Twilio posts for a text message, changed by the overrides.
func incoming(overrides map[string]string) map[string]string {
	params := map[string]string{
		"SmsMessageSid": "SM0123456789abcdef0123456789abcdef", "MessageSid": "SM0123456789abcdef0123456789abcdef",
		"SmsSid": "SM0123456789abcdef0123456789abcdef", "AccountSid": account, "ApiVersion": "2010-04-01",
		"SmsStatus": "received", "MessageType": "text", "NumSegments": "1", "ReferralNumMedia": "0",
		"From": "whatsapp:+4915112345678", "WaId": "4915112345678", "ProfileName": "Ana",
		"To": "whatsapp:+14155238886", "Body": "My light blinks", "NumMedia": "0",
	}
	maps.Copy(params, overrides)
	return params
}

func TestParseText(t *testing.T) {
	t.Parallel()
	in, err := whatsapp.Parse(incoming(map[string]string{
		"Body": "  It\x00 blinks\r\nred\xff ", "ProfileName": "Ana\nAdmin", "OriginalRepliedMessageSid": "SMfeed", "SomethingNew": "1",
	}))
	require.NoError(t, err)
	require.Equal(t, &whatsapp.Inbound{
		SID: "SM0123456789abcdef0123456789abcdef", From: "+4915112345678", To: "+14155238886",
		Body: "It blinks\nred\uFFFD", ProfileName: "Ana Admin", RepliedTo: "SMfeed", Kind: "text",
	}, in)
	require.Equal(t, "It blinks\nred\uFFFD", in.Text())
	require.True(t, in.HasWords())
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		params map[string]string
		words  bool
		want   string
	}{
		{"empty", map[string]string{"Body": " \n"}, false, "[The customer sent an empty message.]"},
		{"button", map[string]string{"Body": "", "ButtonText": "Yes, please", "ButtonPayload": "yes"}, true, "Yes, please"},
		{"payload only", map[string]string{"Body": "", "ButtonPayload": "order_42"}, true, "[The customer pressed a button: order_42.]"},
		{"entry of a list", map[string]string{"Body": "", "ListTitle": "Opening hours", "ListId": "hours"}, true, "Opening hours"},
		{"forwarded", map[string]string{"Body": "Win a car", "Forwarded": "true"}, true, "Win a car\n[The customer forwarded this, somebody else wrote it.]"},
		{
			"from an advertisement",
			map[string]string{"Body": "Is it still there?", "ReferralHeadline": "Lamps\nhalf price", "ReferralSourceUrl": "https://fb.example"},
			true, "Is it still there?\n[The customer came from the advertisement \u201cLamps half price\u201d.]",
		},
		{"a kind we do not know", map[string]string{"Body": "", "MessageType": "order"}, false, "[The customer sent something that cannot be shown here.]"},
		{"a kind that is no word", map[string]string{"Body": "", "MessageType": "<b>x</b>"}, false, "[The customer sent an empty message.]"},
		{
			"gap in the media",
			map[string]string{"Body": "", "NumMedia": "2", "MediaContentType0": "image/png", "MediaUrl2": "https://a/2", "MediaContentType2": "audio/ogg"},
			false, "[The customer sent an image and a voice message.]",
		},
		{
			"place that cannot be read",
			map[string]string{"Body": "", "Latitude": "north", "Longitude": "13", "MessageType": "location"},
			false, "[The customer sent something that cannot be shown here.]",
		},
		{"button repeats the body", map[string]string{"Body": "Yes", "ButtonText": "Yes"}, true, "Yes"},
		{
			"image only",
			map[string]string{"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/JPEG"},
			false, "[The customer sent an image.]",
		},
		{
			"caption and several media", map[string]string{
				"Body": "Look", "NumMedia": "4", "MediaUrl0": "https://a/0", "MediaContentType0": "image/png", "MediaUrl1": "https://a/1",
				"MediaContentType1": "audio/ogg; codecs=opus", "MediaUrl2": "https://a/2", "MediaContentType2": "image/jpeg", "MediaUrl3": "https://a/3",
			}, true, "Look\n[The customer sent 2 images, a voice message and a file.]",
		},
		{"media announced, address missing", map[string]string{"Body": "", "NumMedia": "2"}, false, "[The customer sent 2 files.]"},
		{"absurd count", map[string]string{"Body": "", "NumMedia": "4000000000"}, false, "[The customer sent 10 files.]"},
		{"negative count", map[string]string{"NumMedia": "-3"}, true, "My light blinks"},
		{
			"contact card and sticker", map[string]string{
				"Body": "", "NumMedia": "2", "MediaUrl0": "https://a/0", "MediaContentType0": "text/vcard", "MediaUrl1": "https://a/1", "MediaContentType1": "image/webp",
			}, false, "[The customer sent a contact card and a sticker.]",
		},
		{"location", map[string]string{"Body": "", "Latitude": "52.52", "Longitude": "13.405"}, false, "[The customer sent a location: 52.52, 13.405.]"},
		{
			"location with a name",
			map[string]string{"Body": "", "Latitude": "52.52", "Longitude": "13.405", "Label": "Shop", "Address": "Main St 1"},
			false, "[The customer sent a location: Shop, Main St 1 (52.52, 13.405).]",
		},
		{"impossible location", map[string]string{"Body": "", "Latitude": "NaN", "Longitude": "13"}, false, "[The customer sent an empty message.]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, err := whatsapp.Parse(incoming(c.params))
			require.NoError(t, err)
			require.Equal(t, c.want, in.Text())
			require.Equal(t, c.words, in.HasWords())
		})
	}
}

func TestWordless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		params map[string]string
		want   ticket.Wordless
	}{
		{map[string]string{"Body": "hello"}, ticket.WordlessNot},
		{map[string]string{"Body": "look", "NumMedia": "1"}, ticket.WordlessNot},
		{map[string]string{"Body": "", "ButtonPayload": "x"}, ticket.WordlessNot},
		{map[string]string{"Body": " "}, ticket.WordlessEmpty},
		{map[string]string{"Body": "\x00\x01"}, ticket.WordlessEmpty},
		{map[string]string{"Body": "", "NumMedia": "1", "MediaContentType0": "image/webp", "MessageType": "sticker"}, ticket.WordlessMedia},
		{map[string]string{"Body": "", "Latitude": "1", "Longitude": "2", "MessageType": "location"}, ticket.WordlessMedia},
		{map[string]string{"Body": "", "NumMedia": "1"}, ticket.WordlessMedia},
		{map[string]string{"Body": "", "MessageType": "unsupported"}, ticket.WordlessMedia},
	} {
		in, err := whatsapp.Parse(incoming(c.params))
		require.NoError(t, err)
		require.Equal(t, c.want, in.Wordless(), "%v", c.params)
	}
}

func TestProfileName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"Ana", "Ana"},
		{" Ana \r\n Admin ", "Ana Admin"},
		{"\x00A\xffna\x7f", "A\uFFFDna"},
		{"", ""},
		{"\u202Eana\u202C", "ana"},
		{"👩‍💻", "👩‍💻"},
		{strings.Repeat("x", 5000), strings.Repeat("x", 199) + "…"},
	} {
		in, err := whatsapp.Parse(incoming(map[string]string{"ProfileName": c.given}))
		require.NoError(t, err)
		require.Equal(t, c.want, in.ProfileName)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	noID := map[string]string{"MessageSid": "", "SmsSid": "", "SmsMessageSid": ""}
	for name, overrides := range map[string]map[string]string{
		"no id":          noID,
		"id is no key":   {"MessageSid": "a b", "SmsSid": "", "SmsMessageSid": ""},
		"no sender":      {"From": ""},
		"SMS":            {"From": "+4915112345678"},
		"messenger":      {"From": "messenger:123456789"},
		"short number":   {"From": "whatsapp:+491"},
		"leading zero":   {"From": "whatsapp:+0491234567"},
		"long number":    {"From": "whatsapp:+1234567890123456"},
		"other digits":   {"From": "whatsapp:+٤٩١٢٣٤٥٦٧٨"},
		"no recipient":   {"To": ""},
		"recipient text": {"To": "whatsapp:+1415523888x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, err := whatsapp.Parse(incoming(overrides))
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			require.Nil(t, in)
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	require.Equal(t, "+14155238886>+4915112345678", whatsapp.ConversationKey("+14155238886", "+4915112345678"))
	require.Equal(t, "twilio:SM1", whatsapp.EventID("SM1", ""))
	require.Equal(t, "twilio:SM1:read", whatsapp.EventID("SM1", "read"))
	n, ok := whatsapp.Number(whatsapp.Address("+4915112345678"))
	require.True(t, ok)
	require.Equal(t, "+4915112345678", n)
}

func FuzzParse(f *testing.F) {
	f.Add("SM1", "whatsapp:+4915112345678", "whatsapp:+14155238886", "hello", "1", "image/png", "52.5")
	f.Add("", "", "", "\xff\x00", "-1", "", "NaN")
	f.Fuzz(func(t *testing.T, sid, from, to, body, media, contentType, latitude string) {
		in, err := whatsapp.Parse(map[string]string{
			"MessageSid": sid, "From": from, "To": to, "Body": body, "ProfileName": body, "ButtonText": body, "NumMedia": media,
			"MediaUrl0": body, "MediaContentType0": contentType, "Latitude": latitude, "Longitude": latitude, "Label": body,
			"ButtonPayload": body, "ReferralHeadline": body, "MessageType": contentType, "OptOutType": contentType, "Forwarded": "true",
		})
		if err != nil {
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
			require.Nil(t, in)
			return
		}
		text := in.Text()
		require.NotEmpty(t, strings.TrimSpace(text))
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00")
		require.NotContains(t, in.ProfileName, "\n")
		require.Contains(t, []ticket.Command{ticket.CommandNone, ticket.CommandStop, ticket.CommandStart, ticket.CommandContinue}, in.Command())
		if in.HasWords() {
			require.Equal(t, ticket.WordlessNot, in.Wordless())
		}
	})
}
