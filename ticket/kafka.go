package ticket

import (
	"time"

	"github.com/google/uuid"
)

// Kafka topics.
const (
	TopicEmailInbound    = "fte.channels.email.inbound"
	TopicWhatsAppInbound = "fte.channels.whatsapp.inbound"
	TopicWebFormInbound  = "fte.channels.webform.inbound"
	TopicTicketsIncoming = "fte.tickets.incoming"
	TopicEscalations     = "fte.escalations"
	TopicMetrics         = "fte.metrics.agent"
	TopicDeadLetters     = "fte.dlq"
)

// TopicPartitions is the number of partitions of every topic.
const TopicPartitions = 12

// Topics returns every topic the service uses.
func Topics() []string {
	return []string{
		TopicEmailInbound, TopicWhatsAppInbound, TopicWebFormInbound,
		TopicTicketsIncoming, TopicEscalations, TopicMetrics, TopicDeadLetters,
	}
}

// Consumer groups.
const (
	GroupIntake   = "fte-intake"
	GroupBridge   = "fte-bridge"
	GroupMetrics  = "fte-metrics"
	GroupNotifier = "fte-notifier"
)

// CloudEvents types (header ce_type).
const (
	TypeGmailPush         = "fte.gmail.push"
	TypeEmailRaw          = "fte.email.raw"
	TypeWhatsAppMessage   = "fte.whatsapp.message"
	TypeWhatsAppStatus    = "fte.whatsapp.status"
	TypeWebFormSubmission = "fte.webform.submission"
	TypeWebFormMessage    = "fte.webform.message"
	TypeMessageReceived   = "fte.message.received"
	TypeTicketEscalated   = "fte.ticket.escalated"
	TypeTurnFinished      = "fte.turn.finished"
)

// Kafka header names. Dead letters add the Dlq ones.
const (
	HeaderID            = "ce_id"
	HeaderType          = "ce_type"
	HeaderSource        = "ce_source"
	HeaderTime          = "ce_time"
	HeaderSpecVersion   = "ce_specversion"
	HeaderContentType   = "content-type"
	HeaderCorrelationID = "correlation-id"
	HeaderTraceParent   = "traceparent"
	HeaderDlqReason     = "dlq-reason"
	HeaderDlqError      = "dlq-error"
	HeaderDlqTopic      = "dlq-topic"
	HeaderDlqPartition  = "dlq-partition"
	HeaderDlqOffset     = "dlq-offset"
	HeaderDlqAttempts   = "dlq-attempts"
)

// GmailPush is the value of a fte.gmail.push event: the verified push envelope.
type GmailPush struct {
	Mailbox      string `json:"mailbox"`
	HistoryID    uint64 `json:"history_id"`
	PubSubID     string `json:"pubsub_id"`
	Subscription string `json:"subscription"`
}

// EmailRaw is the value of a fte.email.raw event; the mail itself lies in
// table raw_events under RawRef.
type EmailRaw struct {
	Mailbox  string    `json:"mailbox"`
	GmailID  string    `json:"gmail_id"`
	ThreadID string    `json:"thread_id"`
	RawRef   uuid.UUID `json:"raw_ref"`
}

// WhatsAppEvent is the value of fte.whatsapp.message and fte.whatsapp.status:
// every form parameter Twilio sent, first value each. Query holds the
// parameters of the callback URL, which the signature covers too.
type WhatsAppEvent struct {
	Params map[string]string `json:"params"`
	Query  map[string]string `json:"query,omitempty"`
}

// WebFormSubmission is the value of fte.webform.submission.
type WebFormSubmission struct {
	TicketID uuid.UUID `json:"ticket_id"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Phone    string    `json:"phone,omitempty"`
	Subject  string    `json:"subject"`
	Category string    `json:"category"`
	Priority string    `json:"priority"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
}

// WebFormMessage is the value of fte.webform.message: a further message
// written on the ticket page.
type WebFormMessage struct {
	TicketID uuid.UUID `json:"ticket_id"`
	N        string    `json:"n"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
}

// MessageReceived is the value of fte.message.received: ids only.
type MessageReceived struct {
	MessageID      uuid.UUID `json:"message_id"`
	ConversationID uuid.UUID `json:"conversation_id"`
	CustomerID     uuid.UUID `json:"customer_id"`
	Channel        Channel   `json:"channel"`
	WorkflowID     string    `json:"workflow_id"`
	ReceivedAt     time.Time `json:"received_at"`
	// Author is empty for a customer. A message of staff or of our own asks the
	// workflow to look at the conversation again.
	Author Author `json:"author,omitempty"`
}

// TicketEscalated is the value of fte.ticket.escalated.
type TicketEscalated struct {
	TicketID     uuid.UUID `json:"ticket_id"`
	TicketNumber string    `json:"ticket_number"`
	Reason       string    `json:"reason"`
	Urgency      string    `json:"urgency"`
	Channel      Channel   `json:"channel"`
	At           time.Time `json:"at"`
	Step         Step      `json:"step,omitempty"`
}

// TurnFinished is the value of fte.turn.finished.
type TurnFinished struct {
	TurnID         uuid.UUID `json:"turn_id"`
	Channel        Channel   `json:"channel"`
	LatencyMS      int64     `json:"latency_ms"`
	Escalated      bool      `json:"escalated"`
	ToolCallsCount int       `json:"tool_calls_count"`
	Tokens         int       `json:"tokens"`
	Cost           float64   `json:"cost"` // USD
}
