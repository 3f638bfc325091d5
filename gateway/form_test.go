package gateway

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/digital-fte/fte/ticket"
)

const submission = `{"name":"Ana","email":"Ana@Example.com","subject":"My hub is offline","category":"technical",` +
	`"priority":"high","message":"The hub blinks red since this morning.","phone":"+49 151 12345678","website":""}`

func (b *bundle) submitForm(t *testing.T, body string, header ...string) answer {
	t.Helper()
	return b.do(t, http.MethodPost, "/support/submit", body, append([]string{"Content-Type", "application/json; charset=utf-8"}, header...)...)
}

func TestEstimateIsThatOfThePriority(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Estimate = func(priority string) string { return "Soon, being " + priority } })
	for priority, estimate := range map[string]string{`"high"`: "Soon, being high", `"low"`: "Soon, being low", "null": "Soon, being medium"} {
		a := b.submitForm(t, strings.Replace(submission, `"high"`, priority, 1))
		require.Equal(t, estimate, decode[map[string]string](t, a.body)["estimated_response_time"], priority)
	}
}

func TestSubmissionBecomesAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.submitForm(t, submission)
	require.Equal(t, http.StatusOK, a.status, a.body)
	got := decode[map[string]string](t, a.body)
	id, err := uuid.Parse(got["ticket_id"])
	require.NoError(t, err)
	require.True(t, b.opts.Secrets.Genuine(id))
	require.Equal(t, map[string]string{
		"ticket_id": id.String(), "ticket_number": ticket.Number(id),
		"status_url": publicURL + "/ticket/" + id.String(),
		"message":    thanks, "estimated_response_time": "As soon as we can",
	}, got)

	e := b.kafka.all()[0]
	require.Equal(t, ticket.TopicWebFormInbound, e.Topic)
	require.Equal(t, ticket.TypeWebFormSubmission, e.Type)
	require.Equal(t, "ana@example.com", e.Key)
	require.Equal(t, "form:"+id.String(), e.ID)
	value := decode[ticket.WebFormSubmission](t, string(e.Value))
	require.False(t, value.At.IsZero())
	value.At = value.At.Truncate(0)
	require.Equal(t, ticket.WebFormSubmission{
		TicketID: id, Name: "Ana", Email: "ana@example.com", Phone: "+4915112345678", Subject: "My hub is offline",
		Category: "technical", Priority: "high", Message: "The hub blinks red since this morning.", At: value.At,
	}, value)
}

func TestRepeatedSubmissionHasTheSameTicket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const callers = 16
	ids := make([]string, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			a := b.submitForm(t, submission, "Idempotency-Key", "the-same-key")
			ids[i] = decode[map[string]string](t, a.body)["ticket_id"]
		})
	}
	all.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.Len(t, b.kafka.all(), callers)
	for _, id := range b.kafka.ids() {
		require.Equal(t, "form:"+ids[0], id)
	}

	other := decode[map[string]string](t, b.submitForm(t, submission, "Idempotency-Key", "another-key").body)
	require.NotEqual(t, ids[0], other["ticket_id"])
	theirs := decode[map[string]string](t, b.submitForm(t, strings.Replace(submission, "Ana@", "Eva@", 1), "Idempotency-Key", "the-same-key").body)
	require.NotEqual(t, ids[0], theirs["ticket_id"])
	first := decode[map[string]string](t, b.submitForm(t, submission).body)
	second := decode[map[string]string](t, b.submitForm(t, submission).body)
	require.NotEqual(t, first["ticket_id"], second["ticket_id"])
}

func TestRepeatedSubmissionIsSpooledOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.kafka.set(down)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a := b.submitForm(t, submission, "Idempotency-Key", "the-same-key")
			if a.status != http.StatusOK {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	backlog, err := b.db.SpoolBacklog(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, backlog.Depth)
}

