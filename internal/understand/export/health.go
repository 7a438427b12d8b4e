package export

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/people/contact"
	"kolo/internal/understand/health"
)

// standings writes how customers stand, those at the highest risk first.
func standings(ctx context.Context, j job) error {
	risk := j.Filter.Get("at_risk")
	f := health.Filter{AtRisk: risk == "yes" || risk == "true", Segment: j.Filter.Get("segment"), Account: contact.AccountID(cmp.Or(j.Filter.Get("account"), j.Filter.Get("account_id")))}
	if below := j.Filter.Get("below"); below != "" {
		x, err := strconv.ParseFloat(below, 64)
		if err != nil || !(x > 0 && x <= 100) {
			return fault.Bad("export.health", fault.Field{Path: "below", Code: "range", Msg: "a score lies between 0 and 100"})
		}
		f.Below = x
	}
	t := &sheet[health.Score]{}
	t.text("contact", func(x health.Score) string { return string(x.Contact) })
	t.text("account", func(x health.Score) string { return string(x.Account) })
	t.text("segment", func(x health.Score) string { return x.Segment })
	t.add("score", table.Float, func(x health.Score) any { return rounded(&x.Value) })
	t.add("chance", table.Float, func(x health.Score) any { return rounded(x.Chance) })
	t.yes("at_risk", func(x health.Score) bool { return x.AtRisk })
	t.yes("validated", func(x health.Score) bool { return x.Valid })
	t.add("coverage", table.Float, func(x health.Score) any { return rounded(&x.Coverage) })
	t.add("worth_minor", table.Int, func(x health.Score) any {
		if x.Worth == nil {
			return nil
		}
		return x.Worth.Minor
	})
	t.text("currency", func(x health.Score) string {
		if x.Worth == nil {
			return ""
		}
		return x.Worth.Currency
	})
	for i, k := range health.Keys {
		part := func(x health.Score) *health.Part {
			if i < len(x.Parts) && x.Parts[i].Known {
				return &x.Parts[i]
			}
			return nil
		}
		t.add(string(k), table.Float, func(x health.Score) any {
			if p := part(x); p != nil {
				return rounded(&p.Score)
			}
			return nil
		})
		t.add(string(k)+"_effect", table.Float, func(x health.Score) any {
			if p := part(x); p != nil {
				return rounded(&p.Effect)
			}
			return nil
		})
	}
	t.text("version", func(x health.Score) string { return x.Version })
	t.time("computed_at", func(x health.Score) time.Time { return x.At })
	return write(ctx, j, t, func(do func(health.Score) error) error { return j.from.Health.Each(ctx, j.Workspace, j.Actor, f, do) })
}
