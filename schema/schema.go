// Package schema is the database: its migrations, every query the service
// asks, and how to open it. Query methods are generated from queries/*.sql.
//
// It must never decide anything: rules live in the constraints here and in the
// packages that call it. No other package may hold SQL.
package schema

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvector "github.com/pgvector/pgvector-go/pgx"

	"github.com/digital-fte/fte/ticket"
)

// DB is a pool of connections with the generated queries on it.
type DB struct {
	*Queries
	pool *pgxpool.Pool
}

// Options say how to open the database.
type Options struct {
	URL      string
	MaxConns int32  // 10 when zero
	Name     string // shown in pg_stat_activity
	ReadOnly bool   // Postgres refuses every write, whoever asks for it
}

// Open returns a pool for a database whose schema is current. It does not need
// the database to be reachable: connections are made when they are used.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// The parse error repeats the URL, and the URL holds a password.
		return nil, ticket.Errorf(ticket.CodeInvalid, "DATABASE_URL is not a Postgres connection string (postgres://user:password@host:5432/name)")
	}
	cfg.MaxConns = max(o.MaxConns, 1)
	if o.MaxConns == 0 {
		cfg.MaxConns = 10
	}
	cfg.MaxConnLifetime = 30 * time.Minute
	cfg.MaxConnLifetimeJitter = 5 * time.Minute
	cfg.PingTimeout = time.Second
	cfg.ConnConfig.ConnectTimeout = 3 * time.Second
	params := cfg.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "fte " + o.Name,
		"statement_timeout":                   "5000",
		"lock_timeout":                        "3000",
		"idle_in_transaction_session_timeout": "10000",
	} {
		if params[name] == "" {
			params[name] = value
		}
	}
	if o.ReadOnly {
		params["default_transaction_read_only"] = "on"
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		return pgxvector.RegisterTypes(ctx, conn)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return &DB{Queries: New(pool), pool: pool}, nil
}

// Close closes every connection.
func (db *DB) Close() { db.pool.Close() }

// Ping makes one round trip.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

// Tx runs fn in one transaction: committed if fn returns nil, else rolled
// back. fn must not call out of the database.
func (db *DB) Tx(ctx context.Context, fn func(*Queries) error) error {
	return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error { return fn(db.WithTx(tx)) })
}

// Session runs fn on one connection, for what lasts longer than a transaction.
func (db *DB) Session(ctx context.Context, fn func(*Queries) error) error {
	return db.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return fn(New(c.Conn())) })
}

// NoRows reports whether err says that a query found nothing.
func NoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// Classify gives a database error its code: what Postgres refuses because of
// the data is invalid, a clash is a conflict, what breaks a rule of the schema
// is internal, anything else is unavailable and worth another try. Errors that
// carry a code already keep it.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*ticket.Error](err); ok {
		return err
	}
	if NoRows(err) {
		return ticket.Wrap(ticket.CodeNotFound, err, "no such row")
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) >= 2 {
		switch pg.Code[:2] {
		case "22":
			return ticket.Wrap(ticket.CodeInvalid, err, "the database refused the data")
		case "23":
			return violation(pg.Code, err)
		case "40":
			return ticket.Wrap(ticket.CodeConflict, err, "the database gave way to somebody else")
		case "42":
			return ticket.Wrap(ticket.CodeInternal, err, "the database does not have the expected schema")
		}
	}
	return ticket.Wrap(ticket.CodeUnavailable, err, "the database did not answer")
}

// violation classes what a constraint has refused. Who lost a race for a key
// finds the winner's row when he comes again; a missing value, a broken
// reference or a forbidden one is the same the next time.
func violation(sqlstate string, err error) error {
	switch sqlstate {
	case "23505", "23P01": // unique, exclusion
		return ticket.Wrap(ticket.CodeConflict, err, "the database refused a duplicate")
	case "23514": // check
		return ticket.Wrap(ticket.CodeInvalid, err, "the database refused the data")
	default:
		return ticket.Wrap(ticket.CodeInternal, err, "the database refused a missing value or a broken reference")
	}
}
