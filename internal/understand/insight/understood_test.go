package insight_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// understood is labels by the feedback they are of.
type understood map[feedback.ID]insight.Label

func (u understood) Of(_ context.Context, _ identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	out := map[feedback.ID]insight.Label{}
	for _, id := range ids {
		if l, ok := u[id]; ok {
			out[id] = l
		}
	}
	return out, nil
}

// tree is themes by id.
type tree map[string]struct {
	parent, into string
	forbidden    bool
}

func (t tree) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return t, nil
}

func (t tree) Resolve(id string) string {
	x, ok := t[id]
	switch {
	case !ok || x.forbidden:
		return ""
	case x.into != "":
		return t.Resolve(x.into)
	}
	return id
}

func (t tree) Parent(id string) string { return t[id].parent }

func (t tree) Name(id, language string) string { return language + " " + id }

func (t tree) Under(id string) []string {
	out := []string{id}
	for i := 0; i < len(out); i++ {
		for k, x := range t {
			if (x.into == "" && x.parent == out[i] || x.into != "" && x.into == out[i]) && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return out
}

var themes = tree{
	"service": {}, "staff": {parent: "service"}, "waiting": {parent: "service"}, "hotline": {parent: "waiting"},
	"product": {}, "quality": {parent: "product"}, "design": {parent: "product"}, "looks": {into: "design"},
	"price": {}, "spam": {forbidden: true},
}

// spoken is one piece of feedback as the test knows it.
type spoken struct {
	feedback.Input
	label insight.Label
	has   bool // a label
	id    feedback.ID
	week  string
	month string
}

// about tells whether the text is about a theme, with all that stands under it.
func (s spoken) about(theme string) bool {
	return slices.ContainsFunc(s.label.Themes, func(l insight.ThemeLabel) bool { return slices.Contains(themes.Under(theme), l.ID) })
}

func (s spoken) some() bool {
	return slices.ContainsFunc(s.label.Themes, func(l insight.ThemeLabel) bool { return themes.Resolve(l.ID) != "" })
}

// mood is what the text says of a theme: -1, 0 or 1.
func (s spoken) mood(theme string) int {
	good, bad := 0, 0
	for _, l := range s.label.Themes {
		if slices.Contains(themes.Under(theme), l.ID) {
			if l.Sentiment == 1 || l.Sentiment == 2 {
				good = 1
			}
			if l.Sentiment == -1 || l.Sentiment == 2 {
				bad = 1
			}
		}
	}
	return good - bad
}

// speak receives feedback with labels at random, and teaches the world to understand it.
func (w *world) speak(n int) []spoken {
	w.t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	ids := []string{"staff", "waiting", "hotline", "quality", "design", "looks", "price", "spam", "gone", "service"}
	labels := understood{}
	w.insight.Understand(labels, themes)
	all := make([]spoken, n)
	var in []feedback.Input
	for i := range all {
		at := today.AddDate(0, 0, -rng.IntN(200))
		s := spoken{Input: feedback.Input{Time: &at, Text: fmt.Sprint("words ", i), Channel: []string{"web", "call"}[rng.IntN(2)],
			Contact: &feedback.Who{ExternalID: fmt.Sprint("c", rng.IntN(70))}, Language: []string{"", "he"}[rng.IntN(2)]}}
		if rng.IntN(4) > 0 {
			s.Scores = []feedback.Score{{Metric: "nps", Value: float64(rng.IntN(11)), Scale: feedback.Scale{Min: 0, Max: 10}}}
		}
		if s.has = rng.IntN(8) > 0; s.has {
			s.label = insight.Label{Language: "ru", Sentiment: int8(rng.IntN(4) - 1), Score: float64(rng.IntN(21)-10) / 10, Unsure: rng.IntN(5) == 0}
			for range rng.IntN(4) {
				s.label.Themes = append(s.label.Themes, insight.ThemeLabel{ID: ids[rng.IntN(len(ids))], Sentiment: int8(rng.IntN(4) - 1)})
			}
			// The first of a theme counts where a reader names it twice.
			slices.SortStableFunc(s.label.Themes, func(a, b insight.ThemeLabel) int { return strings.Compare(a.ID, b.ID) })
			s.label.Themes = slices.CompactFunc(s.label.Themes, func(a, b insight.ThemeLabel) bool { return a.ID == b.ID })
		}
		day := clock.DayOf(at, w.zone())
		y, m, _ := day.Date()
		s.week, s.month = (day - clock.Day(day.Weekday())).String(), fmt.Sprintf("%04d-%02d-01", y, m)
		all[i], in = s, append(in, s.Input)
	}
	// Labels are there before feedback is fed, as in the program.
	results, err := w.feedback.Receive(w.t.Context(), w.ws, in)
	must(w.t, err)
	for i, r := range results {
		all[i].id = r.ID
		if all[i].has {
			labels[r.ID] = all[i].label
		}
	}
	must(w.t, w.feeder.Feed(w.t.Context()))
	return all
}

// npsOf counts the promoters, detractors and all answers among what was said.
func npsOf(list []spoken) (good, bad, n int64) {
	for _, s := range list {
		for _, x := range s.Scores {
			n++
			if x.Value >= 9 {
				good++
			} else if x.Value <= 6 {
				bad++
			}
		}
	}
	return good, bad, n
}

func only(list []spoken, keep func(spoken) bool) []spoken {
	return slices.DeleteFunc(slices.Clone(list), func(s spoken) bool { return !keep(s) })
}

func TestThemes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(600)
		at := func(id string) func(spoken) bool {
			return func(s spoken) bool { return s.about(id) }
		}
		// A theme with all that stands under it, each text once.
		a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"theme_group"}, Bucket: "week", Limit: 5000})
		_, _, whole := npsOf(all)
		if a.Total.N != whole || !a.Overlapping {
			t.Errorf("%d answers in all, want %d", a.Total.N, whole)
		}
		seen := map[string]bool{}
		for _, r := range a.Rows {
			id := r.Keys["theme_group"]
			seen[id] = true
			good, bad, n := npsOf(only(all, func(s spoken) bool { return s.week == r.Bucket && at(id)(s) }))
			if r.N != n || n > 0 && math.Abs(*r.Value-100*float64(good-bad)/float64(n)) > 1e-9 {
				t.Errorf("%s in the week of %s: %d answers, want %d", id, r.Bucket, r.N, n)
			}
		}
		if len(seen) != 3 || !seen["service"] || !seen["product"] || !seen["price"] {
			t.Errorf("groups are %v", seen)
		}
		// Under one theme: those directly below it.
		under := insight.Conditions{{Field: "theme", Values: []string{"service"}}}
		a = w.ask(insight.Query{Measure: insight.Count, By: []string{"theme_group"}, Where: under})
		if len(a.Rows) != 3 || a.Total.N != int64(len(only(all, at("service")))) {
			t.Errorf("under service: %+v", a.Rows)
		}
		for _, r := range a.Rows {
			if id := r.Keys["theme_group"]; id != "service" && r.N != int64(len(only(all, at(id)))) {
				t.Errorf("%s under service: %d", id, r.N)
			}
		}
		// Each theme alone, and what is behind its number.
		a = w.ask(insight.Query{Measure: insight.Count, By: []string{"theme"}})
		if len(a.Rows) != 7 {
			t.Errorf("themes are %+v", a.Rows)
		}
		for _, r := range a.Rows {
			id := r.Keys["theme"]
			want := int64(len(only(all, func(s spoken) bool {
				return slices.ContainsFunc(s.label.Themes, func(l insight.ThemeLabel) bool { return themes.Resolve(l.ID) == id })
			})))
			v, err := url.ParseQuery(*r.Feedback)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			found, err := w.insight.Find(t.Context(), w.ws, c, p, "", 1000)
			must(t, err)
			if r.N != want || int64(len(found.Feedback)) != want {
				t.Errorf("%s: %d counted, %d behind %s, want %d", id, r.N, len(found.Feedback), *r.Feedback, want)
			}
		}
		// Against the texts without it.
		// and named twice, it is the group
		twice := insight.Conditions{{Field: "theme", Op: "in", Values: []string{"service", "service"}}}
		a = w.ask(insight.Query{Measure: insight.Count, By: []string{"theme_group"}, Where: twice})
		if len(a.Rows) != 1 || a.Rows[0].Keys["theme_group"] != "service" || a.Rows[0].N != int64(len(only(all, at("service")))) {
			t.Errorf("service alone: %+v", a.Rows)
		}
		a = w.ask(insight.Query{Measure: insight.NPS, By: []string{"theme_group"}, Compare: &insight.Compare{To: "rest"}})
		for _, r := range a.Rows {
			_, _, n := npsOf(only(all, func(s spoken) bool { return !at(r.Keys["theme_group"])(s) }))
			if r.Compare == nil || r.Compare.N != n {
				t.Errorf("%v against the rest: %+v, want %d", r.Keys, r.Compare, n)
			}
		}
		// One theme against the texts without it, wherever it stands.
		for _, id := range []string{"waiting", "service", "price"} {
			about := insight.Condition{Field: "theme", Op: "in", Values: []string{id}}
			without := about
			without.Op = "not_in"
			worded := insight.Condition{Field: "has_text", Values: []string{"yes"}}
			a = w.ask(insight.Query{Measure: insight.NPS, Where: insight.Conditions{worded, about}, Compare: &insight.Compare{Where: insight.Conditions{without}}})
			_, _, n := npsOf(only(all, at(id)))
			good, bad, others := npsOf(only(all, func(s spoken) bool { return !at(id)(s) }))
			if c := a.Total.Compare; a.Total.N != n || c == nil || c.N != others || math.Abs(*c.Value-100*float64(good-bad)/float64(others)) > 1e-9 || c.P == nil {
				t.Errorf("%s against texts without it: %+v of %d, want %d of %d", id, c, a.Total.N, others, n)
			}
		}
		// Customers, with other fields beside.
		a = w.ask(insight.Query{Measure: insight.Contacts, By: []string{"channel", "theme_group"}, Bucket: "month", Limit: 5000})
		for _, r := range a.Rows {
			who := map[string]bool{}
			for _, s := range all {
				if s.month == r.Bucket && s.Channel == r.Keys["channel"] && at(r.Keys["theme_group"])(s) {
					who[s.Contact.ExternalID] = true
				}
			}
			if r.N != int64(len(who)) {
				t.Errorf("%v in %s: %d customers, want %d", r.Keys, r.Bucket, r.N, len(who))
			}
		}
		// What is said of each theme.
		for _, m := range []insight.Measure{insight.ThemeSentiment, insight.ThemeNegative} {
			a = w.ask(insight.Query{Measure: m, By: []string{"theme_group"}, Bucket: "month"})
			var sum int64
			for _, r := range a.Rows {
				list := only(all, func(s spoken) bool { return s.month == r.Bucket && s.about(r.Keys["theme_group"]) })
				sum += r.N
				good, bad := 0, 0
				for _, s := range list {
					switch s.mood(r.Keys["theme_group"]) {
					case 1:
						good++
					case -1:
						bad++
					}
				}
				want := 100 * float64(good-bad) / float64(len(list))
				if m == insight.ThemeNegative {
					want = float64(bad) / float64(len(list))
				}
				if r.N != int64(len(list)) || len(list) > 0 && math.Abs(*r.Value-want) > 1e-9 {
					t.Errorf("%s %v in %s: %v of %d, want %v of %d", m, r.Keys, r.Bucket, r.Value, r.N, want, len(list))
				}
			}
			if len(a.Rows) == 0 || a.Total.N != sum {
				t.Errorf("%s: %d mentions in %d rows, %d in all", m, sum, len(a.Rows), a.Total.N)
			}
		}
	})
}

