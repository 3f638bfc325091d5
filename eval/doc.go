// Package eval measures how well messages are judged, articles are found and
// customers are answered, on labelled examples: ours or a company's own.
//
// It measures the code that runs: the rules, the search, and the steps of an
// answer in their real order. It must never touch the live database, which is
// why answers and searches need a sandbox, and never send anything to anybody.
package eval
