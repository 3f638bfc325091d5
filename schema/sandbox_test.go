package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/schema/schematest"
	"github.com/digital-fte/fte/ticket"
)

func TestSandboxIsAnotherDatabase(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	s, err := schema.NewSandbox(t.Context(), url)
	require.NoError(t, err)
	require.NotEqual(t, url, s.URL)
	require.NoError(t, schema.CheckCurrent(t.Context(), s.URL))
	name := schematest.Scalar(t, s.URL, "SELECT current_database()")

	// One that is in use stays when the next is made.
	other, err := schema.NewSandbox(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, schema.CheckCurrent(t.Context(), s.URL))
	require.NoError(t, other.Drop(t.Context()))

	require.NoError(t, s.Drop(t.Context()))
	require.Equal(t, "0", schematest.Scalar(t, url, "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"))
}

func TestLeftSandboxIsDropped(t *testing.T) {
	t.Parallel()
	url := schematest.URL(t)
	const left = "fte_eval_00000000000000ff"
	schematest.Exec(t, url, "CREATE DATABASE "+left)
	s, err := schema.NewSandbox(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, s.Drop(t.Context()))
	require.Equal(t, "0", schematest.Scalar(t, url, "SELECT count(*)::text FROM pg_database WHERE datname = '"+left+"'"))
}

func TestSandboxNeedsAConnectionString(t *testing.T) {
	t.Parallel()
	_, err := schema.NewSandbox(t.Context(), "postgres://user:secret@host:port/name")
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	require.NotContains(t, err.Error(), "secret")
}
