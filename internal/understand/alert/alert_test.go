package alert_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/insight"
)

// monday is when the tests take place.
var monday = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	db       *store.DB
	columns  *column.DB
	clock    *clock.Fake
	identity *identity.Service
	feedback *feedback.Service
	insight  *insight.Service
	feeder   *insight.Feeder
	alerts   *alert.Service
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachAt(t, monday, func(t *testing.T, db *store.DB, now *clock.Fake) {
		var err error
		w := &world{T: t, db: db, clock: now, identity: identity.NewService(db, identity.Options{}), feedback: feedback.NewService(db)}
		t.Cleanup(w.feedback.Close)
		if db.Engine() == store.SQLite {
			w.columns, err = duck.Open(t.Context(), "", column.Options{})
		} else {
			w.columns, err = clickhouse.Open(t.Context(), clickhousetest.URL(t), column.Options{})
		}
		w.must(err)
		t.Cleanup(func() { _ = w.columns.Close() })
		w.must(w.columns.Ensure(t.Context(), insight.Tables()...))
		w.insight = insight.NewService(db, w.columns, w.feedback)
		w.feeder = insight.NewFeeder(w.insight, slog.New(slog.DiscardHandler))
		w.alerts = alert.NewService(db, w.insight, "test.busy")
		test(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) workspace(name string) (identity.WorkspaceID, identity.Actor) {
	w.Helper()
	ws, m, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Zone: "UTC", WeekStart: identity.Monday,
		Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example.com"}})
	w.must(err)
	return ws.ID, identity.Actor{Workspace: ws.ID, Member: m.ID, Role: identity.Owner, Name: m.Name}
}

// plan is how much is said in a week, by how many weeks before the tests it is.
type plan func(weeksAgo int) (complaints, reviews int, nps []float64)

// quiet is what usually happens.
func quiet(int) (complaints, reviews int, nps []float64) { return 8, 12, usual }

var usual = slices.Concat(slices.Repeat([]float64{10}, 12), slices.Repeat([]float64{8}, 8), slices.Repeat([]float64{3}, 6))

// say fills a workspace with weeks of feedback.
func (w *world) say(ws identity.WorkspaceID, weeks int, p plan) {
	w.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var in []feedback.Input
	add := func(weeksAgo int, f feedback.Input) {
		at := monday.AddDate(0, 0, -7*weeksAgo).Add(time.Duration(r.IntN(7*24)) * time.Hour)
		f.Time = &at
		in = append(in, f)
	}
	for k := weeks; k >= 1; k-- {
		complaints, reviews, nps := p(k)
		for i := range complaints {
			add(k, feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Text: fmt.Sprintf("Late again %d %d", k, i), Attributes: feedback.Attributes{"city": []string{"Haifa", "Eilat"}[i%2]}})
		}
		for range reviews {
			add(k, feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Text: "Fine"})
		}
		for i, v := range nps {
			add(k, feedback.Input{Kind: "response", Channel: "web", Source: "survey", Survey: "relationship", Attributes: feedback.Attributes{"shop": []string{"north", "south"}[i%2]}, Scores: []feedback.Score{{Metric: "nps", Value: v, Scale: feedback.Scale{Min: 0, Max: 10}}}})
		}
	}
	for chunk := range slices.Chunk(in, 1000) {
		results, err := w.feedback.Receive(w.Context(), ws, chunk)
		w.must(err)
		for _, x := range results {
			if x.Status == feedback.Rejected {
				w.Fatalf("%+v", x)
			}
		}
	}
	w.must(w.feeder.Feed(w.Context()))
}

func (w *world) look(ws identity.WorkspaceID) alert.Report {
	w.Helper()
	r, err := w.alerts.Look(w.Context(), ws, w.clock.Now(), nil)
	w.must(err)
	return r
}

func (w *world) list(ws identity.WorkspaceID) []alert.Alert {
	w.Helper()
	list, next, err := w.alerts.List(w.Context(), ws, alert.Filter{Limit: 1000})
	w.must(err)
	if next != "" {
		w.Fatal("more than a page")
	}
	return list
}

// of finds the alert of a subject.
func (w *world) of(ws identity.WorkspaceID, s alert.Subject) (found alert.Alert) {
	w.Helper()
	for _, a := range w.list(ws) {
		if a.Subject == s {
			if found.ID != "" {
				w.Fatalf("two alerts of %s", s.Key())
			}
			found = a
		}
	}
	if found.ID == "" {
		w.Fatalf("no alert of %s among %v", s.Key(), subjects(w.list(ws)))
	}
	return found
}

func subjects(list []alert.Alert) (out []string) {
	for _, a := range list {
		out = append(out, string(a.Kind)+" "+a.Subject.Key())
	}
	return out
}

func (w *world) untold(ws identity.WorkspaceID) (list []alert.Notice) {
	w.Helper()
	w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
		list, err = w.alerts.Untold(tx, ws)
		return err
	}))
	return list
}

var complaints = alert.Subject{Measure: alert.Count, Field: "kind", Value: "complaint"}

// burst is a week with five times the complaints, which are about one city.
func burst(weeksAgo int) (int, int, []float64) {
	if weeksAgo == 1 {
		return 40, 12, usual
	}
	return quiet(weeksAgo)
}

