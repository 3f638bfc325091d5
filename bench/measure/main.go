// Command measure runs `fte eval`, or bench/search, against models on this
// machine: it starts them, puts them behind one OpenAI-compatible address, and
// stops them again.
//
//	go run ./bench/measure [-chat simulated|smollm2] [-embeddings minilm|hashed] [-grounded] -- answers --tickets FILE --kb DIR
//	go run ./bench/measure -- search [FLAGS OF bench/search]
//	go run ./bench/measure -- review
//	go run ./bench/measure -chat smollm2 -- system
//
// The last two are TestMeaningsOfARealModel of review, and customers who write to
// the whole system in TestRealModel of cmd/fte.
//
// With -grounded it fails when an answer would have been sent that does not
// rest on its sources. It must never ask a model that is not on this machine.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/digital-fte/fte/dev/sim/openai"
)

// readyTimeout is how long a server may take that has to be built first.
const readyTimeout = 30 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	chat := flags.String("chat", "simulated", "the `model` that answers: simulated or smollm2")
	embeddings := flags.String("embeddings", "minilm", "what makes vectors: minilm or hashed")
	database := flags.String("database", "", "`URL` of a Postgres with pgvector, where databases may be created")
	grounded := flags.Bool("grounded", false, "answers: fail when an answer does not rest on its sources")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *database == "" || flags.NArg() == 0 {
		return errors.New("name a database with -database, and say what is to be measured")
	}
	ctx, cancel := context.WithCancel(ctx)
	var servers []*exec.Cmd
	defer func() {
		cancel()
		for _, s := range servers {
			_ = s.Wait()
		}
	}()
	sim, err := openai.New(openai.Options{Brief: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	m := &models{chat: sim, embeddings: sim}
	settings := []string{
		"DATABASE_URL=" + *database, "OPENAI_API_KEY=none", "OPENAI_MODEL=simulated", "OPENAI_EMBEDDING_MODEL=hashed",
		"FTE_COMPANY=Firnwacht", "FTE_MODEL_TIMEOUT=60s", "FTE_LOG_LEVEL=error",
		"FTE_BUDGET_CUSTOMER=0", "FTE_BUDGET_TICKET=0", "FTE_BUDGET_DAY=0",
	}
	if *chat == "smollm2" {
		server, address, err := start(ctx, stderr, "bench/llama/serve.sh", "/health", "%d")
		servers = append(servers, server)
		if err != nil {
			return err
		}
		m.chat = httputil.NewSingleHostReverseProxy(address)
		settings = append(settings, "OPENAI_MODEL=smollm2-135m")
	}
	if *embeddings == "minilm" {
		server, address, err := start(ctx, stderr, "bench/embeddings/serve.sh", "/v1/models", "--port=%d")
		servers = append(servers, server)
		if err != nil {
			return err
		}
		m.embeddings = httputil.NewSingleHostReverseProxy(address)
		settings = append(settings, "OPENAI_EMBEDDING_MODEL=all-MiniLM-L6-v2")
	}
	front := httptest.NewServer(m)
	defer front.Close()
	if flags.Arg(0) == "search" {
		search := exec.CommandContext(ctx, "go", append([]string{"run", "./bench/search", "-database", *database, "-embeddings", front.URL + "/v1"}, flags.Args()[1:]...)...)
		search.Stdout, search.Stderr = stdout, stderr
		return search.Run()
	}
	switch flags.Arg(0) {
	case "system":
		return test(ctx, append(settings, "FTE_REAL_MODEL_URL="+front.URL+"/v1"), "TestRealModel", "./cmd/fte", stdout, stderr)
	case "review":
		return test(ctx, append(settings, "FTE_EMBEDDINGS_URL="+front.URL+"/v1"), "TestMeaningsOfARealModel", "./review", stdout, stderr)
	}
	return evaluate(ctx, append(settings, "OPENAI_BASE_URL="+front.URL+"/v1"), flags.Args(), *grounded, stdout, stderr)
}

// test runs one test that needs a model.
func test(ctx context.Context, settings []string, name, folder string, stdout, stderr io.Writer) error {
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-timeout=60m", "-run=^"+name+"$", folder)
	command.Env = append(os.Environ(), settings...)
	command.Stdout, command.Stderr = stdout, stderr
	return command.Run()
}

// models puts two servers behind one address.
type models struct{ chat, embeddings http.Handler }

// ServeHTTP implements http.Handler.
func (m *models) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/embeddings" {
		m.embeddings.ServeHTTP(w, r)
		return
	}
	m.chat.ServeHTTP(w, r)
}

