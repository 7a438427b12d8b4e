package export

import (
	"context"
	"strings"

	"kolo/internal/foundation/table"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/scan"
)

// drivers writes what moves a score, the most important first.
func drivers(ctx context.Context, j job) error {
	q, err := driving.Decode(j.Filter, append(ofPage, "show")...)
	if err != nil {
		return err
	}
	a, err := j.from.Driving.AskFor(ctx, j.Workspace, j.Actor, q)
	if err != nil {
		return err
	}
	names, err := j.themeNames(ctx)
	if err != nil {
		return err
	}
	type line = driving.Driver
	t := &sheet[line]{}
	number := func(name string, of func(line) *float64) {
		t.add(name, table.Float, func(l line) any { return rounded(of(l)) })
	}
	effect := func(name string, of func(line) *driving.Effect) {
		field := func(suffix string, pick func(*driving.Effect) *float64) {
			number(name+suffix, func(l line) *float64 {
				if e := of(l); e != nil {
					return pick(e)
				}
				return nil
			})
		}
		field("", func(e *driving.Effect) *float64 { return &e.Value })
		field("_low", func(e *driving.Effect) *float64 { return &e.Interval.Low })
		field("_high", func(e *driving.Effect) *float64 { return &e.Interval.High })
		field("_p", func(e *driving.Effect) *float64 { return &e.P })
		field("_q", func(e *driving.Effect) *float64 { return &e.Q })
	}
	t.text("driver", func(l line) string { return l.Field })
	t.text("name", func(l line) string {
		id, _ := strings.CutPrefix(l.Field, "theme.")
		return names[id]
	})
	t.text("kind", func(l line) string { return string(l.Kind) })
	number("coverage", func(l line) *float64 { return &l.Coverage })
	t.number("rank_from", func(l line) int64 { return int64(l.Rank[0]) })
	t.number("rank_to", func(l line) int64 { return int64(l.Rank[1]) })
	t.number("tie", func(l line) int64 { return int64(l.Tie) })
	number("share", func(l line) *float64 { return &l.Share })
	number("importance", func(l line) *float64 { return &l.Importance })
	number("importance_low", func(l line) *float64 {
		if l.Interval == nil {
			return nil
		}
		return &l.Interval.Low
	})
	number("importance_high", func(l line) *float64 {
		if l.Interval == nil {
			return nil
		}
		return &l.Interval.High
	})
	number("vif", func(l line) *float64 { return &l.VIF })
	number("mean", func(l line) *float64 { return l.Mean })
	number("step", func(l line) *float64 {
		if l.Step == 0 {
			return nil
		}
		return &l.Step
	})
	effect("effect", func(l line) *driving.Effect { return l.Effect })
	asymmetry := func(of func(*driving.Asymmetry) *driving.Effect) func(line) *driving.Effect {
		return func(l line) *driving.Effect {
			if l.Asymmetry == nil {
				return nil
			}
			return of(l.Asymmetry)
		}
	}
	effect("penalty", asymmetry(func(x *driving.Asymmetry) *driving.Effect { return &x.Penalty }))
	effect("reward", asymmetry(func(x *driving.Asymmetry) *driving.Effect { return &x.Reward }))
	t.text("class", func(l line) string {
		if l.Asymmetry == nil {
			return ""
		}
		return string(l.Asymmetry.Class)
	})
	t.text("levels", func(l line) string {
		var parts []string
		for _, x := range l.Levels {
			if !x.Other {
				parts = append(parts, x.Value)
			}
		}
		return strings.Join(parts, "; ")
	})
	gain := func(name string, of func(*driving.Gain) *float64) {
		number(name, func(l line) *float64 {
			if l.Gain == nil {
				return nil
			}
			return of(l.Gain)
		})
	}
	gain("gain", func(g *driving.Gain) *float64 { return &g.Points })
	gain("gain_low", func(g *driving.Gain) *float64 { return &g.Interval.Low })
	gain("gain_high", func(g *driving.Gain) *float64 { return &g.Interval.High })
	gain("bad_now", func(g *driving.Gain) *float64 { return &g.Now })
	gain("bad_best", func(g *driving.Gain) *float64 { return &g.Best })
	t.text("best_where", func(l line) string {
		if l.Gain == nil || l.Gain.Where == "" {
			return ""
		}
		return l.Gain.Where + " = " + l.Gain.Is
	})
	t.text("measure", func(line) string { return string(a.Score) })
	t.text("unit", func(line) string { return a.Unit })
	t.text("scale", func(line) string { return a.Scale })
	t.text("block", func(line) string { return a.Block })
	t.number("n", func(line) int64 { return a.N })
	number("r2", func(line) *float64 { return &a.R2 })
	t.text("controls", func(line) string { return strings.Join(a.Controls, "; ") })
	t.text("from", func(line) string { return a.From })
	t.text("to", func(line) string { return a.To })
	t.text("filter", func(line) string { return a.Filter })
	return write(ctx, j, t, func(do func(line) error) error {
		for _, d := range a.Drivers {
			if err := do(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// scanned writes the segments that were tested, by evidence.
func scanned(ctx context.Context, j job) error {
	q, err := scan.Decode(j.Filter, append(ofPage, "show")...)
	if err != nil {
		return err
	}
	a, err := j.from.Scan.AskFor(ctx, j.Workspace, j.Actor, q)
	if err != nil {
		return err
	}
	names, err := j.themeNames(ctx)
	if err != nil {
		return err
	}
	named := func(p scan.Part) string {
		if p.Field == "theme" && names[p.Value] != "" {
			return names[p.Value]
		}
		return p.Value
	}
	parts := func(list []scan.Part) string {
		var out []string
		for _, p := range list {
			out = append(out, p.Field+" = "+named(p))
		}
		return strings.Join(out, "; ")
	}
	type line = scan.Segment
	t := &sheet[line]{}
	number := func(name string, of func(line) *float64) {
		t.add(name, table.Float, func(l line) any { return rounded(of(l)) })
	}
	for i, name := range []string{"first", "second"} {
		part := func(pick func(scan.Part) string) func(line) string {
			return func(l line) string {
				if i >= len(l.Parts) {
					return ""
				}
				return pick(l.Parts[i])
			}
		}
		t.text(name+"_field", part(func(p scan.Part) string { return p.Field }))
		t.text(name+"_value", part(func(p scan.Part) string { return p.Value }))
		t.text(name+"_name", part(named))
	}
	t.number("n", func(l line) int64 { return l.N })
	number("value", func(l line) *float64 { return &l.Value })
	t.number("rest_n", func(l line) int64 { return l.RestN })
	number("rest", func(l line) *float64 { return &l.Rest })
	number("difference", func(l line) *float64 { return &l.Difference })
	number("difference_low", func(l line) *float64 { return &l.Interval.Low })
	number("difference_high", func(l line) *float64 { return &l.Interval.High })
	number("p", func(l line) *float64 { return &l.P })
	number("q", func(l line) *float64 { return &l.Q })
	t.add("differs", table.Bool, func(l line) any { return l.Differs })
	number("shrunk", func(l line) *float64 { return &l.Shrunk })
	t.text("note", func(l line) string { return l.Note })
	t.text("also", func(l line) string { return parts(l.Also) })
	t.text("explained_by", func(l line) string { return parts(l.Explained) })
	number("predicted", func(l line) *float64 { return l.Predicted })
	number("excess_p", func(l line) *float64 {
		if l.Excess == nil {
			return nil
		}
		return &l.Excess.P
	})
	t.text("mixed_with", func(l line) string {
		var out []string
		for _, m := range l.Mixed {
			out = append(out, m.Field)
		}
		return strings.Join(out, "; ")
	})
	t.text("measure", func(line) string { return string(a.Score) })
	t.text("unit", func(line) string { return a.Unit })
	t.text("scale", func(line) string { return a.Scale })
	t.number("tests", func(l line) int64 {
		if len(l.Parts) == 2 {
			return int64(a.PairTests)
		}
		return int64(a.Tests)
	})
	number("rate", func(line) *float64 { return &a.Rate })
	t.text("from", func(line) string { return a.From })
	t.text("to", func(line) string { return a.To })
	t.text("filter", func(line) string { return a.Filter })
	return write(ctx, j, t, func(do func(line) error) error {
		for _, s := range a.Segments {
			if err := do(s); err != nil {
				return err
			}
		}
		return nil
	})
}
