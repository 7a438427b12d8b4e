package export

import (
	"context"

	"kolo/internal/foundation/table"
	"kolo/internal/understand/population"
)

// knownPopulation writes the known population, a row for each value of each field.
func knownPopulation(ctx context.Context, j job) error {
	k, err := j.from.Population.Get(ctx, j.Workspace)
	if err != nil {
		return err
	}
	type line struct {
		population.Margin
		population.Part
	}
	var list []line
	for _, m := range k.Margins {
		for _, p := range m.Parts {
			list = append(list, line{m, p})
		}
	}
	t := &sheet[line]{}
	t.text("field", func(l line) string { return l.Field })
	t.text("value", func(l line) string { return l.Value })
	t.add("share", table.Float, func(l line) any { return l.Share })
	t.text("origin", func(l line) string { return string(l.Origin) })
	return write(ctx, j, t, all(list))
}

// invitations writes how many people surveys invited, the latest first.
func invitations(ctx context.Context, j job) error {
	k, err := j.from.Population.Get(ctx, j.Workspace)
	if err != nil {
		return err
	}
	t := &sheet[population.Invited]{}
	t.text("id", func(v population.Invited) string { return string(v.ID) })
	t.text("survey", func(v population.Invited) string { return v.Survey })
	t.text("from", func(v population.Invited) string { return v.From })
	t.text("to", func(v population.Invited) string { return v.To })
	t.text("field", func(v population.Invited) string { return v.Field })
	t.text("value", func(v population.Invited) string { return v.Value })
	t.number("invited", func(v population.Invited) int64 { return v.Invited })
	return write(ctx, j, t, all(k.Invited))
}
