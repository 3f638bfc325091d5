package part

import (
	"context"
	"io"
)

// CommandLine returns the arguments of a running process, "" for none.
func CommandLine(pid int) string { return commandLine(pid) }

// TemporalCLIFrom is TemporalCLI with another place to download from.
func TemporalCLIFrom(ctx context.Context, progress io.Writer, downloads string) (string, error) {
	return temporalCLI(ctx, progress, downloads)
}

// InspectPostgres returns the versions of Postgres and pgvector in bin.
func InspectPostgres(ctx context.Context, bin string) (version, vector string, err error) {
	in, err := inspectPostgres(ctx, bin)
	return in.version, in.vector, err
}
