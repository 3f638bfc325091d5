package main

import (
	"flag"
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
	// System tests wait for timeouts of servers far more than they compute.
	if err := flag.Set("test.parallel", "5"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
