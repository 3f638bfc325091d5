package llm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/llm"
	"github.com/digital-fte/fte/ticket"
)

func refusal(code, kind string) string {
	return `{"error":{"message":"echoed ` + secretText + `","type":"` + kind + `","param":null,"code":` + code + `}}`
}

func TestFailuresOfTheServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   ticket.Code
	}{
		"wrong key":              {401, refusal(`"invalid_api_key"`, "invalid_request_error"), ticket.CodeUnauthorized},
		"country":                {403, refusal(`"unsupported_country_region_territory"`, "request_forbidden"), ticket.CodeUnauthorized},
		"no quota":               {429, refusal(`"insufficient_quota"`, "insufficient_quota"), ticket.CodeQuota},
		"no quota by type":       {429, refusal(`null`, "insufficient_quota"), ticket.CodeQuota},
		"no credit":              {429, refusal(`"credit_balance_exhausted"`, "insufficient_quota"), ticket.CodeQuota},
		"spend limit":            {429, refusal(`"project_spend_limit_exceeded"`, "billing_error"), ticket.CodeQuota},
		"payment required":       {402, refusal(`402`, "x"), ticket.CodeQuota},
		"rate limit":             {429, refusal(`"rate_limit_exceeded"`, "tokens"), ticket.CodeRateLimited},
		"rate limit, no JSON":    {429, `slow down: ` + secretText, ticket.CodeRateLimited},
		"context":                {400, refusal(`"context_length_exceeded"`, "invalid_request_error"), ticket.CodeTooLarge},
		"context of vLLM":        {400, `{"error":{"message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}}`, ticket.CodeTooLarge},
		"context of older vLLM":  {400, `{"object":"error","message":"This model's maximum context length is 4096 tokens","code":400}`, ticket.CodeTooLarge},
		"context of llama.cpp":   {400, refusal(`400`, "exceed_context_size_error"), ticket.CodeTooLarge},
		"body too large":         {413, `<html></html>`, ticket.CodeTooLarge},
		"filter of the prompt":   {400, refusal(`"content_filter"`, "invalid_request_error"), ticket.CodeGuardrail},
		"filter by inner code":   {400, `{"error":{"message":"echoed","code":null,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`, ticket.CodeGuardrail},
		"flagged prompt":         {400, refusal(`"invalid_prompt"`, "invalid_request_error"), ticket.CodeGuardrail},
		"unsupported parameter":  {400, refusal(`"unsupported_parameter"`, "invalid_request_error"), ticket.CodeInvalid},
		"bad request":            {400, refusal(`null`, "invalid_request_error"), ticket.CodeInvalid},
		"bad request, no JSON":   {400, secretText, ticket.CodeInvalid},
		"no such model":          {404, refusal(`"model_not_found"`, "invalid_request_error"), ticket.CodeInvalid},
		"error is a string":      {404, `{"error":"model echoed not found"}`, ticket.CodeInvalid},
		"unprocessable":          {422, `{"detail":"echoed"}`, ticket.CodeInvalid},
		"request timeout":        {408, ``, ticket.CodeUnavailable},
		"internal":               {500, refusal(`null`, "server_error"), ticket.CodeUnavailable},
		"bad gateway, HTML":      {502, `<html>echoed ` + secretText + `</html>`, ticket.CodeUnavailable},
		"overloaded":             {503, refusal(`"slow_down"`, "server_error"), ticket.CodeUnavailable},
		"overloaded, huge":       {503, strings.Repeat("echoed ", 1<<20), ticket.CodeUnavailable},
		"code that is prose":     {400, refusal(`"echoed `+secretText+`"`, secretText), ticket.CodeInvalid},
		"proxy's own status 529": {529, ``, ticket.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(test.status, test.body))
			got, err := client.Chat(t.Context(), question())
			requireCode(t, test.want, err)
			require.Nil(t, got)
			require.ErrorContains(t, err, "asking the model test-model")
			require.Zero(t, ticket.RetryAfterOf(err))

			_, err = client.Embed(t.Context(), []string{secretText})
			requireCode(t, test.want, err)
			require.ErrorContains(t, err, "embedding with test-embedding")
		})
	}
}

func TestErrorsNameWhatAnOperatorCanMend(t *testing.T) {
	t.Parallel()
	client := serve(t, say(400, `{"error":{"message":"echoed","type":"invalid_request_error","param":"max_completion_tokens","code":"unsupported_parameter"}}`))
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "status 400: unsupported_parameter, invalid_request_error, max_completion_tokens")
}

