package health_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight"
)

// heard is what customers of a workspace say, in the place of the columns.
type heard map[identity.WorkspaceID][]insight.Voice

func (h heard) Voices(_ context.Context, ws identity.WorkspaceID, of insight.Slice, before clock.Day, _ string, fn func(insight.Voice) error) error {
	for _, v := range h[ws] {
		if of.Has(v.Contact) && v.Day < before {
			if err := fn(v); err != nil {
				return err
			}
		}
	}
	return nil
}

type world struct {
	*testing.T
	db         *store.DB
	events     *event.Service
	contacts   *contact.Service
	health     *health.Service
	heard      heard
	one, other identity.WorkspaceID
	actor      identity.Actor
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := &world{T: t, db: db, events: event.NewService(db), contacts: contact.NewService(db), heard: heard{}}
		t.Cleanup(w.events.Close)
		w.health = health.NewService(db, w.contacts, w.events)
		w.health.Hear(w.heard, nil)
		w.contacts.OnMerge(event.Merged)
		w.contacts.OnErase(event.Erased)
		w.contacts.OnMerge(health.Merged)
		w.contacts.OnErase(health.Forget)
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		for i, into := range []*identity.WorkspaceID{&w.one, &w.other} {
			ws, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: fmt.Sprint("W", i), Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("d%d@example.com", i)}})
			w.must(err)
			*into = ws.ID
		}
		w.actor = identity.Actor{Workspace: w.one, Member: "m", Role: identity.Owner, Name: "Ana"}
		test(w)
	})
}

// fill gives a workspace customers who log in every few days, some of whom stop and some of whom leave.
func (w *world) fill(ws identity.WorkspaceID, n int) []contact.ID {
	w.Helper()
	now := w.db.Clock().Now()
	var batch []event.Input
	flush := func() {
		_, err := w.events.Receive(w.Context(), ws, batch)
		w.must(err)
		batch = batch[:0]
	}
	add := func(user, name string, days int) {
		at := now.AddDate(0, 0, -days)
		batch = append(batch, event.Input{Kind: event.Track, User: user, Name: name, Time: &at, Message: fmt.Sprint(user, name, days)})
		if len(batch) == 2000 {
			flush()
		}
	}
	refs := make([]contact.Ref, n)
	for i := range n {
		refs[i] = contact.Ref{External: fmt.Sprint("u", i), Account: fmt.Sprint("a", i/4), At: now.AddDate(0, 0, -400), Attributes: map[string]string{"segment": []string{"home", "work"}[i%2]},
			Value: &contact.Money{Minor: int64(1000 * (1 + i%4)), Currency: "EUR"}}
	}
	ids, err := w.contacts.Upsert(w.Context(), ws, identity.Program(ws, "test"), refs)
	w.must(err)
	for i := range n {
		user := fmt.Sprint("u", i)
		for d := 400; d > 1; d -= 7 + i%5 {
			if i%10 == 3 && d < 120 || i%10 == 7 && d < 5+i { // stops, or has left
				break
			}
			add(user, "login", d)
		}
		if i%10 == 7 {
			add(user, "cancelled", 5+i)
		}
	}
	flush()
	return ids
}

// settle runs the background work until nothing is left to do.
func (w *world) settle() {
	w.Helper()
	runner := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	w.health.Handle(runner)
	w.must(runner.Start(context.Background()))
	defer runner.Stop()
	late := time.After(2 * time.Minute)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case <-tick.C:
		case <-late:
			w.Fatal("the background work does not end")
		}
		var open int64
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			open, err = store.One(tx, store.Value[int64], "SELECT count(*) FROM job WHERE state IN ('queued', 'running') AND kind LIKE 'health.%'")
			return err
		}))
		if open == 0 {
			return
		}
	}
}

