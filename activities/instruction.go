package activities

import (
	"cmp"
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/schema"
	"github.com/digital-fte/fte/ticket"
)

// instructionOf returns an instruction to run a turn again.
func instructionOf(ctx context.Context, q *schema.Queries, turn, id uuid.UUID) (schema.Instruction, error) {
	asked, err := q.InstructionByID(ctx, id)
	if err == nil && asked.TurnID != turn {
		err = ticket.Errorf(ticket.CodeInvalid, "instruction %s belongs to another turn", id)
	}
	return asked, err
}

// instructed returns a request as an instruction wants it to be made.
func (a *Activities) instructed(ctx context.Context, turn, instruction uuid.UUID, r llm.Request) (llm.Request, error) {
	asked, err := instructionOf(ctx, a.DB.Queries, turn, instruction)
	if err != nil {
		return r, err
	}
	r.Model = cmp.Or(asked.Model, r.Model)
	name, _, _ := strings.Cut(r.PromptVersion, "@")
	switch asked.PromptVersion {
	case "", name, r.PromptVersion:
		return r, nil
	default:
		return r, ticket.Errorf(ticket.CodeInvalid, "this build has no prompt named %s; it has %s", asked.PromptVersion, name)
	}
}
