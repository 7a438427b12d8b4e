package export

import (
	"context"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/understand/label"
)

// corrections writes what people said about labels and still counts, the newest first.
func corrections(ctx context.Context, j job) error {
	t := &sheet[label.Correction]{}
	t.text("id", func(c label.Correction) string { return c.ID })
	t.text("feedback_id", func(c label.Correction) string { return string(c.Feedback) })
	t.yes("whole", func(c label.Correction) bool { return c.Span == label.Whole })
	t.text("aspect", func(c label.Correction) string { return c.Aspect })
	t.text("theme", func(c label.Correction) string { return c.Theme })
	t.text("value", func(c label.Correction) string { return c.Value })
	t.text("was", func(c label.Correction) string { return c.Was })
	t.add("confidence", table.Float, func(c label.Correction) any { return c.Confidence })
	t.text("model", func(c label.Correction) string { return c.Model })
	t.text("language", func(c label.Correction) string { return c.Language })
	t.yes("sampled", func(c label.Correction) bool { return c.Sampled })
	t.text("by", func(c label.Correction) string { return c.By })
	t.time("at", func(c label.Correction) time.Time { return c.At })
	const page = 500
	return write(ctx, j, t, paged(func(before string) ([]label.Correction, string, error) {
		list, err := j.from.Labels.Corrections(ctx, j.Workspace, before, page)
		next := ""
		if err == nil && len(list) == page {
			next = list[page-1].ID
		}
		return list, next, err
	}))
}
