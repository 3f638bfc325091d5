package main

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

//go:embed shop.html
var shopPage string

// startShop serves a page of another site that carries the support form.
func (s *stack) startShop(ctx context.Context) (*running, error) {
	page, err := template.New("shop").Parse(shopPage)
	if err != nil {
		return nil, fmt.Errorf("reading the page of the shop: %w", err)
	}
	site, err := s.serve(ctx, "shop", shopPort, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		// A client that went away has no use for the rest.
		_ = page.Execute(w, s.publicURL)
	}))
	if err != nil {
		return nil, err
	}
	named := strings.Replace(site.url, "127.0.0.1", "localhost", 1)
	return &running{
		detail:   named + "/",
		settings: settings{"FTE_EMBED_ORIGINS": named + "," + site.url},
		stop:     site.stopWith(func() error { return nil }),
	}, nil
}

// shopURL is where another site shows the form; empty when it is not ours.
func shopURL(found settings) string {
	first, _, _ := strings.Cut(found["FTE_EMBED_ORIGINS"], ",")
	if first == "" {
		return ""
	}
	return first + "/"
}
