// Package workflows tells the story of a conversation, of a mailbox and of a
// WhatsApp number in code that Temporal can replay.
//
// It must never touch a clock, randomness, the network or the disk, and never
// hold text of a customer: it decides by ids, times and codes, and asks
// activities for everything else. Activities are called by the names in package
// ticket, which histories keep for ever.
//
// A turn of TicketWorkflow:
//
//	          message              batch closed             reviewed
//	waiting ──────────► collecting ────────────► thinking ────────────► sending ──► waiting
//	                        ▲                      │  │                  │  ▲  ▲
//	                        │ message meanwhile,   │  │ no answer        │  │  │
//	                        ├── up to three times, │  ▼                  │  │  │
//	                        │   or a takeover ─────┘ a person is asked   │  │  │
//	                        │                          │  ▲              │  │  │
//	                        │                          │  │ rejected     │  │  │
//	                        │                          │  │              ▼  │  │
//	                        │                          │  └──────────── held│  │
//	                        └── message or takeover ───│───────────────┘ └──┘  │
//	                            while it is held       │               approved│
//	                                                   └── with a notice ──────┘
//
// A batch that a rule of its channel decides is not thought about: a fixed text
// is sent, or a person is asked. Too many messages at once are told so and go
// back to collecting, until the minute is over.
//
// A draft is held where the mode asks for a person's approval. A message that
// comes during a send is a turn of its own.
//
// While a person owns the ticket, collecting leads back to waiting: the database
// leaves the messages to that person. Beside the turn, whatever it is at, go on:
//
//   - one clock at a time: a warning, a missed promise, a reminder and the
//     second level ask staff; auto_release gives a silent person's ticket back
//     to the assistant; close ends a settled ticket, and with it the run, but
//     not during a turn;
//   - people's actions (updates), one at a time: each is a transaction first,
//     and then the loop does what follows from it. A takeover stops thinking at
//     once; what a release leaves unanswered is collected; resolve waits until
//     the assistant has finished; an override thinks about a settled turn again;
//   - a person's own replies, in the order in which they were asked for;
//   - a look at the database when something was done without us, and one more
//     send when that says that a provider has refused later what it had taken.
//
// Signals wait in their channel until the one loop takes them into the inbox
// and decides; all of the above are coroutines of their own, so that the loop
// goes on during a model call or a send. What the database says is adopted only
// if it is newer than what is known. A send is never cancelled. A run continues
// as new only when nothing of this is under way, and hands on the rest.
//
// MailboxWorkflow and WhatsAppReconcileWorkflow run for ever, one for each
// mailbox and number: the first reads the mailbox at each push and once a
// minute, the second looks every two minutes for messages whose webhook never
// came. Neither decides anything: how far they have come is in the database.
package workflows
