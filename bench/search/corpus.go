package main

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

//go:embed domains.txt
var domains string

// topic is one thing to which one thing happens.
type topic struct{ domain, thing, event string }

// sentence is a made-up statement about a topic, or a question.
type sentence struct {
	topic topic
	text  string
}

// topics returns all of them, in the order of the file.
func topics() []topic {
	var all []topic
	for paragraph := range strings.SplitSeq(domains, "\n\n") {
		lines := strings.Split(strings.TrimSpace(paragraph), "\n")
		if strings.HasPrefix(lines[0], "#") {
			lines = lines[1:]
		}
		for thing := range strings.SplitSeq(lines[1], "; ") {
			for event := range strings.SplitSeq(lines[2], "; ") {
				all = append(all, topic{lines[0], thing, event})
			}
		}
	}
	return all
}

// The parts of a statement. Each changes what it says, not only how.
var (
	who = []string{
		"a tourist from Canada", "the caretaker", "a retired teacher", "our neighbour in Leeds", "the night shift", "a small bakery",
		"the new apprentice", "a family of five", "the regional office", "a volunteer", "the owner of a café", "an exchange student",
		"the accountant", "a nurse in Malmö", "the football coach", "a lawyer from Porto", "the village council", "a first-time buyer",
	}
	remedy = []string{
		"should call the hotline before noon", "needs written proof from the last owner", "can wait until the spare part arrives",
		"has to fill in the blue form", "should switch everything off for ten minutes", "must bring an identity card",
		"may ask for half of the price back", "should send three photos", "has to sign at the front desk", "can do it alone in the app",
		"needs help from a second person", "should write to the supervisor", "must not open it under any circumstances",
		"gets a replacement for free", "should compare it with last year", "has to pay a deposit", "can hand it over to a colleague",
		"should read the last chapter of the manual", "needs a licence from the town hall", "can leave it as it is",
	}
	circumstance = []string{
		"during a heat wave", "on the last day of the year", "after a software update", "shortly before a wedding", "in a shared house",
		"without an internet connection", "when nobody speaks the language", "on a ferry", "in the middle of an inspection",
		"after a long illness", "during a strike", "in a listed building", "on a public holiday", "after the warranty has ended",
		"when two people want it at once", "in heavy rain",
	}
	form = []string{
		"If the %[1]s %[2]s %[3]s, %[4]s %[5]s.",
		"%[4]s says the %[1]s %[2]s %[3]s and %[5]s.",
		"The %[1]s %[2]s: %[3]s, %[4]s %[5]s.",
		"What %[4]s learned %[3]s: whoever finds that the %[1]s %[2]s %[5]s.",
	}
	asking = []string{
		"What can I do when my %s %s?",
		"My %s %s. Who helps me now?",
		"Is it normal that the %s %s, and what does it cost?",
		"The %s %s, please tell me the next step",
	}
)

// statements returns n distinct ones, spread over all topics.
func statements(n int) []sentence {
	rng := rand.New(rand.NewPCG(1, 2))
	all := topics()
	seen := make(map[string]bool, n)
	found := make([]sentence, 0, n)
	for i := 0; len(found) < n; i++ {
		t := all[i%len(all)]
		text := fmt.Sprintf(one(rng, form), t.thing, t.event, one(rng, circumstance), one(rng, who), one(rng, remedy))
		text = strings.ToUpper(text[:1]) + text[1:]
		if seen[text] {
			continue
		}
		seen[text] = true
		found = append(found, sentence{t, text})
	}
	return found
}

// questions returns n, none of which is a statement.
func questions(n int) []sentence {
	rng := rand.New(rand.NewPCG(3, 4))
	all := topics()
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	found := make([]sentence, n)
	for i := range found {
		t := all[i%len(all)]
		text := fmt.Sprintf(one(rng, asking), t.thing, t.event)
		if i%2 == 1 {
			text += " It happened " + one(rng, circumstance) + "."
		}
		found[i] = sentence{t, text}
	}
	return found
}

func one(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }
