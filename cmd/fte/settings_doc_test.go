package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEverySettingIsDescribed compares docs/settings.md with the settings: each
// has a row with its default, and no row is about a setting that is none.
func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/settings.md")
	require.NoError(t, err)
	described := map[string]string{} // name to default
	for row := range strings.Lines(string(page)) {
		if !strings.HasPrefix(row, "| `") {
			continue
		}
		first, _, _ := strings.Cut(row[1:], "|")
		for _, m := range regexp.MustCompile("`([A-Z_]+)`(?: \\(`([^`]*)`\\))?").FindAllStringSubmatch(first, -1) {
			described[m[1]] = m[2]
		}
	}
	settings := map[string]string{}
	for field := range reflect.TypeFor[Config]().Fields() {
		name, preset, _ := strings.Cut(field.Tag.Get("env"), ", default=")
		if name != "" {
			settings[name] = preset
		}
	}
	require.Greater(t, len(settings), 40)
	require.Equal(t, settings, described)
}
