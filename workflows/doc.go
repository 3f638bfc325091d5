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
//	waiting ───────────► collecting ───────────────────► thinking ──► sending
//	   ▲  │                  ▲                              │            │
//	   │  │ close deadline   │ message meanwhile, up to     │            │
//	   │  ▼                  │ three times: thinking stops  │            │
//	   │ closed: the run     ├──────────────────────────────┘            │
//	   │ completes           │ message meanwhile: a turn of its own      │
//	   │                     ├───────────────────────────────────────────┤
//	   └─────────────────────┴───────────────────────────────────────────┘
//	                           answered, handed over or nothing left
//
// Signals wait in their channel until the one loop takes them into the inbox
// and decides; a turn is a coroutine of its own, so that the loop goes on
// during a model call or a send. A send is never cancelled.
package workflows
