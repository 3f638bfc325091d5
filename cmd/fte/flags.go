package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// flagsOf returns a command's empty flag set.
func flagsOf(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints a fault once, with the usage
	return flags
}

// parseFlags reads a command's flags, which may stand before, between and
// after its arguments, and returns the arguments. What follows "--" is never a
// flag.
func parseFlags(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		left := flags.Args()
		if len(left) == 0 {
			return rest, nil
		}
		if read := len(args) - len(left); read > 0 && args[read-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// noArguments refuses arguments to a command that has none.
func noArguments(name string, args []string) error {
	flags := flagsOf(name)
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q", rest[0])
	}
	return nil
}

// wrongUse tells a mistake in the flags from the wish for help, which is no
// mistake.
func wrongUse(flags *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return &helpError{flags}
	}
	return usagef("%v", err)
}

// helpError says that help was asked for.
type helpError struct{ flags *flag.FlagSet }

func (*helpError) Error() string { return "help was asked for" }

// help prints what a command does and its flags.
func (c command) help(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprintf(w, "%s\n\n%s\n", c.usage(), c.details)
	any := false
	flags.VisitAll(func(*flag.Flag) { any = true })
	if any {
		fmt.Fprint(w, "\nFlags:\n")
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
}

// usage returns the line that says how to call a command.
func (c command) usage() string {
	if c.args == "" {
		return "Usage: fte " + c.name
	}
	return "Usage: fte " + c.name + " " + c.args
}
