package gmail

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	api "google.golang.org/api/gmail/v1"
)

const watchLifetime = 7 * 24 * time.Hour

// watch is what users.watch asked for; the zero value watches nothing.
type watch struct {
	Expires time.Time `json:"expires"`
	Labels  []string  `json:"labels"`
	Exclude bool      `json:"exclude"`
}

var topic = regexp.MustCompile(`^projects/[^/]+/topics/[^/]+$`)

func (s *Server) watch(b *box, r *http.Request) (any, error) {
	var request api.WatchRequest
	if err := decode(r, &request); err != nil {
		return nil, err
	}
	if !topic.MatchString(request.TopicName) {
		return nil, invalid("Invalid topicName does not match projects/[^/]+/topics/[^/]+")
	}
	behaviour := strings.ToUpper(request.LabelFilterBehavior + request.LabelFilterAction)
	started := &watch{
		Expires: time.Now().Add(watchLifetime).UTC(), Labels: request.LabelIds,
		Exclude: strings.HasPrefix(behaviour, "EXCLUDE"),
	}
	if err := s.commit(event{Mailbox: b.address, Watch: started}); err != nil {
		return nil, err
	}
	return &api.WatchResponse{HistoryId: b.current, Expiration: started.Expires.UnixMilli()}, nil
}

func (s *Server) stop(b *box, _ *http.Request) (any, error) {
	return nil, s.commit(event{Mailbox: b.address, Watch: &watch{}})
}

// Watched reports when the watch of a mailbox ends; zero when there is none.
func (s *Server) Watched(mailbox string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[strings.ToLower(mailbox)]; b != nil {
		return b.watch.Expires
	}
	return time.Time{}
}

// ExpireWatch ends the watch of a mailbox, as seven days without renewal do.
func (s *Server) ExpireWatch(mailbox string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit(event{Mailbox: strings.ToLower(mailbox), Watch: &watch{}})
}

// notify calls the push hook when the mailbox is watched. While a hook runs,
// further changes become one more push, as Gmail drops what exceeds one push a
// second. The caller holds s.mu.
func (s *Server) notify(b *box, records []record) {
	hook := s.onChange
	if hook == nil || !s.options.AlwaysPush && !b.watch.covers(records) {
		return
	}
	if b.pushing {
		b.again = true
		return
	}
	b.pushing = true
	historyID := b.current
	s.work.Go(func(ctx context.Context) {
		for {
			hook(ctx, b.address, historyID)
			s.mu.Lock()
			if !b.again || ctx.Err() != nil {
				b.pushing = false
				s.mu.Unlock()
				return
			}
			b.again, historyID = false, b.current
			s.mu.Unlock()
		}
	})
}

func (w watch) covers(records []record) bool {
	if time.Now().After(w.Expires) {
		return false
	}
	if len(w.Labels) == 0 {
		return true
	}
	hit := slices.ContainsFunc(records, func(r record) bool {
		return slices.ContainsFunc(r.Labels, func(label string) bool { return slices.Contains(w.Labels, label) })
	})
	return hit != w.Exclude
}
