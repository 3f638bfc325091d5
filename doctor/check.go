// Package doctor looks at everything the service depends on and says in plain
// sentences what is wrong, what customers notice of it and what to do.
//
// A check is one function and one row in the list of its area. Checks run at
// the same time, each within a limit, so that whatever hangs keeps nobody from
// hearing about the rest.
//
// It must never change or send anything, never print a secret or what belongs
// to a customer, and never wait for long.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Verdict is what became of a check.
type Verdict string

// Verdicts, from good to bad. Off is what is not configured, and not meant to be.
const (
	OK      Verdict = "ok"
	Off     Verdict = "off"
	Warning Verdict = "warning"
	Failed  Verdict = "failed"
)

// Check is one question and what its answers mean. The sentences are also the
// runbook's.
type Check struct {
	Name  string // area, or area.thing; never renamed, since programs read it
	Asks  string // what is looked at
	Means string // what customers or staff notice as long as it is not ok
	Do    string // what to do, unless the finding knows better
	After string // the check without which this one cannot be answered
	Off   string // why it is off, in one sentence; empty when it is not
	Look  func(ctx context.Context) Finding
}

// Finding is the answer to a check.
type Finding struct {
	Verdict Verdict
	Found   string   // one sentence
	Do      string   // one sentence; empty means what the check says
	Details []string // single cases, when there are several
}

// Result is a check with its answer. Means and Do are empty unless something is
// wrong.
type Result struct {
	Name    string   `json:"name"`
	Verdict Verdict  `json:"verdict"`
	Found   string   `json:"found"`
	Details []string `json:"details,omitempty"`
	Means   string   `json:"means,omitempty"`
	Do      string   `json:"do,omitempty"`
	Skipped bool     `json:"skipped,omitempty"` // not looked at: another check has to be mended first
}

// Limit is how long a check may take.
const Limit = 5 * time.Second

// Run asks all checks at once, each for at most limit once the one it comes
// after is answered, and returns the results in the order of checks. A check
// that does not end is left behind. Of the results secrets are struck out.
func Run(ctx context.Context, checks []Check, limit time.Duration, secrets []string) []Result {
	results := make([]Result, len(checks))
	// cause is the check that keeps another from being answered, itself if it failed.
	type state struct {
		done  chan struct{}
		cause string
	}
	states := map[string]*state{}
	for _, c := range checks {
		states[c.Name] = &state{done: make(chan struct{})}
	}
	var running sync.WaitGroup
	for i, c := range checks {
		running.Go(func() {
			own := states[c.Name]
			defer close(own.done)
			if c.Off != "" {
				results[i] = c.result(Finding{Verdict: Off, Found: c.Off})
				return
			}
			if before, known := states[c.After]; known {
				<-before.done
				if own.cause = before.cause; own.cause != "" {
					results[i] = c.skipped(own.cause)
					return
				}
			}
			results[i] = c.result(c.within(ctx, limit))
			if results[i].Verdict == Failed {
				own.cause = c.Name
			}
		})
	}
	running.Wait()
	for i := range results {
		results[i].strike(secrets)
	}
	return results
}

// skipped is the result of a check that cannot be answered: a warning, since
// only its cause has failed.
func (c Check) skipped(cause string) Result {
	return Result{Name: c.Name, Verdict: Warning, Found: "It was not looked at, because " + cause + " failed.", Do: "Mend " + cause + " first.", Skipped: true}
}

// within asks for at most limit.
func (c Check) within(ctx context.Context, limit time.Duration) Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := make(chan Finding, 1)
	go func() { answer <- c.Look(ctx) }()
	select {
	case f := <-answer:
		// What fails at the very end failed because of it.
		if f.Verdict != Failed || ctx.Err() == nil {
			return f
		}
	case <-ctx.Done():
	}
	return fail(fmt.Sprintf("There was no answer within %s.", limit))
}

func (c Check) result(f Finding) Result {
	r := Result{Name: c.Name, Verdict: f.Verdict, Found: f.Found, Details: f.Details}
	if f.Verdict == Warning || f.Verdict == Failed {
		r.Means, r.Do = c.Means, f.Do
		if r.Do == "" {
			r.Do = c.Do
		}
	}
	return r
}

// strike takes secrets out, wherever an error has repeated one.
func (r *Result) strike(secrets []string) {
	texts := []*string{&r.Found, &r.Do}
	for i := range r.Details {
		texts = append(texts, &r.Details[i])
	}
	for _, text := range texts {
		for _, secret := range secrets {
			if len(secret) >= 4 {
				*text = strings.ReplaceAll(*text, secret, "…")
			}
		}
	}
}

func ok(format string, args ...any) Finding {
	return Finding{Verdict: OK, Found: fmt.Sprintf(format, args...)}
}

// fail and warn have a sentence and, if the check's own advice does not fit,
// another one of what to do.
func fail(found string, do ...string) Finding {
	return Finding{Verdict: Failed, Found: found, Do: strings.Join(do, " ")}
}

func warn(found string, do ...string) Finding {
	return Finding{Verdict: Warning, Found: found, Do: strings.Join(do, " ")}
}

// with adds single cases.
func (f Finding) with(details ...string) Finding {
	f.Details = details
	return f
}

// said makes the end of a sentence of an error.
func said(err error) string {
	return strings.Join(strings.Fields(strings.TrimRight(err.Error(), ". \n")), " ") + "."
}

// span writes a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "no time"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// count writes a number with its noun.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// judgeAge says how long ago something regular was done last.
func judgeAge(what string, age, slow, late time.Duration) Finding {
	found := fmt.Sprintf("%s %s ago.", what, span(max(age, 0)))
	switch {
	case age > late:
		return fail(found)
	case age > slow:
		return warn(found)
	}
	return ok("%s", found)
}
