package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/digital-fte/fte/dev/sim/gmail"
)

// awaitReady returns once both services answer that they are ready. A service
// that keeps ending before that will not get there by itself.
func (s *stack) awaitReady(ctx context.Context, running *services) error {
	return s.console.step("Gateway and worker", func() (string, error) {
		ctx, cancel := context.WithTimeout(ctx, startPatience)
		defer cancel()
		for _, one := range []struct {
			service *service
			url     string
		}{{running.all[0], s.gatewayURL}, {running.all[1], s.workerURL}} {
			if err := awaitService(ctx, one.service, one.url+"/ready"); err != nil {
				return "", err
			}
		}
		return "ready", nil
	})
}

// maxDeaths is how often a service may end before it is ready.
const maxDeaths = 3

func awaitService(ctx context.Context, s *service, url string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deaths := 0; ; {
		why := answers(ctx, url)
		if why == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("waiting for the %s: %w\n%s", s.name, why, tail(s.log))
		case err := <-s.ended:
			if deaths++; deaths >= maxDeaths {
				return fmt.Errorf("starting the %s: it ended %d times (%w), its log %s ends with\n%s", s.name, deaths, err, s.log, tail(s.log))
			}
		case <-tick.C:
		}
	}
}

// mailboxPatience is how long the first look at the mailbox may take.
const mailboxPatience = 15 * time.Second

// awaitMailbox returns once the worker has begun to read the mailbox: it reads
// what comes from then on, and nobody's first mail should come before.
func (s *stack) awaitMailbox(ctx context.Context) {
	if s.mail == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, mailboxPatience)
	defer cancel()
	err := s.mail.WaitFor(within, func([]gmail.Sent) bool { return !s.mail.Watched(mailbox).IsZero() })
	if err != nil && ctx.Err() == nil {
		s.console.note("mail", "the worker does not read the mailbox yet; its log is %s", s.logFile("worker"))
	}
}

// answers reports why url does not answer with 200.
func answers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with status %d", url, res.StatusCode)
	}
	return nil
}

// tail returns the end of a log.
func tail(path string) []byte {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		_, _ = f.Seek(max(0, info.Size()-8<<10), io.SeekStart)
	}
	data, _ := io.ReadAll(io.LimitReader(f, 8<<10))
	return lastOf(data)
}

// welcome says where everything is.
func (s *stack) welcome(playURL string, found settings, took time.Duration) {
	env, err := filepath.Rel(s.root, s.envFile())
	if err != nil {
		env = s.envFile()
	}
	links := s.links(found)
	s.console.printf("\nReady after %s.\n\n", seconds(took))
	for _, row := range [][2]string{
		{"Support form", links.Form},
		{"Form elsewhere", shopURL(found)},
		{"Play the customer", playURL},
		{"Temporal UI", links.Workflows()},
		{"Health", s.publicURL + "/health"},
		{"Metrics", s.metricsURL + "/metrics (gateway), " + s.workerURL + "/metrics (worker)"},
		{"Logs", s.logDir()},
		{"Settings", env + ", for commands by hand: set -a; . " + env + "; set +a; " + s.binary() + " kb search hub"},
	} {
		if row[1] != "" {
			s.console.printf("  %-18s %s\n", row[0], row[1])
		}
	}
	s.console.printf("\nCtrl-C stops it and keeps everything; `go run ./dev reset` starts over.\n")
}
