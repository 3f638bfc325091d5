package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/sla"
)

func TestEstimateIsWhatIsPromised(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]map[string]string{
		"":                      {"high": "Usually within 5 minutes", "medium": "Usually within 10 minutes", "low": "Usually within 10 minutes"},
		"webform/high=30s:1h":   {"high": "Usually within a minute", "medium": "Usually within 10 minutes"},
		"webform/*=90m:8h":      {"high": "Usually within 90 minutes"},
		"webform/*=91m:8h":      {"high": "Usually within 2 working hours"},
		"webform/low=8h:24h":    {"low": "Usually within 8 working hours", "high": "Usually within 5 minutes"},
		"webform/medium=0:24h":  {"medium": "As soon as we can"},
		"email/*=2h:4h":         {"high": "Usually within 5 minutes"},
		"*/*=10m:4h":            {"high": "Usually within 10 minutes", "nonsense": "As soon as we can"},
		"webform/medium=61s:1h": {"medium": "Usually within 2 minutes"},
	} {
		p, err := sla.DefaultPolicy().WithTargets(list)
		require.NoError(t, err)
		for priority, words := range want {
			require.Equal(t, words, estimate(p, priority), list)
		}
	}
}
