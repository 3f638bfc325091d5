package email

import (
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/gmail/v1"

	"github.com/digital-fte/fte/ticket"
)

const (
	historyPage = 500
	listPage    = 500
)

// Labels of Gmail that decide what happens to a mail.
const (
	LabelSent  = "SENT"
	LabelDraft = "DRAFT"
	LabelSpam  = "SPAM"
	LabelTrash = "TRASH"
	LabelChat  = "CHAT"
	LabelInbox = "INBOX"
)

// MessageRef names a mail of the mailbox.
type MessageRef struct {
	GmailID  string
	ThreadID string
	Labels   []string // as they were when the mail was added; nil when they are not known
	Moved    bool     // the mail was there before and somebody has moved it to the inbox
}

// Skip reports labels of a mail that is none of our business: a draft, spam,
// trash or a chat. A SENT one is: it may be a person's reply.
func Skip(labels []string) bool {
	return slices.ContainsFunc(labels, func(label string) bool {
		return slices.Contains([]string{LabelDraft, LabelSpam, LabelTrash, LabelChat}, label)
	})
}

// Profile returns the mailbox's current history id.
func (c *Client) Profile(ctx context.Context) (historyID uint64, err error) {
	err = read(ctx, "reading the mailbox's profile", func(ctx context.Context) error {
		profile, err := c.service.Users.GetProfile(me).Context(ctx).Do()
		if err == nil {
			historyID = profile.HistoryId
		}
		return err
	})
	return historyID, err
}

// Watch asks Gmail to push changes to the Pub/Sub topic until expiration,
// seven days at most; calling it again renews it.
func (c *Client) Watch(ctx context.Context, topic string) (historyID uint64, expiration time.Time, err error) {
	err = read(ctx, "watching the mailbox", func(ctx context.Context) error {
		watch, err := c.service.Users.Watch(me, &gmail.WatchRequest{TopicName: topic}).Context(ctx).Do()
		if err == nil {
			historyID, expiration = watch.HistoryId, time.UnixMilli(watch.Expiration)
		}
		return err
	})
	return historyID, expiration, err
}