// waiting are themes of which price counts for the questions alone that name it, as what was only proposed does.
type waiting struct{ tree }

func (x waiting) Tree(_ context.Context, _ identity.WorkspaceID, named ...string) (insight.Tree, error) {
	t := maps.Clone(x.tree)
	if p := t["price"]; !slices.Contains(named, "price") {
		p.forbidden = true
		t["price"] = p
	}
	return t, nil
}

// What counts only where it is named is found by every question that names it, and by no other.
func TestNamedThemes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(300)
		w.insight.Understand(understood{}, waiting{themes})
		about := insight.Conditions{{Field: "theme", Op: "in", Values: []string{"price"}}}
		list := only(all, func(s spoken) bool { return s.about("price") })
		n := int64(len(list))
		for _, q := range []insight.Query{
			{Measure: insight.Count, By: []string{"theme"}}, {Measure: insight.NPS, By: []string{"theme_group"}}, {Measure: insight.ThemeSentiment, By: []string{"theme"}},
			{Measure: insight.Count, By: []string{"theme"}, Where: insight.Conditions{{Field: "channel", Values: []string{"web"}}}},
		} {
			a := w.ask(q)
			if len(a.Rows) < 2 || slices.ContainsFunc(a.Rows, func(r insight.Row) bool { return r.Keys[q.By[0]] == "price" }) {
				t.Errorf("%s by %s: %+v", q.Measure, q.By, a.Rows)
			}
		}
		none := int64(len(only(all, func(s spoken) bool {
			return !slices.ContainsFunc(s.label.Themes, func(l insight.ThemeLabel) bool { return l.ID != "price" && themes.Resolve(l.ID) != "" })
		})))
		if a := w.ask(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "theme", Op: "empty"}}}); a.Total.N != none {
			t.Errorf("%d texts are about nothing, want %d", a.Total.N, none)
		}
		if a := w.ask(insight.Query{Measure: insight.Count, Where: about}); a.Total.N != n {
			t.Errorf("%d texts about it, want %d", a.Total.N, n)
		}
		if a := w.ask(insight.Query{Measure: insight.Share, Share: about}); *a.Total.Parts.Hits != n {
			t.Errorf("a share of %d, want %d", *a.Total.Parts.Hits, n)
		}
		if a := w.ask(insight.Query{Measure: insight.Count, Compare: &insight.Compare{Where: about}}); a.Total.Compare.N != n {
			t.Errorf("compared with %d, want %d", a.Total.Compare.N, n)
		}
		if a := w.ask(insight.Query{Measure: insight.ThemeSentiment, By: []string{"theme"}, Where: about}); len(a.Rows) != 1 || a.Rows[0].N != n {
			t.Errorf("what is said of it: %+v, want %d", a.Rows, n)
		}
		found, err := w.insight.Find(t.Context(), w.ws, about, insight.Period{}, "", 1000)
		must(t, err)
		if int64(len(found.Feedback)) != n {
			t.Errorf("%d found, want %d", len(found.Feedback), n)
		}
		row := func(q insight.ThemesQuery) insight.ThemeRow {
			t.Helper()
			a, err := w.insight.Themes(t.Context(), w.ws, q)
			must(t, err)
			for _, r := range a.Themes {
				if r.ID == "price" {
					return r
				}
			}
			return insight.ThemeRow{}
		}
		if r := row(insight.ThemesQuery{}); r.N != 0 {
			t.Errorf("among all themes: %+v", r)
		}
		if r := row(insight.ThemesQuery{Where: about}); r.N != n || r.Score.N == 0 {
			t.Errorf("named among themes: %+v, want %d", r, n)
		}
		if names, err := w.insight.ThemeNames(t.Context(), w.ws, "en"); err != nil || names["price"] == "" {
			t.Errorf("it has no name: %v", err)
		}
	})
}

