package llm

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A prompt that was ever used stays: turns of the past name it.
//
//go:embed prompts/*.md
var promptFiles embed.FS

// Prompt is the rules the model is given, without what belongs to one
// conversation.
type Prompt struct {
	Name    string // such as support-v2
	Version string // the name, @, and the first 12 hexadecimal digits of the SHA-256 of Text
	Text    string
}

// Prompts returns every prompt of this build, the newest first.
func Prompts() []Prompt {
	// An embedded folder can always be read.
	files, _ := promptFiles.ReadDir("prompts")
	prompts := make([]Prompt, 0, len(files))
	for _, f := range files {
		text, _ := promptFiles.ReadFile(path.Join("prompts", f.Name()))
		sum := sha256.Sum256(text)
		name := strings.TrimSuffix(f.Name(), ".md")
		prompts = append(prompts, Prompt{Name: name, Version: name + "@" + hex.EncodeToString(sum[:])[:12], Text: string(text)})
	}
	slices.SortFunc(prompts, func(a, b Prompt) int { return b.number() - a.number() })
	return prompts
}

// CurrentPrompt returns the newest prompt.
func CurrentPrompt() Prompt { return Prompts()[0] }

// PromptNamed returns the prompt with this name or version, the newest for "".
// A version whose text this build does not have is unknown.
func PromptNamed(version string) (p Prompt, known bool) {
	for _, p := range Prompts() {
		if version == "" || version == p.Name || version == p.Version {
			return p, true
		}
	}
	return Prompt{}, false
}

// PromptNames returns the names of all prompts, the newest first, for messages.
func PromptNames() string {
	var names []string
	for _, p := range Prompts() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// SystemPrompt returns the text of the newest prompt.
func SystemPrompt() string { return CurrentPrompt().Text }

// PromptVersion returns the version of the newest prompt.
func PromptVersion() string { return CurrentPrompt().Version }

func (p Prompt) number() int {
	_, digits, _ := strings.Cut(p.Name, "-v")
	n, _ := strconv.Atoi(digits)
	return n
}
