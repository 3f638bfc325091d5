package temporalserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/digital-fte/fte/dev/part"
)

// Names of Temporal's databases and of the superuser of their cluster.
const (
	databaseUser       = "temporal"
	databaseDefault    = "temporal"
	databaseVisibility = "temporal_visibility"
)

// postgres is a cluster of Temporal's own. Not the one of dev/part: Temporal
// needs the extension btree_gin, which the wheel used there lacks, and does not
// need pgvector.
type postgres struct {
	bin      string
	dir      string
	port     int
	password string
	account  *syscall.Credential // nil is ourselves
	process  *process
}

// startPostgres makes a cluster below dir and returns once it answers.
// ephemeral gives up durability for speed.
func startPostgres(ctx context.Context, dir string, ephemeral bool) (*postgres, error) {
	p := &postgres{dir: filepath.Join(dir, "postgres"), password: rand.Text()}
	var err error
	if p.bin, err = postgresBin(); err != nil {
		return nil, err
	}
	if p.account, err = postgresAccount(); err != nil {
		return nil, err
	}
	if p.port, err = part.FreePort(); err != nil {
		return nil, err
	}
	if err := p.initialize(ctx); err != nil {
		return nil, err
	}
	settings := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "timezone=UTC", "shared_buffers=256MB",
	}
	if ephemeral {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", p.dir, "-p", strconv.Itoa(p.port)}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.process, err = start("Postgres", p.command(context.WithoutCancel(ctx), "postgres", args...), p.dir+".log", syscall.SIGINT)
	if err != nil {
		return nil, err
	}
	if err := p.waitReady(ctx); err != nil {
		return nil, errors.Join(err, p.stop(ctx))
	}
	return p, nil
}

// postgresBin returns the programs of the newest installed Postgres.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian
	slices.SortFunc(found, func(a, b string) int { return major(a) - major(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("finding Postgres: no initdb in /usr/lib/postgresql or on PATH; install Debian's package postgresql")
	}
	return filepath.Dir(path), nil
}

func major(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// postgresAccount returns who runs Postgres, which refuses to run as root.
func postgresAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("finding an account for Postgres, which refuses to run as root: there is neither postgres nor nobody")
}

// initialize makes the cluster.
func (p *postgres) initialize(ctx context.Context) error {
	passwordFile := p.dir + ".password"
	if err := os.WriteFile(passwordFile, []byte(p.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the password: %w", err)
	}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	for _, path := range []string{p.dir, passwordFile} {
		if p.account != nil {
			if err := os.Chown(path, int(p.account.Uid), int(p.account.Gid)); err != nil {
				return fmt.Errorf("giving %s to the account of Postgres: %w", path, err)
			}
		}
	}
	out, err := p.command(ctx, "initdb", "--pgdata="+p.dir, "--username="+databaseUser, "--pwfile="+passwordFile,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("making a cluster: %w: %s", err, lastLines(string(out), 3))
	}
	return nil
}

// command prepares a program of Postgres, run as its account in a directory it
// can enter and without the caller's PG settings.
func (p *postgres) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + p.bin + ":/usr/bin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.account}
	return cmd
}

// waitReady returns nil once the server takes queries and can have Temporal's
// schema.
func (p *postgres) waitReady(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		able, err := p.hasExtension(ctx, "btree_gin")
		if err == nil && !able {
			return errors.New("starting Postgres: it lacks the extension btree_gin; install Debian's package postgresql")
		}
		if err == nil {
			return nil
		}
		select {
		case <-p.process.done:
			return fmt.Errorf("starting Postgres: it ended at once:\n%s", p.process.tail())
		case <-ctx.Done():
			return fmt.Errorf("waiting for Postgres: %w:\n%s", err, p.process.tail())
		case <-tick.C:
		}
	}
}

func (p *postgres) hasExtension(ctx context.Context, name string) (has bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name).Scan(&has)
	return has, err
}

func (p *postgres) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(databaseUser, p.password), Host: "127.0.0.1:" + strconv.Itoa(p.port),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// setUp makes both databases and their schemas with Temporal's tool.
func (p *postgres) setUp(ctx context.Context, tool string) error {
	for database, schema := range map[string]string{
		databaseDefault: "postgresql/v12/temporal", databaseVisibility: "postgresql/v12/visibility",
	} {
		for _, step := range [][]string{
			{"create-database"}, {"setup-schema", "--version", "0.0"}, {"update-schema", "--schema-name", schema},
		} {
			cmd := exec.CommandContext(ctx, tool, append([]string{"--database", database}, step...)...)
			cmd.Env = []string{
				"SQL_PLUGIN=postgres12", "SQL_HOST=127.0.0.1", "SQL_PORT=" + strconv.Itoa(p.port),
				"SQL_USER=" + databaseUser, "SQL_PASSWORD=" + p.password,
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("making the schema of %s: %s: %w: %s", database, step[0], err, lastLines(string(out), 3))
			}
		}
	}
	return nil
}

// stop shuts the server down in its fast mode.
func (p *postgres) stop(ctx context.Context) error {
	if p == nil {
		return nil
	}
	return p.process.stop(ctx, syscall.SIGINT)
}
