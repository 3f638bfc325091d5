package part_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/part"
)

func startPostgres(t *testing.T, o part.PostgresOptions) *part.Postgres {
	t.Helper()
	began := time.Now()
	pg, err := part.StartPostgres(deadline(t, 5*time.Minute), o)
	require.NoError(t, err)
	t.Logf("Postgres %s, pgvector %s: %v", pg.Version, pg.VectorVersion, time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		ctx, cancel := stopContext(t)
		defer cancel()
		_ = pg.Stop(ctx)
	})
	return pg
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(deadline(t, 10*time.Second), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func execSQL(t *testing.T, url, sql string) {
	t.Helper()
	_, err := connect(t, url).Exec(t.Context(), sql)
	require.NoError(t, err)
}

func count(t *testing.T, url string) int {
	t.Helper()
	var n int
	require.NoError(t, connect(t, url).QueryRow(t.Context(), "SELECT count(*) FROM note").Scan(&n))
	return n
}

func TestPostgresKeepsDataOverStopAndKill(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres, fetches it at first")
	dir := filepath.Join(reachableDir(t), "postgres")

	var progress bytes.Buffer
	pg := startPostgres(t, part.PostgresOptions{Dir: dir, Progress: &progress})
	t.Log(progress.String())
	url, err := pg.EnsureDatabase(t.Context(), "fte")
	require.NoError(t, err)
	execSQL(t, url, "CREATE EXTENSION vector")
	execSQL(t, url, "CREATE TABLE note (id int PRIMARY KEY, v vector(3))")
	execSQL(t, url, "INSERT INTO note VALUES (1, '[1,2,3]')")
	require.NoError(t, pg.Stop(deadline(t, 30*time.Second)))
	_, err = pgx.Connect(deadline(t, 5*time.Second), url)
	require.Error(t, err, "a stopped server answers")

	again := startPostgres(t, part.PostgresOptions{Dir: dir})
	require.Equal(t, pg.Port, again.Port, "the port changed")
	require.Equal(t, url, again.URL("fte"), "the URL changed")
	require.Equal(t, 1, count(t, url))
	execSQL(t, url, "INSERT INTO note VALUES (2, '[4,5,6]')")
	again.Kill()
	<-again.Done()

	last := startPostgres(t, part.PostgresOptions{Dir: dir})
	require.Equal(t, 2, count(t, last.URL("fte")))
	var distance float64
	require.NoError(t, connect(t, url).QueryRow(t.Context(), "SELECT v <-> '[1,2,3]' FROM note WHERE id = 1").Scan(&distance))
	require.Zero(t, distance)
}

func TestPostgresKnowsLettersOfAllLanguages(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	pg := startPostgres(t, part.PostgresOptions{Ephemeral: true})
	var lower, lexeme, encoding string
	err := connect(t, pg.URL("postgres")).QueryRow(t.Context(),
		"SELECT lower('GRÖSSE'), to_tsvector('simple', 'GRÖSSE')::text, current_setting('server_encoding')").Scan(&lower, &lexeme, &encoding)
	require.NoError(t, err)
	require.Equal(t, "grösse", lower)
	require.Equal(t, "'grösse':1", lexeme)
	require.Equal(t, "UTF8", encoding)
}

func TestPostgresNeedsItsPassword(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	pg := startPostgres(t, part.PostgresOptions{Ephemeral: true})
	_, err := pgx.Connect(deadline(t, 10*time.Second), "postgres://fte:wrong@127.0.0.1:"+strconv.Itoa(pg.Port)+"/postgres?sslmode=disable")
	require.ErrorContains(t, err, "28P01")
}

func startPostgresHelper(ctx context.Context, dir string) (string, error) {
	pg, err := part.StartPostgres(ctx, part.PostgresOptions{Dir: dir})
	if err != nil {
		return "", err
	}
	return strconv.Itoa(pg.PID()) + " " + pg.URL("postgres"), nil
}

func TestPostgresOutlivesKillOfItsStarter(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	dir := filepath.Join(reachableDir(t), "postgres")
	answer, kill := startHelper(t, "postgres", dir)
	pid, url, found := strings.Cut(answer, " ")
	require.True(t, found, answer)
	execSQL(t, url, "CREATE TABLE note (id int)")
	execSQL(t, url, "INSERT INTO note VALUES (1)")
	kill()

	pg := startPostgres(t, part.PostgresOptions{Dir: dir})
	require.NotEqual(t, pid, strconv.Itoa(pg.PID()))
	require.Equal(t, 1, count(t, url))
	old, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Empty(t, part.CommandLine(old), "the orphan still runs")
}

func TestPostgresStopsALeftoverServer(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	dir := filepath.Join(reachableDir(t), "postgres")
	// A server whose starter does not know of the second start stands for one
	// that no signal told of its starter's death.
	leftover := startPostgres(t, part.PostgresOptions{Dir: dir})
	execSQL(t, leftover.URL("postgres"), "CREATE TABLE note (id int)")
	pg := startPostgres(t, part.PostgresOptions{Dir: dir})
	<-leftover.Done()
	require.Zero(t, count(t, pg.URL("postgres")))
}

func TestPostgresIgnoresALockFileOfAStranger(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	dir := filepath.Join(reachableDir(t), "postgres")
	pg := startPostgres(t, part.PostgresOptions{Dir: dir})
	lock := filepath.Join(dir, "postmaster.pid")
	data, err := os.ReadFile(lock)
	require.NoError(t, err)
	require.NoError(t, pg.Stop(deadline(t, 30*time.Second)))
	// The process id now belongs to this test.
	_, rest, _ := strings.Cut(string(data), "\n")
	require.NoError(t, os.WriteFile(lock, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600))
	startPostgres(t, part.PostgresOptions{Dir: dir})
}

func TestEphemeralPostgresLeavesNothing(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	pg := startPostgres(t, part.PostgresOptions{Ephemeral: true})
	require.DirExists(t, pg.Dir)
	require.NoError(t, pg.Stop(deadline(t, 30*time.Second)))
	require.NoDirExists(t, filepath.Dir(pg.Dir))
}

func TestPostgresRefusesAPortInUse(t *testing.T) {
	t.Parallel()
	skipShort(t, "starts Postgres")
	first := startPostgres(t, part.PostgresOptions{Ephemeral: true})
	_, err := part.StartPostgres(deadline(t, time.Minute), part.PostgresOptions{Ephemeral: true, Port: first.Port})
	require.ErrorContains(t, err, "Address already in use")
	require.ErrorContains(t, err, "DATABASE_URL")
}
