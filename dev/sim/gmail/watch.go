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
	return &api.WatchResponse{HistoryId: b.indexed(), Expiration: started.Expires.UnixMilli()}, nil
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
	mail := arrives(records)
	if mail && s.faults.Take(LostPush) {
		return
	}
	if b.pushing {
		b.again = true
		return
	}
	b.pushing = true
	historyID, late := b.current, mail && s.faults.Take(LatePush)
	s.work.Go(func(ctx context.Context) {
		if late {
			pause(ctx, lateness)
		}
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

// lateness is how much later a late push comes.
const lateness = 5 * time.Second

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (w watch) covers(records []record) bool {
	if time.Now().After(w.Expires) {
		return false
	}
	if len(w.Labels) == 0 {
		return true
	}
	hit := slices.ContainsFunc(records, func(r record) bool {
		return slices.ContainsFunc(w.Labels, r.concerns)
	})
	return hit != w.Exclude
}
