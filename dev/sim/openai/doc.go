// Package openai simulates an OpenAI-compatible server: chat completions with
// tools, and embeddings. Its model is extractive and honest: it answers with
// sentences it was given, names the chunks they stand in, and asks for a person
// when they do not fit the question. The same request always gets the same
// answer.
//
// It can be told to be a bad model instead, see Mode: one that lies, leaks,
// obeys strangers or breaks the protocol. It notes what of its words must never
// reach a customer, so that tests can look for them where customers read.
//
// It must never be imported by production code, and it must never know more
// about a conversation than what stands in the request, but for OtherCustomer,
// whose vice that is.
package openai
