package schema

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/digital-fte/fte/ticket"
)

// AskServer connects once and returns the versions of the server behind url and
// of its pgvector. Unlike a pool of Open it needs nothing to be installed.
// Codes: CodeInvalid for a url that is none, CodeUnavailable.
func AskServer(ctx context.Context, url string) (ServerFactsRow, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parse error repeats the URL, and the URL holds a password.
		return ServerFactsRow{}, ticket.Errorf(ticket.CodeInvalid, "DATABASE_URL is not a Postgres connection string (postgres://user:password@host:5432/name)")
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return ServerFactsRow{}, ticket.Wrap(ticket.CodeUnavailable, err, "connecting")
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	facts, err := New(conn).ServerFacts(ctx)
	if err != nil {
		return ServerFactsRow{}, ticket.Wrap(ticket.CodeUnavailable, err, "asking for versions")
	}
	return facts, nil
}
