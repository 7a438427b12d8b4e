package insight_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// alikes is what is understood of texts, by their words alone: those of the same letters share a key, and what says "unread" was not read.
type alikes struct{ f *feedback.Service }

func (a alikes) Of(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	list, err := a.f.GetMany(ctx, ws, ids)
	out := map[feedback.ID]insight.Label{}
	for _, f := range list {
		if !strings.Contains(f.Text, "unread") {
			out[f.ID] = insight.Label{Language: "en", Copy: keyOf(f.Text)}
		}
	}
	return out, err
}

func keyOf(s string) int64 {
	letters := strings.ToLower(strings.Trim(s, " .!"))
	if letters == "" {
		return 0
	}
	return insight.Key(letters)
}

// pages walks through all groups, so many at a time.
func (w *world) pages(s *insight.Service, c insight.Conditions, limit int) (all []insight.Group) {
	w.t.Helper()
	cursor := ""
	for n := 0; ; n++ {
		got, err := s.FindGroups(w.t.Context(), w.ws, c, insight.Period{}, cursor, limit, false)
		must(w.t, err)
		if len(got.Groups) > limit {
			w.t.Fatalf("%d groups on a page of %d", len(got.Groups), limit)
		}
		all = append(all, got.Groups...)
		if cursor = got.Next; cursor == "" {
			return all
		}
		if n > 2000 {
			w.t.Fatal("the pages do not end")
		}
	}
}

// TestCopiesStandOnce writes few texts again and again, many of them in the same instant, and looks for each once on all pages together, where
// the newest stands, with how many others say it; with conditions, among those that fulfil them.
func TestCopiesStandOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.insight.Understand(alikes{w.feedback}, nil)
		rng := rand.New(rand.NewPCG(3, 9))
		words := strings.Fields("late cold rude slow dear fine good kind nice dirty")
		var in []feedback.Input
		for i := range 400 {
			at := today.Add(-time.Duration(i/40) * 24 * time.Hour)
			f := feedback.Input{Channel: []string{"web", "email"}[rng.IntN(2)], Time: &at, Language: "en"}
			switch rng.IntN(12) {
			case 0:
				f.Text = "?!" // no words
			case 1:
				f.Text = "unread " + words[rng.IntN(3)]
			default:
				f.Text = words[rng.IntN(len(words))] + " " + words[rng.IntN(len(words))] + []string{"", "!", "."}[rng.IntN(3)]
				if rng.IntN(2) == 0 {
					f.Text = strings.ToUpper(f.Text)
				}
			}
			in = append(in, f)
		}
		results := w.receive(w.ws, in...)
		w.receive(w.workspace("Two"), in...)
		rows := insight.NewService(w.db, nil, w.feedback)
		rows.Understand(alikes{w.feedback}, nil)
		for _, c := range []insight.Conditions{nil, {{Field: "channel", Values: []string{"web"}}}} {
			type item struct {
				id   feedback.ID
				at   time.Time
				key  int64
				text string
			}
			var list []item
			count := map[int64]int64{}
			for i, f := range in {
				if c != nil && f.Channel != "web" {
					continue
				}
				x := item{id: results[i].ID, at: *f.Time, text: f.Text}
				if !strings.Contains(f.Text, "unread") {
					x.key = keyOf(f.Text)
				}
				list = append(list, x)
				count[x.key]++
			}
			slices.SortFunc(list, func(a, b item) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id)) })
			var want []string
			shown := map[int64]bool{}
			for _, x := range list {
				if x.key == 0 {
					want = append(want, fmt.Sprint(x.id, " 0 []"))
				} else if !shown[x.key] {
					shown[x.key] = true
					want = append(want, fmt.Sprint(x.id, " ", count[x.key]-1, " [", x.key, "]"))
				}
			}
			for _, limit := range []int{1, 7, 25, 1000} {
				var got []string
				total := int64(0)
				for _, g := range w.pages(w.insight, c, limit) {
					got = append(got, fmt.Sprint(g.ID, " ", g.Others, " ", g.Keys))
					total += 1 + g.Others
				}
				if !slices.Equal(got, want) {
					t.Errorf("%v, %d a page: %d groups, want %d\n%v\n%v", c, limit, len(got), len(want), got, want)
				}
				if total != int64(len(list)) {
					t.Errorf("%v, %d a page: %d pieces of feedback stand behind the groups, not %d", c, limit, total, len(list))
				}
			}
			// What opens a group finds all of it, each by itself, with columns and without.
			for _, g := range w.pages(w.insight, c, 25)[:20] {
				if len(g.Keys) == 0 {
					continue
				}
				open := append(slices.Clone(c), insight.Condition{Field: "copy", Values: g.Keys})
				for _, s := range []*insight.Service{w.insight, rows} {
					if all := w.pages(s, open, 1000); int64(len(all)) != 1+g.Others {
						t.Errorf("%q opens to %d, not %d", g.Text, len(all), 1+g.Others)
					}
				}
			}
			if all := w.pages(w.insight, append(slices.Clone(c), insight.Condition{Field: "copy", Op: "not_in", Values: []string{fmt.Sprint(keyOf("late cold"))}}), 25); len(all) != len(want)-1 {
				t.Errorf("%d groups without one of %d", len(all), len(want))
			}
		}
	})
}

