// Package pubsub simulates a Pub/Sub push subscription for Gmail notifications:
// it posts the push envelope with a signed OIDC token, serves the keys the token
// is checked with, and tries again until the push is acknowledged.
//
// It must never be imported by production code, and it signs with keys of its
// own making only.
package pubsub
