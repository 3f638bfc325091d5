package part

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// TemporalOptions says which development server to start.
type TemporalOptions struct {
	// CLI is the program, as TemporalCLI returns it.
	CLI string
	// DBFile keeps the state between starts. Beside it lie <DBFile>.pid and the
	// ports of the last start. Empty means in memory.
	DBFile string
	// LogFile gets the server's output. Empty means <DBFile>.log, or a
	// temporary file that Stop removes.
	LogFile string
	// Port and UIPort are on 127.0.0.1. 0 means the port of the last start with
	// this DBFile if it is free, else any free one.
	Port, UIPort int
	// Namespace is made at start. Empty means default.
	Namespace string
	// SearchAttributes are registered in the namespace: name to type, one of
	// Keyword, Int, Double, Bool, Datetime. Those that a kept database lacks are
	// added.
	SearchAttributes map[string]string
	// DynamicConfig sets the server's own settings, values in JSON.
	DynamicConfig map[string]string
	// Headless leaves out the web UI.
	Headless bool
	// Logger hears about start and stop. Nil is silent.
	Logger *slog.Logger
}

// Temporal is a running development server.
type Temporal struct {
	// Address is host:port of the gRPC service.
	Address string
	// UIAddress is the URL of the web UI, "" when headless.
	UIAddress string
	// Namespace is the one made at start.
	Namespace string

	process *process
	temp    string
	pidFile string
	log     *slog.Logger
}

// StartTemporal starts a development server and returns once it is healthy and
// the namespace with its search attributes answers. A server that an earlier
// run left behind on the same DBFile is stopped first. ctx bounds the start, at
// most one minute; the server outlives it.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	t := &Temporal{log: o.Logger, Namespace: o.Namespace}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	if t.Namespace == "" {
		t.Namespace = "default"
	}
	began := time.Now()
	if err := t.start(ctx, o); err != nil {
		t.cleanUp()
		return nil, fmt.Errorf("starting Temporal (TEMPORAL_ADDRESS names another to use instead): %w", err)
	}
	t.log.InfoContext(ctx, "temporal started", "address", t.Address, "ui", t.UIAddress, "took", time.Since(began).Round(time.Millisecond))
	return t, nil
}

func (t *Temporal) start(ctx context.Context, o TemporalOptions) error {
	if err := t.prepareFiles(ctx, &o); err != nil {
		return err
	}
	// Ports are chosen before the server binds them: one that we chose and
	// somebody took in between is chosen anew.
	for {
		port, uiPort, err := temporalPorts(o)
		if err != nil {
			return err
		}
		err = t.launch(ctx, o, port, uiPort)
		if !errors.Is(err, errTryAgain) || (o.Port != 0 && (o.Headless || o.UIPort != 0)) {
			return err
		}
		if ctx.Err() != nil {
			return err
		}
	}
}

// prepareFiles resolves where state and output go, and makes sure that nobody
// uses the state.
func (t *Temporal) prepareFiles(ctx context.Context, o *TemporalOptions) error {
	if o.DBFile != "" {
		file, err := filepath.Abs(o.DBFile)
		if err != nil {
			return fmt.Errorf("resolving the database file: %w", err)
		}
		o.DBFile = file
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("making the directory of the database file: %w", err)
		}
		t.pidFile = file + ".pid"
		if err := stopLeftoverTemporal(ctx, t.pidFile, file); err != nil {
			return err
		}
		if o.LogFile == "" {
			o.LogFile = file + ".log"
		}
	}
	if o.LogFile == "" {
		temp, err := os.MkdirTemp("", "fte-temporal-")
		if err != nil {
			return fmt.Errorf("making a directory for the log: %w", err)
		}
		t.temp = temp
		o.LogFile = filepath.Join(temp, "temporal.log")
	}
	trimLog(o.LogFile)
	return nil
}

// stopLeftoverTemporal stops the server that an earlier run left on dbFile.
func stopLeftoverTemporal(ctx context.Context, pidFile, dbFile string) error {
	data, err := os.ReadFile(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the process id of an earlier run: %w", err)
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
		if err := stopLeftover(ctx, pid, " --db-filename "+dbFile+" ", syscall.SIGTERM); err != nil {
			return err
		}
	}
	return removeIfExists(pidFile)
}

func temporalPorts(o TemporalOptions) (port, uiPort int, err error) {
	choose := func(want int, suffix string) (int, error) {
		switch {
		case want != 0:
			return want, nil
		case o.DBFile == "":
			return FreePort()
		default:
			return StablePort(o.DBFile+suffix, 0)
		}
	}
	if port, err = choose(o.Port, ".port"); err != nil || o.Headless {
		return port, 0, err
	}
	uiPort, err = choose(o.UIPort, ".ui-port")
	return port, uiPort, err
}

// Done is closed when the server has ended, for whatever reason.
func (t *Temporal) Done() <-chan struct{} { return t.process.done }

// PID returns the server's process id, for faults such as a pause.
func (t *Temporal) PID() int { return t.process.cmd.Process.Pid }

// Stop shuts the server down in order. When ctx ends first the server is killed
// and the error says so; a DBFile survives that too.
func (t *Temporal) Stop(ctx context.Context) error {
	err := t.process.stop(ctx, syscall.SIGTERM)
	t.log.InfoContext(ctx, "temporal stopped", "address", t.Address)
	t.cleanUp()
	return err
}

// Kill ends the server at once, as kill -9 does.
func (t *Temporal) Kill() { t.process.kill() }

func (t *Temporal) cleanUp() {
	if t.temp != "" {
		_ = os.RemoveAll(t.temp)
	}
	if t.pidFile != "" && t.process != nil && t.process.exited() {
		_ = os.Remove(t.pidFile)
	}
}