func TestSentiment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(400)
		labelled := only(all, func(s spoken) bool { return s.has })
		n := map[int8]int{}
		total := 0.0
		for _, s := range labelled {
			n[s.label.Sentiment]++
			total += s.label.Score
		}
		size := float64(len(labelled))
		for _, c := range []struct {
			q    insight.Query
			want float64
			n    int
		}{
			{insight.Query{Measure: insight.NetSentiment}, 100 * float64(n[1]-n[-1]) / size, len(labelled)},
			{insight.Query{Measure: insight.NegativeShare}, float64(n[-1]) / size, len(labelled)},
			{insight.Query{Measure: insight.SentimentMean}, total / size, len(labelled)},
			{insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "sentiment", Values: []string{"mixed", "neutral"}}}}, float64(n[2] + n[0]), n[2] + n[0]},
			{insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "sentiment", Op: "empty"}}}, 400 - size, 400 - len(labelled)},
			{insight.Query{Measure: insight.ResponseShare, Of: "theme"}, float64(len(only(all, spoken.some))) / 400, 400},
			{insight.Query{Measure: insight.Share, Share: insight.Conditions{{Field: "theme", Values: []string{"product"}}}}, float64(len(only(all, func(s spoken) bool { return s.about("product") }))) / 400, 400},
			{insight.Query{Measure: insight.Mean, Of: "sentiment_score"}, total / size, len(labelled)},
		} {
			a := w.ask(c.q)
			if a.Total.Value == nil || math.Abs(*a.Total.Value-c.want) > 1e-9 || a.Total.N != int64(c.n) {
				t.Errorf("%+v: %v of %d, want %v of %d", c.q, a.Total.Value, a.Total.N, c.want, c.n)
			}
		}
		a := w.ask(insight.Query{Measure: insight.Count, By: []string{"sentiment", "sentiment_unsure", "language"}})
		for _, r := range a.Rows {
			want := len(only(all, func(s spoken) bool {
				mood, unsure, language := "", "", s.Language
				if s.has {
					mood, unsure = []string{"negative", "neutral", "positive", "mixed"}[s.label.Sentiment+1], map[bool]string{true: "yes", false: "no"}[s.label.Unsure]
					if language == "" { // nobody said it: it was detected
						language = "ru"
					}
				}
				return mood == r.Keys["sentiment"] && unsure == r.Keys["sentiment_unsure"] && language == r.Keys["language"]
			}))
			if r.N != int64(want) {
				t.Errorf("%v: %d, want %d", r.Keys, r.N, want)
			}
		}
		if len(a.Rows) != 4*2*2+2 {
			t.Errorf("%d groups", len(a.Rows))
		}
	})
}

func TestRowsAndColumnsUnderstandTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(500)
		labels := understood{}
		for _, s := range all {
			if s.has {
				labels[s.id] = s.label
			}
		}
		rows := insight.NewService(w.db, nil, w.feedback)
		rows.Understand(labels, themes)
		for _, q := range []string{"theme=service", "theme=waiting&theme=price", "theme.not_in=service", "theme=looks", "theme=spam", "theme=nothing", "theme.empty=", "theme.not_empty=",
			"theme_group=product", "theme_only=service", "theme_only=design", "theme_only.not_in=waiting", "theme_blamed=service", "theme_blamed=service&theme_blamed=price",
			"theme_blamed.not_in=product", "theme_blamed=nothing", "theme_blamed.empty=", "theme_blamed.not_empty=", "theme_only_blamed=service", "sentiment=negative", "sentiment.not_in=mixed", "sentiment.empty=", "sentiment_score.gt=0.25",
			"sentiment_score.empty=", "sentiment_unsure=yes", "sentiment_unsure.empty=", "language=ru", "language.empty=", "theme=service&sentiment=positive&channel=web"} {
			v, err := url.ParseQuery(q)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			var ids [2][]feedback.ID
			for i, s := range []*insight.Service{rows, w.insight} {
				must(t, s.Each(t.Context(), w.ws, c, p, func(f feedback.Feedback) error {
					ids[i] = append(ids[i], f.ID)
					return nil
				}))
			}
			if !slices.Equal(ids[0], ids[1]) || len(ids[0]) == len(all) || len(ids[0]) == 0 && !strings.Contains(q, "spam") && !strings.Contains(q, "nothing") {
				t.Errorf("%s: %d in the rows, %d in the columns", q, len(ids[0]), len(ids[1]))
			}
		}
		for _, q := range []string{"theme.contains=ser", "theme.gt=1"} {
			v, _ := url.ParseQuery(q)
			c, p, err := insight.Decode(v)
			must(t, err)
			if err := rows.Check(t.Context(), w.ws, c, p); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", q, err)
			}
		}
	})
}

