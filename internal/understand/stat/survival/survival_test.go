package survival

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"kolo/internal/foundation/clock"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

func ends(i *stat.Interval) (low, high any) {
	if i == nil {
		return nil, nil
	}
	return i.Low, i.High
}

func sum(s []int) (n int) {
	for _, x := range s {
		n += x
	}
	return n
}

func TestVectorsKaplanMeier(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "kaplan_meier").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Entry, Time   []float64
			Status, Event []int
			Group         []string
			Target        float64
			Level         float64
		}](t, c.Input)
		if in.Event != nil {
			want := vectortest.Decode[struct{ At []float64 }](t, c.Expected)
			r := vectortest.OK[Incidence](t)(CumulativeIncidence(in.Time, in.Event, max(2, slices.Max(in.Event))))
			var resolved, withdrawn []float64
			for _, at := range want.At {
				resolved, withdrawn = append(resolved, r.At(1, at)), append(withdrawn, r.At(2, at))
			}
			return object{"at": want.At, "cif_resolved": resolved, "cif_withdrawn": withdrawn}
		}
		var obs []Observation
		groups := map[string][]Observation{}
		for i, time := range in.Time {
			o := Observation{Time: time, Ended: in.Status[i] == 1}
			if in.Entry != nil {
				o.Entry = in.Entry[i]
			}
			obs = append(obs, o)
			if in.Group != nil {
				groups[in.Group[i]] = append(groups[in.Group[i]], o)
			}
		}
		if in.Group != nil {
			var by [][]Observation
			for _, name := range slices.Sorted(maps.Keys(groups)) {
				by = append(by, groups[name])
			}
			r := vectortest.OK[Comparison](t)(LogRank(by))
			return object{"observed": r.Observed, "expected": r.Expected, "chisq": r.Test.Stat, "p": r.Test.P}
		}
		k := vectortest.OK[*Curve](t)(KaplanMeier(obs, vectortest.Level(in.Level)))
		want := vectortest.Decode[struct {
			At       struct{ Time []float64 }
			Quantile struct{ P []float64 }
			RMST     *struct{ Tau float64 }
		}](t, c.Expected)
		cols := map[string][]any{}
		put := func(name string, v any) { cols[name] = append(cols[name], v) }
		for _, s := range k.Steps {
			put("time", s.Time)
			put("n_risk", s.AtRisk)
			put("n_event", s.Ended)
			put("n_censor", s.Censored)
			put("surv", s.Open)
			low, high := ends(s.LogLog)
			put("ll", low)
			put("lu", high)
			switch low, high := ends(s.Log); {
			case s.Open == 1: // nothing has ended: the reference has a band without width here, Curve none
				put("se", 0.0)
				put("gl", 1.0)
				put("gu", 1.0)
			case s.Log == nil:
				put("se", nil)
				put("gl", nil)
				put("gu", nil)
			default:
				put("se", s.SE)
				put("gl", low)
				put("gu", high)
			}
		}
		at := map[string][]any{}
		for _, age := range want.At.Time {
			s := k.At(age)
			low, high := ends(s.LogLog)
			share, _ := k.Within(age)
			at["surv"], at["closed"] = append(at["surv"], s.Open), append(at["closed"], share)
			at["low"], at["high"] = append(at["low"], low), append(at["high"], high)
		}
		q := map[string][]any{}
		for _, p := range want.Quantile.P {
			a := vectortest.OK[Quantile](t)(k.Quantile(p, LogLog))
			b := vectortest.OK[Quantile](t)(k.Quantile(p, Log))
			for name, v := range map[string]*float64{"time": a.Time, "lower_loglog": a.Low, "upper_loglog": a.High,
				"lower_log": b.Low, "upper_log": b.High} {
				q[name] = append(q[name], v)
			}
		}
		out := object{"time": cols["time"], "n_risk": cols["n_risk"], "n_event": cols["n_event"],
			"n_censor": cols["n_censor"], "surv": cols["surv"], "greenwood_se_of_S": cols["se"],
			"ci_loglog": object{"lower": cols["ll"], "upper": cols["lu"]},
			"ci_log":    object{"lower": cols["gl"], "upper": cols["gu"]},
			"at": object{"time": want.At.Time, "surv": at["surv"], "closed_share": at["closed"],
				"lower_loglog": at["low"], "upper_loglog": at["high"]},
			"quantile": object{"p": want.Quantile.P, "time": q["time"], "lower_loglog": q["lower_loglog"],
				"upper_loglog": q["upper_loglog"], "lower_log": q["lower_log"], "upper_log": q["upper_log"]},
			"rmst": nil}
		if want.RMST != nil {
			mean, se, err := k.RestrictedMean(want.RMST.Tau)
			if err != nil {
				t.Fatal(err)
			}
			out["rmst"] = object{"tau": want.RMST.Tau, "mean": mean, "se": se}
		}
		if in.Target > 0 {
			var closed []float64
			within, past := 0, 0
			for _, o := range obs {
				switch {
				case o.Ended:
					closed = append(closed, o.Time)
					if o.Time <= in.Target {
						within++
					}
				case o.Time > in.Target:
					past++
				}
			}
			slices.Sort(closed)
			out[fmt.Sprintf("naive_share_of_closed_within_%g", in.Target)] = float64(within) / float64(len(closed))
			out["naive_median_of_closed"] = (closed[(len(closed)-1)/2] + closed[len(closed)/2]) / 2
			out["within_target_lower_bound_all_open_fail"] = float64(within) / float64(len(obs))
			out["still_open_past_target"] = past
		}
		return out
	})
}

