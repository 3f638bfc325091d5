// Package gmail simulates the part of the Gmail API that a support mailbox
// needs: mail with labels, threads and history, drafts and sending, watch, and
// the OAuth endpoint at which a service account gets its tokens.
//
// It must never be imported by production code. Where Gmail surprises, the
// simulator does the same: it replaces the Message-ID of what is sent, forgets
// old history, and answers throttling with 403.
package gmail
