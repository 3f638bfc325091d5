// Package stream carries events through Kafka: a producer that answers only
// once the brokers have stored an event, a consumer that works through the
// records of each key in order, one by one or in batches, and lets keys take
// turns, and the topic of dead letters.
//
// Delivery is at least once. A record counts as done when its handler returned
// nil or its dead letter was stored, and only then, once everything before it
// is done too, is its offset marked. So whatever dies, Kafka still holds what
// was not finished.
//
// It must never touch the database or Temporal, never skip or drop a record,
// and never mark one that exists nowhere but in memory. A record goes to the
// dead letters only if its handler says that it can never be decoded (Poison)
// or panics on it again and again, never because a dependency is down.
package stream
