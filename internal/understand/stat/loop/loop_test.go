package loop

import (
	"errors"
	"math"
	"testing"
	"time"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/survival"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func on(d float64) time.Time { return epoch.Add(time.Duration(math.Round(d * day))) }

func maybe(d *float64) time.Time {
	if d == nil {
		return time.Time{}
	}
	return on(*d)
}

type detractors struct {
	AsOf       float64 `json:"as_of"`
	Same       string  `json:"same_detractors_as"`
	Detractors []struct {
		Response float64 `json:"response_day"`
		Score    int
		Contact  *float64    `json:"first_contact_day"`
		Closed   *float64    `json:"loop_closed_day"`
		FollowUp *[2]float64 `json:"follow_up"`
	}
}

func (in detractors) all() (out []Detractor) {
	for _, d := range in.Detractors {
		x := Detractor{Answered: on(d.Response), Score: d.Score, Contacted: maybe(d.Contact), Closed: maybe(d.Closed)}
		if d.FollowUp != nil {
			x.FollowUp = &FollowUp{on(d.FollowUp[0]), int(d.FollowUp[1])}
		}
		out = append(out, x)
	}
	return out
}

func pairs(obs []survival.Observation) object {
	var times []float64
	var status []int
	for _, o := range obs {
		s := 0
		if o.Ended {
			s = 1
		}
		times, status = append(times, o.Time), append(status, s)
	}
	return object{"time": times, "status": status}
}

// wilson is the interval of a share that may be missing, share its value.
func wilson(s *stat.Share) any {
	if s == nil {
		return nil
	}
	return []float64{s.Low, s.High}
}

func value(s *stat.Share) any {
	if s == nil {
		return nil
	}
	return s.Value
}

func TestVectorsLoop(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "loop_closing")
	f.Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			detractors
			Level     float64
			Fixed     *float64 `json:"fixed_on"`
			Told      float64  `json:"told_window_days"`
			Repeat    float64  `json:"repeat_window"`
			Customers []struct {
				Complaints, After []float64
				Reachable         bool
				Told              *float64 `json:"told_on"`
				Transactions      int      `json:"transactions_after"`
			}
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		if in.Fixed != nil {
			var all []Complainant
			for _, k := range in.Customers {
				x := Complainant{Reachable: k.Reachable, Told: maybe(k.Told), Transactions: k.Transactions}
				for _, d := range k.Complaints {
					x.Complaints = append(x.Complaints, on(d))
				}
				for _, d := range k.After {
					x.After = append(x.After, on(d))
				}
				all = append(all, x)
			}
			days := func(d float64) time.Duration { return time.Duration(math.Round(d * day)) }
			o := vectortest.OK[Outcome](t)(Follow(all, on(*in.Fixed), on(in.AsOf), After{days(in.Told), days(in.Repeat)}, level))
			return object{"told_share_of_reachable": value(o.Told), "told_wilson": wilson(o.Told),
				"told_share_of_all": o.ToldOfAll, "repeat_customer_rate": o.Repeat.Value,
				"repeat_customer_rate_exposed": value(o.RepeatOfExposed), "repeat_wilson": wilson(&o.Repeat),
				"repeat_complaints": o.Complaints, "repeat_per_100_transactions": o.Per100}
		}
		if in.Same != "" {
			in.Detractors = vectortest.Decode[detractors](t, f.Case(t, in.Same).Input).Detractors
		}
		all := in.all()
		r := vectortest.OK[Contact](t)(Reach(all, on(in.AsOf), level))
		out := object{"n_detractors": r.N, "contacted": r.Contacted, "contact_rate_naive": r.Naive,
			"contact_48h_n": r.Matured, "contact_48h": value(r.Within), "contact_48h_wilson": wilson(r.Within), "closed": r.Closed,
			"time_to_contact": pairs(r.ToContact), "time_to_close": pairs(r.ToClose)}
		back, err := Recover(all, on(in.AsOf), 0, 0, level)
		for name, v := range (object{"resurveyed": back.Resurveyed, "recovered_7plus": back.Recovered.Value,
			"recovered_wilson": wilson(&back.Recovered), "recovered_to_promoter": back.ToPromoter, "mean_change": back.MeanChange,
			"recovered_contacted": back.Contacted, "recovered_not_contacted": back.Uncontacted}) {
			out[name] = v
			if err != nil && name != "resurveyed" {
				out[name] = vectortest.Undefined{Err: err}
			}
		}
		out["recovery_lift"] = nil
		if back.Lift != nil {
			out["recovery_lift"] = back.Lift.Estimate
		}
		return out
	})
}

func TestNothingHappened(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no detractors":   second(Reach(nil, epoch, 0.95)),
		"no follow-up":    second(Recover([]Detractor{{Answered: epoch}}, on(10), 0, 0, 0.95)),
		"no complainants": second(Follow(nil, epoch, epoch, After{}, 0.95)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fresh := vectortest.OK[Contact](t)(Reach([]Detractor{{Answered: epoch}}, on(1), 0.95))
	if fresh.Within != nil || fresh.CloseRate != nil || fresh.N != 1 {
		t.Errorf("a fresh answer has no rate yet: %+v", fresh)
	}
	silent := vectortest.OK[Outcome](t)(Follow([]Complainant{{Complaints: []time.Time{epoch}}}, on(1), on(5), After{}, 0.95))
	if silent.Complete || silent.Told != nil || silent.Per100 != nil {
		t.Errorf("%+v", silent)
	}
}

func TestFollowUpsOutsideTheWindowDoNotCount(t *testing.T) {
	t.Parallel()
	all := []Detractor{
		{Answered: epoch, Score: 2, FollowUp: &FollowUp{on(10), 9}},
		{Answered: epoch, Score: 2, FollowUp: &FollowUp{on(60), 3}},
		{Answered: epoch, Score: 2, FollowUp: &FollowUp{on(190), 9}},
	}
	r := vectortest.OK[Recovery](t)(Recover(all, on(365), FollowUpFrom, FollowUpTo, 0.95))
	if r.Resurveyed != 1 || r.Recovered.Value != 0 || r.Lift != nil || math.Abs(r.Coverage-1.0/3) > 1e-12 {
		t.Errorf("%+v", r)
	}
}

func second[T any](_ T, err error) error { return err }
