package insight_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
)

func picked(v any) feedback.Input {
	at := today
	return feedback.Input{Channel: "web", Time: &at, Answers: feedback.Answers{{Question: "pick", Value: v}}}
}

// TestChoicesOfAListCountEach: who picked A is found, whatever else they picked and in whatever order, and a text that looks like a list is
// a value of its own.
func TestChoicesOfAListCountEach(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.receive(w.ws, picked([]any{"A", "B"}), picked([]any{"B", "A"}), picked([]any{"A"}), picked([]any{"A; B"}), picked("C"), picked([]any{"", "D", "D"}), feedback.Input{Channel: "web", Text: "x"})
		a := w.ask(insight.Query{Measure: insight.Distribution, Of: "answer.pick", Order: "key"})
		var got []string
		for _, r := range a.Rows {
			got = append(got, fmt.Sprintf("%s %d of %d", r.Keys["value"], *r.Parts.Hits, r.N))
		}
		if want := []string{"A 3 of 6", "A; B 1 of 6", "B 2 of 6", "C 1 of 6", "D 1 of 6"}; !slices.Equal(got, want) || !a.SeveralChoices || !a.Overlapping || a.Total.N != 6 || *a.Total.Value != 1 {
			t.Errorf("%v, want %v; %+v", got, want, a.Total)
		}
		a = w.ask(insight.Query{Measure: insight.Count, By: []string{"answer.pick"}, Order: "key"})
		got = nil
		for _, r := range a.Rows {
			got = append(got, fmt.Sprintf("%s %d", r.Keys["answer.pick"], r.N))
		}
		if want := []string{" 1", "A 3", "A; B 1", "B 2", "C 1", "D 1"}; !slices.Equal(got, want) || !a.SeveralChoices || a.Total.N != 7 {
			t.Errorf("%v, want %v", got, want)
		}
		for _, c := range []struct {
			op     string
			values []string
			n      int64
		}{
			{"in", []string{"A"}, 3}, {"eq", []string{"B"}, 2}, {"in", []string{"B", "C"}, 3}, {"in", []string{"A; B"}, 1}, {"not_in", []string{"A"}, 4}, {"not_in", []string{"B", "C"}, 4},
			{"in", []string{"AB"}, 0}, {"contains", []string{"; "}, 1}, {"contains", []string{"A"}, 4}, {"empty", nil, 1}, {"not_empty", nil, 6}, {"in", []string{""}, 1}, {"in", []string{"", "D"}, 2},
		} {
			if a := w.ask(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "answer.pick", Op: c.op, Values: c.values}}}); a.Total.N != c.n {
				t.Errorf("%s %v finds %d, want %d", c.op, c.values, a.Total.N, c.n)
			}
		}
		// Without lists there is nothing to say.
		if a := w.ask(insight.Query{Measure: insight.Distribution, Of: "answer.pick", Where: insight.Conditions{{Field: "answer.pick", Values: []string{"C"}}}}); a.SeveralChoices || a.Overlapping || len(a.Rows) != 1 {
			t.Errorf("%+v", a)
		}
	})
}

