package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

const (
	indexFile = "index.html"
	assets    = "assets/"
	embedFile = "embed.js"

	notBuilt = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Pages not built</title></head>
<body>
<h1>The web pages are not built</h1>
<p>This server was built without its customer pages. Run <code>make web</code>, then build and start it again.</p>
</body>
</html>
`
)

// pages serves the built front end.
type pages struct {
	files fs.FS // nil when it is not built
	index []byte
	embed string // the entity tag of the script for other sites
}

func newPages(files fs.FS) (*pages, error) {
	if files == nil {
		return &pages{}, nil
	}
	index, err := fs.ReadFile(files, indexFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &pages{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("setting up the gateway: reading the web pages: %w", err)
	}
	script, err := fs.ReadFile(files, embedFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("setting up the gateway: reading the form for other sites: %w", err)
	}
	sum := sha256.Sum256(script)
	return &pages{files: files, index: index, embed: `"` + hex.EncodeToString(sum[:16]) + `"`}, nil
}

// showPage answers with the one document that draws every page.
func (g *Gateway) showPage(c *gin.Context) error {
	if g.pages.files == nil {
		c.Header("Cache-Control", "no-store")
		c.Header("Retry-After", seconds(0))
		c.Data(http.StatusServiceUnavailable, "text/html; charset=utf-8", []byte(notBuilt))
		return nil
	}
	// It names the assets of this version, so it must not outlive it.
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/html; charset=utf-8", g.pages.index)
	return nil
}

// showAsset answers with a file of the front end, if the path names one.
func (g *Gateway) showAsset(c *gin.Context) error {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead || g.pages.files == nil {
		return errNoPage
	}
	name := strings.TrimPrefix(c.Request.URL.Path, "/")
	if !fs.ValidPath(name) || name == indexFile || strings.HasPrefix(path.Base(name), ".") {
		return errNoPage
	}
	info, err := fs.Stat(g.pages.files, name)
	if err != nil || !info.Mode().IsRegular() {
		return errNoPage
	}
	switch {
	case name == embedFile:
		// Other sites name it for good, so a new version has to be seen soon.
		c.Header("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
		c.Header("ETag", g.pages.embed)
		// Sites that isolate themselves load only what lets itself be loaded.
		c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	case strings.HasPrefix(name, assets):
		// Their names change with their content.
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	default:
		c.Header("Cache-Control", "public, max-age=3600")
	}
	c.Status(http.StatusOK) // gin has put down 404 for a path without a route
	http.ServeFileFS(c.Writer, c.Request, g.pages.files, name)
	return nil
}