func TestABurstIsToldOnceInItsOwnWorkspace(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		loud, owner := w.workspace("loud")
		calm, other := w.workspace("calm")
		w.say(loud, 30, burst)
		w.say(calm, 30, quiet)
		r := w.look(loud)
		if r.Series < 6 || r.Weekly != r.Series-r.Daily || r.Learning != 0 {
			w.Errorf("%+v", r)
		}
		w.look(calm)
		if list := w.list(calm); len(list) != 0 {
			w.Errorf("alerts where nothing happened: %v", subjects(list))
		}
		a := w.of(loud, complaints)
		if a.Kind != alert.Alarm || a.State != alert.Open || a.Since < "2026-11-16" || a.Last != "2026-11-22" || a.Observed < 38 || a.Observed > 41 || a.Expected < 7 || a.Expected > 10 || a.High < a.Low ||
			a.Excess < 25 || a.Excess > 40 || a.Exposure < 11 || a.Exposure > 13 || a.P > 1e-5 || a.Q > 1e-3 {
			w.Errorf("%+v", a)
		}
		// Whatever looks again changes nothing.
		before := w.list(loud)
		w.look(loud)
		if after := w.list(loud); fmt.Sprint(before) != fmt.Sprint(after) {
			w.Errorf("a second look changed\n%v\ninto\n%v", before, after)
		}
		told := w.untold(loud)
		if len(told) != len(before) || told[0].Kind != alert.Opened {
			w.Errorf("%d notices of %d alerts", len(told), len(before))
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			return w.alerts.MarkTold(tx, calm, []string{told[0].ID}) // not theirs
		}))
		if n := len(w.untold(loud)); n != len(told) {
			w.Error("another workspace has told our notices")
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			list, _, err := job.List(tx, string(loud), job.Filter{Kinds: []job.Kind{alert.TellKind}})
			if len(list) != 1 {
				w.Errorf("%d jobs to tell", len(list))
			}
			ids := []string{}
			for _, n := range told {
				ids = append(ids, n.ID)
			}
			return errors.Join(err, w.alerts.MarkTold(tx, loud, ids))
		}))
		if n := len(w.untold(loud)); n != 0 {
			w.Errorf("%d notices are told twice", n)
		}
		// The wall.
		ctx := w.Context()
		if _, err := w.alerts.Get(ctx, calm, a.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("seen across the wall: %v", err)
		}
		state := alert.Acknowledged
		if _, err := w.alerts.Change(ctx, loud, other, a.ID, alert.Patch{State: &state}); !fault.Is(err, fault.Denied) {
			w.Errorf("changed across the wall: %v", err)
		}
		if _, err := w.alerts.Change(ctx, calm, other, a.ID, alert.Patch{State: &state}); !fault.Is(err, fault.NotFound) {
			w.Errorf("changed across the wall: %v", err)
		}
		for _, ws := range []identity.WorkspaceID{loud, calm} {
			series, _, err := w.alerts.Series(ctx, ws, 0, 1000)
			w.must(err)
			if len(series) < 4 || ws == loud && len(series) != r.Series {
				w.Errorf("%d series", len(series))
			}
		}
		n, err := w.alerts.Waiting(ctx, calm)
		w.must(err)
		if n != 0 {
			w.Error("another's alerts wait here")
		}
		// What carries it: nothing but the complaints' own city, in halves, so that no city stands out.
		register, err := w.feedback.Register(ctx, loud)
		w.must(err)
		e, err := w.alerts.Evidence(ctx, loud, identity.Program(loud, "test"), a, register, 5)
		w.must(err)
		if len(e.Words) != 5 || !strings.HasPrefix(e.Words[0].Text, "Late again 1 ") || !strings.Contains(e.Feedback, "kind=complaint") {
			w.Errorf("%+v", e)
		}
		c, err := w.alerts.CourseOf(ctx, loud, a)
		w.must(err)
		if last := c.Points[len(c.Points)-1]; c.Bucket == "week" && (len(c.Points) < 20 || !last.Signal || *last.Observed != a.Observed || *last.Limit > 38 || *last.High >= *last.Limit) {
			w.Errorf("%+v", c)
		}
		_ = owner
	})
}

func TestWhereItComesFrom(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 30, quiet)
		var in []feedback.Input
		for i := range 30 {
			at := monday.AddDate(0, 0, -3).Add(time.Duration(i) * time.Hour)
			in = append(in, feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Time: &at, Text: "No water", Attributes: feedback.Attributes{"city": "Haifa"}})
		}
		_, err := w.feedback.Receive(w.Context(), ws, in)
		w.must(err)
		w.must(w.feeder.Feed(w.Context()))
		w.look(ws)
		a := w.of(ws, complaints)
		register, err := w.feedback.Register(w.Context(), ws)
		w.must(err)
		e, err := w.alerts.Evidence(w.Context(), ws, identity.Program(ws, "test"), a, register, 5)
		w.must(err)
		if len(e.Carriers) != 1 || e.Carriers[0].Field != "attribute.city" || e.Carriers[0].Value != "Haifa" || e.Carriers[0].Share < 0.8 || e.Carriers[0].Share > 1.2 || e.Carriers[0].Observed < 30 {
			w.Errorf("%+v", e.Carriers)
		}
	})
}

func TestAScoreThatFalls(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 40, func(weeksAgo int) (int, int, []float64) {
			if weeksAgo <= 3 {
				return 8, 12, slices.Concat(slices.Repeat([]float64{10}, 6), slices.Repeat([]float64{8}, 6), slices.Repeat([]float64{3}, 14))
			}
			return quiet(weeksAgo)
		})
		w.look(ws)
		a := w.of(ws, alert.Subject{Measure: "nps", Scale: "0..10"})
		if a.Kind != alert.Alarm || a.Expected < 20 || a.Expected > 26 || a.Observed > -20 || a.Since < "2026-11-02" || a.Since > "2026-11-16" || a.Excess < 5 {
			w.Errorf("%+v", a)
		}
		for _, x := range w.list(ws) {
			if x.Subject != a.Subject {
				w.Errorf("an alert of %s", x.Subject.Key())
			}
		}
	})
}

// TestOneVoiceIsNoFall: what one customer answers forty times says nothing of the others, what forty say once does.
func TestOneVoiceIsNoFall(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		one, _ := w.workspace("one")
		many, _ := w.workspace("many")
		for _, ws := range []identity.WorkspaceID{one, many} {
			w.say(ws, 40, quiet)
			var in []feedback.Input
			for i := range 40 {
				at := monday.AddDate(0, 0, -5).Add(time.Duration(i) * time.Hour)
				who := "angry"
				if ws == many {
					who += strconv.Itoa(i)
				}
				in = append(in, feedback.Input{Kind: "response", Channel: "web", Source: "survey", Survey: "relationship", Time: &at, Contact: &feedback.Who{ExternalID: who},
					Scores: []feedback.Score{{Metric: "nps", Value: 0, Scale: feedback.Scale{Min: 0, Max: 10}}}})
			}
			_, err := w.feedback.Receive(w.Context(), ws, in)
			w.must(err)
			w.must(w.feeder.Feed(w.Context()))
			w.look(ws)
		}
		for _, x := range w.list(one) {
			w.Errorf("one customer: an alert of %s: %+v", x.Subject.Key(), x)
		}
		if a := w.of(many, alert.Subject{Measure: "nps", Scale: "0..10"}); a.Kind != alert.Alarm {
			w.Errorf("forty customers: %+v", a)
		}
	})
}

