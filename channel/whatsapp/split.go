package whatsapp

import "math"

// Lengths of one message, in characters (runes).
const (
	// PreferredLength is up to where a message reads well on a phone.
	PreferredLength = 300
	// MaxLength is the most Twilio accepts.
	MaxLength = 1600
)

// Split parts a reply into messages. Up to PreferredLength it stays one.
// A longer one is parted at paragraphs, lines and sentences into as few
// messages of that length as possible, and of these as evenly as possible. A
// single longer sentence stays whole up to MaxLength; beyond that it is cut
// between words, a longer word between characters. Only white space between
// parts is dropped. No part is empty, so a blank text has none.
func Split(text string) []string {
	sentences := segment(text)
	if len(sentences) == 0 {
		return nil
	}
	if whole := join(sentences); whole.length() <= PreferredLength {
		return []string{text[whole.start:whole.end]}
	}
	var parts []string
	for _, part := range balance(sentences, PreferredLength) {
		parts = append(parts, text[part.start:part.end])
	}
	return parts
}

// balance joins segments into the fewest parts of at most limit characters (a
// longer segment is a part of its own), and takes the cheapest way to do so:
// the sum of squared lengths is least when parts are even.
func balance(segments []span, limit int) []span {
	type choice struct {
		parts int
		cost  float64
		from  int // the last part begins with this segment
	}
	best := make([]choice, len(segments)+1)
	for end := 1; end <= len(segments); end++ {
		best[end] = choice{parts: math.MaxInt}
		for from := end - 1; from >= 0; from-- {
			length := join(segments[from:end]).length()
			if length > limit && from < end-1 {
				break
			}
			c := choice{
				parts: best[from].parts + 1,
				cost:  best[from].cost + float64(length)*float64(length) + segments[end-1].cost,
				from:  from,
			}
			if c.parts < best[end].parts || c.parts == best[end].parts && c.cost < best[end].cost {
				best[end] = c
			}
		}
	}
	parts := make([]span, best[len(segments)].parts)
	for i, end := len(parts)-1, len(segments); i >= 0; i-- {
		from := best[end].from
		parts[i] = join(segments[from:end])
		end = from
	}
	return parts
}