// TestNearCopies has texts that differ in a number or a word.
func TestNearCopies(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.insight.Understand(alikes{w.feedback}, nil)
		var in []feedback.Input
		say := func(daysAgo int, s string) {
			at := today.AddDate(0, 0, -daysAgo)
			in = append(in, feedback.Input{Channel: "web", Time: &at, Language: "en", Text: s})
		}
		say(1, "The courier never came with my order 4711 and nobody at the call centre could tell me where it is")
		say(2, "Nothing like it: a lovely shop with lovely people in it")
		say(3, "The courier never came with my order 99 and nobody at the call centre could tell me where it is")
		say(4, "THE COURIER NEVER CAME with my order 99 and nobody at the call centre could tell me where it is!")
		say(5, "the courier never came with my order and nobody at the call centre could tell me where it is now")
		w.receive(w.ws, in...)
		got := w.pages(w.insight, insight.Conditions{{Field: "channel", Values: []string{"web"}}}, 25)
		if len(got) != 2 || got[0].Text != in[0].Text || got[0].Others != 3 || len(got[0].Keys) != 3 || got[1].Others != 0 {
			t.Fatalf("%+v", got)
		}
		if all := w.pages(w.insight, insight.Conditions{{Field: "copy", Values: got[0].Keys}}, 25); len(all) != 4 {
			t.Errorf("%d are opened", len(all))
		}
		best, err := w.insight.FindGroups(t.Context(), w.ws, insight.Conditions{{Field: "text", Op: "search", Values: []string{"courier"}}}, insight.Period{}, "", 25, true)
		must(t, err)
		if len(best.Groups) != 1 || best.Groups[0].Others != 3 || best.Next != "" {
			t.Errorf("the best are %+v", best)
		}
		for name, c := range map[string]insight.Conditions{"no number": {{Field: "copy", Values: []string{"x; DROP TABLE feedback"}}}, "other operator": {{Field: "copy", Op: "contains", Values: []string{"1"}}}} {
			if _, err := w.insight.FindGroups(t.Context(), w.ws, c, insight.Period{}, "", 25, false); err == nil {
				t.Errorf("%s is taken", name)
			}
		}
		for _, q := range []insight.Query{{Measure: insight.Count, By: []string{"copy"}}, {Measure: insight.Mean, Of: "copy"}, {Measure: insight.Count, Where: insight.Conditions{{Field: "copy", Op: "gte", Values: []string{"1"}}}}} {
			if err := q.Validate(); err == nil {
				t.Errorf("%+v is taken", q)
			}
		}
	})
}

// TestPagesOfTheBest looks through what fits best a page at a time: nothing is passed over.
func TestPagesOfTheBest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.insight.Understand(alikes{w.feedback}, nil)
		var in []feedback.Input
		for i := range 30 {
			at := today.AddDate(0, 0, -i)
			in = append(in, feedback.Input{Time: &at, Language: "en", Text: "late " + strings.Fields("one two three bread butter milk salt sugar honey tea")[i/3]})
		}
		w.receive(w.ws, in...)
		c := insight.Conditions{{Field: "text", Op: "search", Values: []string{"late"}}}
		texts := map[string]bool{}
		cursor := ""
		for range 10 {
			got, err := w.insight.FindGroups(t.Context(), w.ws, c, insight.Period{}, cursor, 4, true)
			must(t, err)
			for _, g := range got.Groups {
				texts[g.Text] = true
			}
			if cursor = got.Next; cursor == "" {
				break
			}
		}
		if len(texts) != 10 || cursor != "" {
			t.Errorf("%d of 10 texts were found, next %q", len(texts), cursor)
		}
	})
}
