package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
)

// kbDetails is what --help says of the command.
const kbDetails = `  ingest PATH…         make the files below the paths (markdown, HTML, text, PDF), beside the
                       articles learned from people's answers, the whole knowledge base
  list                 show its articles and what is doubtful about them
  check [PATH…]        say what is doubtful: of the articles in use, or of files before an ingest
  search QUERY         show what the assistant would find for a question
  gaps                 show the questions that had no answer, those that cost the most tickets first
  reembed              embed the articles in use again, after OPENAI_EMBEDDING_MODEL was changed
  propose              propose articles from what people answered, now and not within the hour
  proposals [list]     show the proposed articles that wait; --all shows every one
  proposals show ID    show one, with its text
  proposals edit ID    give it the text of --file
  proposals approve ID let it in
  proposals reject ID  refuse it, for --reason
  withdraw SLUG        take a learned article out again

reembed, approve and withdraw make a new version of the knowledge base. Workers do it (their role
model); --local does it here. Searches see the old version until the new one is complete.`

// kbOptions are the flags of the command.
type kbOptions struct {
	json, withoutLearned, detach, local, all bool
	since                                    time.Duration
	file, by, reason                         string
}

// kbVerb is one thing that can be done to the knowledge base.
type kbVerb struct {
	name  string
	words string // what has to follow, empty for nothing
	least int    // how many words
	most  int    // -1 for any number
	model bool   // asks the embedding model
	flags []string
	run   func(k *kbCommand, ctx context.Context) error
}

func kbVerbs() []kbVerb {
	build := []string{"local", "detach"}
	return []kbVerb{
		{"ingest", "the folders or files to ingest", 1, -1, true, []string{"without-learned"}, (*kbCommand).ingest},
		{"list", "", 0, 0, false, nil, (*kbCommand).list},
		{"check", "", 0, -1, false, nil, (*kbCommand).check},
		{"search", "what to search for", 1, -1, true, nil, (*kbCommand).search},
		{"gaps", "", 0, 0, true, []string{"since"}, (*kbCommand).gaps},
		{"reembed", "", 0, 0, true, build, (*kbCommand).reembed},
		{"propose", "", 0, 0, true, nil, (*kbCommand).propose},
		{"proposals", "", 0, 2, true, append([]string{"all", "file", "by", "reason"}, build...), (*kbCommand).proposals},
		{"withdraw", "the slug of a learned article", 1, 1, true, append([]string{"by", "reason"}, build...), (*kbCommand).withdraw},
	}
}

// kbCommand is one call of the command.
type kbCommand struct {
	env   environment
	c     *Config
	o     *kbOptions
	words []string
	base  *knowledge.Base
}

// runKB fills, searches and looks after the knowledge base.
func runKB(ctx context.Context, env environment, args []string) error {
	flags, o := kbFlags()
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	verb, words, err := readKBVerb(flags, rest)
	if err != nil {
		return err
	}
	needs := []demand{needDatabase}
	if verb.model {
		needs = append(needs, needModel)
	}
	if verb.name == "check" && len(words) > 0 {
		return checkFiles(env, words, o.json)
	}
	c, err := loadConfig(ctx, env.lookuper, needs...)
	if err != nil {
		return err
	}
	if verb.name == "ingest" {
		// Files that cannot be used are worth knowing of before anything else.
		if _, err := knowledge.Check(words); err != nil {
			return err
		}
	}
	if err := checkSchema(ctx, c.DatabaseURL); err != nil {
		return err
	}
	db, err := schema.Open(ctx, schema.Options{URL: c.DatabaseURL, Name: "kb"})
	if err != nil {
		return err
	}
	defer db.Close()
	k := &kbCommand{env: env, c: c, o: o, words: words}
	var embedder knowledge.Embedder
	if verb.model {
		if embedder, err = openModel(c); err != nil {
			return err
		}
	}
	k.base = knowledge.New(db, embedder, newLogger(c, env.stderr))
	return verb.run(k, ctx)
}

func kbFlags() (*flag.FlagSet, *kbOptions) {
	flags, o := flagsOf("kb"), &kbOptions{}
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.BoolVar(&o.withoutLearned, "without-learned", false, "ingest: withdraw the articles learned from people's answers")
	flags.BoolVar(&o.local, "local", false, "reembed, approve, withdraw: do it in this process, without workers")
	flags.BoolVar(&o.detach, "detach", false, "reembed, approve, withdraw: do not wait for the workers")
	flags.BoolVar(&o.all, "all", false, "proposals: also those that were decided, and tickets that add nothing")
	flags.DurationVar(&o.since, "since", 30*24*time.Hour, "gaps: how far to look back")
	flags.StringVar(&o.file, "file", "", "proposals edit: the `file` of markdown, - for standard input")
	flags.StringVar(&o.by, "by", "", "approve, reject, withdraw: the `name` of who decides (default your login)")
	flags.StringVar(&o.reason, "reason", "", "reject, withdraw: `why`")
	return flags, o
}

// readKBVerb returns what is to be done and its words, and refuses what does
// not belong to it.
func readKBVerb(flags *flag.FlagSet, rest []string) (verb kbVerb, words []string, err error) {
	verbs := kbVerbs()
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = v.name
	}
	all := strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	if len(rest) == 0 {
		return verb, nil, usagef("say what to do: %s", all)
	}
	i := slices.Index(names, rest[0])
	if i < 0 {
		return verb, nil, usagef("there is no kb %s: it is %s", rest[0], all)
	}
	verb, words = verbs[i], rest[1:]
	switch {
	case len(words) < verb.least:
		return verb, nil, usagef("kb %s needs %s", verb.name, verb.words)
	case verb.most >= 0 && len(words) > verb.most:
		return verb, nil, usagef("unexpected argument %q", words[verb.most])
	}
	flags.Visit(func(f *flag.Flag) {
		if err == nil && f.Name != "json" && !slices.Contains(verb.flags, f.Name) {
			err = usagef("kb %s has no --%s", verb.name, f.Name)
		}
	})
	return verb, words, err
}

