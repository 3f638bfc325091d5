// Command servers starts the servers that benchmarks and tests compare the
// local stack with: the Temporal server that production runs, on Postgres. It
// prints their addresses and runs until it is interrupted. Nothing it starts
// outlives it, and nothing it stores does.
//
//	go run ./bench/servers [-ui] [-ephemeral] [-shards N]
//	go run ./bench/servers -build
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/digital-fte/fte/bench/servers/temporalserver"
	"github.com/digital-fte/fte/ticket"
)

// stopTimeout bounds an orderly end.
const stopTimeout = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "servers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := temporalserver.Options{SearchAttributes: ticket.SearchAttributes(), Progress: stderr}
	flags := flag.NewFlagSet("servers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	build := flags.Bool("build", false, "build what is needed and end")
	flags.BoolVar(&o.UI, "ui", false, "start the web interface too")
	flags.BoolVar(&o.Ephemeral, "ephemeral", false, "give up durability for speed")
	flags.IntVar(&o.Shards, "shards", 4, "history `shards`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *build {
		return temporalserver.Build(ctx, o)
	}
	s, err := temporalserver.Start(ctx, o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "TEMPORAL_ADDRESS=%s\nTEMPORAL_NAMESPACE=%s\nTEMPORAL_METRICS=http://%s/metrics\nTEMPORAL_DATABASE_URL=%s\n",
		s.Address, s.Namespace, s.MetricsAddress, s.DatabaseURL)
	if err == nil && s.UIAddress != "" {
		_, err = fmt.Fprintf(stdout, "TEMPORAL_UI=%s\n", s.UIAddress)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case <-s.Done():
			err = fmt.Errorf("the Temporal server ended by itself:\n%s", s.Log())
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(err, s.Stop(stopping))
}
