package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/digital-fte/fte/schema"
)

// Versions of Postgres and pgvector.
const (
	oldestPostgres = 160000
	oldestPgvector = "0.8.0" // the first whose index scans go on until enough is found
	betterPgvector = "0.8.4" // before, building and vacuuming an HNSW index could damage it
)

// spoolPatience is how long an event may wait in the spool: a relay looks at it
// once a second.
const spoolPatience = time.Minute

func (d *Doctor) databaseChecks() []Check {
	return []Check{
		{
			Name: "database", Asks: "whether Postgres (16 or later) answers",
			Means: "Nothing is answered; what comes in waits in Kafka.",
			Do:    "See that Postgres runs, and check DATABASE_URL and the free connections.",
			Look:  d.database,
		},
		{
			Name: "database.migrations", After: "database", Asks: "whether the schema is the one this program needs",
			Means: "Gateways and workers of this version refuse to start.",
			Do:    "Run `fte migrate`.",
			Look:  d.migrations,
		},
		{
			Name: "database.pgvector", After: "database", Asks: "whether pgvector is installed, 0.8.0 or later; warns below 0.8.4",
			Means: "Searches of the knowledge base fail or miss articles.",
			Do:    "Install pgvector 0.8.4 or later on the database server, then run `ALTER EXTENSION vector UPDATE;`.",
			Look:  d.pgvector,
		},
		{
			Name: "spool", After: "database.migrations", Asks: "how many events wait in the spool because Kafka did not take them, and for how long",
			Means: "Customers whose messages lie there wait for their answers; nothing is lost.",
			Do:    "See that a gateway runs and Kafka answers, and read docs/runbook/spool.md.",
			Look:  d.spool,
		},
	}
}

func (d *Doctor) database(ctx context.Context) Finding {
	if d.DatabaseURL == "" {
		return fail("DATABASE_URL is not set.", "Set DATABASE_URL.")
	}
	facts, err := schema.AskServer(ctx, d.DatabaseURL)
	if err != nil {
		return fail("The database does not answer: " + said(err))
	}
	if d.DB == nil {
		return fail("DATABASE_URL has parameters that cannot be used.", "Correct DATABASE_URL.")
	}
	if facts.VersionNumber < oldestPostgres {
		return fail("Postgres is version "+facts.Version+", 16 or later is needed.", "Upgrade the database server.")
	}
	return ok("Postgres %s answers.", firstWord(facts.Version))
}

func (d *Doctor) migrations(ctx context.Context) Finding {
	// Asking for the version would make its table.
	facts, err := schema.AskServer(ctx, d.DatabaseURL)
	if err == nil && !facts.Migrated {
		return fail("The database is empty.")
	}
	if err == nil {
		err = schema.CheckCurrent(ctx, d.DatabaseURL)
	}
	if err != nil {
		return fail("The schema cannot be used: " + said(err))
	}
	return ok("The schema is what this program needs.")
}

func (d *Doctor) pgvector(ctx context.Context) Finding {
	facts, err := schema.AskServer(ctx, d.DatabaseURL)
	if err != nil {
		return fail("pgvector could not be asked for: " + said(err))
	}
	return judgePgvector(facts)
}

func judgePgvector(facts schema.ServerFactsRow) Finding {
	found := fmt.Sprintf("pgvector is version %s", facts.Pgvector)
	switch {
	case facts.Pgvector == "" && facts.PgvectorAvailable == "":
		return fail("The database server has no pgvector.", "Install pgvector "+betterPgvector+" or later on the database server, then run `fte migrate`.")
	case facts.Pgvector == "":
		return fail("pgvector is on the server and not in this database.", "Run `fte migrate` as a user who may create extensions.")
	case older(facts.Pgvector, oldestPgvector):
		return fail(found + ", " + oldestPgvector + " or later is needed.")
	case older(facts.Pgvector, betterPgvector) && !older(facts.PgvectorAvailable, betterPgvector):
		return warn(found+"; the server has "+facts.PgvectorAvailable+".", "Run `ALTER EXTENSION vector UPDATE;` in the database.")
	case older(facts.Pgvector, betterPgvector):
		return warn(found + "; before " + betterPgvector + " building and vacuuming can damage the index of the knowledge base.")
	}
	return ok("%s.", found)
}

// older compares versions of numbers and dots; what is no number counts as 0.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range max(len(a), len(b)) {
		var x, y int
		if i < len(a) {
			x, _ = strconv.Atoi(a[i])
		}
		if i < len(b) {
			y, _ = strconv.Atoi(b[i])
		}
		if x != y {
			return x < y
		}
	}
	return false
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

func (d *Doctor) spool(ctx context.Context) Finding {
	backlog, err := d.DB.SpoolBacklog(ctx)
	if err != nil {
		return unread(err)
	}
	oldest := seconds(backlog.OldestSeconds)
	switch {
	case backlog.Depth == 0:
		return ok("The spool is empty.")
	case oldest > spoolPatience:
		return fail(fmt.Sprintf("%s in the spool, the oldest for %s.", count(backlog.Depth, "event waits", "events wait"), span(oldest)))
	}
	return warn(fmt.Sprintf("%s in the spool, the oldest for %s.", count(backlog.Depth, "event waits", "events wait"), span(oldest)))
}

// unread is the finding when a query of a check did not succeed.
func unread(err error) Finding {
	return fail("The database could not be read: "+said(schema.Classify(err)), "See the check database, and the log of Postgres.")
}
