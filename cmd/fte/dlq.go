package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"time"

	"github.com/digital-fte/fte/stream"
)

// runDLQ lists dead letters and sends them back to where they came from.
func runDLQ(ctx context.Context, env environment, args []string) error {
	if len(args) == 0 {
		return usagef("say what to do")
	}
	verb := args[0]
	flags := flag.NewFlagSet("dlq", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print JSON")
	filter := stream.DeadLetterFilter{}
	flags.StringVar(&filter.Topic, "topic", "", "only those that came from this topic")
	flags.StringVar(&filter.Reason, "reason", "", "only those with this reason")
	flags.StringVar(&filter.ID, "id", "", "only the event with this id")
	flags.IntVar(&filter.Limit, "limit", 0, "at most so many, the oldest first")
	if verb == "-h" || verb == "--help" {
		return parseFlags(env, flags, []string{"-h"})
	}
	if err := parseFlags(env, flags, args[1:]); err != nil {
		return err
	}
	if verb != "list" && verb != "redrive" {
		return usagef("there is no dlq %s", verb)
	}
	if flags.NArg() > 0 {
		return usagef("unexpected argument %q", flags.Arg(0))
	}
	c, err := loadConfig(ctx, env.lookuper, needKafka)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	letters, err := stream.ListDeadLetters(ctx, c.KafkaBrokers, filter)
	if err != nil {
		return err
	}
	if verb == "redrive" {
		return redrive(ctx, env, c, letters)
	}
	return printLetters(env, letters, *asJSON)
}

// redrive sends the letters back. Consumers know an event that they have
// handled before, so one that is sent back twice does no harm.
func redrive(ctx context.Context, env environment, c *Config, letters []stream.DeadLetter) error {
	producer, err := stream.NewProducer(stream.ProducerOptions{Brokers: c.KafkaBrokers, ClientID: "fte-dlq", Logger: newLogger(c, env.stderr)})
	if err != nil {
		return err
	}
	defer producer.Close()
	for i, d := range letters {
		if err := stream.Redrive(ctx, producer, d); err != nil {
			return fmt.Errorf("%s was not sent back (%d of %d were): %w", d.ID, i, len(letters), err)
		}
		fmt.Fprintf(env.stdout, "%s sent back to %s\n", d.ID, d.SourceTopic)
	}
	_, err = fmt.Fprintf(env.stdout, "%d dead letter(s) sent back\n", len(letters))
	return err
}

// letterView is a dead letter without its body, which may hold a customer's words.
type letterView struct {
	ID, Type, Reason, Error, Topic string
	Partition                      int32
	Offset                         int64
	Attempts, Replays              int
	PutAt                          time.Time
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
