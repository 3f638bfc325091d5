package activities

import (
	"fmt"
	"strings"
	"time"
)

// empty reports whether nothing at all happened.
func (r *Report) empty() bool {
	return r.Conversations == 0 && r.Turns == 0 && r.Tickets == 0 && len(r.Reasons) == 0
}

// Headline is the report in one sentence.
func (r *Report) Headline() string {
	if r.empty() {
		return "There were no conversations."
	}
	headline := count(r.Conversations, "conversation")
	if r.Sentiment != nil {
		headline += fmt.Sprintf(", mood %.2f", *r.Sentiment)
		if r.Trend != TrendNone {
			headline += " (" + string(r.Trend) + ")"
		}
	}
	if r.EscalationRate != nil {
		headline += ", " + percent(*r.EscalationRate) + " handed to people"
	}
	return headline + "."
}

// Markdown is the report as people read it, fit for a terminal and for a plain
// mail as well.
func (r *Report) Markdown() string {
	var b strings.Builder
	title := "Daily report for " + longDay(r.Day)
	heading(&b, title, "=")
	if r.Partial {
		b.WriteString("This day is not over: these are the figures so far.\n\n")
	}
	if r.empty() {
		b.WriteString("There were no conversations on this day: nobody wrote, and no person was asked for.\n")
		r.footer(&b)
		return b.String()
	}
	fmt.Fprintf(&b, "Customers wrote %s in %s; %s opened. The assistant sent %s, people sent %d.\n\n",
		count(r.Messages.Customers, "message"), count(r.Conversations, "conversation"), were(r.Tickets, "ticket"),
		count(r.Messages.Assistant, "message"), r.Messages.Staff)
	r.mood(&b)
	r.handovers(&b)
	if len(r.Categories) > 0 {
		heading(&b, "What tickets were about", "-")
		for _, c := range r.Categories {
			fmt.Fprintf(&b, "- %s: %s\n", strings.ReplaceAll(c.Name, "_", " "), count(c.Tickets, "ticket"))
		}
		b.WriteString("\n")
	}
	r.channels(&b)
	if r.Turns > 0 {
		heading(&b, "Cost", "-")
		fmt.Fprintf(&b, "The language model cost $%.2f, that is $%.4f for each of %s.\n", r.CostUSD, r.CostUSD/float64(r.Turns), count(r.Turns, "turn"))
	}
	r.footer(&b)
	return b.String()
}

func (r *Report) mood(b *strings.Builder) {
	heading(b, "Mood of the customers", "-")
	if r.Sentiment == nil {
		b.WriteString("The mood was not read in any turn.\n\n")
		return
	}
	fmt.Fprintf(b, "%.2f on average, from 0 (furious) to 1 (delighted), read in %d of %s.\n", *r.Sentiment, r.Readings, count(r.Turns, "turn"))
	switch r.Trend {
	case TrendUp:
		fmt.Fprintf(b, "It has gone up: the day before it was %.2f.\n\n", *r.PreviousSentiment)
	case TrendDown:
		fmt.Fprintf(b, "It has gone down: the day before it was %.2f.\n\n", *r.PreviousSentiment)
	case TrendSteady:
		fmt.Fprintf(b, "It is steady: the day before it was %.2f.\n\n", *r.PreviousSentiment)
	default:
		b.WriteString("There is nothing to compare it with: it was not read on the day before.\n\n")
	}
}

func (r *Report) handovers(b *strings.Builder) {
	heading(b, "Handed to people", "-")
	if r.EscalationRate == nil {
		b.WriteString("No turn was finished.\n")
	} else {
		fmt.Fprintf(b, "%d of %s: %s.\n", r.Escalated, count(r.Turns-r.Unfinished, "finished turn"), percent(*r.EscalationRate))
	}
	if r.Unfinished > 0 {
		fmt.Fprintf(b, "%s not finished when this report was made.\n", were(r.Unfinished, "turn"))
	}
	b.WriteString("\n")
	if len(r.Reasons) == 0 {
		return
	}
	b.WriteString("Why people were asked, by tickets:\n\n")
	for _, c := range r.Reasons {
		fmt.Fprintf(b, "- %d × %s (%s)\n", c.Tickets, c.Meaning, c.Code)
	}
	b.WriteString("\n")
}

func (r *Report) channels(b *strings.Builder) {
	if len(r.Channels) == 0 {
		return
	}
	heading(b, "Channels", "-")
	for _, c := range r.Channels {
		fmt.Fprintf(b, "- %s: %s, ", channelName(c.Channel), count(c.Turns, "turn"))
		if c.Sentiment != nil {
			fmt.Fprintf(b, "mood %.2f, ", *c.Sentiment)
		}
		fmt.Fprintf(b, "%d handed to people", c.Escalated)
		if c.MedianMS != nil && c.P95MS != nil {
			fmt.Fprintf(b, "; the middle answer took %s, 95 of 100 took %s or less", seconds(*c.MedianMS), seconds(*c.P95MS))
		}
		b.WriteString(".\n")
	}
	b.WriteString("\n")
}

func (r *Report) footer(b *strings.Builder) {
	fmt.Fprintf(b, "\nThe day is that of %s, from midnight to midnight.", r.Zone)
	if r.Turns > 0 {
		b.WriteString(" A turn is one question and what came of it.")
	}
	b.WriteString("\n")
}

func heading(b *strings.Builder, title, line string) {
	b.WriteString(title + "\n" + strings.Repeat(line, len([]rune(title))) + "\n\n")
}

func longDay(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Format("Monday, 2 January 2006")
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func were(n int64, what string) string {
	if n == 1 {
		return count(n, what) + " was"
	}
	return count(n, what) + " were"
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }

// seconds shows a time as exactly as it matters.
func seconds(ms float64) string {
	switch {
	case ms < 9950:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms < 120_000:
		return fmt.Sprintf("%.0f s", ms/1000)
	default:
		return fmt.Sprintf("%.0f min", ms/60_000)
	}
}