// TestAScaleWhoseBestEndIsItsLowest: where 1 is the best mark, a mean that rises is an alarm, and one that falls an improvement.
func TestAScaleWhoseBestEndIsItsLowest(t *testing.T) {
	t.Parallel()
	marks := func(one, two, four int) []float64 {
		return slices.Concat(slices.Repeat([]float64{1}, one), slices.Repeat([]float64{2}, two), slices.Repeat([]float64{4}, four))
	}
	each(t, func(w *world) {
		for _, x := range []struct {
			kind alert.Kind
			then []float64
			sign float64 // of how the mean moves
		}{{alert.Alarm, marks(6, 6, 14), 1}, {alert.Improvement, marks(22, 4, 0), -1}} {
			ws, _ := w.workspace(string(x.kind))
			var in []feedback.Input
			for k := 40; k >= 1; k-- {
				values := marks(12, 8, 6)
				if k <= 3 {
					values = x.then
				}
				for i, v := range values {
					at := monday.AddDate(0, 0, -7*k+i%7)
					in = append(in, feedback.Input{Kind: "response", Channel: "web", Survey: "marks", Time: &at,
						Scores: []feedback.Score{{Metric: "star", Value: v, Scale: feedback.Scale{Min: 1, Max: 5, Direction: feedback.Down}}}})
				}
			}
			for chunk := range slices.Chunk(in, 1000) {
				_, err := w.feedback.Receive(w.Context(), ws, chunk)
				w.must(err)
			}
			w.must(w.feeder.Feed(w.Context()))
			w.look(ws)
			a := w.of(ws, alert.Subject{Measure: "star", Scale: "5..1"})
			if a.Kind != x.kind || x.sign*(a.Observed-a.Expected) < .5 || x.sign*a.Excess < 5 || (a.P < .01) != (x.kind == alert.Alarm) {
				w.Errorf("%+v", a)
			}
			c, err := w.alerts.CourseOf(w.Context(), ws, a)
			w.must(err)
			if last := c.Points[len(c.Points)-1]; last.Limit == nil || *last.Limit <= *last.Expected {
				w.Errorf("one week is too bad from a mean of more than the usual on, not %+v", last)
			}
		}
	})
}

// TestTwoWorkersAndAKill looks at once in several processes, one of which is killed in the middle.
func TestTwoWorkersAndAKill(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 30, burst)
		killed := errors.New("killed")
		if _, err := w.alerts.Look(w.Context(), ws, w.clock.Now(), func(*store.Tx) error { return killed }); !errors.Is(err, killed) {
			w.Fatal(err)
		}
		if n := len(w.list(ws)) + len(w.untold(ws)); n != 0 {
			w.Fatalf("a look that was killed has left %d things", n)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				s := alert.NewService(w.db, w.insight)
				for {
					_, err := s.Look(w.Context(), ws, w.clock.Now(), nil)
					if fault.Is(err, fault.Busy) || fault.Is(err, fault.Conflict) {
						continue // lost a race: a job tries again
					}
					if err != nil {
						w.Error(err)
					}
					return
				}
			})
		}
		group.Wait()
		if got := w.list(ws); len(got) != len(w.untold(ws)) || len(got) == 0 {
			w.Errorf("%v alerts with %d notices", subjects(got), len(w.untold(ws)))
		}
		w.of(ws, complaints)
	})
}

func ptr[T any](v T) *T { return &v }

