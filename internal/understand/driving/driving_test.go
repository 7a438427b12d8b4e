package driving_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/demo"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// TestDemoDrivers finds what is planted in the demo company.
func TestDemoDrivers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []feedback.Input
		must(t, demo.New(demo.Options{Feedback: 20_000}).Feedback(func(in feedback.Input) error {
			if in.Survey != "" { // all that is asked for below are answers to surveys
				all = append(all, in)
			}
			return nil
		}))
		w.receive(w.ws, all)
		a := w.ask(driving.Query{})
		if a.Score != insight.NPS || a.Block != "survey:relationship" || a.Unit != "points" || a.Missing != "complete" || a.R2 < .2 || a.N != a.Answers || a.Customers == 0 {
			t.Fatalf("%+v", a)
		}
		planted := []string{"answer.rate_network", "answer.rate_support", "answer.rate_price", "answer.rate_billing", "answer.rate_app", "answer.rate_shop"}
		if len(a.Drivers) != len(planted) {
			t.Fatalf("%d drivers", len(a.Drivers))
		}
		sum := 0.0
		for i, d := range a.Drivers {
			sum += d.Share
			if at := 1 + slices.Index(planted, d.Field); at < d.Rank[0] || at > d.Rank[1] {
				t.Errorf("%s: rank %v, planted %d", d.Field, d.Rank, at)
			}
			if d.Interval == nil || !d.Interval.Contains(d.Importance) || d.Asymmetry == nil || d.Asymmetry.Low != 2 || math.Abs(d.Asymmetry.High-4.6) > 1e-9 {
				t.Errorf("%+v", d)
			}
			if i > 0 && d.Tie < a.Drivers[i-1].Tie {
				t.Errorf("tie %d after %d", d.Tie, a.Drivers[i-1].Tie)
			}
			if i < 4 && (d.Effect == nil || !d.Effect.Distinguishable || d.Effect.Value <= 0) {
				t.Errorf("effect of %s: %+v", d.Field, d.Effect)
			}
		}
		if a.Drivers[0].Field != planted[0] || a.Drivers[0].Rank != [2]int{1, 1} || math.Abs(sum-1) > 1e-9 {
			t.Errorf("the first is %s, shares add up to %v", a.Drivers[0].Field, sum)
		}
		for _, x := range []driving.Warning{driving.Association, driving.Halo} {
			if !slices.Contains(a.Warnings, x) {
				t.Errorf("%s is not told", x)
			}
		}
		calls := w.ask(driving.Query{Score: insight.CSAT, Block: "survey:support call"})
		found := map[string]driving.Driver{}
		for _, d := range calls.Drivers {
			found[d.Field] = d
		}
		wait, over, team := found["attribute.wait_minutes"], found["attribute.hand_overs"], found["attribute.agent_team"]
		if wait.Effect == nil || wait.Step != 10 || !wait.Effect.Distinguishable || wait.Effect.Value > -3 || over.Effect == nil || over.Step != 1 || !over.Effect.Distinguishable || over.Effect.Value > -3 {
			t.Errorf("waits %+v, hand-overs %+v", wait.Effect, over.Effect)
		}
		if team.Gain == nil || team.Gain.Bad != "value" || team.Gain.Value != "Delta" || team.Gain.Interval.Low <= 0 {
			t.Errorf("the team %+v", team.Gain)
		}
		for _, d := range w.ask(driving.Query{Score: insight.CSAT, Block: "all"}).Drivers {
			if d.Gain != nil {
				t.Errorf("nobody can make %s better", d.Field)
			}
		}
	})
}

// rated makes answers to a survey whose score two ratings move; names are as hostile as they come.
const (
	strong = `"; DROP TABLE feedback; --`
	weak   = "איכות 'ירודה' | 100%"
	copied = `back\slash/~1`
	steady = "steady"
	gappy  = "gappy"
)

