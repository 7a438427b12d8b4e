package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"kolo/internal/foundation/fault"
)

// Check tells whether a part works; nil is well. Its context ends at the registry's time-out.
type Check func(context.Context) error

// Health asks the parts of the program how they are.
type Health struct {
	log      *slog.Logger
	timeout  time.Duration
	mu       sync.Mutex
	live     []*check
	ready    []*check
	lags     map[string]func() int64
	draining atomic.Bool
}

// NewHealth makes a registry whose checks may take so long each; 2 s when 0.
func NewHealth(log *slog.Logger, timeout time.Duration) *Health {
	if timeout <= 0 {
		timeout = 2 * time.Second
	}
	return &Health{log: log, timeout: timeout}
}

// Live adds a check that fails when only a restart can help.
func (h *Health) Live(name string, fn Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live = append(h.live, &check{name: name, fn: fn})
}

// Ready adds a check that fails while this process should get no requests: its database does not answer, for instance.
func (h *Health) Ready(name string, fn Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = append(h.ready, &check{name: name, fn: fn})
}

// Lag has readiness tell how far something is behind, which is no reason to get no requests.
func (h *Health) Lag(name string, behind func() int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lags == nil {
		h.lags = map[string]func() int64{}
	}
	h.lags[name] = behind
}

// Drain makes the process not ready from now on, so that balancers look elsewhere while it finishes what it has begun.
func (h *Health) Drain() { h.draining.Store(true) }

// Status is how one check, or all together, went.
type Status struct {
	Status string            `json:"status"` // "ok", "failing", or "draining" for all together
	Error  string            `json:"error,omitempty"`
	Millis float64           `json:"took_ms"`
	Checks map[string]Status `json:"checks,omitempty"`
	Behind map[string]int64  `json:"behind,omitempty"` // changes that are still to be taken in, until which answers lack them
	Build  *Build            `json:"build,omitempty"`
}

// OK tells whether all is well.
func (s Status) OK() bool { return s.Status == "ok" }

// Alive runs the live checks.
func (h *Health) Alive(ctx context.Context) Status { return h.run(ctx, &h.live, false) }

// Readiness runs the ready checks.
func (h *Health) Readiness(ctx context.Context) Status {
	s := h.run(ctx, &h.ready, h.draining.Load())
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Behind = make(map[string]int64, len(h.lags))
	for name, behind := range h.lags {
		s.Behind[name] = behind()
	}
	return s
}

// LiveHandler answers /healthz: 200 or 503, and a Status as JSON.
func (h *Health) LiveHandler() http.Handler { return answer(h.Alive) }

// ReadyHandler answers /readyz: 200 or 503, and a Status as JSON.
func (h *Health) ReadyHandler() http.Handler { return answer(h.Readiness) }

func answer(ask func(context.Context) Status) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := ask(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !s.OK() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(s)
	})
}

func (h *Health) run(ctx context.Context, list *[]*check, draining bool) Status {
	h.mu.Lock()
	checks := *list
	h.mu.Unlock()
	began := time.Now()
	results := make([]Status, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			began := time.Now()
			err := c.ask(ctx, h.timeout)
			results[i] = Status{Status: "ok", Millis: millis(began)}
			if err != nil {
				h.log.WarnContext(ctx, "a health check fails", "check", c.name, "error", err)
				// Anybody may read this page, so only what was written for users.
				p := fault.ProblemOf(err)
				results[i].Status, results[i].Error = "failing", p.Detail
			}
		})
	}
	wg.Wait()
	b := ReadBuild()
	all := Status{Status: "ok", Millis: millis(began), Checks: map[string]Status{}, Build: &b}
	for i, c := range checks {
		all.Checks[c.name] = results[i]
		if !results[i].OK() {
			all.Status = "failing"
		}
	}
	if draining {
		all.Status = "draining"
	}
	return all
}

func millis(since time.Time) float64 {
	return float64(time.Since(since).Microseconds()) / 1000
}

// check is asked by one at a time: who comes while it is being asked shares the answer, so that a part that hangs costs one
// goroutine however often the page is read.
type check struct {
	name string
	fn   Check

	mu      sync.Mutex
	pending *asked
}

type asked struct {
	done chan struct{}
	err  error
}

func (c *check) ask(ctx context.Context, timeout time.Duration) error {
	c.mu.Lock()
	a := c.pending
	if a == nil {
		a = &asked{done: make(chan struct{})}
		c.pending = a
		// Not the asker's context: others may be sharing the answer when it goes away.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		go func() {
			defer cancel()
			a.err = safely(ctx, c.fn)
			c.mu.Lock()
			c.pending = nil
			c.mu.Unlock()
			close(a.done)
		}()
	}
	c.mu.Unlock()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-a.done:
		return a.err
	case <-timer.C:
		return fault.New(fault.Busy, "telemetry."+c.name, "no answer within %v", timeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func safely(ctx context.Context, fn Check) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return fn(ctx)
}