func TestVectorsSLA(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "sla_events").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Calendar struct {
				Timezone    string
				Weekdays    []int
				Open, Close string
				Holidays    []string
			}
			AsOf    time.Time `json:"as_of"`
			Target  int       `json:"target_business_minutes"`
			Level   float64
			Tickets []struct {
				ID, Customer, Theme string
				Opened              time.Time
				Events              []struct {
					T           time.Time
					Type        Kind
					Owner, Team string
				}
			}
		}](t, c.Input)
		var tickets []Ticket
		for _, u := range in.Tickets {
			k := Ticket{ID: u.ID, Customer: u.Customer, Theme: u.Theme, Opened: u.Opened}
			for _, e := range u.Events {
				k.Events = append(k.Events, Event{e.T, e.Type, e.Owner, e.Team})
			}
			tickets = append(tickets, k)
		}
		zone, err := time.LoadLocation(in.Calendar.Timezone)
		if err != nil {
			t.Fatal(err)
		}
		cal := Calendar{Zone: zone, Days: map[time.Weekday]bool{}, Holidays: map[clock.Day]bool{},
			Open: hour(t, in.Calendar.Open), Close: hour(t, in.Calendar.Close)}
		for _, d := range in.Calendar.Weekdays {
			cal.Days[time.Weekday(d%7)] = true
		}
		for _, h := range in.Calendar.Holidays {
			cal.Holidays[vectortest.OK[clock.Day](t)(clock.ParseDay(h))] = true
		}
		all, level, err := cal.MeasureAll(tickets, in.AsOf, time.Duration(in.Target)*time.Minute, vectortest.Level(in.Level))
		if err != nil {
			t.Fatal(err)
		}
		var rows []any
		for _, m := range all {
			var response any
			if m.FirstResponse != nil {
				response = m.FirstResponse.Minutes()
			}
			rows = append(rows, object{"id": m.ID, "first_response_business_minutes": response,
				"running_business_minutes": m.Running.Minutes(), "running_calendar_hours": m.Elapsed.Hours(),
				"resolved": m.Resolved, "sla": m.Verdict, "matured": m.Matured, "handovers_person": m.Handovers,
				"handovers_team": m.TeamHandovers, "ping_pong": m.PingPong, "distinct_owners": m.Owners,
				"unowned_business_minutes": m.Unowned.Minutes(), "fcr_7d": m.FirstContact})
		}
		value := func(s *stat.Share) any {
			if s == nil {
				return nil
			}
			return s.Value
		}
		pair := func(s *stat.Share) any {
			if s == nil {
				return nil
			}
			return []float64{s.Low, s.High}
		}
		return object{"tickets": rows, "aggregate": object{"n": level.N, "n_matured": level.Matured,
			"sla_met_matured": value(level.Within), "sla_wilson": pair(level.Within), "breached_open": level.BreachedOpen,
			"mean_handovers_person": level.MeanHandovers, "share_two_or_more_handovers": level.TwoHandovers,
			"ping_pong_share": level.PingPong, "fcr": value(level.FirstContact), "fcr_n": level.FirstContactN,
			"fcr_wilson": pair(level.FirstContact)}}
	})
}

