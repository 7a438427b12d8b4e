package health

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"kolo/internal/demo"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/understand/insight"
)

// factsOf are the facts of the demo company, as its books have them; texts have the sentiment that they were made with.
func factsOf(t *testing.T, c *demo.Company) []*Facts {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	byID := map[string]*Facts{}
	var list []*Facts
	must(c.Contacts(func(k demo.Contact) error {
		joined, err := clock.ParseDay(k.Joined)
		must(err)
		f := &Facts{Contact: contact.ID(k.ExternalID), First: joined, Segment: k.Attributes["segment"], Attributes: k.Attributes}
		byID[k.ExternalID] = f
		list = append(list, f)
		return nil
	}))
	told := map[string]float64{}
	must(c.Labels(func(l demo.Label) error {
		told[l.ExternalID] = map[string]float64{"negative": -1, "positive": 1}[l.Sentiment]
		return nil
	}))
	must(c.Feedback(func(in feedback.Input) error {
		if in.Contact == nil {
			return nil
		}
		v := insight.Voice{Day: clock.DayOf(*in.Time, time.UTC), Complaint: in.Kind == feedback.Complaint, Resolved: in.Attributes["resolved_at"]}
		if len(in.Scores) > 0 {
			n := int64(insight.Class(in.Scores[0]))
			v.Class = &n
		}
		if x, ok := told[in.ExternalID]; ok {
			v.Sentiment = &x
		}
		f := byID[in.Contact.ExternalID]
		f.Voices = append(f.Voices, hear(v, time.UTC))
		return nil
	}))
	set := Default()
	var names []string
	seen := map[string]bool{}
	must(c.Events(func(e demo.Event) error {
		if !seen[e.Event] {
			seen[e.Event] = true
			names = append(names, e.Event)
		}
		return nil
	}))
	meaning := map[string]role{}
	for r, list := range set.Guess(names) {
		for _, n := range list {
			meaning[n] = roleOf(r)
		}
	}
	must(c.Events(func(e demo.Event) error {
		f := byID[e.UserID]
		r, ok := meaning[e.Event]
		if !ok {
			r = elsewise
		}
		f.Acts = append(f.Acts, Act{Day: clock.DayOf(e.Timestamp, time.UTC), Role: r, N: 1})
		return nil
	}))
	out := list[:0]
	for _, f := range list {
		f.settle(f.First)
		if len(f.Acts)+len(f.Voices) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// TestDemoGivesItsReasonsAway holds what is said of the demo company against what was planted in it: three reasons to leave, and nothing
// else.
func TestDemoGivesItsReasonsAway(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 6} {
		c := demo.New(demo.Options{Seed: seed, Feedback: 20_000})
		list := factsOf(t, c)
		to, set := clock.DayOf(demo.DefaultEnd, time.UTC), Default()
		m, r := learn(list, &set, to, nil)
		found, others, looked := reasons(list, []string{"segment", "plan", "payment", "prefers", "country", "age_band", "region"}, &m.Spec, to)
		planted := map[string]float64{"unresolved_complaint": 9, "segment": 5, "low_usage": 3}
		for _, x := range found {
			truth, ok := planted[x.Key]
			if !ok {
				t.Errorf("seed %d: %+v is no reason", seed, x)
				continue
			}
			delete(planted, x.Key)
			// Weeks are coarser than the days of the truth, and how much somebody uses is seen through few events: both hide a part.
			if x.Ratio < 0.4*truth || x.Ratio > 1.5*truth || x.Range.Low <= 1 || x.Q > 0.05 {
				t.Errorf("seed %d: %+v, planted is %v", seed, x, truth)
			}
			if x.Key == "segment" && (!slices.Equal(x.Where, []Is{{"segment", "consumer"}, {"plan", "basic"}, {"country", "IL"}}) || x.From != "2025-04-28" || x.To != "2025-06-08") {
				t.Errorf("seed %d: the price rise is %+v", seed, x)
			}
		}
		if len(planted) > 0 || len(others) < 6 || looked < 1000 {
			t.Errorf("seed %d: %v were not found; %d others, %d segments", seed, planted, len(others), looked)
		}
		// What a contact does says little about when it leaves; a score that says so has to fail.
		if r.Check == nil || m.Kind != Fitted || !slices.Contains(r.Refused, "auc") || r.Check.AUCRange.Low > 0.6 {
			t.Errorf("seed %d: %v %+v", seed, r.Refused, r.Check)
		}
		if truth := c.Truth().Churn.Left; math.Abs(float64(r.Left-truth)) > 0.02*float64(truth) {
			t.Errorf("seed %d: %d have left, in truth %d", seed, r.Left, truth)
		}
	}
}

// TestSnapshotKnowsNothingOfWhatCameLater: facts of a day and later change nothing of what is computed as of it, nor what is learned
// before the first test.
func TestSnapshotKnowsNothingOfWhatCameLater(t *testing.T) {
	t.Parallel()
	list := factsOf(t, demo.New(demo.Options{Seed: 3, Feedback: 8_000}))
	to, set := clock.DayOf(demo.DefaultEnd, time.UTC), Default()
	day := to - 150
	var cut, mad []*Facts
	for i, f := range list {
		a, b := *f, *f
		a.Acts, a.Voices = slices.Clone(f.acts(day)), slices.Clone(f.voices(day))
		b.Acts, b.Voices = slices.Clone(a.Acts), slices.Clone(a.Voices)
		b.Segment = fmt.Sprint(i % 3) // attributes are those of today
		for j := range b.Voices {
			if v := &b.Voices[j]; v.open(day) { // whether and when it is resolved later
				if v.Closed = 0; i%2 == 0 {
					v.Closed = day + clock.Day(i%40)
				}
			}
		}
		for d := range clock.Day(60) {
			b.Acts = append(b.Acts, Act{Day: day + d, Role: role((i + int(d)) % 6), N: 3})
			b.Voices = append(b.Voices, Voice{Day: day + d, Rated: 0, Told: 100, Complaint: true})
		}
		cut, mad = append(cut, &a), append(mad, &b)
	}
	begin := begins(list, to)
	spec := specOf(list, begin, day, &set)
	if other := specOf(mad, begin, day, &set); !reflect.DeepEqual(spec, other) {
		t.Errorf("half-lives are %v, or %v with what came later", spec, other)
	}
	whole, without, with := spec.shoot(list, day, &set), spec.shoot(cut, day, &set), spec.shoot(mad, day, &set)
	if len(whole.parts) < 500 {
		t.Fatalf("%d customers", len(whole.parts))
	}
	for _, other := range []shot{without, with} {
		if !reflect.DeepEqual(whole.parts, other.parts) || !reflect.DeepEqual(whole.ref, other.ref) {
			t.Error("what came later changes a score")
		}
	}
	// And it is no test of nothing: a day later much is different.
	if later := spec.shoot(mad, day+1, &set); reflect.DeepEqual(later.parts, with.parts) {
		t.Error("the day after knows no more")
	}
	m, _ := learn(list, &set, to, nil)
	t0 := to - 2*clock.Day(set.Horizon)
	for _, f := range list {
		f.Acts = slices.Clone(f.acts(t0))
		if int(f.First)%3 == 0 {
			f.Acts = append(f.Acts, Act{Day: t0, Role: cancelled, N: 1})
		}
	}
	if n, _ := learn(list, &set, to, nil); !reflect.DeepEqual(m.Fit, n.Fit) || !reflect.DeepEqual(m.Spec, n.Spec) {
		t.Errorf("what the model is tested on is learned from: %+v, %+v", m.Fit, n.Fit)
	}
}

// TestWhatChangesOnLeavingForetellsNothing: customers leave by chance alone, and what is known of them is written anew when they do. Their plan
// becomes that of those who use little, and their complaints are never resolved, while those of the others are, after two months.
func TestWhatChangesOnLeavingForetellsNothing(t *testing.T) {
	t.Parallel()
	to, set := clock.Day(20_000), Default()
	r := rand.New(rand.NewPCG(7, 1))
	var list []*Facts
	for i := range 4000 {
		f := &Facts{Contact: contact.ID(fmt.Sprint("c", i)), Segment: "pro"}
		perDay := 0.2
		if i%3 == 0 {
			f.Segment, perDay = "free", 0.02
		}
		from := to - 730 + clock.Day(r.IntN(600))
		left := to
		for d := from; d < to; d++ {
			if r.Float64() < perDay {
				f.Acts = append(f.Acts, Act{d, used, 1})
			}
			if r.Float64() < 0.006 {
				f.Voices = append(f.Voices, Voice{Day: d, Rated: -1, Told: 20, Complaint: true})
			}
			if r.Float64() < 0.0015 {
				f.Acts, f.Segment, left = append(f.Acts, Act{d, cancelled, 1}), "free", d
				break
			}
		}
		for j := range f.Voices {
			if v := &f.Voices[j]; v.Day+60 < left {
				v.Closed = v.Day + 60
			}
		}
		f.Attributes = map[string]string{"plan": f.Segment}
		f.settle(from)
		list = append(list, f)
	}
	m, report := learn(list, &set, to, nil)
	if m.Kind != Fitted || !m.Spec.Dated || report.Check == nil || report.Check.Left < 200 {
		t.Fatalf("%s %+v", m.Kind, report)
	}
	if c := report.Check; c.AUCRange.Low > 0.5 || c.AUC > 0.55 || !slices.Contains(report.Refused, "auc") {
		t.Errorf("what happened on leaving foretells that they leave: %v (%v to %v), refused for %v", c.AUC, c.AUCRange.Low, c.AUCRange.High, report.Refused)
	}
}

// made are customers who leave the sooner the less they use: strong is how much it matters.
func made(n int, strong float64, to clock.Day) []*Facts { return lived(n, strong, to, to) }

// lived is made, where what they use matters no more from a day on.
func lived(n int, strong float64, until, to clock.Day) (list []*Facts) {
	r := rand.New(rand.NewPCG(uint64(n), 5))
	for i := range n {
		f := &Facts{Contact: contact.ID(fmt.Sprint("c", i)), Segment: []string{"a", "b"}[i%2]}
		level := r.Float64()
		perDay := 0.01 + 0.2*level
		unhappy := r.Float64()
		from := to - 730 + clock.Day(r.IntN(650))
		hazard := 0.0012 * math.Exp(strong*(1-2*level)+0.8*strong*(2*unhappy-1))
		for d := from; d < to; d++ {
			if r.Float64() < perDay {
				f.Acts = append(f.Acts, Act{d, used, 1})
			}
			if r.Float64() < 0.05 {
				v := Voice{Day: d, Rated: 100, Told: -1}
				if r.Float64() < unhappy {
					v.Rated = 0
				}
				f.Voices = append(f.Voices, v)
			}
			chance := hazard
			if d >= until {
				chance = 0.0012
			}
			if r.Float64() < chance {
				f.Acts = append(f.Acts, Act{d, cancelled, 1})
				break
			}
		}
		f.settle(from)
		list = append(list, f)
	}
	return list
}

func TestAScoreThatHoldsIsValid(t *testing.T) {
	t.Parallel()
	to, set := clock.Day(20_000), Default()
	m, r := learn(made(1500, 1.8, to), &set, to, nil)
	if m.Kind != Fitted || len(r.Refused) != 0 || r.Check == nil || r.Check.AUCRange.Low <= 0.65 || !r.Check.Calibrated {
		t.Errorf("%s %v %+v", m.Kind, r.Refused, r.Check)
	}
	if m.Fit.Coef[0] >= 0 || m.Fit.Coef[1] >= 0 {
		t.Errorf("more use, or more praise, makes leaving more likely: %v", m.Fit.Coef)
	}
	// The same customers seen again have not moved; customers who use nothing have.
	if _, again := learn(made(1500, 1.8, to), &set, to, m); len(again.Drift) != parts || slices.ContainsFunc(again.Drift, func(d Drift) bool { return d.Alarm }) {
		t.Errorf("drift of nothing: %+v", again.Drift)
	}
	silent := made(1500, 1.8, to)
	for _, f := range silent {
		f.Voices = slices.DeleteFunc(f.Voices, func(v Voice) bool { return v.Rated == 100 })
	}
	if _, moved := learn(silent, &set, to, m); !slices.ContainsFunc(moved.Drift, func(d Drift) bool { return d.Key == Sentiment && d.Alarm }) {
		t.Errorf("nobody praises any more, and that is no drift: %+v", moved.Drift)
	}
}

func TestFewAndSilentAreSaid(t *testing.T) {
	t.Parallel()
	to, set := clock.Day(20_000), Default()
	m, r := learn(made(120, 1, to), &set, to, nil)
	if m.Kind != Weighted || !slices.Contains(r.Refused, "few") {
		t.Errorf("few who left: %s %v", m.Kind, r.Refused)
	}
	stay := made(300, 1, to)
	for _, f := range stay {
		f.Acts = slices.DeleteFunc(f.Acts, func(a Act) bool { return a.Role == cancelled })
	}
	if m, r = learn(stay, &set, to, nil); m.Kind != Weighted || !slices.Equal(r.Refused, []string{"silent"}) || r.Check != nil {
		t.Errorf("nobody left: %s %v", m.Kind, r.Refused)
	}
	if m, r = learn(nil, &set, to, nil); m.Kind != Weighted || len(r.Refused) == 0 || len(r.Trend) != 0 {
		t.Errorf("nobody at all: %s %+v", m.Kind, r)
	}
	if found, others, looked := reasons(nil, nil, &m.Spec, to); len(found)+len(others)+looked != 0 {
		t.Errorf("reasons of nobody: %v %v", found, others)
	}
	if text, err := json.Marshal(r); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	set := Default()
	spec := Spec{HalfLife: map[Key]float64{Usage: 30, Sentiment: 90, Support: 60, Commercial: 90, Engagement: 90}, Usage: true, Buying: true, Dated: true}
	var list []*Facts
	for i := range 60 {
		f := &Facts{}
		for d := range clock.Day(300) {
			if int(d)%(3+i%5) == 0 {
				f.Acts = append(f.Acts, Act{d, used, 1})
			}
			if int(d)%(40+i) == 0 {
				f.Acts, f.Voices = append(f.Acts, Act{d, bought, 1}), append(f.Voices, Voice{Day: d, Rated: float32(50 * (i % 3)), Told: -1})
			}
		}
		f.settle(0)
		list = append(list, f)
	}
	ref := spec.shoot(list, 300, &set).ref
	m := Model{Spec: spec, Kind: Weighted, Limit: riskScore}
	score := func(f *Facts) Score {
		f.settle(0)
		return m.of(f, ref, 300, &set)
	}
	plain := *list[1]
	base := score(&plain)
	worse := plain
	worse.Voices = append(slices.Clone(plain.Voices), Voice{Day: 299, Rated: -1, Told: 0, Complaint: true})
	angry := score(&worse)
	if !(angry.Value < base.Value-3) || angry.Parts[2].Open != 1 || !(angry.Parts[2].Effect < -2) || angry.Parts[2].Fresh != 1 || angry.Coverage != 1 {
		t.Errorf("an open complaint: %+v after %+v", angry, base)
	}
	solved := plain
	solved.Voices = append(slices.Clone(plain.Voices), Voice{Day: 298, Rated: -1, Told: 0, Complaint: true, Closed: 299})
	if s := score(&solved); !(s.Value > angry.Value && s.Value < base.Value) {
		t.Errorf("a complaint that was resolved scores %v, between %v and %v", s.Value, angry.Value, base.Value)
	}
	// Where nothing says when complaints were resolved, it does not count whether they were.
	vague := m
	vague.Spec.Dated = false
	some := func(v Voice) Score {
		f := plain
		f.Voices = append(slices.Clone(plain.Voices), v)
		f.settle(0)
		return vague.of(&f, ref, 300, &set)
	}
	if a, b := some(Voice{Day: 298, Rated: -1, Told: 0, Complaint: true}), some(Voice{Day: 298, Rated: -1, Told: 0, Complaint: true, Closed: 299}); !reflect.DeepEqual(a, b) || a.Parts[2].Open != -1 ||
		!(a.Value > angry.Value && a.Value < base.Value) {
		t.Errorf("a complaint of which nobody knows: %+v and %+v", a, b)
	}
	idle := plain
	idle.Acts = slices.DeleteFunc(slices.Clone(plain.Acts), func(a Act) bool { return a.Role == used && a.Day > 150 })
	if s := score(&idle); !(s.Parts[0].Score < 25 && s.Parts[0].Effect < 0 && s.Parts[0].Count == 0 && s.Parts[0].Typical > 3) {
		t.Errorf("who stopped using: %+v", s.Parts[0])
	}
	mute := Facts{Acts: []Act{{100, elsewise, 1}}}
	bare := Model{Spec: Spec{HalfLife: spec.HalfLife}, Kind: Weighted, Limit: riskScore}
	mute.settle(100)
	if s := bare.of(&mute, ref, 300, &set); !s.Hidden || s.Coverage >= 0.5 || math.IsNaN(s.Value) {
		t.Errorf("of whom nothing is known: %+v", s)
	}
	gone := plain
	gone.Acts = append(slices.Clone(plain.Acts), Act{299, cancelled, 1})
	if s := score(&gone); s.left != 299 || !s.Hidden {
		t.Errorf("who left: %+v", s)
	}
	gone.Acts = append(gone.Acts, Act{300, used, 1})
	gone.settle(0)
	if s := m.of(&gone, ref, 301, &set); s.left != 0 || s.Hidden {
		t.Errorf("who came back: %+v", s)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	s := Settings{Weights: map[Key]float64{Usage: -1}, HalfLife: map[Key]float64{Sentiment: 0}, Horizon: 3, Events: map[Role][]string{Used: {"login"}, Cancelled: {"login"}}}
	var paths []string
	for _, f := range fault.ProblemOf(s.Validate()).Errors {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	if want := []string{"events.usage", "half_lives.sentiment", "horizon_days", "weights.usage"}; !slices.Equal(paths, want) {
		t.Errorf("refused are %v, not %v", paths, want)
	}
	var empty Settings
	if err := empty.Validate(); err != nil || empty.Horizon != 90 || empty.HalfLife[Usage] != 30 || empty.Weights[Usage] != 0.3 {
		t.Errorf("%v %+v", err, empty)
	}
	own := Settings{Events: map[Role][]string{Cancelled: {"gone for good"}}}
	got := own.Guess([]string{"Order Completed", "user_signed_in", "gone for good", "subscription_cancelled", "Page", "Ticket opened"})
	want := map[Role][]string{Cancelled: {"gone for good"}, Bought: {"Order Completed"}, Used: {"user_signed_in"}, Visited: {"Page"}, Helped: {"Ticket opened"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("guessed %v", got)
	}
	segment, list := GuessAttributes([]contact.Attribute{{Key: "plan", Kind: contact.Text}, {Key: "tenure", Kind: contact.Text}, {Key: "age", Kind: contact.Number},
		{Key: "city", Kind: contact.Text}, {Key: "country", Kind: contact.Text}, {Key: "last_plan", Kind: contact.Text}, {Key: "segment", Kind: contact.Text}}, map[string]int{"plan": 3, "tenure": 4, "age": 20, "city": 400, "segment": 2, "country": 5, "last_plan": 3})
	if segment != "segment" || !slices.Equal(list, []string{"segment", "plan", "country"}) {
		t.Errorf("guessed %s and %v", segment, list)
	}
}
