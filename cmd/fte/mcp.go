package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/mcp"
	"github.com/digital-fte/fte/schema"
)

const mcpDetails = `Lets other assistants of the company search the knowledge base, look at tickets and customers, and see who
waits, by the Model Context Protocol. They can change nothing.

Without --http it serves one client on standard input and output, who is the owner of FTE_MCP_TOKEN. With
--http each request needs "Authorization: Bearer TOKEN". Either way the token must be one of STAFF_TOKENS,
of any role. docs/mcp.md shows how to connect.`

// mcpShutdown is for requests under way when the server is stopped.
const mcpShutdown = 10 * time.Second

// runMCP serves other programs, on standard input and output or over HTTP.
func runMCP(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("mcp")
	addr := flags.String("http", "", "serve HTTP on this `address`, such as 127.0.0.1:8090; without a host only this machine can connect")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) > 0 {
		return usagef("unexpected argument %q", rest[0])
	}
	host, port, err := net.SplitHostPort(*addr)
	if *addr != "" && (err != nil || port == "") {
		return usagef("--http takes HOST:PORT or :PORT")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase)
	if err != nil {
		return err
	}
	if c.staffTokens.Empty() {
		return errors.New("STAFF_TOKENS is not set (name:role:token, several separated by commas): nobody could connect")
	}
	holder, known := c.staffTokens.Holder(c.MCPToken)
	if *addr == "" && !known {
		return errors.New("FTE_MCP_TOKEN is not one of STAFF_TOKENS: set it to the token of whoever connects")
	}
	if err := checkSchema(ctx, c.DatabaseURL); err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, MaxConns: 4, Name: "mcp", ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	log := newLogger(c, env.stderr)
	o := mcp.Options{DB: db, Logger: log, Version: programVersion()}
	if c.OpenAIKey != "" || c.OpenAIBaseURL != "" {
		model, err := openModel(c)
		if err != nil {
			return fmt.Errorf("OPENAI_BASE_URL or OPENAI_MODEL: %w", err)
		}
		o.Knowledge = knowledge.New(db, model, log)
	} else {
		log.WarnContext(ctx, "searching the knowledge base is not set up; set OPENAI_API_KEY or OPENAI_BASE_URL")
	}
	server := mcp.New(o)
	if *addr == "" {
		log.InfoContext(ctx, "serving standard input and output", slog.String("staff", holder.Name))
		return stopped(ctx, server.Serve(ctx, io.NopCloser(env.stdin), keptOpen{env.stdout}, holder))
	}
	l, err := listen(ctx, "--http", net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	log.InfoContext(ctx, "listening", slog.String("http_addr", l.Addr().String()))
	return serveMCP(ctx, log, l, server.Handler(c.staffTokens))
}

// serveMCP answers on l until ctx ends, and then finishes what is under way.
func serveMCP(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1) // so that it can end though nobody waits any more
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving HTTP: %w", err)
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mcpShutdown)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return fmt.Errorf("finishing the requests under way: %w", errors.Join(err, s.Close()))
	}
	return nil
}

// stopped turns the end of ctx into success: a server is meant to be stopped.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// keptOpen is a writer that others go on using.
type keptOpen struct{ io.Writer }

// Close does nothing.
func (keptOpen) Close() error { return nil }

// programVersion returns the version that this program was built as.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

// readStaffTokens reads who of the staff has which token.
func (c *Config) readStaffTokens() (err error) {
	if c.staffTokens, err = mcp.ParseTokens(c.StaffTokens); err != nil {
		return fmt.Errorf("STAFF_TOKENS: %w", err)
	}
	return nil
}
