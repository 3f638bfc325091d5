package activities

import (
	"context"

	"github.com/google/uuid"
)

// EarlierContact is what the first answer of a turn's ticket says of earlier ones.
func (a *Activities) EarlierContact(ctx context.Context, turnID uuid.UUID) (string, error) {
	return a.earlierContact(ctx, a.DB.Queries, turnID)
}
