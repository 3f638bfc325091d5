package eval

// Loose is loose.
func Loose(answer, sources string) []string { return loose(answer, sources) }

// PassAll returns pass^k of tasks with so many good runs among runs.
func PassAll(good []int, runs, k int) float64 {
	var replies []Reply
	for _, n := range good {
		for i := range runs {
			replies = append(replies, Reply{Due: true, Correct: i < n, Grounded: true})
		}
	}
	return passAll(replies, runs, k)
}