func rated(n int, gap float64, who func(i int) *feedback.Who) []feedback.Input {
	rng := rand.New(rand.NewPCG(7, 7))
	var in []feedback.Input
	for i := range n {
		a, b, c := 1+rng.IntN(5), 1+rng.IntN(5), 1+rng.IntN(5)
		score := min(10, max(0, math.Round(1+1.4*float64(a)+.4*float64(b)+1.2*rng.NormFloat64())))
		at := today.AddDate(0, 0, -rng.IntN(300))
		f := feedback.Input{Survey: "rated", Channel: []string{"web", "sms"}[rng.IntN(2)], Time: &at, Contact: who(i),
			Scores:     []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Min: 0, Max: 10}}},
			Answers:    feedback.Answers{{Question: strong, Value: float64(a)}, {Question: weak, Value: float64(b)}, {Question: copied, Value: float64(2*a + 1)}, {Question: steady, Value: 3.0}},
			Attributes: feedback.Attributes{"tier": []string{"gold", "silver"}[rng.IntN(2)]}}
		if rng.Float64() >= gap {
			f.Answers = append(f.Answers, feedback.Answer{Question: gappy, Value: float64(c)})
		}
		in = append(in, f)
	}
	return in
}

func nobody(int) *feedback.Who { return nil }

