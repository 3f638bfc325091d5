// Package workers holds the long-running consumers: intake turns raw channel
// events into stored messages and knows whose they are, the bridge hands them to
// Temporal, the Temporal worker runs workflows and activities and keeps their
// schedules, the projector and the notifiers follow what came of it.
//
// It must never answer a customer, and a consumer must never mark a record
// before what it asks for is durable elsewhere. Only what we cannot decode or
// validate is a dead letter; a dependency that refuses blocks its lane.
package workers