func TestBadSubmissionsAreRefused(t *testing.T) { //nolint:tparallel // nothing of theirs may be left at the end
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		body   string
		status int
		fields []string
	}{
		"empty":           {"", 400, nil},
		"no JSON":         {"{{{", 400, nil},
		"cut off":         {submission[:40], 400, nil},
		"array":           {"[]", 400, nil},
		"null":            {"null", 400, nil},
		"number":          {"1e999", 400, nil},
		"two objects":     {submission + submission, 400, nil},
		"deep":            {strings.Repeat("[", 100_000), 400, nil},
		"NUL":             {strings.Replace(submission, "Ana", "A\x00na", 1), 400, nil},
		"invalid UTF-8":   {strings.Replace(submission, "Ana", "A\xffna", 1), 400, nil},
		"large":           {strings.Replace(submission, "Ana", strings.Repeat("a", 10<<20), 1), 413, nil},
		"many keys":       {"{" + strings.Repeat(`"a":1,`, 1e5) + `"b":1}`, 413, nil},
		"nothing filled":  {"{}", 422, []string{"name", "email", "category", "subject", "message"}},
		"short name":      {strings.Replace(submission, "Ana\"", "A\"", 1), 422, []string{"name"}},
		"bad address":     {strings.Replace(submission, "Ana@", "Ana", 1), 422, []string{"email"}},
		"header in email": {strings.Replace(submission, "Ana@Example.com", `a@b.com\r\nBcc: c@d.com`, 1), 422, []string{"email"}},
		"bad category":    {strings.Replace(submission, "technical", "other", 1), 422, []string{"category"}},
		"urgent":          {strings.Replace(submission, `"high"`, `"urgent"`, 1), 422, []string{"priority"}},
		"number as name":  {strings.Replace(submission, `"Ana"`, `7`, 1), 422, []string{"name"}},
		"short message":   {strings.Replace(submission, "The hub blinks red since this morning.", "Help", 1), 422, []string{"message"}},
		"long message":    {strings.Replace(submission, "The hub", strings.Repeat("é", 5001), 1), 422, []string{"message"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := requireProblem(t, b.submitForm(t, test.body), test.status)
			var fields []string
			for _, fault := range p.Errors {
				require.NotEmpty(t, fault.Message)
				fields = append(fields, fault.Field)
			}
			require.Equal(t, test.fields, fields)
		})
	}
	requireProblem(t, b.do(t, http.MethodPost, "/support/submit", "name=Ana", "Content-Type", formContent), http.StatusUnsupportedMediaType)
	requireProblem(t, b.submitForm(t, submission, "Idempotency-Key", strings.Repeat("k", 300)), http.StatusUnprocessableEntity)
	require.Empty(t, b.kafka.all())
}

func TestBaitedSubmissionLeadsNowhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.submitForm(t, strings.Replace(submission, `"website":""`, `"website":"http://spam.example"`, 1))
	require.Equal(t, http.StatusOK, a.status)
	id := decode[map[string]string](t, a.body)["ticket_id"]
	require.NotEmpty(t, id)
	requireProblem(t, b.do(t, http.MethodPost, "/support/ticket/"+id+"/messages", `{"message":"more"}`, "Content-Type", "application/json"), http.StatusNotFound)
	require.Empty(t, b.kafka.all())
	require.Equal(t, 1, b.rejected(t, "honeypot"))
}

func TestFurtherMessageBecomesAnEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.opts.Secrets.TicketID("seed")
	path := "/support/ticket/" + id.String() + "/messages"
	post := func(body string, header ...string) answer {
		return b.do(t, http.MethodPost, path, body, append([]string{"Content-Type", jsonContent}, header...)...)
	}
	require.Equal(t, http.StatusOK, post(`{"message":"It works again."}`, "Idempotency-Key", "k").status)
	require.Equal(t, http.StatusOK, post(`{"message":"It works again."}`, "Idempotency-Key", "k").status)
	require.Equal(t, http.StatusOK, post(`{"message":"It works again."}`).status)

	events := b.kafka.all()
	require.Len(t, events, 3)
	require.Equal(t, events[0].ID, events[1].ID)
	require.NotEqual(t, events[0].ID, events[2].ID)
	value := decode[ticket.WebFormMessage](t, string(events[0].Value))
	require.Equal(t, "form:"+id.String()+":"+value.N, events[0].ID)
	require.Equal(t, ticket.TypeWebFormMessage, events[0].Type)
	require.Equal(t, id.String(), events[0].Key)
	require.Equal(t, id, value.TicketID)
	require.Equal(t, "It works again.", value.Message)

	requireProblem(t, post(`{"message":""}`), http.StatusUnprocessableEntity)
	requireProblem(t, post(`[`), http.StatusBadRequest)
	requireProblem(t, b.do(t, http.MethodPost, "/support/ticket/"+uuid.NewString()+"/messages", `{"message":"hi"}`,
		"Content-Type", jsonContent), http.StatusNotFound)
	require.Len(t, b.kafka.all(), 3)
}

