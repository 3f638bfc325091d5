package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// settings are environment variables by name.
type settings map[string]string

// environ returns base with these settings in place of those of the same name.
func (s settings) environ(base []string) []string {
	kept := slices.DeleteFunc(slices.Clone(base), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		_, replaced := s[strings.TrimSuffix(name, "_FILE")]
		_, exactly := s[name]
		return replaced || exactly
	})
	for _, name := range slices.Sorted(maps.Keys(s)) {
		kept = append(kept, name+"="+s[name])
	}
	return kept
}

// with returns these settings with others added.
func (s settings) with(others ...settings) settings {
	all := maps.Clone(s)
	if all == nil {
		all = settings{}
	}
	for _, other := range others {
		maps.Copy(all, other)
	}
	return all
}

// shell returns the settings as a file for a POSIX shell to read. own names the
// variables that the person has set: their values may be secrets and stay out.
func (s settings) shell(own []string) string {
	var text strings.Builder
	text.WriteString("# The settings of the running local stack, written anew at each start.\n" +
		"# To run the service's commands by hand: set -a; . .dev/env; set +a\n")
	for _, name := range own {
		fmt.Fprintf(&text, "# %s is taken from your environment.\n", name)
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&text, "%s='%s'\n", name, strings.ReplaceAll(s[name], "'", `'\''`))
	}
	return text.String()
}

// write replaces the file with the settings in one step. They hold secrets.
func (s settings) write(file string, own []string) error {
	return writeSecret(file, []byte(s.shell(own)))
}

// writeSecret replaces file in one step; nobody else can read it.
func writeSecret(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the directory of %s: %w", file, err)
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}

// environment is what the person has set.
type environment func(name string) (string, bool)

// get returns the value of a variable, or fallback when it is unset or empty.
func (e environment) get(name, fallback string) string {
	if value, _ := e(name); value != "" {
		return value
	}
	return fallback
}

// set returns those of names that are set, also as a file (DATABASE_URL_FILE).
func (e environment) set(names ...string) []string {
	var found []string
	for _, name := range names {
		for _, variant := range []string{name, name + "_FILE"} {
			if e.get(variant, "") != "" {
				found = append(found, variant)
			}
		}
	}
	return found
}
