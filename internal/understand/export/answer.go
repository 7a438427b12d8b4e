package export

import (
	"context"
	"math"
	"slices"

	"kolo/internal/foundation/table"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// ofPage are names in the address of a question that only say how the page shows it.
var ofPage = []string{"view", "chart", "page", "sort"}

// rounded is -20, not -19.999999999999996.
func rounded(v *float64) any {
	if v == nil {
		return nil
	}
	return math.Round(*v*1e9) / 1e9
}

// themeNames are the names of themes in the workspace's language.
func (j job) themeNames(ctx context.Context) (map[string]string, error) {
	w, err := j.workspace(ctx, j.Workspace)
	if err != nil {
		return nil, err
	}
	return j.from.Insight.ThemeNames(ctx, j.Workspace, w.Language)
}

// answer writes an answer with all that makes its figures trustworthy, a row for each group and bucket, and the total last.
// What is asked stands in the address, or in the saved view that it names.
func answer(ctx context.Context, j job) error {
	var q insight.Query
	var err error
	if view := j.Filter.Get("view"); view != "" && j.Filter.Get("measure") == "" {
		v, err := j.from.Insight.GetView(ctx, j.Workspace, j.Actor, insight.ViewID(view))
		if err != nil {
			return err
		}
		q = v.Query
	} else if q, err = insight.DecodeQuery(j.Filter, ofPage...); err != nil {
		return err
	}
	a, err := j.from.Insight.AskFor(ctx, j.Workspace, j.Actor, q)
	if err != nil {
		return err
	}
	type line struct {
		insight.Row
		total bool
	}
	t := &sheet[line]{}
	t.text("row", func(l line) string {
		if l.total {
			return "total"
		}
		return "group"
	})
	keys := slices.Clone(a.By)
	if a.Measure == insight.Distribution {
		keys = append(keys, "value")
	}
	for _, k := range keys {
		name := k
		if k == "value" {
			name = "answer"
		}
		t.text(name, func(l line) string { return l.Keys[k] })
		if k == "theme" || k == "theme_group" {
			names, err := j.themeNames(ctx)
			if err != nil {
				return err
			}
			t.text(name+"_name", func(l line) string { return names[l.Keys[k]] })
		}
	}
	if a.Bucket != "" {
		t.text(a.Bucket, func(l line) string { return l.Bucket })
	}
	// Of fewer than ten answers only their number is told, here as on the pages.
	number := func(name string, of func(line) *float64) {
		t.add(name, table.Float, func(l line) any {
			if l.Note == "too_few" {
				return nil
			}
			return rounded(of(l))
		})
	}
	number("value", func(l line) *float64 { return l.Value })
	t.number("n", func(l line) int64 { return l.N })
	number("low", func(l line) *float64 {
		if l.Interval == nil {
			return nil
		}
		return &l.Interval.Low
	})
	number("high", func(l line) *float64 {
		if l.Interval == nil {
			return nil
		}
		return &l.Interval.High
	})
	t.text("note", func(l line) string { return l.Note })
	if slices.ContainsFunc(append(slices.Clone(a.Rows), a.Total), func(r insight.Row) bool { return r.Customers != nil }) {
		t.add("customers", table.Int, func(l line) any {
			if l.Customers == nil {
				return nil
			}
			return *l.Customers
		})
		number("design_effect", func(l line) *float64 { return l.DesignEffect })
	}
	if a.Weighted {
		weighted := func(of func(*insight.Weighted) *float64) func(line) *float64 {
			return func(l line) *float64 {
				if l.Weighted == nil {
					return nil
				}
				return of(l.Weighted)
			}
		}
		number("weighted_value", weighted(func(w *insight.Weighted) *float64 { return &w.Value }))
		number("weighted_low", weighted(func(w *insight.Weighted) *float64 { return &w.Interval.Low }))
		number("weighted_high", weighted(func(w *insight.Weighted) *float64 { return &w.Interval.High }))
		number("effective_n", weighted(func(w *insight.Weighted) *float64 { return &w.EffectiveN }))
	}
	compared := a.Total.Compare != nil || slices.ContainsFunc(a.Rows, func(r insight.Row) bool { return r.Compare != nil })
	if compared {
		comparison := func(of func(*insight.Comparison) *float64) func(line) *float64 {
			return func(l line) *float64 {
				if l.Compare == nil || l.Compare.Verdict == "too_few" || a.Unit != "count" && l.Compare.N < stat.MinimumToShow {
					return nil
				}
				return of(l.Compare)
			}
		}
		number("compared_value", comparison(func(c *insight.Comparison) *float64 { return c.Value }))
		t.add("compared_n", table.Int, func(l line) any {
			if l.Compare == nil {
				return nil
			}
			return l.Compare.N
		})
		number("difference", comparison(func(c *insight.Comparison) *float64 { return c.Difference }))
		number("difference_low", comparison(func(c *insight.Comparison) *float64 {
			if c.Interval == nil {
				return nil
			}
			return &c.Interval.Low
		}))
		number("difference_high", comparison(func(c *insight.Comparison) *float64 {
			if c.Interval == nil {
				return nil
			}
			return &c.Interval.High
		}))
		number("p", comparison(func(c *insight.Comparison) *float64 { return c.P }))
		t.add("distinguishable", table.Bool, func(l line) any {
			if l.Compare == nil {
				return nil
			}
			return l.Compare.Distinguishable
		})
		t.text("verdict", func(l line) string {
			if l.Compare == nil {
				return ""
			}
			return l.Compare.Verdict
		})
	}
	t.text("measure", func(line) string { return string(a.Measure) })
	t.text("of", func(line) string { return a.Of })
	t.text("unit", func(line) string { return a.Unit })
	t.text("scale", func(line) string { return a.Scale })
	t.text("definition", func(line) string { return a.Definition })
	t.text("from", func(line) string { return a.From })
	t.text("to", func(line) string { return a.To })
	t.text("filter", func(line) string { return a.Filter })
	return write(ctx, j, t, func(do func(line) error) error {
		for _, r := range a.Rows {
			if err := do(line{r, false}); err != nil {
				return err
			}
		}
		return do(line{a.Total, true})
	})
}
