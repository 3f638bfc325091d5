package gmail

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	api "google.golang.org/api/gmail/v1"
)

// listHistory shows what happened after startHistoryId; one that is too old is
// not found.
func (s *Server) listHistory(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	start, err := strconv.ParseUint(query.Get("startHistoryId"), 10, 64)
	if err != nil {
		return nil, invalid("Invalid value at 'start_history_id'")
	}
	if start < b.oldest {
		return nil, notFound()
	}
	kinds, label := query["historyTypes"], query.Get("labelId")
	var found []record
	for _, r := range b.history {
		if r.ID > start && r.ID <= b.indexed() && (len(kinds) == 0 || slices.Contains(kinds, r.Change)) && (label == "" || r.concerns(label)) {
			found = append(found, r)
		}
	}
	from, to, next := page(query, len(found), 100)
	answer := &api.ListHistoryResponse{HistoryId: b.indexed(), NextPageToken: next}
	// By the time of the next question it is indexed.
	b.unindexed = 0
	for _, r := range found[from:to] {
		answer.History = append(answer.History, r.resource())
	}
	return answer, nil
}

// concerns reports whether the change is of a label or of a mail that has it.
func (r record) concerns(label string) bool {
	return slices.Contains(r.Labels, label) || slices.Contains(r.Has, label)
}

func (r record) resource() *api.History {
	brief := &api.Message{Id: r.MailID, ThreadId: r.ThreadID}
	labelled := &api.Message{Id: r.MailID, ThreadId: r.ThreadID, LabelIds: r.Labels}
	relabelled := &api.Message{Id: r.MailID, ThreadId: r.ThreadID, LabelIds: r.Has}
	shown := &api.History{Id: r.ID, Messages: []*api.Message{brief}}
	switch r.Change {
	case messageAdded:
		shown.MessagesAdded = []*api.HistoryMessageAdded{{Message: labelled}}
	case messageDeleted:
		shown.MessagesDeleted = []*api.HistoryMessageDeleted{{Message: labelled}}
	case labelAdded:
		shown.LabelsAdded = []*api.HistoryLabelAdded{{Message: relabelled, LabelIds: r.Labels}}
	case labelRemoved:
		shown.LabelsRemoved = []*api.HistoryLabelRemoved{{Message: relabelled, LabelIds: r.Labels}}
	}
	return shown
}

// ExpireHistory makes a mailbox forget its history: every history id given out
// so far is too old.
func (s *Server) ExpireHistory(mailbox string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(event{Mailbox: strings.ToLower(mailbox), Expire: true})
}

// HistoryID returns a mailbox's newest history id; 0 for an unknown mailbox.
func (s *Server) HistoryID(mailbox string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[strings.ToLower(mailbox)]; b != nil {
		return b.current
	}
	return 0
}