func TestScoresAreMadeAndKeptApart(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.fill(w.one, 120)
		theirs := w.fill(w.other, 8)
		_, err := w.health.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		v, ok, err := w.health.Active(w.Context(), w.one, w.actor)
		w.must(err)
		if !ok || v.Kind != health.Weighted || !slices.Contains(v.Report.Refused, "few") || v.Report.Left != 12 || v.Report.Contacts != 120 || v.By != "Ana" {
			w.Fatalf("%+v", v)
		}
		s, err := w.health.Summary(w.Context(), w.one, w.actor)
		w.must(err)
		if s.Scored+s.Hidden != 108 || s.Left != 12 || len(s.Segments) != 2 || s.Mean == nil || math.IsNaN(*s.Mean) {
			w.Errorf("%+v", s)
		}
		// Who stopped stands worse than who goes on, and says why.
		idle, err := w.health.Get(w.Context(), w.one, w.actor, ids[3])
		w.must(err)
		busy, err := w.health.Get(w.Context(), w.one, w.actor, ids[4])
		w.must(err)
		if !(idle.Value < busy.Value) || idle.Parts[0].Count >= busy.Parts[0].Count || !(idle.Parts[0].Effect < 0) || idle.Segment != "work" {
			w.Errorf("idle %+v\nbusy %+v", idle, busy)
		}
		if gone, err := w.health.Get(w.Context(), w.one, w.actor, ids[7]); err != nil || gone.Left == "" || !gone.Hidden {
			w.Errorf("who left: %+v %v", gone, err)
		}
		// The other workspace has no version until the hourly round, and then its own.
		their := identity.Actor{Workspace: w.other, Member: "m", Role: identity.Owner}
		if _, err := w.health.Get(w.Context(), w.one, w.actor, theirs[0]); !fault.Is(err, fault.NotFound) {
			w.Errorf("another workspace's customer: %v", err)
		}
		if _, err := w.health.Get(w.Context(), w.one, their, ids[0]); !fault.Is(err, fault.Denied) {
			w.Errorf("another workspace's member: %v", err)
		}
		if x, ok, err := w.health.Active(w.Context(), w.other, their); err != nil || !ok || x.Report.Contacts != 8 || x.By != "" {
			w.Errorf("the other workspace: %+v %v", x.Report, err) // the round that a runner begins with trains it
		}
		if err := w.health.Activate(w.Context(), w.other, their, v.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("another workspace's version: %v", err)
		}
		all := 0
		w.must(w.health.Each(w.Context(), w.one, w.actor, health.Filter{}, func(health.Score) error { all++; return nil }))
		if int64(all) != s.Scored {
			w.Errorf("%d of %d scores are listed", all, s.Scored)
		}
	})
}

func TestListsGoByRiskPageByPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.fill(w.one, 60)
		// Some have answered, so that enough is known of them.
		for i, id := range ids {
			n := int64(i%3 - 1)
			w.heard[w.one] = append(w.heard[w.one], insight.Voice{Contact: id, Day: clock.DayOf(w.db.Clock().Now(), time.UTC) - 20, Class: &n})
		}
		_, err := w.health.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		seen := map[contact.ID]bool{}
		last := math.Inf(-1)
		f := health.Filter{Limit: 7}
		for {
			page, err := w.health.List(w.Context(), w.one, w.actor, f)
			w.must(err)
			for _, x := range page.Scores {
				if seen[x.Contact] || x.Value < last-1e-9 || x.Hidden {
					w.Fatalf("%+v after %v", x, last)
				}
				seen[x.Contact], last = true, x.Value
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		if len(seen) != 54 {
			w.Errorf("%d of 54 customers are listed", len(seen))
		}
		if _, err := w.health.List(w.Context(), w.one, w.actor, health.Filter{Cursor: "nonsense"}); !fault.Is(err, fault.Invalid) {
			w.Errorf("a made-up cursor: %v", err)
		}
		c, err := w.contacts.Get(w.Context(), w.one, w.actor, ids[0])
		w.must(err)
		accounts, err := w.health.Accounts(w.Context(), w.one, w.actor, []contact.AccountID{c.Account})
		w.must(err)
		a := accounts[c.Account]
		var sum, worth float64
		for _, id := range ids[:4] {
			x, err := w.health.Get(w.Context(), w.one, w.actor, id)
			w.must(err)
			sum, worth = sum+x.Value*float64(x.Worth.Minor), worth+float64(x.Worth.Minor)
		}
		if a.Value == nil || math.Abs(*a.Value-sum/worth) > 1e-9 || !a.Weighted || a.Scored != 4 || a.Worst == nil {
			w.Errorf("the account stands at %+v, not %v", a, sum/worth)
		}
		one, err := w.health.Account(w.Context(), w.one, w.actor, c.Account)
		w.must(err)
		if len(one.Parts) != 5 || !one.Parts[0].Known || one.Parts[0].Count == 0 || len(one.Trend) != 13 || math.Abs(one.Trend[12].Score-*one.Value) > 0.06 || !(one.Coverage >= 0.5) || len(one.Scores) != 4 ||
			len(one.Money) != 1 || one.At.IsZero() {
			w.Errorf("the account's page is made of %+v", one)
		}
		if none, err := w.health.Account(w.Context(), w.one, w.actor, "nobody's"); err != nil || none.Value != nil || none.Account != "nobody's" || none.Parts == nil || len(none.Scores) != 0 {
			w.Errorf("an account of nobody: %+v %v", none, err)
		}
		if _, err := w.health.Account(w.Context(), w.one, identity.Actor{Workspace: w.other, Member: "m", Role: identity.Owner}, c.Account); !fault.Is(err, fault.Denied) {
			w.Errorf("another workspace's account: %v", err)
		}
		// However much all are worth together, it can be said.
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE contact_health SET worth = 4000000000000000000, at_risk = 1 WHERE workspace = $1", string(w.one))
			return err
		}))
		if all, err := w.health.Summary(w.Context(), w.one, w.actor); err != nil || len(all.Money) != 1 || all.Money[0].Worth != 9e18 || all.Money[0].Contacts != 54 {
			w.Errorf("%+v %v", all.Money, err)
		}
		// Who is merged or erased has no score any more.
		w.must(w.contacts.Merge(w.Context(), w.one, w.actor, ids[1], ids[0]))
		w.must(w.contacts.Erase(w.Context(), w.one, w.actor, ids[2]))
		for _, id := range ids[1:3] {
			if _, err := w.health.Get(w.Context(), w.one, w.actor, id); !fault.Is(err, fault.NotFound) {
				w.Errorf("%s is still scored: %v", id, err)
			}
		}
	})
}

