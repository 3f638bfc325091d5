package redact_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/redact"
)

func TestPrivateThingsAreMasked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, out string }{
		"address":            {"no mailbox ana@kunde.example here", "no mailbox [address] here"},
		"address in angles":  {"to Ana <ana@kunde.example>: refused", "to Ana [address] refused"},
		"address encoded":    {"users/ana%40kunde.example/drafts", "[address]"},
		"address spaced":     {"ana @ kunde.example bounced", "[address] bounced"},
		"address wide":       {"ana＠kunde.example bounced", "[address] bounced"},
		"address hidden":     {"ana\u200b@\u00adkunde.example bounced", "[address] bounced"},
		"message id":         {"<1b4e28ba-2fa1-41d2-883f-00a0c93ec93b@fte.example> is unknown", "[address] is unknown"},
		"phone":              {"The 'To' number +491511234567 is not valid", "The [quoted] number [number] is not valid"},
		"phone of WhatsApp":  {"to whatsapp:+491511234567 (21211)", "to whatsapp:[number] (21211)"},
		"phone spaced":       {"call 0151 123 45 67 now", "call [number] now"},
		"phone in brackets":  {"call (0221) 555-0123 now", "call [number] now"},
		"phone encoded":      {"To=%2B491511234567 refused", "To=%2B[number] refused"},
		"phone in Arabic":    {"call ٠١٥١١٢٣٤٥٦٧ now", "call [number] now"},
		"phone in a word":    {"tel491511234567x", "[secret]"},
		"card":               {"card 4111 1111 1111 1111 was declined", "card [number] was declined"},
		"IBAN":               {"from DE89 3704 0044 0532 0130 00 to us", "from [number] to us"},
		"IBAN with letters":  {"from GB29 NWBK 6016 1331 9268 19 to us", "from [number] to us"},
		"key":                {"Incorrect API key provided: sk-proj-abc*****xyz9", "Incorrect API key provided [secret]"},
		"known key":          {"the key sk-ant-REDACTED is revoked", "the key [secret] is revoked"},
		"bearer":             {"Authorization: Bearer ya29.a0AfH6SMBx refused", "Authorization [secret] refused"},
		"bearer alone":       {"sent Bearer abcdefgh", "sent Bearer [secret]"},
		"account":            {"Account AC00000000000000000000000000000001 is closed", "Account [number] is closed"},
		"random":             {"state q7Zk3mXv9Lp2Rt8WbY4n lost", "state [secret] lost"},
		"web token":          {"got eyJhbGciOi.eyJzdWIi.c2ln", "got [secret]"},
		"password":           {"password=hunter2 is wrong", "password [secret] is wrong"},
		"URL of a call":      {`Get "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json?To=%2B491511234567": EOF`, "Get [quoted]: EOF"},
		"URL with query":     {"calling https://api.example:8443/v1/x?token=abc failed", "calling https://api.example:8443/[masked] failed"},
		"URL of a webhook":   {"posting to https://hooks.example/services/T0/B0/x", "posting to https://hooks.example/[masked]"},
		"URL of the company": {"see https://help.firnwacht.example/ for more", "see https://help.firnwacht.example/ for more"},
		"URL with password":  {"dialling postgres://fte:s3cr/t@db:5432/fte failed", "dialling postgres://[masked] failed"},
		"query alone":        {"GET /reset?code=123 was refused", "GET /reset?[masked] was refused"},
		"row of Postgres":    {"Key (email)=(ana@kunde.example) already exists.", "Key [values]"},
		"whole row":          {"Failing row contains (1, Ana Kunde, null).", "Failing row contains [values]"},
		"quotes":             {`cannot read "My \"zaunkoenig\" is lost" at 3`, "cannot read [quoted] at 3"},
		"single quotes":      {"cannot handle 'Ana's zaunkoenig' today", "cannot handle [quoted] today"},
		"typographic quotes": {"„Mein Zaunkönig“ and «oiseau» and ‘bird’", "[quoted] and [quoted] and [quoted]"},
		"quote cut off":      {`cannot read "My zaunkoenig is`, "cannot read [quoted]"},
		"lines":              {"first\r\nsecond\x00\tthird\x1b[31m", "first second third [31m"},
		"not UTF-8":          {"caf\xe9 au lait", "caf au lait"},
		"nothing":            {" \n ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.out, redact.Text(c.in))
			require.Equal(t, c.out, redact.Text(c.out), "a second time")
		})
	}
}