func TestModelIsThatOfTheAnswers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := rated(600, 0, nobody)
		w.receive(w.ws, in)
		a := w.ask(driving.Query{Where: insight.Conditions{{Field: "channel", Values: []string{"web", "sms"}}}})
		if len(a.Drivers) != 3 || a.Drivers[0].Field != "answer."+strong || a.N != 600 || a.Customers != 0 || !slices.Equal(a.Controls, []string{"channel", "attribute.tier", "quarter"}) {
			t.Fatalf("%+v", a)
		}
		reasons := map[string]driving.Refusal{}
		for _, r := range a.Refused {
			reasons[r.Field] = r
		}
		if r := reasons["answer."+copied]; r.Reason != "same" || !slices.Equal(r.Same, []string{"answer." + strong}) {
			if r = reasons["answer."+strong]; r.Reason != "same" {
				t.Errorf("%+v", a.Refused)
			}
		}
		if reasons["answer."+steady].Reason != "constant" {
			t.Errorf("%+v", a.Refused)
		}
		// The same regression, answer by answer.
		d := driver.Data{Names: []string{"a", "b", "c"}}
		quarters := map[string]int{}
		quarter := func(x time.Time) string { return fmt.Sprint(x.Year(), (x.Month()-1)/3) }
		for _, f := range in {
			if q := quarter(f.Time.UTC()); quarters[q] == 0 {
				quarters[q] = len(quarters) + 1
			}
		}
		flag := func(b bool) float64 {
			if b {
				return 1
			}
			return 0
		}
		for _, f := range in {
			y := 0.0
			if v := f.Scores[0].Value; v >= 9 {
				y = 100
			} else if v <= 6 {
				y = -100
			}
			d.Y = append(d.Y, y)
			d.X = append(d.X, []float64{f.Answers[0].Value.(float64), f.Answers[1].Value.(float64), f.Answers[4].Value.(float64)})
			c := []float64{flag(f.Channel == "web"), flag(f.Attributes["tier"] == "gold")}
			for k := 1; k < len(quarters); k++ {
				c = append(c, flag(quarters[quarter(f.Time.UTC())] == k))
			}
			d.Controls = append(d.Controls, c)
		}
		effects, err := driver.Linear(d, .95)
		must(t, err)
		importance, err := driver.Analyse(d, driver.Options{})
		must(t, err)
		if math.Abs(a.R2-importance.R2) > 1e-9 {
			t.Errorf("R2 %v, want %v", a.R2, importance.R2)
		}
		for _, x := range a.Drivers {
			i := slices.Index([]string{"answer." + strong, "answer." + weak, "answer." + gappy}, x.Field)
			want := effects.Coefficients[1+i]
			if x.Effect == nil || math.Abs(x.Effect.Value-want.Estimate) > 1e-8 || math.Abs(x.Effect.Interval.Low-want.Interval.Low) > 1e-8 || math.Abs(x.Importance-importance.Drivers[i].LMG) > 1e-9 {
				t.Errorf("%s: %+v, want %+v", x.Field, x.Effect, want)
			}
			v, err := url.ParseQuery(x.Feedback)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			if found, err := w.insight.Find(t.Context(), w.ws, c, p, "", 1000); err != nil || len(found.Feedback) == 0 {
				t.Errorf("%d behind %s: %v", len(found.Feedback), x.Feedback, err)
			}
		}
		// All effects of drivers that are shown are allowed for, and so are those of low and high answers.
		var p [2][]float64
		var q [2][]*driving.Effect
		for _, x := range a.Drivers {
			for i, list := range [][]*driving.Effect{{x.Effect}, {&x.Asymmetry.Penalty, &x.Asymmetry.Reward}} {
				for _, e := range list {
					p[i], q[i] = append(p[i], e.P), append(q[i], e)
				}
			}
		}
		for i := range p {
			want, err := stat.BenjaminiHochberg(p[i])
			must(t, err)
			for j, e := range q[i] {
				if e.Q != want[j] || e.Distinguishable != (e.Q <= .1 && !e.Interval.Contains(0)) {
					t.Errorf("%+v, want q %v", e, want[j])
				}
			}
		}
		if a.Tested != 3 {
			t.Errorf("%d effects", a.Tested)
		}
		// What somebody asks for is what is looked at, and what describes customers may be moved among the drivers.
		b := w.ask(driving.Query{Drivers: []string{"answer." + weak, "attribute.tier"}})
		if len(b.Drivers) != 2 || slices.Contains(b.Controls, "attribute.tier") {
			t.Errorf("%+v", b)
		}
		// The same question has the same answer, until there is more feedback.
		if again := w.ask(driving.Query{Drivers: []string{"answer." + weak, "attribute.tier"}}); again != b {
			t.Error("it was computed again")
		}
		w.receive(w.ws, rated(30, 0, nobody))
		if more := w.ask(driving.Query{Drivers: []string{"answer." + weak, "attribute.tier"}}); more.N != 630 {
			t.Errorf("%d answers", more.N)
		}
		// Another workspace sees nothing of it.
		other := w.workspace("Two")
		theirs, err := w.driving.Ask(t.Context(), other, driving.Query{})
		must(t, err)
		if len(theirs.Blocks)+len(theirs.Drivers)+len(theirs.Candidates) != 0 {
			t.Errorf("%+v", theirs)
		}
		for _, q := range []driving.Query{{Score: insight.Count}, {Block: "survey:none"}, {Drivers: []string{"answer.none"}}, {Level: 2}, {Where: insight.Conditions{{Field: "nothing"}}},
			{Drivers: strings.Split(strings.Repeat("answer.steady ", 16), " ")}} {
			if _, err := w.driving.Ask(t.Context(), w.ws, q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.receive(w.ws, rated(800, .04, nobody))
		a := w.ask(driving.Query{})
		if a.Missing != "complete" || a.N >= a.Answers || a.N < 740 || len(a.Drivers) != 3 {
			t.Errorf("few lack something: %s, %d of %d", a.Missing, a.N, a.Answers)
		}
		other := w.workspace("Two")
		w.receive(other, rated(800, .4, nobody))
		b, err := w.driving.Ask(t.Context(), other, driving.Query{})
		must(t, err)
		if b.Missing != "pairwise" || b.N != 800 || len(b.Drivers) != 3 || !slices.Contains(b.Warnings, driving.Pairwise) {
			t.Fatalf("many lack something: %+v", b)
		}
		for _, d := range b.Drivers {
			if d.Effect == nil || d.Interval == nil || d.Field == "answer."+gappy && math.Abs(d.Coverage-.6) > .06 {
				t.Errorf("%+v", d)
			}
			if d.Field == "answer."+strong && math.Abs(d.Effect.Value-a.Drivers[0].Effect.Value) > 8 {
				t.Errorf("%v where much is missing, %v where little is", d.Effect.Value, a.Drivers[0].Effect.Value)
			}
		}
	})
}