func hour(t *testing.T, s string) time.Duration {
	at, err := time.Parse("15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

func random(seed uint64, n int, open float64) []Observation {
	r := rand.New(rand.NewPCG(seed, 77))
	out := make([]Observation, n)
	for i := range out {
		out[i] = Observation{Time: math.Ceil(10*r.ExpFloat64()) / 2, Ended: r.Float64() >= open}
	}
	return out
}

func TestCurvesFallAndStayWithinTheirBands(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		obs := random(seed, 5+int(seed)*3, 0.3)
		k := vectortest.OK[*Curve](t)(KaplanMeier(obs, 0.9))
		last := 1.0
		var ended []int
		for _, s := range k.Steps {
			if s.Open > last || s.Open < 0 {
				t.Fatalf("the share open rises from %v to %v", last, s.Open)
			}
			for _, band := range []*stat.Interval{s.LogLog, s.Log} {
				if band != nil && (!band.Contains(s.Open) || band.Low < 0 || band.High > 1) {
					t.Errorf("%v is not within %v", s.Open, band)
				}
			}
			last = s.Open
			ended = append(ended, s.Ended, s.Censored)
		}
		if sum(ended) != len(obs) {
			t.Errorf("%d items of %d are accounted for", sum(ended), len(obs))
		}
		shuffled := slices.Clone(obs)
		slices.Reverse(shuffled)
		if again := vectortest.OK[*Curve](t)(KaplanMeier(shuffled, 0.9)); again.At(5).Open != k.At(5).Open {
			t.Error("the order of the items matters")
		}
	}
}

func TestWithoutCensoringTheCurveIsTheShareLeft(t *testing.T) {
	t.Parallel()
	obs := random(3, 40, 0)
	k := vectortest.OK[*Curve](t)(KaplanMeier(obs, 0.95))
	for _, age := range []float64{0.2, 1, 3, 7.5} {
		left := 0
		total := 0.0
		for _, o := range obs {
			if o.Time > age {
				left++
			}
			total += min(o.Time, age)
		}
		if got := k.At(age).Open; math.Abs(got-float64(left)/40) > 1e-12 {
			t.Errorf("at %v: %v, want %v", age, got, float64(left)/40)
		}
		mean, _, err := k.RestrictedMean(age)
		if err != nil || math.Abs(mean-total/40) > 1e-12 {
			t.Errorf("restricted mean at %v: %v (%v), want %v", age, mean, err, total/40)
		}
	}
	causes := make([]int, 40)
	times := make([]float64, 40)
	for i, o := range obs {
		times[i], causes[i] = o.Time, 1+i%2
	}
	r := vectortest.OK[Incidence](t)(CumulativeIncidence(times, causes, 2))
	if both := r.At(1, 1e9) + r.At(2, 1e9); math.Abs(both-1) > 1e-12 || r.At(1, 0) != 0 {
		t.Errorf("the causes add up to %v", both)
	}
}

func TestDegenerateCurves(t *testing.T) {
	t.Parallel()
	if _, err := KaplanMeier(nil, 0.95); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := KaplanMeier([]Observation{{Time: math.NaN()}}, 0.95); err == nil {
		t.Error("NaN is accepted")
	}
	if _, err := KaplanMeier([]Observation{{Entry: 3, Time: 2}}, 0.95); err == nil {
		t.Error("an end before the entry is accepted")
	}
	open := vectortest.OK[*Curve](t)(KaplanMeier([]Observation{{Time: 4}, {Time: 9}}, 0.95))
	if q := vectortest.OK[Quantile](t)(open.Quantile(0.5, LogLog)); q.Time != nil || open.At(9).Open != 1 {
		t.Errorf("all open: %+v", q)
	}
	if _, _, err := open.RestrictedMean(10); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("beyond what was seen: %v", err)
	}
	if _, err := KaplanMeier([]Observation{{Entry: 3, Time: 3}}, 0.95); err == nil {
		t.Error("an item that was never at risk is accepted")
	}
	atOnce := vectortest.OK[*Curve](t)(KaplanMeier([]Observation{{Ended: true}, {Time: 2, Ended: true}, {Time: 5}, {Entry: 1, Time: 4}}, 0.95))
	if s := atOnce.At(0); s.AtRisk != 3 || math.Abs(s.Open-2.0/3) > 1e-12 || atOnce.At(2).AtRisk != 3 {
		t.Errorf("one of three ends at once: %+v", atOnce.Steps)
	}
	one := vectortest.OK[*Curve](t)(KaplanMeier([]Observation{{Time: 0, Ended: true}}, 0.95))
	if share, band := one.Within(0); share != 1 || band != nil {
		t.Errorf("one item, at once: %v %v", share, band)
	}
	if _, err := LogRank([][]Observation{{{Time: 1}}, {{Time: 2}}}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no ends: %v", err)
	}
	same := random(5, 30, 0.2)
	if r := vectortest.OK[Comparison](t)(LogRank([][]Observation{same, same, same})); r.Test.Stat > 1e-9 || r.Test.DF != 2 {
		t.Errorf("three equal groups: %+v", r)
	}
	if _, err := CumulativeIncidence([]float64{1}, []int{3}, 2); err == nil {
		t.Error("an unknown cause is accepted")
	}
}

