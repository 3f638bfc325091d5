package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/ticket"
)

// pastTurn is a turn of an earlier day, as it lies in the database.
type pastTurn struct {
	channel   ticket.Channel
	at        string // with zone
	state     string // answered when empty
	sentiment string // as the model wrote it; none when empty
	category  string
	reason    string // of a hand-over
	latency   time.Duration
	cost      float64
}

// past stores a turn with its conversation, ticket and message, all of one time.
func (w *world) past(p pastTurn) (message uuid.UUID) {
	w.t.Helper()
	if p.state == "" {
		p.state = "answered"
	}
	if p.category == "" {
		p.category = "general"
	}
	c := w.conversation(p.channel)
	message = w.message(c, "I am Ana Kunde and cannot log in")
	k, turn := uuid.New(), uuid.New()
	w.exec(fmt.Sprintf(`UPDATE messages SET received_at = '%s' WHERE id = '%s'`, p.at, message))
	w.exec(fmt.Sprintf(`INSERT INTO tickets (id, number, conversation_id, category, status, created_at, closed_at)
		VALUES ('%s', 'T-1', '%s', '%s', 'closed', '%s', '%[4]s')`, k, c.ID, p.category, p.at))
	w.exec(fmt.Sprintf(`INSERT INTO turns (id, conversation_id, ticket_id, first_message_id, message_ids, state, created_at)
		VALUES ('%s', '%s', '%s', '%s', ARRAY['%[4]s'::uuid], '%[5]s', '%[6]s')`, turn, c.ID, k, message, p.state, p.at))
	if p.sentiment != "" {
		// A search has no triage, and comes first.
		for i, decision := range []string{
			`{"tool":"search_knowledge_base","arguments":{"query":"x"}}`,
			`{"tool":"send_response","arguments":{"triage":{"sentiment":` + p.sentiment + `}}}`,
		} {
			w.exec(fmt.Sprintf(`INSERT INTO model_calls (id, turn_id, input_hash, prompt_version, model, decision, prompt_tokens, completion_tokens, cost_usd, latency_ms, created_at)
				VALUES ('%s', '%s', '%d', '', '', '%s', 1, 1, %f, 1, '%s'::timestamptz + interval '%[3]d seconds')`,
				uuid.New(), turn, i, decision, p.cost/2, p.at))
		}
	}
	if p.latency > 0 {
		w.exec(fmt.Sprintf(`INSERT INTO agent_metrics (turn_id, channel, latency_ms, escalated, tool_calls_count, tokens, cost_usd)
			VALUES ('%s', '%s', %d, false, 1, 1, 0)`, turn, p.channel, p.latency.Milliseconds()))
	}
	if p.reason != "" {
		w.exec(fmt.Sprintf(`INSERT INTO handovers (id, ticket_id, turn_id, code, reason, summary, tried, created_at)
			VALUES ('%s', '%s', '%s', '%s', '', '', '', '%s')`, uuid.New(), k, turn, p.reason, p.at))
	}
	return message
}

func (w *world) build(in ticket.BuildReportInput) ticket.BuildReportResult {
	w.t.Helper()
	res, err := run(w, w.acts().BuildReport, in)
	require.NoError(w.t, err)
	return res
}

func (w *world) report(day string) (activities.Report, string) {
	w.t.Helper()
	saved, err := w.db.SavedReport(w.t.Context(), day)
	require.NoError(w.t, err)
	var r activities.Report
	require.NoError(w.t, json.Unmarshal(saved.Body, &r))
	return r, saved.Markdown
}

