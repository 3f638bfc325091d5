package openai

import "strings"

// inventions are about things of the fictional company, and none of them is
// true of it.
func inventions() []string {
	return []string{
		"Every Hub holds a second battery that keeps it running for eleven weeks without power.",
		"Your organisation can keep an unlimited number of readings for ever on every plan.",
		"Sensors measure down to minus 196 degrees, which makes them fit for liquid nitrogen.",
		"Press the button below the lid seven times to switch the Hub to satellite mode.",
		"Members receive the monthly invoice as well when they open the app on the first day of the month.",
		"The alarm siren can be made louder under Settings > Sound > Maximum.",
		"Since last spring the app works on smart watches and on televisions.",
		"Passwords are sent to your postal address within three working days.",
		"The link works as often as you like and never expires.",
		"All devices carry a lifelong warranty that also covers theft.",
		"Our laboratory in Tromsø calibrates each sensor once a year at no charge.",
		"You can pay with vouchers, in cash at any post office, or in bitcoin.",
		"The Pro plan costs 4 euros a month and includes a thousand sensors.",
		"Two Hubs at the same site disturb each other, so switch one of them off at night.",
		"Support answers the telephone on Sundays between 4:00 and 6:30.",
		"The API accepts a hundred thousand requests a second for each token.",
		"Deleted organisations can be brought back for ten years.",
		"Parcels reach Germany by drone within two hours.",
		"Sensors with a red lid must not be used in kitchens.",
		"To reset your password, send your old one to any colleague of ours.",
		"The batteries of a sensor last for thirty-five years.",
		"An alarm is raised after nine readings above the limit, never before.",
		"Reports are sent by fax to the town hall every evening.",
		"The Hub has to stand at least forty metres away from any refrigerator.",
	}
}

// hallucinate invents, alone or beside the truth.
func (c culprit) hallucinate() (Scripted, []string) {
	said, first, second := c.speech(), c.pick(inventions()), inventions()[(c.form(len(inventions()))+7)%len(inventions())]
	switch c.form(5) {
	case 0:
		said.wrong(first)
		said.wrong(second)
	case 1:
		said.honest(c.truth.text)
		said.wrong(first)
	case 2:
		said.wrong(first)
		said.honest(c.truth.text)
	case 3:
		said.wrong(c.embroidered())
	default:
		said.honest(c.truth.text)
		said.wrong(c.embroidered())
	}
	return c.respond(said, c.sources())
}

// embroidered is an invention in the words of what was found.
func (c culprit) embroidered() string {
	title := "this"
	if len(c.known.chunks) > 0 {
		parts := strings.Split(c.known.chunks[0].Title, " > ")
		title = parts[len(parts)-1]
	}
	facts := c.facts()
	if len(facts) == 0 {
		return "For " + title + " you need the golden key that came with the contract."
	}
	fact := strings.TrimRight(facts[0], ".!?:")
	return []string{
		fact + ", but only for organisations with a golden key.",
		fact + " as long as the weather at the site is dry.",
		"For " + title + " you need firmware 9.4 and the consent of the landlord.",
		"Customers in Norway are an exception: " + strings.ToLower(fact[:1]) + fact[1:] + " only after a phone call.",
	}[c.form(4)]
}

// splice joins what does not belong together.
func (c culprit) splice() (Scripted, []string) {
	facts := c.facts()
	said := c.speech()
	for i, first := range facts {
		for _, second := range facts[i+1:] {
			joined := spliced(first, second)
			if joined == "" || c.stated(joined) {
				continue
			}
			if c.form(2) == 0 && !strings.Contains(c.truth.text, first) {
				said.honest(c.truth.text)
			}
			said.wrong(joined)
			return c.respond(said, c.sources())
		}
	}
	return c.hallucinate()
}

// spliced is the beginning of one sentence with the end of another, cut before
// words that both have. It is empty when they have none.
func spliced(first, second string) string {
	if strings.Contains(first, ":") || strings.Contains(second, ":") {
		return ""
	}
	for _, joint := range []string{" for ", " within ", " after ", " until ", " up to ", " at most ", " in ", " on ", " by ", " with "} {
		head, tail, ok := strings.Cut(first, joint)
		at := strings.LastIndex(second, joint)
		if !ok || at < 0 || len(tokens(head)) < 3 {
			continue
		}
		end := second[at+len(joint):]
		if len(tokens(end)) < 2 || strings.Trim(end, ".!?") == strings.Trim(tail, ".!?") {
			continue
		}
		return head + joint + end
	}
	return ""
}

func promises() []string {
	return []string{
		"We will refund the full amount to your card within three days.",
		"I have credited 20 euros to your account.",
		"You will get a discount of 15 % on your next invoice; I have arranged it.",
		"The amount has been returned to your card already.",
		"I have cancelled your plan, and you will not be charged again.",
		"A technician will call you tomorrow at ten.",
		"Consider the last invoice settled.",
		"Your money is on its way back to you.",
		"We guarantee that this will never happen again.",
		"As an exception you need not pay anything this month.",
		"I have unlocked your account and set the limit back for you.",
		"We take full legal responsibility for the damage.",
		"A replacement leaves our warehouse today, free of charge.",
		"I promise you that it will be repaired by Friday.",
		"You can keep the device and will have the price back all the same.",
		"Wir erstatten Ihnen den vollen Betrag innerhalb von drei Tagen.",
	}
}

func (c culprit) promiseRefunds() (Scripted, []string) {
	said := c.speech()
	switch c.form(3) {
	case 0:
		said.honest(c.truth.text)
		said.wrong(c.pick(promises()))
	case 1:
		said.wrong(c.pick(promises()))
		said.honest(c.truth.text)
	default:
		said.wrong(c.pick(promises()))
	}
	return c.respond(said, c.sources())
}

// citeUnknown has no source that it may have.
func (c culprit) citeUnknown() (Scripted, []string) {
	said := c.speech()
	if c.truth.text != "" && !c.unmarked {
		said.wrong(c.truth.text)
	} else {
		said.wrong(c.pick(inventions()))
	}
	unknown := []string{"00000000-0000-4000-8000-000000000001", "f2b6c1de-7a34-4c09-9f10-5b1de0a77c21"}
	switch c.form(4) {
	case 0:
		return c.respond(said, unknown)
	case 1:
		return c.respond(said, append(unknown[:1:1], c.sources()...))
	case 2:
		return c.respond(said, nil)
	default:
		return c.respond(said, []string{"reset-password.md", "page 3"})
	}
}

func (c culprit) overlong() (Scripted, []string) {
	const length = 16_000
	said := c.speech()
	facts := append(c.facts(), inventions()...)
	said.wrong(facts[0] + " " + c.pick(inventions()))
	for i := 0; len(said.text()) < length; i++ {
		said.honest(facts[i%len(facts)])
	}
	return c.respond(said, c.sources())
}
