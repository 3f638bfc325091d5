// Command fte is the whole service in one binary: each subcommand is a role, a
// tool, or what people do to tickets, and the same image runs them all.
//
// This package reads the settings, builds every part and wires them; it must
// never hold a rule of the product.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // time zones must be the same wherever a workflow is replayed

	"github.com/sethvargo/go-envconfig"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], envconfig.OsLookuper(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// environment is what a command gets from outside.
type environment struct {
	lookuper       envconfig.Lookuper
	stdin          io.Reader
	stdout, stderr io.Writer
}

// command is one subcommand.
type command struct {
	name, args, summary string
	details             string // what --help adds
	run                 func(ctx context.Context, env environment, args []string) error
}

func commands() []command {
	return []command{
		{
			"gateway", "", "take in webhooks and forms, serve the pages",
			"Runs until it is stopped. It answers on HTTP_ADDR and, for the cluster, on METRICS_ADDR.", runGateway,
		},
		{
			"worker", "[--roles LIST]", "answer customers: everything behind the gateway",
			"Runs until it is stopped. Without --roles one process does everything. Roles:\n\n" + describeRoles(), runWorker,
		},
		{
			"migrate", "", "prepare database, topics and search attributes",
			"Brings the three to the shape this program needs and says what it did. Run it before each new\nversion; doing it twice changes nothing.", runMigrate,
		},
		{
			"kb", "ingest PATH… | search QUERY | gaps | …", "fill, search and look after the knowledge base", kbDetails, runKB,
		},
		{
			"dlq", "list | redrive", "look at dead letters and send them back",
			"A dead letter is an event that could not be read or checked. Redriving sends it back to the topic it\n" +
				"came from, after the cause has been mended; it stays listed, and sending it twice does no harm.\n\n" +
				"  list      show them, the oldest first\n" +
				"  redrive   send back those that the flags select", runDLQ,
		},
		{"ticket", "list | show NUMBER | ACTION NUMBER", "look at tickets and act on them", ticketDetails, runTicket},
		{"mode", "show | set off|draft|auto", "see and set what the assistant may do", modeDetails, runMode},
		{"customer", "show WHO | tier WHO standard|vip | merge WHO WHO | unmerge MERGE_ID", "look at a customer, set the tier, join and part customers", customerDetails, runCustomer},
		{
			"report", "[--date DAY]", "show the daily report",
			"Prints the report of a day: mood, hand-overs, what tickets were about, times and cost. One that is\nmissing is made now, and stored if the day is over. Days are those of FTE_TIME_ZONE.", runReport,
		},
		{"mcp", "[--http ADDRESS]", "let other assistants look things up", mcpDetails, runMCP},
		{"eval", "triage | retrieval | answers", "measure the assistant on labelled examples", evalDetails, runEval},
		{"cost", "[--since 720h] [--by WHAT]", "show what the model has cost", costDetails, runCost},
		{"doctor", "", "look at everything and say what is wrong", doctorDetails, runDoctor},
		{"version", "", "print the version", "Prints the version and the commit this program was built from.", runVersion},
	}
}

// usageError is a mistake in how a command was called.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, lookuper envconfig.Lookuper, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) == 1 {
			usage(stdout)
			return exitOK
		}
		args = []string{args[1], "--help"} // fte help COMMAND
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.exit(ctx, c.run(ctx, environment{lookuper, os.Stdin, stdout, stderr}, args[1:]), stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "fte: there is no command %q\n\n", args[0])
	usage(stderr)
	return exitUsage
}

// exit says what came of a command and returns the exit code.
func (c command) exit(ctx context.Context, err error, stdout, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	if help, ok := errors.AsType[*helpError](err); ok {
		c.help(stdout, help.flags)
		return exitOK
	}
	if wrong, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(stderr, "fte %s: %s\n%s\n`fte %s --help` says more.\n", c.name, wrong.message, c.usage(), c.name)
		return exitUsage
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintf(stderr, "fte %s: interrupted\n", c.name)
		return exitFailed
	}
	fmt.Fprintf(stderr, "fte %s: %v\n", c.name, err)
	return exitFailed
}

func usage(w io.Writer) {
	fmt.Fprint(w, "fte answers customers on email, WhatsApp and a web form.\n\nUsage: fte COMMAND [ARGUMENTS]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-8s %-36s %s\n", c.name, c.args, c.summary)
	}
	fmt.Fprint(w, "\nSettings are environment variables; NAME_FILE names a file that holds the value of NAME.\n"+
		"Every command explains itself with --help. Exit codes: 0 done, 1 failed, 2 called wrongly.\n")
}

func runVersion(_ context.Context, env environment, args []string) error {
	if err := noArguments("version", args); err != nil {
		return err
	}
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(env.stdout, "fte %s%s\n", version, revision)
	return err
}
