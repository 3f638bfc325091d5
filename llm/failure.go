package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/digital-fte/fte/ticket"
)

// maxRetryAfter bounds what a server may ask for, so that a nonsensical header
// cannot park a conversation for years.
const maxRetryAfter = 24 * time.Hour

// plainName is what a server's name for an error looks like; anything else could be prose.
var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}$`)

// failure turns an error of the OpenAI client into a *ticket.Error. Messages of
// the server are dropped: they may quote the customer or part of a key.
func (c *Client) failure(doing, model string, header http.Header, err error) error {
	code, why, cause := classify(err)
	if code == ticket.CodeUnauthorized {
		why += "; check " + c.keySetting
	}
	e := &ticket.Error{Code: code, Message: fmt.Sprintf("%s %s: %s", doing, model, why), Err: cause}
	if code == ticket.CodeRateLimited || code == ticket.CodeUnavailable {
		e.RetryAfter = retryAfter(header, time.Now())
	}
	return e
}

// classify returns the code of an error, why it came in words of ours, and a
// cause fit for a log.
func classify(err error) (code ticket.Code, why string, cause error) {
	var (
		api      *openai.APIError
		plain    *openai.RequestError
		syntax   *json.SyntaxError
		wrong    *json.UnmarshalTypeError
		carriage *url.Error
		cut      cutError
	)
	switch {
	case errors.As(err, &api):
		words := wordsOf(api)
		return codeOf(api.HTTPStatusCode, words, api.Message), answered(api.HTTPStatusCode, words), serverError(api.HTTPStatusCode, words)
	case errors.As(err, &plain):
		return codeOf(plain.HTTPStatusCode, nil, string(plain.Body)), answered(plain.HTTPStatusCode, nil), serverError(plain.HTTPStatusCode, nil)
	case unsupported(err):
		return ticket.CodeInvalid, "the model does not take what we send; check OPENAI_MODEL", err
	case errors.Is(err, errBodyTooLarge):
		return ticket.CodeBadOutput, errBodyTooLarge.Error(), errBodyTooLarge
	case errors.Is(err, errRedirect):
		return ticket.CodeInvalid, errRedirect.Error(), errRedirect
	case errors.As(err, &syntax), errors.As(err, &wrong):
		return ticket.CodeBadOutput, "the response is not the JSON expected", errors.New("decoding the response")
	case errors.Is(err, context.Canceled):
		return ticket.CodeUnavailable, "the call was broken off", context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return ticket.CodeUnavailable, "the server did not answer in time", context.DeadlineExceeded
	case errors.As(err, &carriage):
		return ticket.CodeUnavailable, "the server cannot be reached", carriage.Err
	case !errors.As(err, &cut) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return ticket.CodeBadOutput, "the response ends in the middle", errors.New("decoding the response")
	default:
		return ticket.CodeUnavailable, "the server gave no usable answer", err
	}
}

// answered says what the server said, of its words only those that operators
// look up: nobody promises that the others are no text of a customer.
func answered(status int, words []string) string {
	said := fmt.Sprintf("the server answered %d", status)
	for _, word := range words {
		switch word {
		case "invalid_api_key", "unsupported_country_region_territory", "insufficient_quota", "credit_balance_exhausted",
			"billing_hard_limit_reached", "billing_not_active", "rate_limit_exceeded", "context_length_exceeded", "content_filter",
			"invalid_prompt", "unsupported_parameter", "unsupported_value", "model_not_found", "server_error", "slow_down":
			return said + " " + word
		}
	}
	return said
}

// unsupported reports whether the OpenAI client itself refuses the model with
// the parameters we send; only another model or setting helps.
func unsupported(err error) bool {
	for _, known := range []error{
		openai.ErrChatCompletionInvalidModel,
		openai.ErrReasoningToolsRequireResponses,
		openai.ErrReasoningEffortUnsupported,
		openai.ErrReasoningSamplingUnsupported,
		openai.ErrReasoningModelMaxTokensDeprecated,
		openai.ErrReasoningModelLimitationsLogprobs,
		openai.ErrReasoningModelLimitationsOther,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// codeOf classes a refusal by the server's own words first and by the HTTP
// status after: an exhausted account and a throttled one are both 429.
func codeOf(status int, words []string, message string) ticket.Code {
	for _, word := range words {
		switch word {
		case "insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "billing_not_active",
			"organization_spend_limit_exceeded", "project_spend_limit_exceeded", "organization_usage_limit_exceeded":
			return ticket.CodeQuota
		case "context_length_exceeded", "exceed_context_size_error", "string_above_max_length", "request_too_large":
			return ticket.CodeTooLarge
		case "content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "invalid_prompt":
			return ticket.CodeGuardrail
		case "rate_limit_exceeded":
			return ticket.CodeRateLimited
		}
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ticket.CodeUnauthorized
	case status == http.StatusPaymentRequired:
		return ticket.CodeQuota
	case status == http.StatusTooManyRequests:
		return ticket.CodeRateLimited
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && tellsContextLimit(message):
		return ticket.CodeTooLarge
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status >= http.StatusInternalServerError:
		return ticket.CodeUnavailable
	default:
		return ticket.CodeInvalid
	}
}

// tellsContextLimit looks into the message because vLLM and its kin give no
// code for the one fault that a shorter prompt mends.
func tellsContextLimit(message string) bool {
	return strings.Contains(strings.ToLower(message), "maximum context length")
}

// wordsOf returns the server's names for the error: its code, its type, the
// code within and the parameter it complains of, where they are names at all.
func wordsOf(e *openai.APIError) []string {
	found := []string{e.Type}
	if code, ok := e.Code.(string); ok {
		found = append([]string{code}, found...)
	}
	if e.InnerError != nil {
		found = append(found, e.InnerError.Code)
	}
	if e.Param != nil {
		found = append(found, *e.Param)
	}
	var words []string
	for _, word := range found {
		if plainName.MatchString(word) {
			words = append(words, word)
		}
	}
	return words
}

func serverError(status int, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("status %d", status)
	}
	return fmt.Errorf("status %d: %s", status, strings.Join(words, ", "))
}

// retryAfter reads how long the server asks us to wait: milliseconds in
// Retry-After-Ms, or seconds or an HTTP date in Retry-After. Zero means that
// it does not say, or nothing that makes sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	var wait time.Duration
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		wait = seconds(ms / 1000)
	} else if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil {
		wait = seconds(s)
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// seconds converts without the overflow a huge or undefined number would cause.
func seconds(s float64) time.Duration {
	if s > 0 && s < maxRetryAfter.Seconds() {
		return time.Duration(s * float64(time.Second))
	}
	if s >= maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return 0
}
