package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/digital-fte/fte/dev/part"
)

const upHelp = `Usage: go run ./dev [up] [-v]

Builds the service, starts it with everything it needs, prints the addresses and
runs until Ctrl-C. What it keeps survives a restart and a kill; "reset" removes
it. A part is replaced by setting its variable:

  DATABASE_URL                        Postgres 16 or later with pgvector
  KAFKA_BROKERS                       Kafka
  TEMPORAL_ADDRESS                    Temporal
  OPENAI_API_KEY, OPENAI_BASE_URL     the model
  TWILIO_ACCOUNT_SID, …               WhatsApp
  GMAIL_MAILBOX, …                    email
  HTTP_ADDR, METRICS_ADDR, PUBLIC_BASE_URL, DEV_WORKER_METRICS_ADDR
                                      where the service listens

`

// startPatience is how long the services may take to become ready.
const startPatience = 90 * time.Second

func upCommand(args []string, std streams) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "show everything the services log, not warnings and errors alone")
	if err := parse(flags, upHelp, args, std); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return refuse(std, "up takes no arguments")
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
	// A second Ctrl-C ends us at once; the kernel then ends what we started.
	context.AfterFunc(ctx, stop)

	s := &stack{checkout: c, console: &console{out: std.out}, env: os.LookupEnv, verbose: *verbose}
	err = s.up(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// up runs the stack until ctx ends.
func (s *stack) up(ctx context.Context) error {
	began := time.Now()
	unlock, err := part.Lock(s.state)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.console.printf("Starting the local stack in %s\n", s.state)

	fleet := &fleet{console: s.console}
	defer s.stopFleet(ctx, fleet)
	service, own, err := s.launch(ctx, fleet)
	if err != nil {
		return err
	}
	if err := service.write(s.envFile(), own); err != nil {
		return err
	}
	environ := service.environ(s.inherited(service))
	if err := s.fill(ctx, environ); err != nil {
		return err
	}

	// Followers and watchers outlive the services, whose last words count.
	helpers, stopHelpers := context.WithCancel(context.WithoutCancel(ctx))
	var helping sync.WaitGroup
	defer helping.Wait()
	defer stopHelpers()
	all := s.services(environ)
	for _, one := range all {
		helping.Go(func() {
			if err := follow(helpers, s.console, one.name, one.log, s.verbose); err != nil {
				s.console.note(one.name, "%v", err)
			}
		})
	}
	// Not deferred behind the services: a part must not come back while they stop.
	watching, stopWatching := context.WithCancel(ctx)
	helping.Go(func() { fleet.watch(watching) })
	defer stopWatching()

	running := startServices(ctx, all)
	defer s.stopServices(running)
	if err := s.awaitReady(ctx, running); err != nil {
		return err
	}
	s.awaitMailbox(ctx)
	page, err := s.startPlay(ctx, s.links(service))
	if err != nil {
		return err
	}
	defer func() {
		if err := page.stop(context.WithoutCancel(ctx)); err != nil {
			s.console.note("play", "%v", err)
		}
	}()
	s.welcome(page.detail, service, time.Since(began))
	<-ctx.Done()
	s.console.printf("\nStopping; once more Ctrl-C stops it the hard way.\n")
	return nil
}

// launch builds the program and starts everything it needs, all at once. It
// returns the settings of the service, and the variables the person has set in
// place of some.
func (s *stack) launch(ctx context.Context, fleet *fleet) (settings, []string, error) {
	var found settings
	var own []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.build(groupCtx) })
	group.Go(func() (err error) {
		found, own, err = fleet.launch(groupCtx, append(s.parts(), s.simulators()...), s.env)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	secret, err := keptSecret(s.kept("secret"))
	if err != nil {
		return nil, nil, err
	}
	policy, mine := s.defaults(secret)
	return found.with(policy), append(own, mine...), nil
}

// fill brings database, topics and search attributes to shape and loads the
// knowledge base of the made-up company.
func (s *stack) fill(ctx context.Context, environ []string) error {
	err := s.console.step("Schema, topics, attributes", func() (string, error) {
		return "fte migrate", s.command(ctx, environ, "migrate")
	})
	if err != nil {
		return err
	}
	knowledge := s.path("dev", "company", "kb")
	return s.console.step("Knowledge base", func() (string, error) {
		return "fte kb ingest dev/company/kb", s.command(ctx, environ, "kb", "ingest", knowledge)
	})
}

func (s *stack) stopServices(running *services) {
	began := time.Now()
	running.stopAll()
	s.console.printf("  ✓ %-26s %6s  stopped\n", "Services", seconds(time.Since(began)))
}

func (s *stack) stopFleet(ctx context.Context, fleet *fleet) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	fleet.stop(ctx)
	s.console.printf("  ✓ %-26s %6s  stopped\n", "Parts", seconds(time.Since(began)))
}
