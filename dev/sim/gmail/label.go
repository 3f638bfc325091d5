package gmail

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// relabel changes the labels of a mail; the history tells only of those that
// really changed. The caller holds s.mu.
func (s *Server) relabel(b *box, m *Mail, add, remove []string) (*Mail, error) {
	gone := slices.DeleteFunc(slices.Clone(remove), func(label string) bool { return !m.has(label) })
	come := slices.DeleteFunc(slices.Clone(add), m.has)
	changed := *m
	changed.Labels = slices.DeleteFunc(slices.Clone(m.Labels), func(label string) bool { return slices.Contains(gone, label) })
	changed.Labels = append(changed.Labels, come...)
	e := event{Mailbox: b.address, Put: &changed}
	for _, change := range []struct {
		kind   string
		labels []string
	}{{labelRemoved, gone}, {labelAdded, come}} {
		if len(change.labels) > 0 {
			e.Records = append(e.Records, record{
				Change: change.kind, MailID: m.ID, ThreadID: m.ThreadID, Labels: change.labels, Has: changed.Labels,
			})
		}
	}
	return &changed, s.commit(e)
}

// Rescue takes a mail out of the spam folder, as a person does who presses "Not
// spam": the history tells that it lost SPAM and gained INBOX.
func (s *Server) Rescue(mailbox, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[strings.ToLower(mailbox)]
	if b == nil || b.mails[id] == nil || !b.mails[id].has(LabelSpam) {
		return fmt.Errorf("rescuing mail %s: it is not among the spam of %s", id, mailbox)
	}
	_, err := s.relabel(b, b.mails[id], []string{LabelInbox}, []string{LabelSpam})
	return err
}

// rescueAll takes every mail out of the spam folders.
func (s *Server) rescueAll() error {
	for _, m := range s.all() {
		if m.has(LabelSpam) {
			if err := s.Rescue(m.Mailbox, m.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// serveRescue is Rescue for other processes.
func (s *Server) serveRescue(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if err := s.Rescue(query.Get("mailbox"), query.Get("id")); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
