// Package openai simulates an OpenAI-compatible server: chat completions with
// tools, and embeddings. Its model is extractive and honest: it answers with
// sentences it was given, names the chunks they stand in, and asks for a person
// when they do not fit the question. The same request always gets the same
// answer.
//
// It must never be imported by production code, and it must never know more
// about a conversation than what stands in the request.
package openai