// TestWhatIsBlamedIsFound holds the filter against the measure: as many texts as ThemeNegative has negative mentions.
func TestWhatIsBlamedIsFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.speak(500)
		for field, filter := range map[string]string{"theme_group": "theme_blamed", "theme": "theme_only_blamed"} {
			rows := w.ask(insight.Query{Measure: insight.ThemeNegative, By: []string{field}}).Rows
			if len(rows) < 3 {
				t.Fatalf("%d groups", len(rows))
			}
			for _, r := range rows {
				found := w.ask(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: filter, Values: []string{r.Keys[field]}}}})
				if hits := *r.Parts.Hits; found.Total.N != hits || hits == 0 {
					t.Errorf("%s: %d texts, where %d of its mentions are negative", r.Keys[field], found.Total.N, hits)
				}
			}
		}
	})
}

// TestSetsOutliveARebuild has feeders of two processes, one of which empties the columns.
func TestSetsOutliveARebuild(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.speak(200)
		q := insight.Query{Measure: insight.Count, By: []string{"theme"}, Order: "key"}
		before := w.ask(q)
		other := insight.NewFeeder(w.insight, discard)
		must(t, other.Rebuild(t.Context()))
		must(t, w.feeder.Feed(t.Context()))
		after := w.ask(q)
		for i, r := range before.Rows {
			if len(after.Rows) != len(before.Rows) || after.Rows[i].N != r.N {
				t.Fatalf("after a rebuild %+v, before %+v", after.Rows, before.Rows)
			}
		}
	})
}

