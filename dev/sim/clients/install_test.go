package clients_test

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

// requirements pins the packages to the hashes of their files: what is fetched
// is run.
//
//go:embed requirements.txt
var requirements []byte

// install returns the Python to run and the folder with the client libraries,
// which are fetched once for each machine, Python and set of requirements.
func install(t *testing.T) (python, packages string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), fetching)
	defer cancel()
	python, err := exec.LookPath("python3")
	require.NoError(t, err, "the official client libraries need python3 on PATH")
	version, err := exec.CommandContext(ctx, python, "-VV").Output()
	require.NoError(t, err)
	sum := sha256.Sum256(append(version, requirements...))
	cache, err := part.CacheDir()
	require.NoError(t, err)
	packages = filepath.Join(cache, "clients-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(packages); err == nil {
		return python, packages
	}
	// All of it or nothing: what is there under its name is whole.
	temp, err := os.MkdirTemp(cache, "clients-") //nolint:usetesting // what is made there is renamed within the cache
	require.NoError(t, err)
	defer os.RemoveAll(temp)
	made := filepath.Join(temp, "packages")
	fetch := exec.CommandContext(ctx, pip(ctx, t, python, temp), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--only-binary=:all:", "--no-deps", "--require-hashes", "--requirement", "requirements.txt", "--target", made)
	out, err := fetch.CombinedOutput()
	require.NoError(t, err, "fetching the official client libraries: %s", out)
	if err := os.Rename(made, packages); err != nil {
		// Another run was faster.
		require.DirExists(t, packages, "%v", err)
	}
	return python, packages
}

// pip returns a Python that has pip: the machine's, or that of a new virtual
// environment.
func pip(ctx context.Context, t *testing.T, python, temp string) string {
	t.Helper()
	if exec.CommandContext(ctx, python, "-m", "pip", "--version").Run() == nil {
		return python
	}
	venv := filepath.Join(temp, "venv")
	out, err := exec.CommandContext(ctx, python, "-m", "venv", venv).CombinedOutput()
	require.NoError(t, err, "python3 has neither pip nor venv: %s", out)
	return filepath.Join(venv, "bin", "python")
}
