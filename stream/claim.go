package stream

import (
	"context"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/digital-fte/fte/failpoint"
)

// claim is one partition while this member owns it. Its records line up by key,
// and each lane works on one key at a time: a lane that waits holds up the
// records of that key only.
type claim struct {
	consumer *Consumer
	session  sarama.ConsumerGroupSession
	source   sarama.ConsumerGroupClaim
	line     *line
	lanes    []*lane
	slots    chan struct{} // one token for each record that is not done

	mu       sync.Mutex
	marks    watermark
	read     int64 // offset of the next record to read, negative while unknown
	marked   int64 // offset up to which everything is done, negative while unknown
	activity time.Time
}

func newClaim(c *Consumer, session sarama.ConsumerGroupSession, source sarama.ConsumerGroupClaim) *claim {
	cl := &claim{
		consumer: c,
		session:  session,
		source:   source,
		line:     newLine(c.opts.MaxInFlight),
		slots:    make(chan struct{}, c.opts.MaxInFlight),
		read:     source.InitialOffset(),
		marked:   source.InitialOffset(),
		activity: time.Now(),
	}
	for range c.opts.Lanes {
		cl.lanes = append(cl.lanes, &lane{claim: cl})
	}
	return cl
}

// run returns when the session or the claim has ended and no handler is
// running any more. Whatever is not done then is not marked, and the next
// owner of the partition gets it again.
func (cl *claim) run(session context.Context) {
	intake, stop := context.WithCancel(session)
	defer stop()
	work, cancel := context.WithCancel(context.WithoutCancel(session))
	defer cancel()

	var lanes sync.WaitGroup
	for _, l := range cl.lanes {
		lanes.Go(func() { l.run(work, intake.Done()) })
	}
	cl.deal(intake.Done())
	stop()
	grace := time.AfterFunc(cl.consumer.opts.Grace, cancel)
	defer grace.Stop()
	lanes.Wait()
}

// deal lines records up, no more at a time than there are slots: when all are
// taken it stops reading, and sarama stops fetching.
func (cl *claim) deal(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case cl.slots <- struct{}{}:
		}
		select {
		case <-stop:
			return
		case m, ok := <-cl.source.Messages():
			if !ok {
				return
			}
			cl.line.add(task{record: recordOf(m), mark: cl.begin(m)})
		}
	}
}

func (cl *claim) begin(m *sarama.ConsumerMessage) *mark {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.marked < 0 {
		cl.marked = m.Offset
	}
	cl.read = m.Offset + 1
	cl.activity = time.Now()
	return cl.marks.begin(m.Offset, m.Timestamp)
}

// finish marks as much of the partition as is done without a gap.
func (cl *claim) finish(m *mark) {
	failpoint.Here(cl.consumer.opts.Group + ".beforeMark")
	cl.mu.Lock()
	defer cl.mu.Unlock()
	cl.activity = time.Now()
	if next, moved := cl.marks.finish(m); moved {
		cl.marked = next
		cl.session.MarkOffset(cl.source.Topic(), cl.source.Partition(), next, "")
	}
	<-cl.slots
}

// position returns the offset to be read next, negative if unknown, and since
// when nothing was read or finished; busy says that records are being worked on.
func (cl *claim) position() (next int64, since time.Time, busy bool) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	return cl.read, cl.activity, len(cl.marks.open) > 0
}

// backlog returns how many records are not done and when the oldest of those
// read was stamped, zero if every one is done.
func (cl *claim) backlog() (lag int64, oldest time.Time) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if cl.marked >= 0 {
		lag = max(0, cl.source.HighWaterMarkOffset()-cl.marked)
	}
	return lag, cl.marks.oldest()
}
