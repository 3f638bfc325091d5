package activities

import (
	"fmt"

	"github.com/digital-fte/fte/ticket"
)

// plainText returns what a plain answer says; empty when it says nothing.
func plainText(p ticket.Plain, answered ticket.Channel, number string) string {
	switch p {
	case ticket.PlainStop:
		return "You will get no more automatic messages from us here. To write with us again, send START."
	case ticket.PlainStart:
		return "Welcome back. We answer your messages here again. How can we help you?"
	case ticket.PlainSlow:
		return "Thank you, all your messages have arrived. We will answer them together in about a minute."
	case ticket.PlainElsewhere:
		return fmt.Sprintf("We have answered your message %s. Your ticket is %s.", by(answered), number)
	case ticket.PlainEmpty:
		return "Your message arrived without any text. What can we do for you?"
	case ticket.PlainHeld:
		return ""
	default:
		return ""
	}
}

// by says in which way somebody is reached.
func by(c ticket.Channel) string {
	switch c {
	case ticket.Email:
		return "by e-mail"
	case ticket.WhatsApp:
		return "on WhatsApp"
	default:
		return "on the page of your ticket"
	}
}
