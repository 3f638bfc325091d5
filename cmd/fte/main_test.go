package main

import (
	"os"
	"testing"
)

// asProgram makes this test binary act as the program itself, so that system
// tests run real processes with the race detector and the fail points on.
const asProgram = "FTE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
