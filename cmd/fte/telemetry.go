package main

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/digital-fte/fte/mask"
)

// newLogger returns the logger of a process.
func newLogger(c *Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: hideSecrets}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// hideSecrets is the last net under what is logged: no line of ours holds what a
// customer wrote, but an error may quote it.
func hideSecrets(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch v := a.Value.Any().(type) {
	case string:
		text = v
	case error:
		text = v.Error()
	}
	if hidden := mask.New().Text(text); hidden != text {
		a.Value = slog.StringValue(hidden)
	}
	return a
}

// logStart says what runs with which settings, secrets left out.
func logStart(ctx context.Context, log *slog.Logger, c *Config, role string, more ...slog.Attr) {
	onOff := map[bool]string{true: "on", false: "off"}
	log.LogAttrs(ctx, slog.LevelInfo, "starting", append([]slog.Attr{
		slog.String("role", role),
		slog.String("brokers", strings.Join(c.KafkaBrokers, ",")), slog.String("public_base_url", c.PublicBaseURL),
		slog.String("model", c.OpenAIModel), slog.String("embedding_model", c.OpenAIEmbeddingModel),
		slog.String("whatsapp", onOff[c.whatsAppOn()]), slog.String("email", onOff[c.emailOn()]), slog.String("webform", "on"),
	}, more...)...)
	if !c.whatsAppOn() {
		log.InfoContext(ctx, "whatsapp is off: the TWILIO_ settings are not set")
	}
	if !c.emailOn() {
		log.InfoContext(ctx, "email is off: GMAIL_MAILBOX is not set")
	} else if !c.pushOn() {
		log.InfoContext(ctx, "gmail pushes are off: GMAIL_PUBSUB_AUDIENCE is not set; the mailbox is read once a minute")
	}
}
