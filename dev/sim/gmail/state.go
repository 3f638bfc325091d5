package gmail

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The labels the simulator uses.
const (
	LabelInbox  = "INBOX"
	LabelUnread = "UNREAD"
	LabelSent   = "SENT"
	LabelDraft  = "DRAFT"
	LabelSpam   = "SPAM"
	LabelTrash  = "TRASH"
)

// Mail is a mail as it lies in a mailbox.
type Mail struct {
	ID        string    `json:"id"`
	ThreadID  string    `json:"thread_id"`
	Mailbox   string    `json:"mailbox"`
	Labels    []string  `json:"labels"`
	HistoryID uint64    `json:"history_id"`
	At        time.Time `json:"at"`
	Raw       []byte    `json:"raw"`
}

func (m *Mail) has(label string) bool { return slices.Contains(m.Labels, label) }

// record is one entry of a mailbox's history.
type record struct {
	ID       uint64 `json:"id"`
	Change   string `json:"change"`
	MailID   string `json:"mail_id"`
	ThreadID string `json:"thread_id"`
	// Labels are those that changed; of a mail that came or went, all it has.
	Labels []string `json:"labels"`
	// Has are the labels of a mail whose labels changed, afterwards.
	Has []string `json:"has,omitempty"`
}

// The changes a record tells of, as historyTypes names them.
const (
	messageAdded   = "messageAdded"
	messageDeleted = "messageDeleted"
	labelAdded     = "labelAdded"
	labelRemoved   = "labelRemoved"
)

// event is one change of the state; the state file is a list of them.
type event struct {
	Mailbox string   `json:"mailbox,omitempty"`
	Put     *Mail    `json:"put,omitempty"`
	Remove  string   `json:"remove,omitempty"`
	DraftID string   `json:"draft_id,omitempty"`
	Records []record `json:"records,omitempty"`
	Expire  bool     `json:"expire,omitempty"`
	Watch   *watch   `json:"watch,omitempty"`
	Key     string   `json:"key,omitempty"`
	// Epoch invalidates the tokens of earlier epochs.
	Epoch int `json:"epoch,omitempty"`
}

// box is one of our mailboxes.
type box struct {
	address string
	// current is the newest history id, oldest the first one that is still known.
	current, oldest uint64
	mails           map[string]*Mail
	order           []string
	drafts          map[string]string
	history         []record
	watch           watch
	// byMessageID finds mails by the Message-ID others refer to.
	byMessageID map[string][]*Mail
	// unindexed is the first history id that the list does not show yet; 0 is none.
	unindexed uint64
	// pushing says that a push hook runs, again that it has to run once more.
	pushing, again bool
}

func newBox(address string) *box {
	return &box{
		address: address, current: 1000, oldest: 1000,
		mails: map[string]*Mail{}, drafts: map[string]string{}, byMessageID: map[string][]*Mail{},
	}
}

// commit applies and keeps an event, numbering its records, and tells whoever
// watches. The caller holds s.mu.
func (s *Server) commit(e event) error {
	b := s.boxes[e.Mailbox]
	if b != nil {
		for i := range e.Records {
			e.Records[i].ID = b.current + uint64(i) + 1
		}
		if e.Put != nil && len(e.Records) > 0 {
			e.Put.HistoryID = e.Records[len(e.Records)-1].ID
		}
	}
	if err := s.journal.Append(e); err != nil {
		return fmt.Errorf("keeping the change: %w", err)
	}
	s.apply(e)
	s.changed.Broadcast()
	if b != nil && len(e.Records) > 0 {
		if b.unindexed == 0 && arrives(e.Records) && s.faults.Take(EarlyPush) {
			b.unindexed = e.Records[0].ID
		}
		s.notify(b, e.Records)
	}
	return nil
}

// apply is the only place that changes a box.
func (s *Server) apply(e event) {
	if e.Key != "" {
		s.keyPEM = e.Key
	}
	s.epoch = max(s.epoch, e.Epoch)
	if e.Mailbox == "" {
		return
	}
	b := s.boxes[e.Mailbox]
	if b == nil {
		b = newBox(e.Mailbox)
		s.boxes[e.Mailbox] = b
	}
	if m := b.mails[e.Remove]; m != nil {
		b.unindex(m)
		delete(b.mails, e.Remove)
		b.order = slices.DeleteFunc(b.order, func(id string) bool { return id == e.Remove })
		delete(b.drafts, e.DraftID)
	}
	if e.Put != nil {
		if known := b.mails[e.Put.ID]; known != nil {
			b.unindex(known)
		} else {
			b.order = append(b.order, e.Put.ID)
			if e.Put.has(LabelSent) {
				s.sent = append(s.sent, e.Put.sent())
			}
		}
		b.mails[e.Put.ID] = e.Put
		id := get(e.Put.Raw, "Message-ID")
		b.byMessageID[id] = append(b.byMessageID[id], e.Put)
		if e.Put.has(LabelDraft) && e.DraftID != "" {
			b.drafts[e.DraftID] = e.Put.ID
		}
	}
	for _, r := range e.Records {
		b.history = append(b.history, r)
		b.current = r.ID
	}
	if e.Expire {
		b.history = nil
		b.current++
		b.oldest = b.current
	}
	if e.Watch != nil {
		b.watch = *e.Watch
	}
}

// arrives reports whether the records tell of a mail from outside.
func arrives(records []record) bool {
	return slices.ContainsFunc(records, func(r record) bool {
		return r.Change == messageAdded && !slices.Contains(r.Labels, LabelDraft) && !slices.Contains(r.Labels, LabelSent)
	})
}

// indexed is the newest history id that the API knows of.
func (b *box) indexed() uint64 {
	if b.unindexed > 0 {
		return b.unindexed - 1
	}
	return b.current
}

func (b *box) unindex(m *Mail) {
	id := get(m.Raw, "Message-ID")
	b.byMessageID[id] = slices.DeleteFunc(b.byMessageID[id], func(other *Mail) bool { return other == m })
}

// added is the event of a mail that was not there before.
func added(m *Mail) event {
	return event{Mailbox: m.Mailbox, Put: m, Records: []record{{
		Change: messageAdded, MailID: m.ID, ThreadID: m.ThreadID, Labels: m.Labels,
	}}}
}

// removed is the event of a mail that is gone for good.
func removed(m *Mail) event {
	return event{Mailbox: m.Mailbox, Remove: m.ID, Records: []record{{
		Change: messageDeleted, MailID: m.ID, ThreadID: m.ThreadID, Labels: m.Labels,
	}}}
}

// newID returns 16 hexadecimal digits, as ids of mails and threads have.
func newID() string { return fmt.Sprintf("1%015x", random()>>4) }

func newDraftID() string { return "r" + strconv.FormatUint(random()>>1, 10) }

func random() uint64 {
	var b [8]byte
	// Never fails: see crypto/rand.Read.
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}
