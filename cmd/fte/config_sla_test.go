package main

import (
	"testing"
	"time"

	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

func TestPromises(t *testing.T) {
	t.Parallel()
	c, err := loadConfig(t.Context(), envconfig.MapLookuper(cliSettings()))
	require.NoError(t, err)
	defaults := sla.DefaultPolicy()
	require.Equal(t, defaults.Calendar.String(), c.promises.Calendar.String())
	c.promises.Calendar = defaults.Calendar
	require.Equal(t, defaults, c.promises, "the defaults of the settings are those of the package")

	c, err = loadConfig(t.Context(), envconfig.MapLookuper(with(cliSettings(),
		"FTE_BUSINESS_HOURS", "mon-fri 09:00-12:00 13:00-17:00, sat 10:00-13:00", "FTE_TIME_ZONE", "Europe/Berlin",
		"FTE_HOLIDAYS", "12-25, 2026-12-24", "FTE_SLA", "email/urgent=1m:2h, whatsapp/*=30s:8h",
		"FTE_ACKNOWLEDGE_AFTER", "10m", "FTE_SECOND_LEVEL_AFTER", "20m", "FTE_AUTO_RELEASE_AFTER", "0s",
		"FTE_UNRESOLVED_AFTER", "36h", "FTE_CLOSE_AFTER", "48h", "STAFF_ALERT_EMAIL", "team@firnwacht.example")))
	require.NoError(t, err)
	require.Equal(t, "Monday to Friday, 09:00–12:00 and 13:00–17:00; Saturday, 10:00–13:00, except on holidays (Europe/Berlin)",
		c.promises.Calendar.String())
	christmas := time.Date(2026, time.December, 24, 10, 0, 0, 0, time.UTC)
	require.Equal(t, christmas.AddDate(0, 0, 2).Add(-time.Hour), c.promises.Calendar.NextOpen(christmas).UTC())
	require.Equal(t, sla.Target{Response: time.Minute, Resolution: 2 * time.Hour}, c.promises.Targets[ticket.Email]["urgent"])
	require.Equal(t, sla.Target{Response: 30 * time.Second, Resolution: 8 * time.Hour}, c.promises.Targets[ticket.WhatsApp]["low"])
	require.Equal(t, defaults.Targets[ticket.WebForm], c.promises.Targets[ticket.WebForm])
	require.Equal(t, []time.Duration{10 * time.Minute, 20 * time.Minute, 0, 36 * time.Hour, 48 * time.Hour}, []time.Duration{
		c.promises.Acknowledge, c.promises.SecondLevel, c.promises.AutoRelease, c.promises.Unresolved, c.promises.CloseAfter,
	})
	require.Equal(t, "team@firnwacht.example", c.StaffAlertEmail)
}

func TestPromisesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	_, err := loadConfig(t.Context(), envconfig.MapLookuper(with(cliSettings(),
		"FTE_BUSINESS_HOURS", "9 to 5", "FTE_TIME_ZONE", "Berlin", "FTE_HOLIDAYS", "12-25,Easter", "FTE_SLA", "mail/urgent=1m:2h",
		"FTE_ACKNOWLEDGE_AFTER", "-1s", "FTE_SECOND_LEVEL_AFTER", "-2s", "FTE_AUTO_RELEASE_AFTER", "-1s",
		"FTE_UNRESOLVED_AFTER", "-1s", "FTE_CLOSE_AFTER", "0s", "STAFF_ALERT_EMAIL", "Team <team@firnwacht.example>")))
	for _, says := range []string{
		"10 fault(s)",
		`FTE_BUSINESS_HOURS: "9" is not a day`,
		`FTE_TIME_ZONE: "Berlin" is not a time zone; write a name such as "Europe/Berlin"`,
		`FTE_HOLIDAYS: "Easter" is not a day; write "2026-12-25"`,
		`FTE_SLA: "mail/urgent=1m:2h": "mail" is not a channel`,
		"FTE_ACKNOWLEDGE_AFTER must not be negative",
		"FTE_SECOND_LEVEL_AFTER must not be negative",
		"FTE_AUTO_RELEASE_AFTER must not be negative",
		"FTE_UNRESOLVED_AFTER must not be negative",
		"FTE_CLOSE_AFTER must be positive",
		"STAFF_ALERT_EMAIL is not one mail address",
	} {
		require.ErrorContains(t, err, says)
	}

	_, err = loadConfig(t.Context(), envconfig.MapLookuper(with(cliSettings(), "FTE_SECOND_LEVEL_AFTER", "10m")))
	require.ErrorContains(t, err, "FTE_SECOND_LEVEL_AFTER must not be shorter than FTE_ACKNOWLEDGE_AFTER")
	_, err = loadConfig(t.Context(), envconfig.MapLookuper(with(cliSettings(), "FTE_BUSINESS_HOURS", "mon 00:00-00:01", "FTE_HOLIDAYS", "02-30")))
	require.ErrorContains(t, err, "1 fault(s)")
}
