package export

import (
	"context"
	"io"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// Refused writes the rows that an import did not take, with its own columns, so that they can be mended and brought
// again: the last columns say which row it was and why.
func (s *Service) Refused(ctx context.Context, w io.Writer, format table.Format, ws identity.WorkspaceID, actor identity.Actor, im imports.ID, opts ...table.WriterOption) error {
	const op = "export.Refused"
	i, err := s.from.Imports.Get(ctx, ws, actor, im)
	if err != nil {
		return err
	}
	t := sheet[imports.Refusal]{}
	for k, name := range i.Names() {
		t.text(name, func(r imports.Refusal) string {
			if k < len(r.Cells) {
				return r.Cells[k]
			}
			return ""
		})
	}
	columns := len(i.Columns)
	t.add("row", table.Int, func(r imports.Refusal) any { return r.Row })
	t.add("line", table.Int, func(r imports.Refusal) any { return r.Line })
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
	if err := t.begin(w, format, append([]table.WriterOption{table.WithSheet("Refused")}, opts...)...); err != nil {
		return err
	}
	if err := s.from.Imports.Refused(ctx, ws, actor, im, t.write); err != nil {
		return fault.Wrap(op, err)
	}
	return t.out.Close()
}

// Members writes who works in a workspace.
func (s *Service) Members(ctx context.Context, w io.Writer, format table.Format, ws identity.WorkspaceID, actor identity.Actor, opts ...table.WriterOption) error {
	const op = "export.Members"
	if err := allow(op, ws, actor, format, identity.MembersManage); err != nil {
		return err
	}
	zone, err := s.zone(ctx, ws, format)
	if err != nil {
		return fault.Wrap(op, err)
	}
	list, err := s.from.Identity.Members(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	teams, err := s.from.Identity.Teams(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	names := map[identity.TeamID]string{}
	for _, t := range teams {
		names[t.ID] = t.Name
	}
	t := sheet[identity.Member]{}
	t.text("id", func(m identity.Member) string { return string(m.ID) })
	t.text("name", func(m identity.Member) string { return m.Name })
	t.text("email", func(m identity.Member) string { return m.Email })
	t.text("role", func(m identity.Member) string { return string(m.Role) })
	t.text("state", func(m identity.Member) string { return string(m.State) })
	t.text("teams", func(m identity.Member) string {
		var in []string
		for _, id := range m.Teams {
			in = append(in, names[id])
		}
		return strings.Join(in, "; ")
	})
	t.add("created_at", table.Time, func(m identity.Member) any { return m.CreatedAt })
	if err := s.record(ctx, actor, "members", map[string]string{"format": string(format)}); err != nil {
		return fault.Wrap(op, err)
	}
	if err := t.begin(w, format, append([]table.WriterOption{table.WithZone(zone), table.WithSheet("Members")}, opts...)...); err != nil {
		return err
	}
	for _, m := range list {
		if err := t.write(m); err != nil {
			return err
		}
	}
	return t.out.Close()
}

// Audit writes what the audit log has for a query, newest first; its cursor and limit do not count.
func (s *Service) Audit(ctx context.Context, w io.Writer, format table.Format, ws identity.WorkspaceID, actor identity.Actor, q identity.AuditQuery, opts ...table.WriterOption) error {
	const op = "export.Audit"
	if err := allow(op, ws, actor, format, identity.AuditRead); err != nil {
		return err
	}
	zone, err := s.zone(ctx, ws, format)
	if err != nil {
		return fault.Wrap(op, err)
	}
	t := sheet[identity.Entry]{}
	t.add("at", table.Time, func(e identity.Entry) any { return e.At })
	t.text("name", func(e identity.Entry) string { return e.Name })
	t.text("member", func(e identity.Entry) string { return string(e.Member) })
	t.text("key", func(e identity.Entry) string { return string(e.Key) })
	t.text("ip", func(e identity.Entry) string { return e.IP })
	t.text("request", func(e identity.Entry) string { return e.RequestID })
	t.text("action", func(e identity.Entry) string { return e.Action })
	t.text("kind", func(e identity.Entry) string { return e.Kind })
	t.text("object", func(e identity.Entry) string { return e.Object })
	t.add("details", table.JSON, func(e identity.Entry) any { return notEmpty(e.Details) })
	if err := s.record(ctx, actor, "audit", map[string]string{"format": string(format)}); err != nil {
		return fault.Wrap(op, err)
	}
	if err := t.begin(w, format, append([]table.WriterOption{table.WithZone(zone), table.WithSheet("Audit")}, opts...)...); err != nil {
		return err
	}
	for q.Cursor, q.Limit = "", 500; ; {
		page, err := s.from.Identity.AuditLog(ctx, ws, actor, q)
		if err != nil {
			return fault.Wrap(op, err)
		}
		for _, e := range page.Entries {
			if err := t.write(e); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return t.out.Close()
		}
	}
}