// TestBehindCountsWhatIsNotReady has the columns wait for another step, as they do until texts are read.
func TestBehindCountsWhatIsNotReady(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := w.feedback.Receive(t.Context(), w.ws, []feedback.Input{nps(9, 1, "web"), nps(8, 1, "web")})
		must(t, err)
		ready, err := w.feedback.Settled(t.Context())
		must(t, err)
		w.feeder.After(feedback.Topic, func(context.Context) (int64, error) { return ready, nil })
		_, err = w.feedback.Receive(t.Context(), w.ws, []feedback.Input{nps(7, 1, "web"), nps(3, 1, "web"), nps(2, 1, "web")})
		must(t, err)
		for range 2 { // the second finds nothing to carry
			must(t, w.feeder.Feed(t.Context()))
			if n := w.feeder.Behind(); n != 3 {
				t.Errorf("%d changes are said to be missing of 3 that are not ready", n)
			}
		}
		ready, err = w.feedback.Settled(t.Context())
		must(t, err)
		must(t, w.feeder.Feed(t.Context()))
		if n := w.feeder.Behind(); n != 0 {
			t.Errorf("%d changes are said to be missing where all were carried", n)
		}
	})
}

// TestWhatTheColumnsLackIsKnownFromTheStart: a process that was killed leaves columns behind, and the first who asks its successor must know.
func TestWhatTheColumnsLackIsKnownFromTheStart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		batch := make([]feedback.Input, 201)
		for i := range batch {
			batch[i] = nps(9, 1, "web")
		}
		_, err := w.feedback.Receive(t.Context(), w.ws, batch[:200])
		must(t, err)
		next := func() *insight.Feeder {
			f := insight.NewFeeder(w.insight, discard)
			f.After(feedback.Topic, func(context.Context) (int64, error) { return 0, nil }) // its texts are still being read
			f.Start(t.Context())
			return f
		}
		f := next()
		if n := f.Behind(); n != 200 || f.Late() {
			t.Errorf("%d changes are said to be missing of 200, and that this is unusual: %v", n, f.Late())
		}
		f.Stop()
		_, err = w.feedback.Receive(t.Context(), w.ws, batch[200:])
		must(t, err)
		if f = next(); !f.Late() {
			t.Errorf("that the columns lack %d changes is usual", f.Behind())
		}
		f.Stop()
	})
}

// watched is a clock that has something done when it is next looked at.
type watched struct {
	*clock.Fake
	next atomic.Pointer[func()]
}

