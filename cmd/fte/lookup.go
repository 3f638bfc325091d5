package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sethvargo/go-envconfig"
)

// readConfig reads every setting. The library stops at the first value it
// cannot read, so each such setting is noted and left out until the rest is read.
func readConfig(ctx context.Context, lookuper envconfig.Lookuper) (*Config, []error) {
	files := &fileLookuper{next: lookuper}
	for {
		c := &Config{}
		err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: c, Lookuper: files})
		if err == nil {
			c.GmailMailbox = strings.ToLower(c.GmailMailbox) // as Gmail's pushes spell it
			return c, files.faults
		}
		if !files.ignore(err) {
			return c, append(files.faults, err)
		}
	}
}

// fileLookuper answers NAME from the file that NAME_FILE names.
type fileLookuper struct {
	next    envconfig.Lookuper
	faults  []error
	last    string   // the name asked for last
	ignored []string // names whose values cannot be used
}

// Lookup returns the value of a setting.
func (l *fileLookuper) Lookup(key string) (string, bool) {
	l.last = key
	if slices.Contains(l.ignored, key) {
		return "", false
	}
	if value, ok := l.next.Lookup(key); ok && value != "" {
		return value, true
	}
	path, ok := l.next.Lookup(key + "_FILE")
	if !ok || path == "" {
		return "", false
	}
	body, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		l.fault(fmt.Errorf("%s_FILE cannot be read: %w", key, err))
		return "", false
	}
	return strings.TrimSpace(string(body)), true
}

// fault notes what is wrong with the setting asked for last, which then counts
// as not set.
func (l *fileLookuper) fault(err error) {
	l.faults = append(l.faults, err)
	l.ignored = append(l.ignored, l.last)
}

// ignore notes that the value of the setting asked for last could not be read;
// false if that was noted before. The value itself is not repeated: it may be a
// secret in the wrong place.
func (l *fileLookuper) ignore(err error) bool {
	if slices.Contains(l.ignored, l.last) {
		return false
	}
	kind := "a duration, such as 30s, 5m or 72h"
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		kind = "a number"
	}
	l.fault(fmt.Errorf("%s is not %s", l.last, kind))
	return true
}
