package stream

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

const (
	// HeaderDlqReplay counts how often a dead letter was sent back to its topic.
	HeaderDlqReplay = "dlq-replay"
	// MaxReplays is how often a dead letter may be sent back.
	MaxReplays = 5
)

const maxErrorText = 1 << 10

// DeadLetters puts records aside that can never be processed as they are.
type DeadLetters struct{ producer *Producer }

// NewDeadLetters returns DeadLetters that publish through producer.
func NewDeadLetters(producer *Producer) *DeadLetters { return &DeadLetters{producer: producer} }

// Put stores r in the topic of dead letters, key, value and headers as they
// were, and says in further headers where it came from, after how many attempts,
// and why it is there, in words that hold nothing of a customer. It returns nil
// once the brokers have it; error codes are those of Publish.
func (d *DeadLetters) Put(ctx context.Context, r Record, reason string, cause error, attempts int) error {
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	headers := slices.DeleteFunc(slices.Clone(r.Headers), func(h Header) bool {
		return isDlqHeader(h.Key) && h.Key != HeaderDlqReplay
	})
	for _, h := range [][2]string{
		{ticket.HeaderDlqReason, reason},
		{ticket.HeaderDlqError, cleanText(redact.Text(text), maxErrorText)},
		{ticket.HeaderDlqTopic, r.Topic},
		{ticket.HeaderDlqPartition, strconv.FormatInt(int64(r.Partition), 10)},
		{ticket.HeaderDlqOffset, strconv.FormatInt(r.Offset, 10)},
		{ticket.HeaderDlqAttempts, strconv.Itoa(attempts)},
	} {
		headers = append(headers, Header{h[0], []byte(h[1])})
	}
	return d.producer.send(ctx, newMessage(ticket.TopicDeadLetters, r.Key, r.Value, headers))
}

// DeadLetter is a record put aside. The embedded Record lies in the topic of
// dead letters; the Source fields say where it was consumed from.
type DeadLetter struct {
	Record
	Reason          string
	Error           string
	SourceTopic     string
	SourcePartition int32
	SourceOffset    int64
	Attempts        int
	Replays         int       // how often it had been sent back before
	PutAt           time.Time // when it was put aside
}

func deadLetterOf(r Record) DeadLetter {
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(r.Header(name), 10, 64)
		return n
	}
	return DeadLetter{
		Record:          r,
		Reason:          r.Header(ticket.HeaderDlqReason),
		Error:           r.Header(ticket.HeaderDlqError),
		SourceTopic:     r.Header(ticket.HeaderDlqTopic),
		SourcePartition: int32(number(ticket.HeaderDlqPartition)),
		SourceOffset:    number(ticket.HeaderDlqOffset),
		Attempts:        int(number(ticket.HeaderDlqAttempts)),
		Replays:         int(number(HeaderDlqReplay)),
		PutAt:           r.Timestamp,
	}
}

// Redrive sends a dead letter back to the topic it came from, as it was but
// for the header that counts replays. CodeConflict means that it was sent back
// MaxReplays times already, CodeInvalid that it does not say where it came
// from; other codes are those of Publish.
func Redrive(ctx context.Context, p *Producer, d DeadLetter) error {
	if d.SourceTopic == "" || d.SourceTopic == ticket.TopicDeadLetters {
		return ticket.Errorf(ticket.CodeInvalid, "the dead letter does not say which topic it came from")
	}
	if d.Replays >= MaxReplays {
		return ticket.Errorf(ticket.CodeConflict, "the dead letter was sent back %d times already", d.Replays)
	}
	headers := slices.DeleteFunc(slices.Clone(d.Headers), func(h Header) bool { return isDlqHeader(h.Key) })
	headers = append(headers, Header{HeaderDlqReplay, []byte(strconv.Itoa(d.Replays + 1))})
	return p.send(ctx, newMessage(d.SourceTopic, d.Key, d.Value, headers))
}

func isDlqHeader(name string) bool { return strings.HasPrefix(name, "dlq-") }

// cleanText makes text fit for a header that people print in a terminal.
func cleanText(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
