package ticket

import "time"

// ReconcilerID is the workflow id of the reconciler of a WhatsApp number of
// ours, E.164.
func ReconcilerID(number string) string { return "whatsapp-reconcile/" + number }

// WhatsAppReconcileInput starts WhatsAppReconcileWorkflow.
type WhatsAppReconcileInput struct {
	Number string `json:"number"` // ours, E.164
	// Found is what an earlier run found last; zero when none found anything.
	Found ReconcileFound `json:"found,omitzero"`
}

// ReconcileFound is what a look at Twilio's list brought, beyond what was known.
type ReconcileFound struct {
	At     time.Time `json:"at"`
	Missed int       `json:"missed"`  // messages of customers
	PastUs int       `json:"past_us"` // messages of ours that this service did not send
}

// ReconcileWhatsAppInput names a number of ours.
type ReconcileWhatsAppInput struct {
	Number string `json:"number"` // E.164
}

// ReconcileWhatsAppResult says what a look at Twilio's list found.
type ReconcileWhatsAppResult struct {
	Until  time.Time `json:"until"`   // until when the messages are complete
	Missed int       `json:"missed"`  // from customers, whose webhook never arrived
	PastUs int       `json:"past_us"` // sent to customers without this service
}