func TestDueInvertsBusinessTime(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Tehran")
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{Zone: zone, Open: 8 * time.Hour, Close: 16*time.Hour + 30*time.Minute, Holidays: map[clock.Day]bool{},
		Days: map[time.Weekday]bool{time.Saturday: true, time.Sunday: true, time.Monday: true, time.Tuesday: true, time.Wednesday: true}}
	from := time.Date(2025, 11, 19, 11, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{time.Minute, 90 * time.Minute, 8 * time.Hour, 50 * time.Hour} {
		due, ok := c.Due(from, d)
		if !ok || c.Business(from, due) != d || c.Business(from, due.Add(-time.Minute)) != d-time.Minute {
			t.Errorf("%v from %v is due at %v, after %v of open time", d, from, due, c.Business(from, due))
		}
	}
	if c.Business(from, from.Add(-time.Hour)) != 0 {
		t.Error("time runs backwards")
	}
	if _, ok := (Calendar{Zone: zone, Close: time.Hour}).Due(from, time.Hour); ok {
		t.Error("a calendar that never opens has a due time")
	}
}

func TestHandoverMatrix(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	assign := func(h int, owner string) Event {
		return Event{At: at.Add(time.Duration(h) * time.Hour), Kind: Assign, Owner: owner}
	}
	got := Handovers([]Ticket{{Events: []Event{assign(3, "a"), assign(1, "a"), assign(2, "b"), assign(4, "a")}}})
	if len(got) != 2 || got[[2]string{"a", "b"}] != 1 || got[[2]string{"b", "a"}] != 1 {
		t.Errorf("%v", got)
	}
	c := Calendar{Zone: time.UTC, Close: time.Hour}
	if all, s, err := c.MeasureAll(nil, at, time.Hour, 0.95); err != nil || len(all) != 0 || s.Within != nil {
		t.Errorf("no tickets: %v %+v %v", all, s, err)
	}
	if _, _, err := (Calendar{}).MeasureAll(nil, at, time.Hour, 0.95); err == nil {
		t.Error("a calendar without hours is accepted")
	}
}
