// Package temporalserver starts the Temporal server that production runs, on a
// Postgres of its own, for benchmarks and for tests of what the development
// server of the command line does not do: upgrades on continue-as-new, several
// history shards, durable writes.
//
// It must never be imported by production code. It listens on loopback only,
// and everything it starts dies with this process.
package temporalserver
