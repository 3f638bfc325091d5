package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/digital-fte/fte/ticket"
)

const (
	// knowledgeBatch is how many chunks one step embeds, and knowledgeSteps how
	// many steps there are at most: of more chunks each step does more, so that
	// the history stays short.
	knowledgeBatch = 64
	knowledgeSteps = 500
	// knowledgeTries is how often a version is begun anew because articles were
	// let in or taken out meanwhile.
	knowledgeTries = 5
)

// KnowledgeWorkflow puts the stored and the approved articles into use, with
// vectors of the embedding model of the settings. Searches see the old version
// until all is there. A step that fails is tried again until it succeeds, and
// what is embedded is never embedded again.
func KnowledgeWorkflow(ctx workflow.Context, _ ticket.KnowledgeInput) (ticket.KnowledgeProgress, error) {
	r := &rebuild{}
	if err := workflow.SetQueryHandler(ctx, ticket.QueryProgress, func() (ticket.KnowledgeProgress, error) { return r.progress, nil }); err != nil {
		return r.progress, err
	}
	for range knowledgeTries {
		moved, err := r.run(ctx)
		if err != nil || !moved {
			return r.progress, err
		}
	}
	return r.progress, temporal.NewNonRetryableApplicationError("the articles change all the time: run it again later", string(ticket.CodeConflict), nil)
}

// rebuild is a version on its way.
type rebuild struct {
	progress ticket.KnowledgeProgress
}

// run makes a version and puts it into use; moved means that the articles have
// changed meanwhile.
func (r *rebuild) run(ctx workflow.Context) (moved bool, err error) {
	begun, err := ordinary[ticket.BeginKnowledgeResult](ctx, knowledgeOptions("begin a version of the articles", 5*time.Minute),
		ticket.ActivityBeginKnowledge, ticket.BeginKnowledgeInput{})
	if err != nil {
		return false, err
	}
	r.progress = ticket.KnowledgeProgress{
		Version: begun.Version, Articles: begun.Articles, Chunks: begun.Chunks, Embedded: r.progress.Embedded, Unchanged: begun.Unchanged, Live: begun.Unchanged,
	}
	r.show(ctx)
	if begun.Unchanged {
		return false, nil
	}
	if moved, err = r.embed(ctx); err != nil || moved {
		return moved, err
	}
	finished, err := ordinary[ticket.FinishKnowledgeResult](ctx, knowledgeOptions("put version "+strconv.FormatInt(begun.Version, 10)+" into use", 10*time.Minute),
		ticket.ActivityFinishKnowledge, ticket.FinishKnowledgeInput{Version: begun.Version})
	if err != nil || finished.Moved {
		return finished.Moved, err
	}
	r.progress.Live = true
	r.show(ctx)
	return false, nil
}

// embed stores the chunks, some at a time. A version that cannot be gone on
// with, because a worker of another build or with another model has come, has
// to be begun anew.
func (r *rebuild) embed(ctx workflow.Context) (moved bool, err error) {
	total := r.progress.Chunks
	step := knowledgeBatch * max(1, (total+knowledgeBatch*knowledgeSteps-1)/(knowledgeBatch*knowledgeSteps))
	for from := 0; from < total; from += step {
		to := min(from+step, total)
		summary := "embed chunks " + strconv.Itoa(from+1) + "–" + strconv.Itoa(to) + " of " + strconv.Itoa(total)
		done, err := ordinary[ticket.EmbedKnowledgeResult](ctx, knowledgeOptions(summary, 15*time.Minute),
			ticket.ActivityEmbedKnowledge, ticket.EmbedKnowledgeInput{Version: r.progress.Version, From: from, To: to})
		if err != nil || done.Moved {
			return done.Moved, err
		}
		r.progress.Done, r.progress.Embedded = to, r.progress.Embedded+done.Embedded
		r.show(ctx)
	}
	return false, nil
}

// show says on the page of the run how far it is.
func (r *rebuild) show(ctx workflow.Context) {
	p := r.progress
	version := "version " + strconv.FormatInt(p.Version, 10)
	of := strconv.Itoa(p.Articles) + " articles in " + strconv.Itoa(p.Chunks) + " chunks"
	switch {
	case p.Unchanged:
		workflow.SetCurrentDetails(ctx, "Nothing to do: "+version+" is live and has these very "+of+".")
	case p.Live:
		workflow.SetCurrentDetails(ctx, "**"+version+" is live**: "+of+", "+strconv.Itoa(p.Embedded)+" of them embedded now.")
	default:
		workflow.SetCurrentDetails(ctx, "Building "+version+": "+of+", "+strconv.Itoa(p.Done)+" stored. Searches see the version before it until it is complete.")
	}
}

// knowledgeOptions try for a day: a provider may be out for hours, and nobody
// waits for it, because the old version serves.
func knowledgeOptions(summary string, timeout time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: ticket.QueueModel, Summary: summary, StartToCloseTimeout: timeout, ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout: heartbeat, RetryPolicy: backoff(), Priority: temporal.Priority{PriorityKey: 5},
	}
}

// LearnWorkflow proposes articles from what people answered.
func LearnWorkflow(ctx workflow.Context, _ ticket.LearnInput) (ticket.ProposeArticlesResult, error) {
	var all ticket.ProposeArticlesResult
	for range knowledgeSteps {
		some, err := ordinary[ticket.ProposeArticlesResult](ctx, knowledgeOptions("propose articles from resolved tickets", 15*time.Minute),
			ticket.ActivityProposeArticles, ticket.ProposeArticlesInput{})
		if err != nil {
			return all, err
		}
		all.Tickets, all.Proposed, all.Skipped = all.Tickets+some.Tickets, all.Proposed+some.Proposed, all.Skipped+some.Skipped
		if some.Tickets == 0 {
			break
		}
	}
	workflow.SetCurrentDetails(ctx, "Looked at "+strconv.Itoa(all.Tickets)+" resolved tickets: "+strconv.Itoa(all.Proposed)+
		" proposed articles wait for approval (`fte kb proposals`).")
	return all, nil
}
