package schema

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/digital-fte/fte/ticket"
)

// Sandbox is an empty database with the current schema beside the one of the
// service, for what must not touch that one.
type Sandbox struct {
	URL string

	name  string
	admin *pgx.Conn // to the database of the service
	held  *pgx.Conn // to the sandbox, which shows others that it is in use
}

// NewSandbox makes a sandbox on the server behind url. Those that were left
// behind, by a process that was killed, are dropped first. Codes: CodeInvalid
// for a url that is none, CodeUnauthorized if the role may not create
// databases, CodeUnavailable.
func NewSandbox(ctx context.Context, url string) (*Sandbox, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parse error repeats the URL, and the URL holds a password.
		return nil, ticket.Errorf(ticket.CodeInvalid, "DATABASE_URL is not a Postgres connection string (postgres://user:password@host:5432/name)")
	}
	admin, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, ticket.Wrap(ticket.CodeUnavailable, err, "connecting")
	}
	s := &Sandbox{admin: admin}
	if err := s.make(ctx, url); err != nil {
		return nil, errors.Join(err, s.Drop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Sandbox) make(ctx context.Context, url string) (err error) {
	q := New(s.admin)
	// A sandbox that has just been made has no connections and would look left.
	if err := q.LockSandboxes(ctx); err != nil {
		return Classify(err)
	}
	left, err := q.LeftSandboxes(ctx)
	if err != nil {
		return Classify(err)
	}
	for _, name := range left {
		if err := s.drop(ctx, name); err != nil {
			return err
		}
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("naming a sandbox: %w", err)
	}
	name := "fte_eval_" + hex.EncodeToString(random[:])
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return ticket.Wrap(ticket.CodeUnauthorized, err, "a database for the evaluation cannot be created: let the role of DATABASE_URL create databases (ALTER ROLE … CREATEDB)")
	}
	s.name, s.URL = name, besides(url, name)
	if s.held, err = pgx.Connect(ctx, s.URL); err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "connecting to the sandbox")
	}
	if _, err := s.admin.Exec(ctx, "SELECT pg_advisory_unlock_all()"); err != nil {
		return Classify(err)
	}
	_, err = Migrate(ctx, s.URL)
	return err
}

// Drop drops the sandbox, whoever is still connected to it.
func (s *Sandbox) Drop(ctx context.Context) error {
	var err error
	if s.held != nil {
		err = s.held.Close(ctx)
	}
	if s.name != "" {
		err = errors.Join(err, s.drop(ctx, s.name))
	}
	return errors.Join(err, s.admin.Close(ctx))
}

func (s *Sandbox) drop(ctx context.Context, name string) error {
	_, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	if err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "dropping the sandbox %s", name)
	}
	return nil
}

// besides returns a connection string like base, to another database.
func besides(base, name string) string {
	if u, err := url.Parse(base); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		u.Path = "/" + name
		return u.String()
	}
	return base + " dbname=" + name
}
