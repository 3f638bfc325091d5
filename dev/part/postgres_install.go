package part

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The oldest Postgres and pgvector the service works with.
const (
	minPostgres = 16
	minVector   = "0.8.0"
)

// pgInstall is a set of Postgres programs that has pgvector.
type pgInstall struct {
	bin     string // directory of initdb and postgres
	version string // such as 18.4
	major   int
	vector  string // such as 0.8.5
}

// findPostgres returns an installed Postgres with pgvector, else the one of the
// wheel, fetched if need be. major restricts the choice to the version that
// made an existing data directory; 0 is any.
func findPostgres(ctx context.Context, major int, progress io.Writer) (pgInstall, error) {
	var tried []string
	for _, bin := range installedBins(ctx) {
		in, err := inspectPostgres(ctx, bin)
		if err == nil && major != 0 && in.major != major {
			err = fmt.Errorf("is %s, the data directory needs %d", in.version, major)
		}
		if err == nil {
			return in, nil
		}
		tried = append(tried, fmt.Sprintf("%s: %v", bin, err))
	}
	if len(tried) == 0 {
		tried = append(tried, "no installed Postgres found")
	}
	in, err := wheelPostgres(ctx, progress)
	if err == nil && major != 0 && in.major != major {
		err = fmt.Errorf("is %s, the data directory needs %d: install that version with pgvector, or delete the data directory", in.version, major)
	}
	if err != nil {
		tried = append(tried, fmt.Sprintf("wheel %s: %v", wheelName, err))
		return pgInstall{}, fmt.Errorf("no Postgres %d or later with pgvector %s or later: set DATABASE_URL to a running one, or install both; tried:\n  %s",
			minPostgres, minVector, strings.Join(tried, "\n  "))
	}
	return in, nil
}

// installedBins lists directories that may hold an installed Postgres, the
// newest version first.
func installedBins(ctx context.Context) []string {
	var bins []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",          // Debian
		"/usr/pgsql-*/bin",                   // Red Hat
		"/opt/homebrew/opt/postgresql@*/bin", // macOS
		"/usr/local/opt/postgresql@*/bin",    // macOS on Intel
		"/usr/local/pgsql/bin",               // built from source
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return compareVersions(b, a) })
		bins = append(bins, found...)
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		bins = append(bins, strings.TrimSpace(string(out)))
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(bins, func(bin string) bool {
		if real, err := filepath.EvalSymlinks(bin); err == nil {
			bin = real
		}
		again := seen[bin]
		seen[bin] = true
		return again
	})
}

// inspectPostgres reports what lies in bin, or why it will not do.
func inspectPostgres(ctx context.Context, bin string) (pgInstall, error) {
	in := pgInstall{bin: bin}
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return in, fmt.Errorf("asking its version: %w", err)
	}
	in.version = regexp.MustCompile(`\d+(\.\d+)*`).FindString(string(out))
	in.major, err = strconv.Atoi(strings.SplitN(in.version, ".", 2)[0])
	if err != nil {
		return in, fmt.Errorf("reading its version %q: %w", out, err)
	}
	if in.major < minPostgres {
		return in, fmt.Errorf("is %s, older than %d", in.version, minPostgres)
	}
	if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
		return in, errors.New("has no initdb")
	}
	out, err = exec.CommandContext(ctx, filepath.Join(bin, "pg_config"), "--sharedir").Output()
	if err != nil {
		return in, fmt.Errorf("asking pg_config for its share directory: %w", err)
	}
	control, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "extension", "vector.control"))
	if err != nil {
		return in, fmt.Errorf("is %s, without pgvector", in.version)
	}
	found := regexp.MustCompile(`(?m)^default_version\s*=\s*'([^']+)'`).FindSubmatch(control)
	if found == nil {
		return in, errors.New("has a pgvector without a version")
	}
	in.vector = string(found[1])
	if compareVersions(in.vector, minVector) < 0 {
		return in, fmt.Errorf("is %s with pgvector %s, older than %s", in.version, in.vector, minVector)
	}
	return in, nil
}

// compareVersions compares the numbers in a and b in turn.
func compareVersions(a, b string) int {
	return slices.Compare(numbers(a), numbers(b))
}

func numbers(s string) []int {
	var ns []int
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return r < '0' || r > '9' }) {
		n, _ := strconv.Atoi(f)
		ns = append(ns, n)
	}
	return ns
}
