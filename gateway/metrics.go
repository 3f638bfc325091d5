package gateway

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// The ways an event is made durable, as the label via names them.
const (
	viaKafka = "kafka"
	viaSpool = "spool"
)

type metrics struct {
	ack         *prometheus.HistogramVec
	rejected    *prometheus.CounterVec
	events      *prometheus.CounterVec
	spoolDepth  prometheus.Gauge
	spoolOldest prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		ack: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fte_ingest_ack_seconds", Help: "Time from the request to the acknowledgement of what was accepted.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2.5, 5},
		}, []string{"route"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fte_ingest_rejected_total", Help: "Inbound requests that led to no event, by reason.",
		}, []string{"reason"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fte_ingest_events_total", Help: "Events made durable, by topic and by where they went first.",
		}, []string{"topic", "via"}),
		spoolDepth: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fte_spool_depth", Help: "Events that wait in the spool.",
		}),
		spoolOldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fte_spool_oldest_seconds", Help: "Age of the oldest event in the spool; 0 if there is none.",
		}),
	}
	for _, c := range []prometheus.Collector{m.ack, m.rejected, m.events, m.spoolDepth, m.spoolOldest} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("setting up the gateway: registering its metrics: %w", err)
		}
	}
	return m, nil
}
