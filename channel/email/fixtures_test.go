package email_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/channel/email"
	"github.com/digital-fte/fte/ticket"
)

var update = flag.Bool("update", false, "write what the parser makes of the fixtures; read the difference before you commit it")

// pin is what a fixture has to be understood as.
type pin struct {
	From        string               `json:"from,omitempty"`
	Name        string               `json:"name,omitempty"`
	Verified    bool                 `json:"verified,omitempty"`
	Group       string               `json:"group,omitempty"`
	Subject     string               `json:"subject,omitempty"`
	MessageID   string               `json:"message_id,omitempty"`
	Refs        []string             `json:"refs,omitempty"`
	Recipients  []string             `json:"recipients,omitempty"`
	Suppress    email.SuppressReason `json:"suppress,omitempty"`
	Wordless    ticket.Wordless      `json:"wordless,omitempty"`
	Body        []string             `json:"body,omitempty"` // as the assistant reads it, by lines
	Quoted      []string             `json:"quoted,omitempty"`
	Signature   []string             `json:"signature,omitempty"`
	HTMLOnly    bool                 `json:"html_only,omitempty"`
	Attachments []string             `json:"attachments,omitempty"`
	Bounce      *email.Bounce        `json:"bounce,omitempty"`
	Hard        bool                 `json:"hard,omitempty"`
}

func pinned(m *email.Mail) pin {
	body, wordless := m.Body()
	p := pin{
		From: m.From.Address, Name: m.From.Name, Verified: m.DMARC, Group: m.Group, Subject: m.Subject, MessageID: m.MessageID,
		Refs: m.ThreadRefs(), Recipients: m.Recipients(), Suppress: m.Suppress("support@firnwacht.example"), Wordless: wordless,
		Body: lines(body), Quoted: lines(m.Quoted), Signature: lines(m.Signature), HTMLOnly: m.HTMLOnly,
		Bounce: m.Bounce, Hard: m.Bounce != nil && m.Bounce.Hard(),
	}
	for _, a := range m.Attachments {
		p.Attachments = append(p.Attachments, strings.Join([]string{a.Name, a.ContentType, a.SHA256[:8]}, " | "))
	}
	return p
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// TestFixtures pins what is made of every fixture, each named by what is odd
// in it.
func TestFixtures(t *testing.T) {
	t.Parallel()
	parser := email.Parser{Groups: []string{"Help@firnwacht.example"}}
	files, err := filepath.Glob("testdata/*.eml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 60)
	got := map[string]pin{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		m, err := parser.Parse(fixture(t, name))
		require.NoError(t, err, name)
		got[name] = pinned(m)
	}
	const golden = "testdata/pins.json"
	if *update {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		require.NoError(t, encoder.Encode(got))
		require.NoError(t, os.WriteFile(golden, text.Bytes(), 0o600))
	}
	raw, err := os.ReadFile(golden)
	require.NoError(t, err)
	var want map[string]pin
	require.NoError(t, json.Unmarshal(raw, &want))
	require.Len(t, want, len(got), "a pin without its fixture")
	for name, p := range got {
		require.Equal(t, want[name], p, name)
	}
}
