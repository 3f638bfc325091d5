package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/digital-fte/fte/ticket"
)

// kbLook is how often somebody who waits for the workers is told how far they are.
const kbLook = time.Second

func (k *kbCommand) reembed(ctx context.Context) error { return k.build(ctx) }

// build puts the stored and the approved articles into use: here, or by the
// workers.
func (k *kbCommand) build(ctx context.Context) error {
	if k.o.local {
		done, err := k.base.Rebuild(ctx, k.progress)
		if err != nil {
			return err
		}
		return k.say(done, func() error { return k.report(done) })
	}
	plan, err := k.base.Plan(ctx)
	if err != nil {
		return err
	}
	temporal, err := openTemporal(k.env.lookuper, newLogger(k.c, k.env.stderr))
	if err != nil {
		return err
	}
	defer temporal.Close()
	// A run that does the same already is joined.
	run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ticket.KnowledgeWorkflowID(plan), TaskQueue: ticket.QueueTickets,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "Puts the articles of the knowledge base into use",
	}, ticket.KnowledgeWorkflow, ticket.KnowledgeInput{})
	if err != nil {
		return fmt.Errorf("starting the workers' run (--local does it here): %w", err)
	}
	if k.o.detach {
		return k.say(map[string]string{"workflow_id": run.GetID()}, func() error {
			return k.line("The workers are at it: %s. `fte kb list` shows the articles once they are in use.", run.GetID())
		})
	}
	done, err := k.await(ctx, temporal, run)
	if err != nil {
		return fmt.Errorf("%s did not finish: %w", run.GetID(), err)
	}
	return k.say(done, func() error {
		if done.Unchanged {
			return k.line("unchanged: version %d has these %d articles in %d chunks", done.Version, done.Articles, done.Chunks)
		}
		return k.line("version %d is live: %d articles in %d chunks, %d embedded", done.Version, done.Articles, done.Chunks, done.Embedded)
	})
}

// await waits for a run and shows how far it is. Whoever stops waiting stops
// nothing.
func (k *kbCommand) await(ctx context.Context, temporal client.Client, run client.WorkflowRun) (done ticket.KnowledgeProgress, err error) {
	finished := make(chan error, 1)
	go func() { finished <- run.Get(ctx, &done) }()
	tick := time.NewTicker(kbLook)
	defer tick.Stop()
	shown := -1
	for {
		select {
		case err := <-finished:
			if shown >= 0 {
				fmt.Fprintln(k.env.stderr)
			}
			return done, err
		case <-tick.C:
			var at ticket.KnowledgeProgress
			value, err := temporal.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), ticket.QueryProgress)
			if err != nil || value.Get(&at) != nil || at.Done == shown {
				continue // it is only for show
			}
			shown = at.Done
			fmt.Fprintf(k.env.stderr, "\rembedding %d of %d chunks", at.Done, at.Chunks)
		}
	}
}
