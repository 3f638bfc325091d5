package webform

import (
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/ticket"
)

// MaxBody is the most bytes a body may have: the longest message, every
// character of it escaped, and the other fields.
const MaxBody = 256 << 10

// DefaultPriority is that of a submission that names none.
const DefaultPriority = "medium"

// Categories returns what a submission may be about.
func Categories() []string { return choices("category") }

// Priorities returns how urgent a submission may be.
func Priorities() []string { return choices("priority") }

// Submission is a valid submission of the form, trimmed and sanitised.
type Submission struct {
	Name     string
	Email    string // bare and in lower case; claimed, not verified
	Phone    string // E.164 or empty; claimed, not verified
	Subject  string
	Category string
	Priority string
	Message  string
	Spam     bool // the honeypot was filled: answer as usual, do nothing
}

// Event returns the value of the Kafka event for this submission.
func (s *Submission) Event(ticketID uuid.UUID, at time.Time) ticket.WebFormSubmission {
	return ticket.WebFormSubmission{
		TicketID: ticketID, Name: s.Name, Email: s.Email, Phone: s.Phone, Subject: s.Subject,
		Category: s.Category, Priority: s.Priority, Message: s.Message, At: at,
	}
}

// FieldError says what is wrong with one field, to the person who filled it.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Validate reads the JSON body of a submission. The field errors are in the
// order of the form; with any of them, or an error, there is no submission.
// The error is CodeInvalid for a body that is no JSON object and CodeTooLarge
// for one over MaxBody. Fields it does not know are ignored; a missing
// priority is DefaultPriority.
func Validate(body []byte) (*Submission, []FieldError, error) {
	f, err := parse(body, theForm().Submission)
	if err != nil {
		return nil, nil, err
	}
	if len(f.errors) > 0 {
		return nil, f.errors, nil
	}
	return &Submission{
		Name: f.read["name"], Email: f.read["email"], Phone: f.read["phone"], Subject: f.read["subject"],
		Category: f.read["category"], Priority: f.read["priority"], Message: f.read["message"], Spam: f.filled("website"),
	}, nil, nil
}

// ValidateMessage reads the JSON body of a further message written on the
// ticket page and returns its text; errors as those of Validate.
func ValidateMessage(body []byte) (string, []FieldError, error) {
	f, err := parse(body, theForm().Reply)
	if err != nil {
		return "", nil, err
	}
	if len(f.errors) > 0 {
		return "", f.errors, nil
	}
	return f.read["message"], nil, nil
}
