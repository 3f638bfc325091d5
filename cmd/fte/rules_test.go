package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/triage"
)

func TestReadRules(t *testing.T) {
	t.Parallel()
	rules, err := readRules("")
	require.NoError(t, err)
	require.Same(t, triage.Default(), rules)

	file := filepath.Join(t.TempDir(), "rules.txt")
	require.NoError(t, os.WriteFile(file, []byte("[trigger security urgent]\ncode-word: blue heron\n"), 0o600))
	rules, err = readRules(file)
	require.NoError(t, err)
	fired, ok := rules.Assess([]triage.Message{{Text: "It is the Blue Heron again."}}).Person()
	require.True(t, ok)
	require.Equal(t, "trigger/security/any.code-word", fired.Rule)

	require.NoError(t, os.WriteFile(file, []byte("\n[trigger colour urgent]\n"), 0o600))
	_, err = readRules(file)
	require.ErrorContains(t, err, "rules.txt:2: ")
	_, err = readRules(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
