package doctor

import (
	"context"
	"fmt"

	"github.com/digital-fte/fte/schema"
)

func (d *Doctor) modelChecks() []Check {
	return []Check{
		{
			Name: "model", Asks: "whether the model answers a question of five words",
			Means: "Every message goes to a person.",
			Do:    "Check OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, and whether the account has money left.",
			Look:  d.model,
		},
		{
			Name: "model.fallback", Asks: "whether the model that is asked when the first fails answers too",
			Means: "When the first model fails, every message goes to a person.",
			Do:    "Check OPENAI_FALLBACK_BASE_URL, OPENAI_FALLBACK_API_KEY and OPENAI_FALLBACK_MODEL, and whether that account has money left.",
			Off:   d.noFallback(), Look: d.fallback,
		},
		{
			Name: "model.embeddings", Asks: "whether the embedding model answers, with vectors of at most 1536 dimensions",
			Means: "The knowledge base cannot be searched, and every message goes to a person.",
			Do:    "Check OPENAI_EMBEDDING_MODEL and that the server of OPENAI_BASE_URL has it.",
			Look:  d.embeddings,
		},
		{
			Name: "knowledge", After: "database.migrations", Asks: "whether the knowledge base holds articles, made with the embedding model that is configured",
			Means: "The assistant finds nothing to answer with, and every question goes to a person.",
			Do:    "Run `fte kb ingest PATH…` with the folder of your articles.",
			Look:  d.knowledge,
		},
	}
}

func (d *Doctor) model(ctx context.Context) Finding {
	if d.Ask == nil {
		return fail("The OPENAI_ settings cannot be used.", "Mend settings first.")
	}
	if err := d.Ask(ctx); err != nil {
		return fail("The model does not answer: " + said(err))
	}
	return ok("%s answers.", d.Model)
}

func (d *Doctor) noFallback() string {
	if d.Fallback != "" {
		return ""
	}
	return "No other model is asked when the model fails (neither OPENAI_FALLBACK_BASE_URL nor OPENAI_FALLBACK_MODEL is set)."
}

func (d *Doctor) fallback(ctx context.Context) Finding {
	if d.AskFallback == nil {
		return fail("The OPENAI_FALLBACK_ settings cannot be used.", "Mend settings first.")
	}
	if err := d.AskFallback(ctx); err != nil {
		return fail("The fallback model does not answer: " + said(err))
	}
	return ok("%s answers.", d.Fallback)
}

func (d *Doctor) embeddings(ctx context.Context) Finding {
	if d.Embed == nil {
		return fail("The OPENAI_ settings cannot be used.", "Mend settings first.")
	}
	if err := d.Embed(ctx); err != nil {
		return fail("The embedding model cannot be used: " + said(err))
	}
	return ok("%s answers, and its vectors fit.", d.EmbeddingModel)
}

func (d *Doctor) knowledge(ctx context.Context) Finding {
	live, err := d.DB.LiveKnowledge(ctx)
	switch {
	case schema.NoRows(err):
		return fail("The knowledge base is empty.")
	case err != nil:
		return unread(err)
	case live.Chunks == 0:
		return fail("The knowledge base has no text.")
	case live.EmbeddingModel != d.EmbeddingModel:
		return fail(fmt.Sprintf("The knowledge base was made with %s, and OPENAI_EMBEDDING_MODEL is %s.", live.EmbeddingModel, d.EmbeddingModel),
			"Run `fte kb ingest PATH…` again, or set OPENAI_EMBEDDING_MODEL back.")
	}
	return ok("The knowledge base has %s in %s.", count(live.Articles, "article", "articles"), count(live.Chunks, "piece", "pieces"))
}
