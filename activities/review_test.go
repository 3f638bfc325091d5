package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

func TestTheReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	cited := found.Chunks[0].ID
	for name, tc := range map[string]struct {
		body   string
		cites  []uuid.UUID
		failed []string
	}{
		"good":        {"It is valid for 30 minutes.", []uuid.UUID{cited}, nil},
		"no source":   {"Forever.", nil, []string{"citations"}},
		"not found":   {"Forever.", []uuid.UUID{cited, uuid.New()}, []string{"citations"}},
		"empty":       {" \n", []uuid.UUID{cited}, []string{"length"}},
		"as long as":  {strings.Repeat("a ", 1600), []uuid.UUID{cited}, nil},
		"too long":    {strings.Repeat("a ", 1601), []uuid.UUID{cited}, []string{"length"}},
		"both faults": {strings.Repeat("a ", 1601), nil, []string{"citations", "length"}},
	} {
		draft := w.draft(opened.TurnID, tc.body, tc.cites...)
		res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: draft})
		require.NoError(t, err, name)
		var failed []string
		for _, v := range res.Verdicts {
			require.Equal(t, v.Passed, v.Reason == "", name)
			if !v.Passed {
				failed = append(failed, v.Rule)
			}
		}
		require.Equal(t, tc.failed, failed, name)
		require.Equal(t, tc.failed == nil, res.Passed, name)
		stored, err := w.db.Draft(t.Context(), draft)
		require.NoError(t, err)
		encoded, err := json.Marshal(res.Verdicts)
		require.NoError(t, err)
		require.JSONEq(t, string(encoded), string(stored.Verdicts), name)
		turn, err := w.db.Turn(t.Context(), opened.TurnID)
		require.NoError(t, err)
		require.JSONEq(t, string(encoded), string(turn.Verdicts), name)
	}
	_, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: uuid.New()})
	requireRefused(t, err, ticket.CodeNotFound, true)
}

func TestTheReviewNamesTheSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked("How long is the link to reset my password valid, and how many days takes a parcel to Germany?")
	require.GreaterOrEqual(t, len(found.Chunks), 2)
	slugs := map[uuid.UUID]string{}
	var cites []uuid.UUID
	var want []string
	for _, c := range found.Chunks {
		slugs[c.ID] = w.scalar("SELECT a.slug FROM knowledge_base k JOIN knowledge_articles a ON a.id = k.article_id WHERE k.id = '" + c.ID.String() + "'")
		cites = append([]uuid.UUID{c.ID}, cites...)
	}
	for _, id := range cites {
		want = append(want, slugs[id])
	}
	require.ElementsMatch(t, []string{"password", "shipping"}, want)
	res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: w.draft(opened.TurnID, "Both.", cites...)})
	require.NoError(t, err)
	require.True(t, res.Passed)
	require.Equal(t, want, res.Sources, "in the order of the citations")
}

func TestEachChannelHasItsLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	for channel, limit := range map[ticket.Channel]int{ticket.Email: 400, ticket.WebForm: 200} {
		opened := w.turn(w.conversation(channel), resetQuestion)
		found, err := w.search(opened.TurnID, uuid.Nil)
		require.NoError(t, err)
		for words, passes := range map[int]bool{limit: true, limit + 1: false} {
			draft := w.draft(opened.TurnID, strings.Repeat("word ", words), found.Chunks[0].ID)
			res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: draft})
			require.NoError(t, err)
			require.Equal(t, passes, res.Passed, "%s %d", channel, words)
		}
	}
}
