// Package email is the e-mail channel: it verifies Gmail's push notifications,
// reads a mailbox through the Gmail API, turns a raw mail into text we can work
// with, and writes and sends the answer.
//
// It must never touch the database, Kafka or Temporal, never decide whether a
// mail is answered, and never retry on its own: it reports what happened in
// the codes of package ticket, and the caller's retry rules do the rest. What
// it reads was written by strangers, so nothing in a mail makes it fail, and
// no text, address or token ends up in one of its errors.
package email
