package part

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// The places used by root. Postgres refuses to run as root, and the account it
// runs under instead cannot enter root's home, so neither tools nor data may
// lie there.
const (
	rootCacheDir = "/var/cache/fte"
	rootStateDir = "/var/lib/fte-dev"
)

// CacheDir returns the directory where fetched and built tools are kept between
// checkouts, and makes it. FTE_CACHE overrides the choice.
func CacheDir() (string, error) {
	dir := os.Getenv("FTE_CACHE")
	switch {
	case dir != "":
	case os.Geteuid() == 0:
		dir = rootCacheDir
	default:
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding the cache directory (set FTE_CACHE): %w", err)
		}
		dir = filepath.Join(base, "fte")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the cache directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache directory (set FTE_CACHE to another one): %w", err)
	}
	return dir, nil
}

// StateDir returns the directory where the part called name keeps its data for
// this checkout, and makes its parent: <checkout>/.dev/<name>, but for root
// /var/lib/fte-dev/<hash of the checkout>/<name>, which the account of Postgres
// can enter. The directory itself is left to the part, which knows its owner.
func StateDir(checkout, name string) (string, error) {
	checkout, err := filepath.Abs(checkout)
	if err != nil {
		return "", fmt.Errorf("resolving the checkout: %w", err)
	}
	if real, err := filepath.EvalSymlinks(checkout); err == nil {
		checkout = real
	}
	base := filepath.Join(checkout, ".dev")
	if os.Geteuid() == 0 {
		sum := sha256.Sum256([]byte(checkout))
		base = filepath.Join(rootStateDir, hex.EncodeToString(sum[:6]))
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", fmt.Errorf("making the state directory: %w", err)
	}
	return filepath.Join(base, name), nil
}
