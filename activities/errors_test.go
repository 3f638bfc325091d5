package activities

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/digital-fte/fte/redact"
	"github.com/digital-fte/fte/ticket"
)

// codes reads every error code there is from the source that declares them.
func codes(t *testing.T) []ticket.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../ticket/error.go", nil, 0)
	require.NoError(t, err)
	var found []ticket.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				require.NoError(t, err)
				found = append(found, ticket.Code(text))
			}
		}
		return true
	})
	return found
}

// verbs are the commands for a ticket; mend may name no other.
var verbs = []string{"takeover", "release", "approve", "reject", "reply", "resolve", "reopen", "priority", "override", "show"}

func TestEveryCodeHasARule(t *testing.T) {
	t.Parallel()
	all := codes(t)
	require.Contains(t, all, ticket.CodeUnknownOutcome)
	require.GreaterOrEqual(t, len(all), 12)
	quoted := regexp.MustCompile("`([^`]*)`")
	for _, code := range all {
		r, known := ruleOf(code)
		require.Equal(t, r.attempts == 1, slices.Contains(ticket.FinalCodes(), code), "workflows and activities agree on %s", code)
		require.True(t, known, code)
		switch code {
		case ticket.CodeBadOutput:
			require.EqualValues(t, 3, r.attempts, code)
		case ticket.CodeConflict, ticket.CodeUnavailable, ticket.CodeUnknownOutcome, ticket.CodeInternal, ticket.CodeRateLimited:
			require.Zero(t, r.attempts, "%s passes", code)
		default:
			require.EqualValues(t, 1, r.attempts, "%s is no use repeating", code)
		}
		require.Equal(t, code == ticket.CodeRateLimited, r.benign, code)
		require.Equal(t, code == ticket.CodeRateLimited || code == ticket.CodeUnavailable, r.crowded, code)
		require.NotEmpty(t, r.meaning, code)
		require.Equal(t, r.meaning, redact.Text(r.meaning), code)
		require.Equal(t, r.mend, redact.Text(r.mend), "%s: a lead has to be able to read it", code)
		require.True(t, strings.HasSuffix(r.mend, "."), code)
		for _, command := range quoted.FindAllStringSubmatch(r.mend, -1) {
			words := strings.Fields(command[1])
			if words[0] == "fte" && command[1] != "fte cost" {
				require.Equal(t, []string{"ticket", "NUMBER"}, []string{words[1], words[3]}, command[1])
				require.Contains(t, verbs, words[2], command[1])
			}
		}
	}
	_, known := ruleOf("of tomorrow")
	require.False(t, known)
}

func TestWhatHasNoKnownCodeIsInternal(t *testing.T) {
	t.Parallel()
	internal, _ := ruleOf(ticket.CodeInternal)
	for _, err := range []error{
		errors.New("ana@kunde.example"), ticket.Errorf("of tomorrow", ""), fmt.Errorf("x: %w", ticket.Errorf("", "")),
	} {
		code, r := classify(err)
		require.Equal(t, ticket.CodeInternal, code)
		require.Equal(t, internal, r)
		require.Equal(t, internal.meaning, messageOf(err))
	}
	code, _ := classify(fmt.Errorf("asking: %w", context.DeadlineExceeded))
	require.Equal(t, ticket.CodeUnavailable, code)
	require.Equal(t, "no mailbox [address]", messageOf(ticket.Errorf(ticket.CodeInvalid, "no mailbox %s", "ana@kunde.example")))
}

// fails runs an activity that ends with err and returns what Temporal gets.
func fails(t *testing.T, err error) (*temporal.ApplicationError, string) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	var logged strings.Builder
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	env.RegisterActivityWithOptions(func(ctx context.Context) error {
		once := Failure(ctx, logger, err)
		lines := strings.Count(logged.String(), "\n")
		twice := Failure(ctx, logger, once)
		require.Equal(t, once, twice)
		require.Equal(t, 1, lines)
		require.Equal(t, lines, strings.Count(logged.String(), "\n"), "it is logged once")
		return twice
	}, activity.RegisterOptions{Name: "Fail"})
	_, failed := env.ExecuteActivity("Fail")
	app, ok := errors.AsType[*temporal.ApplicationError](failed)
	require.True(t, ok, "%T: %v", failed, failed)
	return app, logged.String()
}