func TestTheLifeOfAnAlert(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.Context()
		ws, owner := w.workspace("one")
		w.say(ws, 30, burst)
		w.look(ws)
		a := w.of(ws, complaints)
		viewer, key := owner, identity.Actor{Workspace: ws, Key: "k", Name: "till", Scopes: identity.Permissions()}
		viewer.Role = identity.Viewer
		for name, x := range map[string]struct {
			actor identity.Actor
			patch alert.Patch
			kind  fault.Kind
		}{
			"a viewer":                     {viewer, alert.Patch{State: ptr(alert.Acknowledged)}, fault.Denied},
			"a key without an owner":       {key, alert.Patch{State: ptr(alert.Acknowledged)}, fault.Invalid},
			"an owner from nowhere":        {owner, alert.Patch{Owner: ptr(identity.MemberID("x"))}, fault.Invalid},
			"closing without a verdict":    {owner, alert.Patch{State: ptr(alert.Closed)}, fault.Invalid},
			"a verdict that is none":       {owner, alert.Patch{Verdict: ptr(alert.Verdict("perhaps"))}, fault.Invalid},
			"a verdict on what stays open": {owner, alert.Patch{Verdict: ptr(alert.True), State: ptr(alert.Open)}, fault.Invalid},
			"a snooze without a reason":    {owner, alert.Patch{SnoozedUntil: ptr("2026-12-01")}, fault.Invalid},
			"a snooze until yesterday":     {owner, alert.Patch{SnoozedUntil: ptr("2026-11-22"), SnoozeReason: ptr("x")}, fault.Invalid},
			"a snooze until no day":        {owner, alert.Patch{SnoozedUntil: ptr("soon"), SnoozeReason: ptr("x")}, fault.Invalid},
			"a state that is none":         {owner, alert.Patch{State: ptr(alert.State("gone"))}, fault.Invalid},
		} {
			if _, err := w.alerts.Change(ctx, ws, x.actor, a.ID, x.patch); !fault.Is(err, x.kind) {
				w.Errorf("%s: %v", name, err)
			}
		}
		change := func(p alert.Patch) alert.Alert {
			w.Helper()
			got, err := w.alerts.Change(ctx, ws, owner, a.ID, p)
			w.must(err)
			return got
		}
		waiting := func(want int64) {
			w.Helper()
			n, err := w.alerts.Waiting(ctx, ws)
			w.must(err)
			if n != want {
				w.Errorf("%d wait instead of %d", n, want)
			}
		}
		others := int64(len(w.list(ws)) - 1)
		waiting(1 + others)
		if got := change(alert.Patch{SnoozedUntil: ptr("2026-11-25"), SnoozeReason: ptr("the courier is on it")}); got.SnoozedUntil != "2026-11-25" || got.SnoozeReason == "" || got.State != alert.Open {
			w.Errorf("%+v", got)
		}
		waiting(others)
		if n := len(w.untold(ws)); n != int(others) {
			w.Errorf("%d notices: who snoozes has seen it", n)
		}
		w.clock.Advance(2 * 24 * time.Hour)
		waiting(1 + others)
		if got := change(alert.Patch{State: ptr(alert.Acknowledged)}); got.Owner != owner.Member || got.AcknowledgedAt == nil {
			w.Errorf("%+v", got)
		}
		got := change(alert.Patch{State: ptr(alert.Closed), Verdict: ptr(alert.False), Reason: ptr(" nothing at all ")})
		if got.State != alert.Closed || got.Verdict != alert.False || got.Reason != "nothing at all" || got.ClosedAt == nil {
			w.Errorf("%+v", got)
		}
		if got := change(alert.Patch{State: ptr(alert.Open)}); got.Owner != "" || got.Verdict != "" || got.ClosedAt != nil {
			w.Errorf("opened again: %+v", got)
		}
		change(alert.Patch{Verdict: ptr(alert.False)})
		track, err := w.alerts.Track(ctx, ws)
		w.must(err)
		if track.False != 1 || *track.Precision != 0 || track.Interval == nil {
			w.Errorf("%+v", track)
		}
		page, err := w.identity.AuditLog(ctx, ws, owner, identity.AuditQuery{Object: string(a.ID)})
		w.must(err)
		if len(page.Entries) != 6 {
			w.Errorf("%d entries in the log", len(page.Entries))
		}
	})
}

// TestVerdictsTuneTheWatch follows a series over months: a cool-down after closing, a new episode later, a stricter limit after false
// alarms, silence about what is known.
func TestVerdictsTuneTheWatch(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.Context()
		ws, owner := w.workspace("one")
		set := alert.Defaults()
		set.Hold = 0 // below, a week arrives when it is over
		_, err := w.alerts.Set(ctx, ws, owner, set)
		w.must(err)
		w.say(ws, 30, quiet)
		w.look(ws)
		rate := func() float64 {
			series, _, err := w.alerts.Series(ctx, ws, 0, 1000)
			w.must(err)
			sum, rate := 0.0, 0.0
			for _, s := range series {
				if s.Bucket == "week" {
					sum += s.Rate
					if s.Subject == complaints {
						rate = s.Rate
					}
				}
			}
			if want := 6.0 / (2 * 52); sum < want*0.999 || sum > want*1.001 {
				w.Errorf("weeks have %v of the budget instead of %v", sum, want)
			}
			return rate
		}
		first := rate()
		alarms := func() (list []alert.Alert) {
			for _, a := range w.list(ws) {
				if a.Subject == complaints && a.Kind == alert.Alarm {
					list = append(list, a)
				}
			}
			return list
		}
		week := func(complaints int) {
			at := w.clock.Now()
			var in []feedback.Input
			for i := range complaints + 12 {
				day := at.AddDate(0, 0, i%7).Add(time.Hour)
				f := feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Time: &day, Text: "Late again"}
				if i >= complaints {
					f = feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Time: &day, Text: "Fine"}
				}
				in = append(in, f)
			}
			w.clock.Advance(7 * 24 * time.Hour)
			_, err := w.feedback.Receive(ctx, ws, in)
			w.must(err)
			w.must(w.feeder.Feed(ctx))
			w.look(ws)
		}
		week(40)
		if n := len(alarms()); n != 1 {
			w.Fatalf("%d alarms", n)
		}
		verdict := func(v alert.Verdict) {
			_, err := w.alerts.Change(ctx, ws, owner, alarms()[0].ID, alert.Patch{Verdict: &v})
			w.must(err)
		}
		verdict(alert.False)
		week(40) // within the cool-down
		if list := alarms(); len(list) != 1 || list[0].State != alert.Closed || list[0].Signals < 2 {
			w.Errorf("in the cool-down: %+v", list)
		}
		for range 6 {
			week(8)
		}
		if got := rate(); got > first*0.6 || got < first*0.4 {
			w.Errorf("after one false alarm the rate is %v of what it was", got/first)
		}
		week(40)
		if n := len(alarms()); n != 2 {
			w.Fatalf("%d alarms after a new episode", n)
		}
		verdict(alert.False)
		week(8)
		if got := rate(); got > first*0.2 || got < first*0.05 {
			w.Errorf("after two false alarms the rate is %v of what it was", got/first)
		}
		for range 6 {
			week(8)
		}
		week(60)
		verdict(alert.Known)
		week(60)
		week(60)
		if n := len(alarms()); n != 3 {
			w.Errorf("%d alarms: what is known was told again", n)
		}
		if got := rate(); got < first*0.9 {
			w.Errorf("what was known is no false alarm, but the rate is %v of what it was", got/first)
		}
	})
}

