package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
)

func TestLogCarriesContext(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo, "json")
	ctx := Workspace(Request(t.Context(), "r-1"), "w-1")
	sibling := With(ctx, slog.String("job", "j-1"))
	_ = With(ctx, slog.String("job", "j-2")) // must not write over its sibling's
	log.With("a", 1).InfoContext(sibling, "hello")
	log.DebugContext(ctx, "too quiet")
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err, out.String())
	}
	if got["request"] != "r-1" || got["workspace"] != "w-1" || got["job"] != "j-1" || got["a"] != 1.0 || got["msg"] != "hello" {
		t.Fatalf("record = %v", got)
	}
}

func TestLogKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := NewLogger(&out, slog.LevelInfo, format)
		log.Info("cannot reach postgres://kolo:hunter2@db/kolo",
			"error", fmt.Errorf("dial: %w", errors.New("postgres://kolo:hunter2@db:5432/kolo?sslmode=disable refused")),
			"Password", "hunter2", "X-Api-Key", "hunter2", slog.Group("request", "authorization", "hunter2"),
			"header", "Bearer hunter2hunter2", "dsn", "host=db password=hunter2 user=kolo", "key", "kolo_3fGh81Zqhunter2hunter2",
			"cookie", http.Cookie{Value: "hunter2"})
		if strings.Contains(out.String(), "hunter2") {
			t.Errorf("%s: a secret got out: %s", format, out.String())
		}
		for _, want := range []string{"refused", "user=kolo", "cannot reach", "kolo_3fGh81Zq["} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is missing: %s", format, want, out.String())
			}
		}
	}
	for _, harmless := range []string{"KOLO_DATA is ./data", "mail anna@example.com about http://x.org/a:b", "kolo_http_in_flight"} {
		if got := Redact(harmless); got != harmless {
			t.Errorf("%q became %q", harmless, got)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	m.HTTP("/v1/feedback", "POST", 201, 3*time.Millisecond)
	m.HTTP("none", "BREW", 405, time.Millisecond)
	m.InFlight(1)
	m.Job("import.run", "done", -time.Second, time.Second)
	m.GroupCommit(64, time.Millisecond)
	m.FeedLag("columns", 7, 2*time.Second)
	m.Event("feedback", "accepted", 12)
	m.Gauge("kolo_rows", "Rows.", func() float64 { return 42 })
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`kolo_http_requests_total{method="POST",route="/v1/feedback",status="201"} 1`,
		`kolo_http_requests_total{method="other",route="none",status="405"} 1`,
		`kolo_http_in_flight 1`, `kolo_jobs_total{kind="import.run",outcome="done"} 1`, `kolo_job_wait_seconds_sum{kind="import.run"} 0`,
		`kolo_group_commit_rows_sum 64`, `kolo_feed_lag_rows{feed="columns"} 7`, `kolo_feed_lag_seconds{feed="columns"} 2`,
		`kolo_events_total{event="feedback",outcome="accepted"} 12`, `kolo_rows 42`, `kolo_build_info{`, `go_goroutines`, `process_cpu_seconds_total`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	var none *Metrics // nobody must ask whether there are metrics
	none.HTTP("/", "GET", 200, 0)
	none.Job("a", "done", 0, 0)
	none.InFlight(1)
	none.GroupCommit(1, 0)
	none.FeedLag("a", 0, 0)
	none.Event("a", "b", 1)
	none.Gauge("a", "b", nil)
	w = httptest.NewRecorder()
	if none.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil)); w.Code != 404 {
		t.Errorf("no metrics answer %d", w.Code)
	}
}

func ask(t *testing.T, h http.Handler) (code int, s Status) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return w.Code, s
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h := NewHealth(slog.New(slog.DiscardHandler), time.Minute)
	if code, s := ask(t, h.LiveHandler()); code != 200 || !s.OK() || s.Build.Go == "" {
		t.Fatalf("nothing to check is %d %+v", code, s)
	}
	var err error
	h.Ready("rows", func(context.Context) error { return err })
	h.Ready("columns", func(context.Context) error { return nil })
	if code, s := ask(t, h.ReadyHandler()); code != 200 || !s.Checks["rows"].OK() || !s.Checks["columns"].OK() {
		t.Fatalf("well is %d %+v", code, s)
	}
	h.Lag("columns", func() int64 { return 40000 })
	if code, s := ask(t, h.ReadyHandler()); code != 200 || !s.OK() || s.Behind["columns"] != 40000 {
		t.Fatalf("columns that are being filled are %d %+v", code, s)
	}
	if _, s := ask(t, h.LiveHandler()); s.Behind != nil {
		t.Fatalf("alive is %+v", s)
	}
	err = errors.New("password=hunter2")
	code, s := ask(t, h.ReadyHandler())
	if code != 503 || s.OK() || s.Checks["rows"].OK() || !s.Checks["columns"].OK() || strings.Contains(fmt.Sprint(s), "hunter2") {
		t.Fatalf("failing is %d %+v", code, s)
	}
	err = fault.New(fault.Busy, "store", "the disk is full")
	if _, s := ask(t, h.ReadyHandler()); s.Checks["rows"].Error != "the disk is full" {
		t.Fatalf("the reason is %+v", s)
	}
	err = nil
	h.Ready("bug", func(context.Context) error { panic("bug") })
	if code, s := ask(t, h.ReadyHandler()); code != 503 || s.Checks["bug"].OK() {
		t.Fatalf("a panic is %d %+v", code, s)
	}
	if code, _ := ask(t, h.LiveHandler()); code != 200 {
		t.Fatal("not ready is not dead")
	}
	h.Drain()
	if code, s := ask(t, h.ReadyHandler()); code != 503 || s.Status != "draining" {
		t.Fatalf("draining is %d %+v", code, s)
	}
}

func TestHangingCheckCostsOneGoroutine(t *testing.T) {
	t.Parallel()
	h := NewHealth(slog.New(slog.DiscardHandler), 5*time.Millisecond)
	var begun atomic.Int64
	hang := make(chan struct{})
	h.Ready("deaf", func(context.Context) error { begun.Add(1); <-hang; return nil })
	for range 5 {
		if code, s := ask(t, h.ReadyHandler()); code != 503 || s.Checks["deaf"].Error != "no answer within 5ms" {
			t.Fatalf("hanging is %d %+v", code, s)
		}
	}
	if begun.Load() != 1 {
		t.Fatalf("asked %d times at once", begun.Load())
	}
	close(hang)
}

func TestBuild(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{GoVersion: "go1.26", Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-01T00:00:00Z"}, {Key: "vcs.modified", Value: "true"}}}
	if got, want := buildOf(info), (Build{"dev", "abc", "2026-01-01T00:00:00Z", true, "go1.26"}); got != want {
		t.Fatalf("build = %+v", got)
	}
	info.Main.Version = "v1.2.3"
	if buildOf(info).Version != "v1.2.3" {
		t.Fatal("the version was lost")
	}
}
