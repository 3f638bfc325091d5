package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// TestClaimsInHarmlessClothes are untrue statements that begin like a thank-you,
// an admission or the line above a list, or change words of one sentence for
// one another.
func TestClaimsInHarmlessClothes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slug, customer, draft string }{
		{"billing/cancel-plan", "Can I cancel without losing the readings?", "I understand, you can cancel without losing the readings. There is no notice period."},
		{"billing/cancel-plan", "Do I have to send back the sensors?", "Thank you for asking: you have to send back the sensors. There is no notice period."},
		{"billing/cancel-plan", "Please tell me if I can still use the sensors after I cancel.", "We understand that you can still use the sensors after you cancel."},
		{"billing/refund-policy", "I paid for a monthly plan. Can I have my money back for the rest of the month?", "I see, you can have it back for the rest of the month. Monthly plans that have started are not refunded, not even in part."},
		{"security/sessions-and-lockout", "Is my account hacked?", "Thank you for writing: your account is not hacked. The lock ends by itself."},
		{"de/cancel-plan", "Kann ich die Sensoren nach der Kündigung weiter benutzen?", "Ich verstehe, Sie können die Sensoren nach der Kündigung weiter benutzen. Es gibt keine Kündigungsfrist."},
		{"de/cancel-plan", "", "Wir können die Geräte nach der Kündigung zurücknehmen."},
		{"de/cancel-plan", "", "Wir wissen, dass alles nach dem Ende des Tarifs funktioniert."},
		{"orders/shipping", "", "We do not have tracking for the parcel."},
		{"orders/warranty", "", "We do not have replacement devices."},
		{"billing/cancel-plan", "", "We can not say that the devices belong to you."},
		{"billing/cancel-plan", "", "So the devices can be used with other software:\nSign in as Owner and open Settings > Billing."},
		{"billing/cancel-plan", "", "Here are the steps, alarms are sent after the end of the plan:\nSign in as Owner and open Settings > Billing."},
		{"devices/replace-batteries", "", "To replace the batteries, use alkaline or rechargeable batteries as follows:\n1. Take out the old batteries and insert the new ones within 5 minutes."},
		{"orders/returns", "", "So we carry the risk until the parcel arrives:\nPut the return slip into the parcel and send it to the address on the slip."},
		{"orders/warranty", "", "If the fault is confirmed, you ship a replacement device before we send the old one back."},
		{"orders/returns", "", "I pay the postage for returning unused devices."},
		{"orders/returns", "", "They pay the postage for returning unused devices."},
		{"orders/shipping", "", "We ship to Leipzig on working days."},
		{"billing/change-plan", "", "You can switch from yearly to monthly payment at any time."},
		{"billing/plans-and-prices", "", "With yearly payment you pay for 12 months and use the plan for 10 months."},
		{"security/sessions-and-lockout", "", "You stay signed in for 14 days on the same device, as long as you use it at least once in 30 days."},
		{"orders/returns", "", "You can exchange a Firn Hub LTE for a Firn Hub within the same 30 days and pay only the difference in price."},
		{"orders/warranty", "", "Please send the replacement back within 21 days, otherwise the faulty device is invoiced."},
		{"orders/shipping", "", "Standard shipping within the EU is free."},
		{"orders/returns", "", "You can return unused devices within ３６５ days of delivery."},
		{"orders/returns", "", "You can return unused devices within ٩٠ days of delivery."},
		{"orders/returns", "", "You can return unused devices within 30² days of delivery."},
		{"orders/returns", "", "You can return unused devices within ⅩⅩⅩ days of delivery."},
	} {
		in := named(t, c.slug).answer(c.draft)
		if c.customer != "" {
			in.Customer = []string{c.customer}
		}
		require.False(t, review.Check(in).Passed, "%s: %q", c.slug, c.draft)
	}
}

// TestNarrowedStatements are statements without the word that narrows them in
// their source.
func TestNarrowedStatements(t *testing.T) {
	t.Parallel()
	returns := named(t, "orders/returns")
	for _, draft := range []string{
		"You can return devices within 30 days of delivery.",
		"You can return your devices within 30 days of delivery.",
	} {
		in := returns.answer(draft)
		require.False(t, review.Check(in).Passed, draft)
		in.Customer = []string{"Can I return an unused sensor?"}
		require.Empty(t, failed(review.Check(in)), "the customer asks about unused ones")
	}
}

// TestScraps are words that stand in an article and are no answer.
func TestScraps(t *testing.T) {
	t.Parallel()
	for slug, drafts := range map[string][]string{
		"devices/hub-offline": {"The Hub is offline", "Hub offline", "The Hub"},
		"orders/returns":      {"unused devices", "30 days of delivery"},
	} {
		for _, draft := range drafts {
			refused := failed(review.Check(named(t, slug).answer(draft)))
			require.Len(t, refused, 1, draft)
			require.Equal(t, review.RuleStyle, refused[0].Rule, draft)
		}
	}
}

// TestHonestClothes are what the rules above must leave alone.
func TestHonestClothes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slug, customer, draft string }{
		{"billing/cancel-plan", "My sensors are broken. Can I cancel?", "I understand that your sensors are broken. There is no notice period."},
		{"billing/cancel-plan", "I cannot cancel my plan, how do I do it?", "I'm sorry that you cannot cancel your plan. There is no notice period."},
		{"billing/cancel-plan", "How do I cancel my plan?", "Thank you for your question about your plan. There is no notice period."},
		{"billing/cancel-plan", "How do I cancel my plan?", "We have no information about your plan."},
		{"billing/cancel-plan", "How do I cancel my plan?", "To cancel your plan, please follow these steps:\n1. Sign in as Owner and open Settings > Billing."},
		{"de/cancel-plan", "Wie kündige ich meinen Tarif?", "So kündigen Sie:\n1. Melden Sie sich als Inhaber an und öffnen Sie Einstellungen > Abrechnung."},
		{"de/cancel-plan", "Wie kündige ich meinen Tarif?", "Dazu habe ich leider keine Informationen gefunden."},
	} {
		in := named(t, c.slug).answer(c.draft)
		in.Customer = []string{c.customer}
		require.Empty(t, failed(review.Check(in)), "%s: %q", c.slug, c.draft)
	}
}
