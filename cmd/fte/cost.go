package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
)

// maxCostRows is how many rows are shown, the dearest first; days the newest.
const maxCostRows = 400

const costDetails = `Adds up the calls of the model, also those that could not be used: they were paid for. Embeddings are not counted.
--by day (the default), channel, category, model or customer; days are those of FTE_TIME_ZONE.
A ticket counts as answered when the assistant answered at least once; what a call costs is reckoned by FTE_PROMPT_PRICE
and FTE_OUTPUT_PRICE as they were when it was made. The page docs/models.md says what the budgets do.`

// costReport is what the model has cost in a time.
type costReport struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	By    string    `json:"by"`
	Rows  []costRow `json:"rows"`
	Total costRow   `json:"total"`
}

// costRow is what the model has cost for one thing. Shares are of the calls.
type costRow struct {
	Name             string  `json:"name,omitempty"`
	Calls            int64   `json:"calls"`
	PromptTokens     int64   `json:"prompt_tokens"`
	CompletionTokens int64   `json:"completion_tokens"`
	CostUSD          float64 `json:"cost_usd"`
	Tickets          int64   `json:"tickets"`
	AnsweredTickets  int64   `json:"answered_tickets"`
	PerAnsweredUSD   float64 `json:"usd_per_answered_ticket"` // zero when none was answered
	MedianMs         float64 `json:"p50_ms"`
	P95Ms            float64 `json:"p95_ms"`
	InvalidShare     float64 `json:"invalid_share"`
	RepairedShare    float64 `json:"repaired_share"`
	FallbackShare    float64 `json:"fallback_share"`
}

// runCost prints what the model has cost.
func runCost(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("cost")
	asJSON := flags.Bool("json", false, "print JSON")
	since := flags.Duration("since", 30*24*time.Hour, "how far `back`, such as 24h")
	by := flags.String("by", "day", "split by `what`: day, channel, category, model or customer")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	switch splits := []string{"day", "channel", "category", "model", "customer"}; {
	case len(rest) > 0:
		return usagef("unexpected argument %q", rest[0])
	case *since <= 0:
		return usagef("--since must be positive, such as 24h")
	case !slices.Contains(splits, *by):
		return usagef("--by: %q is none of %s", *by, strings.Join(splits, ", "))
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase)
	if err != nil {
		return err
	}
	if err := checkSchema(ctx, c.DatabaseURL); err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, Name: "cost"})
	if err != nil {
		return err
	}
	defer db.Close()
	now := time.Now()
	report, err := addUpCost(ctx, db, now.Add(-*since), now, *by, c.promises.Calendar.Zone())
	if err != nil {
		return schema.Classify(err)
	}
	if *asJSON {
		return json.NewEncoder(env.stdout).Encode(report)
	}
	return report.write(env.stdout)
}

// addUpCost adds up the calls between two times.
func addUpCost(ctx context.Context, db *schema.DB, since, until time.Time, by string, zone *time.Location) (costReport, error) {
	report := costReport{Since: since, Until: until, By: by, Rows: []costRow{}}
	ask := schema.ModelCostsParams{Split: by, Zone: zone.String(), Since: since, Until: until, MaxRows: maxCostRows}
	rows, err := db.ModelCosts(ctx, ask)
	if err != nil {
		return report, err
	}
	for _, r := range rows {
		report.Rows = append(report.Rows, newCostRow(r))
	}
	ask.Split = ""
	all, err := db.ModelCosts(ctx, ask)
	if err != nil || len(all) == 0 {
		return report, err
	}
	report.Total = newCostRow(all[0])
	return report, nil
}

func newCostRow(r schema.ModelCostsRow) costRow {
	row := costRow{
		Name: r.Name, Calls: r.Calls, PromptTokens: r.PromptTokens, CompletionTokens: r.CompletionTokens, CostUSD: r.CostUSD,
		Tickets: r.Tickets, AnsweredTickets: r.Answered, MedianMs: r.MedianMs, P95Ms: r.P95Ms,
	}
	if r.Answered > 0 {
		row.PerAnsweredUSD = r.CostUSD / float64(r.Answered)
	}
	if r.Calls > 0 {
		calls := float64(r.Calls)
		row.InvalidShare, row.RepairedShare, row.FallbackShare = float64(r.Invalid)/calls, float64(r.Repairs)/calls, float64(r.Fallback)/calls
	}
	return row
}

func (r costReport) write(w io.Writer) error {
	from := r.Since.Format("2006-01-02 15:04")
	if r.Total.Calls == 0 {
		_, err := fmt.Fprintf(w, "The model has not been asked since %s.\n", from)
		return err
	}
	rows := [][]string{{strings.ToUpper(r.By), "CALLS", "TOKENS IN", "OUT", "USD", "TICKETS", "ANSWERED", "USD EACH", "P50", "P95", "INVALID", "REPAIRS", "FALLBACK"}}
	for _, row := range append(slices.Clone(r.Rows), r.Total) {
		rows = append(rows, row.cells())
	}
	rows[len(rows)-1][0] = "all"
	if err := table(w, rows); err != nil {
		return err
	}
	if len(r.Rows) == maxCostRows {
		if _, err := fmt.Fprintf(w, "\nOnly %d rows are shown; all counts everything.\n", maxCostRows); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nSince %s. USD EACH is the cost of a ticket that the assistant answered, with what was spent on the others.\n", from)
	return err
}

func (r costRow) cells() []string {
	name, each := r.Name, "-"
	if name == "" {
		name = "unknown"
	}
	if r.AnsweredTickets > 0 {
		each = fmt.Sprintf("%.4f", r.PerAnsweredUSD)
	}
	number := func(n int64) string { return fmt.Sprint(n) }
	share := func(f float64) string { return fmt.Sprintf("%.1f%%", 100*f) }
	took := func(ms float64) string { return fmt.Sprintf("%.1fs", ms/1000) }
	return []string{
		name, number(r.Calls), number(r.PromptTokens), number(r.CompletionTokens), fmt.Sprintf("%.4f", r.CostUSD),
		number(r.Tickets), number(r.AnsweredTickets), each, took(r.MedianMs), took(r.P95Ms),
		share(r.InvalidShare), share(r.RepairedShare), share(r.FallbackShare),
	}
}
