package openai

import "unicode"

// The weight of words by where they stand: in the question itself, in the
// subject, and in what is told around it. A question of a word or two says
// little by itself, so the rest counts more.
const (
	ownWeight     = 1.0
	subjectWeight = 0.5
	storyWeight   = 0.3
	briefWeight   = 0.8
	briefQuestion = 2
	// maxAsked is how many questions of a message are answered.
	maxAsked = 3
)

// asked is one thing that a customer wants to know.
type asked struct {
	kind   kind
	terms  []string
	weight map[string]float64
}

// readQuestions finds what a message asks for. Without any question the whole
// message is one.
func readQuestions(text string, known vocabulary) []asked {
	all := paragraphs(text)
	var said []statement
	subject := -1
	for i, paragraph := range all {
		parts := statements(paragraph)
		if i == 0 && len(all) > 1 && len(parts) == 1 {
			subject = 0
		}
		said = append(said, parts...)
	}
	var questions []asked
	for i, part := range said {
		if part.asks && i != subject {
			questions = append(questions, newAsked(said, i, subject, known))
		}
	}
	if len(questions) == 0 {
		whole := asked{kind: kindOf(text), weight: map[string]float64{}}
		for _, part := range said {
			whole.add(part.text, ownWeight, known)
		}
		return []asked{whole}
	}
	return questions[:min(len(questions), maxAsked)]
}

func newAsked(said []statement, at, subject int, known vocabulary) asked {
	q := asked{kind: kindOf(said[at].text), weight: map[string]float64{}}
	q.add(said[at].text, ownWeight, known)
	brief := len(q.terms) <= briefQuestion || has(said[at].text, "it", "that", "this", "them", "they", "these", "there", "such")
	for i, part := range said {
		switch {
		case i == at:
		case brief && (i == at-1 || i == subject):
			q.add(part.text, briefWeight, known)
		case i == subject:
			q.add(part.text, subjectWeight, known)
		default:
			q.add(part.text, storyWeight, known)
		}
	}
	return q
}

// add takes over the words of text that are new. Names and numbers that the
// knowledge base does not know say nothing about what it should say.
func (q *asked) add(text string, weight float64, known vocabulary) {
	for _, term := range terms(text) {
		term = known.correct(term)
		if q.weight[term] > 0 || !known.has(term) && (code(term) || weight < briefWeight) {
			continue
		}
		q.terms = append(q.terms, term)
		q.weight[term] = weight
	}
}

// code reports whether a word is made of digits, or of letters and digits.
func code(word string) bool {
	for _, r := range word {
		if unicode.IsDigit(r) {
			return true
		}
	}
	return false
}