// TestLateArrivals has each day's feedback arrive two days after it: then a day is looked at two days after its end.
func TestLateArrivals(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 30, quiet)
		for day := range 30 {
			r := w.look(ws)
			if want := map[bool]int{true: 2}[day >= 24]; (day < 10 || day >= 24) && r.Hold != want {
				w.Errorf("on day %d, %d days are held back", day, r.Hold)
			}
			w.clock.Advance(24 * time.Hour)
			at := w.clock.Now().AddDate(0, 0, -3).Add(time.Hour)
			var in []feedback.Input
			for range 6 {
				in = append(in, feedback.Input{Kind: "complaint", Channel: "email", Source: "mail", Time: &at, Text: "Late again"})
			}
			_, err := w.feedback.Receive(w.Context(), ws, in)
			w.must(err)
			w.must(w.feeder.Feed(w.Context()))
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.Context()
		ws, owner := w.workspace("one")
		other, _ := w.workspace("two")
		got, err := w.alerts.Watch(ctx, ws)
		w.must(err)
		if fmt.Sprint(got.Settings) != fmt.Sprint(alert.Defaults()) || got.Settings.Budget != 12 || got.Day != "" {
			w.Errorf("%+v", got)
		}
		for name, x := range map[string]func(*alert.Settings){
			"no budget":     func(s *alert.Settings) { s.Budget = 0 },
			"never":         func(s *alert.Settings) { s.Weekly, s.Daily = false, false },
			"text segments": func(s *alert.Settings) { s.Segments = []string{"text"} },
			"six segments": func(s *alert.Settings) {
				s.Segments = []string{"touchpoint", "channel", "source", "language", "attribute.a", "attribute.b"}
			},
			"a long hold": func(s *alert.Settings) { s.Hold = 15 },
			"a bad cost":  func(s *alert.Settings) { s.Cost = -1 },
		} {
			set := alert.Defaults()
			x(&set)
			if _, err := w.alerts.Set(ctx, ws, owner, set); !fault.Is(err, fault.Invalid) {
				w.Errorf("%s: %v", name, err)
			}
		}
		agent := owner
		agent.Role = identity.Agent
		if _, err := w.alerts.Set(ctx, ws, agent, alert.Defaults()); !fault.Is(err, fault.Denied) {
			w.Errorf("an agent: %v", err)
		}
		w.say(ws, 30, quiet)
		w.say(other, 30, quiet)
		set := alert.Defaults()
		set.Segments = []string{"attribute.shop"}
		_, err = w.alerts.Set(ctx, ws, owner, set)
		w.must(err)
		byShop := w.look(ws)
		// From now on the shop says who somebody is: nothing is watched by it, and nobody can ask for that.
		w.must(contact.NewService(w.db).SetAttribute(ctx, ws, owner, contact.Attribute{Key: "shop", Kind: contact.Text, Personal: true}))
		var invalid *fault.Error
		if _, err := w.alerts.Set(ctx, ws, owner, set); !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Path != "segments[0]" || invalid.Fields[0].Code != "personal" {
			w.Errorf("watched by what is personal: %v", err)
		}
		before := w.look(ws)
		if before.Series >= byShop.Series {
			w.Errorf("%+v by shop, %+v when that is personal", byShop, before)
		}
		set = alert.Defaults()
		set.Daily, set.Kinds, set.Channels, set.Segments = false, false, false, []string{"channel"}
		_, err = w.alerts.Set(ctx, ws, owner, set)
		w.must(err)
		after := w.look(ws)
		if after.Daily != 0 || after.Series >= before.Series || after.Series == 0 {
			w.Errorf("%+v became %+v", before, after)
		}
		if got, err := w.alerts.Watch(ctx, other); err != nil || !got.Settings.Daily {
			w.Errorf("another workspace is watched otherwise: %+v %v", got, err)
		}
	})
}

// TestNothingArrivesIsNoImprovement stops the intake for a week.
func TestNothingArrivesIsNoImprovement(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 30, func(weeksAgo int) (int, int, []float64) {
			if weeksAgo <= 2 {
				return 0, 0, nil
			}
			return quiet(weeksAgo)
		})
		if r := w.look(ws); r.Silent < 13 || r.Blank == 0 {
			w.Errorf("%+v", r)
		}
		if list := w.list(ws); len(list) != 0 {
			w.Errorf("silence is taken for %v", subjects(list))
		}
	})
}

// TestAShortHistoryIsLearned begins eight weeks ago.
func TestAShortHistoryIsLearned(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 9, quiet)
		r := w.look(ws)
		if r.Learning == 0 || r.Learning < r.Weekly/2 {
			w.Errorf("%+v", r)
		}
		if list := w.list(ws); len(list) != 0 {
			w.Errorf("learning opens %v", subjects(list))
		}
		empty, _ := w.workspace("two")
		if r := w.look(empty); r.Series != 0 {
			w.Errorf("%+v", r)
		}
		got, err := w.alerts.Watch(w.Context(), empty)
		w.must(err)
		if got.Day != "" {
			w.Error("the first look at an empty workspace was its first")
		}
	})
}

// labelled gives each text the label that its first word stands for: blame, praise and plain are said of the themes "courier" and "price", lost of
// "courier" alone, parcel of "depot", other of none.
type labelled struct{ db *feedback.Service }

func (l labelled) Of(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	out := map[feedback.ID]insight.Label{}
	list, err := l.db.GetMany(ctx, ws, ids)
	for _, f := range list {
		id := f.ID
		first, _, _ := strings.Cut(f.Text, " ")
		sentiment := map[string]int8{"blame": -1, "praise": 1}[first]
		out[id] = insight.Label{Language: "en", Sentiment: sentiment}
		switch first {
		case "other":
		case "lost", "parcel":
			theme := map[string]string{"lost": "courier", "parcel": "depot"}[first]
			out[id] = insight.Label{Language: "en", Sentiment: 2, Themes: []insight.ThemeLabel{{ID: theme}}}
		default:
			out[id] = insight.Label{Language: "en", Sentiment: 2, Themes: []insight.ThemeLabel{{ID: "courier", Sentiment: sentiment}, {ID: "price", Sentiment: -sentiment}}}
		}
	}
	return out, err
}

// planted is a tree of a group of two themes, and a theme beside it.
type planted struct{}

func (planted) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return planted{}, nil
}
func (planted) Resolve(id string) string { return id }
func (planted) Parent(id string) string {
	return map[string]string{"courier": "logistics", "depot": "logistics"}[id]
}
func (planted) Name(id, _ string) string { return id }
func (planted) Under(id string) []string {
	switch id {
	case "":
		return []string{"", "logistics", "courier", "depot", "price"}
	case "logistics":
		return []string{"logistics", "courier", "depot"}
	}
	return []string{id}
}