func (c *watched) Now() time.Time {
	if do := c.next.Swap(nil); do != nil {
		(*do)()
	}
	return c.Fake.Now()
}

// TestSetsOutliveARebuildInTheMiddle has the columns emptied while a feeder is between knowing where they are and feeding them.
func TestSetsOutliveARebuildInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := &watched{Fake: clock.NewFake(today)}
			w := newWorld(t, open(t, now), now.Fake)
			w.speak(200)
			q := insight.Query{Measure: insight.Count, By: []string{"theme"}, Order: "key"}
			before := w.ask(q)
			_, err := w.feedback.Receive(t.Context(), w.ws, []feedback.Input{nps(9, 1, "web")})
			must(t, err)
			rebuild, rebuilt := insight.NewFeeder(w.insight, discard).Rebuild, false
			w.feeder.After(feedback.Topic, func(ctx context.Context) (int64, error) {
				upTo, err := w.feedback.Settled(ctx)
				if !rebuilt {
					empty := func() { // when the lease is taken
						rebuilt = true
						must(t, rebuild(ctx))
					}
					now.next.Store(&empty)
				}
				return upTo, err
			})
			must(t, w.feeder.Feed(t.Context()))
			must(t, w.feeder.Feed(t.Context())) // the first has seen that another process was there
			after := w.ask(q)
			if !rebuilt || after.Total.N != 201 || len(after.Rows) != len(before.Rows) {
				t.Fatalf("rebuilt %v; %+v, before %+v", rebuilt, after, before)
			}
			for i, r := range before.Rows {
				if after.Rows[i].N != r.N {
					t.Errorf("after a rebuild %+v, before %+v", after.Rows[i], r)
				}
			}
		})
	}
}

// TestABatchOfManyWorkspaces costs about what one of a single workspace costs. It is not parallel, because it measures the memory that
// is taken in the whole process.
func TestABatchOfManyWorkspaces(t *testing.T) {
	now := clock.NewFake(today)
	w := newWorld(t, storetest.SQLite(t, now), now)
	many := make([]identity.WorkspaceID, 40)
	for i := range many {
		many[i] = w.workspace(fmt.Sprint("w", i))
	}
	cost := func(of ...identity.WorkspaceID) uint64 {
		changes := make([]feedback.Feedback, 4000)
		for i := range changes {
			changes[i] = feedback.Feedback{Workspace: of[i%len(of)], ID: feedback.ID(fmt.Sprint(i)), Time: today}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		must(t, w.feeder.Rows(t.Context(), changes))
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	cost(many...) // what is remembered of workspaces
	if one, all := cost(w.ws), cost(many...); all > 2*one {
		t.Errorf("%d bytes for one workspace, %d for %d", one, all, len(many))
	}
}

// TestFacetsShowWhatIsChosen, however rare it is, and all that the chosen texts are about besides.
func TestFacetsShowWhatIsChosen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		all := w.speak(600)
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		chosen := insight.Conditions{{Field: "theme", Op: "in", Values: []string{"price", "nobody"}}}
		facets, err := w.insight.Facets(t.Context(), w.ws, owner, chosen, insight.Period{}, []string{"theme", "theme_group"}, 1)
		must(t, err)
		n := func(keep func(spoken) bool) int64 { return int64(len(only(all, keep))) }
		price := func(s spoken) bool { return s.about("price") }
		list := facets[0].Values
		if len(list) != 3 || list[1] != (insight.FacetValue{Value: "price", N: n(price)}) || list[2] != (insight.FacetValue{Value: "nobody"}) || !facets[0].More {
			t.Errorf("themes %+v, want price with %d", facets[0], n(price))
		}
		facets, err = w.insight.Facets(t.Context(), w.ws, owner, chosen[:1], insight.Period{}, []string{"theme_group"}, 8)
		must(t, err)
		if len(facets[0].Values) != 3 {
			t.Errorf("groups %+v", facets[0])
		}
		for _, x := range facets[0].Values {
			if want := n(func(s spoken) bool { return price(s) && s.about(x.Value) }); x.N != want {
				t.Errorf("%s: %d, want %d", x.Value, x.N, want)
			}
		}
	})
}
