package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/digital-fte/fte/stream"
	"github.com/digital-fte/fte/ticket"
)

const (
	// secondLook is more than the second after which consumers mark what is done.
	secondLook = 1500 * time.Millisecond
	// groupPatience is how long a record may wait for its consumer.
	groupPatience = time.Minute
	// letterMemory is for how long a dead letter is worth a warning: those that
	// were sent back stay listed.
	letterMemory = 7 * 24 * time.Hour
)

func (d *Doctor) kafkaChecks() []Check {
	return []Check{
		{
			Name: "kafka", Asks: "whether the brokers answer",
			Means: "Messages are taken in only as long as the spool takes them, and nothing is answered.",
			Do:    "See that the brokers run, and check KAFKA_BROKERS.",
			Look:  d.kafka,
		},
		{
			Name: "kafka.topics", After: "kafka", Asks: "whether every topic is there with 12 partitions",
			Means: "Events for a topic that is missing go to the spool or block a lane.",
			Do:    "Run `fte migrate`.",
			Look:  d.topics,
		},
		{
			Name: "kafka.intake", After: "kafka.topics", Asks: "whether the group fte-intake has members, how many events wait for it, since when, and whether they move",
			Means: "Messages that have come in are not stored and not answered.",
			Do:    "See that a worker with the role intake runs (`fte worker --roles intake`), and read docs/runbook/blocked-lane.md.",
			Look:  d.group("intake", ticket.GroupIntake, ticket.TopicEmailInbound, ticket.TopicWhatsAppInbound, ticket.TopicWebFormInbound),
		},
		{
			Name: "kafka.bridge", After: "kafka.topics", Asks: "the same of the group fte-bridge",
			Means: "Messages that are stored do not reach their workflows and are not answered.",
			Do:    "See that a worker with the role bridge runs (`fte worker --roles bridge`), and read docs/runbook/blocked-lane.md.",
			Look:  d.group("bridge", ticket.GroupBridge, ticket.TopicTicketsIncoming),
		},
		{
			Name: "kafka.dead_letters", After: "kafka.topics", Asks: "how many dead letters there are; warns of those of the last 7 days",
			Means: "Customers whose messages were put aside are not answered.",
			Do:    "Look at them with `fte dlq list`, mend the cause, send them back with `fte dlq redrive`; docs/runbook/dead-letters.md says how.",
			Look:  d.deadLetters,
		},
	}
}

func (d *Doctor) kafka(context.Context) Finding {
	if len(d.Brokers) == 0 {
		return fail("KAFKA_BROKERS is not set.", "Set KAFKA_BROKERS.")
	}
	topics, err := stream.Partitions(d.Brokers)
	if err != nil {
		return fail("Kafka does not answer: " + said(err))
	}
	return ok("Kafka answers and has %s.", count(len(topics), "topic", "topics"))
}

func (d *Doctor) topics(context.Context) Finding {
	have, err := stream.Partitions(d.Brokers)
	if err != nil {
		return fail("The topics could not be listed: " + said(err))
	}
	var missing, different []string
	for _, topic := range slices.Sorted(slices.Values(ticket.Topics())) {
		switch n := have[topic]; n {
		case 0:
			missing = append(missing, topic+" is missing.")
		case ticket.TopicPartitions:
		default:
			different = append(different, fmt.Sprintf("%s has %s.", topic, count(n, "partition", "partitions")))
		}
	}
	if len(missing) > 0 {
		return fail(fmt.Sprintf("%s missing.", count(len(missing), "topic is", "topics are"))).with(append(missing, different...)...)
	}
	if len(different) > 0 {
		return warn(fmt.Sprintf("%s another number of partitions than %d.", count(len(different), "topic has", "topics have"), ticket.TopicPartitions),
			fmt.Sprintf("Give each %d partitions while no message is under way (`kafka-topics.sh --alter --partitions %d`); fewer than there are is not possible.",
				ticket.TopicPartitions, ticket.TopicPartitions)).with(different...)
	}
	return ok("All %d topics are there, each with %d partitions.", len(ticket.Topics()), ticket.TopicPartitions)
}