// spoken fills a workspace with texts of weeks: how many of each first word, and answers to a survey that are all plain.
func (w *world) spoken(ws identity.WorkspaceID, weeks int, p func(weeksAgo int) (words map[string]int, survey int)) {
	w.Helper()
	w.insight.Understand(labelled{w.feedback}, planted{})
	r := rand.New(rand.NewPCG(3, 4))
	var in []feedback.Input
	for k := weeks; k >= 1; k-- {
		words, survey := p(k)
		add := func(f feedback.Input) {
			at := monday.AddDate(0, 0, -7*k).Add(time.Duration(r.IntN(7*24)) * time.Hour)
			f.Time = &at
			in = append(in, f)
		}
		for _, word := range []string{"blame", "other", "plain", "praise"} {
			for range words[word] {
				add(feedback.Input{Kind: "message", Channel: "email", Source: "inbox", Text: word + " it is"})
			}
		}
		for range survey {
			add(feedback.Input{Kind: "response", Channel: "web", Source: "survey", Survey: "courier", Text: "plain answer"})
		}
	}
	for chunk := range slices.Chunk(in, 1000) {
		_, err := w.feedback.Receive(w.Context(), ws, chunk)
		w.must(err)
	}
	w.must(w.feeder.Feed(w.Context()))
}

func theme(measure, field, id string) alert.Subject {
	return alert.Subject{Measure: measure, Field: field, Value: id}
}

// TestBlameIsToldOnce has a theme blamed three times as often, while hardly more is said of it: one alert says so, and leads to those texts.
func TestBlameIsToldOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.Context()
		ws, _ := w.workspace("one")
		w.spoken(ws, 30, func(weeksAgo int) (map[string]int, int) {
			if weeksAgo == 1 {
				return map[string]int{"blame": 24, "other": 60, "plain": 24, "praise": 12}, 0
			}
			return map[string]int{"blame": 6 + weeksAgo%3, "other": 60, "plain": 30 + weeksAgo%5, "praise": 12}, 0
		})
		w.look(ws)
		var themes []string
		for _, a := range w.list(ws) {
			if strings.HasPrefix(a.Subject.Field, "theme") && a.Kind == alert.Alarm {
				themes = append(themes, a.Subject.Key())
			}
		}
		a := w.of(ws, theme(alert.Negative, "theme", "courier"))
		if len(themes) != 1 || a.Kind != alert.Alarm || a.Since < "2026-11-09" || a.Last != "2026-11-22" || a.Excess < 14 || a.Excess > 20 {
			w.Errorf("%v, %+v", themes, a)
		}
		e, err := w.alerts.Evidence(ctx, ws, identity.Program(ws, "test"), a, nil, 100)
		w.must(err)
		for _, f := range e.Words {
			if !strings.HasPrefix(f.Text, "blame ") {
				w.Errorf("among the words: %q", f.Text)
			}
		}
		if len(e.Words) < 20 || !strings.Contains(e.Feedback, "theme_blamed=courier") || e.Feedback != alert.FeedbackOf(a) {
			w.Errorf("%d words, %s", len(e.Words), e.Feedback)
		}
		if len(e.Carriers) != 0 { // it all comes from one inbox
			w.Errorf("%+v", e.Carriers)
		}
		c, err := w.alerts.CourseOf(ctx, ws, a)
		w.must(err)
		if last := c.Points[len(c.Points)-1]; c.Bucket == "week" && (!last.Signal || *last.Observed != a.Observed || *last.Limit > a.Observed || math.Abs(*last.Expected-a.Expected) > 0.02*a.Expected || last.Exposure != a.Exposure) {
			w.Errorf("%+v instead of %+v", last, a)
		}
	})
}

// TestAnAlertIsSharpened has more said of a theme in one week, and blame carry it in the next: it is the same alert.
func TestAnAlertIsSharpened(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, owner := w.workspace("one")
		other, _ := w.workspace("two")
		story := func(weeksAgo int) (map[string]int, int) {
			said := map[string]int{"blame": 6 + weeksAgo%3, "other": 60, "plain": 30 + weeksAgo%5, "praise": 12}
			switch weeksAgo {
			case 2:
				said["plain"] = 80
			case 1:
				said["blame"], said["plain"] = 50, 40
			}
			return said, 0
		}
		w.spoken(ws, 30, story)
		w.spoken(other, 30, story)
		look := func(at time.Time) {
			for _, x := range []identity.WorkspaceID{ws, other} {
				_, err := w.alerts.Look(w.Context(), x, at, nil)
				w.must(err)
			}
		}
		look(monday.AddDate(0, 0, -7))
		first := w.of(ws, theme(alert.Count, "theme", "courier"))
		taken := alert.Acknowledged
		_, err := w.alerts.Change(w.Context(), ws, owner, first.ID, alert.Patch{State: &taken, Owner: &owner.Member})
		w.must(err)
		look(monday)
		a := w.of(ws, theme(alert.Negative, "theme", "courier"))
		signals, err := w.alerts.Signals(w.Context(), ws, a.ID)
		w.must(err)
		if a.ID != first.ID || a.Owner != owner.Member || a.Excess < 35 || a.Excess > 50 || len(signals) == 0 || slices.ContainsFunc(signals, func(x alert.Signal) bool { return x.Observed > 50 }) {
			w.Errorf("%+v became %+v with %+v", first, a, signals)
		}
		for _, x := range w.list(ws) {
			if x.Subject == first.Subject {
				w.Errorf("there are two alerts of the theme: %v", subjects(w.list(ws)))
			}
		}
		before := w.list(ws)
		look(monday)
		if after := w.list(ws); fmt.Sprint(before) != fmt.Sprint(after) {
			w.Errorf("a second look changed\n%v\ninto\n%v", before, after)
		}
		if mine := w.of(other, theme(alert.Negative, "theme", "courier")); mine.ID == a.ID || mine.Owner != "" {
			w.Errorf("%+v", mine)
		}
	})
}

