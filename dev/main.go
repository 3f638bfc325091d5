package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// The exit statuses, but for exec, which passes on its command's.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

const usage = `Usage: go run ./dev [COMMAND] [FLAGS]

Commands:
  up      start everything and wait for Ctrl-C (the default)
  reset   remove what "up" has kept for this checkout
  exec    run a command with a test database and Temporal's command line

"go run ./dev COMMAND -h" explains each.
`

func main() {
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// errUsage is an error of whoever typed the command; it has been explained.
var errUsage = errors.New("usage")

// statusError carries the exit status of a command that ran.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run carries out one command line and returns the exit status.
func run(args []string, std streams) int {
	name := "up"
	if len(args) > 0 && (!strings.HasPrefix(args[0], "-") || isHelp(args[0])) {
		name, args = args[0], args[1:]
	}
	err := dispatch(name, args, std)
	var status statusError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, errUsage):
		return exitUsage
	default:
		_, _ = fmt.Fprintf(std.err, "dev: %v\n", err)
		return exitFailed
	}
}

// stopSignals are what ends a command.
func stopSignals() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

func dispatch(name string, args []string, std streams) error {
	switch {
	case name == "up":
		return upCommand(args, std)
	case name == "reset":
		return resetCommand(args, std)
	case name == "exec":
		return execCommand(args, std)
	case name == "help", isHelp(name):
		_, _ = io.WriteString(std.out, usage)
		return nil
	default:
		_, _ = fmt.Fprintf(std.err, "dev: unknown command %q\n%s", name, usage)
		return errUsage
	}
}

// parse reads a command's flags. Help goes to standard output, complaints to
// standard error.
func parse(flags *flag.FlagSet, help string, args []string, std streams) error {
	flags.SetOutput(std.err)
	flags.Usage = func() {}
	err := flags.Parse(args)
	out := std.err
	switch {
	case errors.Is(err, flag.ErrHelp):
		out = std.out
	case err != nil:
		err = errUsage
	default:
		return nil
	}
	_, _ = io.WriteString(out, help)
	flags.SetOutput(out)
	flags.PrintDefaults()
	return err
}

// refuse complains about a command line that parsed but makes no sense.
func refuse(std streams, format string, args ...any) error {
	_, _ = fmt.Fprintf(std.err, "dev: "+format+"\n", args...)
	return errUsage
}