// group looks at a consumer group, and a second time if something waits.
func (d *Doctor) group(role, group string, topics ...string) func(ctx context.Context) Finding {
	return func(ctx context.Context) Finding {
		first, err := stream.ReadBacklog(ctx, d.Brokers, group, topics)
		if err != nil {
			return fail("The group " + group + " could not be looked at: " + said(err))
		}
		second := first
		if len(first.Waiting) > 0 && first.Members > 0 {
			wait := d.SecondLook
			if wait == 0 {
				wait = secondLook
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			if second, err = stream.ReadBacklog(ctx, d.Brokers, group, topics); err != nil {
				return fail("The group " + group + " could not be looked at: " + said(err))
			}
		}
		return judgeGroup(role, first, second, time.Now())
	}
}

// judgeGroup compares two looks at a group.
func judgeGroup(role string, first, second stream.Backlog, now time.Time) Finding {
	var records, still int64
	var oldest time.Duration
	var lost bool
	var details []string
	for _, w := range second.Waiting {
		records += w.Records
		lost = lost || w.Lost
		waits := "for an unknown time"
		if !w.Since.IsZero() {
			age := now.Sub(w.Since)
			oldest = max(oldest, age)
			waits = "the oldest for " + span(age)
		}
		line := fmt.Sprintf("%s/%d: %s, %s", w.Topic, w.Partition, count(w.Records, "record waits", "records wait"), waits)
		stands := slices.ContainsFunc(first.Waiting, func(f stream.Waiting) bool {
			return f.Topic == w.Topic && f.Partition == w.Partition && f.Next == w.Next
		})
		switch {
		case w.Lost:
			line += "; the record to be read next is deleted"
		case stands:
			still += w.Records
			line += fmt.Sprintf("; it stands at offset %d", w.Next)
		}
		details = append(details, line+".")
	}
	members := count(second.Members, "member", "members")
	backlog := fmt.Sprintf("%s, the oldest for %s", count(records, "record waits", "records wait"), span(oldest))
	switch {
	case lost:
		return fail("Kafka has deleted records that nobody has read.",
			"Raise the topic's retention, set the group's offset to the earliest record (`kafka-consumer-groups.sh --reset-offsets --to-earliest`), and look for what is missing at the provider.").with(details...)
	case second.Members == 0 && records == 0:
		return fail("Nobody reads: the group has no members.")
	case second.Members == 0:
		return fail("Nobody reads: the group has no members, and " + backlog + ".").with(details...)
	case still > 0 && oldest > groupPatience:
		return fail(fmt.Sprintf("%s, and %s: a lane is blocked.", members, backlog),
			"The log of the role "+role+" names the cause (`lane blocked`), and docs/runbook/blocked-lane.md what to do.").with(details...)
	case oldest > groupPatience:
		return warn(fmt.Sprintf("%s, and %s; they move.", members, backlog),
			"Wait, or add workers with the role "+role+" if it does not get less.").with(details...)
	case records > 0:
		return ok("%s, and %s.", members, backlog)
	}
	return ok("%s, and nothing waits.", members)
}

func (d *Doctor) deadLetters(context.Context) Finding {
	recent, all, err := stream.CountDeadLetters(d.Brokers, time.Now().Add(-letterMemory))
	switch {
	case err != nil:
		return fail("The dead letters could not be counted: "+said(err), "See the check kafka.")
	case all == 0:
		return ok("There are no dead letters.")
	case recent > 0:
		return warn(fmt.Sprintf("There are %s, %d of the last 7 days.", count(all, "dead letter", "dead letters"), recent))
	}
	return ok("There are %s, none of the last 7 days.", count(all, "dead letter", "dead letters"))
}
