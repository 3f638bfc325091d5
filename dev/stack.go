package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/digital-fte/fte/dev/play"
	"github.com/digital-fte/fte/dev/sim/gmail"
	"github.com/digital-fte/fte/dev/sim/twilio"
)

// stack is the local stack of one checkout.
type stack struct {
	checkout

	console *console
	env     environment
	verbose bool

	// publicURL is the service's address as customers and providers know it,
	// gatewayURL where this machine reaches it.
	publicURL  string
	gatewayURL string
	metricsURL string
	workerURL  string

	// The simulators one can play the customer with; nil when replaced.
	whatsapp *twilio.Server
	mail     *gmail.Server
	// providers are the simulators whose failures can be switched on. Parts are
	// started at once, so that mu guards them.
	mu        sync.Mutex
	providers []play.Provider
}

func (s *stack) addProviders(providers ...play.Provider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers = append(s.providers, providers...)
}

// company is whose customers one plays: the one that dev/company makes up.
const company = "Firnwacht"

// maxLog is how large the log of an earlier run may be to be added to.
const maxLog = 10 << 20

// prepare makes the directories, ends what a killed run has left behind and sees
// to it that the addresses are free.
func (s *stack) prepare(ctx context.Context) error {
	for _, dir := range []string{s.logDir(), s.kept("run"), s.kept("bin")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the state directory: %w", err)
		}
	}
	for _, name := range []string{"gateway", "worker", "temporal", "kafka", "twilio", "pubsub"} {
		if info, err := os.Stat(s.logFile(name)); err == nil && info.Size() > maxLog {
			_ = os.Remove(s.logFile(name))
		}
	}
	if err := endOrphans(ctx, s.checkout); err != nil {
		return err
	}
	return s.chooseAddresses(ctx)
}

// chooseAddresses works out where the services will answer, and that nobody else
// does so already.
func (s *stack) chooseAddresses(ctx context.Context) error {
	for _, listener := range []struct {
		variable, fallback, host string
		url                      *string
	}{
		{"HTTP_ADDR", httpAddr, "127.0.0.1", &s.gatewayURL},
		{"METRICS_ADDR", metricsAddr, "127.0.0.1", &s.metricsURL},
		{workerMetricsVar, workerMetricsAddr, "127.0.0.1", &s.workerURL},
	} {
		addr := s.env.get(listener.variable, listener.fallback)
		if err := checkFree(ctx, listener.variable, addr); err != nil {
			return err
		}
		url, err := localURL(addr, listener.host)
		if err != nil {
			return fmt.Errorf("reading %s: %w", listener.variable, err)
		}
		*listener.url = url
	}
	public, err := localURL(s.env.get("HTTP_ADDR", httpAddr), "localhost")
	if err != nil {
		return fmt.Errorf("reading HTTP_ADDR: %w", err)
	}
	s.publicURL = strings.TrimRight(s.env.get("PUBLIC_BASE_URL", public), "/")
	return nil
}

// defaults are the settings that no component gives, without those that the
// person has set, whose names it returns.
func (s *stack) defaults(secret string) (settings, []string) {
	all := settings{
		"FTE_COMPANY": company,
		// Whoever tries it out at night sees the same as in the office.
		"FTE_BUSINESS_HOURS": "always",
		// Here processes are killed on purpose, and somebody waits for the answer.
		"FTE_KAFKA_SESSION": "6s",
		"FTE_SECRET_KEY":    secret,
		"HTTP_ADDR":         httpAddr,
		"METRICS_ADDR":      metricsAddr,
		"PUBLIC_BASE_URL":   s.publicURL,
	}
	var own []string
	for name := range all {
		if set := s.env.set(name); len(set) > 0 {
			delete(all, name)
			own = append(own, set...)
		}
	}
	slices.Sort(own)
	return all, own
}

// inherited is the environment the service gets beside its settings. With a
// Temporal of ours nothing meant for another one may come along.
func (s *stack) inherited(found settings) []string {
	_, local := found["TEMPORAL_ADDRESS"]
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return local && strings.HasPrefix(entry, "TEMPORAL_")
	})
}

// services are the commands that make up the running service.
func (s *stack) services(environ []string) []*service {
	one := func(name string, more settings) *service {
		return &service{
			name: name, path: s.binary(), args: []string{name}, environ: more.environ(environ), dir: s.root,
			log: s.logFile(name), claim: s.kept("run", name+".pid"), console: s.console,
		}
	}
	worker := s.env.get(workerMetricsVar, workerMetricsAddr)
	return []*service{one("gateway", nil), one("worker", settings{"METRICS_ADDR": worker})}
}

// links are the addresses worth knowing.
func (s *stack) links(found settings) play.Links {
	return play.Links{
		Form:       s.publicURL + "/",
		TemporalUI: strings.TrimRight(s.setting(found, "TEMPORAL_UI_URL"), "/"),
		Namespace:  s.setting(found, "TEMPORAL_NAMESPACE"),
	}
}

// setting returns a setting of the service, wherever it comes from.
func (s *stack) setting(found settings, name string) string {
	if value := found[name]; value != "" {
		return value
	}
	return s.env.get(name, "")
}

func (s *stack) logDir() string { return s.kept("log") }

func (s *stack) logFile(name string) string { return filepath.Join(s.logDir(), name+".log") }

// partLog returns a logger to a file of its own, for parts that run inside this
// process.
func (s *stack) partLog(name string) *slog.Logger {
	f, err := os.OpenFile(s.logFile(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.console.note(name, "runs without a log: %v", err)
		return slog.New(slog.DiscardHandler)
	}
	// Open to the end: it is written to until the process ends.
	return slog.New(slog.NewJSONHandler(f, nil))
}
