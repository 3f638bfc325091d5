package activities

import (
	"context"

	"github.com/google/uuid"
)

// EarlierContact is what the first answer of a turn's ticket says of earlier ones.
func (a *Activities) EarlierContact(ctx context.Context, turnID uuid.UUID) (string, error) {
	turn, err := a.DB.Turn(ctx, turnID)
	if err != nil {
		return "", err
	}
	return a.earlierContact(ctx, a.DB.Queries, turn)
}
