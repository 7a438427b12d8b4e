// Package export writes what Kolo holds to files: feedback, contacts, answers, refused rows, members and the audit log, as
// CSV, XLSX, NDJSON or Parquet. Everything is streamed: memory does not grow with the file, and the first rows are on
// their way before the last ones are read. Texts that a spreadsheet would run as formulas are neutralised where a
// spreadsheet would run them.
package export

import (
	"context"
	"io"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Sources are what exports read from.
type Sources struct {
	Store    *store.DB
	Identity *identity.Service
	Contacts *contact.Service
	Feedback *feedback.Service
	Imports  *imports.Service
	Insight  *insight.Service
}

// Service writes files. Safe for concurrent use.
type Service struct{ from Sources }

// NewService makes the service.
func NewService(s Sources) *Service { return &Service{s} }

// Formats lists what can be written, in the order in which pages offer it.
var Formats = []table.Format{table.CSV, table.XLSX, table.NDJSON, table.Parquet}

// allow asks for permissions, and checks the format before anything is written.
func allow(op string, ws identity.WorkspaceID, actor identity.Actor, format table.Format, permissions ...identity.Permission) error {
	for _, p := range append(permissions, identity.ExportsRead) {
		if err := actor.RequireIn(op, ws, p); err != nil {
			return err
		}
	}
	if table.Extension(format) == "" {
		return fault.Bad(op, fault.Field{Path: "format", Code: "unknown", Msg: "an export is csv, xlsx, ndjson or parquet"})
	}
	return nil
}

// record writes in the audit log who takes what out, before the first of it leaves.
func (s *Service) record(ctx context.Context, actor identity.Actor, what string, details map[string]string) error {
	return s.from.Store.Update(ctx, func(tx *store.Tx) error {
		return identity.Audit(tx, actor, "export."+what, "export", what, details)
	})
}

// zone is where people read a workspace's files. What programs read stays in UTC.
func (s *Service) zone(ctx context.Context, ws identity.WorkspaceID, format table.Format) (zone *time.Location, err error) {
	if format == table.NDJSON || format == table.Parquet {
		return time.UTC, nil
	}
	err = s.from.Store.View(ctx, func(tx *store.Tx) error {
		w, err := identity.GetWorkspace(tx, ws)
		zone = w.Location()
		return err
	})
	return zone, err
}

// sheet is a table that is being written: its columns, and how a value of type T fills them.
type sheet[T any] struct {
	columns []table.Column
	cells   []func(T) any
	row     []any
	out     table.Writer
}

func (s *sheet[T]) add(name string, kind table.Type, cell func(T) any) {
	s.columns = append(s.columns, table.Column{Name: name, Type: kind})
	s.cells = append(s.cells, cell)
}

// text adds a column of texts; empty ones are empty cells.
func (s *sheet[T]) text(name string, cell func(T) string) {
	s.add(name, table.String, func(v T) any {
		if t := cell(v); t != "" {
			return t
		}
		return nil
	})
}

func (s *sheet[T]) begin(w io.Writer, format table.Format, opts ...table.WriterOption) (err error) {
	s.row = make([]any, len(s.columns))
	s.out, err = table.NewWriter(w, format, s.columns, opts...)
	return err
}

func (s *sheet[T]) write(v T) error {
	for i, cell := range s.cells {
		s.row[i] = cell(v)
	}
	return s.out.Write(s.row)
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
