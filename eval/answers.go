package eval

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/activities"
)

// Answers says how simulated customers were answered.
type Answers struct {
	Kind    string         `json:"kind"` // answers
	Model   string         `json:"model"`
	Runs    int            `json:"runs"`
	Figures []Figure       `json:"figures"`
	Ends    map[string]int `json:"ends"` // how turns ended, by outcome and reason
	Curve   []Point        `json:"curve"`
	Replies []Reply        `json:"replies"`
}

// Point says what a threshold of confidence would have done to the drafts that
// broke no rule: Covered is the share of customers who would have had an
// answer, Right the share of these answers that are grounded and correct.
type Point struct {
	Threshold float64 `json:"threshold"`
	Covered   float64 `json:"covered"`
	Right     float64 `json:"right"`
}

// AnswersOptions say how customers are simulated.
type AnswersOptions struct {
	Sandbox *Sandbox
	// Activities are those of the service, on the sandbox.
	Activities *activities.Activities
	Model      string
	Runs       int // how often each customer writes, as a new one each time
	Parallel   int // how many write at once
	Progress   func(done, total int)
}

// Answer lets every customer write, Runs times, and judges what would have been
// sent. It fails when the database or the search does; what the model does
// wrong is an outcome.
func Answer(ctx context.Context, o AnswersOptions, customers []Message) (Answers, error) {
	total := len(customers) * o.Runs
	replies := make([]Reply, total)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(o.Parallel, 1))
	var mu sync.Mutex
	done := 0
	for i := range total {
		group.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			replies[i], err = serve(ctx, o.Sandbox.DB, o.Activities, customers[i/o.Runs], 1+i%o.Runs)
			mu.Lock()
			defer mu.Unlock()
			done++
			if o.Progress != nil && err == nil {
				o.Progress(done, total)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Answers{}, err
	}
	return summarise(o.Model, o.Runs, replies), nil
}

// summarise counts; the runs of one customer stand side by side.
func summarise(model string, runs int, replies []Reply) Answers {
	a := Answers{Kind: "answers", Model: model, Runs: runs, Replies: replies, Ends: map[string]int{}}
	var sent, grounded, correct, due, asked, answerable, needless int
	var cost float64
	var times []int64
	for _, r := range replies {
		a.Ends[strings.TrimSuffix(r.Outcome+" "+r.Why, " ")]++
		cost += r.CostUSD
		times = append(times, r.Millis)
		if r.Outcome == outcomeSent {
			sent++
			if r.Grounded {
				grounded++
			}
			if r.Correct {
				correct++
			}
		}
		if r.escalate {
			due++
			if r.Outcome == outcomePerson {
				asked++
			}
			continue
		}
		answerable++
		if r.Outcome == outcomePerson {
			needless++
		}
	}
	a.Figures = []Figure{
		{"grounded", rate(grounded, sent), Higher, sent},
		{"correct", rate(correct, sent), Higher, sent},
		{"escalated when due", rate(asked, due), Higher, due},
		{"needless escalation", rate(needless, answerable), Lower, answerable},
	}
	for k := 1; k <= min(runs, 4); k++ {
		a.Figures = append(a.Figures, Figure{fmt.Sprintf("pass^%d", k), passAll(replies, runs, k), Higher, len(replies) / runs})
	}
	slices.Sort(times)
	n := len(replies)
	a.Figures = append(a.Figures,
		Figure{Name: "cost of a turn, USD", Value: cost / float64(n), Of: n},
		Figure{Name: "p50 of a turn, s", Value: float64(times[n/2]) / 1000, Of: n},
		Figure{Name: "p95 of a turn, s", Value: float64(times[n*95/100]) / 1000, Of: n},
	)
	a.Curve = curve(replies)
	return a
}

// passAll estimates how likely k runs of one customer all end well, without
// bias: of c good runs among n, choose k.
func passAll(replies []Reply, runs, k int) float64 {
	var sum float64
	tasks := 0
	for task := range slices.Chunk(replies, runs) {
		good := 0
		for _, r := range task {
			if r.good() {
				good++
			}
		}
		p := 1.0
		for i := range k {
			p *= float64(max(good-i, 0)) / float64(runs-i)
		}
		sum += p
		tasks++
	}
	return sum / float64(tasks)
}

// curve tries thresholds on the drafts that broke no rule of the review.
func curve(replies []Reply) []Point {
	var points []Point
	for step := range 11 {
		p := Point{Threshold: float64(step) / 10}
		answered, right := 0, 0
		for _, r := range replies {
			if r.Text == "" || len(r.Failed) > 0 || r.Confidence < p.Threshold {
				continue
			}
			answered++
			if r.Grounded && r.Correct && !r.escalate {
				right++
			}
		}
		p.Covered, p.Right = rate(answered, len(replies)), rate(right, answered)
		points = append(points, p)
	}
	return points
}

// String is the report for people.
func (a Answers) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Answered by %s.\n\n%s\nhow turns ended\n", a.Model, describe(a.Figures))
	for _, end := range slices.Sorted(maps.Keys(a.Ends)) {
		fmt.Fprintf(&out, "%6d  %s\n", a.Ends[end], end)
	}
	out.WriteString("\nconfidence  answered  right\n")
	for _, p := range a.Curve {
		fmt.Fprintf(&out, "%10.1f  %8.3f  %5.3f\n", p.Threshold, p.Covered, p.Right)
	}
	return out.String()
}

// Bad lists what did not go as it should, for people.
func (a Answers) Bad() string {
	var out strings.Builder
	for _, r := range a.Replies {
		if r.good() {
			continue
		}
		what := []string{strings.TrimSuffix(r.Outcome+" "+r.Why, " ")}
		if r.Outcome == outcomeSent && !r.Grounded {
			what = append(what, "not grounded "+strings.Join(r.Loose, " "))
		}
		if r.Outcome == outcomeSent && !r.Correct {
			what = append(what, "not correct")
		}
		if len(r.Failed) > 0 {
			what = append(what, "broke "+strings.Join(r.Failed, ", "))
		}
		fmt.Fprintf(&out, "%s  run %d  %s  (%s)\n", r.ID, r.Run, strings.Join(what, "; "), r.At)
	}
	return out.String()
}
