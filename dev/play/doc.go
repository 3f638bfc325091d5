// Package play serves a page on which one plays the customer: writes WhatsApp
// messages and mails to the local stack and sees what comes back, as it comes.
//
// It must never be imported by production code, and it must never know more than
// a customer and their providers do: it speaks to the simulators alone.
package play
