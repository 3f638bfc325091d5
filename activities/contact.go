package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// contactWithin is how long ago an earlier contact is worth a word.
const contactWithin = 30 * 24 * time.Hour

// earlierContact returns the sentence that tells a customer, in the first
// answer on a ticket, that what was written on another channel is not forgotten;
// empty when there is nothing to tell, or nobody has proved to be that customer.
func (a *Activities) earlierContact(ctx context.Context, q *schema.Queries, turn uuid.UUID) (string, error) {
	earlier, err := q.EarlierContact(ctx, schema.EarlierContactParams{TurnID: turn, Since: a.Now().Add(-contactWithin)})
	if schema.NoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	by := "e-mail"
	if earlier.Channel == ticket.WhatsApp {
		by = "WhatsApp"
	}
	zone := time.UTC
	if calendar := a.Policy.SLA.Calendar; calendar != nil {
		zone = calendar.Zone()
	}
	return fmt.Sprintf("You wrote to us by %s on %s (ticket %s); this continues from there.",
		by, earlier.ProviderAt.In(zone).Format("2 January"), earlier.Number), nil
}
