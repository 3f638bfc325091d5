package openai_test

import (
	"math"
	"testing"

	sdk "github.com/sashabaranov/go-openai"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/dev/sim/openai"
)

func TestEmbeddingsRetrieve(t *testing.T) {
	t.Parallel()
	articles := []string{
		"Reset your password. Open Settings and choose Security, then Reset password. We send a link that is valid for 30 minutes.",
		"Export your data. You can export all projects as CSV or JSON. Exports larger than 2 GB are split into several files and kept for 7 days.",
		"Invoices and billing address. Invoices are sent on the first day of each month to the billing contact of the workspace.",
		"Uptime and maintenance. We promise 99.9 % uptime. Maintenance windows are announced three days ahead on the status page.",
		"Invite team members. Owners can invite members by e-mail and give them the role viewer, editor or admin.",
		"Two-factor authentication. Use an authenticator app or a security key as a second factor when you sign in.",
		"Webhooks. We call your URL with a signed JSON body and retry for 24 hours when it does not answer with 200.",
		"Delete your account. Deleting removes all projects after 30 days; until then an owner can restore it.",
	}
	questions := []string{
		"I forgot my password and can't log in", "how to download all of my project data as a csv file?",
		"where do I change the address on my invoice", "is there planned downtime / maintenance this week?",
		"I'd like to invite a colleague as an admin member", "lost my phone with the authenticator",
		"my webhook endpoint was down, do you retry?", "please delete our account",
	}
	bundle := setup(t, openai.Options{})
	embed := func(texts []string) []sdk.Embedding {
		response, err := bundle.client.CreateEmbeddings(t.Context(), sdk.EmbeddingRequestStrings{
			Input: texts, Model: "text-embedding-3-small",
		})
		require.NoError(t, err)
		require.Len(t, response.Data, len(texts))
		require.Positive(t, response.Usage.PromptTokens)
		return response.Data
	}
	library, asked := embed(articles), embed(questions)
	for q, question := range asked {
		require.Len(t, question.Embedding, openai.DefaultDimensions)
		require.InDelta(t, 1, cosine(question.Embedding, question.Embedding), 1e-5)
		best, second := -1.0, -1.0
		at := 0
		for i, article := range library {
			switch similarity := cosine(question.Embedding, article.Embedding); {
			case similarity > best:
				best, second, at = similarity, best, i
			case similarity > second:
				second = similarity
			}
		}
		require.Equal(t, q, at, questions[q])
		t.Logf("%.3f over %.3f  %s", best, second, questions[q])
	}
}

func TestEmbeddingsForms(t *testing.T) {
	t.Parallel()
	bundle := setup(t, openai.Options{})
	one, err := bundle.client.CreateEmbeddings(t.Context(), sdk.EmbeddingRequest{
		Input: "reset password", Model: "text-embedding-3-small", Dimensions: 256,
	})
	require.NoError(t, err)
	require.Len(t, one.Data[0].Embedding, 256)
	packed, err := bundle.client.CreateEmbeddings(t.Context(), sdk.EmbeddingRequest{
		Input: []string{"reset password"}, Model: "text-embedding-3-small", Dimensions: 256,
		EncodingFormat: sdk.EmbeddingEncodingFormatBase64,
	})
	require.NoError(t, err)
	require.Equal(t, one.Data[0].Embedding, packed.Data[0].Embedding)
	require.Equal(t, openai.Embed("reset password", 256), one.Data[0].Embedding)
	require.Equal(t, openai.Embed("resetting passwords", 256), one.Data[0].Embedding)

	for _, input := range []any{"", []string{}, []string{"a", ""}, 7} {
		_, err = bundle.client.CreateEmbeddings(t.Context(), sdk.EmbeddingRequest{Input: input, Model: "m"})
		var problem *sdk.APIError
		require.ErrorAs(t, err, &problem)
		require.Equal(t, 400, problem.HTTPStatusCode)
	}
}

func cosine(a, b []float32) float64 {
	dot, x, y := 0.0, 0.0, 0.0
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		x += float64(a[i]) * float64(a[i])
		y += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(x*y)
}
