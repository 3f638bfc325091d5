package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/dev/part"
)

const execHelp = `Usage: go run ./dev exec [--] COMMAND [ARGUMENTS]

Runs COMMAND with TEST_DATABASE_URL, a Postgres of its own that is thrown away
afterwards, and TEMPORAL_CLI_PATH, the command line whose development server the
tests start. Either variable is left alone when it is set. The exit status is
COMMAND's.

`

func execCommand(args []string, std streams) error {
	flags := flag.NewFlagSet("exec", flag.ContinueOnError)
	if err := parse(flags, execHelp, args, std); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return refuse(std, "exec needs a command")
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	settings, cleanUp, err := testServers(ctx, std.err)
	if err != nil {
		return err
	}
	defer cleanUp()
	return execute(flags.Args(), settings.environ(os.Environ()), std)
}

// testServers starts what tests need and the environment does not name.
func testServers(ctx context.Context, progress io.Writer) (settings, func(), error) {
	found := settings{}
	var postgres *part.Postgres
	var cli string
	both, bothCtx := errgroup.WithContext(ctx)
	if os.Getenv("TEST_DATABASE_URL") == "" {
		both.Go(func() (err error) {
			postgres, err = part.StartPostgres(bothCtx, part.PostgresOptions{Ephemeral: true, Progress: progress})
			return err
		})
	}
	both.Go(func() (err error) {
		cli, err = part.TemporalCLI(bothCtx, progress)
		return err
	})
	err := both.Wait()
	cleanUp := func() {
		if postgres != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			if err := postgres.Stop(ctx); err != nil {
				_, _ = fmt.Fprintf(progress, "dev: %v\n", err)
			}
		}
	}
	if err != nil {
		cleanUp()
		return nil, nil, err
	}
	if postgres != nil {
		found["TEST_DATABASE_URL"] = postgres.URL("postgres")
	}
	found["TEMPORAL_CLI_PATH"] = cli
	return found, cleanUp, nil
}

// execute runs a command in the foreground. Ctrl-C reaches it from the terminal
// as it reaches us, other signals are passed on: either way it ends by itself,
// and we after it.
func execute(args, environ []string, std streams) error {
	//nolint:noctx // it ends by itself: see above
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = std.in, std.out, std.err
	cmd.Env = environ
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals()...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGINT {
				_ = cmd.Process.Signal(s)
			}
		case err := <-ended:
			return exitOf(err)
		}
	}
}

// exitOf turns how a command ended into the status a shell would show.
func exitOf(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return statusError(128 + int(status.Signal()))
	}
	return statusError(exit.ExitCode())
}
