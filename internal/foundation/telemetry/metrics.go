package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the numbers that /metrics shows. The methods of a nil *Metrics do nothing, so that nobody must ask whether
// there are metrics. Labels come from the program, never from a request's own text.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	inFlight    prometheus.Gauge
	jobs        *prometheus.CounterVec
	jobWait     *prometheus.HistogramVec
	jobTime     *prometheus.HistogramVec
	commitRows  prometheus.Histogram
	commitTime  prometheus.Histogram
	feedRows    *prometheus.GaugeVec
	feedAge     *prometheus.GaugeVec
	events      *prometheus.CounterVec
}

// NewMetrics makes a registry of its own, with the runtime's, the process's and the build's numbers.
func NewMetrics() *Metrics {
	latency := prometheus.ExponentialBuckets(0.001, 2.5, 12) // 1 ms to 24 s
	long := prometheus.ExponentialBuckets(0.01, 4, 10)       // 10 ms to 44 min
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kolo_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "status"}),
		requestTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kolo_http_request_seconds", Help: "Time to answer a request.", Buckets: latency}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "kolo_http_in_flight", Help: "Requests being answered."}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kolo_jobs_total", Help: "Attempts at background jobs by how they ended."}, []string{"kind", "outcome"}),
		jobWait: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kolo_job_wait_seconds", Help: "Time a job had been due before it was started.", Buckets: long}, []string{"kind"}),
		jobTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kolo_job_seconds", Help: "Time an attempt at a job took.", Buckets: long}, []string{"kind"}),
		commitRows: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kolo_group_commit_rows", Help: "Rows that shared one durable commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 14)}),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kolo_group_commit_seconds", Help: "Time a shared commit took.", Buckets: latency}),
		feedRows: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kolo_feed_lag_rows", Help: "Changes that a reader of the truth has not followed yet."}, []string{"feed"}),
		feedAge: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kolo_feed_lag_seconds", Help: "Age of the oldest change that a reader of the truth has not followed yet."}, []string{"feed"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kolo_events_total", Help: "Things that happened, by name and outcome: feedback accepted, messages sent."}, []string{"event", "outcome"}),
	}
	b := ReadBuild()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kolo_build_info", Help: "Always 1; the labels say which build runs.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "goversion": b.Go}})
	build.Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build,
		m.requests, m.requestTime, m.inFlight, m.jobs, m.jobWait, m.jobTime, m.commitRows, m.commitTime, m.feedRows, m.feedAge, m.events)
	return m
}

// Handler answers with the numbers in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	if m == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// methods are the ones that a label may have; a client may invent others without end.
var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}

// HTTP counts an answered request. route is the pattern that matched ("/v1/feedback/{id}"), or "none".
func (m *Metrics) HTTP(route, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if !methods[method] {
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(route, method).Observe(took.Seconds())
}

// InFlight adds to the number of requests being answered: 1 when one begins, -1 when it ends.
func (m *Metrics) InFlight(n int) {
	if m != nil {
		m.inFlight.Add(float64(n))
	}
}

// Job counts an attempt at a job; it fits job.Options.Observe.
func (m *Metrics) Job(kind, outcome string, waited, took time.Duration) {
	if m == nil {
		return
	}
	m.jobs.WithLabelValues(kind, outcome).Inc()
	m.jobWait.WithLabelValues(kind).Observe(max(0, waited.Seconds()))
	m.jobTime.WithLabelValues(kind).Observe(took.Seconds())
}

// GroupCommit counts a commit that callers shared.
func (m *Metrics) GroupCommit(rows int, took time.Duration) {
	if m == nil {
		return
	}
	m.commitRows.Observe(float64(rows))
	m.commitTime.Observe(took.Seconds())
}

// FeedLag says how far a reader of the truth, such as the one that fills the columns, is behind: changes not yet followed,
// and the age of the oldest.
func (m *Metrics) FeedLag(feed string, rows int64, age time.Duration) {
	if m == nil {
		return
	}
	m.feedRows.WithLabelValues(feed).Set(float64(rows))
	m.feedAge.WithLabelValues(feed).Set(age.Seconds())
}

// Event counts n things that happened: Event("feedback", "accepted", 12). Both names are constants of the program.
func (m *Metrics) Event(event, outcome string, n int) {
	if m != nil {
		m.events.WithLabelValues(event, outcome).Add(float64(max(0, n)))
	}
}

// Gauge shows a number that is asked for when /metrics is read. fn must be quick, and safe to call at any time.
func (m *Metrics) Gauge(name, help string, fn func() float64) {
	if m != nil {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, fn))
	}
}
