package stream

import "time"

// watermark knows which records of one partition have begun and answers up to
// where everything is done. Marking an offset in Kafka covers all below it, so
// nothing may be marked past a record that is still open. Offsets may have
// gaps (compaction, control records). It is not safe for concurrent use.
type watermark struct {
	open []*mark // in the order they were read, the first never done
}

type mark struct {
	offset int64
	at     time.Time
	done   bool
}

// begin takes in a record; offsets must rise.
func (w *watermark) begin(offset int64, at time.Time) *mark {
	m := &mark{offset: offset, at: at}
	w.open = append(w.open, m)
	return m
}

// finish takes note that a record is done. When that moves the watermark, it
// returns the offset of the next record to be read after a restart.
func (w *watermark) finish(m *mark) (next int64, moved bool) {
	m.done = true
	for len(w.open) > 0 && w.open[0].done {
		next, moved = w.open[0].offset+1, true
		w.open[0] = nil
		w.open = w.open[1:]
	}
	return next, moved
}

// oldest returns the time of the oldest record that is not done, zero if there is none.
func (w *watermark) oldest() time.Time {
	if len(w.open) == 0 {
		return time.Time{}
	}
	return w.open[0].at
}
