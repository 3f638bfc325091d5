// Package llm asks a model what to do next in a conversation and turns texts
// into vectors, over any server that speaks OpenAI's chat and embeddings API.
// It holds the prompt, the tools the model may propose, and the rules by which
// an answer of the model is believed to be well formed.
//
// It must never decide to send anything (a Decision is a proposal), never
// retry (the workflow owns retries), never touch the database, and never put a
// body, ours or theirs, into a log or an error.
package llm
