// Package schematest gives each test a database of its own, cloned from a
// template that is migrated once.
//
// It must never be linked into a production binary.
package schematest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/schema"
)

// cloneLock is the advisory lock under which the template is made and copied:
// Postgres refuses to copy a database in use, and test packages run in parallel.
const cloneLock = 7243392

// fillLock is held while a template is filled, which takes longer.
const fillLock = 7243393

// URL returns the connection string of a fresh, migrated, empty database that
// is dropped when the test ends. It needs TEST_DATABASE_URL, a server on which
// databases may be created: the test is skipped under -short and fails
// otherwise if it is missing.
func URL(tb testing.TB) string {
	tb.Helper()
	base := server(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	admin, err := pgx.Connect(ctx, base)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, admin.Close(context.WithoutCancel(ctx))) }()
	return withDatabase(tb, base, fresh(ctx, tb, admin, base, migrated(ctx, tb, admin, base)))
}

// Filled is URL with what fill has written into it. fill runs once for a key and
// gets the address of what becomes the template: the key has to change with all
// that fill depends on.
func Filled(tb testing.TB, key string, fill func(url string)) string {
	tb.Helper()
	base := server(tb)
	ctx := tb.Context()
	admin, err := pgx.Connect(ctx, base)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, admin.Close(context.WithoutCancel(ctx))) }()
	_, err = admin.Exec(ctx, "SELECT pg_advisory_lock($1)", fillLock)
	require.NoError(tb, err)
	template := "fte_filled_" + fingerprint(tb) + "_" + key
	if !isTemplate(ctx, tb, admin, template) {
		_, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+template)
		require.NoError(tb, err)
		clone(ctx, tb, admin, template, migrated(ctx, tb, admin, base))
		fill(withDatabase(tb, base, template))
		_, err = admin.Exec(ctx, "ALTER DATABASE "+template+" IS_TEMPLATE true")
		require.NoError(tb, err)
	}
	_, err = admin.Exec(ctx, "SELECT pg_advisory_unlock($1)", fillLock)
	require.NoError(tb, err)
	return withDatabase(tb, base, fresh(ctx, tb, admin, base, template))
}

// server returns the server on which databases may be created.
func server(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv("TEST_DATABASE_URL")
	if base == "" {
		if testing.Short() {
			tb.Skip("needs a database; `make test` starts one")
		}
		tb.Fatal("TEST_DATABASE_URL is not set; `make test` starts a database and sets it")
	}
	return base
}

// migrated returns the template that has every migration and nothing else.
func migrated(ctx context.Context, tb testing.TB, admin *pgx.Conn, base string) string {
	tb.Helper()
	_, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", cloneLock)
	require.NoError(tb, err)
	template := "fte_template_" + fingerprint(tb)
	if !isTemplate(ctx, tb, admin, template) {
		makeTemplate(ctx, tb, admin, base, template)
	}
	_, err = admin.Exec(ctx, "SELECT pg_advisory_unlock($1)", cloneLock)
	require.NoError(tb, err)
	return template
}

// fresh makes a database of a template that is dropped when the test ends.
func fresh(ctx context.Context, tb testing.TB, admin *pgx.Conn, base, template string) (name string) {
	tb.Helper()
	name = "fte_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	clone(ctx, tb, admin, name, template)
	tb.Cleanup(func() { drop(tb, base, name) })
	return name
}

func clone(ctx context.Context, tb testing.TB, admin *pgx.Conn, name, template string) {
	tb.Helper()
	_, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", cloneLock)
	require.NoError(tb, err)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
	require.NoError(tb, err)
	_, err = admin.Exec(ctx, "SELECT pg_advisory_unlock($1)", cloneLock)
	require.NoError(tb, err)
}

func isTemplate(ctx context.Context, tb testing.TB, admin *pgx.Conn, name string) (is bool) {
	tb.Helper()
	require.NoError(tb, admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&is))
	return is
}

// New opens a database made by URL.
func New(tb testing.TB) *schema.DB {
	tb.Helper()
	db, err := schema.Open(tb.Context(), schema.Options{URL: URL(tb), MaxConns: 5, Name: "test"})
	require.NoError(tb, err)
	tb.Cleanup(db.Close)
	return db
}

// makeTemplate marks the database as a template only when it is complete, so
// that a test run killed half way leaves nothing that looks finished.
func makeTemplate(ctx context.Context, tb testing.TB, admin *pgx.Conn, base, template string) {
	tb.Helper()
	_, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+template)
	require.NoError(tb, err)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+template)
	require.NoError(tb, err)
	_, err = schema.Migrate(ctx, withDatabase(tb, base, template))
	require.NoError(tb, err)
	_, err = admin.Exec(ctx, "ALTER DATABASE "+template+" IS_TEMPLATE true")
	require.NoError(tb, err)
}

func drop(tb testing.TB, base, name string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin, err := pgx.Connect(ctx, base)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, admin.Close(ctx)) }()
	_, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	require.NoError(tb, err)
}

func withDatabase(tb testing.TB, base, name string) string {
	tb.Helper()
	u, err := url.Parse(base)
	require.NoError(tb, err)
	u.Path = "/" + name
	return u.String()
}

// fingerprint names the template after the migrations it was made from.
func fingerprint(tb testing.TB) string {
	tb.Helper()
	h := sha256.New()
	require.NoError(tb, fs.WalkDir(schema.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(schema.Migrations(), path)
		h.Write([]byte(path))
		h.Write(body)
		return err
	}))
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Exec runs one statement on the database at url, to bring about a state that
// no query of the service can make.
func Exec(tb testing.TB, url, statement string) {
	tb.Helper()
	conn := connect(tb, url)
	_, err := conn.Exec(tb.Context(), statement)
	require.NoError(tb, err)
}

// Scalar returns the single text value a query gives.
func Scalar(tb testing.TB, url, query string) string {
	tb.Helper()
	var value string
	require.NoError(tb, connect(tb, url).QueryRow(tb.Context(), query).Scan(&value))
	return value
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, conn.Close(context.Background())) })
	return conn
}
