package main

import (
	"os"
	"path/filepath"

	"github.com/digital-fte/fte/triage"
)

// readRules returns the rules of the program with those of a file added to
// them; without a file they stay as they are.
func readRules(file string) (*triage.Rules, error) {
	if file == "" {
		return triage.Default(), nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	return triage.Default().With(filepath.Base(file), string(text))
}
