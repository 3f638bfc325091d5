package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/digital-fte/fte/dev/part"
)

const resetHelp = `Usage: go run ./dev reset [-f]

Removes what the local stack has kept for this checkout: the database, Kafka's
records, Temporal's histories, the simulators' mails and messages, logs, the
secret key. Fetched tools are in a cache of their own and stay.

`

func resetCommand(args []string, std streams) error {
	flags := flag.NewFlagSet("reset", flag.ContinueOnError)
	force := flags.Bool("f", false, "do not ask")
	if err := parse(flags, resetHelp, args, std); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return refuse(std, "reset takes no arguments")
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the checkout: %w", err)
	}
	c, err := findCheckout(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	return reset(ctx, c, *force, std)
}

// reset removes the state of a checkout whose stack is not running.
func reset(ctx context.Context, c checkout, force bool, std streams) error {
	unlock, err := part.Lock(c.state)
	if err != nil {
		return fmt.Errorf("%w: stop it first", err)
	}
	defer unlock()
	if !force {
		_, _ = fmt.Fprintf(std.out, "Remove %s and everything in it? [y/N] ", c.state)
		answer, _ := bufio.NewReader(std.in).ReadString('\n')
		if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
			_, _ = fmt.Fprintln(std.out, "Nothing removed.")
			return nil
		}
	}
	if err := endOrphans(ctx, c); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(c.state), os.RemoveAll(c.envFile())); err != nil {
		return fmt.Errorf("removing the state: %w", err)
	}
	_, _ = fmt.Fprintf(std.out, "Removed %s.\n", c.state)
	return nil
}