// meanwhile does something while contacts are being scored.
type meanwhile struct {
	heard
	do func()
}

func (m *meanwhile) Voices(ctx context.Context, ws identity.WorkspaceID, of insight.Slice, before clock.Day, resolved string, fn func(insight.Voice) error) error {
	if m.do != nil && of.Upto != "" { // a page that is scored, not the sample
		do := m.do
		m.do = nil
		do()
	}
	return m.heard.Voices(ctx, ws, of, before, resolved, fn)
}

func TestWhoGoesWhileScoredHasNoScore(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.fill(w.one, 20)
		done := false
		w.health.Hear(&meanwhile{heard: w.heard, do: func() {
			w.must(w.contacts.Merge(w.Context(), w.one, w.actor, ids[1], ids[0]))
			w.must(w.contacts.Erase(w.Context(), w.one, w.actor, ids[2]))
			done = true
		}}, nil)
		_, err := w.health.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		if !done {
			w.Fatal("nobody was scored")
		}
		for i, want := range []bool{true, false, false, true} {
			if _, err := w.health.Get(w.Context(), w.one, w.actor, ids[i]); (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) {
				w.Errorf("contact %d: %v", i, err)
			}
		}
	})
}

func TestPersonalAttributesAreNoSegments(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.fill(w.one, 20)
		set := health.Default()
		set.Segment, set.Slices, set.Guessed = "segment", []string{"segment"}, false
		w.must(w.health.SetSettings(w.Context(), w.one, w.actor, set))
		w.settle()
		if x, err := w.health.Get(w.Context(), w.one, w.actor, ids[0]); err != nil || x.Segment != "home" {
			w.Fatalf("%+v %v", x, err)
		}
		w.must(w.contacts.SetAttribute(w.Context(), w.one, w.actor, contact.Attribute{Key: "segment", Kind: contact.Text, Personal: true}))
		err := w.health.SetSettings(w.Context(), w.one, w.actor, set)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "personal") {
			w.Errorf("it may be chosen: %v", err)
		}
		if m, err := w.health.Settings(w.Context(), w.one, w.actor); err != nil || m.Settings.Segment != "" || len(m.Settings.Slices) != 0 {
			w.Errorf("%+v %v", m.Settings, err)
		}
		v, _, err := w.health.Active(w.Context(), w.one, w.actor)
		w.must(err)
		w.must(w.health.Activate(w.Context(), w.one, w.actor, v.ID)) // scores with the version that was made before
		w.settle()
		if x, err := w.health.Get(w.Context(), w.one, w.actor, ids[0]); err != nil || x.Segment != "" {
			w.Errorf("%+v %v", x, err)
		}
	})
}

func TestVersionsComeAndGo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.fill(w.one, 40)
		for range 2 {
			_, err := w.health.Train(w.Context(), w.one, w.actor)
			w.must(err)
			w.settle()
		}
		list, err := w.health.Versions(w.Context(), w.one, w.actor)
		w.must(err)
		if len(list) < 2 || !list[0].Active || list[1].Active || len(list[0].Report.Drift) != 5 {
			w.Fatalf("%d versions, the newest %+v", len(list), list[0])
		}
		w.must(w.health.Activate(w.Context(), w.one, w.actor, list[1].ID))
		w.settle()
		page, err := w.health.List(w.Context(), w.one, w.actor, health.Filter{})
		w.must(err)
		for _, x := range page.Scores {
			if x.Version != list[1].ID {
				w.Fatalf("scored by %s", x.Version)
			}
		}
		viewer := identity.Actor{Workspace: w.one, Member: "v", Role: identity.Viewer}
		if _, err := w.health.Train(w.Context(), w.one, viewer); !fault.Is(err, fault.Denied) {
			w.Errorf("a viewer trains: %v", err)
		}
		if err := w.health.SetSettings(w.Context(), w.one, w.actor, health.Settings{Horizon: 7}); !fault.Is(err, fault.Invalid) {
			w.Errorf("a horizon of a week: %v", err)
		}
		set := health.Default()
		set.Events = map[health.Role][]string{health.Visited: {"login"}}
		w.must(w.health.SetSettings(w.Context(), w.one, w.actor, set))
		w.settle()
		m, err := w.health.Settings(w.Context(), w.one, w.actor)
		w.must(err)
		if len(m.Names[health.Used]) != 0 || !slices.Equal(m.Names[health.Visited], []string{"login"}) || !slices.Equal(m.Names[health.Cancelled], []string{"cancelled"}) {
			w.Errorf("events mean %v", m.Names)
		}
		if v, ok, err := w.health.Active(w.Context(), w.one, w.actor); err != nil || !ok || v.ID == list[0].ID || v.ID == list[1].ID {
			w.Errorf("new settings made no version: %+v %v", v.ID, err)
		}
	})
}
