// Package ticket holds the words every part of the service shares: channels,
// statuses, error codes, the names of topics, queues, signals and queries, and
// the payloads that travel over Kafka and Temporal.
//
// It must never do I/O, read a clock or import another package of this module:
// the workflow code depends on it and has to stay deterministic.
package ticket
