// Package export writes what Kolo holds to files: every list by its name, answers to questions, and the rows that an import
// refused, as CSV, XLSX, NDJSON or Parquet. Everything is streamed: memory does not grow with the file, and the first rows
// are on their way before the last ones are read. Texts that a spreadsheet would run as formulas are neutralised where a
// spreadsheet would run them.
package export

import (
	"context"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/population"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/theme"
)

// Sources are what exports read from.
type Sources struct {
	Store    *store.DB
	Identity *identity.Service
	Contacts *contact.Service
	Feedback *feedback.Service
	Events   *event.Service
	Imports  *imports.Service
	Insight  *insight.Service
	Driving  *driving.Service
	Scan     *scan.Service
	Labels   *label.Service
	Themes   *theme.Service
	Alerts   *alert.Service
	Health   *health.Service
	Outbox   Outbox

	Population *population.Service
}

// Service writes files. Safe for concurrent use.
type Service struct{ from Sources }

// NewService makes the service.
func NewService(s Sources) *Service { return &Service{s} }

// Formats lists what can be written, in the order in which pages offer it.
var Formats = []table.Format{table.CSV, table.XLSX, table.NDJSON, table.Parquet}

// Request says what is to be written, how, and for whom.
type Request struct {
	List      string // its name, see Lists
	Format    table.Format
	Workspace identity.WorkspaceID
	Actor     identity.Actor
	Filter    url.Values // as in the address of the list's page, without the page's own (cursor, sort)
}

// Write writes a list. A wrong request is refused before the first byte; so is one that the actor may not make.
func (s *Service) Write(ctx context.Context, w io.Writer, r Request, opts ...table.WriterOption) error {
	const op = "export.Write"
	l, ok := Find(r.List)
	if !ok {
		return fault.New(fault.NotFound, op, "there is no list %q; there are %s", r.List, strings.Join(Names(), ", "))
	}
	if err := r.allow(op, l.Permission, identity.ExportsRead); err != nil {
		return err
	}
	if err := l.check(op, r.Filter); err != nil {
		return err
	}
	return fault.Wrap("export."+r.List, l.write(ctx, job{s, w, r, opts}))
}

// FileName is what to call the file: whose it is, what is in it, and of which day. plain is the same in ASCII for who cannot read that, without
// whose it is where that is not written in ASCII.
func (s *Service) FileName(ctx context.Context, r Request) (name, plain string, err error) {
	w, err := s.workspace(ctx, r.Workspace)
	if err != nil {
		return "", "", fault.Wrap("export.FileName", err)
	}
	today := s.from.Store.Clock().Now().In(w.Location()).Format(time.DateOnly)
	plain = r.List + "-" + today + table.Extension(r.Format)
	whose := inFileName(w.Name)
	if whose == "" {
		return plain, plain, nil
	}
	name = whose + "-" + plain
	if !strings.ContainsFunc(whose, func(c rune) bool { return c > unicode.MaxASCII }) {
		plain = name
	}
	return name, plain, nil
}

// mostOfName is how many characters of a workspace's name stand in the names of its files.
const mostOfName = 48

