package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// followEvery is how often a log is looked at for new lines.
const followEvery = 200 * time.Millisecond

// follow shows the lines that are added to a log from now on, until ctx ends:
// warnings and worse, or everything when verbose.
func follow(ctx context.Context, c *console, who, path string, verbose bool) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return fmt.Errorf("following the log of %s: %w", who, err)
	}
	defer f.Close()
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("following the log of %s: %w", who, err)
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	lines := bufio.NewReader(f)
	var partial []byte
	for last := false; ; {
		for {
			data, err := lines.ReadBytes('\n')
			partial = append(partial, data...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("following the log of %s: %w", who, err)
			}
			if text, show := shown(partial, verbose); show {
				c.printf("%-8s %s\n", who, text)
			}
			partial = partial[:0]
		}
		if last {
			return nil
		}
		select {
		case <-ctx.Done():
			// What was written while it stopped counts too.
			last = true
		case <-tick.C:
		}
	}
}

// shown returns a line of a log for a person, and whether to show it. A line
// that is no JSON is a program's last words and always shown.
func shown(line []byte, verbose bool) (string, bool) {
	line = bytes.TrimRight(line, "\r\n")
	var record map[string]any
	if err := json.Unmarshal(line, &record); err != nil || record["level"] == nil {
		return string(line), len(line) > 0
	}
	level, _ := record["level"].(string)
	if !verbose && level != "WARN" && level != "ERROR" {
		return "", false
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-5s %v", level, record["msg"])
	for _, name := range slices.Sorted(maps.Keys(record)) {
		if name != "time" && name != "level" && name != "msg" && name != "source" {
			fmt.Fprintf(&text, " %s=%v", name, record[name])
		}
	}
	return text.String(), true
}