// start runs a script that serves on a port and returns when it answers. The
// server, which is nil if it could not be started, ends with ctx.
func start(ctx context.Context, stderr io.Writer, script, path, portFlag string) (*exec.Cmd, *url.URL, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, nil, err
	}
	server := exec.CommandContext(ctx, script, fmt.Sprintf(portFlag, port))
	server.Stdout, server.Stderr = io.Discard, io.Discard
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.WaitDelay = 10 * time.Second
	_, _ = fmt.Fprintf(stderr, "starting %s; the first time it is built, which takes minutes\n", script)
	if err := server.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting %s: %w", script, err)
	}
	address := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	waiting, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(waiting, http.MethodGet, address.String()+path, http.NoBody)
		if err != nil {
			return server, nil, err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return server, address, nil
			}
		}
		select {
		case <-waiting.Done():
			return server, nil, fmt.Errorf("%s does not answer: %w; run it by hand to see why", script, waiting.Err())
		case <-tick.C:
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// evaluate builds the program and runs its evaluation.
func evaluate(ctx context.Context, settings, args []string, grounded bool, stdout, stderr io.Writer) error {
	folder, err := os.MkdirTemp("", "measure")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	fte := filepath.Join(folder, "fte")
	build := exec.CommandContext(ctx, "go", "build", "-o", fte, "./cmd/fte")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building fte: %w", err)
	}
	var printed bytes.Buffer
	command := exec.CommandContext(ctx, fte, append([]string{"eval"}, args...)...)
	command.Env = append(os.Environ(), settings...)
	command.Stdout, command.Stderr = io.MultiWriter(stdout, &printed), stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 40 * time.Second // it drops its database first
	if grounded {
		command.Args, command.Stdout = append(command.Args, "--json"), &printed
	}
	if err := command.Run(); err != nil {
		return fmt.Errorf("fte eval: %w", err)
	}
	if !grounded {
		return nil
	}
	return judge(printed.Bytes(), stdout)
}

// judge prints how turns ended and fails if an answer that would have been
// sent does not rest on its sources.
func judge(report []byte, stdout io.Writer) error {
	var a struct {
		Model   string         `json:"model"`
		Ends    map[string]int `json:"ends"`
		Replies []struct {
			ID       string `json:"id"`
			Outcome  string `json:"outcome"`
			Grounded bool   `json:"grounded"`
			Text     string `json:"text"`
		} `json:"replies"`
	}
	if err := json.Unmarshal(report, &a); err != nil {
		return fmt.Errorf("reading what `fte eval answers` printed: %w", err)
	}
	ends, err := json.MarshalIndent(a.Ends, "", "  ")
	if err != nil {
		return fmt.Errorf("listing how turns ended: %w", err)
	}
	_, _ = fmt.Fprintf(stdout, "%s, %d customers: %s\n", a.Model, len(a.Replies), ends)
	var bad []error
	for _, r := range a.Replies {
		if r.Outcome == "sent" && !r.Grounded {
			bad = append(bad, fmt.Errorf("%s: %s", r.ID, r.Text))
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d answers that would have been sent do not rest on their sources:\n%w", len(bad), errors.Join(bad...))
	}
	_, _ = fmt.Fprintln(stdout, "nothing would have been sent that does not rest on its sources")
	return nil
}
