package stream

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Values of the label outcome.
const (
	outcomeHandled    = "handled"
	outcomeRetried    = "retried"
	outcomeDeadLetter = "dead_letter"
)

// consumerMetrics collects everything about one consumer. Counters count as
// things happen; the gauges of each partition are computed when asked for.
type consumerMetrics struct {
	records     *prometheus.CounterVec
	latency     *prometheus.HistogramVec
	deadLetters *prometheus.CounterVec
	rebalances  prometheus.Counter
	stalls      prometheus.Counter

	blockedLanes, blockedSeconds, lag, oldest *prometheus.Desc

	claims func() []*claim
}

func newConsumerMetrics(group string, claims func() []*claim) *consumerMetrics {
	labels := prometheus.Labels{"group": group}
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "fte_stream_" + name, Help: help, ConstLabels: labels}
	}
	gauge := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("fte_stream_"+name, help, []string{"topic", "partition"}, labels)
	}
	return &consumerMetrics{
		records: prometheus.NewCounterVec(counter("records_total",
			"Attempts at records by outcome: handled, retried, dead_letter."), []string{"topic", "outcome"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fte_stream_handler_seconds", Help: "Duration of one handler call, of one record or a batch.", ConstLabels: labels,
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
		}, []string{"topic"}),
		deadLetters: prometheus.NewCounterVec(counter("dead_letters_total",
			"Records put aside by reason."), []string{"reason"}),
		rebalances: prometheus.NewCounter(counter("rebalances_total",
			"How often partitions were assigned to this member.")),
		stalls: prometheus.NewCounter(counter("stalls_total",
			"How often the client was replaced because records had stopped to arrive.")),
		blockedLanes: gauge("blocked_lanes",
			"Lanes that are retrying a record or a batch."),
		blockedSeconds: gauge("blocked_seconds",
			"For how long the longest blocked lane has been retrying its record; 0 if none is blocked."),
		lag: gauge("lag_records",
			"Records that are not done, read or not."),
		oldest: gauge("oldest_unprocessed_seconds",
			"Age of the oldest record that was read and is not done; 0 if there is none."),
		claims: claims,
	}
}

func (m *consumerMetrics) record(topic, outcome string, n int) {
	m.records.WithLabelValues(topic, outcome).Add(float64(n))
}

func (m *consumerMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.records, m.latency, m.deadLetters, m.rebalances, m.stalls}
}

// Describe implements prometheus.Collector.
func (m *consumerMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(out)
	}
	for _, d := range []*prometheus.Desc{m.blockedLanes, m.blockedSeconds, m.lag, m.oldest} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *consumerMetrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(out)
	}
	now := time.Now()
	for _, cl := range m.claims() {
		var blocked int
		var longest time.Duration
		for _, l := range cl.lanes {
			if since := l.blocked.Load(); since != 0 {
				blocked++
				longest = max(longest, now.Sub(time.Unix(0, since)))
			}
		}
		lag, oldest := cl.backlog()
		var age time.Duration
		if !oldest.IsZero() {
			age = max(0, now.Sub(oldest))
		}
		gauge := func(d *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value,
				cl.source.Topic(), strconv.FormatInt(int64(cl.source.Partition()), 10))
		}
		gauge(m.blockedLanes, float64(blocked))
		gauge(m.blockedSeconds, longest.Seconds())
		gauge(m.lag, float64(lag))
		gauge(m.oldest, age.Seconds())
	}
}
