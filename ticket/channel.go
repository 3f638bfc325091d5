package ticket

// Channel is a way a customer reaches us.
type Channel string

// The channels, as they are named in the database, on Kafka and in the API.
const (
	Email    Channel = "email"
	WhatsApp Channel = "whatsapp"
	WebForm  Channel = "webform"
)

// Channels returns every channel in a stable order.
func Channels() []Channel { return []Channel{Email, WhatsApp, WebForm} }

// Valid reports whether c is one of the known channels.
func (c Channel) Valid() bool {
	switch c {
	case Email, WhatsApp, WebForm:
		return true
	default:
		return false
	}
}

// Author says who wrote a message.
type Author string

// The authors a conversation can have.
const (
	Customer  Author = "customer"
	Assistant Author = "assistant"
	Staff     Author = "staff"
)

// Owner says who answers a conversation: the assistant, or a person.
type Owner string

// The owners of a conversation.
const (
	OwnerAI    Owner = "ai"
	OwnerHuman Owner = "human"
)
