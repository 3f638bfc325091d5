package doctor

import (
	"context"
	"time"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

const (
	// The messages are compared with Twilio's every two minutes.
	reconcileSlow = 10 * time.Minute
	reconcileLate = time.Hour
)

func (d *Doctor) whatsAppChecks() []Check {
	var none string
	if !d.WhatsApp {
		none = "WhatsApp is off: the TWILIO_ settings are not set."
	}
	return []Check{
		{
			Name: "whatsapp.account", Asks: "whether Twilio takes the credentials",
			Means: "WhatsApp messages are not answered.",
			Do:    "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (the first of the list is used for calls), and whether the account is suspended.",
			Off:   none, Look: d.whatsAppAccount,
		},
		{
			Name: "whatsapp.workflow", After: "temporal", Asks: "whether the WhatsAppReconcileWorkflow of our number runs",
			Means: "A message whose webhook did not arrive is not noticed.",
			Do:    "Restart a worker with the role tickets (`fte worker --roles tickets`): every one starts the workflow if it does not run.",
			Off:   none, Look: d.whatsAppWorkflow,
		},
		{
			Name: "whatsapp.reconcile", After: "database.migrations", Asks: "until when our messages are known to be complete; warns after 10 minutes, fails after an hour",
			Means: "A message whose webhook did not arrive is noticed late.",
			Do:    "See whatsapp.account, whatsapp.workflow and workers.delivery; the page of the workflow in Temporal names the last error.",
			Off:   none, Look: d.whatsAppReconcile,
		},
		{
			Name: "whatsapp.template", Asks: "whether there is a template for answers that come later than 24 hours after the customer's last message",
			Means: "Who wrote more than 24 hours ago cannot be told that there is an answer; a person is asked.",
			Do:    "Have a template approved at Twilio and set TWILIO_TEMPLATE_SID to its ContentSid (HX…).",
			Off:   none, Look: d.whatsAppTemplate,
		},
	}
}

func (d *Doctor) whatsAppAccount(ctx context.Context) Finding {
	if d.Messages == nil {
		return fail("The TWILIO_ settings cannot be used.", "Mend settings first.")
	}
	if err := d.Messages(ctx); err != nil {
		return fail("Twilio cannot be used: " + said(err))
	}
	return ok("Twilio takes the credentials.")
}

func (d *Doctor) whatsAppWorkflow(ctx context.Context) Finding {
	return d.running(ctx, ticket.ReconcilerID(d.Number))
}

func (d *Doctor) whatsAppReconcile(ctx context.Context) Finding {
	age, err := d.DB.NumberHealth(ctx, d.Number)
	if schema.NoRows(err) {
		return fail("Our messages have never been compared with Twilio's.")
	}
	if err != nil {
		return unread(err)
	}
	return judgeAge("Our messages were compared with Twilio's", seconds(age), reconcileSlow, reconcileLate)
}

func (d *Doctor) whatsAppTemplate(context.Context) Finding {
	if d.TemplateID == "" {
		return warn("TWILIO_TEMPLATE_SID is not set: answers outside of the 24 hours of WhatsApp cannot be announced.")
	}
	return ok("A template announces answers outside of the 24 hours of WhatsApp.")
}