func TestFailuresTellWhatAndWhatNow(t *testing.T) {
	t.Parallel()
	secret := errors.New(`"Key (email)=(ana@kunde.example)" of +491511234567`)
	for name, c := range map[string]struct {
		err     error
		message string
		details ticket.FailureDetails
	}{
		"throttled": {
			&ticket.Error{Code: ticket.CodeRateLimited, Message: "Twilio is throttling us (HTTP 429, Twilio error 20429)", RetryAfter: time.Minute, Err: secret},
			"Twilio is throttling us (HTTP 429, Twilio error 20429)",
			ticket.FailureDetails{Code: ticket.CodeRateLimited, RetryAfter: ticket.Wait(time.Minute)},
		},
		"refused": {
			ticket.Wrap(ticket.CodeInvalid, secret, "sending to ana@kunde.example"), "sending to [address]",
			ticket.FailureDetails{Code: ticket.CodeInvalid, Final: true},
		},
		"uncoded": {
			fmt.Errorf("asking: %w", secret), "a fault in the service, the worker's log has the details",
			ticket.FailureDetails{Code: ticket.CodeInternal},
		},
		"of somebody else": {
			temporal.NewApplicationErrorWithOptions("zaunkoenig", string(ticket.CodeQuota), temporal.ApplicationErrorOptions{Cause: secret, Details: []any{"zaunkoenig"}}),
			"an account at a provider is used up",
			ticket.FailureDetails{Code: ticket.CodeQuota, Final: true},
		},
		"forged": {
			temporal.NewApplicationErrorWithOptions("zaunkoenig", "zaunkoenig", temporal.ApplicationErrorOptions{
				NonRetryable: true, Details: []any{ticket.FailureDetails{Code: "zaunkoenig", Mend: "zaunkoenig"}},
			}),
			"a fault in the service, the worker's log has the details",
			ticket.FailureDetails{Code: ticket.CodeInternal, Final: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app, logged := fails(t, c.err)
			require.Equal(t, c.message, app.Message())
			require.Equal(t, string(c.details.Code), app.Type())
			require.Equal(t, c.details.Final, app.NonRetryable())
			require.NoError(t, app.Unwrap())
			r, _ := ruleOf(c.details.Code)
			c.details.Mend, c.details.Step, c.details.Attempt = r.mend, "Fail", 1
			var details ticket.FailureDetails
			require.NoError(t, app.Details(&details))
			require.Equal(t, c.details, details)
			require.Equal(t, r.benign, app.Category() == temporal.ApplicationErrorCategoryBenign)
			for _, private := range []string{"ana@kunde.example", "491511234567"} {
				require.NotContains(t, logged, private)
			}
			wait := time.Duration(details.RetryAfter)
			require.GreaterOrEqual(t, app.NextRetryDelay(), wait)
			require.LessOrEqual(t, app.NextRetryDelay(), wait+wait/5)
		})
	}
}

func TestJitterSpreadsACrowd(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for i := range 100 {
		info := activity.Info{ActivityID: strconv.Itoa(i), Attempt: 3}
		added := jitter(info, time.Minute)
		require.Equal(t, added, jitter(info, time.Minute), "an attempt says the same twice")
		require.Less(t, added, 12*time.Second)
		require.GreaterOrEqual(t, added, time.Duration(0))
		seen[added.Truncate(time.Second)] = true
		require.Less(t, jitter(info, 24*time.Hour), maxJitter)
		require.Zero(t, jitter(info, crowd-1))
	}
	require.Greater(t, len(seen), 8)
}

// The page for people says what the table says.
func TestTheRunbookIsTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/runbook/errors.md")
	require.NoError(t, err)
	var rows []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, code := range codes(t) {
		r, _ := ruleOf(code)
		tries := map[int32]string{0: "until its time is over", 1: "once", 3: "three times"}[r.attempts]
		require.NotEmpty(t, tries)
		first, size := utf8.DecodeRuneInString(r.meaning)
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", code, strings.ToUpper(string(first))+r.meaning[size:], tries, r.mend))
	}
	require.Equal(t, strings.Join(want, "\n"), strings.Join(rows, "\n"))
}