// TestChoicesAgainstCountingByHand asks in every way in which choices can be counted by, and finds behind each figure what was counted.
func TestChoicesAgainstCountingByHand(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(7, 7))
		some := func(from ...string) []any {
			list := []any{}
			for _, s := range from {
				if rng.IntN(2) == 0 {
					list = append(list, s)
				}
			}
			rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			return list
		}
		var in []feedback.Input
		for i := range 400 {
			f := by(1+i%90, float64(rng.IntN(11)), rng.IntN(60), []string{"web", "sms"}[i%2])
			f.Answers = feedback.Answers{{Question: "pick", Value: some("a", "b", "c", "d; e")}, {Question: "other/one", Value: some("x", "y")}, {Question: "plain", Value: []string{"p", "q"}[rng.IntN(2)]}}
			f.Attributes = feedback.Attributes{"plan": []string{"basic", "premium"}[rng.IntN(2)]}
			in = append(in, f)
		}
		w.receive(w.ws, in...)
		values := func(f feedback.Input, field string) (out []string) {
			for _, a := range f.Answers {
				if "answer."+a.Question == field {
					switch v := a.Value.(type) {
					case string:
						return []string{v}
					case []any:
						for _, e := range v {
							out = append(out, e.(string))
						}
					}
				}
			}
			if out == nil {
				return []string{""}
			}
			return out
		}
		find := func(query string) (n int64) {
			v, err := url.ParseQuery(query)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			must(t, w.insight.Each(t.Context(), w.ws, c, p, func(feedback.Feedback) error { n++; return nil }))
			rows := int64(0)
			must(t, insight.NewService(w.db, nil, w.feedback).Each(t.Context(), w.ws, c, p, func(feedback.Feedback) error { rows++; return nil }))
			if rows != n {
				t.Errorf("%s: %d in the columns, %d in the rows", query, n, rows)
			}
			return n
		}
		for _, where := range []insight.Conditions{nil, {{Field: "answer.pick", Values: []string{"a", "b"}}}, {{Field: "answer.pick", Op: "not_in", Values: []string{"c"}}, {Field: "channel", Values: []string{"web"}}}} {
			fits := func(f feedback.Input) bool {
				has := values(f, "answer.pick")
				switch len(where) {
				case 1:
					return slices.Contains(has, "a") || slices.Contains(has, "b")
				case 2:
					return !slices.Contains(has, "c") && f.Channel == "web"
				}
				return true
			}
			for _, by := range [][]string{{"answer.pick"}, {"answer.pick", "answer.other/one"}, {"answer.plain", "answer.pick"}, {"answer.plain"}} {
				n, people, all := map[string]int64{}, map[string]map[string]bool{}, int64(0)
				for _, f := range in {
					if !fits(f) {
						continue
					}
					all++
					for _, x := range values(f, by[0]) {
						seconds := []string{""}
						if len(by) > 1 {
							seconds = values(f, by[1])
						}
						for _, y := range seconds {
							k := x + "|" + y
							if n[k]++; people[k] == nil {
								people[k] = map[string]bool{}
							}
							people[k][f.Contact.ExternalID] = true
						}
					}
				}
				for _, m := range []insight.Measure{insight.Count, insight.Contacts, insight.NPS} {
					for _, bucket := range []string{"", "month"} {
						a := w.ask(insight.Query{Measure: m, By: by, Where: where, Bucket: bucket})
						got := map[string]int64{}
						for _, r := range a.Rows {
							k := r.Keys[by[0]] + "|"
							if len(by) > 1 {
								k += r.Keys[by[1]]
							}
							got[k] += r.N
							if m == insight.NPS && bucket == "" && *r.Customers != int64(len(people[k])) {
								t.Errorf("%v %v: %s has answers of %d customers, want %d", where, by, k, *r.Customers, len(people[k]))
							}
							if m != insight.Contacts && r.N > 0 && rng.IntN(4) == 0 {
								if r.Feedback == nil {
									t.Errorf("%v %v: nothing behind %v", where, by, r.Keys)
								} else if found := find(*r.Feedback); found != r.N {
									t.Errorf("%v %v: %d behind %v of %d: %s", where, by, found, r.Keys, r.N, *r.Feedback)
								}
							}
						}
						if m != insight.Contacts && a.Total.N != all {
							t.Errorf("%s %v %v: %d in all, want %d", m, where, by, a.Total.N, all)
						}
						for k, want := range n {
							if m == insight.Contacts {
								want = int64(len(people[k]))
							}
							if m == insight.Contacts && bucket != "" {
								continue // who came in two months counts in both
							}
							if got[k] != want {
								t.Errorf("%s %v %v by %q: %s has %d, want %d", m, where, by, bucket, k, got[k], want)
							}
						}
					}
				}
				// Of each group, how often each choice was made.
				a := w.ask(insight.Query{Measure: insight.Distribution, Of: "answer.pick", By: by, Where: where})
				for _, r := range a.Rows {
					hits, base := int64(0), int64(0)
					for _, f := range in {
						has := values(f, "answer.pick")
						if !fits(f) || has[0] == "" || !slices.Contains(values(f, by[0]), r.Keys[by[0]]) || len(by) > 1 && !slices.Contains(values(f, by[1]), r.Keys[by[1]]) {
							continue
						}
						if base++; slices.Contains(has, r.Keys["value"]) {
							hits++
						}
					}
					if *r.Parts.Hits != hits || r.N != base || math.Abs(*r.Value-float64(hits)/float64(base)) > 1e-12 {
						t.Errorf("%v %v: %v is %d of %d, want %d of %d", where, by, r.Keys, *r.Parts.Hits, r.N, hits, base)
					}
				}
			}
		}
		// Beside the rest, and beside others, of whom some picked both.
		a := w.ask(insight.Query{Measure: insight.NPS, By: []string{"answer.pick"}, Compare: &insight.Compare{To: "rest"}})
		for _, r := range a.Rows {
			if r.Compare.N != a.Total.N-r.N {
				t.Errorf("%v: %d beside %d of %d", r.Keys, r.N, r.Compare.N, a.Total.N)
			}
		}
		beside := func(field, x, y string) *insight.Comparison {
			return w.ask(insight.Query{Measure: insight.NPS, Where: insight.Conditions{{Field: field, Values: []string{x}}}, Compare: &insight.Compare{Where: insight.Conditions{{Field: field, Values: []string{y}}}}}).Total.Compare
		}
		if c := beside("answer.pick", "a", "b"); c.P != nil || c.N == 0 {
			t.Errorf("who picked both is in both: %+v", c)
		}
		if c := beside("answer.plain", "p", "q"); c.P == nil {
			t.Errorf("nobody gave both: %+v", c)
		}
		// Weighted, an answer counts once in the whole.
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", .5, "premium", .5)})
		plain, listed := w.ask(insight.Query{Measure: insight.NPS, Weight: true}), w.ask(insight.Query{Measure: insight.NPS, Weight: true, By: []string{"answer.pick"}})
		if x, y := plain.Total.Weighted, listed.Total.Weighted; x == nil || y == nil || x.N != y.N || math.Abs(x.Value-y.Value) > 1e-9 {
			t.Errorf("%+v and %+v", x, y)
		}
		for _, r := range listed.Rows {
			one := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Where: insight.Conditions{{Field: "answer.pick", Op: map[bool]string{true: "empty", false: "in"}[r.Keys["answer.pick"] == ""], Values: []string{r.Keys["answer.pick"]}}}}).Total.Weighted
			if r.Weighted == nil || one == nil || r.Weighted.N != one.N || math.Abs(r.Weighted.Value-one.Value) > 1e-9 {
				t.Errorf("%v: %+v and %+v", r.Keys, r.Weighted, one)
			}
		}
	})
}

