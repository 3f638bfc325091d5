package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func answers(name string, f Finding) Check {
	return Check{Name: name, Means: "Nothing works.", Do: "Mend it.", Look: func(context.Context) Finding { return f }}
}

func TestRunKeepsTheOrderAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	never := answers("off", ok("never asked"))
	never.Off = "It is off."
	results := Run(t.Context(), []Check{
		answers("one", fail("It is broken.")),
		answers("two", ok("%d are fine.", 2)),
		answers("three", warn("It will break.", "Mend it soon.").with("a", "b")),
		never,
	}, time.Minute, nil)
	require.Equal(t, []Result{
		{Name: "one", Verdict: Failed, Found: "It is broken.", Means: "Nothing works.", Do: "Mend it."},
		{Name: "two", Verdict: OK, Found: "2 are fine."},
		{Name: "three", Verdict: Warning, Found: "It will break.", Details: []string{"a", "b"}, Means: "Nothing works.", Do: "Mend it soon."},
		{Name: "off", Verdict: Off, Found: "It is off."},
	}, results)
}

// A check that hangs, whether or not it heeds its context, holds up nobody.
func TestRunLeavesBehindWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := Check{Name: "deaf", Look: func(context.Context) Finding { <-release; return ok("too late") }}
		slow := Check{Name: "slow", Look: func(ctx context.Context) Finding { <-ctx.Done(); return fail(ctx.Err().Error()) }}
		began := time.Now()
		results := Run(t.Context(), []Check{deaf, slow, answers("quick", ok("fine"))}, Limit, nil)
		require.Equal(t, Limit, time.Since(began), "both hang at the same time")
		require.Equal(t, Result{Name: "deaf", Verdict: Failed, Found: "There was no answer within 5s."}, results[0])
		require.Equal(t, Result{Name: "slow", Verdict: Failed, Found: "There was no answer within 5s."}, results[1])
		require.Equal(t, OK, results[2].Verdict)
		close(release)
	})
}

// What depends on a broken thing is not a failure of its own.
func TestRunSkipsWhatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	after := func(name, before string) Check {
		c := answers(name, ok("fine"))
		c.After = before
		return c
	}
	results := Run(t.Context(), []Check{
		after("grandchild", "child"), after("child", "root"), answers("root", fail("broken")), after("other", "sound"), answers("sound", warn("so so")),
	}, time.Minute, nil)
	for _, r := range results[:2] {
		require.True(t, r.Skipped, r.Name)
		require.Equal(t, Warning, r.Verdict)
		require.Equal(t, "It was not looked at, because root failed.", r.Found)
		require.Equal(t, "Mend root first.", r.Do)
	}
	require.Equal(t, OK, results[3].Verdict, "a warning keeps nobody")
	r := NewReport(time.Unix(1, 5), results)
	require.Equal(t, 1, r.Failed)
	require.Equal(t, 1, r.Warnings)
	require.Equal(t, 2, r.Skipped)
	require.Equal(t, "1 of 5 checks failed, 2 could not be looked at because of it, and 1 warning", r.Summary())
}

func TestRunStrikesSecrets(t *testing.T) {
	t.Parallel()
	results := Run(t.Context(), []Check{
		answers("one", fail("dialing x:hunter22@db: refused", "use hunter22").with("key sk-12345 is wrong")),
	}, time.Minute, []string{"hunter22", "sk-12345", "", "db"})
	require.Equal(t, "dialing x:…@db: refused", results[0].Found, "what is too short is no secret")
	require.Equal(t, "use …", results[0].Do)
	require.Equal(t, []string{"key … is wrong"}, results[0].Details)
}

func TestReport(t *testing.T) {
	t.Parallel()
	off := answers("mail", ok(""))
	off.Off = "It is off."
	skipped := answers("sends", ok(""))
	skipped.After = "kafka.topics"
	report := NewReport(time.Date(2026, 3, 1, 12, 0, 0, 9, time.UTC), Run(t.Context(), []Check{
		answers("db", ok("It answers.")), answers("kafka.topics", fail("One is <missing>.").with("a.b is missing.")), off, skipped,
	}, time.Minute, nil))
	var text, json strings.Builder
	require.NoError(t, report.WriteText(&text))
	require.Equal(t, `ok       db            It answers.
FAILED   kafka.topics  One is <missing>.
                         - a.b is missing.
                       means: Nothing works.
                       do:    Mend it.
off      mail          It is off.
-        sends         It was not looked at, because kafka.topics failed.
`, text.String())
	require.NoError(t, report.WriteJSON(&json))
	require.JSONEq(t, `{"at":"2026-03-01T12:00:00Z","failed":1,"warnings":0,"skipped":1,"checks":[`+
		`{"name":"db","verdict":"ok","found":"It answers."},`+
		`{"name":"kafka.topics","verdict":"failed","found":"One is <missing>.","details":["a.b is missing."],"means":"Nothing works.","do":"Mend it."},`+
		`{"name":"mail","verdict":"off","found":"It is off."},`+
		`{"name":"sends","verdict":"warning","found":"It was not looked at, because kafka.topics failed.","do":"Mend kafka.topics first.","skipped":true}]}`, json.String())

	text.Reset()
	require.NoError(t, NewReport(time.Now(), report.Checks[:1]).WriteText(&text))
	require.Equal(t, "ok       db  It answers.\n\nAll in all: nothing failed.\n", text.String())
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := (&Doctor{Faults: []error{errors.New("A_B is not set"), errors.New("C must be positive.")}}).settings(t.Context())
	require.Equal(t, Finding{Verdict: Failed, Found: "The settings have 2 faults.", Details: []string{"A_B is not set.", "C must be positive."}}, f)
	require.Equal(t, ok("Every setting can be used, and nothing is off."), (&Doctor{}).settings(t.Context()))
	f = (&Doctor{Resting: []string{"WhatsApp (X is not set)", "e-mail (Y is not set)"}}).settings(t.Context())
	require.Equal(t, ok("Every setting can be used; off is WhatsApp (X is not set); e-mail (Y is not set)."), f)
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "no time", 0: "0 s", 90 * time.Second: "90 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 50 * time.Hour: "2 days",
	} {
		require.Equal(t, want, span(d))
	}
}
