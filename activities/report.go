package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// steadyMood is by how much the average has to differ from the day before to
// count as a change.
const steadyMood = 0.05

// maxIssues bounds the lists of a report.
const maxIssues = 10

// Trend says how the mood of customers has changed since the day before.
type Trend string

// The trends. TrendNone means that one of the two days has no reading.
const (
	TrendUp     Trend = "up"
	TrendDown   Trend = "down"
	TrendSteady Trend = "steady"
	TrendNone   Trend = "none"
)

// Report sums up one day. It holds counts and codes, never who wrote or what.
type Report struct {
	Day  string `json:"day"`  // 2006-01-02
	Zone string `json:"zone"` // in which the day began and ended
	// Partial means that the day was not over when the report was made.
	Partial       bool          `json:"partial,omitempty"`
	Conversations int64         `json:"conversations"` // in which anything was said
	Tickets       int64         `json:"tickets"`       // opened
	Messages      MessageCounts `json:"messages"`
	Figures                     // of all channels
	// PreviousSentiment is null when nothing was read the day before.
	PreviousSentiment *float64          `json:"previous_sentiment"`
	Trend             Trend             `json:"trend"`
	Channels          []ChannelFigures  `json:"channels"`
	Categories        []Issue           `json:"categories"` // of tickets, the most frequent first
	Reasons           []EscalationIssue `json:"reasons"`    // why people were asked, the most frequent first
}

// MessageCounts says who wrote how much.
type MessageCounts struct {
	Customers int64 `json:"customers"`
	Assistant int64 `json:"assistant"`
	Staff     int64 `json:"staff"`
}

// Figures are about a day's turns. What could not be measured is null.
type Figures struct {
	Turns      int64 `json:"turns"`
	Unfinished int64 `json:"unfinished"` // still open when the report was made
	Escalated  int64 `json:"escalated"`  // handed over to a person
	// EscalationRate is the share of finished turns that were handed over, 0 to 1.
	EscalationRate *float64 `json:"escalation_rate"`
	Sentiment      *float64 `json:"sentiment"` // average, 0 furious to 1 delighted
	Readings       int64    `json:"readings"`  // turns that Sentiment is of
	MedianMS       *float64 `json:"median_ms"` // from a message to its answer
	P95MS          *float64 `json:"p95_ms"`
	CostUSD        float64  `json:"cost_usd"` // of the language model
}

// ChannelFigures are those of one channel.
type ChannelFigures struct {
	Channel ticket.Channel `json:"channel"`
	Figures
}

// Issue is something that several tickets have in common.
type Issue struct {
	Name    string `json:"name"`
	Tickets int64  `json:"tickets"`
}

// EscalationIssue is a reason for which people were asked.
type EscalationIssue struct {
	Code    string `json:"code"`
	Meaning string `json:"meaning"`
	Tickets int64  `json:"tickets"`
}

// BuildReport adds up a day and stores the report, as JSON and as Markdown.
// Doing it again brings a stored report up to date until it has been mailed;
// from then on it stays as it was read. CodeInvalid for a day that is not over.
func (a *Activities) BuildReport(ctx context.Context, in ticket.BuildReportInput) (ticket.BuildReportResult, error) {
	res, err := a.buildReport(ctx, in)
	return res, a.done(ctx, schema.Classify(err))
}

func (a *Activities) buildReport(ctx context.Context, in ticket.BuildReportInput) (res ticket.BuildReportResult, err error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil {
		return res, ticket.Errorf(ticket.CodeInvalid, "%q is not a time zone; check FTE_TIME_ZONE", in.Zone)
	}
	day := in.At.In(zone).AddDate(0, 0, -1)
	if in.Day != "" {
		if day, err = time.ParseInLocation(time.DateOnly, in.Day, zone); err != nil {
			return res, ticket.Errorf(ticket.CodeInvalid, "%q is not a day, such as 2026-03-02", in.Day)
		}
	}
	report, err := AddUpDay(ctx, a.DB, day)
	if err != nil {
		return res, err
	}
	if report.Partial {
		return res, ticket.Errorf(ticket.CodeInvalid, "%s is not over yet", report.Day)
	}
	return ticket.BuildReportResult{Day: report.Day, Headline: report.Headline()}, SaveReport(ctx, a.DB, report)
}

