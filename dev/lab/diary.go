package lab

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

// The database keeps a diary of what must happen in order. Its lines are written
// under the locks that the service takes, so their numbers tell what came
// first, which the times of transactions do not.
const diarySQL = `
CREATE TABLE lab_diary (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL, conversation_id uuid, send_key text NOT NULL DEFAULT '', kind text NOT NULL DEFAULT ''
);
CREATE FUNCTION lab_note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lab_diary (event, conversation_id, send_key, kind) VALUES ('claim', NEW.conversation_id, NEW.send_key, NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER lab_claim AFTER UPDATE ON outbox FOR EACH ROW
    WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION lab_note_claim();
CREATE FUNCTION lab_note_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lab_diary (event, conversation_id) VALUES ('owner ' || NEW.owner, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER lab_owner AFTER UPDATE ON conversations FOR EACH ROW
    WHEN (NEW.owner <> OLD.owner) EXECUTE FUNCTION lab_note_owner();
CREATE FUNCTION lab_note_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lab_diary (event) VALUES ('mode ' || NEW.channel || ' ' || NEW.mode);
    RETURN NULL;
END $$;
CREATE TRIGGER lab_mode AFTER INSERT OR UPDATE ON channel_configs FOR EACH ROW
    WHEN (NEW.category = '') EXECUTE FUNCTION lab_note_mode();`

// Entry is one line of the diary.
type Entry struct {
	N int64
	// Event is "claim" when a part was taken for a provider call, "owner human",
	// "owner ai", or "mode <channel> <mode>".
	Event          string
	ConversationID *uuid.UUID
	SendKey        string
	Kind           ticket.Kind
}

// keepDiary makes the database keep the diary from now on.
func (l *Lab) keepDiary() {
	conn, err := pgx.Connect(l.t.Context(), l.Database)
	require.NoError(l.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(l.t.Context())) }()
	_, err = conn.Exec(l.t.Context(), diarySQL)
	require.NoError(l.t, err)
}

// Diary returns what happened so far, in order.
func (l *Lab) Diary() []Entry {
	l.t.Helper()
	return query[Entry](l.t.Context(), l, `SELECT * FROM lab_diary ORDER BY n`)
}

// checkOwners reports every part of the assistant that was taken for a provider
// call while a person owned its conversation.
func (l *Lab) checkOwners(ctx context.Context, report func(string, ...any)) {
	person := map[uuid.UUID]bool{}
	for _, e := range query[Entry](ctx, l, `SELECT * FROM lab_diary ORDER BY n`) {
		switch {
		case e.ConversationID == nil:
		case e.Event == "owner human":
			person[*e.ConversationID] = true
		case e.Event == "owner ai":
			person[*e.ConversationID] = false
		case e.Kind != ticket.KindReply && person[*e.ConversationID]:
			report("I7: %s was taken for a provider call after a person had taken over", e.SendKey)
		}
	}
}