func TestNothingToTell(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		if a := w.ask(driving.Query{}); len(a.Blocks) != 0 || a.Score != insight.NPS {
			t.Errorf("nobody said anything: %+v", a)
		}
		same := rated(300, 0, nobody)
		for i := range same {
			same[i].Scores[0].Value = 9
		}
		w.receive(w.ws, same)
		if a := w.ask(driving.Query{}); len(a.Drivers) != 0 || a.N != 300 || len(a.Blocks) == 0 {
			t.Errorf("all say the same: %+v", a)
		}
		few := w.workspace("Few")
		w.receive(few, rated(99, 0, nobody))
		if a, err := w.driving.Ask(t.Context(), few, driving.Query{}); err != nil || len(a.Blocks) != 0 {
			t.Errorf("few said something: %+v %v", a, err)
		}
		bare := w.workspace("Bare")
		var in []feedback.Input
		for i := range 200 {
			in = append(in, feedback.Input{Scores: []feedback.Score{{Metric: "star", Value: float64(1 + i%5), Scale: feedback.Scale{Min: 1, Max: 5}}}, Attributes: feedback.Attributes{"only": "one"}})
		}
		w.receive(bare, in)
		a, err := w.driving.Ask(t.Context(), bare, driving.Query{})
		must(t, err)
		if len(a.Drivers) != 0 || a.Score != insight.Star {
			t.Errorf("one segment only: %+v", a)
		}
	})
}

// TestManyAnswersOfOneCustomer: what one customer says a hundred times is not a hundred witnesses.
func TestManyAnswersOfOneCustomer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		once := rated(60, 0, func(i int) *feedback.Who { return &feedback.Who{ExternalID: fmt.Sprint("c", i)} })
		var often []feedback.Input
		for range 10 {
			often = append(often, once...)
		}
		w.receive(w.ws, often)
		other := w.workspace("Two")
		w.receive(other, rated(600, 0, func(i int) *feedback.Who { return &feedback.Who{ExternalID: fmt.Sprint("c", i)} }))
		a := w.ask(driving.Query{})
		b, err := w.driving.Ask(t.Context(), other, driving.Query{})
		must(t, err)
		if a.Customers != 60 || a.Parts != 60 || b.Customers != 600 || b.Parts != 600 {
			t.Fatalf("%d customers in %d parts, %d in %d", a.Customers, a.Parts, b.Customers, b.Parts)
		}
		if r := a.Drivers[0].Interval.Width() / b.Drivers[0].Interval.Width(); r < 1.8 {
			t.Errorf("the interval of few customers is %v times as wide", r)
		}
		e, f := a.Drivers[0].Effect, b.Drivers[0].Effect
		if r := e.Interval.Width() / f.Interval.Width(); r < 2.5 || e.Interval.Method != "CR3 t" || f.Interval.Method != "HC3 t" {
			t.Errorf("the interval of an effect among few customers is %v times as wide: %+v, %+v", r, e, f)
		}
	})
}

// TestChanceHasNoColour: of many things that have nothing to do with a score, few seem to; without allowing for their number one in
// twenty would.
func TestChanceHasNoColour(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(17, 4))
		told, low, all := 0, 0, 0
		for k := range 5 {
			ws := w.workspace(fmt.Sprint("Chance", k))
			var in []feedback.Input
			for i := range 300 {
				f := feedback.Input{Survey: "chance", Contact: &feedback.Who{ExternalID: fmt.Sprint("c", i/2)},
					Scores: []feedback.Score{{Metric: "nps", Value: float64(rng.IntN(11)), Scale: feedback.Scale{Min: 0, Max: 10}}}}
				for j := range 8 {
					f.Answers = append(f.Answers, feedback.Answer{Question: fmt.Sprint("q", j), Value: float64(1 + rng.IntN(5))})
				}
				in = append(in, f)
			}
			w.receive(ws, in)
			a, err := w.driving.Ask(t.Context(), ws, driving.Query{})
			must(t, err)
			if len(a.Drivers) != 8 || a.Tested != 8 {
				t.Fatalf("%d drivers, %d effects", len(a.Drivers), a.Tested)
			}
			for _, d := range a.Drivers {
				all++
				if d.Effect.P < .05 {
					low++
				}
				if d.Effect.Distinguishable {
					told++
				}
				if d.Gain != nil {
					t.Errorf("there is nothing to gain from %s: %+v", d.Field, d.Gain)
				}
			}
		}
		if told > 1 || low == 0 || low > all/8 {
			t.Errorf("of %d effects of chance %d have a p below .05, and %d are told", all, low, told)
		}
	})
}

