// Package agent is the order in which an answer comes about: what was said
// before, a search, the model, the review, at most one repair. Workflows run it
// over activities, evaluations over direct calls, so that what is measured is
// what runs.
//
// It must stay deterministic, since it runs inside workflows: no clock, no
// randomness, no input but the results of its steps. It never sends anything,
// and it never reads what a customer or a model wrote: it sees ids and codes.
package agent
