package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/digital-fte/fte/ticket"
)

// keptSecret returns the secret in file, making one at first: ticket numbers and
// reply addresses handed out before a restart must stay good after it.
func keptSecret(file string) (string, error) {
	data, err := os.ReadFile(file)
	if secret := strings.TrimSpace(string(data)); err == nil && len(secret) >= ticket.MinSecretLength {
		return secret, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("reading the secret key: %w", err)
	}
	// 26 characters of 5 bits each: two are plenty.
	secret := rand.Text() + rand.Text()
	return secret, writeSecret(file, []byte(secret+"\n"))
}
