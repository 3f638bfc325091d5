// Command dev runs the whole service on one machine, without Docker, an account
// or a key: `make dev` is `go run ./dev`. Every part is the real thing or speaks
// its wire protocol, and setting a part's variable (DATABASE_URL,
// OPENAI_API_KEY, …) puts one's own in its place.
//
// It must never be part of the production binary, and it never hands the service
// anything but environment variables: what runs here runs the same elsewhere.
package main
