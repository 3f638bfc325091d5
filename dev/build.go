package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// build makes the production binary with the pages in it, as a release does.
func (s *stack) build(ctx context.Context) error {
	if err := s.buildPages(ctx); err != nil {
		return err
	}
	return s.console.step("Program", func() (string, error) {
		// The stamp of the version control is for releases: git is slow, and may be missing.
		// Without the stamp of the version control a build needs no git.
		out, err := s.tool(ctx, s.root, "go", "build", "-buildvcs=false", "-o", s.binary(), "./cmd/fte")
		if err != nil {
			return "", fmt.Errorf("building ./cmd/fte: %w\n%s", err, lastOf(out))
		}
		return s.binary(), nil
	})
}

// buildPages builds the web pages when they are older than their source. The
// service runs without them too, so what hinders it is a note and no error.
func (s *stack) buildPages(ctx context.Context) error {
	web := s.path("web")
	stale, err := pagesStale(web)
	if err != nil || !stale {
		return err
	}
	if _, err := exec.LookPath("npm"); err != nil {
		s.console.note("web pages", "not built: npm is not installed (Node 20.19 or later has it); form and ticket page are missing or old")
		return nil
	}
	err = s.console.step("Web pages", func() (string, error) {
		if modulesStale(web) {
			if out, err := s.tool(ctx, web, "npm", "ci", "--no-audit", "--no-fund"); err != nil {
				return "", fmt.Errorf("npm ci: %w\n%s", err, lastOf(out))
			}
		}
		if out, err := s.tool(ctx, web, "npm", "run", "build"); err != nil {
			return "", fmt.Errorf("npm run build: %w\n%s", err, lastOf(out))
		}
		return filepath.Join(web, "dist"), nil
	})
	if err != nil && ctx.Err() == nil {
		s.console.note("web pages", "not built, form and ticket page are missing or old: %v", err)
		return nil
	}
	return err
}

func (s *stack) tool(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	return cmd.CombinedOutput()
}

// pagesStale reports whether the built pages in web are missing or older than
// what they are made from.
func pagesStale(web string) (bool, error) {
	built, err := os.Stat(filepath.Join(web, "dist", "index.html"))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at the web pages: %w", err)
	}
	stale := false
	err = filepath.WalkDir(web, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"node_modules", "dist", "e2e"}, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) == ".go":
			return nil
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().After(built.ModTime()) {
			stale = true
			return fs.SkipAll
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("looking at the web pages: %w", err)
	}
	return stale, nil
}

// modulesStale reports whether web's dependencies are missing or older than the
// list of them.
func modulesStale(web string) bool {
	have, err := os.Stat(filepath.Join(web, "node_modules", ".package-lock.json"))
	if err != nil {
		return true
	}
	want, err := os.Stat(filepath.Join(web, "package-lock.json"))
	return err == nil && want.ModTime().After(have.ModTime())
}
