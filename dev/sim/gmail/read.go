package gmail

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"
)

func (s *Server) profile(b *box, _ *http.Request) (any, error) {
	threads := map[string]bool{}
	for _, m := range b.mails {
		threads[m.ThreadID] = true
	}
	return &api.Profile{
		EmailAddress: b.address, HistoryId: b.indexed(),
		MessagesTotal: int64(len(b.mails)), ThreadsTotal: int64(len(threads)),
	}, nil
}

func (s *Server) getMessage(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	m := b.mails[r.PathValue("id")]
	switch {
	case !validFormat(query.Get("format")):
		return nil, invalid("Invalid value at 'format'")
	case m == nil:
		return nil, notFound()
	}
	return m.resource(query.Get("format"), query["metadataHeaders"]), nil
}

func (s *Server) getThread(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	thread := &api.Thread{Id: r.PathValue("id")}
	for _, id := range b.order {
		if m := b.mails[id]; m.ThreadID == thread.Id {
			thread.Messages = append(thread.Messages, m.resource(query.Get("format"), query["metadataHeaders"]))
			thread.HistoryId = max(thread.HistoryId, m.HistoryID)
		}
	}
	if len(thread.Messages) == 0 {
		return nil, notFound()
	}
	return thread, nil
}

func (s *Server) modifyMessage(b *box, r *http.Request) (any, error) {
	var request api.ModifyMessageRequest
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	m := b.mails[r.PathValue("id")]
	if m == nil {
		return nil, notFound()
	}
	changed, err := s.relabel(b, m, request.AddLabelIds, request.RemoveLabelIds)
	if err != nil {
		return nil, err
	}
	return changed.resource("minimal", nil), nil
}

func (s *Server) listMessages(b *box, r *http.Request) (any, error) {
	query := r.URL.Query()
	matches, err := search(query.Get("q"))
	if err != nil {
		return nil, err
	}
	var found []*Mail
	for _, id := range b.order {
		m := b.mails[id]
		hidden := (m.has(LabelSpam) || m.has(LabelTrash)) && query.Get("includeSpamTrash") != "true" &&
			!slices.Contains(query["labelIds"], LabelSpam) && !slices.Contains(query["labelIds"], LabelTrash)
		labelled := !slices.ContainsFunc(query["labelIds"], func(label string) bool { return !m.has(label) })
		if !hidden && labelled && matches(m) {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, c *Mail) int { return cmp.Or(c.At.Compare(a.At), cmp.Compare(c.HistoryID, a.HistoryID)) })
	start, end, next := page(query, len(found), 100)
	answer := &api.ListMessagesResponse{NextPageToken: next, ResultSizeEstimate: int64(len(found))}
	for _, m := range found[start:end] {
		answer.Messages = append(answer.Messages, &api.Message{Id: m.ID, ThreadId: m.ThreadID})
	}
	return answer, nil
}

// page cuts a list; the token is where the next page starts.
func page(query url.Values, total, size int) (start, end int, next string) {
	if asked, err := strconv.Atoi(query.Get("maxResults")); err == nil && asked > 0 {
		size = min(asked, 500)
	}
	start, err := strconv.Atoi(query.Get("pageToken"))
	if err != nil || start < 0 {
		start = 0
	}
	start = min(start, total)
	end = min(start+size, total)
	if end < total {
		next = strconv.Itoa(end)
	}
	return start, end, next
}

// search understands the operators a mailbox sync uses, and refuses others
// rather than find the wrong mail.
func search(q string) (func(*Mail) bool, error) {
	var all []func(*Mail) bool
	for term := range strings.FieldsSeq(q) {
		positive, negated := strings.CutPrefix(term, "-")
		operator, value, _ := strings.Cut(positive, ":")
		test, err := condition(strings.ToLower(operator), strings.Trim(value, `"`))
		if err != nil {
			return nil, err
		}
		all = append(all, func(m *Mail) bool { return test(m) != negated })
	}
	return func(m *Mail) bool {
		return !slices.ContainsFunc(all, func(test func(*Mail) bool) bool { return !test(m) })
	}, nil
}

func condition(operator, value string) (func(*Mail) bool, error) {
	switch operator {
	case "after", "before", "newer", "older":
		at, err := moment(value)
		if err != nil {
			return nil, err
		}
		if operator == "after" || operator == "newer" {
			return func(m *Mail) bool { return !m.At.Before(at) }, nil
		}
		return func(m *Mail) bool { return m.At.Before(at) }, nil
	case "in", "label", "is":
		label := strings.ToUpper(strings.TrimSuffix(strings.ToLower(value), "s"))
		if label == "ANYWHERE" {
			return func(*Mail) bool { return true }, nil
		}
		return func(m *Mail) bool { return m.has(label) }, nil
	case "rfc822msgid":
		return func(m *Mail) bool { return strings.Trim(get(m.Raw, "Message-ID"), "<>") == strings.Trim(value, "<>") }, nil
	case "from":
		return func(m *Mail) bool {
			return strings.Contains(strings.ToLower(get(m.Raw, "From")), strings.ToLower(value))
		}, nil
	case "to":
		return func(m *Mail) bool { return strings.Contains(strings.ToLower(get(m.Raw, "To")), strings.ToLower(value)) }, nil
	default:
		return nil, invalid("The simulator does not know the search operator " + operator)
	}
}

// moment reads seconds since 1970, or a date, which the API takes at midnight
// Pacific time.
func moment(value string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && len(value) > 8 {
		return time.Unix(seconds, 0), nil
	}
	for _, layout := range []string{"2006/01/02", "2006/1/2", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, value, time.FixedZone("PST", -8*60*60)); err == nil {
			return at, nil
		}
	}
	return time.Time{}, invalid("The simulator cannot read the date " + value)
}
