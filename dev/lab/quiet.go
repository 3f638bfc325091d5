package lab

import (
	"context"
	"slices"

	"github.com/IBM/sarama"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/digital-fte/fte/ticket"
)

// Quiet waits until nothing is under way any more: every acknowledged message
// is settled, every send is final, the consumers have marked all there is and
// no workflow has a step pending. Only then can a double have shown.
func (l *Lab) Quiet() {
	l.t.Helper()
	l.Wait("every acknowledged message is settled", func(ctx context.Context) bool {
		outcomes := l.outcomes(ctx)
		for _, in := range l.accepted {
			if len(outcomes[in]) == 0 {
				return false
			}
		}
		return true
	})
	l.Wait("every send is final", func(ctx context.Context) bool {
		return !slices.ContainsFunc(l.sends(ctx), func(s send) bool { return s.State == "queued" || s.State == "sending" })
	})
	l.Wait("the consumers have nothing left", l.drained)
	l.Wait("no workflow has a step pending", l.resting)
}

// Unsettled returns how many acknowledged messages have no outcome yet.
func (l *Lab) Unsettled() (n int) {
	l.t.Helper()
	for _, outcomes := range l.outcomes(l.t.Context()) {
		if len(outcomes) == 0 {
			n++
		}
	}
	return n
}

// drained reports that the groups have marked every record of their topics.
func (l *Lab) drained(context.Context) bool {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	c, err := sarama.NewClient(l.Kafka.Brokers, config)
	require.NoError(l.t, err)
	defer func() { _ = c.Close() }()
	admin, err := sarama.NewClusterAdminFromClient(c)
	require.NoError(l.t, err)
	for group, topics := range map[string][]string{
		ticket.GroupIntake: {ticket.TopicEmailInbound, ticket.TopicWhatsAppInbound, ticket.TopicWebFormInbound},
		ticket.GroupBridge: {ticket.TopicTicketsIncoming},
	} {
		asked := map[string][]int32{}
		for _, topic := range topics {
			for p := range int32(ticket.TopicPartitions) {
				asked[topic] = append(asked[topic], p)
			}
		}
		committed, err := admin.ListConsumerGroupOffsets(group, asked)
		if err != nil {
			return false
		}
		for topic, partitions := range asked {
			for _, p := range partitions {
				newest, err := c.GetOffset(topic, p, sarama.OffsetNewest)
				if err != nil {
					return false
				}
				block := committed.GetBlock(topic, p)
				if newest > 0 && (block == nil || block.Offset < newest) {
					return false
				}
			}
		}
	}
	return true
}

// resting reports that no ticket workflow has an activity or a task pending.
func (l *Lab) resting(ctx context.Context) bool {
	for _, id := range l.workflowIDs(ctx) {
		d, err := l.Temporal.DescribeWorkflowExecution(ctx, id, "")
		if err != nil || len(d.GetPendingActivities()) > 0 || d.GetPendingWorkflowTask() != nil {
			return false
		}
	}
	return true
}

// Workflows returns the status of the latest run of every conversation.
func (l *Lab) Workflows() map[string]enumspb.WorkflowExecutionStatus {
	l.t.Helper()
	statuses := map[string]enumspb.WorkflowExecutionStatus{}
	for _, id := range l.workflowIDs(l.t.Context()) {
		d, err := l.Temporal.DescribeWorkflowExecution(l.t.Context(), id, "")
		require.NoError(l.t, err)
		statuses[id] = d.GetWorkflowExecutionInfo().GetStatus()
	}
	return statuses
}
