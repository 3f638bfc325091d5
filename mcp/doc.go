// Package mcp lets programs of the company's own, such as another assistant,
// look at what this service knows: the knowledge base, a ticket, a customer's
// last messages, and who waits for a person. They speak the Model Context
// Protocol, on standard input and output or over HTTP.
//
// It must never change anything: it holds no way to write, and is given a
// database that refuses to. It must never answer who has no token of the staff,
// never let a model read a card number or a password that a customer has
// written, and never log what was asked or answered.
package mcp
