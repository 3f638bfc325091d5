// Package part finds or starts the servers the service stands on (Postgres with
// pgvector, Kafka, Temporal) on a machine that has only Go, Node and Python, so
// that `make dev` and the tests run against the real things without Docker and
// without an account.
//
// It must never be imported by production code, and it never touches a server
// it has not started, except one that an earlier run left behind on the very
// same data directory.
package part
