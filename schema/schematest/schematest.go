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

// URL returns the connection string of a fresh, migrated, empty database that
// is dropped when the test ends. It needs TEST_DATABASE_URL, a server on which
// databases may be created: the test is skipped under -short and fails
// otherwise if it is missing.
func URL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_DATABASE_URL")
	if base == "" {
		if testing.Short() {
			t.Skip("needs a database; `make test` starts one")
		}
		t.Fatal("TEST_DATABASE_URL is not set; `make test` starts a database and sets it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	admin, err := pgx.Connect(ctx, base)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close(context.WithoutCancel(ctx))) }()
	_, err = admin.Exec(ctx, "SELECT pg_advisory_lock($1)", cloneLock)
	require.NoError(t, err)

	template := "fte_template_" + fingerprint(t)
	var exists bool
	require.NoError(t, admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", template).Scan(&exists))
	if !exists {
		makeTemplate(ctx, t, admin, base, template)
	}
	name := "fte_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	_, err = admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
	require.NoError(t, err)
	t.Cleanup(func() { drop(t, base, name) })
	return withDatabase(t, base, name)
}

// New opens a database made by URL.
func New(t testing.TB) *schema.DB {
	t.Helper()
	db, err := schema.Open(t.Context(), schema.Options{URL: URL(t), MaxConns: 5, Name: "test"})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// makeTemplate marks the database as a template only when it is complete, so
// that a test run killed half way leaves nothing that looks finished.
func makeTemplate(ctx context.Context, t testing.TB, admin *pgx.Conn, base, template string) {
	t.Helper()
	_, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+template)
	require.NoError(t, err)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+template)
	require.NoError(t, err)
	_, err = schema.Migrate(ctx, withDatabase(t, base, template))
	require.NoError(t, err)
	_, err = admin.Exec(ctx, "ALTER DATABASE "+template+" IS_TEMPLATE true")
	require.NoError(t, err)
}

func drop(t testing.TB, base, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	admin, err := pgx.Connect(ctx, base)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close(ctx)) }()
	_, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	require.NoError(t, err)
}

func withDatabase(t testing.TB, base, name string) string {
	t.Helper()
	u, err := url.Parse(base)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

// fingerprint names the template after the migrations it was made from.
func fingerprint(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	require.NoError(t, fs.WalkDir(schema.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
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
func Exec(t testing.TB, url, statement string) {
	t.Helper()
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), statement)
	require.NoError(t, err)
}

// Scalar returns the single text value a query gives.
func Scalar(t testing.TB, url, query string) string {
	t.Helper()
	var value string
	require.NoError(t, connect(t, url).QueryRow(t.Context(), query).Scan(&value))
	return value
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}
