package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema/schematest"
)

// modelCall is a call of the model as a test stores it.
type modelCall struct {
	channel, category, state string // of its turn
	ago                      time.Duration
	usd                      float64
	ms                       int
	problem                  string
	repair                   bool
	fallback                 bool
}

// storeCalls stores calls of one turn of a new ticket.
func storeCalls(t *testing.T, url string, calls ...modelCall) (customer uuid.UUID) {
	t.Helper()
	customer, conversation, opened, turn := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	first := calls[0]
	statements := []string{
		fmt.Sprintf(`INSERT INTO customers (id, name) VALUES ('%s', 'Ana Kunde')`, customer),
		fmt.Sprintf(`INSERT INTO conversations (id, channel, key, workflow_id, customer_id, sender_verified, reply_to)
			VALUES ('%[1]s', '%[2]s', '%[1]s', '%[1]s', '%[3]s', true, 'x')`, conversation, first.channel, customer),
		fmt.Sprintf(`INSERT INTO tickets (id, number, conversation_id, category) VALUES ('%s', 'T-1', '%s', '%s')`, opened, conversation, first.category),
		fmt.Sprintf(`INSERT INTO turns (id, conversation_id, ticket_id, first_message_id, message_ids, state) VALUES ('%[1]s', '%[2]s', '%[3]s', '%[1]s', '{}', '%[4]s')`,
			turn, conversation, opened, first.state),
	}
	for _, c := range calls {
		provider, model := "primary", "chat-1"
		if c.fallback {
			provider, model = "fallback", "chat-2"
		}
		statements = append(statements, fmt.Sprintf(`INSERT INTO model_calls
			(id, turn_id, input_hash, prompt_version, model, provider, decision, problem, repair, prompt_tokens, completion_tokens, cost_usd, latency_ms, created_at)
			VALUES (gen_random_uuid(), '%s', gen_random_uuid()::text, 'p', '%s', '%s', '{}', '%s', %t, 100, 10, %f, %d, now() - interval '%f seconds')`,
			turn, model, provider, c.problem, c.repair, c.usd, c.ms, c.ago.Seconds()))
	}
	for _, s := range statements {
		schematest.Exec(t, url, s)
	}
	return customer
}

