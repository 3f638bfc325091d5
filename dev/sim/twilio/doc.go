// Package twilio simulates the part of Twilio that carries WhatsApp: the
// Messages resource of the REST API, and webhooks signed as Twilio signs them.
//
// It must never be imported by production code, and it signs with code of its
// own, so that a mistake in a client library's validator cannot hide.
package twilio
