package stream

import (
	"time"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/ticket"
)

const (
	specVersion = "1.0"
	contentType = "application/json"
)

// Event is what travels over Kafka: a JSON value with the attributes of a
// CloudEvent in binary mode. Key decides the partition and with it the order.
// CorrelationID and TraceParent are optional.
type Event struct {
	Topic         string
	Key           string
	ID            string
	Type          string
	Source        string
	Time          time.Time
	CorrelationID string
	TraceParent   string
	Value         []byte
}

// Header is one header of a record, as it came.
type Header struct {
	Key   string
	Value []byte
}

// Record is a consumed event with the place it was read from. An attribute
// whose header is missing is empty; Time then is the broker's timestamp.
type Record struct {
	Event
	Partition int32
	Offset    int64
	Timestamp time.Time // when the broker or the producer stamped it
	Headers   []Header
}

// Header returns the value of the first header with this name, "" if there is none.
func (r Record) Header(name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

func (e Event) message() *sarama.ProducerMessage {
	headers := []Header{
		{ticket.HeaderSpecVersion, []byte(specVersion)},
		{ticket.HeaderContentType, []byte(contentType)},
	}
	add := func(name, value string) {
		if value != "" {
			headers = append(headers, Header{name, []byte(value)})
		}
	}
	add(ticket.HeaderID, e.ID)
	add(ticket.HeaderType, e.Type)
	add(ticket.HeaderSource, e.Source)
	if !e.Time.IsZero() {
		add(ticket.HeaderTime, e.Time.UTC().Format(time.RFC3339Nano))
	}
	add(ticket.HeaderCorrelationID, e.CorrelationID)
	add(ticket.HeaderTraceParent, e.TraceParent)
	return newMessage(e.Topic, e.Key, e.Value, headers)
}

func newMessage(topic, key string, value []byte, headers []Header) *sarama.ProducerMessage {
	m := &sarama.ProducerMessage{Topic: topic}
	if key != "" {
		m.Key = sarama.StringEncoder(key)
	}
	if value != nil {
		m.Value = sarama.ByteEncoder(value)
	}
	for _, h := range headers {
		m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
	}
	return m
}

func recordOf(m *sarama.ConsumerMessage) Record {
	r := Record{
		Event:     Event{Topic: m.Topic, Key: string(m.Key), Value: m.Value},
		Partition: m.Partition,
		Offset:    m.Offset,
		Timestamp: m.Timestamp,
	}
	for _, h := range m.Headers {
		if h != nil {
			r.Headers = append(r.Headers, Header{string(h.Key), h.Value})
		}
	}
	r.ID = r.Header(ticket.HeaderID)
	r.Type = r.Header(ticket.HeaderType)
	r.Source = r.Header(ticket.HeaderSource)
	r.CorrelationID = r.Header(ticket.HeaderCorrelationID)
	r.TraceParent = r.Header(ticket.HeaderTraceParent)
	r.Time = r.Timestamp
	if at, err := time.Parse(time.RFC3339Nano, r.Header(ticket.HeaderTime)); err == nil {
		r.Time = at
	}
	return r
}
