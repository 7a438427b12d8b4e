package fault

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail/mailtest"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/test/process"
)

// hooked is a receiver of webhooks that remembers how often each id came.
type hooked struct {
	mu  sync.Mutex
	ids map[string]int
}

func (h *hooked) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	time.Sleep(20 * time.Millisecond) // so that a kill finds some on their way
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids[r.Header.Get("Webhook-Id")]++
}

var messageID = regexp.MustCompile(`(?m)^Message-ID: <([0-9a-f-]+)@`)

// TestTellingSurvivesKills kills the server again and again while it tells of alerts: each is told in one mail and in one
// event, all of which arrive, and what arrives twice has the same id.
func TestTellingSurvivesKills(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		dir := t.TempDir()
		tell(t, filepath.Join(dir, "kolo.db"), "KOLO_DATA="+dir)
	})
	t.Run("cluster", func(t *testing.T) {
		url := storetest.PostgresURL(t)
		tell(t, url, "KOLO_DATABASE_URL="+url, "KOLO_CLICKHOUSE_URL="+clickhousetest.URL(t))
	})
}

func tell(t *testing.T, rows string, env ...string) {
	mails := &mailtest.Server{Slow: 10 * time.Millisecond}
	mails.Start(t)
	hooks := &hooked{ids: map[string]int{}}
	receiver := httptest.NewServer(hooks)
	t.Cleanup(receiver.Close)
	k := process.New(t, append(env, "KOLO_SMTP_URL="+mails.URL(), "KOLO_MAIL_FROM=kolo@example.org", "KOLO_ALLOW_PRIVATE=127.0.0.0/8")...)
	key := k.Bootstrap("Tell", "w@example.com")
	server := k.Serve()
	server.JSON(key, http.MethodPost, "/v1/webhooks", map[string]any{"url": receiver.URL, "events": []string{deliver.AlertOpened}}, nil, http.StatusCreated)

	db, err := store.Open(t.Context(), store.Options{URL: rows, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var ws string
	if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		ws, err = store.One(tx, store.Value[string], "/* test */ SELECT id FROM workspace")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var alerts []string
	const kills, each = 8, 4
	for range kills {
		for range each {
			alerts = append(alerts, signal(t, db, ws))
			time.Sleep(rand.N(20 * time.Millisecond))
		}
		time.Sleep(rand.N(150 * time.Millisecond))
		server.Kill()
		server = k.Serve()
	}
	var list []deliver.Delivery
	until(t, "everything is told and sent", func() bool {
		var untold, queued int64
		if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			if untold, err = store.One(tx, store.Value[int64], "/* test */ SELECT count(*) FROM alert_notice WHERE told_at = 0"); err == nil {
				queued, err = store.One(tx, store.Value[int64], "/* test */ SELECT count(*) FROM delivery WHERE state = 'queued'")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return untold == 0 && queued == 0
	})
	list, _, err = deliver.NewService(db, deliver.Options{}).List(t.Context(), identity.WorkspaceID(ws), identity.Program(identity.WorkspaceID(ws), "test"), deliver.Filter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}

	events, letters := map[string]int{}, map[string]int{}
	arrived := map[string]int{}
	for _, m := range mails.Mails() {
		arrived[messageID.FindStringSubmatch(m.Data)[1]]++
	}
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	twice := 0
	for _, d := range list {
		n := arrived[string(d.ID)]
		if d.Kind == deliver.Hook {
			n = hooks.ids[string(d.ID)]
		}
		if d.State != deliver.Sent || n == 0 {
			t.Errorf("it arrived %d times: %+v", n, d)
		}
		twice += max(0, n-1)
		var body string
		if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
			body, err = store.One(tx, store.Value[string], "/* test */ SELECT body FROM delivery WHERE id = $1", string(d.ID))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, a := range alerts {
			if !strings.Contains(body, a) {
				continue
			}
			if d.Kind == deliver.Hook {
				events[a]++
			} else {
				letters[a]++
			}
		}
	}
	for _, a := range alerts {
		if events[a] != 1 || letters[a] != 1 {
			t.Errorf("alert %s is in %d events and %d mails", a, events[a], letters[a])
		}
	}
	for seen := range hooks.ids {
		if !slices.ContainsFunc(list, func(d deliver.Delivery) bool { return string(d.ID) == seen }) {
			t.Errorf("something arrived that nobody knows of: %s", seen)
		}
	}
	t.Logf("%d deliveries of %d alerts, %d came twice, %d kills", len(list), len(alerts), twice, kills)
	server.Stop()
}

// signal opens an alert with its notice, as the watch does.
func signal(t *testing.T, db *store.DB, ws string) string {
	t.Helper()
	var made string
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		made = id.New(tx.Now)
		subject := alert.Subject{Measure: alert.Count, Field: "channel", Value: fmt.Sprint("channel ", made)}
		last := int64(clock.DayOf(tx.Now, time.UTC)) - 1
		columns := []string{"workspace", "id", "subject", "kind", "episode", "state", "owner", "rule", "bucket", "since", "last_day", "signals", "observed", "expected", "low", "high",
			"exposure", "p", "q", "excess", "told_excess", "snoozed_until", "snooze_reason", "verdict", "reason", "quiet_until", "opened_at", "changed_at", "acknowledged_at", "closed_at"}
		if _, err := tx.InsertMany("test", "alert", columns, [][]any{{ws, made, subject.Key(), string(alert.Alarm), last, string(alert.Open), "", string(alert.Spike), "day", last, last, 1,
			41.0, 12.0, 5.0, 20.0, 900.0, 0.00001, 0.001, 29.0, 0.0, 0, "", "", "", 0, tx.Millis(), tx.Millis(), 0, 0}}, ""); err != nil {
			return err
		}
		if _, err := tx.Exec("/* test */ INSERT INTO alert_notice (workspace, id, alert, kind, at, told_at) VALUES ($1, $2, $3, $4, $5, 0)", ws, id.New(tx.Now), made, alert.Opened, tx.Millis()); err != nil {
			return err
		}
		_, err := job.Enqueue(tx, job.Spec{Workspace: ws, Kind: alert.TellKind, Key: alert.TellKind, Again: true})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return made
}
