package staff

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/digital-fte/fte/channel/webform"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ModeSetting is what the assistant may do on a channel, or on one category of
// it, which then wins over the channel.
type ModeSetting struct {
	Channel  ticket.Channel `json:"channel"`
	Category string         `json:"category"` // empty: the channel as a whole
	Mode     ticket.Mode    `json:"mode"`
	SetAt    *time.Time     `json:"set_at"` // nil: nobody has set it
}

// ModeChange is one setting before and after. Removed means that the category
// has no mode of its own any more and follows its channel.
type ModeChange struct {
	Channel  ticket.Channel `json:"channel"`
	Category string         `json:"category"`
	Before   ticket.Mode    `json:"before"`
	After    ticket.Mode    `json:"after"`
	Removed  bool           `json:"removed,omitempty"`
}

// Modes returns the setting of every channel, each followed by the categories
// of it that have one of their own.
func (d *Desk) Modes(ctx context.Context) ([]ModeSetting, error) {
	rows, err := d.DB.AllModes(ctx)
	if err != nil {
		return nil, schema.Classify(err)
	}
	return settings(rows), nil
}

// settings fills in what nobody has set.
func settings(rows []schema.ChannelConfig) (all []ModeSetting) {
	for _, channel := range ticket.Channels() {
		whole := ModeSetting{Channel: channel, Mode: ticket.ModeAuto}
		var own []ModeSetting
		for _, r := range rows {
			switch {
			case r.Channel != channel:
			case r.Category == "":
				whole.Mode, whole.SetAt = r.Mode, &r.UpdatedAt
			default:
				own = append(own, ModeSetting{r.Channel, r.Category, r.Mode, &r.UpdatedAt})
			}
		}
		all = append(append(all, whole), own...)
	}
	return all
}

// SetMode sets what the assistant may do on a channel, or on one category of it,
// and returns what has changed. No channel means every channel. A whole channel's
// mode also removes those of its categories, so that switching everything off
// leaves nothing on. Once it has returned for off, no answer of the assistant is
// handed to a provider any more. Code invalid for words that are none of ours.
func (d *Desk) SetMode(ctx context.Context, actor string, mode ticket.Mode, channel ticket.Channel, category string) ([]ModeChange, error) {
	if err := checkMode(actor, mode, channel, category); err != nil {
		return nil, err
	}
	channels := ticket.Channels()
	if channel != "" {
		channels = []ticket.Channel{channel}
	}
	var changes []ModeChange
	err := d.DB.Tx(ctx, func(q *schema.Queries) error {
		if err := q.LockModes(ctx); err != nil {
			return err
		}
		rows, err := q.AllModes(ctx)
		if err != nil {
			return err
		}
		changes = changesOf(settings(rows), channels, mode, category)
		if err := q.StopClaims(ctx); err != nil {
			return err
		}
		for _, c := range channels {
			if err := q.PutMode(ctx, schema.PutModeParams{Channel: c, Category: category, Mode: mode}); err != nil {
				return err
			}
			if category == "" {
				if err := q.ForgetCategoryModes(ctx, c); err != nil {
					return err
				}
			}
		}
		return audit(ctx, q, actor, "set_mode", "mode", changes)
	})
	return changes, schema.Classify(err)
}

func checkMode(actor string, mode ticket.Mode, channel ticket.Channel, category string) error {
	if err := CheckActor(actor); err != nil {
		return err
	}
	switch known := webform.Categories(); {
	case !mode.Valid():
		return ticket.Errorf(ticket.CodeInvalid, "the mode must be off, draft or auto")
	case channel != "" && !channel.Valid():
		return badChannel()
	case category != "" && !slices.Contains(known, category):
		return ticket.Errorf(ticket.CodeInvalid, "the category must be one of %s", strings.Join(known, ", "))
	}
	return nil
}

// changesOf says what setting a mode does to the settings before it: what is set,
// even if it was the same, and the categories' own modes that are removed.
func changesOf(before []ModeSetting, channels []ticket.Channel, mode ticket.Mode, category string) (changes []ModeChange) {
	for _, channel := range channels {
		set := ModeChange{Channel: channel, Category: category, After: mode}
		var removed []ModeChange
		for _, s := range before {
			switch {
			case s.Channel != channel:
			case s.Category == "" || s.Category == category: // the channel comes first
				set.Before = s.Mode
			case category == "":
				removed = append(removed, ModeChange{Channel: channel, Category: s.Category, Before: s.Mode, After: mode, Removed: true})
			}
		}
		changes = append(append(changes, set), removed...)
	}
	return changes
}

// audit records who did what, in the transaction that does it.
func audit(ctx context.Context, q *schema.Queries, actor, action, object string, detail any) error {
	return auditBecause(ctx, q, actor, action, object, "", detail)
}

// auditBecause is audit with a reason.
func auditBecause(ctx context.Context, q *schema.Queries, actor, action, object, reason string, detail any) error {
	body, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	return q.NoteAudit(ctx, schema.NoteAuditParams{Actor: actor, Action: action, Object: object, Reason: reason, Detail: body})
}
