package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
	"github.com/digital-fte/fte/llm"
)

// keyed is a simulated model and the keys that it was asked with.
func keyed(t *testing.T) (address string, sim *openai.Server, keys chan string) {
	t.Helper()
	sim, err := openai.New(openai.Options{})
	require.NoError(t, err)
	keys = make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys <- strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1", sim, keys
}

func TestTheFallbackIsAskedWithItsOwnKey(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		elsewhere   bool
		key, wanted string
	}{
		"another model of the server": {false, "", "sk-first"},
		"with another account":        {false, "sk-second", "sk-second"},
		"another server":              {true, "sk-second", "sk-second"},
		"another server, no key":      {true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, sim, keys := keyed(t)
			c := &Config{
				OpenAIBaseURL: first, OpenAIKey: "sk-first", OpenAIModel: "chat-1", ModelTimeout: cliPatience,
				FallbackModel: "chat-2", FallbackKey: tc.key,
			}
			if tc.elsewhere {
				c.FallbackBaseURL, _, keys = keyed(t)
			}
			sim.Enqueue(openai.Failure(http.StatusTooManyRequests, "insufficient_quota", "no money", 0))
			primary, err := openModel(c)
			require.NoError(t, err)
			registry := prometheus.NewRegistry()
			router, err := openRouter(c, primary, slog.New(slog.DiscardHandler), registry)
			require.NoError(t, err)
			done, err := router.Chat(t.Context(), llm.Request{Messages: llm.Build(llm.PromptInput{CustomerMessages: []string{"Thanks!"}})})
			if tc.wanted == "" {
				require.Error(t, err, "the key of the first server never goes to another")
				require.Empty(t, <-keys)
				return
			}
			require.NoError(t, err)
			require.Equal(t, llm.Fallback, done.Provider)
			require.Equal(t, "chat-2", done.Model)
			if !tc.elsewhere {
				require.Equal(t, "sk-first", <-keys)
			}
			require.Equal(t, tc.wanted, <-keys)
			shown := httptest.NewRecorder()
			promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(shown, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			for _, line := range []string{
				`fte_model_circuit{provider="fallback"} 0`, `fte_model_circuit{provider="primary"} 2`,
				`fte_model_requests_total{outcome="ok",provider="fallback"} 1`, `fte_model_requests_total{outcome="quota",provider="primary"} 1`,
			} {
				require.Contains(t, shown.Body.String(), line+"\n")
			}
		})
	}
}

func TestWithoutAFallbackThereIsOneModel(t *testing.T) {
	t.Parallel()
	address, sim, keys := keyed(t)
	c := &Config{OpenAIBaseURL: address, OpenAIKey: "sk-first", OpenAIModel: "chat-1", ModelTimeout: cliPatience}
	sim.Enqueue(openai.Failure(http.StatusServiceUnavailable, "", "down", 0))
	primary, err := openModel(c)
	require.NoError(t, err)
	router, err := openRouter(c, primary, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	require.NoError(t, err)
	_, err = router.Chat(t.Context(), llm.Request{Messages: llm.Build(llm.PromptInput{CustomerMessages: []string{"Thanks!"}})})
	require.Error(t, err)
	require.Len(t, keys, 1)
}

func TestAWrongKeyIsNamed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ fallbackURL, fallbackKey, names string }{
		"another model, same key": {"", "", "OPENAI_API_KEY"},
		"another account":         {"", "sk-second", "OPENAI_FALLBACK_API_KEY"},
		"another server":          {"other", "sk-second", "OPENAI_FALLBACK_API_KEY"},
		"another server, no key":  {"other", "", "OPENAI_FALLBACK_API_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, sim, _ := keyed(t)
			c := &Config{
				OpenAIBaseURL: address, OpenAIKey: "sk-first", OpenAIModel: "chat-1", ModelTimeout: cliPatience,
				FallbackModel: "chat-2", FallbackKey: tc.fallbackKey,
			}
			refused := openai.Failure(http.StatusUnauthorized, "invalid_api_key", "no", 0)
			other := sim
			if tc.fallbackURL != "" {
				c.FallbackBaseURL, other, _ = keyed(t)
			}
			primary, err := openModel(c)
			require.NoError(t, err)
			fallback, err := openFallback(c)
			require.NoError(t, err)
			ask := llm.Request{Messages: llm.Build(llm.PromptInput{CustomerMessages: []string{"Thanks!"}})}
			sim.Enqueue(refused)
			_, err = primary.Chat(t.Context(), ask)
			require.ErrorContains(t, err, "check OPENAI_API_KEY")
			if tc.fallbackURL == "" || tc.fallbackKey != "" {
				other.Enqueue(refused)
			}
			_, err = fallback.Chat(t.Context(), ask)
			require.ErrorContains(t, err, "check "+tc.names)
		})
	}
}