// labels are what was understood of feedback, by its id; the tree has two themes in a group.
type labels map[feedback.ID]insight.Label

func (l labels) Of(_ context.Context, _ identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	out := map[feedback.ID]insight.Label{}
	for _, id := range ids {
		if x, ok := l[id]; ok {
			out[id] = x
		}
	}
	return out, nil
}

type tree struct{}

func (tree) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return tree{}, nil
}
func (tree) Resolve(id string) string { return strings.TrimPrefix(id, "old-") }
func (tree) Name(id, _ string) string { return id }
func (tree) Parent(id string) string {
	if id == "late" || id == "kind" {
		return "service"
	}
	return ""
}

func (tree) Under(id string) []string {
	switch id {
	case "":
		return []string{"kind", "late", "old-late", "service"}
	case "service":
		return []string{"kind", "late", "old-late", "service"}
	case "late":
		return []string{"late", "old-late"}
	}
	return []string{id}
}

func TestThemesAsDrivers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		known := labels{}
		w.insight.Understand(known, tree{})
		rng := rand.New(rand.NewPCG(3, 3))
		var in []feedback.Input
		var themes [][]insight.ThemeLabel
		late := 0
		for i := range 900 {
			about := []insight.ThemeLabel{}
			score := 8 + 1.5*rng.NormFloat64()
			country := []string{"IL", "GB", "DE"}[rng.IntN(3)]
			if rng.Float64() < map[string]float64{"IL": .4, "GB": .3, "DE": .05}[country] {
				about = append(about, insight.ThemeLabel{ID: []string{"late", "old-late"}[i%2], Sentiment: -1})
				score -= 4
				late++
			}
			if rng.IntN(4) == 0 {
				about = append(about, insight.ThemeLabel{ID: "kind", Sentiment: 1})
			}
			themes = append(themes, about)
			in = append(in, feedback.Input{Text: fmt.Sprint("said ", i), Attributes: feedback.Attributes{"country": country, "told": country},
				Scores: []feedback.Score{{Metric: "nps", Value: min(10, max(0, math.Round(score))), Scale: feedback.Scale{Min: 0, Max: 10}}}})
		}
		for i := range 300 { // without words, and with what those with words lack
			a := feedback.Attributes{"country": "IL", "silent": []string{"so", "thus"}[i%2]}
			in = append(in, feedback.Input{Attributes: a, Scores: []feedback.Score{{Metric: "nps", Value: float64(i % 11), Scale: feedback.Scale{Min: 0, Max: 10}}}})
		}
		for at := 0; at < len(in); at += 300 {
			results, err := w.feedback.Receive(t.Context(), w.ws, in[at:at+300])
			must(t, err)
			for i, r := range results {
				if at+i < len(themes) {
					known[r.ID] = insight.Label{Language: "en", Themes: themes[at+i]}
				}
			}
		}
		must(t, w.feeder.Feed(t.Context()))
		w.driving.Correct(func(_ context.Context, ws identity.WorkspaceID) (map[string]driver.Classifier, error) {
			if ws != w.ws {
				t.Error("the checks of another workspace")
			}
			return map[string]driver.Classifier{"late": {Sensitivity: .8, Positives: 150, Specificity: .95, Negatives: 400}, "kind": {Sensitivity: .8, Positives: 99, Specificity: .95, Negatives: 400}}, nil
		})
		a := w.ask(driving.Query{Block: "themes"})
		if len(a.Drivers) != 2 || a.Drivers[0].Field != "theme.late" || a.N != 900 || !slices.Contains(a.Warnings, driving.ReadOver) || slices.Contains(a.Warnings, driving.Reading) {
			t.Fatalf("%+v", a)
		}
		d := a.Drivers[0]
		if math.Abs(d.Mentions-float64(late)/900) > 1e-9 || d.Effect.Value > -60 || d.Rank != [2]int{1, 1} {
			t.Errorf("%+v", d)
		}
		want, err := driver.Correct(int64(late), 900, driver.Classifier{Sensitivity: .8, Positives: 150, Specificity: .95, Negatives: 400}, .95)
		must(t, err)
		if d.Corrected == nil || math.Abs(d.Corrected.Share-want.Share) > 1e-9 || d.Corrected.Labelled != 550 || a.Drivers[1].Corrected != nil {
			t.Errorf("%+v, want %+v; of the other %+v", d.Corrected, want, a.Drivers[1].Corrected)
		}
		// What a driver and a candidate have beside them is the same: how many of the answers with words are about it.
		for _, c := range a.Candidates {
			i := slices.IndexFunc(a.Drivers, func(d driving.Driver) bool { return d.Field == c.Field })
			switch {
			case c.Kind != driving.Theme:
				if c.Field == "attribute.told" && (c.N != 900 || c.Coverage != 1) || c.Field == "attribute.silent" {
					t.Errorf("counted among all answers: %+v", c)
				}
			case i < 0 || c.Coverage != a.Drivers[i].Coverage || c.Coverage != a.Drivers[i].Mentions || c.N != int64(math.Round(900*c.Coverage)):
				t.Errorf("%+v of %+v", c, a.Drivers)
			}
		}
		if !slices.Contains(a.Blocks, driving.Block{ID: "themes", Of: "themes", N: 900}) {
			t.Errorf("answers with words: %+v", a.Blocks)
		}
		g := d.Gain
		if g == nil || g.Bad != "mention" || g.Where != "attribute.country" || g.Is != "DE" || math.Abs(g.Points+(g.Now-g.Best)*d.Effect.Value) > 1e-9 || g.Interval.Low <= 0 {
			t.Errorf("%+v", g)
		}
		if one := w.ask(driving.Query{Block: "themes", Drivers: []string{"theme.kind", "attribute.country"}}); len(one.Drivers) != 2 {
			t.Errorf("%+v", one)
		}
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	q := driving.Query{Score: insight.CSAT, Block: "survey:a b&c", Drivers: []string{"answer.x", "theme.y"}, Scale: "1..5", Level: .9, Between: insight.Period{Last: "90d"},
		Where: insight.Conditions{{Field: "channel", Op: "in", Values: []string{"web"}}}}
	got, err := driving.Decode(q.Encode())
	must(t, err)
	if fmt.Sprint(got) != fmt.Sprint(q) {
		t.Errorf("%+v, want %+v", got, q)
	}
	if _, err := driving.Decode(url.Values{"nothing": {"x"}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a condition on nothing: %v", err)
	}
}

