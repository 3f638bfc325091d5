package openai

import (
	"strings"
	"sync"
)

// alike is how much a word of the same group counts against the word itself.
const alike = 0.75

// synonyms returns for each stem the stems that mean nearly the same in
// questions to a help desk.
var synonyms = sync.OnceValue(func() map[string][]string {
	groups := map[string][]string{}
	for line := range strings.Lines(`change replace modify edit alter
delete remove erase destroy
cancel terminate quit stop end
bill invoice
phone call telephone mobile smartphone
cost price fee charge
pay payment paid
ship shipping shipment deliver delivery dispatch parcel package
return back
faulty fault broken defect defective damage
password passwort pw pwd passcode
fridge refrigerator
acknowledge confirm react
wrong incorrect
keep kept store retain retention save
buy order purchase book
start begin begun
valid expire expired work last
login signin sign
extra additional beyond further
pause mute off disable
lose lost loss loose missing erase
restart reboot
reset wipe
text sms
extend extension longer prolong
accept support allow
message notification
wifi wlan
free gratis
location country place site
error code
locked lock blocked
open opening available reach
feature function suggestion
company firm organisation organization
send sent transfer upload
letter postal post
notify inform
add create
invite invitation
update upgrade
downgrade smaller
type enter
allowance limit maximum max
akku wiederaufladbar
once immediately immediate instantly
tarif abo abonnement
kündigung kündigen
gültig ablaufen abgelaufen`) {
		group := strings.Fields(line)
		for i, word := range group {
			group[i] = root(word)
		}
		for _, word := range group {
			for _, other := range group {
				if other != word {
					groups[word] = append(groups[word], other)
				}
			}
		}
	}
	return groups
})

// likeness says how well a set of stems holds a stem: itself, a synonym or not.
func likeness(in map[string]bool, term string) float64 {
	if in[term] {
		return 1
	}
	for _, other := range synonyms()[term] {
		if in[other] {
			return alike
		}
	}
	return 0
}
