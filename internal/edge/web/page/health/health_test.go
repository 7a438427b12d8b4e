package health

import (
	"encoding/json"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
	"kolo/internal/understand/stat"
)

// TestTrustSaysWhatFailsSince: a version that passed its gate and fails on what happened since is not validated, with why, the figures and
// when, in every language; while its horizon is not over it is said when it will be.
func TestTrustSaysWhatFailsSince(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), func(t *testing.T, db *store.DB, now *clock.Fake) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const email, password = "owner@example.com", "correct horse battery"
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		ws, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: "W", Owner: identity.NewOwner{Name: "Dana", Email: email, Password: password}})
		must(err)
		token, err := people.SignIn(t.Context(), email, password, "127.0.0.1", "test")
		must(err)
		site, err := web.New(web.Options{Identity: people, Clock: now, Log: slog.New(slog.DiscardHandler)})
		must(err)
		contacts, events := contact.NewService(db), event.NewService(db)
		t.Cleanup(events.Close)
		(&Pages{Health: health.NewService(db, contacts, events), Contacts: contacts}).Register(site)
		open := func(path, language string) string {
			t.Helper()
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
			r.AddCookie(&http.Cookie{Name: "kolo_language", Value: language})
			rec := httptest.NewRecorder()
			site.ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				t.Fatalf("%s in %s: %d", path, language, rec.Code)
			}
			return html.UnescapeString(rec.Body.String())
		}
		check := func(auc float64, left int) *health.Check {
			return &health.Check{N: 1000, Left: left, AUC: auc, AUCRange: stat.Interval{Low: auc - 0.03, High: auc + 0.03}, Slope: 1, SlopeSE: 0.1, Expected: 90, Ratio: 1, Single: health.Usage, SingleAUC: 0.58, Calibrated: true}
		}
		keep := func(again *health.Recheck) {
			t.Helper()
			report, err := json.Marshal(health.Report{From: "2024-01-01", To: "2026-08-20", Horizon: 90, Contacts: 1000, Left: 300, Fitted: 9000, FitLeft: 200, FitUpto: "2026-02-21", Refused: []string{},
				Tests: []string{"2026-02-21", "2026-05-22"}, Check: check(0.74, 91), Recheck: again})
			must(err)
			must(db.Update(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.Exec("DELETE FROM health_version"); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO health_version (workspace, id, active, kind, report, model, known, made_by, made_at) VALUES ($1, 'v1', 1, 'fitted', $2, '{}', 1, '', $3)",
					string(ws.ID), string(report), tx.Millis())
				return err
			}))
		}
		says := func(page, language string, words ...string) {
			t.Helper()
			for _, w := range words {
				if !strings.Contains(page, w) {
					t.Errorf("in %s the page does not say %q", language, w)
				}
			}
		}
		keep(nil)
		says(open("/health/trust", "en"), "en", "Validated", "Held against what happened since", "From 18 Nov 2026 on")
		keep(&health.Recheck{Tests: []string{"2026-08-20"}, Check: *check(0.52, 47), Refused: []string{"auc", "single"}})
		for language, words := range map[string][]string{
			"en": {"Not validated", "and fails one on what happened since", "the area under the curve is 0.52, and may be as low as 0.49", "Held against what happened since", "20 Aug 2026; 47 of them left", "0.74"},
			"he": {"לא אומת", "והוא נכשל במבחן לפי מה שקרה מאז", "בדיקה מול מה שקרה מאז", "0.52"},
			"fa": {"تأیید نشده", "با آنچه از آن پس رخ داد در آزمونی رد", "سنجش با آنچه از آن پس رخ داد", "۵۲"},
			"ru": {"Не подтверждено", "не проходит проверку на том, что было потом", "Сверка с тем, что было потом", "0,52"},
		} {
			page := open("/health/trust", language)
			says(page, language, words...)
			if strings.Contains(page, "health.recheck") || strings.Contains(page, "health.not_valid") {
				t.Errorf("in %s words are missing", language)
			}
		}
		keep(&health.Recheck{Tests: []string{"2026-08-20"}, Check: *check(0.72, 47), Refused: []string{}})
		if page := open("/health/trust", "en"); strings.Contains(page, "Not validated") || !strings.Contains(page, "47 of them left") {
			t.Error("a version that goes on to hold is not called validated")
		}
	})
}
