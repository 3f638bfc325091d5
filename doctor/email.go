package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// The mailbox is read once a minute.
	syncSlow  = 3 * time.Minute
	syncLate  = 10 * time.Minute
	watchSoon = 48 * time.Hour // it is renewed daily, and lasts seven days
)

func (d *Doctor) emailChecks() []Check {
	var none, noPush string
	switch {
	case d.Mailbox == "":
		none = "E-mail is off: GMAIL_MAILBOX is not set."
		noPush = none
	case !d.Push:
		noPush = "Pushes are off: GMAIL_PUBSUB_TOPIC and GMAIL_PUBSUB_AUDIENCE are not set; the mailbox is read once a minute."
	}
	return []Check{
		{
			Name: "email.account", Asks: "whether Gmail takes the credentials, and whether they open the configured mailbox",
			Means: "Mails are neither read nor answered.",
			Do:    "Check GMAIL_MAILBOX and GOOGLE_APPLICATION_CREDENTIALS: the key, the delegation of the whole domain, and its scopes.",
			Off:   none, Look: d.mailAccount,
		},
		{
			Name: "email.workflow", After: "temporal", Asks: "whether the MailboxWorkflow of the mailbox runs",
			Means: "New mails are not read.",
			Do:    "Restart a worker with the role tickets (`fte worker --roles tickets`): every one starts the workflow if it does not run.",
			Off:   none, Look: d.mailWorkflow,
		},
		{
			Name: "email.sync", After: "database.migrations", Asks: "how long ago the mailbox was read; warns after 3 minutes, fails after 10",
			Means: "New mails are answered late or not at all; none is lost.",
			Do:    "See email.account, email.workflow and workers.delivery; the page of the workflow in Temporal names the last error.",
			Off:   none, Look: d.mailSync,
		},
		{
			Name: "email.watch", After: "database.migrations", Asks: "until when Gmail pushes changes; warns 48 hours before the end",
			Means: "Mails are noticed within a minute and not at once.",
			Do:    "The watch is renewed daily: see that the account may publish to GMAIL_PUBSUB_TOPIC, and what the log of the role delivery says.",
			Off:   noPush, Look: d.mailWatch,
		},
	}
}

func (d *Doctor) mailAccount(ctx context.Context) Finding {
	if d.Address == nil {
		return fail("The settings of the mailbox cannot be used.", "Mend settings first.")
	}
	address, err := d.Address(ctx)
	switch {
	case err != nil:
		return fail("Gmail cannot be used: " + said(err))
	case !strings.EqualFold(address, d.Mailbox):
		return fail(fmt.Sprintf("The credentials open %s, and GMAIL_MAILBOX is %s.", address, d.Mailbox),
			"Correct GMAIL_MAILBOX, or give the credentials of that mailbox.")
	}
	return ok("Gmail opens %s.", d.Mailbox)
}

func (d *Doctor) mailWorkflow(ctx context.Context) Finding {
	return d.running(ctx, ticket.MailboxID(d.Mailbox))
}

func (d *Doctor) mailSync(ctx context.Context) Finding {
	health, err := d.DB.MailboxHealth(ctx, d.Mailbox)
	if schema.NoRows(err) {
		return fail("The mailbox has never been read.")
	}
	if err != nil {
		return unread(err)
	}
	return judgeAge("The mailbox was read", seconds(health.SyncedSeconds), syncSlow, syncLate)
}

func (d *Doctor) mailWatch(ctx context.Context) Finding {
	health, err := d.DB.MailboxHealth(ctx, d.Mailbox)
	if schema.NoRows(err) || err == nil && health.WatchExpiresAt == nil {
		return fail("Gmail does not push: no watch was ever made.", "Set GMAIL_PUBSUB_TOPIC, and see that Gmail may publish to it.")
	}
	if err != nil {
		return unread(err)
	}
	return judgeWatch(time.Until(*health.WatchExpiresAt))
}

func judgeWatch(left time.Duration) Finding {
	switch {
	case left <= 0:
		return fail(fmt.Sprintf("The watch ended %s ago, and Gmail does not push.", span(-left)))
	case left < watchSoon:
		return warn(fmt.Sprintf("The watch ends in %s and has not been renewed.", span(left)))
	}
	return ok("Gmail pushes; the watch lasts %s.", span(left))
}
