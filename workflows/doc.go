// Package workflows tells the story of a conversation and of a mailbox in
// code that Temporal can replay.
//
// It must never touch a clock, randomness, the network or the disk, and never
// hold text of a customer: it decides by ids, times and codes, and asks
// activities for everything else. Activities are called by the names in package
// ticket, which histories keep for ever.
//
// A run of TicketWorkflow:
//
//	          message                     batch closed
//	waiting ───────────► collecting ───────────────────► turn
//	   ▲  │                  ▲                            │
//	   │  │ close deadline   │ message meanwhile          │ answered,
//	   │  ▼                  └────────────────────────────┤ handed over,
//	   │ closed: the run completes                        │ nothing left
//	   └──────────────────────────────────────────────────┘
//
// Signals only append to the inbox; one loop decides; a turn is a coroutine of
// its own, so that the loop's clocks go on during a model call or a send.
package workflows