// TestNumbersOfCustomersAreCovered: an end of a driver's numbers, and their mean, may be a customer's telephone number.
func TestNumbersOfCustomersAreCovered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 1000 {
			at, level, channel := today.Add(-time.Duration(i)*time.Hour), i%4, "web"
			if i%3 == 0 { // where hardly any is high
				level, channel = i/3%20/19*3, "sms"
			}
			score := []float64{10, 9, 2, 1}[level]
			if i%7 == 0 {
				score = 8
			}
			in = append(in, feedback.Input{Channel: channel, Time: &at, Scores: []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Min: 0, Max: 10}}},
				Attributes: feedback.Attributes{"note": fmt.Sprint(521234567 + 1000*level), "wait": fmt.Sprint(10 * level)}})
		}
		w.receive(w.ws, in)
		find := func(field string, actor identity.Actor) driving.Driver {
			t.Helper()
			a, err := w.driving.AskFor(t.Context(), w.ws, actor, driving.Query{Score: insight.NPS, Drivers: []string{field}})
			must(t, err)
			if len(a.Drivers) != 1 {
				t.Fatalf("%s: %+v, refused %+v", field, a.Drivers, a.Refused)
			}
			return a.Drivers[0]
		}
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		if d := find("attribute.note", owner); d.Mean == nil || d.Gain == nil || d.Feedback == "" {
			t.Fatalf("the owner sees %+v", d)
		}
		if d := find("attribute.note", viewer); d.Mean != nil || d.Gain != nil || d.Feedback != "" || d.Effect == nil {
			t.Errorf("a viewer sees %+v", d)
		}
		if d := find("attribute.wait", viewer); d.Mean == nil || d.Gain == nil || d.Feedback == "" {
			t.Errorf("minutes are nobody's number: %+v", d)
		}
	})
}
