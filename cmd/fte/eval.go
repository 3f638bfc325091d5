package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/digital-fte/fte/activities"
	"github.com/digital-fte/fte/eval"
	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

const evalDetails = `Measures the assistant on examples with labels, one JSON object a line.

  triage --tickets FILE…                for which messages the rules ask for a person
                                        (id, channel, subject, text, escalate, reason, sentiment)
  retrieval --queries FILE… --kb DIR    how often the search finds an article that answers
                                        (id, query, articles)
  answers --tickets FILE… --kb DIR      how customers would be answered
                                        (a message with expect, a regular expression, and articles)

Searches and answers use the models of the OPENAI_ settings and a database of their own beside that of
DATABASE_URL, which is dropped at the end. The live one is never touched, and nothing is sent. Without
a model, retrieval measures the search by words alone; triage needs none, and reads the rules of
FTE_TRIAGE_RULES beside those of the program.

With --baseline, what an earlier run printed with --json, the exit code is 1 if a rate got worse.`

// evalFlags are the flags of all evaluations.
type evalFlags struct {
	tickets, queries, kb fileList
	languages            string
	textOnly             bool
	runs, parallel       int
	limit                int
	baseline             string
	tolerance            float64
	json, verbose        bool
}

// fileList is a flag that can be given more than once.
type fileList []string

func (l *fileList) String() string { return strings.Join(*l, " ") }

// Set adds a file.
func (l *fileList) Set(path string) error {
	*l = append(*l, path)
	return nil
}

func (f *evalFlags) in(flags *flag.FlagSet) {
	flags.Var(&f.tickets, "tickets", "`FILE` of labelled messages; more may follow")
	flags.Var(&f.queries, "queries", "`FILE` of labelled questions; more may follow")
	flags.Var(&f.kb, "kb", "`DIR` of the articles")
	flags.StringVar(&f.languages, "languages", "", "triage: the languages of the articles, as in en,de; messages in others are for a person")
	flags.BoolVar(&f.textOnly, "text-only", false, "retrieval: use no model even if there is one")
	flags.IntVar(&f.runs, "runs", 1, "answers: how often each customer writes, for pass^k")
	flags.IntVar(&f.parallel, "parallel", 2, "answers: how many write at once")
	flags.IntVar(&f.limit, "limit", 0, "answers: only the first so many customers")
	flags.StringVar(&f.baseline, "baseline", "", "`FILE` that an earlier run printed with --json")
	flags.Float64Var(&f.tolerance, "tolerance", 0.02, "how much worse than the baseline a rate may be")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.BoolVar(&f.verbose, "verbose", false, "list every example that went wrong")
}

// measured is the result of an evaluation.
type measured struct {
	kind    string
	figures []eval.Figure
	report  fmt.Stringer
	wrong   string // what --verbose lists
}

// runEval measures the assistant on labelled examples.
func runEval(ctx context.Context, env environment, args []string) error {
	var f evalFlags
	flags := flagsOf("eval")
	f.in(flags)
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) == 0 {
		return usagef("say what to measure: triage, retrieval or answers")
	}
	kind, files := rest[0], rest[1:]
	var measure func(context.Context, environment, *evalFlags) (measured, error)
	switch kind {
	case "triage":
		f.tickets = append(f.tickets, files...)
		measure = evalTriage
	case "retrieval":
		f.queries = append(f.queries, files...)
		measure = evalRetrieval
	case "answers":
		f.tickets = append(f.tickets, files...)
		measure = evalAnswers
	default:
		return usagef("there is no eval %s", kind)
	}
	if err := f.check(kind); err != nil {
		return err
	}
	// A baseline that cannot be used must not be found out after an hour.
	var before eval.Baseline
	if f.baseline != "" {
		if before, err = eval.ReadBaseline(f.baseline, kind); err != nil {
			return err
		}
	}
	m, err := measure(ctx, env, &f)
	if err != nil {
		return err
	}
	if err := m.print(env.stdout, &f); err != nil {
		return err
	}
	if worse := before.Worse(m.figures, f.tolerance); len(worse) > 0 {
		return fmt.Errorf("worse than %s by more than %v:\n%s", f.baseline, f.tolerance, strings.Join(worse, "\n"))
	}
	return nil
}

func (f *evalFlags) check(kind string) error {
	switch {
	case kind == "retrieval" && len(f.queries) == 0:
		return usagef("name the questions with --queries FILE")
	case kind != "retrieval" && len(f.tickets) == 0:
		return usagef("name the messages with --tickets FILE")
	case kind != "triage" && len(f.kb) == 0:
		return usagef("name the folder of the articles with --kb DIR")
	case f.runs < 1 || f.parallel < 1:
		return usagef("--runs and --parallel are at least 1")
	case f.tolerance < 0 || f.tolerance > 1:
		return usagef("--tolerance is a difference of rates, from 0 to 1")
	}
	return nil
}

