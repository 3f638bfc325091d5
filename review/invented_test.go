package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/review"
)

// invented says untrue things in the style of an article, almost only with its
// words.
var invented = []struct{ article, draft string }{
	{"account/reset-password", "The link in the password e-mail is valid until you change the password."},
	{"account/reset-password", "A password needs at least 12 devices."},
	{"account/reset-password", "You stay signed in on all devices when you change the password."},
	{"account/reset-password", "Owners can read the passwords of their organisation."},
	{"account/invite-team-members", "Members can invite people to the organisation."},
	{"account/invite-team-members", "A removed person can still see the sites."},
	{"account/invite-team-members", "The Start plan has no limit."},
	{"account/invite-team-members", "Resending an invitation keeps the older link valid."},
	{"account/invite-team-members", "One e-mail address can belong to one organisation only."},
	{"account/delete-organisation", "A Manager can stop the deletion during the waiting period."},
	{"account/delete-organisation", "Deleting an organisation keeps all readings."},
	{"account/delete-organisation", "After the waiting period the data can be restored from backups."},
	{"account/delete-organisation", "An organisation with a running plan can be deleted by an Owner."},
	{"account/delete-organisation", "Invoices are erased after 35 days."},
	{"account/change-email-address", "An Owner can change the e-mail address of another person."},
	{"account/change-email-address", "The confirmation link is valid for 72 hours."},
	{"account/roles-and-permissions", "A Member may change alarm limits."},
	{"account/roles-and-permissions", "Managers see all invoices."},
	{"billing/cancel-plan", "The notice period ends with the current billing period."},
	{"billing/cancel-plan", "After 90 days the readings of the site are back."},
	{"billing/cancel-plan", "A Manager can cancel the plan by e-mail."},
	{"billing/cancel-plan", "Without a plan the devices can be used with other software."},
	{"billing/cancel-plan", "After the end of the plan alarms are sent for 90 days."},
	{"billing/change-plan", "A downgrade takes effect at once."},
	{"billing/change-plan", "You pay the difference after a downgrade."},
	{"billing/change-plan", "A Manager can change the plan of a site."},
	{"billing/failed-payments", "Alarms stop 21 days after the first attempt."},
	{"billing/failed-payments", "In a read-only organisation no alarms are sent."},
	{"billing/failed-payments", "There is no fee for a returned direct debit."},
	{"billing/free-trial", "The devices are part of the free trial."},
	{"billing/free-trial", "The free trial lasts 60 days."},
	{"billing/free-trial", "The free trial includes all functions of the Business plan."},
	{"billing/free-trial", "You need a credit card for the trial."},
	{"billing/free-trial", "The trial covers all sites."},
	{"billing/payment-methods", "Monthly plans can be paid by bank transfer."},
	{"billing/payment-methods", "We accept cash for yearly plans."},
	{"billing/plans-and-prices", "The Start plan costs €29 per site and month."},
	{"billing/plans-and-prices", "The Start plan covers up to 25 sensors."},
	{"billing/plans-and-prices", "The Team plan has phone support."},
	{"billing/plans-and-prices", "All plans have voice call alarms."},
	{"billing/plans-and-prices", "Users on the Start plan are unlimited."},
	{"billing/plans-and-prices", "Devices are part of a plan."},
	{"billing/plans-and-prices", "The Start plan costs €9 per site and month and covers up to 25 sensors."},
	{"billing/plans-and-prices", "The Business plan costs €79. It is without a set-up fee and covers up to 5 sensors."},
	{"billing/refund-policy", "Monthly plans that have started are refunded in part."},
	{"billing/refund-policy", "You get the full amount back within 14 days."},
	{"billing/refund-policy", "A yearly plan that has been renewed is paid back in full."},
	{"billing/refund-policy", "The original shipping cost is refunded."},
	{"orders/device-prices", "The Firn Tag costs €119."},
	{"orders/device-prices", "The Firn Hub LTE costs €149."},
	{"orders/shipping", "Shipping to Switzerland costs €5.90."},
	{"billing/plans-and-prices", "The Start plan keeps readings for 36 months."},
	{"account/roles-and-permissions", "Viewers acknowledge alarms."},
	{"orders/shipping", "Shipping is free for all orders."},
	{"orders/shipping", "Orders that are placed after 13:00 are shipped on the same day."},
	{"orders/shipping", "Express is possible in all EU countries."},
	{"orders/shipping", "We ship to all countries."},
	{"orders/returns", "You can return used devices within 30 days of delivery."},
	{"orders/returns", "We pay the postage for returning unused devices."},
	{"orders/returns", "Faulty devices can be returned within 14 days."},
	{"orders/warranty", "Batteries are covered for 24 months."},
	{"orders/warranty", "Replacement devices have a warranty of 24 months."},
	{"devices/restart-hub", "A restart erases all settings."},
	{"devices/restart-hub", "Hold the button for 12 seconds to restart the Hub."},
	{"devices/restart-hub", "To restart the Hub, pull the plug."},
	{"devices/restart-hub", "The Hub needs a regular restart once a month."},
	{"devices/factory-reset-hub", "A factory reset keeps the list of sensors."},
	{"devices/factory-reset-hub", "For connection problems you need a factory reset."},
	{"devices/factory-reset-hub", "After a factory reset the sensors need not be paired again."},
	{"devices/hub-lights", "Solid yellow: the Hub is connected and everything is fine."},
	{"devices/hub-lights", "Blinking red: the Hub has a hardware fault."},
	{"devices/hub-offline", "Please factory reset an offline Hub."},
	{"devices/hub-offline", "Sensors stop measuring while the Hub is offline."},
	{"devices/hub-offline", "Viewers get an e-mail when a Hub goes offline."},
	{"devices/replace-batteries", "Use two alkaline batteries."},
	{"devices/replace-batteries", "Stored readings are lost while you replace the batteries."},
	{"devices/replace-batteries", "The sensor must be paired again."},
	{"devices/replace-batteries", "The batteries of a Firn Tag last about 18 months."},
	{"devices/sensor-specifications", "The Firn Tag measures humidity."},
	{"devices/sensor-specifications", "The Firn Tag has a cable of 3 metres."},
	{"devices/sensor-specifications", "Accuracy of the Firn Tag: ±0.5 °C"},
	{"devices/set-up-hub", "The Hub supports Wi-Fi networks with 5 GHz."},
	{"devices/set-up-hub", "The Firn Hub LTE needs a network cable."},
	{"devices/sensor-silent", "If all sensors of a site are silent at the same time, the reason is the sensors."},
	{"devices/sensor-silent", "One Hub supports up to 25 Relays."},
	{"devices/network-requirements", "A port has to be opened from outside."},
	{"devices/network-requirements", "The Hub supports proxy servers with a password."},
	{"devices/calibration", "Customers on the Business plan can rent a loan sensor for €15."},
	{"devices/calibration", "New sensors come with an accredited certificate."},
	{"security/two-step-sign-in", "Codes by text message are offered."},
	{"security/two-step-sign-in", "Each recovery code works 10 times."},
	{"security/two-step-sign-in", "The identity check takes up to 7 days."},
	{"security/sessions-and-lockout", "After 15 wrong passwords a user account is locked for 10 minutes."},
	{"security/sessions-and-lockout", "You stay signed in for 14 days on the same device."},
	{"security/data-protection", "Customer data is transferred outside the European Union."},
	{"security/data-protection", "Backups are kept for 72 hours."},
	{"security/data-protection", "Readings contain personal data."},
	{"de/reset-password", "Der Link in der Passwort-E-Mail ist 12 Minuten gültig."},
	{"de/reset-password", "Auf allen Geräten bleiben Sie angemeldet."},
	{"de/cancel-plan", "Die Kündigung wird sofort wirksam."},
	{"de/cancel-plan", "Nach dem Ende des Tarifs werden Alarme noch 90 Tage verschickt."},
	{"de/cancel-plan", "Die Geräte müssen zurückgeschickt werden."},
	{"de/replace-batteries", "Verwenden Sie zwei Alkali-Batterien."},
	{"de/replace-batteries", "Der Sensor muss neu gekoppelt werden."},
	{"de/replace-batteries", "Gespeicherte Messwerte gehen beim Batteriewechsel nicht ohne Einstellungen verloren."},
}

func TestInventedSentencesAreRefused(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(invented), 60)
	for _, c := range invented {
		t.Run(c.article+"/"+c.draft, func(t *testing.T) {
			t.Parallel()
			in := named(t, c.article).answer(c.draft)
			require.False(t, review.Check(in).Passed, "%+v", review.Explain(in))
		})
	}
}
