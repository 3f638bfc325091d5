package ticket

// Status is where a ticket stands; the same word is used in the database, the
// API, the search attribute and the pages.
type Status string

// The statuses of a ticket.
const (
	// Open means that the customer waits for our answer.
	Open Status = "open"
	// WaitingCustomer means that we answered and it is the customer's turn.
	WaitingCustomer Status = "waiting_customer"
	// NeedsHuman means that a person has to act and nobody has taken over yet.
	NeedsHuman Status = "needs_human"
	// WithHuman means that a person owns the conversation.
	WithHuman Status = "with_human"
	// Resolved means that the matter is settled and a reply reopens it.
	Resolved Status = "resolved"
	// Closed means that the run has ended; a later message opens a new ticket.
	Closed Status = "closed"
	// Received exists on the ticket page only: the ticket id is genuine, but
	// nothing is stored yet.
	Received Status = "received"
)

// Priorities returns every priority of a ticket, the most pressing first.
func Priorities() []string { return []string{"urgent", "high", "medium", "low"} }

// Command is what a customer told the service itself, not somebody in it
// (column messages.command).
type Command string

// The commands.
const (
	CommandNone     Command = ""
	CommandStop     Command = "stop"     // send nothing automatic any more
	CommandStart    Command = "start"    // do so again
	CommandContinue Command = "continue" // send what waits for a word from the customer
)

// Wordless says what came instead of words (column messages.wordless).
type Wordless string

// The kinds of messages without words.
const (
	WordlessNot   Wordless = ""
	WordlessEmpty Wordless = "empty" // nothing at all
	WordlessMedia Wordless = "media" // what only a person can look at or hear
)

// Outcome is how an inbound message was settled.
type Outcome string

// The outcomes of an inbound message. Every accepted message ends with one.
const (
	// Answered means that a reply of ours covers the message.
	Answered Outcome = "answered"
	// Human means that a person has been asked to take care of it.
	Human Outcome = "human"
	// Suppressed means that a rule forbids an answer (auto-reply, opt-out).
	Suppressed Outcome = "suppressed"
)

// Kind is what a set of outgoing parts is for; it is part of the send key.
type Kind string

// The kinds of sends.
const (
	KindAck        Kind = "ack"
	KindAnswer     Kind = "answer"
	KindNotice     Kind = "notice"
	KindCorrection Kind = "correction"
	KindReply      Kind = "reply" // a person's own words
)

// Delivery is the state of one outgoing part as people see it.
type Delivery string

// The delivery states, in the order in which they may follow each other.
const (
	DeliveryQueued    Delivery = "queued"
	DeliverySent      Delivery = "sent"
	DeliveryDelivered Delivery = "delivered"
	DeliveryRead      Delivery = "read"
	DeliveryFailed    Delivery = "failed"
)
