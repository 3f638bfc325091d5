package ticket

// MailboxID is the workflow id of the reader of a mailbox.
func MailboxID(mailbox string) string { return "mailbox/" + mailbox }

// SyncMailboxInput names a mailbox.
type SyncMailboxInput struct {
	Mailbox string `json:"mailbox"`
}

// SyncMailboxResult says what a sync brought.
type SyncMailboxResult struct {
	Mails     int  `json:"mails"`
	Resynced  bool `json:"resynced"`   // the provider had forgotten the cursor
	WatchDays int  `json:"watch_days"` // how long pushes are still promised; 0 when none are wanted, negative when it ends soon
}

// MailboxInput starts MailboxWorkflow.
type MailboxInput struct {
	Mailbox string `json:"mailbox"`
}
