package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// TestAnotherZoneHasOtherDays: when a workspace's time zone changes, what it heard and what happened there is counted by the days of the new one.
func TestAnotherZoneHasOtherDays(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ws, _ := i.workspace("one")
		other, _ := i.workspace("two")
		token := i.signIn("owner@one.example.com")
		late := time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC) // the first of April in Jerusalem
		for _, w := range []identity.WorkspaceID{ws, other} {
			i.receive(w, feedback.Input{Channel: "web", Text: "Late in the evening", Time: &late}, feedback.Input{Channel: "web", Text: "Later still", Time: &late})
			got, err := i.Events.Receive(i.Context(), w, []event.Input{{Kind: "track", Name: "login", Time: &late, User: "1", Message: "m"}})
			must(i.T, err)
			if got[0].Status != event.Created {
				i.Fatalf("%+v", got)
			}
		}
		day := func(w identity.WorkspaceID, bucket string) string {
			a, err := i.Insight.Ask(i.Context(), w, insight.Query{Measure: insight.Count, Bucket: bucket})
			must(i.T, err)
			var of []string
			for _, r := range a.Rows {
				if r.N > 0 {
					of = append(of, r.Bucket)
				}
			}
			return strings.Join(of, " ")
		}
		logins := func(w identity.WorkspaceID) (at string) {
			must(i.T, i.Events.Counts(i.Context(), w, event.Range{From: clock.DayOf(late, time.UTC) - 3, To: clock.DayOf(late, time.UTC) + 4, Every: 1}, func(c event.Count) error {
				at += (clock.DayOf(late, time.UTC) - 3 + clock.Day(c.Bucket)).String()
				return nil
			}))
			return at
		}
		i.fed()
		i.until("the events are counted", func() bool { return logins(ws) == "2026-03-31" && logins(other) == "2026-03-31" })
		if got := day(ws, "day"); got != "2026-03-31" {
			i.Fatalf("%s before", got)
		}
		if rec := i.browse(token, http.MethodPost, "/settings", url.Values{"name": {"one"}, "zone": {"Asia/Jerusalem"}, "week_start": {"monday"}, "language": {"en"}, "currency": {"USD"}}); rec.Code != http.StatusSeeOther {
			i.Fatalf("%d %.2000s", rec.Code, rec.Body)
		}
		i.until("the days are those of the zone", func() bool {
			busy, err := i.Identity.Rezoning(i.Context(), ws)
			must(i.T, err)
			return !busy
		})
		if got, months := day(ws, "day"), day(ws, "month"); got != "2026-04-01" || months != "2026-04-01" {
			i.Errorf("%s and %s after", got, months)
		}
		if got := logins(ws); got != "2026-04-01" {
			i.Errorf("events of %s after", got)
		}
		if got := day(other, "day") + " " + logins(other); got != "2026-03-31 2026-03-31" {
			i.Errorf("%s in another workspace", got)
		}
		if body := i.page(token, "/settings"); strings.Contains(body, "counted anew") {
			i.Error("the page still says that days are counted anew")
		}
	})
}
