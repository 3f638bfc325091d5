package part

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// errTryAgain marks a start that failed for a reason which passes.
var errTryAgain = errors.New("the server could not start yet")

// launchUntilReady starts the server, again when the reason for a failure
// passes: a port somebody took first, or shared memory that the last processes
// of a killed server still hold.
func (p *Postgres) launchUntilReady(ctx context.Context, in pgInstall, as *account, o PostgresOptions) error {
	trimLog(p.Dir + ".log")
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		p.Port = o.Port
		if p.Port == 0 {
			var err error
			if p.Port, err = StablePort(p.Dir+".port", 0); err != nil {
				return err
			}
		}
		err := p.launch(ctx, in, as, o.Ephemeral, o.Port == 0)
		if !errors.Is(err, errTryAgain) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// launch starts the server once and waits until it answers. portIsOurs says
// that another port would do as well.
func (p *Postgres) launch(ctx context.Context, in pgInstall, as *account, ephemeral, portIsOurs bool) error {
	cmd := pgCommand(context.WithoutCancel(ctx), in, as, "postgres", serverArgs(p.Dir, p.Port, ephemeral)...)
	proc, err := startProcess("Postgres", cmd, p.Dir+".log", syscall.SIGINT)
	if err != nil {
		return err
	}
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = p.ping(ctx); err == nil {
			p.process = proc
			return nil
		}
		select {
		case <-proc.done:
			out := proc.output()
			taken := portIsOurs && strings.Contains(out, "Address already in use")
			if taken || strings.Contains(out, "pre-existing shared memory block") {
				return fmt.Errorf("%w: %s", errTryAgain, out)
			}
			return fmt.Errorf("the server ended at once (log %s):\n%s", proc.log, out)
		case <-ctx.Done():
			proc.kill()
			return fmt.Errorf("the server did not answer (%w; log %s):\n%s", err, proc.log, proc.output())
		case <-tick.C:
		}
	}
}

// ping answers nil when our server, not a stranger on its port, takes queries.
func (p *Postgres) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var dir string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&dir); err != nil {
		return err
	}
	if dir != p.Dir {
		return fmt.Errorf("port %d serves another cluster, %s", p.Port, dir)
	}
	return nil
}
