package export

import (
	"context"

	"kolo/internal/foundation/table"
	"kolo/internal/understand/insight"
)

// themes writes what there is to say of each theme, the most frequent first.
func themes(ctx context.Context, j job) error {
	q, err := insight.DecodeThemes(j.Filter, ofPage...)
	if err != nil {
		return err
	}
	a, err := j.from.Insight.ThemesFor(ctx, j.Workspace, j.Actor, q)
	if err != nil {
		return err
	}
	names, err := j.themeNames(ctx)
	if err != nil {
		return err
	}
	type line = insight.ThemeRow
	t := &sheet[line]{}
	number := func(name string, of func(line) *float64) {
		t.add(name, table.Float, func(l line) any { return rounded(of(l)) })
	}
	within := func(name string, of func(line) (low, high *float64)) {
		number(name+"_low", func(l line) *float64 {
			low, _ := of(l)
			return low
		})
		number(name+"_high", func(l line) *float64 {
			_, high := of(l)
			return high
		})
	}
	t.text("theme", func(l line) string { return l.ID })
	t.text("name", func(l line) string { return names[l.ID] })
	t.text("parent", func(l line) string { return l.Parent })
	t.number("n", func(l line) int64 { return l.N })
	number("share", func(l line) *float64 { return &l.Share })
	t.number("negative", func(l line) int64 { return l.Negative })
	t.number("positive", func(l line) int64 { return l.Positive })
	number("net", func(l line) *float64 {
		if l.Note == "too_few" { // of fewer than ten only their number is told
			return nil
		}
		return l.Net
	})
	within("net", func(l line) (low, high *float64) {
		if i := l.NetRange; i != nil && l.Note != "too_few" {
			return &i.Low, &i.High
		}
		return nil, nil
	})
	t.text("note", func(l line) string { return l.Note })
	number("score", func(l line) *float64 {
		if l.Score.Note == "too_few" {
			return nil
		}
		return l.Score.Value
	})
	t.number("score_n", func(l line) int64 { return l.Score.N })
	within("score", func(l line) (low, high *float64) {
		if i := l.Score.Interval; i != nil && l.Score.Note != "too_few" {
			return &i.Low, &i.High
		}
		return nil, nil
	})
	impact := func(of func(*insight.ThemeImpact) *float64) func(line) *float64 {
		return func(l line) *float64 {
			if l.Impact == nil {
				return nil
			}
			return of(l.Impact)
		}
	}
	number("impact", impact(func(m *insight.ThemeImpact) *float64 { return &m.Value }))
	number("impact_low", impact(func(m *insight.ThemeImpact) *float64 { return &m.Interval.Low }))
	number("impact_high", impact(func(m *insight.ThemeImpact) *float64 { return &m.Interval.High }))
	number("effect", impact(func(m *insight.ThemeImpact) *float64 { return &m.Effect }))
	number("p", impact(func(m *insight.ThemeImpact) *float64 { return &m.P }))
	if q.Compare != "" {
		number("share_before", func(l line) *float64 {
			if l.Change == nil {
				return nil
			}
			return l.Change.Value
		})
		t.add("n_before", table.Int, func(l line) any {
			if l.Change == nil {
				return nil
			}
			return l.Change.N
		})
	}
	t.text("measure", func(line) string { return string(a.Score) })
	t.text("unit", func(line) string { return a.Unit })
	t.text("scale", func(line) string { return a.Scale })
	t.text("from", func(line) string { return a.From })
	t.text("to", func(line) string { return a.To })
	t.text("filter", func(line) string { return a.Filter })
	return write(ctx, j, t, func(do func(line) error) error {
		for _, r := range a.Themes {
			if err := do(r); err != nil {
				return err
			}
		}
		return nil
	})
}