// inFileName is a name as a part of a file's: its letters and digits, of whatever script, with hyphens between the words.
func inFileName(name string) string {
	var out []rune
	for _, c := range strings.ToLower(name) {
		switch {
		case len(out) == mostOfName:
		case unicode.IsLetter(c), unicode.IsDigit(c), len(out) > 0 && (unicode.IsMark(c) || c == '\u200c' || c == '\u200d'): // joiners stand within Persian words
			out = append(out, c)
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
	}
	return strings.Trim(string(out), "-\u200c\u200d")
}

func (s *Service) workspace(ctx context.Context, ws identity.WorkspaceID) (w identity.Workspace, err error) {
	err = s.from.Store.View(ctx, func(tx *store.Tx) error {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	})
	return w, err
}

// allow asks for permissions, and checks the format.
func (r Request) allow(op string, permissions ...identity.Permission) error {
	for _, p := range permissions {
		if err := r.Actor.RequireIn(op, r.Workspace, p); err != nil {
			return err
		}
	}
	if table.Extension(r.Format) == "" {
		return fault.Bad(op, fault.Field{Path: "format", Code: "unknown", Msg: "an export is csv, xlsx, ndjson or parquet"})
	}
	return nil
}

// job is one export on its way.
type job struct {
	*Service
	w io.Writer
	Request
	opts []table.WriterOption
}

// record writes in the audit log who takes what out, before the first of it leaves.
func (j job) record(ctx context.Context) error {
	details := map[string]string{"format": string(j.Format)}
	if len(j.Filter) > 0 {
		details["filtered_by"] = strings.Join(slices.Sorted(maps.Keys(j.Filter)), " ")
	}
	return j.from.Store.Update(ctx, func(tx *store.Tx) error {
		return identity.Audit(tx, j.Actor, "export."+j.List, "export", j.List, details)
	})
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

// time adds a column of instants.
func (s *sheet[T]) time(name string, cell func(T) time.Time) {
	s.add(name, table.Time, func(v T) any { return cell(v) })
}

// number and yes add columns of whole numbers and of truth values.
func (s *sheet[T]) number(name string, cell func(T) int64) {
	s.add(name, table.Int, func(v T) any { return cell(v) })
}

func (s *sheet[T]) yes(name string, cell func(T) bool) {
	s.add(name, table.Bool, func(v T) any { return cell(v) })
}

func (s *sheet[T]) write(v T) error {
	for i, cell := range s.cells {
		s.row[i] = cell(v)
	}
	return s.out.Write(s.row)
}

// write notes who takes the list out, and writes it: each calls do for every row. What people read has the times of the
// workspace's zone, what programs read has UTC.
func write[T any](ctx context.Context, j job, t *sheet[T], each func(do func(T) error) error) error {
	zone := time.UTC
	if j.Format == table.CSV || j.Format == table.XLSX {
		w, err := j.workspace(ctx, j.Workspace)
		if err != nil {
			return err
		}
		zone = w.Location()
	}
	if err := j.record(ctx); err != nil {
		return err
	}
	var err error
	name := strings.ToUpper(j.List[:1]) + j.List[1:]
	t.row = make([]any, len(t.columns))
	if t.out, err = table.NewWriter(j.w, j.Format, t.columns, append([]table.WriterOption{table.WithZone(zone), table.WithSheet(name)}, j.opts...)...); err != nil {
		return err
	}
	if err := each(t.write); err != nil {
		return err
	}
	return t.out.Close()
}

// all is each of a list that is in memory.
func all[T any](list []T) func(do func(T) error) error {
	return func(do func(T) error) error {
		for _, x := range list {
			if err := do(x); err != nil {
				return err
			}
		}
		return nil
	}
}

// paged is each of a list that is read page by page.
func paged[T any](read func(cursor string) ([]T, string, error)) func(do func(T) error) error {
	return func(do func(T) error) error {
		for cursor := ""; ; {
			list, next, err := read(cursor)
			if err != nil {
				return err
			}
			if err := all(list)(do); err != nil {
				return err
			}
			if cursor = next; cursor == "" {
				return nil
			}
		}
	}
}

// inPages hands on what each gives, so many at a time: what belongs to them is read at once. A page is not kept.
func inPages[T any](each func(next func(T) error) error, do func(page []T) error) error {
	const rows = 500
	page := make([]T, 0, rows)
	if err := each(func(x T) error {
		if page = append(page, x); len(page) < rows {
			return nil
		}
		err := do(page)
		page = page[:0]
		return err
	}); err != nil {
		return err
	}
	return do(page)
}

// joined writes several texts in one cell.
func joined[S ~string](list []S) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = string(x)
	}
	return strings.Join(parts, "; ")
}

func notEmpty(m map[string]string) any {
	if len(m) == 0 {
		return nil
	}
	return m
}
