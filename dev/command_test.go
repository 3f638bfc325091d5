package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

// command runs a command line and returns its exit status and output.
func command(in string, args ...string) (status int, out, complaints string) {
	var stdout, stderr bytes.Buffer
	status = run(args, streams{in: strings.NewReader(in), out: &stdout, err: &stderr})
	return status, stdout.String(), stderr.String()
}

func TestHelpAndUsage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		status int
		out    string // in the output
		err    string // in the complaints
	}{
		"help":             {[]string{"--help"}, exitOK, "Commands:", ""},
		"help in words":    {[]string{"help"}, exitOK, "Commands:", ""},
		"up help":          {[]string{"up", "-h"}, exitOK, "DATABASE_URL", ""},
		"reset help":       {[]string{"reset", "--help"}, exitOK, "do not ask", ""},
		"exec help":        {[]string{"exec", "-h"}, exitOK, "TEST_DATABASE_URL", ""},
		"unknown command":  {[]string{"start"}, exitUsage, "", `unknown command "start"`},
		"unknown flag":     {[]string{"-x"}, exitUsage, "", "Usage: go run ./dev [up]"},
		"up arguments":     {[]string{"up", "now"}, exitUsage, "", "takes no arguments"},
		"reset arguments":  {[]string{"reset", "all"}, exitUsage, "", "takes no arguments"},
		"exec of nothing":  {[]string{"exec"}, exitUsage, "", "needs a command"},
		"exec of nothing2": {[]string{"exec", "--"}, exitUsage, "", "needs a command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, complaints := command("", test.args...)
			require.Equal(t, test.status, status)
			require.Contains(t, out, test.out)
			require.Contains(t, complaints, test.err)
			require.Equal(t, test.out == "", out == "")
		})
	}
}

// Not parallel: it sets variables.
func TestExecPassesTheStatusOn(t *testing.T) {
	cli := filepath.Join(t.TempDir(), "temporal")
	require.NoError(t, os.WriteFile(cli, []byte("#!/bin/sh\necho temporal version 1.5.1\n"), 0o755))
	t.Setenv("TEST_DATABASE_URL", "postgres://elsewhere/test")
	t.Setenv("TEMPORAL_CLI_PATH", cli)
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137} {
		status, _, _ := command("", "exec", "--", "sh", "-c", script)
		require.Equal(t, want, status, script)
	}
	status, out, _ := command("typed\n", "exec", "sh", "-c", `cat; echo "$TEST_DATABASE_URL $TEMPORAL_CLI_PATH"`)
	require.Equal(t, exitOK, status)
	require.Equal(t, "typed\npostgres://elsewhere/test "+cli+"\n", out)

	status, _, complaints := command("", "exec", "no-such-program-anywhere")
	require.Equal(t, exitFailed, status)
	require.Contains(t, complaints, "no-such-program-anywhere")
}

func testCheckout(t *testing.T) checkout {
	t.Helper()
	dir := t.TempDir()
	return checkout{root: dir, state: filepath.Join(dir, "state")}
}

func TestReset(t *testing.T) {
	t.Parallel()
	c := testCheckout(t)
	kept := c.kept("kafka", "log")
	require.NoError(t, os.MkdirAll(filepath.Dir(kept), 0o755))
	require.NoError(t, os.WriteFile(kept, nil, 0o600))
	require.NoError(t, settings{}.write(c.envFile(), nil))
	try := func(answer string, force bool) (string, error) {
		var out bytes.Buffer
		err := reset(t.Context(), c, force, streams{in: strings.NewReader(answer), out: &out})
		return out.String(), err
	}

	for _, answer := range []string{"", "n\n", "maybe\n"} {
		out, err := try(answer, false)
		require.NoError(t, err)
		require.Contains(t, out, "Nothing removed")
		require.FileExists(t, kept)
	}

	unlock, err := part.Lock(c.state)
	require.NoError(t, err)
	_, err = try("y\n", true)
	var locked *part.LockedError
	require.ErrorAs(t, err, &locked)
	require.FileExists(t, kept)
	unlock()

	_, err = try("y\n", false)
	require.NoError(t, err)
	require.NoDirExists(t, c.state)
	require.NoFileExists(t, c.envFile())
	_, err = try("", true)
	require.NoError(t, err)
}

func TestFindCheckout(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	c, err := findCheckout(here)
	require.NoError(t, err)
	require.Equal(t, filepath.Dir(here), c.root)
	_, err = findCheckout(t.TempDir())
	require.ErrorContains(t, err, modulePath)
}
