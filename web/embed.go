// Package web carries the built customer pages (support form and ticket page)
// inside the binary, so that the gateway can serve them without a file system.
// It must never do anything else: no HTTP, no templates, no settings.
package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

// ErrNotBuilt says that the binary was compiled before the pages were built:
// only the placeholder lies in dist. "make web" builds them.
var ErrNotBuilt = errors.New("web pages are not built, run make web")

// Dist returns the built pages with index.html at the root. Every path that is
// not a file belongs to index.html, which picks the page by itself. It returns
// ErrNotBuilt when the binary holds no pages.
func Dist() (fs.FS, error) {
	return dist(built)
}

// Built reports whether the binary holds the pages.
func Built() bool {
	_, err := Dist()
	return err == nil
}

func dist(root fs.FS) (fs.FS, error) {
	pages, err := fs.Sub(root, "dist")
	if err != nil {
		return nil, fmt.Errorf("opening dist: %w", err)
	}
	_, err = fs.Stat(pages, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	}
	if err != nil {
		return nil, fmt.Errorf("looking for index.html: %w", err)
	}
	return pages, nil
}
