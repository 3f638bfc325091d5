package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/digital-fte/fte/dev/part"
)

// Options say which server to start. The zero value is a durable one with four
// shards and the namespace default.
type Options struct {
	// Namespace is made at start. Empty means default.
	Namespace string
	// SearchAttributes are registered in the namespace: name to type, as in
	// part.RegisterSearchAttributes.
	SearchAttributes map[string]string
	// DynamicConfig sets the server's own settings, by name.
	DynamicConfig map[string]any
	// Shards is the number of history shards; 0 means 4.
	Shards int
	// Ephemeral gives up durability for speed: for tests, not for benchmarks.
	Ephemeral bool
	// UI starts the web interface too.
	UI bool
	// Progress gets lines for a person while something takes long. Nil is silent.
	Progress io.Writer
}

// Server is a running Temporal server.
type Server struct {
	// Address is host:port of the gRPC service.
	Address string
	// Namespace is the one made at start.
	Namespace string
	// MetricsAddress is host:port where the server's Prometheus metrics are.
	MetricsAddress string
	// UIAddress is the URL of the web interface, "" without one.
	UIAddress string
	// DatabaseURL is the connection string of Temporal's main database.
	DatabaseURL string

	dir      string
	postgres *postgres
	server   *process
	ui       *process
}

// startTimeout bounds the start once the programs are there.
const startTimeout = 2 * time.Minute

// Start starts a server and returns once its namespace with its search
// attributes answers. It builds the programs first if they are not in the
// cache, which takes minutes. ctx bounds the start; the server outlives it
// until Stop, but not this process.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.Shards == 0 {
		o.Shards = 4
	}
	s := &Server{Namespace: o.Namespace}
	if err := s.start(ctx, o); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, fmt.Errorf("starting the Temporal server: %w", errors.Join(err, s.Stop(stopCtx)))
	}
	return s, nil
}

// Build builds the programs that Start would, if they are not in the cache.
func Build(ctx context.Context, o Options) error {
	_, _, err := build(ctx, o)
	return err
}

// build returns the directories of the server's programs and of the interface.
func build(ctx context.Context, o Options) (server, ui string, err error) {
	if server, err = serverPrograms().ensure(ctx, o.Progress); err != nil || !o.UI {
		return server, "", err
	}
	ui, err = uiProgram().ensure(ctx, o.Progress)
	return server, ui, err
}

func (s *Server) start(ctx context.Context, o Options) error {
	programs, ui, err := build(ctx, o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if s.dir, err = os.MkdirTemp("", "fte-temporal-server-"); err != nil {
		return fmt.Errorf("making a data directory: %w", err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil { //nolint:gosec // the account of Postgres has to enter it
		return fmt.Errorf("opening the data directory: %w", err)
	}
	say(o.Progress, "starting Postgres and the Temporal server")
	if s.postgres, err = startPostgres(ctx, s.dir, o.Ephemeral); err != nil {
		return err
	}
	s.DatabaseURL = s.postgres.url(databaseDefault)
	if err := s.postgres.setUp(ctx, filepath.Join(programs, "sql")); err != nil {
		return err
	}
	if err := s.launch(ctx, o, filepath.Join(programs, "server")); err != nil {
		return err
	}
	if err := s.makeNamespace(ctx, o.SearchAttributes); err != nil {
		return fmt.Errorf("%w; its log ends:\n%s", err, s.server.tail())
	}
	if o.UI {
		return s.startUI(ctx, filepath.Join(ui, "server"))
	}
	return nil
}

// launch starts the server, on other ports when somebody took one of ours
// first.
func (s *Server) launch(ctx context.Context, o Options, program string) error {
	for attempt := 1; ; attempt++ {
		p, err := choosePorts()
		if err != nil {
			return err
		}
		config, err := writeConfig(s.dir, o, s.postgres, p)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "--config-file", config, "--allow-no-auth", "start")
		cmd.Dir = s.dir
		log := filepath.Join(s.dir, fmt.Sprintf("server-%d.log", attempt))
		if s.server, err = start("the Temporal server", cmd, log, syscall.SIGTERM); err != nil {
			return err
		}
		s.Address = "127.0.0.1:" + strconv.Itoa(p.rpc["frontend"])
		s.MetricsAddress = "127.0.0.1:" + strconv.Itoa(p.metrics)
		err = s.waitHealthy(ctx)
		if err == nil {
			return nil
		}
		if attempt == 3 || !strings.Contains(s.server.tail(), "address already in use") {
			return fmt.Errorf("%w; its log ends:\n%s", err, s.server.tail())
		}
	}
}

// startUI starts the web interface and waits until it answers.
func (s *Server) startUI(ctx context.Context, program string) error {
	port, err := part.FreePort()
	if err != nil {
		return err
	}
	if err := writeObject(filepath.Join(s.dir, "ui.yaml"), object{
		"temporalGrpcAddress": s.Address, "host": "127.0.0.1", "port": port, "enableUi": true,
		"defaultNamespace": s.Namespace, "notifyOnNewVersion": false,
	}); err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "--root", s.dir, "--config", ".", "--env", "ui", "start")
	cmd.Dir = s.dir
	if s.ui, err = start("the web interface", cmd, filepath.Join(s.dir, "ui.log"), syscall.SIGTERM); err != nil {
		return err
	}
	s.UIAddress = "http://127.0.0.1:" + strconv.Itoa(port)
	return s.waitUI(ctx)
}

// Done is closed when the server has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.server.done }

// Log returns the end of what the server wrote.
func (s *Server) Log() string { return s.server.tail() }

// Stop ends everything in order and removes the data. When ctx ends first what
// still runs is killed and the error says so.
func (s *Server) Stop(ctx context.Context) error {
	err := errors.Join(s.ui.stop(ctx, syscall.SIGTERM), s.server.stop(ctx, syscall.SIGTERM), s.postgres.stop(ctx))
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}
