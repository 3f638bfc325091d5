package mcp

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/digital-fte/fte/staff"
)

// minToken is the shortest token that nobody can guess, in bytes.
const minToken = 16

// Role is what a member of the staff may do. Each of them may read.
type Role string

// The roles.
const (
	Viewer Role = "viewer"
	Agent  Role = "agent"
	Lead   Role = "lead"
	Admin  Role = "admin"
)

// Roles returns every role, the least first.
func Roles() []Role { return []Role{Viewer, Agent, Lead, Admin} }

// Holder is who a token belongs to.
type Holder struct {
	Name string
	Role Role
}

// Tokens are the tokens of the staff. The zero Tokens knows nobody. It keeps no
// token, only what tells one from others.
type Tokens struct {
	known []known
}

type known struct {
	sum    [sha256.Size]byte
	holder Holder
}

// ParseTokens reads entries of the form NAME:ROLE:TOKEN; a TOKEN alone is an
// admin's. Several entries may have one name, so that a token can be exchanged
// for a new one. All faults are reported at once, by the place of their entry
// and without a token.
func ParseTokens(entries []string) (Tokens, error) {
	var tokens Tokens
	var faults []error
	for i, entry := range entries {
		holder, token, err := parseToken(strings.TrimSpace(entry))
		sum := sha256.Sum256([]byte(token))
		if err == nil && slices.ContainsFunc(tokens.known, func(k known) bool { return k.sum == sum }) {
			err = errors.New("has the token of another entry")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("entry %d %w", i+1, err))
			continue
		}
		tokens.known = append(tokens.known, known{sum, holder})
	}
	return tokens, errors.Join(faults...)
}

func parseToken(entry string) (Holder, string, error) {
	holder, token := Holder{Name: string(Admin), Role: Admin}, entry
	if parts := strings.Split(entry, ":"); len(parts) > 1 {
		if len(parts) != 3 {
			return holder, "", errors.New("is not NAME:ROLE:TOKEN")
		}
		holder, token = Holder{Name: parts[0], Role: Role(parts[1])}, parts[2]
	}
	switch {
	case staff.CheckActor(holder.Name) != nil:
		return holder, "", errors.New("has no name that can be shown")
	case !slices.Contains(Roles(), holder.Role):
		return holder, "", errors.New("has a role that is none of viewer, agent, lead and admin")
	case len(token) < minToken:
		return holder, "", fmt.Errorf("has a token of less than %d characters; make one with `openssl rand -hex 24`", minToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return holder, "", errors.New("has a token with characters that no header can carry")
	}
	return holder, token, nil
}

// Holder returns whose token this is. It takes as long for a token that is
// nearly right as for any other.
func (t Tokens) Holder(token string) (Holder, bool) {
	sum := sha256.Sum256([]byte(token))
	var found Holder
	ok := false
	for _, k := range t.known {
		if subtle.ConstantTimeCompare(k.sum[:], sum[:]) == 1 {
			found, ok = k.holder, true
		}
	}
	return found, ok
}

// Empty reports whether nobody has a token.
func (t Tokens) Empty() bool { return len(t.known) == 0 }