// busyDay is 2 March 2026 in Berlin, which begins at 23:00 UTC.
func busyDay(w *world) {
	w.past(pastTurn{channel: ticket.Email, at: "2026-03-01T22:59:59Z", sentiment: "0.40", cost: 9, latency: time.Hour})
	w.past(pastTurn{channel: ticket.Email, at: "2026-03-01T23:00:00Z", sentiment: "0.8", category: "account", latency: 4 * time.Second, cost: 0.02})
	w.past(pastTurn{channel: ticket.Email, at: "2026-03-02T09:00:00Z", sentiment: "0.6", category: "account", latency: 8 * time.Second, cost: 0.04})
	w.past(pastTurn{
		channel: ticket.Email, at: "2026-03-02T10:00:00Z", state: "handed_over", sentiment: "0.1", category: "billing",
		reason: "refund_request", latency: 6 * time.Second, cost: 0.02,
	})
	w.past(pastTurn{channel: ticket.WhatsApp, at: "2026-03-02T12:00:00Z", state: "handed_over", reason: "refund_request", latency: 90 * time.Second})
	w.past(pastTurn{channel: ticket.WhatsApp, at: "2026-03-02T22:59:59Z", state: "open"})
	w.past(pastTurn{channel: ticket.WebForm, at: "2026-03-02T23:00:00Z", sentiment: "1", cost: 9})
}

func TestReportOfADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busyDay(w)
	// Early on the next day in Berlin, which is still the same day in UTC.
	res := w.build(ticket.BuildReportInput{Zone: "Europe/Berlin", At: time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC)})
	require.Equal(t, ticket.BuildReportResult{Day: "2026-03-02", Headline: "5 conversations, mood 0.50 (up), 50.0 % handed to people."}, res)

	r, markdown := w.report("2026-03-02")
	value := func(f float64) *float64 { return &f }
	require.InDelta(t, 0.5, *r.Sentiment, 1e-9)
	require.InDelta(t, 0.4, *r.PreviousSentiment, 1e-9)
	require.InDelta(t, 0.08, r.CostUSD, 1e-9)
	require.InDelta(t, 7000, *r.MedianMS, 1e-6)
	require.Equal(t, activities.TrendUp, r.Trend)
	require.Equal(t, int64(5), r.Conversations)
	require.Equal(t, int64(5), r.Tickets)
	require.Equal(t, activities.MessageCounts{Customers: 5}, r.Messages)
	require.Equal(t, []int64{5, 1, 2, 3}, []int64{r.Turns, r.Unfinished, r.Escalated, r.Readings})
	require.Equal(t, value(0.5), r.EscalationRate)
	require.Equal(t, []activities.Issue{{"account", 2}, {"general", 2}, {"billing", 1}}, r.Categories)
	require.Equal(t, []activities.EscalationIssue{{"refund_request", ticket.EscalationMeaning("refund_request"), 2}}, r.Reasons)
	require.Len(t, r.Channels, 2)
	byMail, byWhatsApp := r.Channels[0], r.Channels[1]
	require.Equal(t, ticket.Email, byMail.Channel)
	require.Equal(t, value(6000), byMail.MedianMS)
	require.InDelta(t, 7800, *byMail.P95MS, 1e-6)
	require.Equal(t, ticket.WhatsApp, byWhatsApp.Channel)
	require.Nil(t, byWhatsApp.Sentiment)
	require.Equal(t, value(1.0), byWhatsApp.EscalationRate)

	for _, line := range []string{
		"Daily report for Monday, 2 March 2026\n=====================================\n",
		"Customers wrote 5 messages in 5 conversations; 5 tickets were opened. The assistant sent 0 messages, people sent 0.",
		"0.50 on average, from 0 (furious) to 1 (delighted), read in 3 of 5 turns.\nIt has gone up: the day before it was 0.40.",
		"2 of 4 finished turns: 50.0 %.\n1 turn was not finished when this report was made.",
		"- 2 × The customer asks for money back or disputes a payment. (refund_request)",
		"- account: 2 tickets\n- general: 2 tickets\n- billing: 1 ticket\n",
		"- e-mail: 3 turns, mood 0.50, 1 handed to people; the middle answer took 6.0 s, 95 of 100 took 7.8 s or less.",
		"- WhatsApp: 2 turns, 1 handed to people; the middle answer took 90 s, 95 of 100 took 90 s or less.",
		"The language model cost $0.08, that is $0.0160 for each of 5 turns.",
		"The day is that of Europe/Berlin",
	} {
		require.Contains(t, markdown, line)
	}
	for _, personal := range []string{"Ana", "Kunde", address, phone, "log in", w.customer.String()} {
		require.NotContains(t, markdown, personal)
		body, err := json.Marshal(r)
		require.NoError(t, err)
		require.NotContains(t, string(body), personal)
	}
}

func TestReportIsMadeAnewUntilItIsMailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := ticket.BuildReportInput{Zone: "UTC", Day: "2026-03-02"}
	w.build(in)
	first, markdown := w.report("2026-03-02")
	w.build(in)
	again, _ := w.report("2026-03-02")
	require.Equal(t, first, again)
	require.Contains(t, markdown, "There were no conversations on this day:")
	require.NotContains(t, markdown, "Mood")
	require.Equal(t, activities.TrendNone, first.Trend)

	w.past(pastTurn{channel: ticket.Email, at: "2026-03-02T12:00:00Z"})
	require.Equal(t, "1 conversation, 0.0 % handed to people.", w.build(in).Headline)
	late, markdown := w.report("2026-03-02")
	require.Equal(t, int64(1), late.Turns)
	require.Contains(t, markdown, "The mood was not read in any turn.")

	require.NoError(t, w.db.MarkReportMailed(t.Context(), "2026-03-02"))
	w.past(pastTurn{channel: ticket.Email, at: "2026-03-02T13:00:00Z"})
	w.build(in)
	mailed, _ := w.report("2026-03-02")
	require.Equal(t, late, mailed, "what staff has read stays as it was")
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM daily_reports"))
}

func TestReportSpansADayOfAnyLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, at := range []string{"2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"} {
		w.past(pastTurn{channel: ticket.WebForm, at: at})
	}
	w.build(ticket.BuildReportInput{Zone: "Europe/Berlin", Day: "2026-03-29"})
	r, _ := w.report("2026-03-29")
	require.Equal(t, int64(2), r.Turns, "the day on which summer time begins has 23 hours")
}

func TestTrend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, now string
		want        activities.Trend
		says        string
	}{
		"up":                {"0.60", "0.66", activities.TrendUp, "gone up: the day before it was 0.60"},
		"steady at the top": {"0.60", "0.65", activities.TrendSteady, "It is steady"},
		"steady below":      {"0.65", "0.60", activities.TrendSteady, "It is steady"},
		"down":              {"0.66", "0.60", activities.TrendDown, "gone down: the day before it was 0.66"},
		"no day before":     {"", "0.60", activities.TrendNone, "nothing to compare it with"},
		"nothing read":      {"0.60", "", activities.TrendNone, "not read in any turn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.past(pastTurn{channel: ticket.Email, at: "2026-03-01T12:00:00Z", sentiment: c.before})
			w.past(pastTurn{channel: ticket.Email, at: "2026-03-02T12:00:00Z", sentiment: c.now})
			w.build(ticket.BuildReportInput{Zone: "UTC", Day: "2026-03-02"})
			r, markdown := w.report("2026-03-02")
			require.Equal(t, c.want, r.Trend)
			require.Contains(t, markdown, c.says)
		})
	}
}

func TestReportThatCannotBeMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, in := range []ticket.BuildReportInput{
		{Zone: "Europe/Atlantis", At: time.Now()},
		{Zone: "UTC", Day: "yesterday"},
		{Zone: "UTC", Day: time.Now().UTC().Format(time.DateOnly)},
	} {
		_, err := run(w, w.acts().BuildReport, in)
		requireRefused(t, err, ticket.CodeInvalid, true)
	}
	r, err := activities.AddUpDay(t.Context(), w.db, time.Now().UTC())
	require.NoError(t, err)
	require.True(t, r.Partial)
	require.Contains(t, r.Markdown(), "This day is not over")
}
