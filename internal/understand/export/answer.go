package export

import (
	"io"
	"slices"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/understand/insight"
)

// Answer writes an answer with all that makes its figures trustworthy, a row for each group and bucket, and the total last.
func (s *Service) Answer(w io.Writer, format table.Format, a *insight.Answer, opts ...table.WriterOption) error {
	if table.Extension(format) == "" {
		return fault.Bad("export.Answer", fault.Field{Path: "format", Code: "unknown", Msg: "an export is csv, xlsx, ndjson or parquet"})
	}
	type line struct {
		insight.Row
		total bool
	}
	t := sheet[line]{}
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
	}
	if a.Bucket != "" {
		t.text(a.Bucket, func(l line) string { return l.Bucket })
	}
	number := func(name string, of func(line) *float64) {
		t.add(name, table.Float, func(l line) any {
			if v := of(l); v != nil {
				return *v
			}
			return nil
		})
	}
	number("value", func(l line) *float64 { return l.Value })
	t.add("n", table.Int, func(l line) any { return l.N })
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
	compared := a.Total.Compare != nil || slices.ContainsFunc(a.Rows, func(r insight.Row) bool { return r.Compare != nil })
	if compared {
		comparison := func(of func(*insight.Comparison) *float64) func(line) *float64 {
			return func(l line) *float64 {
				if l.Compare == nil {
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
	}
	t.text("measure", func(line) string { return string(a.Measure) })
	t.text("of", func(line) string { return a.Of })
	t.text("unit", func(line) string { return a.Unit })
	t.text("scale", func(line) string { return a.Scale })
	t.text("definition", func(line) string { return a.Definition })
	t.text("from", func(line) string { return a.From })
	t.text("to", func(line) string { return a.To })
	t.text("filter", func(line) string { return a.Filter })
	if err := t.begin(w, format, append([]table.WriterOption{table.WithSheet("Answer")}, opts...)...); err != nil {
		return err
	}
	for _, r := range a.Rows {
		if err := t.write(line{r, false}); err != nil {
			return err
		}
	}
	if err := t.write(line{a.Total, true}); err != nil {
		return err
	}
	return t.out.Close()
}
