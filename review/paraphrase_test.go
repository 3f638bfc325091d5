package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// paraphrases says what the articles say, lightly in other words, as a model
// does that was told to stay close to them.
var paraphrases = []struct{ article, draft string }{
	{"account/reset-password", "The link in the password e-mail is valid for 30 minutes."},
	{"account/reset-password", "A password must have at least 12 characters."},
	{"account/invite-team-members", "You can invite up to 20 people at once."},
	{"account/invite-team-members", "An invitation link is valid for 7 days. If you want to send it again, go to Settings > Team > Pending and click Resend."},
	{"account/change-email-address", "The link to confirm a new e-mail address is valid for 24 hours."},
	{"account/change-email-address", "You can add up to 5 invoice recipients."},
	{"account/delete-organisation", "Only an Owner can delete the organisation."},
	{"account/delete-organisation", "The deletion begins after a waiting period of 14 days."},
	{"account/delete-organisation", "Invoices are kept for 10 years, because German tax law demands it."},
	{"billing/cancel-plan", "There's no notice period, and the cancellation takes effect at the end of the current billing period."},
	{"billing/cancel-plan", "To cancel your plan, sign in as Owner and open Settings > Billing. Then choose the site and click Cancel plan. Finally choose a reason and confirm."},
	{"billing/cancel-plan", "You will get a confirmation by e-mail within a few minutes."},
	{"billing/cancel-plan", "Your old readings can be viewed and exported for 90 days after the end of the plan."},
	{"billing/cancel-plan", "The devices belong to you, so you don't need to send them back."},
	{"billing/change-plan", "To upgrade, go to Settings > Billing, select the site and choose Change plan. An upgrade takes effect immediately."},
	{"billing/change-plan", "You can switch from monthly to yearly payment at any time."},
	{"billing/change-plan", "A downgrade takes effect at the end of the current billing period."},
	{"billing/failed-payments", "If a charge fails, all Owners receive an e-mail on the same day."},
	{"billing/failed-payments", "There's no fee for a failed card payment."},
	{"billing/failed-payments", "We try the charge again after 3, 7 and 10 days."},
	{"billing/free-trial", "The free trial lasts 30 days and includes all the functions of the Team plan."},
	{"billing/free-trial", "You don't need a credit card for the trial."},
	{"billing/free-trial", "The trial ends by itself and doesn't turn into a paid plan."},
	{"billing/free-trial", "You can extend a trial once by 14 days. To do this, open Settings > Billing and select Extend trial."},
	{"billing/free-trial", "If you don't have any devices yet, choose Sites > Add demo site."},
	{"billing/payment-methods", "You can pay for plans by credit card, debit card or SEPA direct debit."},
	{"billing/payment-methods", "Bank transfer is possible for yearly plans and for hardware orders, but not for monthly plans."},
	{"billing/payment-methods", "We don't accept cheques or cash."},
	{"billing/plans-and-prices", "The Team plan costs €29 per site and month and covers up to 25 sensors."},
	{"billing/plans-and-prices", "With yearly payment, you pay for 10 months and use the plan for 12 months."},
	{"billing/plans-and-prices", "There's no set-up fee."},
	{"billing/text-message-allowance", "The Team plan includes 100 text messages per site and month, and the Business plan includes 500 text messages per site and month."},
	{"billing/text-message-allowance", "Each text message beyond the allowance costs €0.09."},
	{"billing/text-message-allowance", "A message with more than 160 characters counts as two."},
	{"billing/vat-and-billing-details", "To change your billing address, go to Settings > Billing > Billing details. The new address will appear on all later invoices."},
	{"billing/vat-and-billing-details", "Customers in Germany pay 19% VAT."},
	{"orders/shipping", "Orders placed before 13:00 are shipped on the same day."},
	{"orders/shipping", "Standard shipping within the EU is free for orders of €300 or more."},
	{"orders/shipping", "Shipping to Germany takes 2–3 working days and costs €5.90."},
	{"orders/returns", "Unused devices can be returned within 30 days of delivery."},
	{"orders/returns", "You pay the postage for returning unused devices."},
	{"orders/warranty", "All Firnwacht devices come with a warranty of 24 months from the day of delivery."},
	{"orders/device-prices", "A pack of 4 lithium AA batteries costs €9."},
	{"devices/restart-hub", "To restart the Hub, hold its button for 3 seconds and let go when the light turns white."},
	{"devices/restart-hub", "Hold the button of the Hub for 3 seconds to restart it."},
	{"devices/restart-hub", "Restarting takes about 40 seconds."},
	{"devices/restart-hub", "A restart keeps all settings and stored readings."},
	{"devices/factory-reset-hub", "After a factory reset, every sensor must be paired again."},
	{"devices/factory-reset-hub", "Hold the button for 12 seconds until the light blinks red."},
	{"devices/hub-lights", "Solid yellow means that the Hub has power but no internet connection."},
	{"devices/hub-lights", "If the light is solid red, the Hub has a hardware fault."},
	{"devices/hub-offline", "The Hub stores readings for up to 14 days while it's offline."},
	{"devices/hub-offline", "Once the connection is back, the stored readings are uploaded within about 20 minutes."},
	{"devices/replace-batteries", "Please use two lithium AA batteries (type FR6)."},
	{"devices/replace-batteries", "Don't use alkaline or rechargeable batteries, because they fail in the cold and may leak."},
	{"devices/replace-batteries", "The batteries of a Firn Tag last around 3 years. In a freezer below −25 °C they last around 18 months."},
	{"devices/sensor-silent", "The most frequent reason is an empty battery."},
	{"devices/sensor-specifications", "The Firn Tag and the Firn Probe only measure temperature. They don't measure humidity, door position or carbon dioxide."},
	{"devices/set-up-hub", "The Hub supports only Wi-Fi networks with 2.4 GHz."},
	{"devices/set-up-hub", "The built-in battery of the Hub lasts for 4 hours."},
	{"devices/pair-sensor", "Pair the sensor within 10 metres of the Hub, and then bring it to its final place."},
	{"devices/firmware-updates", "The Hub installs firmware updates by itself between 2:00 and 4:00 at night, local time of the site."},
	{"devices/calibration", "The calibration takes 5 working days from the day on which the sensor arrives."},
	{"devices/error-codes", "Code E21 means that the Hub is full: the Hub has 50 sensors already. Add a second Hub."},
	{"security/two-step-sign-in", "If you've lost your phone, choose Use a recovery code when you sign in."},
	{"security/two-step-sign-in", "Codes by text message aren't offered, because they can be intercepted."},
	{"security/sessions-and-lockout", "A user account is locked for 15 minutes after 10 wrong passwords in a row."},
	{"security/sessions-and-lockout", "The lock ends by itself."},
	{"security/data-protection", "All customer data is stored in two data centres in Germany: in Frankfurt and Nuremberg."},
	{"security/data-protection", "Backups are made every night and erased after 35 days."},
	{"account/reset-password", "I'm sorry for the trouble. The link in the password e-mail is valid for 30 minutes. I hope this helps!"},
	{"de/reset-password", "Der Link in der Passwort-E-Mail ist 30 Minuten lang gültig."},
	{"de/reset-password", "Ein Passwort muss mindestens 12 Zeichen haben."},
	{"de/cancel-plan", "Es gibt keine Kündigungsfrist. Die Kündigung wird zum Ende des laufenden Abrechnungszeitraums wirksam."},
	{"de/cancel-plan", "Sie bekommen innerhalb weniger Minuten eine Bestätigung per E-Mail."},
	{"de/replace-batteries", "Bitte verwenden Sie zwei Lithium-Batterien der Größe AA (Typ FR6)."},
	{"de/replace-batteries", "Verwenden Sie keine Alkali-Batterien und keine Akkus, da sie in der Kälte versagen und auslaufen können."},
	{"de/replace-batteries", "Der Sensor muss danach nicht neu gekoppelt werden."},
}

func TestLightParaphrasesPass(t *testing.T) {
	t.Parallel()
	articles := map[string]article{}
	for _, a := range company(t) {
		articles[a.slug] = a
	}
	passed := 0
	for _, p := range paraphrases {
		require.Contains(t, articles, p.article)
		in := articles[p.article].answer(p.draft)
		r := review.Check(in)
		if r.Passed {
			passed++
			continue
		}
		t.Logf("%s: %q %v\n    %+v", p.article, p.draft, failed(r), review.Explain(in))
	}
	t.Logf("%d of %d paraphrases pass", passed, len(paraphrases))
	require.GreaterOrEqual(t, float64(passed), 0.9*float64(len(paraphrases)))
}