// say prints a value as JSON if that was asked for, else as text.
func (k *kbCommand) say(value any, text func() error) error {
	if k.o.json {
		return json.NewEncoder(k.env.stdout).Encode(value)
	}
	return text()
}

func (k *kbCommand) line(format string, args ...any) error {
	_, err := fmt.Fprintf(k.env.stdout, format+"\n", args...)
	return err
}

func (k *kbCommand) ingest(ctx context.Context) error {
	done, err := k.base.Ingest(ctx, k.words, knowledge.IngestOptions{WithoutLearned: k.o.withoutLearned, Progress: k.progress})
	if err != nil {
		return err
	}
	return k.say(done, func() error { return k.report(done) })
}

// progress shows how many chunks are stored.
func (k *kbCommand) progress(done, total int) {
	fmt.Fprintf(k.env.stderr, "\rembedding %d of %d chunks", done, total)
	if done == total {
		fmt.Fprintln(k.env.stderr)
	}
}

// report says what came of an ingest, and what somebody should look at.
func (k *kbCommand) report(done knowledge.Report) error {
	if err := k.line("%s", done); err != nil {
		return err
	}
	if done.Learned > 0 {
		if err := k.line("%d of the articles were learned from people's answers.", done.Learned); err != nil {
			return err
		}
	}
	return sayDoubts(k.env, done)
}

// sayDoubts names what is doubtful about articles.
func sayDoubts(env environment, r knowledge.Report) error {
	var out strings.Builder
	for _, slug := range r.Hidden {
		fmt.Fprintf(&out, "%s has words that people do not see: they were left out.\n", slug)
	}
	for _, m := range r.Marks {
		fmt.Fprintf(&out, "%s: %s\n", m.Kind, m)
	}
	_, err := fmt.Fprint(env.stdout, out.String())
	return err
}

// checkFiles says what would be wrong with files and what is doubtful about them.
func checkFiles(env environment, paths []string, asJSON bool) error {
	report, err := knowledge.Check(paths)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(report)
	}
	if _, err := fmt.Fprintf(env.stdout, "%d articles in %d chunks can be ingested, %d marks.\n", report.Articles, report.Chunks, len(report.Marks)); err != nil {
		return err
	}
	return sayDoubts(env, report)
}

// check says what is doubtful about the articles in use.
func (k *kbCommand) check(ctx context.Context) error {
	listed, err := k.base.List(ctx, k.c.StaleAfter, time.Now())
	if err != nil {
		return err
	}
	marks, err := k.base.Marks(ctx)
	if err != nil {
		return err
	}
	for _, a := range listed {
		if slices.Contains(a.Marks, knowledge.Stale) {
			marks = append(marks, knowledge.Mark{Kind: knowledge.Stale, Slug: a.Slug, Detail: "was last touched on " + a.Updated})
		}
	}
	if marks == nil {
		marks = []knowledge.Mark{}
	}
	return k.say(marks, func() error {
		switch {
		case len(listed) == 0:
			return sayEmpty(k.env)
		case len(marks) == 0:
			return k.line("Nothing is doubtful about the %d articles in use.", len(listed))
		}
		return sayDoubts(k.env, knowledge.Report{Marks: marks})
	})
}

func (k *kbCommand) list(ctx context.Context) error {
	listed, err := k.base.List(ctx, k.c.StaleAfter, time.Now())
	if err != nil {
		return err
	}
	return k.say(listed, func() error {
		if len(listed) == 0 {
			return sayEmpty(k.env)
		}
		rows := [][]string{{"ARTICLE", "TITLE", "CATEGORY", "LANGUAGE", "SOURCE", "CHUNKS", "MARKS"}}
		for _, a := range listed {
			marks := make([]string, len(a.Marks))
			for i, m := range a.Marks {
				marks[i] = string(m)
			}
			rows = append(rows, []string{a.Slug, a.Title, a.Category, a.Language, a.Source, fmt.Sprint(a.Chunks), dash(strings.Join(marks, ", "))})
		}
		return table(k.env.stdout, rows)
	})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func sayEmpty(env environment) error {
	_, err := fmt.Fprintln(env.stdout, "The knowledge base is empty. Fill it with `fte kb ingest PATH…`.")
	return err
}

func (k *kbCommand) search(ctx context.Context) error {
	found, err := k.base.Search(ctx, strings.Join(k.words, " "), 6)
	if err != nil {
		return err
	}
	return k.say(found, func() error {
		switch {
		case found.Version == 0:
			return sayEmpty(k.env)
		case len(found.Chunks) == 0:
			return k.line("Nothing was found. `fte kb list` shows what the knowledge base holds.")
		}
		rows := [][]string{{"SCORE", "SIMILARITY", "ARTICLE", "SECTION"}}
		for _, c := range found.Chunks {
			rows = append(rows, []string{fmt.Sprintf("%.4f", c.Score), fmt.Sprintf("%.3f", c.Similarity), c.Slug, c.Title})
		}
		return table(k.env.stdout, rows)
	})
}