// TestAGroupAndItsThemeAreOneStory has a group of themes watched by day, and a theme in it, of which little is said, by week alone. What is said of
// the theme on one day is first seen in its group; when the week of the theme is complete, the alert becomes one of the theme, and what
// the group's days show in the week after, while the theme's is not complete, is the same story still.
func TestAGroupAndItsThemeAreOneStory(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, owner := w.workspace("one")
		w.insight.Understand(labelled{w.feedback}, planted{})
		var in []feedback.Input
		add := func(word string, day int, n int) { // days before monday
			for i := range n {
				at := monday.AddDate(0, 0, -day).Add(time.Duration(6+i%12) * time.Hour)
				in = append(in, feedback.Input{Kind: "message", Channel: "email", Source: "inbox", Time: &at, Text: word + " it is"})
			}
		}
		for day := 7 * 40; day >= 1; day-- {
			add("other", day, 20)
			add("parcel", day, 2+day%3)
			if day%3 == 0 {
				add("lost", day, 1)
			}
		}
		add("lost", 12, 25) // a Wednesday
		add("lost", 6, 20)  // the Tuesday after
		for chunk := range slices.Chunk(in, 1000) {
			_, err := w.feedback.Receive(w.Context(), ws, chunk)
			w.must(err)
		}
		w.must(w.feeder.Feed(w.Context()))
		look := func(daysBefore int) (list []alert.Alert) {
			w.Helper()
			_, err := w.alerts.Look(w.Context(), ws, monday.AddDate(0, 0, -daysBefore).Add(12*time.Hour), nil)
			w.must(err)
			for _, a := range w.list(ws) {
				if strings.HasPrefix(a.Subject.Field, "theme") && a.Kind == alert.Alarm {
					list = append(list, a)
				}
			}
			return list
		}
		first := look(11)
		if len(first) != 1 || first[0].Subject != theme(alert.Count, "theme", "logistics") || first[0].Bucket != "day" {
			w.Fatalf("the day after: %v", first)
		}
		taken := alert.Acknowledged
		_, err := w.alerts.Change(w.Context(), ws, owner, first[0].ID, alert.Patch{State: &taken, Owner: &owner.Member})
		w.must(err)
		for _, daysBefore := range []int{7, 5, 0} { // the theme's week is complete, the second day came, all is
			list := look(daysBefore)
			if len(list) != 1 || list[0].Subject != theme(alert.Count, "theme", "courier") || list[0].ID != first[0].ID || list[0].Owner != owner.Member {
				w.Errorf("%d days before: %v", daysBefore, list)
			}
		}
		if list := look(0); len(list) != 1 || list[0].Signals != 2 || list[0].Excess < 38 {
			w.Errorf("in the end: %+v", list)
		}
	})
}

// words fills a workspace with messages by day: how many of each first word, by how many days before the tests it is.
func (w *world) words(ws identity.WorkspaceID, days int, p func(day int) map[string]int) {
	w.Helper()
	w.insight.Understand(labelled{w.feedback}, planted{})
	var in []feedback.Input
	for day := days; day >= 1; day-- {
		said := p(day)
		for _, word := range []string{"blame", "lost", "other", "parcel"} {
			for i := range said[word] {
				at := monday.AddDate(0, 0, -day).Add(time.Duration(4+i%16) * time.Hour)
				in = append(in, feedback.Input{Kind: "message", Channel: "email", Source: "inbox", Time: &at, Text: word + " it is"})
			}
		}
	}
	for chunk := range slices.Chunk(in, 1000) {
		_, err := w.feedback.Receive(w.Context(), ws, chunk)
		w.must(err)
	}
	w.must(w.feeder.Feed(w.Context()))
}

// TestABurstOfATheme is one story: what comes unasked is not told beside the blame that it is, whichever day each is seen, and what else is
// said is not said to have become rarer because the burst is a large part of all texts.
func TestABurstOfATheme(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := rand.New(rand.NewPCG(5, 6))
		said := map[int]map[string]int{}
		for day := 280; day >= 1; day-- {
			said[day] = map[string]int{"other": 5 + r.IntN(6), "parcel": 2 + r.IntN(4), "blame": r.IntN(3)}
			if day <= 10 {
				said[day]["blame"] += 12
			}
		}
		once, _ := w.workspace("once")
		daily, _ := w.workspace("daily")
		for _, ws := range []identity.WorkspaceID{once, daily} {
			w.words(ws, 280, func(day int) map[string]int { return said[day] })
		}
		for day := 20; day >= 0; day-- {
			_, err := w.alerts.Look(w.Context(), daily, monday.AddDate(0, 0, -day), nil)
			w.must(err)
		}
		w.look(once)
		for _, ws := range []identity.WorkspaceID{once, daily} {
			var list []string
			for _, a := range w.list(ws) {
				if a.Last >= "2026-11-13" && a.Subject != (alert.Subject{Measure: alert.Negative}) && a.Subject.Value != "price" {
					list = append(list, string(a.Kind)+" "+a.Subject.Key())
				}
			}
			if len(list) != 1 || list[0] != "alarm "+theme(alert.Negative, "theme", "courier").Key() {
				w.Errorf("one burst is told as %q", list)
			}
		}
	})
}

// TestAnImprovementIsToldOnce: what is no longer said of a theme is not told of its group, too.
func TestAnImprovementIsToldOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.words(ws, 280, func(day int) map[string]int {
			if day <= 21 {
				return map[string]int{"other": 20}
			}
			return map[string]int{"other": 20, "lost": 3 + day%3}
		})
		w.look(ws)
		var list []string
		for _, a := range w.list(ws) {
			if a.Kind == alert.Improvement && a.Subject.Measure == alert.Count && a.Subject.Value != "" {
				list = append(list, a.Subject.Key())
			}
		}
		if len(list) != 1 || list[0] != theme(alert.Count, "theme", "courier").Key() {
			w.Errorf("%q", list)
		}
	})
}

