package export

import (
	"context"
	"io"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

func registered(ctx context.Context, j job) error {
	list, err := j.from.Feedback.Register(ctx, j.Workspace)
	if err != nil {
		return err
	}
	t := &sheet[feedback.Field]{}
	t.text("field", func(f feedback.Field) string { return f.Field })
	t.text("key", func(f feedback.Field) string { return f.Key })
	t.text("kind", func(f feedback.Field) string { return f.Kind })
	t.text("title", func(f feedback.Field) string { return f.Title })
	t.yes("hidden", func(f feedback.Field) bool { return f.Hidden })
	t.yes("personal", func(f feedback.Field) bool { return f.Personal })
	return write(ctx, j, t, all(list))
}

func views(ctx context.Context, j job) error {
	list, err := j.from.Insight.Views(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	t := &sheet[insight.View]{}
	t.text("id", func(v insight.View) string { return string(v.ID) })
	t.text("name", func(v insight.View) string { return v.Name })
	t.text("member", func(v insight.View) string { return string(v.Member) })
	t.yes("shared", func(v insight.View) bool { return v.Shared })
	t.yes("pinned", func(v insight.View) bool { return v.Pinned })
	t.yes("covered", func(v insight.View) bool { return v.Covered })
	t.text("chart", func(v insight.View) string { return v.Chart })
	t.text("address", func(v insight.View) string { return v.Query.Encode().Encode() })
	t.add("query", table.JSON, func(v insight.View) any { return v.Query })
	t.time("created_at", func(v insight.View) time.Time { return v.CreatedAt })
	t.time("changed_at", func(v insight.View) time.Time { return v.ChangedAt })
	return write(ctx, j, t, all(list))
}

func importList(ctx context.Context, j job) error {
	t := &sheet[imports.Import]{}
	t.text("id", func(i imports.Import) string { return string(i.ID) })
	t.text("name", func(i imports.Import) string { return i.Name })
	t.number("size", func(i imports.Import) int64 { return i.Size })
	t.text("fingerprint", func(i imports.Import) string { return i.Fingerprint })
	t.text("state", func(i imports.Import) string { return string(i.State) })
	t.text("format", func(i imports.Import) string { return string(i.Settings.Format) })
	t.text("encoding", func(i imports.Import) string { return i.Settings.Encoding })
	t.number("rows", func(i imports.Import) int64 { return i.Rows })
	t.number("created", func(i imports.Import) int64 { return i.Created })
	t.number("duplicates", func(i imports.Import) int64 { return i.Duplicates })
	t.number("refused", func(i imports.Import) int64 { return i.Refused })
	t.number("mended", func(i imports.Import) int64 { return i.Mended })
	t.text("error", func(i imports.Import) string { return i.Error })
	t.text("by", func(i imports.Import) string { return i.By })
	t.time("created_at", func(i imports.Import) time.Time { return i.CreatedAt })
	t.time("started_at", func(i imports.Import) time.Time { return i.StartedAt })
	t.time("finished_at", func(i imports.Import) time.Time { return i.FinishedAt })
	t.time("erased_at", func(i imports.Import) time.Time { return i.ErasedAt })
	t.time("taken_back_at", func(i imports.Import) time.Time { return i.TakenAt })
	t.text("taken_back_by", func(i imports.Import) string { return i.TakenBy })
	t.number("taken_back", func(i imports.Import) int64 { return i.Taken })
	t.number("contacts_removed", func(i imports.Import) int64 { return i.Forgotten })
	t.add("mapping", table.JSON, func(i imports.Import) any { return i.Mapping })
	return write(ctx, j, t, paged(func(cursor string) ([]imports.Import, string, error) {
		return j.from.Imports.List(ctx, j.Workspace, j.Actor, cursor, 200)
	}))
}

// Refused writes the rows that an import did not take, with its own columns, so that they can be mended and brought
// again: the last columns say which row it was and why. r.List is ignored.
func (s *Service) Refused(ctx context.Context, w io.Writer, r Request, im imports.ID, opts ...table.WriterOption) error {
	const op = "export.Refused"
	r.List = "refused"
	if err := r.allow(op, identity.ImportsWrite); err != nil {
		return err
	}
	i, err := s.from.Imports.Get(ctx, r.Workspace, r.Actor, im)
	if err != nil {
		return err
	}
	t := &sheet[imports.Refusal]{}
	for k, name := range i.Names() {
		t.text(name, func(r imports.Refusal) string {
			if k < len(r.Cells) {
				return r.Cells[k]
			}
			return ""
		})
	}
	columns := len(i.Columns)
	t.number("row", func(r imports.Refusal) int64 { return r.Row })
	t.number("line", func(r imports.Refusal) int64 { return r.Line })
	t.text("reasons", func(r imports.Refusal) string { return reasons(r.Reasons) })
	t.add("source", table.JSON, func(r imports.Refusal) any {
		switch {
		case len(r.Cells) > columns: // columns that came late
			return r.Cells[columns:]
		case r.Raw != "":
			return r.Raw
		}
		return nil
	})
	return fault.Wrap(op, write(ctx, job{s, w, r, opts}, t, func(do func(imports.Refusal) error) error {
		return s.from.Imports.Refused(ctx, r.Workspace, r.Actor, im, do)
	}))
}

func reasons(list []fault.Field) string {
	parts := make([]string, len(list))
	for i, f := range list {
		parts[i] = f.Msg
		if f.Path != "" {
			parts[i] = f.Path + ": " + f.Msg
		}
	}
	return strings.Join(parts, "; ")
}