// TestContainsHasNoCase in any field and language: what both engines, and the rows, know of letters is the same.
func TestContainsHasNoCase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		words := []string{"Haifa", "ИСТРА", "ΑΘΗΝΑ", "İstanbul", "ÉCOLE", "Ḁẞǅ", "50% (A.B)", "\u212a2 [x]\\", "חיפה", "تهران", "Ꮳ Ა Ა", "line\nTWO", "İ\u0130ǅȺⱯ", "plain"}
		at := today
		var in []feedback.Input
		for i, s := range words {
			in = append(in, feedback.Input{Channel: "web", Time: &at, Source: s, Touchpoint: s, ExternalID: fmt.Sprint(i), Attributes: feedback.Attributes{"City": s}, Answers: feedback.Answers{{Question: "pick", Value: []any{s, "Other"}}}})
		}
		w.receive(w.ws, in...)
		rows := insight.NewService(w.db, nil, w.feedback)
		count := func(s *insight.Service, e insight.Condition) (n int) {
			must(t, s.Each(t.Context(), w.ws, insight.Conditions{e}, insight.Period{}, func(feedback.Feedback) error { n++; return nil }))
			return n
		}
		needles := []string{"haifa", "HAIFA", "истра", "αθηνα", "istanbul", "ISTANBUL", "école", "ß", "50% (a.b)", "K2 [X]\\", "k2", "חיפה", "تهران", "ꮳ ა", "\ntwo", "ⱥɐ", "A", "nowhere", ".", "%", "_", "lain"}
		for _, field := range []string{"source", "touchpoint", "attribute.City", "answer.pick"} {
			for _, needle := range needles {
				n := 0
				for _, s := range words {
					if field == "answer.pick" {
						s += "\x00Other"
					}
					if strings.Contains(insight.Fold(s), insight.Fold(needle)) {
						n++
					}
				}
				e := insight.Condition{Field: field, Op: "contains", Values: []string{needle}}
				if got, scanned := count(w.insight, e), count(rows, e); got != n || scanned != n {
					t.Errorf("%s contains %q: %d in the columns, %d in the rows, want %d", field, needle, got, scanned, n)
				}
				e.Op = "not_contains"
				if got := count(w.insight, e); got != len(words)-n {
					t.Errorf("%s does not contain %q: %d, want %d", field, needle, got, len(words)-n)
				}
			}
		}
		if n := count(w.insight, insight.Condition{Field: "attribute.City", Op: "contains", Values: []string{"HAI", "école", "50%"}}); n != 3 {
			t.Errorf("any of three: %d", n)
		}
		q := insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "attribute.City", Op: "contains", Values: []string{strings.Repeat("я", 1001)}}}}
		if err := q.Validate(); !fault.Is(err, fault.Invalid) || fault.ProblemOf(err).Errors[0].Path != "where[0].values" {
			t.Errorf("a value of 1,001 characters: %v", err)
		}
		q.Where[0].Values[0] = strings.Repeat("я", 1000)
		if a := w.ask(q); a.Total.N != 0 {
			t.Errorf("%+v", a.Total)
		}
	})
}
