package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sethvargo/go-envconfig"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/dev/part"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

// startRoles runs roles until the test ends.
func startRoles(t *testing.T, roles string, settings map[string]string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var log syncBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"worker", "--roles", roles}, envconfig.MapLookuper(settings), &log, &log)
	}()
	t.Cleanup(func() {
		stop()
		select {
		case code := <-ended:
			require.Equal(t, exitOK, code, log.String())
			requireNoSecret(t, log.String())
		case <-time.After(cliPatience):
			require.FailNow(t, "the worker did not stop")
		}
	})
}

// TestStaffIsToldOnBothWays lets the webhook refuse: the mails go out all the
// same, each once, and the posts follow when the webhook takes them.
func TestStaffIsToldOnBothWays(t *testing.T) {
	t.Parallel()
	const mailbox = "support@firnwacht.example"
	kafka := cliKafka(t, ticket.Topics()...)
	sim, err := gmail.New(gmail.Options{Mailboxes: []string{mailbox}})
	require.NoError(t, err)
	provider := httptest.NewServer(sim)
	t.Cleanup(func() {
		_ = sim.Close()
		provider.Close()
	})
	sim.SetBaseURL(provider.URL)
	credentials, err := sim.ServiceAccountJSON()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(file, credentials, 0o600))
	var open atomic.Bool
	refused, posted := make(chan struct{}, 1000), make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !open.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			refused <- struct{}{}
			return
		}
		var body struct{ Text string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		posted <- body.Text
	}))
	t.Cleanup(hook.Close)

	startRoles(t, "notifier", with(cliSettings(), "DATABASE_URL", schematest.URL(t), "KAFKA_BROKERS", kafka.Brokers[0],
		"STAFF_ALERT_WEBHOOK", hook.URL, "STAFF_ALERT_EMAIL", "team@firnwacht.example", "GMAIL_MAILBOX", mailbox,
		"GOOGLE_APPLICATION_CREDENTIALS", file, "GMAIL_ENDPOINT", provider.URL))
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: kafka.Brokers})
	require.NoError(t, err)
	t.Cleanup(producer.Close)
	for _, number := range []string{"T-FIRST", "T-SECOND"} {
		e := ticket.TicketEscalated{TicketID: uuid.New(), TicketNumber: number, Reason: "abuse", Urgency: "high", Channel: ticket.WhatsApp, At: time.Now()}
		value, err := json.Marshal(e)
		require.NoError(t, err)
		// One customer, so one lane.
		require.NoError(t, producer.Publish(t.Context(), stream.Event{
			Topic: ticket.TopicEscalations, Key: "one", ID: "escalation:" + e.TicketID.String() + ":abuse", Type: ticket.TypeTicketEscalated,
			Source: "/test", Time: e.At, Value: value,
		}))
	}

	ctx, cancel := context.WithTimeout(t.Context(), cliPatience)
	defer cancel()
	require.NoError(t, sim.WaitFor(ctx, func(sent []gmail.Sent) bool { return len(sent) == 2 }))
	for range 2 {
		select {
		case <-refused:
		case <-ctx.Done():
			require.FailNow(t, "the webhook was not tried again")
		}
	}
	open.Store(true)
	for _, number := range []string{"T-FIRST", "T-SECOND"} {
		select {
		case text := <-posted:
			require.Contains(t, text, number)
		case <-ctx.Done():
			require.FailNow(t, "a post is missing")
		}
	}
	require.Len(t, sim.Sent(), 2, "no mail is repeated because of the webhook")
}

// TestTicketsRoleKeepsTheSchedules starts the role before its Temporal, and
// lets the schedules run what they are for.
func TestTicketsRoleKeepsTheSchedules(t *testing.T) {
	t.Parallel()
	kafka := cliKafka(t, ticket.Topics()...)
	port, err := part.FreePort()
	require.NoError(t, err)
	address := "127.0.0.1:" + strconv.Itoa(port)
	startRoles(t, "tickets,delivery", with(cliSettings(), "DATABASE_URL", schematest.URL(t), "KAFKA_BROKERS", kafka.Brokers[0],
		"TEMPORAL_ADDRESS", address, "FTE_TIME_ZONE", "Europe/Berlin", "FTE_RETENTION", "1000h"))
	server, err := part.StartTemporal(t.Context(), part.TemporalOptions{CLI: os.Getenv("TEMPORAL_CLI_PATH"), Headless: true, Port: port})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	temporal, err := client.NewLazyClient(client.Options{HostPort: address})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	require.Eventually(t, func() bool {
		d, err := temporal.ScheduleClient().GetHandle(t.Context(), ticket.ScheduleRetention).Describe(t.Context())
		return err == nil && len(d.Info.NextActionTimes) > 0
	}, cliPatience, 50*time.Millisecond)
	d, err := temporal.ScheduleClient().GetHandle(t.Context(), ticket.ScheduleDailyReport).Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", d.Schedule.Spec.TimeZoneName)

	var report ticket.DailyReportResult
	runSchedule(t, temporal, ticket.ScheduleDailyReport, &report)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	require.Equal(t, ticket.DailyReportResult{
		Day: time.Now().In(berlin).AddDate(0, 0, -1).Format(time.DateOnly), Headline: "There were no conversations.",
		Note: "The report was not mailed: STAFF_ALERT_EMAIL is not set.",
	}, report)
	purged := ticket.PurgeResult{RawEvents: -1}
	runSchedule(t, temporal, ticket.ScheduleRetention, &purged)
	require.Zero(t, purged.RawEvents)
}

// runSchedule lets a schedule act now and waits for what its workflow returns.
func runSchedule(t *testing.T, temporal client.Client, id string, result any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), cliPatience)
	defer cancel()
	handle := temporal.ScheduleClient().GetHandle(ctx, id)
	require.NoError(t, handle.Trigger(ctx, client.ScheduleTriggerOptions{}))
	var workflowID string
	require.Eventually(t, func() bool {
		d, err := handle.Describe(ctx)
		if err != nil || len(d.Info.RecentActions) == 0 {
			return false
		}
		workflowID = d.Info.RecentActions[0].StartWorkflowResult.WorkflowID
		return true
	}, cliPatience, 50*time.Millisecond)
	require.NoError(t, temporal.GetWorkflow(ctx, workflowID, "").Get(ctx, result))
}
