package email

import (
	"context"
	"encoding/base64"
	"slices"

	"google.golang.org/api/gmail/v1"

	"github.com/digital-fte/fte/ticket"
)

const (
	recentPage  = 100
	recentMails = 200 // how far back a mail is looked for when its thread is not known
)

// CreateDraft stores a composed mail as a draft in the thread; threadID is
// empty for a new one. A failure after the draft was made leaves an orphan
// that is never sent by itself, so any failure is safe to repeat; FindDraft
// saves the orphan.
func (c *Client) CreateDraft(ctx context.Context, raw []byte, threadID string) (draftID string, err error) {
	draft := &gmail.Draft{Message: &gmail.Message{
		Raw: base64.URLEncoding.EncodeToString(raw), ThreadId: threadID,
	}}
	err = read(ctx, "creating a draft", func(ctx context.Context) error {
		created, err := c.service.Users.Drafts.Create(me, draft).Context(ctx).Do()
		if err == nil {
			draftID = created.Id
		}
		return err
	})
	if err == nil && draftID == "" {
		err = ticket.Errorf(ticket.CodeUnavailable, "creating a draft: Gmail's answer has no id")
	}
	return draftID, err
}

// SendDraft sends a draft, which then ceases to exist. CodeUnknownOutcome
// means that it may have been sent: ask DraftExists, then FindSent, before it
// is sent again. CodeUnavailable means that it certainly was not, CodeNotFound
// that there is no such draft: it was sent before, or somebody deleted it.
func (c *Client) SendDraft(ctx context.Context, draftID string) (gmailID, threadID string, err error) {
	err = send(ctx, "sending a draft", func(ctx context.Context) error {
		sent, err := c.service.Users.Drafts.Send(me, &gmail.Draft{Id: draftID}).Context(ctx).Do()
		if err == nil {
			gmailID, threadID = sent.Id, sent.ThreadId
		}
		return err
	})
	if err == nil && gmailID == "" {
		err = ticket.Errorf(ticket.CodeUnknownOutcome, "sending a draft: Gmail's answer has no id")
	}
	return gmailID, threadID, err
}

// DraftExists reports whether the draft is still there, which is the evidence
// that it was not sent.
func (c *Client) DraftExists(ctx context.Context, draftID string) (bool, error) {
	err := read(ctx, "reading a draft", func(ctx context.Context) error {
		_, err := c.service.Users.Drafts.Get(me, draftID).Format("minimal").Context(ctx).Do()
		return err
	})
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// FindDraft looks among the latest drafts for the one with our outbound id.
func (c *Client) FindDraft(ctx context.Context, outboundID string) (draftID string, found bool, err error) {
	var drafts []*gmail.Draft
	err = read(ctx, "listing drafts", func(ctx context.Context) error {
		list, err := c.service.Users.Drafts.List(me).MaxResults(recentPage).Context(ctx).Do()
		if err == nil {
			drafts = list.Drafts
		}
		return err
	})
	if err != nil {
		return "", false, err
	}
	for _, draft := range drafts {
		if draft.Message == nil {
			continue
		}
		ours, err := c.carries(ctx, draft.Message.Id, outboundID)
		if ours || err != nil {
			return draft.Id, ours, err
		}
	}
	return "", false, nil
}

// FindSent looks for a sent mail with our outbound id: in its thread, and if
// that is empty or does not hold it, among the latest sent mails. Only what
// carries the label SENT counts, so a customer cannot forge the evidence.
func (c *Client) FindSent(ctx context.Context, threadID, outboundID string) (gmailID string, found bool, err error) {
	if threadID != "" {
		gmailID, found, err = c.findInThread(ctx, threadID, outboundID)
		if found || err != nil {
			return gmailID, found, err
		}
	}
	var recent []string
	err = read(ctx, "listing sent mails", func(ctx context.Context) error {
		token := ""
		for len(recent) < recentMails {
			call := c.service.Users.Messages.List(me).LabelIds(LabelSent).MaxResults(recentPage).Context(ctx)
			if token != "" {
				call.PageToken(token)
			}
			page, err := call.Do()
			if err != nil {
				return err
			}
			for _, m := range page.Messages {
				recent = append(recent, m.Id)
			}
			if token = page.NextPageToken; token == "" {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return "", false, err
	}
	for _, id := range recent {
		ours, err := c.carries(ctx, id, outboundID)
		if ours || err != nil {
			return id, ours, err
		}
	}
	return "", false, nil
}

func (c *Client) findInThread(ctx context.Context, threadID, outboundID string) (gmailID string, found bool, err error) {
	var thread *gmail.Thread
	err = read(ctx, "reading a thread", func(ctx context.Context) error {
		thread, err = c.service.Users.Threads.Get(me, threadID).Format("metadata").
			MetadataHeaders(headerOutboundID).Context(ctx).Do()
		return err
	})
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	for _, m := range thread.Messages {
		if slices.Contains(m.LabelIds, LabelSent) && headerOf(m, headerOutboundID) == outboundID {
			return m.Id, true, nil
		}
	}
	return "", false, nil
}

// carries reports whether a mail has our outbound id; one deleted since it was
// listed does not.
func (c *Client) carries(ctx context.Context, gmailID, outboundID string) (bool, error) {
	m, err := c.message(ctx, gmailID, "metadata", headerOutboundID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return headerOf(m, headerOutboundID) == outboundID, nil
}
