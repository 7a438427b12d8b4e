package deliver_test

import (
	"encoding/json"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

func TestChooses(t *testing.T) {
	each(t, quiet, func(w *world) {
		ctx := w.Context()
		p, err := w.Preference(ctx, w.one.Workspace, w.one, w.one.Member, deliver.Alerts)
		if err != nil || p.Mode != deliver.Immediately || p.Chosen || p.Hour != 8 {
			w.Errorf("what an owner has: %+v %v", p, err)
		}
		for _, bad := range []deliver.Preference{{Topic: "weather", Mode: deliver.Daily}, {Topic: deliver.Alerts, Mode: "hourly"}, {Topic: deliver.Alerts, Mode: deliver.Daily, Hour: 24}} {
			bad.Member = w.one.Member
			if _, err := w.Choose(ctx, w.one.Workspace, w.one, bad); !fault.Is(err, fault.Invalid) {
				w.Errorf("%+v: %v", bad, err)
			}
		}
		want := deliver.Preference{Member: w.one.Member, Topic: deliver.Alerts, Mode: deliver.Daily, Hour: 17, Mine: true, Chosen: true}
		for range 2 {
			_, err = w.Choose(ctx, w.one.Workspace, w.one, want)
			w.must(err)
		}
		if p, err = w.Preference(ctx, w.one.Workspace, w.one, w.one.Member, deliver.Alerts); err != nil || p != want {
			w.Errorf("%+v %v", p, err)
		}
		members := []identity.Member{{ID: w.one.Member, Role: identity.Owner}, {ID: "v", Role: identity.Viewer}, {ID: "a", Role: identity.Analyst}}
		w.must(w.db.View(ctx, func(tx *store.Tx) error {
			all, err := deliver.Preferences(tx, w.one.Workspace, deliver.Alerts, members)
			if len(all) != 3 || all[w.one.Member] != want || all["v"].Mode != deliver.Never || all["a"].Mode != deliver.Immediately {
				w.Errorf("%+v", all)
			}
			return err
		}))
	})
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	jerusalem, _ := time.LoadLocation("Asia/Jerusalem")
	for _, c := range []struct {
		now  string
		hour int
		want string
	}{
		{"2026-03-02T09:00:00Z", 8, "2026-03-02T06:00:00Z"},
		{"2026-03-02T06:00:00Z", 8, "2026-03-02T06:00:00Z"},
		{"2026-03-02T05:59:59Z", 8, "2026-03-01T06:00:00Z"},
		{"2026-03-02T22:30:00Z", 0, "2026-03-02T22:00:00Z"},
		{"2026-03-27T09:00:00Z", 2, "2026-03-27T00:00:00Z"}, // the clocks skip from 2 to 3
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		if got := deliver.Boundary(now, c.hour, jerusalem).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s at %d: %s instead of %s", c.now, c.hour, got, c.want)
		}
	}
}

func TestWhatWaitsIsCollectedOnce(t *testing.T) {
	each(t, quiet, func(w *world) {
		ctx, box := w.Context(), deliver.Mailbox{Workspace: w.one.Workspace, Member: w.one.Member}
		wait := func(a identity.Actor, id, data string) {
			w.must(w.db.Update(ctx, func(tx *store.Tx) error {
				return deliver.Wait(tx, a.Workspace, a.Member, deliver.Alerts, deliver.Waiting{ID: id, Data: json.RawMessage(data)})
			}))
		}
		wait(w.one, "a", "1")
		wait(w.one, "a", "2")
		wait(w.two, "a", "3")
		w.clock.Advance(time.Hour)
		wait(w.one, "b", "4")
		collect := func(before time.Time) (list []deliver.Waiting) {
			w.must(w.db.Update(ctx, func(tx *store.Tx) (err error) {
				list, err = deliver.Collect(tx, box, deliver.Alerts, before)
				return err
			}))
			return list
		}
		if got := collect(begin.Add(time.Minute)); len(got) != 1 || got[0].ID != "a" || string(got[0].Data) != "2" {
			w.Errorf("%+v", got)
		}
		if got := collect(begin.Add(time.Minute)); len(got) != 0 {
			w.Errorf("again %+v", got)
		}
		w.must(w.db.View(ctx, func(tx *store.Tx) error {
			boxes, err := deliver.Mailboxes(tx, deliver.Alerts)
			if len(boxes) != 2 {
				w.Errorf("%+v", boxes)
			}
			return err
		}))
		// Who wants no daily mail any more has nothing waiting.
		_, err := w.Choose(ctx, w.one.Workspace, w.one, deliver.Preference{Member: w.one.Member, Topic: deliver.Alerts, Mode: deliver.Immediately})
		w.must(err)
		if got := collect(begin.Add(24 * time.Hour)); len(got) != 0 {
			w.Errorf("%+v", got)
		}
		w.must(w.db.View(ctx, func(tx *store.Tx) error {
			boxes, err := deliver.Mailboxes(tx, deliver.Alerts)
			if len(boxes) != 1 || boxes[0].Workspace != w.two.Workspace {
				w.Errorf("%+v", boxes)
			}
			return err
		}))
	})
}
