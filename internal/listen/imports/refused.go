package imports

import (
	"context"
	"io"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// WriteRefused writes the rows that were not taken as a CSV file: the columns of the import, so that the file can be mended
// and imported again, and behind them why each was refused. say puts a reason into words; when nil, it is its column and its own message.
func (s *Service) WriteRefused(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID, w io.Writer, say func(Refusal, fault.Field) string) error {
	i, err := s.Get(ctx, ws, actor, im)
	if err != nil {
		return err
	}
	if !i.ErasedAt.IsZero() {
		return errErased
	}
	if say == nil {
		say = func(_ Refusal, f fault.Field) string {
			if f.Path == "" {
				return f.Msg
			}
			return f.Path + ": " + f.Msg
		}
	}
	names := i.Names()
	if slices.Contains(names, "reasons") { // a file that was mended once already
		names = slices.DeleteFunc(names, func(n string) bool { return n == "reasons" || n == "row" })
	}
	columns := make([]table.Column, 0, len(names)+2)
	for _, n := range names {
		columns = append(columns, table.Column{Name: n})
	}
	out, err := table.NewWriter(w, table.CSV, append(columns, table.Column{Name: "row", Type: table.Int}, table.Column{Name: "reasons"}), table.WithBOM())
	if err != nil {
		return err
	}
	at := make([]int, len(names)) // where the cells of each column stand
	for k, n := range names {
		at[k] = slices.Index(i.Names(), n)
	}
	if err := s.Refused(ctx, ws, actor, im, func(r Refusal) error {
		row := make([]any, len(names), len(names)+2)
		for k, cell := range at {
			if cell < len(r.Cells) {
				row[k] = r.Cells[cell]
			}
		}
		if len(r.Cells) == 0 && len(row) > 0 {
			row[0] = r.Raw // it could not be split
		}
		reasons := make([]string, len(r.Reasons))
		for k, f := range r.Reasons {
			reasons[k] = say(r, f)
		}
		return out.Write(append(row, r.Row, strings.Join(reasons, "; ")))
	}); err != nil {
		return err
	}
	return out.Close()
}

// ParseScale reads a scale as people type it: "1..5", and "5..1" where lower is better.
func ParseScale(s string) (*feedback.Scale, error) {
	scale, ok := parseScale(s)
	if !ok {
		return nil, fault.New(fault.Invalid, "imports.ParseScale", "%q is not a scale such as 1..5", s)
	}
	return &scale, nil
}
