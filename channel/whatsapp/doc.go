// Package whatsapp is the WhatsApp channel, as Twilio carries it: it verifies
// and parses Twilio's webhooks, lays out our replies and sends them.
//
// It must never touch the database, Kafka or Temporal, never retry a send on
// its own, and never log or return a customer's words or number in an error.
package whatsapp
