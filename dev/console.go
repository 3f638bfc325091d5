package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// console is what the person sees. It is safe for concurrent use; each call
// writes whole lines.
type console struct {
	mu  sync.Mutex
	out io.Writer
}

func (c *console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(c.out, format, args...)
}

// step runs one part of the start and reports it with the time it took. do
// returns what is worth knowing about the result.
func (c *console) step(name string, do func() (string, error)) error {
	began := time.Now()
	detail, err := do()
	if err != nil {
		c.printf("  ✗ %-26s %6s\n", name, seconds(time.Since(began)))
		return err
	}
	c.printf("  ✓ %-26s %6s  %s\n", name, seconds(time.Since(began)), detail)
	return nil
}

// note says something that is not an error but ought to be seen.
func (c *console) note(who, format string, args ...any) {
	c.printf("  ! %s: %s\n", who, fmt.Sprintf(format, args...))
}

// progress returns a writer whose lines appear with the name of who writes them.
func (c *console) progress(who string) io.Writer { return &progressWriter{console: c, who: who} }

type progressWriter struct {
	console *console
	who     string
	partial string
}

// Write implements io.Writer.
func (w *progressWriter) Write(data []byte) (int, error) {
	lines := strings.Split(w.partial+string(data), "\n")
	w.partial = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if line = strings.TrimSpace(line); line != "" {
			w.console.printf("    %s: %s\n", w.who, line)
		}
	}
	return len(data), nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
