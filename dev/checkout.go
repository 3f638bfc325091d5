package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/digital-fte/fte/dev/part"
)

const modulePath = "github.com/digital-fte/fte"

// checkout is where the source lies and where its local stack keeps things.
type checkout struct {
	root  string
	state string
}

// findCheckout looks for the source from dir upwards.
func findCheckout(dir string) (checkout, error) {
	for at := dir; ; at = filepath.Dir(at) {
		name, err := moduleOf(filepath.Join(at, "go.mod"))
		switch {
		case err != nil:
			return checkout{}, err
		case name == modulePath:
			lock, err := part.StateDir(at, "lock")
			return checkout{root: at, state: filepath.Dir(lock)}, err
		case at == filepath.Dir(at):
			return checkout{}, fmt.Errorf("finding the checkout: no go.mod of %s in %s or above", modulePath, dir)
		}
	}
}

// moduleOf returns the name of the module in file, "" when there is none.
func moduleOf(file string) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the checkout: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", lines.Err()
}

// path returns a file or directory of the source.
func (c checkout) path(parts ...string) string {
	return filepath.Join(append([]string{c.root}, parts...)...)
}

// kept returns a file or directory that outlives the process.
func (c checkout) kept(parts ...string) string {
	return filepath.Join(append([]string{c.state}, parts...)...)
}

// binary is where the production binary is built.
func (c checkout) binary() string { return c.kept("bin", "fte") }

// envFile is the file a shell can read the service's settings from. It lies in
// the checkout even when the state cannot.
func (c checkout) envFile() string { return c.path(".dev", "env") }
