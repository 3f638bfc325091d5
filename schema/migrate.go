package schema

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/digital-fte/fte/ticket"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the migration files.
func Migrations() fs.FS { return migrations }

// Migrate brings the database to the newest schema and returns the files it
// applied. Several processes may call it at once: one migrates, the others wait.
func Migrate(ctx context.Context, url string) ([]string, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("preparing the migration lock: %w", err)
	}
	provider, closeDB, err := newProvider(url, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, err
	}
	defer closeDB()
	results, err := provider.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrating the database: %w", err)
	}
	applied := make([]string, 0, len(results))
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	return applied, nil
}

// CheckCurrent returns nil if the database has the schema this binary was
// built for, or a newer one (old code must run on a new schema during a
// deploy). CodeConflict means that `fte migrate` has to run first,
// CodeUnavailable that the database could not be asked.
func CheckCurrent(ctx context.Context, url string) error {
	provider, closeDB, err := newProvider(url)
	if err != nil {
		return err
	}
	defer closeDB()
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return ticket.Wrap(ticket.CodeUnavailable, err, "reading the schema version")
	}
	sources := provider.ListSources()
	want := sources[len(sources)-1].Version
	if have < want {
		return ticket.Errorf(ticket.CodeConflict, "the database schema is at version %d, this program needs %d: run `fte migrate` first", have, want)
	}
	return nil
}

func newProvider(url string, options ...goose.ProviderOption) (*goose.Provider, func(), error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, ticket.Errorf(ticket.CodeInvalid, "DATABASE_URL is not a Postgres connection string (postgres://user:password@host:5432/name)")
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, fmt.Errorf("reading the migrations: %w", err)
	}
	db := stdlib.OpenDB(*cfg)
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, options...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reading the migrations: %w", err), db.Close())
	}
	return provider, func() { _ = db.Close() }, nil
}
