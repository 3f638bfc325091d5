package activities_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/activities"
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
		"good":           {"The link to reset your password is valid for 30 minutes.", []uuid.UUID{cited}, nil},
		"thanks alone":   {"You are welcome!", nil, []string{"style"}},
		"no source":      {"The link is valid for 30 minutes.", nil, []string{"citations", "grounding"}},
		"not found":      {"The link to reset your password is valid for 30 minutes.", []uuid.UUID{cited, uuid.New()}, []string{"citations"}},
		"another number": {"The link to reset your password is valid for 40 minutes.", []uuid.UUID{cited}, []string{"grounding"}},
		"a promise":      {"The link to reset your password is valid for 30 minutes. I have sent you a new one.", []uuid.UUID{cited}, []string{"grounding", "promises"}},
		"the marker":     {"The link to reset your password is valid for 30 minutes. " + opened.TurnID.String()[:13], []uuid.UUID{cited}, []string{"grounding", "leaks"}},
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
	res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: w.draft(opened.TurnID, "The link to reset your password is valid for 30 minutes. A parcel to Germany takes two days.", cites...)})
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
			require.Equal(t, passes, verdictOf(t, res, "style").Passed, "%s %d", channel, words)
		}
	}
}

func verdictOf(t *testing.T, res ticket.ReviewReplyResult, rule string) ticket.Verdict {
	t.Helper()
	i := slices.IndexFunc(res.Verdicts, func(v ticket.Verdict) bool { return v.Rule == rule })
	require.GreaterOrEqual(t, i, 0, "no verdict %s", rule)
	return res.Verdicts[i]
}

func TestTheReviewSaysHowSureItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.options.Policy.Confidence = activities.Thresholds{"": 0.6, "technical": 0.9}
	opened, found := w.asked(resetQuestion)
	res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{
		DraftID: w.draft(opened.TurnID, "The link to reset your password is valid for 30 minutes.", found.Chunks[0].ID),
	})
	require.NoError(t, err)
	require.True(t, res.Passed)
	require.InDelta(t, 0.5+0.3+0.2*0.9, res.Confidence, 0.02, "supported, found first, and the model says 0.9")
	require.InDelta(t, 0.9, res.Threshold, 0.001, "that of its category")
	require.Equal(t, "true", w.scalar("SELECT (confidence > 0.9)::text FROM turns WHERE id = '"+opened.TurnID.String()+"'"))
}

// What words alone do not support is looked at again by meaning, and a number
// that is wrong stays wrong.
func TestADeepReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	opened, found := w.asked(resetQuestion)
	wrong := w.draft(opened.TurnID, "You can use the link to reset your password for 45 minutes.", found.Chunks[0].ID)
	for _, deep := range []bool{false, true} {
		res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: wrong, Deep: deep})
		require.NoError(t, err)
		require.False(t, res.Passed)
		require.False(t, verdictOf(t, res, "grounding").Passed)
	}
}

// The leak guard knows the prompt that a draft was written by, also when it is
// not the newest.
func TestTheReviewKnowsThePromptOfTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withModel(articles())
	w.options.Policy.Spending.Prompt = "support-v1"
	in := w.question()
	old := w.callOf(in).CallID
	w.options.Policy.Spending.Prompt = ""
	newest := w.callOf(in).CallID
	for call, passes := range map[uuid.UUID]bool{old: false, newest: true} {
		draft := w.draft(in.TurnID, "Answer that part and say plainly what you could not find.")
		w.exec(fmt.Sprintf(`UPDATE model_calls SET prompt_version = (SELECT prompt_version FROM model_calls WHERE id = '%s')
			FROM drafts d WHERE d.id = '%s' AND model_calls.id = d.model_call_id`, call, draft))
		res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: draft})
		require.NoError(t, err)
		require.Equal(t, passes, verdictOf(t, res, "leaks").Passed)
	}
}

// What the customer said in an earlier turn may be said again as his words.
func TestTheReviewKnowsWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"Our freezer stands in the cellar. Thanks!", "Thanks!"} {
		w := newWorld(t).withModel(articles())
		conv := w.conversation(ticket.WebForm)
		w.turn(conv, before)
		opened := w.turn(conv, resetQuestion)
		found, err := w.search(opened.TurnID, uuid.Nil)
		require.NoError(t, err)
		draft := w.draft(opened.TurnID, "As you wrote, your freezer stands in the cellar. The link to reset your password is valid for 30 minutes.", found.Chunks[0].ID)
		res, err := run(w, w.acts().ReviewReply, ticket.ReviewReplyInput{DraftID: draft})
		require.NoError(t, err)
		require.Equal(t, strings.Contains(before, "cellar"), res.Passed, "%v", res.Verdicts)
	}
}