// The message is kept and shown, so it holds words of ours and codes that are
// documented, whatever the server says.
func TestMessagesHoldOnlyKnownWords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		body, want string
	}{
		"documented": {401, refusal(`"invalid_api_key"`, "invalid_request_error"), "asking the model test-model: the server answered 401 invalid_api_key; check OPENAI_API_KEY"},
		"made up":    {400, refusal(`"echoed"`, "echoed"), "asking the model test-model: the server answered 400"},
		"no JSON":    {503, "echoed", "asking the model test-model: the server answered 503"},
		"broken":     {200, `{"echoed":]`, "asking the model test-model: the response is not the JSON expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, say(test.status, test.body)).Chat(t.Context(), question())
			var coded *ticket.Error
			require.ErrorAs(t, err, &coded)
			require.Equal(t, test.want, coded.Message)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		headers  []string
		min, max time.Duration
	}{
		"seconds":              {429, []string{"Retry-After", "7"}, 7 * time.Second, 7 * time.Second},
		"fraction":             {429, []string{"Retry-After", "0.5"}, 500 * time.Millisecond, 500 * time.Millisecond},
		"milliseconds win":     {429, []string{"Retry-After", "2", "Retry-After-Ms", "1500"}, 1500 * time.Millisecond, 1500 * time.Millisecond},
		"date":                 {429, []string{"Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}, 58 * time.Minute, time.Hour},
		"past date":            {429, []string{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, 0},
		"negative":             {429, []string{"Retry-After", "-3"}, 0, 0},
		"nonsense":             {429, []string{"Retry-After", "soon"}, 0, 0},
		"not a number":         {429, []string{"Retry-After", "NaN"}, 0, 0},
		"for ever":             {429, []string{"Retry-After", "1e300"}, 24 * time.Hour, 24 * time.Hour},
		"date for ever":        {429, []string{"Retry-After", "Fri, 31 Dec 2199 23:59:59 GMT"}, 24 * time.Hour, 24 * time.Hour},
		"absent":               {429, nil, 0, 0},
		"of an overloaded one": {503, []string{"Retry-After", "30"}, 30 * time.Second, 30 * time.Second},
		"not for bad requests": {400, []string{"Retry-After", "30"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, say(test.status, refusal(`null`, "x"), test.headers...))
			_, err := client.Chat(t.Context(), question())
			got := ticket.RetryAfterOf(err)
			require.GreaterOrEqual(t, got, test.min)
			require.LessOrEqual(t, got, test.max)
			_, err = client.Embed(t.Context(), []string{"a"})
			require.InDelta(t, got.Seconds(), ticket.RetryAfterOf(err).Seconds(), 60)
		})
	}
}

func TestTimeoutsAreKept(t *testing.T) {
	t.Parallel()
	short := func(o *llm.Options) { o.Timeout, o.EmbedTimeout = 50*time.Millisecond, 50*time.Millisecond }
	for name, handler := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"half an answer": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{"choices":[`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, handler, short)
			_, err := client.Chat(t.Context(), question())
			requireCode(t, ticket.CodeUnavailable, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = client.Embed(t.Context(), []string{"a"})
			requireCode(t, ticket.CodeUnavailable, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

func TestCancellationEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := client.Chat(ctx, question())
	requireCode(t, ticket.CodeUnavailable, err)
	require.ErrorIs(t, err, context.Canceled)
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	client := serve(t, nil, func(o *llm.Options) { o.BaseURL = "http://127.0.0.1:1/v1" })
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeUnavailable, err)
	require.NotContains(t, err.Error(), "/v1/chat/completions")
}

func TestHugeBodiesAreBounded(t *testing.T) {
	t.Parallel()
	small := func(o *llm.Options) { o.MaxResponseBytes = 64 << 10 }
	padding := strings.Repeat("a", 16<<10)
	for name, length := range map[string]string{"of known length": "999999999", "of unknown length": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := make(chan int, 2)
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				total := 0
				_, err := io.WriteString(w, `{"model":"`)
				for err == nil && total < 256<<20 {
					var n int
					n, err = io.WriteString(w, padding)
					total += n
				}
				written <- total
			}, small)
			_, err := client.Chat(t.Context(), question())
			requireCode(t, ticket.CodeBadOutput, err)
			require.ErrorContains(t, err, "exceeds its limit")
			require.Less(t, <-written, 256<<20, "the connection is closed, not drained")
			_, err = client.Embed(t.Context(), []string{"a"})
			requireCode(t, ticket.CodeBadOutput, err)
		})
	}
}

func TestBodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	body := toolAnswer("search_knowledge_base", `{"query":"a"}`)
	for limit, fits := range map[int]bool{len(body): true, len(body) - 1: false} {
		client := serve(t, say(http.StatusOK, body), func(o *llm.Options) { o.MaxResponseBytes = int64(limit) })
		_, err := client.Chat(t.Context(), question())
		if fits {
			require.NoError(t, err)
		} else {
			requireCode(t, ticket.CodeBadOutput, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := make(chan string, 1)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/chat/completions" {
			elsewhere <- r.URL.Path
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "redirects")
	require.Empty(t, elsewhere)
}

func TestOneCallIsOneRequest(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{}, 10)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- struct{}{}
		say(http.StatusServiceUnavailable, ``)(w, r)
	})
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeUnavailable, err)
	require.Len(t, seen, 1)
}

func TestModelsTheInterfaceCannotServe(t *testing.T) {
	t.Parallel()
	unreachable := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	for _, model := range []string{"gpt-6-astra", "gpt-6.1-sol"} {
		client := serve(t, unreachable, func(o *llm.Options) { o.Model = model })
		_, err := client.Chat(t.Context(), question())
		requireCode(t, ticket.CodeInvalid, err)
		require.ErrorContains(t, err, "Responses API")
	}
	client := serve(t, say(http.StatusOK, toolAnswer("search_knowledge_base", `{"query":"a"}`)),
		func(o *llm.Options) { o.Model, o.ReasoningEffort = "gpt-6-luna", "none" })
	_, err := client.Chat(t.Context(), question())
	require.NoError(t, err)
}

func TestRequestsThatCannotWork(t *testing.T) {
	t.Parallel()
	client := serve(t, say(http.StatusOK, ``), func(o *llm.Options) { o.Model = "" })
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeInvalid, err)

	client = serve(t, say(http.StatusOK, ``), func(o *llm.Options) { o.EmbeddingModel = "" })
	_, err = client.Chat(t.Context(), llm.Request{})
	requireCode(t, ticket.CodeInvalid, err)
	_, err = client.Embed(t.Context(), []string{"a"})
	requireCode(t, ticket.CodeInvalid, err)

	request := question()
	request.Tools = []llm.Tool{"refund_customer"}
	_, err = client.Chat(t.Context(), request)
	requireCode(t, ticket.CodeInvalid, err)
	require.ErrorContains(t, err, "refund_customer")
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]llm.Options{
		"no scheme":      {Model: "m", BaseURL: "api.example.com/v1"},
		"no host":        {Model: "m", BaseURL: "https:///v1"},
		"not HTTP":       {Model: "m", BaseURL: "ftp://example.com"},
		"unparsable":     {Model: "m", BaseURL: "http://%zz"},
		"with user":      {Model: "m", BaseURL: "https://user:sk-test@example.com/v1"},
		"with query":     {Model: "m", BaseURL: "https://example.com/v1?key=sk-test"},
		"no model":       {},
		"negative":       {Model: "m", Timeout: -1},
		"negative embed": {Model: "m", EmbedTimeout: -1},
		"negative bytes": {Model: "m", MaxResponseBytes: -1},
	} {
		_, err := llm.New(options)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "sk-test", name)
	}
	_, err := llm.New(llm.Options{BaseURL: "x", Timeout: -1})
	require.ErrorContains(t, err, "base URL")
	require.ErrorContains(t, err, "timeout")
	require.ErrorContains(t, err, "neither")

	client, err := llm.New(llm.Options{Model: "m", EmbeddingModel: "e"})
	require.NoError(t, err)
	require.Equal(t, "m", client.Model())
	require.Equal(t, "e", client.EmbeddingModel())
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportIsUsed(t *testing.T) {
	t.Parallel()
	down := errors.New("cable cut")
	client := serve(t, nil, func(o *llm.Options) {
		o.Transport = transportFunc(func(*http.Request) (*http.Response, error) { return nil, down })
	})
	_, err := client.Chat(t.Context(), question())
	requireCode(t, ticket.CodeUnavailable, err)
	require.ErrorIs(t, err, down)
}