func TestFormIsRateLimitedPerClient(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.FormRate, o.FormBurst = 0.01, 2
		o.TrustedProxies = []string{"127.0.0.1"}
	})
	from := func(address string) answer { return b.submitForm(t, submission, "X-Forwarded-For", address) }
	require.Equal(t, http.StatusOK, from("192.0.2.1").status)
	require.Equal(t, http.StatusOK, from("192.0.2.1").status)
	a := from("192.0.2.1")
	requireProblem(t, a, http.StatusTooManyRequests)
	require.Equal(t, "100", a.header.Get("Retry-After"))
	require.Equal(t, 1, b.rejected(t, "rate_limited"))
	require.Equal(t, http.StatusOK, from("192.0.2.2").status)

	require.Equal(t, http.StatusOK, from("2001:db8::1").status)
	require.Equal(t, http.StatusOK, from("2001:db8::2").status)
	requireProblem(t, from("2001:db8::3"), http.StatusTooManyRequests)
}

func TestForwardedAddressOfAStrangerIsNotBelieved(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.FormRate, o.FormBurst = 0.01, 1 })
	require.Equal(t, http.StatusOK, b.submitForm(t, submission, "X-Forwarded-For", "192.0.2.1").status)
	requireProblem(t, b.submitForm(t, submission, "X-Forwarded-For", "192.0.2.2"), http.StatusTooManyRequests)
}

func TestFormIsRateLimitedPerSender(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.SenderRate, o.SenderBurst = 0.01, 2 })
	from := func(email string) answer {
		return b.submitForm(t, strings.Replace(submission, "Ana@Example.com", email, 1))
	}
	require.Equal(t, http.StatusOK, from("ana@example.com").status)
	require.Equal(t, http.StatusOK, from("Ana+shop@EXAMPLE.com").status)
	a := from("ana@example.com")
	p := requireProblem(t, a, http.StatusTooManyRequests)
	require.Equal(t, "100", a.header.Get("Retry-After"))
	require.Len(t, p.Errors, 1)
	require.Equal(t, "email", p.Errors[0].Field)
	require.NotContains(t, a.body, "ana", "what somebody typed is not repeated")
	require.Equal(t, 1, b.rejected(t, "rate_limited"))
	require.Len(t, b.kafka.all(), 2)
	require.Equal(t, http.StatusOK, from("ana@example.org").status)
	requireProblem(t, from("nobody"), http.StatusUnprocessableEntity)
}

func TestTicketIsRateLimited(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.SenderRate, o.SenderBurst = 0.01, 1 })
	add := func(seed string) answer {
		return b.do(t, http.MethodPost, "/support/ticket/"+b.opts.Secrets.TicketID(seed).String()+"/messages", `{"message":"more"}`, "Content-Type", jsonContent)
	}
	require.Equal(t, http.StatusOK, add("one").status)
	p := requireProblem(t, add("one"), http.StatusTooManyRequests)
	require.Equal(t, "message", p.Errors[0].Field)
	require.Equal(t, http.StatusOK, add("other").status)
}

func TestWhatCouldNotBeTakenIsNotCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.SenderRate, o.SenderBurst, o.Spool = 0.01, 1, unreachable(t) })
	b.kafka.set(down)
	for range 3 {
		requireProblem(t, b.submitForm(t, submission), http.StatusServiceUnavailable)
	}
	b.kafka.set(up)
	require.Equal(t, http.StatusOK, b.submitForm(t, submission).status)
	requireProblem(t, b.submitForm(t, submission), http.StatusTooManyRequests)
}