// TestAWaveIsNoAlarm sends out a survey about a theme every sixth week.
func TestAWaveIsNoAlarm(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.spoken(ws, 40, func(weeksAgo int) (map[string]int, int) {
			return map[string]int{"blame": 6 + weeksAgo%3, "other": 60, "plain": 30 + weeksAgo%5, "praise": 12}, map[bool]int{true: 150}[weeksAgo%6 == 1]
		})
		w.look(ws)
		for _, a := range w.list(ws) {
			if strings.HasPrefix(a.Subject.Field, "theme") {
				w.Errorf("a wave is taken for %s", a.Subject.Key())
			}
		}
		c, err := w.alerts.Course(w.Context(), ws, theme(alert.Count, "theme", "courier"), "week", 0)
		w.must(err)
		last, before := c.Points[len(c.Points)-1], c.Points[len(c.Points)-2]
		if *last.Expected < 0.9**last.Observed || *last.Expected > 1.1**last.Observed || *before.Expected > 60 {
			w.Errorf("in a wave %v instead of %v, before it %v instead of %v", *last.Observed, *last.Expected, *before.Observed, *before.Expected)
		}
	})
}

// TestTheFirstLookFollowsTheFirstDay: an empty workspace is not looked at, nor one of which no day is complete; a minute after there is one, it is.
func TestTheFirstLookFollowsTheFirstDay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		ticked, looked := make(chan struct{}, 1000), make(chan string, 1000)
		runner := job.New(w.db, job.Options{Workers: 2, Poll: 5 * time.Millisecond, Observe: func(kind, outcome string, _, _ time.Duration) {
			switch kind {
			case "alert.tick":
				ticked <- struct{}{}
			case "alert.look":
				looked <- outcome
			}
		}})
		w.alerts.Handle(runner)
		w.must(runner.Start(context.WithoutCancel(w.Context())))
		w.Cleanup(runner.Stop)
		tick := func() {
			w.Helper()
			for len(ticked) > 0 {
				<-ticked
			}
			w.clock.Advance(time.Minute)
			select {
			case <-ticked:
			case <-time.After(30 * time.Second):
				w.Fatal("no tick within half a minute")
			}
		}
		say := func(at time.Time) {
			w.Helper()
			_, err := w.feedback.Receive(w.Context(), ws, []feedback.Input{{Kind: "complaint", Channel: "email", Source: "mail", Time: &at, Text: "Late"}})
			w.must(err)
			w.must(w.feeder.Feed(w.Context()))
		}
		waits := func(what string, next time.Time) {
			w.Helper()
			got, err := w.alerts.Watch(w.Context(), ws)
			if w.must(err); got.Waits == nil || got.Waits.For != what || !got.Waits.Next.Equal(next) {
				w.Fatalf("waits for %+v, want %s until %v", got.Waits, what, next)
			}
		}
		tick()
		waits(alert.ForFeedback, time.Time{})
		say(w.clock.Now())
		tick()
		tick()
		waits(alert.ForDay, (clock.DayOf(w.clock.Now(), time.UTC) + 1).Start(time.UTC))
		if len(looked) > 0 {
			w.Fatalf("looked at before a day is complete: %s", <-looked)
		}
		say(monday.AddDate(0, 0, -10))
		waits(alert.ForLook, time.Time{})
		tick()
		for got := ""; got != "done"; {
			select {
			case got = <-looked:
				w.clock.Advance(time.Minute)
			case <-time.After(30 * time.Second):
				w.Fatal("no look within half a minute")
			}
		}
		if got, err := w.alerts.Watch(w.Context(), ws); err != nil || got.Day == "" || got.Report.Series == 0 || got.Waits != nil {
			w.Errorf("%+v, %v", got, err)
		}
	})
}

// TestTheJob looks once a day is complete and the columns have all of it, and waits while much is brought in at once.
func TestTheJob(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ws, _ := w.workspace("one")
		w.say(ws, 30, burst)
		var busy job.ID
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) (err error) {
			busy, err = job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: "test.busy"})
			return err
		}))
		looked := make(chan string, 100)
		runner := job.New(w.db, job.Options{Workers: 4, Poll: 5 * time.Millisecond, Observe: func(kind, outcome string, _, _ time.Duration) {
			select {
			case looked <- kind + " " + outcome:
			default:
			}
		}})
		w.alerts.Handle(runner)
		w.must(runner.Start(context.WithoutCancel(w.Context())))
		w.Cleanup(runner.Stop)
		until := func(what string) {
			w.Helper()
			end := time.After(30 * time.Second)
			for {
				select {
				case got := <-looked:
					if got == what {
						return
					}
				case <-end:
					w.Fatalf("%s: not within half a minute", what)
				}
			}
		}
		waits := func(what string) {
			w.Helper()
			w.must(w.db.View(w.Context(), func(tx *store.Tx) error {
				list, _, err := job.List(tx, string(ws), job.Filter{Kinds: []job.Kind{"alert.look"}})
				if err == nil && (len(list) != 1 || !strings.HasPrefix(list[0].Error, "waits for "+what)) {
					w.Errorf("it says %+v, not that it waits for %s", list, what)
				}
				return err
			}))
		}
		until("alert.look retry")
		waits("an import")
		// What is brought in meanwhile is waited for until the columns have it.
		var in []feedback.Input
		for i := range 30 {
			at := monday.AddDate(0, 0, -2)
			in = append(in, feedback.Input{Kind: "review", Channel: "review_site", Source: "stars", Time: &at, Text: fmt.Sprint("Late ", i)})
		}
		_, err := w.feedback.Receive(w.Context(), ws, in)
		w.must(err)
		if n := len(w.list(ws)); n != 0 {
			w.Fatalf("%d alerts while something is brought in", n)
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return job.Cancel(tx, string(ws), busy) }))
		w.clock.Advance(time.Minute)
		until("alert.look retry")
		waits("the latest feedback")
		w.must(w.feeder.Feed(w.Context()))
		w.clock.Advance(time.Minute)
		until("alert.look done")
		w.of(ws, complaints)
	})
}
