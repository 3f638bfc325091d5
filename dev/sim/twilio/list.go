package twilio

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/digital-fte/fte/dev/sim/wire"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// list shows messages newest first. A page token names the last message of the
// page before, so messages that arrive in between move nothing.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	keep, ok := filter(query)
	if !ok {
		refuse(w, http.StatusBadRequest, 20001, "Invalid DateSent")
		return
	}
	all := slices.DeleteFunc(s.Messages(), func(m Message) bool { return !keep(m) })
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b Message) int { return b.listedAt().Compare(a.listedAt()) })
	size, err := strconv.Atoi(query.Get("PageSize"))
	if err != nil || size < 1 {
		size = defaultPage
	}
	size = min(size, maxPage)
	page, err := strconv.Atoi(query.Get("Page"))
	if err != nil {
		page = 0
	}
	start := page * size
	if token := query.Get("PageToken"); token != "" {
		start = 1 + slices.IndexFunc(all, func(m Message) bool { return "PA"+m.SID == token })
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	resources := make([]map[string]any, 0, end-start)
	for _, m := range all[start:end] {
		resources = append(resources, m.resource(s.options.AccountSID))
	}
	link := func(page int, token string) string {
		next := url.Values{}
		for key, values := range query {
			if key != "Page" && key != "PageToken" {
				next[key] = values
			}
		}
		next.Set("PageSize", strconv.Itoa(size))
		next.Set("Page", strconv.Itoa(page))
		if token != "" {
			next.Set("PageToken", token)
		}
		return r.URL.Path + "?" + next.Encode()
	}
	var next, previous any
	if end < len(all) {
		next = link(page+1, "PA"+all[end-1].SID)
	}
	if page > 0 {
		previous = link(page-1, "")
	}
	wire.WriteJSON(w, http.StatusOK, map[string]any{
		"messages": resources, "page": page, "page_size": size, "start": start, "end": max(end-1, 0),
		"first_page_uri": link(0, ""), "next_page_uri": next, "previous_page_uri": previous, "uri": link(page, query.Get("PageToken")),
	})
}

// listedAt is what the list is ordered by and its bounds are compared with: in
// whole seconds, as the API shows it.
func (m Message) listedAt() time.Time {
	at := m.Sent
	if at.IsZero() {
		at = m.Created
	}
	return at.Truncate(time.Second)
}

// filter understands To, From and the three forms of DateSent. Bounds include
// their instant, and a date without a time means the whole day in UTC.
func filter(query url.Values) (func(Message) bool, bool) {
	on, _, ok1 := instant(query.Get("DateSent"))
	after, _, ok2 := instant(query.Get("DateSent>"))
	_, before, ok3 := instant(query.Get("DateSent<"))
	// The client library always sends a time, but the API looks at the day.
	on = on.Truncate(24 * time.Hour)
	return func(m Message) bool {
		at := m.listedAt()
		return (query.Get("To") == "" || query.Get("To") == m.To) &&
			(query.Get("From") == "" || query.Get("From") == m.From) &&
			(on.IsZero() || !at.Before(on) && at.Before(on.Add(24*time.Hour))) &&
			(after.IsZero() || !at.Before(after)) &&
			(before.IsZero() || !at.After(before))
	}, ok1 && ok2 && ok3
}

// instant returns the first and the last moment a bound stands for.
func instant(text string) (first, last time.Time, ok bool) {
	if text == "" {
		return time.Time{}, time.Time{}, true
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, at, true
	}
	day, err := time.Parse(time.DateOnly, text)
	return day, day.Add(24*time.Hour - time.Nanosecond), err == nil
}