func (m measured) print(w io.Writer, f *evalFlags) error {
	if f.json {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(m.report)
	}
	text := m.report.String()
	if f.verbose && m.wrong != "" {
		text += "\n" + m.wrong
	}
	_, err := io.WriteString(w, text)
	return err
}

func evalTriage(ctx context.Context, env environment, f *evalFlags) (measured, error) {
	messages, err := eval.ReadMessages(f.tickets...)
	if err != nil {
		return measured{}, err
	}
	c, err := loadConfig(ctx, env.lookuper)
	if err != nil {
		return measured{}, err
	}
	languages := strings.FieldsFunc(f.languages, func(r rune) bool { return r == ',' || r == ' ' })
	t := eval.JudgeMessages(c.rules, messages, languages)
	return measured{t.Kind, t.Figures, t, t.Confusion()}, nil
}

func evalRetrieval(ctx context.Context, env environment, f *evalFlags) (m measured, err error) {
	queries, err := eval.ReadQueries(f.queries...)
	if err != nil {
		return m, err
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase)
	if err != nil {
		return m, err
	}
	var embedder knowledge.Embedder = eval.Words{}
	name := ""
	if !f.textOnly && (c.OpenAIKey != "" || c.OpenAIBaseURL != "") {
		model, err := openEmbedder(c)
		if err != nil {
			return m, err
		}
		embedder, name = model, model.EmbeddingModel()
	}
	sandbox, err := openSandbox(ctx, env, c, embedder, f.kb)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closeSandbox(ctx, sandbox)) }()
	r, err := eval.Retrieve(ctx, sandbox.Base, name, queries, counting(env.stderr, "searched for", "questions"))
	return measured{r.Kind, r.Figures, r, r.Misses()}, err
}

func evalAnswers(ctx context.Context, env environment, f *evalFlags) (m measured, err error) {
	customers, err := eval.ReadCustomers(f.tickets...)
	if err != nil {
		return m, err
	}
	if f.limit > 0 {
		customers = customers[:min(f.limit, len(customers))]
	}
	c, err := loadConfig(ctx, env.lookuper, needDatabase, needModel)
	if err != nil {
		return m, err
	}
	model, err := openModel(c)
	if err != nil {
		return m, err
	}
	secrets, err := ticket.ParseSecrets(rand.Text() + rand.Text())
	if err != nil {
		return m, err
	}
	log := newLogger(c, env.stderr)
	router, err := openRouter(c, model, log, prometheus.NewRegistry())
	if err != nil {
		return m, err
	}
	embedder, err := openEmbedder(c)
	if err != nil {
		return m, err
	}
	sandbox, err := openSandbox(ctx, env, c, embedder, f.kb)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closeSandbox(ctx, sandbox)) }()
	acts := activities.New(activities.Options{
		DB: sandbox.DB, Model: router, Embedder: embedder, Knowledge: sandbox.Base, Secrets: secrets,
		PublicBaseURL: c.PublicBaseURL, Mailbox: c.GmailMailbox, Logger: log, Rules: c.rules,
		Policy: activities.Policy{
			Company: c.Company, SLA: c.promises, PromptPrice: c.PromptPrice, OutputPrice: c.OutputPrice, Confidence: c.confidence,
			Spending: c.unlimited(),
		},
	})
	a, err := eval.Answer(ctx, eval.AnswersOptions{
		Sandbox: sandbox, Activities: acts, Model: model.Model(), Runs: f.runs, Parallel: f.parallel,
		Progress: counting(env.stderr, "answered", "customers"),
	}, customers)
	return measured{a.Kind, a.Figures, a, a.Bad()}, err
}

func openSandbox(ctx context.Context, env environment, c *Config, embedder knowledge.Embedder, dirs []string) (*eval.Sandbox, error) {
	sandbox, err := eval.NewSandbox(ctx, c.DatabaseURL, embedder, dirs, slog.New(slog.DiscardHandler), counting(env.stderr, "stored", "chunks"))
	if err != nil {
		return nil, fmt.Errorf("preparing a database for the evaluation: %w", err)
	}
	return sandbox, nil
}

// openEmbedder returns a client with the patience that a whole knowledge base
// takes on a small machine.
func openEmbedder(c *Config) (*llm.Client, error) {
	return llm.New(llm.Options{
		BaseURL: c.OpenAIBaseURL, APIKey: c.OpenAIKey, EmbeddingModel: c.OpenAIEmbeddingModel, EmbedTimeout: 5 * time.Minute,
	})
}

// closeSandbox drops the sandbox, also when the command was interrupted.
func closeSandbox(ctx context.Context, s *eval.Sandbox) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	return s.Close(ctx)
}

// counting returns a function that says, some ten times, how far something is.
func counting(w io.Writer, verb, what string) func(done, total int) {
	return func(done, total int) {
		if done == total || done*10/total > (done-1)*10/total {
			fmt.Fprintf(w, "%s %d of %d %s\n", verb, done, total, what)
		}
	}
}
