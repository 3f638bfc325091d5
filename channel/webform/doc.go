// Package webform is the web form channel: it checks what the form and the
// ticket page submit, in words a customer understands, and derives the ids
// that make a repeated submission the same one.
//
// It must never touch the database, Kafka or Temporal, and never repeat
// in an error what somebody typed.
package webform
