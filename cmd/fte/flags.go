package main

import (
	"errors"
	"flag"
)

// parseFlags reads a command's flags; --help prints them and is no error.
func parseFlags(env environment, flags *flag.FlagSet, args []string) error {
	flags.SetOutput(env.stderr)
	flags.Usage = func() {
		for _, c := range commands() {
			if c.name == flags.Name() {
				_, _ = env.stderr.Write([]byte("Usage: fte " + c.name + " " + c.args + "\n  " + c.summary + "\n"))
			}
		}
		flags.PrintDefaults()
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return errHelp
	case err != nil:
		return usagef("%v", err)
	}
	return nil
}

// noArguments refuses arguments to a command that has none.
func noArguments(env environment, name string, args []string) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	if err := parseFlags(env, flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return usagef("unexpected argument %q", flags.Arg(0))
	}
	return nil
}
