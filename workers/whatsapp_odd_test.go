package workers

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// TestOddWhatsAppMessages is about everything that is not a plain text: it is
// stored, says in words what it was, and is passed on.
func TestOddWhatsAppMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, c := range []struct {
		name           string
		params         map[string]string
		body, wordless string
		attachments    string
	}{
		{"empty body", map[string]string{"Body": ""}, "[The customer sent an empty message.]", "empty", ""},
		{"no body at all", map[string]string{"Body": "\x00\x01 \n"}, "[The customer sent an empty message.]", "empty", ""},
		{
			"location",
			map[string]string{"Body": "", "MessageType": "location", "Latitude": "52.52", "Longitude": "13.405", "Label": "Shop\nfloor 2"},
			"[The customer sent a location: Shop floor 2 (52.52, 13.405).]", "media", "",
		},
		{
			"sticker",
			map[string]string{"Body": "", "MessageType": "sticker", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/secret", "MediaContentType0": "image/webp"},
			"[The customer sent a sticker.]", "media", "1 image/webp",
		},
		{
			"picture with words",
			map[string]string{
				"Body": "It looks so", "NumMedia": "2", "MediaUrl0": "https://api.twilio.com/secret", "MediaContentType0": "image/jpeg", "MediaUrl1": "https://api.twilio.com/secret",
				"MediaContentType1": "Text/VCard",
			},
			"It looks so\n[The customer sent an image and a contact card.]", "", "1 image/jpeg, 2 text/vcard",
		},
		{"media that cannot be told", map[string]string{"Body": "", "NumMedia": "1"}, "[The customer sent a file.]", "media", "1 "},
		{"media type with broken bytes", map[string]string{"Body": "", "NumMedia": "1", "MediaContentType0": "im\x00age/\xff" + strings.Repeat("x", 5000)}, "[The customer sent an image.]", "media", ""},
		{"button", map[string]string{"Body": "", "ButtonText": "Where is it?", "ButtonPayload": "where"}, "Where is it?", "", ""},
		{"payload alone", map[string]string{"Body": "", "ButtonPayload": "where"}, "[The customer pressed a button: where.]", "", ""},
		{
			"malformed fields", map[string]string{
				"Body": "hi", "NumMedia": "many", "Latitude": "NaN", "Longitude": "1e999", "OriginalRepliedMessageSid": "'; DROP TABLE messages", "MessageType": "<x>",
				"OptOutType": "\xff", "ReferralHeadline": "\x00", "Forwarded": "perhaps", "MediaUrl3": "\x00",
			}, "hi", "", "",
		},
		{"NUL and malformed UTF-8", map[string]string{"Body": "a\x00b\xffc\xed\xa0\x80", "ProfileName": "A\x00n\xffa\u202e"}, "ab\uFFFDc\uFFFD\uFFFD\uFFFD", "", ""},
		{"quotes what we do not know", map[string]string{"Body": "yes, that", "OriginalRepliedMessageSid": "SMelsewhere"}, "yes, that", "", ""},
		{"unknown parameters", map[string]string{"Body": "hi", "BrandNew": "1", "Channel\x00": "\xff"}, "hi", "", ""},
	} {
		sid := "SM" + strconv.Itoa(i)
		e := whatsAppEvent(sid, ana, "")
		maps.Copy(e.Params, c.params)
		b.takeOne(record(t, ticket.TypeWhatsAppMessage, e))
		of := " FROM messages WHERE external_id = 'twilio:" + sid + "'"
		require.Equal(t, c.body, b.scalar("SELECT body"+of), c.name)
		require.Equal(t, c.wordless, b.scalar("SELECT wordless"+of), c.name)
		if c.attachments != "" {
			require.Equal(t, c.attachments, b.scalar("SELECT string_agg(a.ordinal || ' ' || a.content_type, ', ' ORDER BY a.ordinal) FROM attachments a WHERE a.message_id = (SELECT id"+of+")"), c.name)
		}
	}
	require.Equal(t, "0", b.scalar("SELECT count(*)::text FROM attachments a WHERE a::text LIKE '%secret%'"), "whoever has an address can fetch the file")
	require.Equal(t, "0", b.scalar("SELECT count(*)::text FROM messages WHERE body LIKE '%secret%'"))
}

func TestAMegabyteInOneLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	line := strings.Repeat("stop ", 200_000) + "\xff\x00"
	e := whatsAppEvent("SM1", ana, line)
	e.Params["ProfileName"] = line
	b.takeOne(record(t, ticket.TypeWhatsAppMessage, e))
	require.Equal(t, "1000001", b.scalar("SELECT length(body)::text FROM messages"), "stored whole, with a mark for the broken byte")
	require.Equal(t, "200", b.scalar("SELECT length(name)::text FROM customers"))
	require.Equal(t, "nobody", b.optedOut())
}

func TestWhatIsQuotedIsKnownInThatChatOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.takeOne(says(t, "SM1", "Which cable do I need?", 0))
	b.answered(m, "whatsapp", "sent")
	b.exec("UPDATE outbox SET provider_id = 'SMours', recipient = '" + ana + "'")
	b.exec("UPDATE messages SET body = 'Take the " + strings.Repeat("long ", 100) + "one.' WHERE author = 'assistant'")
	reply := func(sid, from, quoted string) string {
		t.Helper()
		e := whatsAppEvent(sid, from, "This one?")
		e.Params["OriginalRepliedMessageSid"] = quoted
		b.takeOne(record(t, ticket.TypeWhatsAppMessage, e))
		return b.scalar("SELECT body FROM messages WHERE external_id = 'twilio:" + sid + "'")
	}
	require.Equal(t, "[In reply to \u201cWhich cable do I need?\u201d:]\nThis one?", reply("SM2", ana, "SM1"), "the customer's own")
	ours := reply("SM3", ana, "SMours")
	require.Contains(t, ours, "[In reply to \u201cTake the long long")
	require.Contains(t, ours, "…\u201d:]\nThis one?")
	require.Less(t, len(ours), 300)
	for i, sid := range []string{"SM1", "SMours"} {
		require.Equal(t, "This one?", reply("SM"+strconv.Itoa(10+i), "+4915112345679", sid), "of somebody else")
	}
}
