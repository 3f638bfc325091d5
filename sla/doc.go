// Package sla knows what we promise a customer and until when: the office's
// calendar, the targets by channel and priority, and the clocks that follow
// from the facts of a ticket.
//
// It must never do I/O, read a clock, set a timer or decide what a broken
// promise leads to: facts and moments come in, moments go out, and the same
// facts give the same clocks wherever they are worked out.
package sla
