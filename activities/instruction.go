package activities

import (
	"cmp"
	"context"

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

// instruct changes what is asked as the instruction wants it.
func (a *Activities) instruct(ctx context.Context, q *inquiry) error {
	asked, err := instructionOf(ctx, a.DB.Queries, q.turn, q.in.InstructionID)
	if err != nil {
		return err
	}
	q.model = cmp.Or(asked.Model, q.model)
	if asked.PromptVersion == "" {
		return nil
	}
	rules, known := llm.PromptNamed(asked.PromptVersion)
	if !known {
		return ticket.Errorf(ticket.CodeInvalid, "this build has no prompt named %s; it has %s", asked.PromptVersion, llm.PromptNames())
	}
	q.prompt.Prompt = rules
	return nil
}
