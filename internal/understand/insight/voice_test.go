package insight_test

import (
	"cmp"
	"slices"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/understand/insight"
)

func TestVoicesAreOfTheDaysBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		said := func(user string, daysAgo int, more func(*feedback.Input)) feedback.Input {
			at := today.AddDate(0, 0, -daysAgo)
			in := feedback.Input{Time: &at, Contact: &feedback.Who{ExternalID: user}, Channel: "web"}
			more(&in)
			return in
		}
		score := func(v float64) func(*feedback.Input) {
			return func(in *feedback.Input) {
				in.Scores = []feedback.Score{{Metric: "nps", Value: v, Scale: feedback.Scale{Min: 0, Max: 10}}}
			}
		}
		complaint := func(in *feedback.Input) {
			in.Kind, in.Text, in.Attributes = feedback.Complaint, "It broke", feedback.Attributes{"resolved_at": "2026-01-31"}
		}
		anonymous := nps(1, 4, "web")
		results := w.receive(w.ws, said("ann", 3, score(2)), said("ann", 9, complaint), said("ben", 5, score(10)), said("ben", 1, score(0)), anonymous)
		w.receive(w.workspace("Two"), said("ann", 3, score(9)))
		ids := map[string]contact.ID{}
		for i, name := range []string{"ann", "", "ben"} {
			if name != "" {
				f, err := w.feedback.Get(t.Context(), w.ws, results[i].ID)
				must(t, err)
				ids[name] = f.Contact
			}
		}
		ask := func(of insight.Slice, before clock.Day, resolved string) (list []insight.Voice) {
			t.Helper()
			must(t, w.insight.Voices(t.Context(), w.ws, of, before, resolved, func(v insight.Voice) error {
				list = append(list, v)
				return nil
			}))
			slices.SortFunc(list, func(a, b insight.Voice) int { return cmp.Compare(a.Day, b.Day) })
			return list
		}
		now := clock.DayOf(today, w.zone())
		all := ask(insight.Slice{}, now-1, "resolved_at") // yesterday's, and who is nobody, are left out
		if len(all) != 3 {
			t.Fatalf("%+v", all)
		}
		if v := all[0]; v.Contact != ids["ann"] || v.Day != now-9 || !v.Complaint || v.Resolved != "2026-01-31" || v.Class != nil {
			t.Errorf("the complaint is %+v", v)
		}
		if v := all[1]; v.Contact != ids["ben"] || v.Class == nil || *v.Class != 1 || v.Complaint || v.Resolved != "" {
			t.Errorf("praise is %+v", v)
		}
		if v := all[2]; v.Contact != ids["ann"] || v.Class == nil || *v.Class != -1 {
			t.Errorf("blame is %+v", v)
		}
		if v := ask(insight.Slice{}, now, ""); len(v) != 4 || v[0].Resolved != "" {
			t.Errorf("with yesterday's, without the attribute: %+v", v)
		}
		low, high := min(ids["ann"], ids["ben"]), max(ids["ann"], ids["ben"])
		for name, slice := range map[string]insight.Slice{"after": {After: low}, "upto": {Upto: low}, "chance": {OneIn: 3}} {
			n := 0
			for _, v := range ask(insight.Slice{}, now, "") {
				if slice.Has(v.Contact) {
					n++
				}
			}
			list := ask(slice, now, "")
			if len(list) != n || slices.ContainsFunc(list, func(v insight.Voice) bool { return !slice.Has(v.Contact) }) {
				t.Errorf("%s: %+v, want %d", name, list, n)
			}
		}
		if slice := (insight.Slice{After: low}); slice.Has(low) || !slice.Has(high) {
			t.Error("a slice begins after its first id")
		}
	})
}
