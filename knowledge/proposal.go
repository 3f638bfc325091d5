package knowledge

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// ProposalState is how far a proposed article has come.
type ProposalState string

// The states of a proposal. Skipped is a ticket that was looked at and adds
// nothing.
const (
	Proposed  ProposalState = "proposed"
	Approved  ProposalState = "approved"
	Rejected  ProposalState = "rejected"
	Withdrawn ProposalState = "withdrawn"
	Skipped   ProposalState = "skipped"
)

// ProposalStates returns every state.
func ProposalStates() []ProposalState {
	return []ProposalState{Proposed, Approved, Rejected, Withdrawn, Skipped}
}

// Proposal is what a person's answer could add to the knowledge base.
type Proposal struct {
	ID       uuid.UUID     `json:"id"`
	State    ProposalState `json:"state"`
	Slug     string        `json:"slug"` // of the article that it is, once approved
	Title    string        `json:"title"`
	Body     string        `json:"body,omitempty"` // markdown; left out of lists
	Language string        `json:"language"`
	Ticket   string        `json:"ticket"` // the number of the ticket it comes from
	// SimilarSlug is the article or proposal it resembles most, Similarity the cosine.
	SimilarSlug string     `json:"similar_slug,omitempty"`
	Similarity  float64    `json:"similarity,omitzero"`
	Reason      string     `json:"reason,omitempty"` // why it was skipped, rejected or withdrawn
	DecidedBy   string     `json:"decided_by,omitempty"`
	DecidedAt   *time.Time `json:"decided_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
}

// Proposals returns the proposals in these states, the oldest first, without
// their texts. Errors as schema.Classify.
func (b *Base) Proposals(ctx context.Context, states ...ProposalState) ([]Proposal, error) {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	rows, err := b.db.Proposals(ctx, names)
	if err != nil {
		return nil, schema.Classify(err)
	}
	found := make([]Proposal, len(rows))
	for i, r := range rows {
		found[i] = Proposal{
			ID: r.ID, State: ProposalState(r.State), Slug: r.Slug, Title: r.Title, Language: r.Language, Ticket: r.Number,
			SimilarSlug: r.SimilarSlug, Similarity: r.Similarity, Reason: r.Reason, DecidedBy: r.DecidedBy, DecidedAt: r.DecidedAt, CreatedAt: r.CreatedAt,
		}
	}
	return found, nil
}

// Proposal returns the one whose id begins with prefix. Errors: CodeNotFound,
// CodeInvalid when several do, else as schema.Classify.
func (b *Base) Proposal(ctx context.Context, prefix string) (Proposal, error) {
	rows, err := b.db.ProposalsLike(ctx, strings.ToLower(strings.TrimSpace(prefix)))
	switch {
	case err != nil:
		return Proposal{}, schema.Classify(err)
	case len(rows) == 0:
		return Proposal{}, ticket.Errorf(ticket.CodeNotFound, "there is no proposal %s: `fte kb proposals` lists them", prefix)
	case len(rows) > 1:
		return Proposal{}, ticket.Errorf(ticket.CodeInvalid, "several proposals begin with %s: write more of the id", prefix)
	}
	r := rows[0]
	return Proposal{
		ID: r.ID, State: ProposalState(r.State), Slug: r.Slug, Title: r.Title, Body: r.Body, Language: r.Language, Ticket: r.Number,
		SimilarSlug: r.SimilarSlug, Similarity: r.Similarity, Reason: r.Reason, DecidedBy: r.DecidedBy, DecidedAt: r.DecidedAt, CreatedAt: r.CreatedAt,
	}, nil
}

// EditProposal gives a proposal that waits the text of a markdown file, whose
// front matter or first heading names its title, and which keeps the old title
// without. Errors: CodeInvalid for a file that cannot be used, CodeConflict
// when the proposal does not wait any more, else as schema.Classify.
func (b *Base) EditProposal(ctx context.Context, p Proposal, file []byte) error {
	a, err := parseArticle("proposal.md", p.Slug, file)
	if err != nil {
		a, err = parseArticle("proposal.md", p.Slug, append([]byte("# "+p.Title+"\n\n"), file...))
	}
	if err != nil {
		return ticket.Errorf(ticket.CodeInvalid, "the file cannot be used: %v", err)
	}
	n, err := b.db.EditProposal(ctx, schema.EditProposalParams{ID: p.ID, Title: a.title, Body: a.body, Language: a.language})
	if err != nil {
		return schema.Classify(err)
	}
	if n == 0 {
		return notWaiting(p)
	}
	return nil
}

// Approve lets a proposal in: from the next version on it is searched. Errors:
// CodeConflict when it does not wait, else as schema.Classify.
func (b *Base) Approve(ctx context.Context, p Proposal, by string) error {
	return b.decide(ctx, p, Proposed, Approved, by, "")
}

// Reject refuses a proposal. Errors as Approve.
func (b *Base) Reject(ctx context.Context, p Proposal, by, reason string) error {
	return b.decide(ctx, p, Proposed, Rejected, by, reason)
}

// Withdraw takes a learned article out: the next version is without it.
// Errors: CodeNotFound when there is no learned article with this slug, else as
// schema.Classify.
func (b *Base) Withdraw(ctx context.Context, slug, by, reason string) error {
	approved, err := b.Proposals(ctx, Approved)
	if err != nil {
		return err
	}
	for _, p := range approved {
		if p.Slug == slug {
			return b.decide(ctx, p, Approved, Withdrawn, by, reason)
		}
	}
	return ticket.Errorf(ticket.CodeNotFound,
		"there is no learned article %s: `fte kb list` names them; an article from a file goes by removing the file and `fte kb ingest`", slug)
}

// decide moves a proposal on. The lock makes a version that is about to go live
// see the decision, or the decision come after it.
func (b *Base) decide(ctx context.Context, p Proposal, was, state ProposalState, by, reason string) error {
	var n int64
	err := b.db.Tx(ctx, func(q *schema.Queries) (err error) {
		if err := q.LockKnowledge(ctx); err != nil {
			return err
		}
		n, err = q.DecideProposal(ctx, schema.DecideProposalParams{ID: p.ID, Was: string(was), State: string(state), DecidedBy: by, Reason: reason})
		return err
	})
	if err != nil {
		return schema.Classify(err)
	}
	if n == 0 {
		return notWaiting(p)
	}
	return nil
}

func notWaiting(p Proposal) error {
	return ticket.Errorf(ticket.CodeConflict, "the proposal %s is %s and does not wait any more", p.ID, p.State)
}
