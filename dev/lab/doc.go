// Package lab runs the whole service for a test: every role as a process of
// its own, against a real database, a real Temporal server, an embedded broker
// and the provider simulators. It plays customers, kills processes and checks
// the invariants that the product promises.
//
// It must never be used by production code, and it must judge by what the
// providers and the database saw, never by what the service says of itself.
package lab