func TestWhatLeadsNeedStays(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"the customer's number cannot be reached (Twilio error 21211)",
		"the customer's last message is more than 24 hours old, only an approved template may be sent (Twilio error 63016)",
		"Twilio is throttling us (HTTP 429, Twilio error 20429)",
		"search 1b4e28ba-2fa1-41d2-883f-00a0c93ec93b is not stored",
		"part 1b4e28ba-2fa1-41d2-883f-00a0c93ec93b/reply/2 of ticket T-0HJKMNPQRS failed",
		"Gmail 429 userRateLimitExceeded, retry in 32s (Retry-After)",
		"the office opens on 2026-11-24, now it is 2026-11-23T15:21:02Z",
		"waited 1h2m3.5s, then 250ms, then 15 minutes",
		"asking gpt-4.1-mini-2025-04-14",
		"asking text-embedding-3-small: insufficient_quota",
		"status 429 21211",
		"run `fte ticket override NUMBER` or `fte kb ingest` again",
		"set the TWILIO_AUTH_TOKEN and GOOGLE_APPLICATION_CREDENTIALS settings",
		"the customers' messages aren't here; it's the 3rd of 5",
		"dial tcp 10.0.0.12:5432: connect: connection refused",
	} {
		require.Equal(t, s, redact.Text(s))
	}
}

// Our own sentences come through as they are, or leads could not read them.
func TestOurOwnSentencesStay(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, folder := range []string{"activities", "channel", "knowledge", "llm", "schema"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				fun, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || (fun.Sel.Name != "Errorf" && fun.Sel.Name != "Wrap") {
					return true
				}
				if pkg, ok := fun.X.(*ast.Ident); !ok || pkg.Name != "ticket" {
					return true
				}
				for _, arg := range call.Args {
					if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING {
						sentence, err := strconv.Unquote(literal.Value)
						require.NoError(t, err)
						if strings.ContainsAny(sentence, "\n@") {
							continue // for the command line
						}
						require.Equal(t, sentence, redact.Text(sentence), path)
						seen++
					}
				}
				return true
			})
			return nil
		}))
	}
	require.Greater(t, seen, 50)
}

func TestTextIsShort(t *testing.T) {
	t.Parallel()
	long := redact.Text(strings.Repeat("the answer of the provider ", 4000))
	require.LessOrEqual(t, utf8.RuneCountInString(long), redact.MaxRunes)
	require.True(t, strings.HasSuffix(long, " …"), long)
	require.Equal(t, long, redact.Text(long))
	require.LessOrEqual(t, utf8.RuneCountInString(redact.Text(strings.Repeat("ü", 100000))), redact.MaxRunes)
	// What the limit cuts in two is masked before.
	require.NotContains(t, redact.Text(strings.Repeat("x ", 140)+"+491511234567 and more and more"), "1511")
	require.NotContains(t, redact.Text(strings.Repeat("x ", 2044)+"+491511234567"), "1511")
}

func TestValueHoldsNoText(t *testing.T) {
	t.Parallel()
	type progress struct {
		Stage string            `json:"stage"`
		Done  int64             `json:"done"`
		To    []string          `json:"to"`
		By    map[string]string `json:"by"`
	}
	got := redact.Value(progress{Stage: "sending", Done: 1234567890123, To: []string{"ana@kunde.example"}, By: map[string]string{"+491511234567": "x"}})
	require.Equal(t, map[string]any{"stage": "sending", "done": got.(map[string]any)["done"], "to": []any{"[address]"}, "by": map[string]any{"[number]": "x"}}, got)
	require.Equal(t, "1234567890123", got.(map[string]any)["done"].(interface{ String() string }).String())
	require.Nil(t, redact.Value(make(chan int)))
	require.Nil(t, redact.Value(nil))
}

// canaries must not survive, wherever in a text they stand.
var canaries = []string{
	"+491511234567", "491511234567", "0151 123 45 67", "(0221) 555-0123", "4111 1111 1111 1111", "DE89370400440532013000",
	"ana@kunde.example", "ana%40kunde.example", "sk-proj-Zm9vYmFy8nq3LkXw2Rt7", "q7Zk3mXv9Lp2Rt8WbY4nQ1",
}

func FuzzText(f *testing.F) {
	for i := range canaries {
		f.Add("cannot send to ", " (error 21211)", i)
		f.Add(`{"to": "`, `", "code": 400}`, i)
		f.Add("https://api.example/v1?to=", "&x=y: EOF", i)
		f.Add("part 1b4e28ba-2fa1-41d2-883f-00a0c93ec93b/", " after 32s", i)
		f.Add("isn't `fte kb` ‘", "\xff\u200b’", i)
	}
	f.Fuzz(func(t *testing.T, before, after string, which int) {
		canary := canaries[uint(which)%uint(len(canaries))]
		for _, text := range []string{
			before + canary + after,
			before + " " + canary + " " + after,
			`"` + strings.ReplaceAll(before, `"`, "") + " zaunkoenig " + after,
		} {
			got := redact.Text(text)
			require.NotContains(t, got, canary, "%q", text)
			if strings.HasPrefix(text, `"`) && !strings.Contains(after, "zaunkoenig") && !strings.Contains(before, "zaunkoenig") {
				require.NotContains(t, got, "zaunkoenig", "%q", text)
			}
			require.True(t, utf8.ValidString(got), "%q", got)
			require.LessOrEqual(t, utf8.RuneCountInString(got), redact.MaxRunes)
			require.False(t, strings.ContainsFunc(got, unicode.IsControl), "%q", got)
			require.Equal(t, got, redact.Text(got), "twice: %q", text)
		}
	})
}
