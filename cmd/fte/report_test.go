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

// storeTicket stores a ticket that was opened at a time.
func storeTicket(t *testing.T, url string, opened time.Time) {
	t.Helper()
	customer, conversation := uuid.New(), uuid.New()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO customers (id, name) VALUES ('%s', 'Ana Kunde')`, customer),
		fmt.Sprintf(`INSERT INTO conversations (id, channel, key, workflow_id, customer_id, sender_verified, reply_to)
			VALUES ('%s', 'email', '%[1]s', '%[1]s', '%s', true, 'ana@kunde.example')`, conversation, customer),
		fmt.Sprintf(`INSERT INTO tickets (id, number, conversation_id, created_at) VALUES ('%s', 'T-1', '%s', '%s')`,
			uuid.New(), conversation, opened.UTC().Format(time.RFC3339)),
	} {
		schematest.Exec(t, url, statement)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	settings := with(cliSettings(), "DATABASE_URL", url, "FTE_TIME_ZONE", "Asia/Tokyo")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	yesterday := time.Now().In(tokyo).AddDate(0, 0, -1)

	got := fte(t, settings, "report")
	require.Equal(t, exitOK, got.code, got.stderr)
	require.Contains(t, got.stdout, "Daily report for "+yesterday.Format("Monday, 2 January 2006"))
	require.Contains(t, got.stdout, "There were no conversations on this day:")
	require.Contains(t, got.stdout, "The day is that of Asia/Tokyo")

	// What is stored stays, whatever comes after it.
	noon := time.Date(yesterday.Year(), yesterday.Month(), yesterday.Day(), 12, 0, 0, 0, tokyo)
	storeTicket(t, url, noon)
	require.Equal(t, got, fte(t, settings, "report"))
	require.Equal(t, got, fte(t, settings, "report", "--date", yesterday.Format(time.DateOnly)))

	// A day that has none yet; today is shown and not stored.
	storeTicket(t, url, noon.AddDate(0, 0, -1))
	var report struct {
		Day     string
		Tickets int
		Partial bool
	}
	for _, day := range []time.Time{noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 1)} {
		got = fte(t, settings, "report", "--json", "--date", day.Format(time.DateOnly))
		require.Equal(t, exitOK, got.code, got.stderr)
		report.Partial, report.Tickets = false, 0
		require.NoError(t, json.Unmarshal([]byte(got.stdout), &report))
		require.Equal(t, day.Format(time.DateOnly), report.Day)
		require.Equal(t, day.After(yesterday.Add(12*time.Hour)), report.Partial)
	}
	require.Equal(t, "2", schematest.Scalar(t, url, "SELECT count(*)::text FROM daily_reports"))

	for line, want := range map[string]string{
		"report today":             `unexpected argument "today"`,
		"report --date yesterday":  `"yesterday" is not a day, such as 2026-03-02`,
		"report --date 2999-01-01": "2999-01-01 has not begun in Asia/Tokyo",
	} {
		got := fte(t, settings, strings.Fields(line)...)
		require.Equal(t, exitUsage, got.code, line)
		require.Contains(t, got.stderr, want, line)
	}
	got = fte(t, with(settings, "FTE_RETENTION", "24h", "TEMPORAL_UI_URL", "temporal"), "report")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "FTE_RETENTION must be 168h or more")
	require.Contains(t, got.stderr, "TEMPORAL_UI_URL is not an http or https address")
	got = fte(t, settings, "report", "--help")
	require.Equal(t, exitOK, got.code)
	require.Contains(t, got.stdout, "Usage: fte report [--date DAY]")
	require.Contains(t, got.stdout, "FTE_TIME_ZONE")
}
