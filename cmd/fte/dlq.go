package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/digital-fte/fte/stream"
)

// runDLQ lists dead letters and sends them back to where they came from.
func runDLQ(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("dlq")
	asJSON := flags.Bool("json", false, "print JSON")
	filter := stream.DeadLetterFilter{}
	flags.StringVar(&filter.Topic, "topic", "", "only those that came from this `topic`")
	flags.StringVar(&filter.Reason, "reason", "", "only those with this `reason`")
	flags.StringVar(&filter.ID, "id", "", "only the event with this `id`")
	flags.IntVar(&filter.Limit, "limit", 0, "at most so `many`, the oldest first (0: all)")
	rest, err := parseFlags(flags, args)
	switch {
	case err != nil:
		return wrongUse(flags, err)
	case len(rest) == 0:
		return usagef("say what to do: list or redrive")
	case rest[0] != "list" && rest[0] != "redrive":
		return usagef("there is no dlq %s", rest[0])
	case len(rest) > 1:
		return usagef("unexpected argument %q", rest[1])
	case filter.Limit < 0:
		return usagef("--limit must not be negative")
	}
	c, err := loadConfig(ctx, env.lookuper, needKafka)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	letters, err := stream.ListDeadLetters(ctx, c.KafkaBrokers, filter)
	if err != nil {
		return fmt.Errorf("the dead letters could not be read; check KAFKA_BROKERS, and that `fte migrate` has run: %w", err)
	}
	if rest[0] == "redrive" {
		return redrive(ctx, env, c, letters, *asJSON)
	}
	return printLetters(env, letters, *asJSON)
}

// redrive sends the letters back. Consumers know an event that they have
// handled before, so one that is sent back twice does no harm; one that cannot
// be sent back does not keep the others.
func redrive(ctx context.Context, env environment, c *Config, letters []stream.DeadLetter, asJSON bool) error {
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: c.KafkaBrokers, ClientID: "fte-dlq", Logger: newLogger(c, env.stderr)})
	if err != nil {
		return err
	}
	defer producer.Close()
	var sent []stream.DeadLetter
	var faults []error
	for _, d := range letters {
		if err := stream.Redrive(ctx, producer, d); err != nil {
			faults = append(faults, fmt.Errorf("%s was not sent back: %w", nameOf(d), err))
			continue
		}
		sent = append(sent, d)
		if !asJSON {
			fmt.Fprintf(env.stdout, "%s sent back to %s\n", nameOf(d), d.SourceTopic)
		}
	}
	if asJSON {
		err = printLetters(env, sent, true)
	} else {
		_, err = fmt.Fprintf(env.stdout, "%d of %d dead letter(s) sent back\n", len(sent), len(letters))
	}
	return errors.Join(append(faults, err)...)
}

// nameOf names a letter to people: by its event's id, or where it lay if it has none.
func nameOf(d stream.DeadLetter) string {
	if d.ID != "" {
		return d.ID
	}
	return fmt.Sprintf("%s/%d/%d", d.SourceTopic, d.SourcePartition, d.SourceOffset)
}

// letterView is a dead letter without its body, which may hold a customer's words.
type letterView struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	Error     string    `json:"error"`
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Attempts  int       `json:"attempts"`
	Replays   int       `json:"replays"`
	PutAt     time.Time `json:"put_at"`
}

func printLetters(env environment, letters []stream.DeadLetter, asJSON bool) error {
	views := make([]letterView, len(letters))
	for i, d := range letters {
		views[i] = letterView{d.ID, d.Type, d.Reason, d.Error, d.SourceTopic, d.SourcePartition, d.SourceOffset, d.Attempts, d.Replays, d.PutAt}
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(views)
	}
	if len(views) == 0 {
		_, err := fmt.Fprintln(env.stdout, "There are no dead letters.")
		return err
	}
	rows := [][]string{{"PUT ASIDE", "REASON", "TOPIC", "PARTITION", "OFFSET", "ID", "ERROR"}}
	for _, v := range views {
		rows = append(rows, []string{
			v.PutAt.Format(time.RFC3339), v.Reason, v.Topic, strconv.Itoa(int(v.Partition)), strconv.FormatInt(v.Offset, 10), v.ID, v.Error,
		})
	}
	return table(env.stdout, rows)
}
