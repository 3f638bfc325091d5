//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Enabled says whether this binary can be told to die.
const Enabled = true

type point struct {
	action string
	at     int64
	passed atomic.Int64
}

// points is read once, at the first passage of any place.
var points = sync.OnceValue(func() map[string]*point {
	parsed := map[string]*point{}
	for spec := range strings.SplitSeq(os.Getenv("FAILPOINT"), ",") {
		name, action, ok := strings.Cut(strings.TrimSpace(spec), ":")
		if !ok {
			continue
		}
		p := &point{action: action, at: 1}
		if place, nth, found := strings.Cut(name, "@"); found {
			name = place
			if n, err := strconv.ParseInt(nth, 10, 64); err == nil {
				p.at = n
			}
		}
		parsed[name] = p
	}
	return parsed
})

// Here acts if FAILPOINT names this place: exit kills the process as the
// kernel would, hang never returns.
func Here(name string) {
	p := points()[name]
	if p == nil || p.passed.Add(1) < p.at {
		return
	}
	fmt.Fprintf(os.Stderr, "failpoint %s: %s\n", name, p.action)
	switch p.action {
	case "exit":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			os.Exit(137)
		}
		select {}
	case "hang":
		select {}
	}
}
