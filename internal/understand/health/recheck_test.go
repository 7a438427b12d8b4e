package health

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// TestAVersionIsHeldAgainstWhatCameAfter: what a version has learned goes on to hold, or does not any more.
func TestAVersionIsHeldAgainstWhatCameAfter(t *testing.T) {
	t.Parallel()
	turn, set := clock.Day(20_000), Default()
	to := turn + clock.Day(set.Horizon)
	for name, until := range map[string]clock.Day{"lasts": to, "vanishes": turn} {
		list := lived(6000, 1.8, until, to)
		m, r := learn(list, &set, turn, nil)
		v := Version{Kind: m.Kind, Report: r, model: *m}
		if !v.Valid() {
			t.Fatalf("what %s: refused for %v, %+v", name, r.Refused, r.Check)
		}
		if early := v.recheck(list, &set, to-1); early != nil {
			t.Errorf("what %s: held against a horizon that is not over: %+v", name, early)
		}
		again := v.recheck(list, &set, to)
		if again == nil || !slices.Equal(again.Tests, []string{turn.String()}) || again.Check.Left < leastTests {
			t.Fatalf("what %s: %+v", name, again)
		}
		v.Report.Recheck = again
		failed := slices.Contains(again.Refused, "auc")
		if lasts := name == "lasts"; v.Valid() != lasts || failed == lasts {
			t.Errorf("what %s: refused for %v, %+v", name, again.Refused, again.Check)
		}
	}
	// Where few left in the newest horizon, the one before it counts too.
	list := lived(6000, 1.8, to+90, to+90)
	m, r := learn(list, &set, turn, nil)
	v := Version{Kind: m.Kind, Report: r, model: *m}
	left := 0
	for _, f := range list {
		f.Acts = slices.DeleteFunc(f.Acts, func(a Act) bool {
			if a.Role == cancelled && a.Day >= to {
				left++
			}
			return a.Role == cancelled && a.Day >= to && left > leastTests/2
		})
	}
	if again := v.recheck(list, &set, to+90); again == nil || !slices.Equal(again.Tests, []string{turn.String(), to.String()}) {
		t.Errorf("with few in the newest horizon: %+v", again)
	}
}

// books are facts in the place of the columns, up to a day.
type books struct {
	list []*Facts
	to   clock.Day
}

var bookNames = map[role]string{used: "login", cancelled: "cancelled"}

func (b *books) Names(context.Context, identity.WorkspaceID) (list []event.Name, err error) {
	for _, name := range bookNames {
		list = append(list, event.Name{Name: name, N: 1000, Last: (b.to - 1).Start(time.UTC).Add(time.Hour)})
	}
	return list, nil
}

func (b *books) Counts(_ context.Context, _ identity.WorkspaceID, r event.Range, each func(event.Count) error) error {
	for _, f := range b.list {
		if r.Contacts != nil && !slices.Contains(r.Contacts, f.Contact) {
			continue
		}
		for _, a := range f.acts(r.To) {
			if err := each(event.Count{Contact: f.Contact, Name: bookNames[a.Role], Bucket: int(a.Day), N: int64(a.N)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *books) Voices(_ context.Context, _ identity.WorkspaceID, of insight.Slice, before clock.Day, _ string, fn func(insight.Voice) error) error {
	for _, f := range b.list {
		if !of.Has(f.Contact) {
			continue
		}
		for _, v := range f.voices(before) {
			class := int64(v.Rated/50) - 1
			if err := fn(insight.Voice{Contact: f.Contact, Day: v.Day, Class: &class}); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestScoresLoseTheirLabel: the version that a person chose stays in use when it fails on what happened since, and its scores say so.
func TestScoresLoseTheirLabel(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx, h := t.Context(), clock.Day(Default().Horizon)
		to := clock.DayOf(db.Clock().Now(), time.UTC)
		// Of 2000 customers 139 leave in the horizon that is tested: the area under the curve is then known to 0.05 either way.
		b := &books{list: lived(2000, 1.8, to-h, to), to: to - h}
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		w, _, err := people.CreateWorkspace(ctx, identity.NewWorkspace{Name: "W", Owner: identity.NewOwner{Name: "Dana", Email: "d@example.com"}})
		must(err)
		ws, contacts := w.ID, contact.NewService(db)
		actor := identity.Actor{Workspace: ws, Member: "m", Role: identity.Owner, Name: "Ana"}
		refs := make([]contact.Ref, len(b.list))
		for i, f := range b.list {
			refs[i] = contact.Ref{External: string(f.Contact), At: f.First.Start(time.UTC)}
		}
		ids, err := contacts.Upsert(ctx, ws, identity.Program(ws, "test"), refs)
		must(err)
		var stays contact.ID
		for i, f := range b.list {
			if f.Contact = ids[i]; f.First < b.to-h && !f.gone(to) {
				stays = f.Contact
			}
		}
		s := NewService(db, contacts, b)
		s.Hear(b, nil)
		settle := func() {
			t.Helper()
			runner := job.New(db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
			s.Handle(runner)
			must(runner.Start(context.Background()))
			defer runner.Stop()
			for late := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
				if _, open, err := s.Running(ctx, ws); err != nil || !open {
					must(err)
					return
				}
				if time.Now().After(late) {
					t.Fatal("the background work does not end")
				}
			}
		}
		_, err = s.Train(ctx, ws, actor)
		must(err)
		settle()
		first, _, err := s.Active(ctx, ws, actor)
		must(err)
		x, err := s.Get(ctx, ws, actor, stays)
		must(err)
		if !first.Valid() || !first.Holds || first.Report.Recheck != nil || !x.Valid || x.Version != first.ID {
			t.Fatalf("refused for %v, %+v", first.Report.Refused, x)
		}
		must(s.Activate(ctx, ws, actor, first.ID))
		b.to = to
		must(db.Update(ctx, func(tx *store.Tx) error { return Fill(tx, ws) }))
		settle()
		list, err := s.Versions(ctx, ws, actor)
		must(err)
		now, _, err := s.Active(ctx, ws, actor)
		must(err)
		if len(list) != 2 || now.ID != first.ID || now.Valid() || now.Holds || now.Report.Recheck == nil || len(now.Report.Refused) != 0 || now.Report.Check.AUC != first.Report.Check.AUC {
			t.Fatalf("%d versions, %+v", len(list), now.Report)
		}
		x, err = s.Get(ctx, ws, actor, stays)
		must(err)
		page, err := s.List(ctx, ws, actor, Filter{Limit: 5})
		must(err)
		summary, err := s.Summary(ctx, ws, actor)
		must(err)
		if x.Valid || x.Version != first.ID || len(page.Scores) != 5 || slices.ContainsFunc(page.Scores, func(x Score) bool { return x.Valid }) || summary.Valid {
			t.Errorf("scores are still called validated: %+v, %+v", x, page.Scores)
		}
	})
}
