package whatsapp_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/whatsapp"
	"github.com/digital-fte/fte/ticket"
)

const (
	base    = "https://support.example.com"
	account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	token   = "11111111111111111111111111111111"
	next    = "22222222222222222222222222222222"
)

// sign does what Twilio's documentation says, independently of its library.
func sign(token, address string, params url.Values) string {
	var keys []string
	for key := range params {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	signed := address
	for _, key := range keys {
		signed += key + params.Get(key)
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(signed))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func verifier(t *testing.T, tokens ...string) *whatsapp.Verifier {
	t.Helper()
	v, err := whatsapp.NewVerifier(whatsapp.VerifierOptions{PublicBaseURL: base + "/", AccountSID: account, Tokens: tokens})
	require.NoError(t, err)
	return v
}

func message() url.Values {
	return url.Values{
		"MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "AccountSid": {account},
		"From": {"whatsapp:+4915112345678"}, "To": {"whatsapp:+14155238886"}, "Body": {"Grüße & 100 % + ✓"},
	}
}

func TestVerifyAcceptsWhatTwilioSigned(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"/webhooks/whatsapp",
		"/webhooks/whatsapp/status?oid=0190-ab&x=%2F+y",
		"/webhooks/whatsapp/status?b=2&a=1&b=3",
		"/webhooks/whatsapp/",
		"/webhooks/whatsapp?",
		"/webhooks//whatsapp",
		"/webhooks/whatsapp?x=%7Ea%2fb+c%20d&y=;&z",
		"/webhooks/what%73app?x=ü%C3%BC",
		"/webhooks/whatsapp?x=[]|'\"{}&x=%zz",
	} {
		for _, key := range []string{token, next} {
			params, err := verifier(t, next, token).Verify(uri, []byte(message().Encode()), sign(key, base+uri, message()))
			require.NoError(t, err, uri)
			require.Equal(t, message(), params)
		}
	}
}

// signAll does what Twilio's libraries of other languages do with a repeated
// key: each different value, in order, with the key before it.
func signAll(token, address string, params url.Values) string {
	signed := address
	for _, key := range slices.Sorted(maps.Keys(params)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(params[key]))) {
			signed += key + value
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(signed))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestVerifyAcceptsARepeatedKey(t *testing.T) {
	t.Parallel()
	repeated := message()
	repeated["Tag"] = []string{"b", "a", "b"}
	for name, signature := range map[string]string{"first value": sign(token, base+"/w", repeated), "every value": signAll(token, base+"/w", repeated)} {
		params, err := verifier(t, token).Verify("/w", []byte(repeated.Encode()), signature)
		require.NoError(t, err, name)
		require.Equal(t, []string{"b"}, params["Tag"], name)
	}
	_, err := verifier(t, token).Verify("/w", []byte(repeated.Encode()+"&Tag=c"), signAll(token, base+"/w", repeated))
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
}

func TestVerifyAcceptsBothFormsOfThePort(t *testing.T) {
	t.Parallel()
	_, err := verifier(t, token).Verify("/w", []byte(message().Encode()), sign(token, base+":443/w", message()))
	require.NoError(t, err)
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	const uri = "/webhooks/whatsapp/status?oid=1"
	good := sign(token, base+uri, message())
	foreign := message()
	foreign.Set("AccountSid", "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
	anonymous := message()
	anonymous.Del("AccountSid")
	changed := message()
	changed.Set("Body", "refund me")
	added := message()
	added.Set("ButtonPayload", "yes")

	for _, c := range []struct{ name, uri, body, signature string }{
		{"no signature", uri, message().Encode(), ""},
		{"not base64", uri, message().Encode(), "nonsense"},
		{"other key", uri, message().Encode(), sign(next, base+uri, message())},
		{"empty key", uri, message().Encode(), sign("", base+uri, message())},
		{"other query", "/webhooks/whatsapp/status?oid=2", message().Encode(), good},
		{"no query", "/webhooks/whatsapp/status", message().Encode(), good},
		{"other host", uri, message().Encode(), sign(token, "https://evil.example"+uri, message())},
		{"host smuggled into the URI", "@evil.example" + uri, message().Encode(), sign(token, base+"@evil.example"+uri, message())},
		{"changed", uri, changed.Encode(), good},
		{"parameter added", uri, added.Encode(), good},
		{"repeated key in front", uri, "Body=refund+me&" + message().Encode(), good},
		{"another account", uri, foreign.Encode(), sign(token, base+uri, foreign)},
		{"no account", uri, anonymous.Encode(), sign(token, base+uri, anonymous)},
		{"fragment of another address", uri + "#x", message().Encode(), good},
		{"encoded otherwise", "/webhooks/whatsapp/statu%73?oid=1", message().Encode(), good},
		{"signature in other letters", uri, message().Encode(), strings.ToLower(good)},
		{"signature without padding", uri, message().Encode(), strings.TrimRight(good, "=")},
		{"two signatures", uri, message().Encode(), good + "," + good},
		{"hash of the body, not signed", uri + "&bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", good},
		{"no form", uri, "a=%zz", good},
		{"no body", uri, "", good},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			params, err := verifier(t, token).Verify(c.uri, []byte(c.body), c.signature)
			require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
			require.Nil(t, params)
		})
	}
}

func TestVerifyDropsWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	const uri = "/webhooks/whatsapp"
	params, err := verifier(t, token).Verify(uri, []byte(message().Encode()+"&Body=refund+me"), sign(token, base+uri, message()))
	require.NoError(t, err)
	require.Equal(t, message(), params, "the second Body is not covered by the signature")
}

func TestNewVerifierRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    whatsapp.VerifierOptions
	}{
		{"no url", whatsapp.VerifierOptions{AccountSID: account, Tokens: []string{token}}},
		{"no scheme", whatsapp.VerifierOptions{PublicBaseURL: "support.example.com", AccountSID: account, Tokens: []string{token}}},
		{"query", whatsapp.VerifierOptions{PublicBaseURL: base + "?a=1", AccountSID: account, Tokens: []string{token}}},
		{"no account", whatsapp.VerifierOptions{PublicBaseURL: base, Tokens: []string{token}}},
		{"no token", whatsapp.VerifierOptions{PublicBaseURL: base, AccountSID: account}},
		{"empty token", whatsapp.VerifierOptions{PublicBaseURL: base, AccountSID: account, Tokens: []string{token, " "}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, err := whatsapp.NewVerifier(c.o)
			require.Error(t, err)
			require.Nil(t, v)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("/webhooks/whatsapp?oid=1", "AccountSid="+account, "c2ln")
	f.Add("/?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", "x")
	f.Fuzz(func(t *testing.T, uri, body, signature string) {
		v, err := whatsapp.NewVerifier(whatsapp.VerifierOptions{PublicBaseURL: base, AccountSID: account, Tokens: []string{token}})
		require.NoError(t, err)
		_, err = v.Verify(uri, []byte(body), signature)
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
		require.NotContains(t, err.Error(), token)
	})
}

// FuzzVerifySigned signs as Twilio does: that must be accepted as it is, and
// refused as soon as a byte of it differs.
func FuzzVerifySigned(f *testing.F) {
	f.Add("x=1&y=%2F", "Body", "Grüße", "again", uint(3))
	f.Add("%zz;&&=", "", "\xff\x00", "", uint(0))
	f.Add("bodySHA256=00", "AccountSid", "AC", "AC", uint(9))
	f.Fuzz(func(t *testing.T, query, key, value, second string, at uint) {
		v, err := whatsapp.NewVerifier(whatsapp.VerifierOptions{PublicBaseURL: base, AccountSID: account, Tokens: []string{next, token}})
		require.NoError(t, err)
		uri := "/webhooks/whatsapp?" + strings.ReplaceAll(query, "#", "")
		if _, err := url.Parse(base + uri); err != nil || strings.Contains(uri, "bodySHA256") {
			t.Skip("no address that arrives, or another way of signing")
		}
		params := message()
		if key != "AccountSid" {
			params[key] = []string{value}
			if second != "" {
				params[key] = append(params[key], second)
			}
		}
		body := params.Encode()
		for _, signature := range []string{sign(token, base+uri, params), signAll(token, base+uri, params)} {
			got, err := v.Verify(uri, []byte(body), signature)
			require.NoError(t, err)
			require.Len(t, got, len(params))
			for k := range params {
				require.Equal(t, params[k][:1], got[k])
			}
			broken := []byte(signature)
			broken[at%uint(len(broken)-1)] ^= 1 // the last is padding
			_, err = v.Verify(uri, []byte(body), string(broken))
			require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
			// Twilio signs the address and the parameters as one text, so that the
			// values of a nameless one, which nobody sends, might end the address.
			if key != "" {
				_, err = v.Verify(uri+"x", []byte(body), signature)
				require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
			}
			if key != "A" { // else it may say the same again
				_, err = v.Verify(uri, []byte("A=x&"+body), signature)
				require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
			}
		}
	})
}