func TestCost(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url, "FTE_TIME_ZONE", "Asia/Tokyo")
	got := fte(t, settings, "cost")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "The model has not been asked since")

	ana := storeCalls(t, url,
		modelCall{channel: "email", category: "billing", state: "answered", usd: 0.02, ms: 1000, problem: "no_call"},
		modelCall{usd: 0.02, ms: 3000},
		modelCall{usd: 0.02, ms: 2000, repair: true},
	)
	storeCalls(t, url, modelCall{channel: "whatsapp", category: "general", state: "handed_over", usd: 0.04, ms: 4000, fallback: true})
	storeCalls(t, url, modelCall{channel: "whatsapp", category: "general", state: "answered", usd: 7, ms: 1, ago: 49 * time.Hour})

	cost := func(args ...string) (r costReport) {
		t.Helper()
		got := fte(t, settings, append([]string{"cost", "--json"}, args...)...)
		require.Equal(t, exitOK, got.code, got.stderr)
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &r))
		return r
	}
	r := cost("--since", "24h", "--by", "channel")
	require.Equal(t, "channel", r.By)
	require.Len(t, r.Rows, 2)
	email, whatsapp := r.Rows[0], r.Rows[1]
	require.Equal(t, "email", email.Name)
	require.EqualValues(t, 3, email.Calls)
	require.EqualValues(t, 300, email.PromptTokens)
	require.EqualValues(t, 30, email.CompletionTokens)
	require.InDelta(t, 0.06, email.CostUSD, 1e-9)
	require.EqualValues(t, 1, email.AnsweredTickets)
	require.InDelta(t, 0.06, email.PerAnsweredUSD, 1e-9)
	require.InDelta(t, 2000, email.MedianMs, 1e-9)
	require.InDelta(t, 2900, email.P95Ms, 1e-9)
	require.InDelta(t, 1.0/3, email.InvalidShare, 1e-9)
	require.InDelta(t, 1.0/3, email.RepairedShare, 1e-9)
	require.Zero(t, email.FallbackShare)
	require.Equal(t, "whatsapp", whatsapp.Name)
	require.Zero(t, whatsapp.PerAnsweredUSD)
	require.InDelta(t, 1, whatsapp.FallbackShare, 1e-9)
	require.EqualValues(t, 4, r.Total.Calls)
	require.EqualValues(t, 2, r.Total.Tickets)
	require.InDelta(t, 0.1, r.Total.PerAnsweredUSD, 1e-9, "what was spent on the others counts too")

	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	byDay := cost("--since", "72h")
	require.Len(t, byDay.Rows, 2)
	require.Equal(t, time.Now().Add(-49*time.Hour).In(tokyo).Format(time.DateOnly), byDay.Rows[0].Name, "in order")
	for by, names := range map[string][]string{
		"category": {"billing", "general"}, "model": {"chat-1", "chat-2"}, "customer": {ana.String()},
	} {
		rows := cost("--since", "24h", "--by", by).Rows
		require.Len(t, rows, 2)
		for i, name := range names {
			require.Equal(t, name, rows[i].Name, "the dearest first")
		}
	}
	got = fte(t, settings, "cost", "--by", "channel")
	require.Equal(t, exitOK, got.code, got.stderr)
	lines := strings.Split(got.stdout, "\n")
	require.Regexp(t, `^CHANNEL +CALLS +TOKENS IN +OUT +USD`, lines[0])
	require.Regexp(t, `^whatsapp +2 +200 +20 +7\.0400 +2 +1 +7\.0400 +2\.0s +3\.8s +0\.0% +0\.0% +50\.0%$`, lines[1])
	require.Regexp(t, `^all +5 `, lines[3])

	for line, want := range map[string]string{
		"cost now": `unexpected argument "now"`, "cost --by week": `"week" is none of day, channel`, "cost --since -1h": "--since must be positive",
	} {
		got := fte(t, settings, strings.Fields(line)...)
		require.Equal(t, exitUsage, got.code, line)
		require.Contains(t, got.stderr, want, line)
	}
}

func TestModelSettings(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	base := with(cliSettings(), "DATABASE_URL", url)
	for name, tc := range map[string]struct {
		change []string
		want   string
	}{
		"timeout":        {[]string{"FTE_MODEL_TIMEOUT", "61s"}, "FTE_MODEL_TIMEOUT must be positive and at most 1m0s"},
		"prompt":         {[]string{"FTE_PROMPT", "support-v9"}, `FTE_PROMPT: this build has no prompt "support-v9"; it has support-v2, support-v1`},
		"budget":         {[]string{"FTE_BUDGET_DAY", "-1"}, "FTE_BUDGET_TICKET"},
		"calls":          {[]string{"FTE_CALLS_PER_TURN", "-1"}, "FTE_CALLS_PER_TURN"},
		"price":          {[]string{"FTE_FALLBACK_OUTPUT_PRICE", "-1"}, "FTE_FALLBACK_OUTPUT_PRICE"},
		"half":           {[]string{"OPENAI_FALLBACK_API_KEY", "sk-secret"}, "the fallback model is configured by half"},
		"the same model": {[]string{"OPENAI_FALLBACK_MODEL", "gpt-4.1-mini"}, "the fallback is the model that has failed already"},
		"address":        {[]string{"OPENAI_FALLBACK_BASE_URL", "localhost"}, "OPENAI_FALLBACK_BASE_URL or OPENAI_FALLBACK_MODEL"},
	} {
		got := fte(t, with(base, tc.change...), "cost")
		require.Equal(t, exitFailed, got.code, name)
		require.Contains(t, got.stderr, tc.want, name)
		require.Contains(t, got.stderr, "1 fault(s)", name)
		require.NotContains(t, got.stderr, "sk-secret", name)
	}
	for name, change := range map[string][]string{
		"pinned": {"FTE_PROMPT", "support-v1"}, "another model": {"OPENAI_FALLBACK_MODEL", "other"},
		"another server": {"OPENAI_FALLBACK_BASE_URL", "http://127.0.0.1:1/v1"},
	} {
		require.Equal(t, exitOK, fte(t, with(base, change...), "cost").code, name)
	}
}
