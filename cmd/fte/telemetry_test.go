package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		log := newLogger(&Config{LogFormat: format}, &out)
		cause := errors.New("card 4111 1111 1111 1111 of DE89370400440532013000 with password: hunter2")
		log.With(slog.String("said", "OTP 482913")).WarnContext(t.Context(), "refused",
			slog.Any("error", fmt.Errorf("sending: %w", cause)), slog.Group("more", slog.String("code", "code: 119224")),
			slog.String("ticket_id", "1b4e28ba-2fa1-41d2-883f-00a0c93ec93b"), slog.Int("status", 404), slog.Any("nothing", nil))
		for _, secret := range []string{"4111", "3704", "hunter2", "482913", "119224"} {
			require.NotContains(t, out.String(), secret)
		}
		for _, kept := range []string{"refused", "sending: card", "1b4e28ba-2fa1-41d2-883f-00a0c93ec93b", "404"} {
			require.Contains(t, out.String(), kept)
		}
	}
}
