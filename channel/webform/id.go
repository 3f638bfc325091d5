package webform

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/uuid"
)

// TicketSeed returns the seed of a submission's ticket id, for
// ticket.Secrets.TicketID: with an idempotency key the same key and sender
// always give the same ticket, without one every submission has its own.
// email is that of the Submission.
func TicketSeed(idempotencyKey, email string) []string {
	if idempotencyKey == "" {
		return []string{"form-random", rand.Text()}
	}
	return []string{"form-key", idempotencyKey, email}
}

// SubmissionID returns the event id of the submission that opened a ticket.
func SubmissionID(ticketID uuid.UUID) string { return "form:" + ticketID.String() }

// MessageID returns the event id of a further message; n sets it apart from
// the others of the ticket.
func MessageID(ticketID uuid.UUID, n string) string {
	return SubmissionID(ticketID) + ":" + n
}

// MessageN returns the n of a further message: with an idempotency key always
// the same one, without it a fresh one.
func MessageN(idempotencyKey string) string {
	if idempotencyKey == "" {
		return rand.Text()
	}
	const enough = 16
	sum := sha256.Sum256([]byte(idempotencyKey))
	return hex.EncodeToString(sum[:enough])
}
