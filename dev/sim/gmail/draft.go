package gmail

import (
	"net/http"
	"slices"
	"time"

	api "google.golang.org/api/gmail/v1"
)

func (s *Server) createDraft(b *box, r *http.Request) (any, error) {
	raw, threadID, err := submitted(r, true)
	if err != nil {
		return nil, err
	}
	if threadID != "" && !b.threadExists(threadID) {
		return nil, notFound()
	}
	m := &Mail{ID: newID(), Mailbox: b.address, Labels: []string{LabelDraft}, At: time.Now().UTC(), Raw: raw}
	m.ThreadID = b.thread(raw, threadID, m.ID)
	e := added(m)
	e.DraftID = newDraftID()
	if err := s.commit(e); err != nil {
		return nil, err
	}
	return &api.Draft{Id: e.DraftID, Message: brief(m)}, nil
}

func brief(m *Mail) *api.Message {
	return &api.Message{Id: m.ID, ThreadId: m.ThreadID, LabelIds: m.Labels}
}

func (s *Server) getDraft(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	m := b.mails[b.drafts[r.PathValue("id")]]
	if m == nil {
		return nil, notFound()
	}
	if !validFormat(query.Get("format")) {
		return nil, invalid("Invalid value at 'format'")
	}
	return &api.Draft{Id: r.PathValue("id"), Message: m.resource(query.Get("format"), nil)}, nil
}

func (s *Server) listDrafts(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	matches, err := search(query.Get("q"))
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for draft, id := range b.drafts {
		ids[id] = draft
	}
	var found []*api.Draft
	for _, id := range slices.Backward(b.order) {
		if draft := ids[id]; draft != "" && matches(b.mails[id]) {
			m := b.mails[id]
			found = append(found, &api.Draft{Id: draft, Message: &api.Message{Id: m.ID, ThreadId: m.ThreadID}})
		}
	}
	start, end, next := page(query, len(found), 100)
	return &api.ListDraftsResponse{Drafts: found[start:end], NextPageToken: next, ResultSizeEstimate: int64(len(found))}, nil
}

func (s *Server) deleteDraft(b *box, r *http.Request) (any, error) {
	m := b.mails[b.drafts[r.PathValue("id")]]
	if m == nil {
		return nil, notFound()
	}
	e := removed(m)
	e.DraftID = r.PathValue("id")
	return nil, s.commit(e)
}

// sendDraft sends a draft once: it is gone afterwards, and the mail that was
// sent has an id of its own.
func (s *Server) sendDraft(b *box, r *http.Request) (any, error) {
	var request api.Draft
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	draft := b.mails[b.drafts[request.Id]]
	if draft == nil {
		return nil, notFound()
	}
	raw := draft.Raw
	if request.Message != nil && request.Message.Raw != "" {
		replaced, err := decodeRaw(request.Message.Raw)
		if err != nil {
			return nil, err
		}
		raw = replaced
	}
	sent, err := s.outgoing(b, raw, "")
	if err != nil {
		return nil, err
	}
	sent.ThreadID = draft.ThreadID
	e := removed(draft)
	e.DraftID, e.Put = request.Id, sent
	e.Records = append(e.Records, added(sent).Records...)
	if err := s.dispatch(e); err != nil {
		return nil, err
	}
	return brief(sent), nil
}

// Drafts returns the mails that are drafts of a mailbox now, by draft id.
func (s *Server) Drafts(mailbox string) map[string]Mail {
	b := s.box(mailbox)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]Mail{}
	if b != nil {
		for draft, id := range b.drafts {
			found[draft] = *b.mails[id]
		}
	}
	return found
}
