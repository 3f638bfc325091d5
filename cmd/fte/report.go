package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/schema"
)

// runReport prints the report of a day, and makes it if there is none yet.
func runReport(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("report")
	asJSON := flags.Bool("json", false, "print JSON")
	date := flags.String("date", "", "the `day`, such as 2026-03-02 (default yesterday)")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q", rest[0])
	}
	if *date != "" {
		if _, err := time.Parse(time.DateOnly, *date); err != nil {
			return usagef("--date: %q is not a day, such as 2026-03-02", *date)
		}
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase)
	if err != nil {
		return err
	}
	day, err := reportDay(*date, time.Now().In(c.promises.Calendar.Zone()))
	if err != nil {
		return err
	}
	if err := checkSchema(ctx, c.DatabaseURL); err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, Name: "report"})
	if err != nil {
		return err
	}
	defer db.Close()
	return printReport(ctx, env.stdout, db, day, *asJSON)
}

// reportDay returns a time of the day that is asked for, in the zone of now.
func reportDay(date string, now time.Time) (time.Time, error) {
	if date == "" {
		return now.AddDate(0, 0, -1), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, date, now.Location())
	if err == nil && day.After(now) {
		err = usagef("--date: %s has not begun in %s (FTE_TIME_ZONE)", date, now.Location())
	}
	return day, err
}

func printReport(ctx context.Context, out io.Writer, db *schema.DB, day time.Time, asJSON bool) error {
	saved, err := db.SavedReport(ctx, day.Format(time.DateOnly))
	body, markdown := saved.Body, saved.Markdown
	if schema.NoRows(err) {
		body, markdown, err = makeReport(ctx, db, day)
	}
	if err != nil {
		return schema.Classify(err)
	}
	if asJSON {
		_, err = fmt.Fprintf(out, "%s\n", body)
		return err
	}
	_, err = fmt.Fprint(out, markdown)
	return err
}

// makeReport adds up a day and stores the report, unless the day is not over.
func makeReport(ctx context.Context, db *schema.DB, day time.Time) (body []byte, markdown string, err error) {
	report, err := activities.AddUpDay(ctx, db, day)
	if err != nil {
		return nil, "", err
	}
	if !report.Partial {
		if err := activities.SaveReport(ctx, db, report); err != nil {
			return nil, "", err
		}
	}
	body, err = json.Marshal(report)
	return body, report.Markdown(), err
}
