package loop

import (
	"errors"
	"math"
	"strings"
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

func TestVectorsLoop(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "loop_closing")
	f.Each(t, func(id string) bool { return strings.HasPrefix(id, "loop-") }, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[detractors](t, c.Input)
		if in.Same != "" {
			in.Detractors = vectortest.Decode[detractors](t, f.Case(t, in.Same).Input).Detractors
		}
		all := in.all()
		r := vectortest.OK[Contact](t)(Reach(all, on(in.AsOf), 0.95))
		out := object{"n_detractors": r.N, "contacted": r.Contacted, "contact_rate_naive": r.Naive,
			"contact_48h_n": r.Matured, "contact_48h": r.Within.Value,
			"contact_48h_wilson": []float64{r.Within.Low, r.Within.High}, "closed": r.Closed,
			"time_to_contact": pairs(r.ToContact), "time_to_close": pairs(r.ToClose), "resurveyed": 0}
		back, err := Recover(all, on(in.AsOf), 0, 0, 0.95)
		if errors.Is(err, stat.ErrUndefined) {
			return out
		}
		out["resurveyed"], out["recovered_7plus"] = back.Resurveyed, back.Recovered.Value
		out["recovered_wilson"] = []float64{back.Recovered.Low, back.Recovered.High}
		out["recovered_to_promoter"], out["mean_change"] = back.ToPromoter, back.MeanChange
		out["recovered_contacted"], out["recovered_not_contacted"] = back.Contacted, back.Uncontacted
		out["recovery_lift"] = back.Lift.Estimate
		return out
	})
	f.Each(t, func(id string) bool { return strings.HasPrefix(id, "fix-") }, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Fixed     float64 `json:"fixed_on"`
			AsOf      float64 `json:"as_of"`
			Customers []struct {
				Complaints, After []float64
				Reachable         bool
				Told              *float64 `json:"told_on"`
				Transactions      int      `json:"transactions_after"`
			}
		}](t, c.Input)
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
		o := vectortest.OK[Outcome](t)(Follow(all, on(in.Fixed), on(in.AsOf), 0.95))
		if !o.Complete {
			t.Error("the window has passed")
		}
		return object{"told_share_of_reachable": o.Told.Value, "told_wilson": []float64{o.Told.Low, o.Told.High},
			"told_share_of_all": o.ToldOfAll, "repeat_customer_rate": o.Repeat.Value,
			"repeat_customer_rate_exposed": o.RepeatOfExposed.Value,
			"repeat_wilson":                []float64{o.Repeat.Low, o.Repeat.High},
			"repeat_complaints":            o.Complaints, "repeat_per_100_transactions": *o.Per100}
	})
}

func TestNothingHappened(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no detractors":   second(Reach(nil, epoch, 0.95)),
		"no follow-up":    second(Recover([]Detractor{{Answered: epoch}}, on(10), 0, 0, 0.95)),
		"no complainants": second(Follow(nil, epoch, epoch, 0.95)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fresh := vectortest.OK[Contact](t)(Reach([]Detractor{{Answered: epoch}}, on(1), 0.95))
	if fresh.Within != nil || fresh.CloseRate != nil || fresh.N != 1 {
		t.Errorf("a fresh answer has no rate yet: %+v", fresh)
	}
	silent := vectortest.OK[Outcome](t)(Follow([]Complainant{{Complaints: []time.Time{epoch}}}, on(1), on(5), 0.95))
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
