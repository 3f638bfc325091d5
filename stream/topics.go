package stream

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/ticket"
)

// deadLetterRetentionMS is 30 days: somebody has to look at a dead letter
// before Kafka deletes it.
const deadLetterRetentionMS = 30 * 24 * 60 * 60 * 1000

// EnsureTopics creates the topics that are missing, each with so many
// partitions and as many replicas as there are brokers, at most three, and
// returns those it created. A topic that exists stays as it is. Errors have
// CodeUnavailable; what was created before one is returned with it.
func EnsureTopics(ctx context.Context, brokers, topics []string, partitions int) (created []string, err error) {
	defer func() {
		if err != nil {
			err = ticket.Wrap(ticket.CodeUnavailable, err, "creating topics")
		}
	}()
	client, err := sarama.NewClient(brokers, promptConfig("fte-topics"))
	if err != nil {
		return nil, err
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	defer func() { _ = admin.Close() }() // closes the client too

	existing, err := client.Topics()
	if err != nil {
		return nil, err
	}
	replicas := min(3, len(client.Brokers()))
	for _, topic := range slices.Compact(slices.Sorted(slices.Values(topics))) {
		if slices.Contains(existing, topic) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return created, err
		}
		err := admin.CreateTopic(topic, topicDetail(topic, partitions, replicas), false)
		switch {
		case err == nil:
			created = append(created, topic)
		case !errors.Is(err, sarama.ErrTopicAlreadyExists):
			return created, err
		}
	}
	return created, nil
}

func topicDetail(topic string, partitions, replicas int) *sarama.TopicDetail {
	// An acknowledged event lies on two brokers where there are three.
	insync := strconv.Itoa(max(1, replicas-1))
	unclean := "false"
	entries := map[string]*string{
		"min.insync.replicas":            &insync,
		"unclean.leader.election.enable": &unclean,
	}
	if topic == ticket.TopicDeadLetters {
		retention := strconv.Itoa(deadLetterRetentionMS)
		entries["retention.ms"] = &retention
	}
	return &sarama.TopicDetail{
		NumPartitions:     int32(partitions),
		ReplicationFactor: int16(replicas),
		ConfigEntries:     entries,
	}
}