// Changes returns the mails added since a history id, oldest first and each
// once, and the history id to go on from. A mail is also added when somebody
// says that it is no spam. CodeNotFound means that Gmail no longer knows the
// id: use ListSince.
func (c *Client) Changes(ctx context.Context, startHistoryID uint64) (refs []MessageRef, next uint64, err error) {
	err = read(ctx, "listing the mailbox's changes", func(ctx context.Context) error {
		var found changes
		// Every page is asked for with the same start: moving it on in between
		// loses mail.
		call := c.service.Users.History.List(me).StartHistoryId(startHistoryID).
			HistoryTypes("messageAdded", "labelAdded", "labelRemoved").MaxResults(historyPage)
		err := call.Pages(ctx, func(page *gmail.ListHistoryResponse) error {
			next = max(next, page.HistoryId)
			for _, record := range page.History {
				found.add(record)
			}
			return nil
		})
		refs = found.refs
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return refs, max(next, startHistoryID), nil
}

// changes collects what a mailbox's history tells.
type changes struct {
	refs []MessageRef
	at   map[string]int // of each mail in refs
}

func (c *changes) add(record *gmail.History) {
	for _, added := range record.MessagesAdded {
		if m := added.Message; m != nil {
			c.put(MessageRef{GmailID: m.Id, ThreadID: m.ThreadId, Labels: m.LabelIds})
		}
	}
	for _, removed := range record.LabelsRemoved {
		switch m := removed.Message; {
		case m == nil:
		case slices.Contains(removed.LabelIds, LabelSpam), slices.Contains(removed.LabelIds, LabelDraft):
			c.release(MessageRef{GmailID: m.Id, ThreadID: m.ThreadId})
		case slices.Contains(removed.LabelIds, LabelTrash):
			c.release(MessageRef{GmailID: m.Id, ThreadID: m.ThreadId, Moved: true})
		}
	}
	for _, added := range record.LabelsAdded {
		if m := added.Message; m != nil && slices.Contains(added.LabelIds, LabelInbox) {
			c.release(MessageRef{GmailID: m.Id, ThreadID: m.ThreadId, Moved: true})
		}
	}
}

func (c *changes) put(ref MessageRef) {
	if c.at == nil {
		c.at = map[string]int{}
	}
	if _, known := c.at[ref.GmailID]; !known {
		c.at[ref.GmailID] = len(c.refs)
		c.refs = append(c.refs, ref)
	}
}

// release is for a mail whose label has kept it from us until now: its present
// labels count.
func (c *changes) release(ref MessageRef) {
	c.put(ref)
	known := &c.refs[c.at[ref.GmailID]]
	known.Labels = nil
	known.Moved = known.Moved && ref.Moved
}

// ListSince returns the mails received or sent after a time, oldest first, for
// the resync after a lost history id. Take the new cursor from Profile before.
// Drafts, spam and trash are left out.
func (c *Client) ListSince(ctx context.Context, after time.Time) ([]MessageRef, error) {
	var refs []MessageRef
	err := read(ctx, "listing the mailbox", func(ctx context.Context) error {
		call := c.service.Users.Messages.List(me).Q(fmt.Sprintf("after:%d -in:drafts", after.Unix())).MaxResults(listPage)
		return call.Pages(ctx, func(page *gmail.ListMessagesResponse) error {
			for _, m := range page.Messages {
				refs = append(refs, MessageRef{GmailID: m.Id, ThreadID: m.ThreadId})
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(refs) // Gmail lists the newest first
	return refs, nil
}

// Raw returns a mail as it came. CodeNotFound means that it has been deleted
// meanwhile. Of a mail that is too large to be fetched come the header and its
// first words, with a note in the place of the rest.
func (c *Client) Raw(ctx context.Context, gmailID string) (raw []byte, threadID string, internalDate time.Time, labels []string, err error) {
	m, err := c.message(ctx, gmailID, "raw")
	if ticket.CodeOf(err) == ticket.CodeTooLarge {
		if m, err = c.message(ctx, gmailID, "metadata"); err == nil {
			raw = preview(m)
		}
	} else if err == nil {
		raw, err = decodeBase64(m.Raw)
		if err != nil || len(raw) == 0 {
			err = ticket.Errorf(ticket.CodeUnavailable, "reading a mail: Gmail's answer has no content")
		}
	}
	if err != nil {
		return nil, "", time.Time{}, nil, err
	}
	return raw, m.ThreadId, time.UnixMilli(m.InternalDate), m.LabelIds, nil
}

// MessageID returns the Message-ID header a mail really has: Gmail replaces
// the one we wrote, and customers' answers refer to Gmail's. For a mail that was
// sent it is free of our own limit: SendDraft has taken what it costs.
func (c *Client) MessageID(ctx context.Context, gmailID string) (string, error) {
	m, err := c.message(proving(ctx), gmailID, "metadata", "Message-ID")
	if err != nil {
		return "", err
	}
	return firstOf(messageIDs(headerOf(m, "Message-ID"))), nil
}

func (c *Client) message(ctx context.Context, gmailID, format string, headers ...string) (m *gmail.Message, err error) {
	err = read(ctx, "reading a mail", func(ctx context.Context) error {
		call := c.service.Users.Messages.Get(me, gmailID).Format(format).Context(ctx)
		if len(headers) > 0 {
			call.MetadataHeaders(headers...)
		}
		m, err = call.Do()
		return err
	})
	return m, err
}

func headerOf(m *gmail.Message, name string) string {
	if m == nil || m.Payload == nil {
		return ""
	}
	for _, h := range m.Payload.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// preview makes a mail of what Gmail tells about one.
func preview(m *gmail.Message) []byte {
	var b strings.Builder
	if m.Payload != nil {
		for _, h := range m.Payload.Headers {
			name := strings.ToLower(h.Name)
			if !strings.HasPrefix(name, "content-") && name != "mime-version" {
				b.WriteString(cleanLine(h.Name, maxName) + ": " + cleanLine(h.Value, len(h.Value)) + "\r\n")
			}
		}
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := html.UnescapeString(m.Snippet) + "\n\n[This mail is too large to be read here. Open it in the mailbox.]\n"
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(text))), foldAt) {
		b.Write(line)
		b.WriteString("\r\n")
	}
	return []byte(b.String())
}
