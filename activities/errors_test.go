package activities

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

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

func TestEveryCodeHasARule(t *testing.T) {
	t.Parallel()
	all := codes(t)
	require.Contains(t, all, ticket.CodeUnknownOutcome)
	require.GreaterOrEqual(t, len(all), 12)
	for _, code := range all {
		r, known := ruleOf(code)
		require.True(t, known, code)
		switch code {
		case ticket.CodeBadOutput:
			require.EqualValues(t, 2, r.attempts, code)
		case ticket.CodeConflict, ticket.CodeUnavailable, ticket.CodeUnknownOutcome, ticket.CodeInternal, ticket.CodeRateLimited:
			require.Zero(t, r.attempts, "%s passes", code)
		default:
			require.EqualValues(t, 1, r.attempts, "%s is no use repeating", code)
		}
		require.Equal(t, code == ticket.CodeRateLimited, r.benign, code)
	}
	_, known := ruleOf("of tomorrow")
	require.False(t, known)
}