// AddUpDay makes the report of the day that holds the given time, in the
// time's zone. It stores nothing.
func AddUpDay(ctx context.Context, db *schema.DB, at time.Time) (Report, error) {
	midnight := func(days int) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day()+days, 0, 0, 0, 0, at.Location())
	}
	since, until := midnight(0), midnight(1)
	r := Report{
		Day: since.Format(time.DateOnly), Zone: at.Location().String(), Partial: time.Now().Before(until), Trend: TrendNone,
		Channels: []ChannelFigures{}, Categories: []Issue{}, Reasons: []EscalationIssue{},
	}
	err := db.Tx(ctx, func(q *schema.Queries) error {
		volume, err := q.DayVolume(ctx, schema.DayVolumeParams{Since: since, Until: until})
		if err != nil {
			return err
		}
		r.Conversations, r.Tickets = volume.Conversations, volume.Opened
		r.Messages = MessageCounts{Customers: volume.Received, Assistant: volume.ByAssistant, Staff: volume.ByStaff}
		if err := r.addTurns(ctx, q, since, until); err != nil {
			return err
		}
		before, err := q.DayTurns(ctx, schema.DayTurnsParams{Since: midnight(-1), Until: since})
		if err != nil {
			return err
		}
		for _, row := range before {
			if row.Channel == "" {
				r.PreviousSentiment = known(row.Readings, row.Sentiment)
			}
		}
		return r.addIssues(ctx, q, since, until)
	})
	r.Trend = trend(r.PreviousSentiment, r.Sentiment)
	return r, err
}

func (r *Report) addTurns(ctx context.Context, q *schema.Queries, since, until time.Time) error {
	rows, err := q.DayTurns(ctx, schema.DayTurnsParams{Since: since, Until: until})
	if err != nil {
		return err
	}
	for _, row := range rows {
		f := Figures{
			Turns: row.Turns, Unfinished: row.Unfinished, Escalated: row.Escalated, Readings: row.Readings, CostUSD: row.CostUSD,
			Sentiment: known(row.Readings, row.Sentiment), MedianMS: known(row.Measured, row.MedianMs), P95MS: known(row.Measured, row.P95Ms),
		}
		if finished := f.Turns - f.Unfinished; finished > 0 {
			f.EscalationRate = known(finished, float64(f.Escalated)/float64(finished))
		}
		if row.Channel == "" {
			r.Figures = f
			continue
		}
		r.Channels = append(r.Channels, ChannelFigures{ticket.Channel(row.Channel), f})
	}
	return nil
}

func (r *Report) addIssues(ctx context.Context, q *schema.Queries, since, until time.Time) error {
	categories, err := q.DayCategories(ctx, schema.DayCategoriesParams{Since: since, Until: until, MaxRows: maxIssues})
	if err != nil {
		return err
	}
	for _, c := range categories {
		r.Categories = append(r.Categories, Issue{c.Name, c.Tickets})
	}
	reasons, err := q.DayReasons(ctx, schema.DayReasonsParams{Since: since, Until: until, MaxRows: maxIssues})
	if err != nil {
		return err
	}
	for _, c := range reasons {
		r.Reasons = append(r.Reasons, EscalationIssue{c.Name, ticket.EscalationMeaning(c.Name), c.Tickets})
	}
	return nil
}

// SaveReport stores a report of a day that is over. One that was mailed stays.
func SaveReport(ctx context.Context, db *schema.DB, r Report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding a report: %w", err)
	}
	return db.SaveReport(ctx, schema.SaveReportParams{Day: r.Day, Body: body, Markdown: r.Markdown()})
}

// known returns a figure that so many readings stand behind; null for none.
func known(readings int64, value float64) *float64 {
	if readings == 0 {
		return nil
	}
	return &value
}

func trend(before, now *float64) Trend {
	if before == nil || now == nil {
		return TrendNone
	}
	// As people see them: 0.60 to 0.65 is steady whatever the bits say.
	switch change := math.Round((*now-*before)*1e6) / 1e6; {
	case change > steadyMood:
		return TrendUp
	case change < -steadyMood:
		return TrendDown
	default:
		return TrendSteady
	}
}
