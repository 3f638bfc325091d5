package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/digital-fte/fte/knowledge"
	"github.com/digital-fte/fte/schema"
)

// runKB fills, lists and searches the knowledge base.
func runKB(ctx context.Context, env environment, args []string) error {
	flags := flagsOf("kb")
	asJSON := flags.Bool("json", false, "print JSON")
	rest, err := parseFlags(flags, args)
	if err != nil {
		return wrongUse(flags, err)
	}
	if len(rest) == 0 {
		return usagef("say what to do: ingest, list or search")
	}
	verb, rest := rest[0], rest[1:]
	switch {
	case verb != "ingest" && verb != "list" && verb != "search":
		return usagef("there is no kb %s", verb)
	case verb == "ingest" && len(rest) == 0:
		return usagef("name the folders or files to ingest")
	case verb == "search" && len(rest) == 0:
		return usagef("say what to search for")
	case verb == "list" && len(rest) > 0:
		return usagef("unexpected argument %q", rest[0])
	}
	needs := []demand{needDatabase}
	if verb != "list" {
		needs = append(needs, needModel)
	}
	c, err := loadConfig(ctx, env.lookuper, needs...)
	if err != nil {
		return err
	}
	if verb == "ingest" {
		// Files that cannot be used are worth knowing of before anything else.
		if _, err := knowledge.Check(rest); err != nil {
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
	if verb == "list" {
		return listArticles(ctx, env, db, *asJSON)
	}
	model, err := openModel(c)
	if err != nil {
		return err
	}
	base := knowledge.New(db, model, newLogger(c, env.stderr))
	if verb == "search" {
		return searchKB(ctx, env, base, strings.Join(rest, " "), *asJSON)
	}
	done, err := base.Ingest(ctx, rest, knowledge.IngestOptions{Progress: func(done, total int) {
		fmt.Fprintf(env.stderr, "\rembedding %d of %d chunks", done, total)
		if done == total {
			fmt.Fprintln(env.stderr)
		}
	}})
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(env.stdout).Encode(done)
	}
	_, err = fmt.Fprintln(env.stdout, done)
	return err
}

func listArticles(ctx context.Context, env environment, db *schema.DB, asJSON bool) error {
	articles, err := db.ListArticles(ctx)
	if err != nil {
		return schema.Classify(err)
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(articles)
	}
	if len(articles) == 0 {
		return sayEmpty(env)
	}
	rows := [][]string{{"ARTICLE", "TITLE", "CATEGORY", "LANGUAGE", "CHUNKS"}}
	for _, a := range articles {
		rows = append(rows, []string{a.Slug, a.Title, a.Category, a.Language, strconv.Itoa(int(a.Chunks))})
	}
	return table(env.stdout, rows)
}

func sayEmpty(env environment) error {
	_, err := fmt.Fprintln(env.stdout, "The knowledge base is empty. Fill it with `fte kb ingest PATH…`.")
	return err
}

func searchKB(ctx context.Context, env environment, base *knowledge.Base, query string, asJSON bool) error {
	found, err := base.Search(ctx, query, 6)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(env.stdout).Encode(found)
	}
	if found.Version == 0 {
		return sayEmpty(env)
	}
	if len(found.Chunks) == 0 {
		_, err := fmt.Fprintln(env.stdout, "Nothing was found. `fte kb list` shows what the knowledge base holds.")
		return err
	}
	rows := [][]string{{"SCORE", "SIMILARITY", "ARTICLE", "SECTION"}}
	for _, k := range found.Chunks {
		rows = append(rows, []string{fmt.Sprintf("%.4f", k.Score), fmt.Sprintf("%.3f", k.Similarity), k.Slug, k.Title})
	}
	return table(env.stdout, rows)
}
