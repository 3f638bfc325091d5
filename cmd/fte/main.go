// Command fte is the whole service in one binary: each subcommand is a role or
// a tool, and the same image runs them all.
//
// This package reads the settings, builds every part and wires them; it must
// never hold a rule of the product.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	// Time zones must be the same wherever a workflow is replayed.
	_ "time/tzdata"

	"github.com/sethvargo/go-envconfig"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], envconfig.OsLookuper(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// environment is what a command gets from outside.
type environment struct {
	lookuper       envconfig.Lookuper
	stdout, stderr io.Writer
}

// command is one subcommand.
type command struct {
	name, args, summary string
	run                 func(ctx context.Context, env environment, args []string) error
}

func commands() []command {
	return []command{
		{"gateway", "", "take in webhooks and forms, serve the pages", runGateway},
		{"worker", "[--roles LIST]", "answer: intake, bridge, tickets, model, delivery, notifier, metrics", runWorker},
		{"migrate", "", "bring database, topics and search attributes to the shape this program needs", runMigrate},
		{"kb", "ingest PATH… | list | search QUERY", "fill and search the knowledge base", runKB},
		{"dlq", "list | redrive", "look at dead letters and send them back", runDLQ},
		{"version", "", "print the version", runVersion},
	}
}

// usageError is a mistake in how a command was called.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// errHelp says that help was asked for and printed.
var errHelp = errors.New("help was printed")

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, lookuper envconfig.Lookuper, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		return exitOK
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, environment{lookuper, stdout, stderr}, args[1:])
		var wrong *usageError
		switch {
		case err == nil, errors.Is(err, errHelp):
			return exitOK
		case errors.As(err, &wrong):
			fmt.Fprintf(stderr, "fte %s: %s\nUsage: fte %s %s\n", c.name, wrong.message, c.name, c.args)
			return exitUsage
		default:
			fmt.Fprintf(stderr, "fte %s: %v\n", c.name, err)
			return exitFailed
		}
	}
	fmt.Fprintf(stderr, "fte: there is no command %q\n\n", args[0])
	usage(stderr)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "fte answers customers on email, WhatsApp and a web form.\n\nUsage: fte COMMAND [ARGUMENTS]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %-36s %s\n", c.name, c.args, c.summary)
	}
	fmt.Fprint(w, "\nSettings are environment variables; NAME_FILE reads a secret from a file. Every command takes --help.\n")
}

func runVersion(_ context.Context, env environment, args []string) error {
	if len(args) > 0 {
		return usagef("no arguments are expected")
	}
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(env.stdout, "fte %s%s\n", version, revision)
	return err
}
