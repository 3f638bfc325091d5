package part

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// initCluster makes a cluster in dir, whole or not at all: it is made beside it
// and renamed.
func initCluster(ctx context.Context, in pgInstall, as *account, dir string) error {
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("removing an unfinished cluster: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if err := as.own(fresh); err != nil {
		return err
	}
	var errs []error
	for _, locale := range localeArgs(in.major) {
		args := append([]string{
			"--pgdata=" + fresh, "--username=" + pgUser, "--pwfile=" + dir + ".password",
			"--auth=scram-sha-256", "--encoding=UTF8", "--no-sync",
		}, locale...)
		out, err := pgCommand(ctx, in, as, "initdb", args...).CombinedOutput()
		if err == nil {
			return replaceDir(fresh, dir)
		}
		errs = append(errs, fmt.Errorf("initdb %s: %w: %s", strings.Join(locale, " "), err, lastLines(out, 3)))
	}
	return fmt.Errorf("making a cluster: %w", errors.Join(errs...))
}

// localeArgs lists the locales to try: bytewise order, which every machine has,
// but with the letters of all languages known, which lower() and full text
// search need.
func localeArgs(major int) [][]string {
	if major >= 17 {
		builtin := []string{"--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
		return [][]string{append(builtin, "--locale=C.UTF-8"), append(builtin, "--locale=C")}
	}
	return [][]string{{"--locale=C.UTF-8"}, {"--locale=C"}}
}

// replaceDir renames fresh to dir, which may exist if it is empty.
func replaceDir(fresh, dir string) error {
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the data directory holds something else than a cluster: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return fmt.Errorf("putting the cluster in place: %w", err)
	}
	return nil
}

// serverArgs are the settings of the server; the files in dir stay as initdb
// wrote them.
func serverArgs(dir string, port int, ephemeral bool) []string {
	args := []string{"-D", dir, "-p", strconv.Itoa(port)}
	settings := []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=",
		"max_connections=500",
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if ephemeral {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// pgCommand prepares a program of the installation, run as the account in a
// directory it can enter and without the caller's PG settings.
func pgCommand(ctx context.Context, in pgInstall, as *account, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(in.bin, program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + in.bin + ":/usr/bin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = as.attr()
	return cmd
}

// stopLeftoverPostgres stops the server that an earlier run left on dir. Its
// lock file outlives a kill, and the process id in it may be a stranger's by
// now: then the file goes, because Postgres would refuse to start.
func stopLeftoverPostgres(ctx context.Context, dir string) error {
	file := filepath.Join(dir, "postmaster.pid")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the server's lock file: %w", err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(data), "\n", 2)[0])
	if err != nil {
		return fmt.Errorf("reading the server's lock file %s: %w", file, err)
	}
	args := commandLine(pid)
	if args != "" && !strings.Contains(args, "postgres") {
		return removeIfExists(file)
	}
	return stopLeftover(ctx, pid, " -D "+dir+" ", syscall.SIGINT)
}

func removeIfExists(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing a stale file: %w", err)
	}
	return nil
}
