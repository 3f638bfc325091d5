// Package gateway is the HTTP edge: it takes in what customers and providers
// send, makes it durable and says so, and shows a ticket to whoever holds its
// id. An event is acknowledged once Kafka or the spool table has it, never
// before; with both out of reach the sender is asked to come again.
//
// Other sites may send the form if they are listed, and nothing else: their
// scripts never read a ticket.
//
// On the webhook and submit paths it must never read the database, call a
// model or parse more than verification needs. It must never log a header, a
// body or an address, and never import workflows, activities or Temporal.
package gateway
