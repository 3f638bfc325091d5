package staff

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// maxReason is how long a reason is at most, in characters.
const maxReason = 500

// reasonByHand is a merge that a person has made (column customer_merges.reason).
const reasonByHand = "by_hand"

// Merge says that two customers are one, and why: a claim was proved, a ticket
// was named, or a person said so.
type Merge struct {
	ID       uuid.UUID  `json:"merge_id"`
	Reason   string     `json:"reason"` // claim_proved, ticket_named or by_hand
	Actor    string     `json:"actor"`
	At       time.Time  `json:"at"`
	UndoneAt *time.Time `json:"undone_at"`
	UndoneBy string     `json:"undone_by,omitempty"`
	MergedID uuid.UUID  `json:"merged_id"`
	IntoID   uuid.UUID  `json:"into_id"`
	Ticket   string     `json:"ticket_number,omitempty"` // where the message lies that proved it
}

// Merge makes two customers one. Each is named by a mail address, a phone number
// or a ticket number. Codes: invalid, notfound, conflict if they are one already.
func (d *Desk) Merge(ctx context.Context, actor, a, b, reason string) (Merge, error) {
	reason, err := checkMerge(actor, reason)
	if err != nil {
		return Merge{}, err
	}
	first, err := d.customerID(ctx, a)
	if err != nil {
		return Merge{}, err
	}
	second, err := d.customerID(ctx, b)
	if err != nil {
		return Merge{}, err
	}
	m := Merge{ID: uuid.New(), Reason: reasonByHand, Actor: actor, At: time.Now()}
	err = d.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.LockCustomers(ctx); err != nil {
			return err
		}
		made, err := q.MergeCustomers(ctx, schema.MergeCustomersParams{ID: m.ID, A: first, B: second, Reason: reasonByHand, Actor: actor})
		if schema.NoRows(err) {
			return ticket.Errorf(ticket.CodeConflict, "the two are one customer already")
		}
		if err != nil {
			return err
		}
		m.MergedID, m.IntoID = made.MergedID, made.IntoID
		return noteMerge(ctx, q, actor, "merge_customers", reason, m)
	})
	return m, schema.Classify(err)
}

// Unmerge takes a merge back: the two are separate again, and nothing but a
// person makes them one. Codes: invalid, notfound, conflict if it is undone.
func (d *Desk) Unmerge(ctx context.Context, actor string, id uuid.UUID, reason string) (Merge, error) {
	reason, err := checkMerge(actor, reason)
	if err != nil {
		return Merge{}, err
	}
	var m Merge
	err = d.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.LockCustomers(ctx); err != nil {
			return err
		}
		before, err := q.Merge(ctx, id)
		if schema.NoRows(err) {
			return unknown("there is no merge with this id")
		}
		if err != nil {
			return err
		}
		_, err = q.UndoMerge(ctx, schema.UndoMergeParams{ID: id, Actor: actor})
		if schema.NoRows(err) {
			return ticket.Errorf(ticket.CodeConflict, "this merge was undone already")
		}
		if err != nil {
			return err
		}
		now := time.Now()
		m = Merge{
			ID: id, Reason: before.Reason, Actor: before.Actor, At: before.CreatedAt, UndoneAt: &now, UndoneBy: actor,
			MergedID: before.MergedID, IntoID: before.IntoID,
		}
		return noteMerge(ctx, q, actor, "unmerge_customers", reason, m)
	})
	return m, schema.Classify(err)
}

func checkMerge(actor, reason string) (string, error) {
	if err := CheckActor(actor); err != nil {
		return "", err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" || utf8.RuneCountInString(reason) > maxReason || !utf8.ValidString(reason) {
		return "", ticket.Errorf(ticket.CodeInvalid, "say why, in at most %d characters", maxReason)
	}
	return reason, nil
}

// noteMerge records in the audit log who has joined or parted customers.
func noteMerge(ctx context.Context, q *schema.Queries, actor, action, reason string, m Merge) error {
	return auditBecause(ctx, q, actor, action, "customer:"+m.IntoID.String(), reason, m)
}

// ReadMergeID reads the id of a merge as it is shown. Code: invalid.
func ReadMergeID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(strings.TrimSpace(s))
	if err != nil {
		return uuid.Nil, ticket.Errorf(ticket.CodeInvalid, "a merge is named by its id, which `fte customer show` prints")
	}
	return id, nil
}
