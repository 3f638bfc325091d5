package stream

import (
	"slices"
	"sync"
)

// line holds the records of one partition that were read and are not done, a
// queue for each key, and lets the keys take turns: after one batch a key lines
// up again behind all others. So the records of a key keep their order, and
// another key waits for one batch of it, however many it has.
type line struct {
	// ready are the keys that have records and that no lane works on, in the
	// order of their turns. It has room for all: each holds one slot at least.
	ready chan *queue

	mu     sync.Mutex
	queues map[string]*queue // of keys that are ready or worked on
}

// queue holds the records of one key. Only the lane whose turn it is takes any.
type queue struct {
	key   string
	tasks []task
}

type task struct {
	record Record
	mark   *mark
}

func newLine(room int) *line {
	return &line{ready: make(chan *queue, room), queues: map[string]*queue{}}
}

func (l *line) add(t task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[t.record.Key]
	if q == nil {
		q = &queue{key: t.record.Key}
		l.queues[q.key] = q
		l.ready <- q
	}
	q.tasks = append(q.tasks, t)
}

// next waits for the key whose turn it is, nil if stop is closed before.
func (l *line) next(stop <-chan struct{}) *queue {
	select {
	case <-stop:
		return nil
	case q := <-l.ready:
		return q
	}
}

// batch returns the first records of a queue that may be handled together, at
// least one. It waits for none that has not come.
func (l *line) batch(q *queue, most int, together func(a, b Record) bool) []task {
	l.mu.Lock()
	tasks := q.tasks[:min(most, len(q.tasks))]
	l.mu.Unlock()
	n := 1
	for n < len(tasks) && together(tasks[0].record, tasks[n].record) {
		n++
	}
	return tasks[:n]
}

// done ends the turn of a key, of whose queue this many were handled.
func (l *line) done(q *queue, handled int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.tasks = slices.Delete(q.tasks, 0, handled)
	if len(q.tasks) == 0 {
		delete(l.queues, q.key)
		return
	}
	l.ready <- q
}
