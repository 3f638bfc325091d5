// Package review decides whether a draft may be sent to a customer. Every
// sentence of a draft is a claim, unless it is recognised as one that states
// nothing, and a claim must stand in one place of a chunk that the draft cites:
// its words, with the same negations, numbers, names and links. What cannot be
// found there is refused, however true it may be; in doubt a draft is refused.
//
// It must never ask a model for its opinion, read or write anything, or repeat
// words of a draft, a customer or a chunk in a verdict: verdicts are kept in
// Temporal's histories and shown to the model.
package review
