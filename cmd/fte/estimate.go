package main

import (
	"fmt"
	"math"
	"time"

	"github.com/digital-fte/fte/sla"
	"github.com/digital-fte/fte/ticket"
)

// estimate says to a customer of the form how soon an answer may be expected:
// what the policy promises for the priority, rounded up, in working time.
func estimate(p sla.Policy, priority string) string {
	within := p.Targets[ticket.WebForm][priority].Response
	count := func(unit time.Duration, one, many string) string {
		n := int(math.Ceil(float64(within) / float64(unit)))
		if n == 1 {
			return "Usually within " + one
		}
		return fmt.Sprintf("Usually within %d %s", n, many)
	}
	switch {
	case within <= 0:
		return "As soon as we can"
	case within <= 90*time.Minute:
		return count(time.Minute, "a minute", "minutes")
	default:
		return count(time.Hour, "a working hour", "working hours")
	}
}
