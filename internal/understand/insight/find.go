package insight

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Found is a page of feedback, newest first.
type Found struct {
	Feedback []feedback.Feedback
	Next     string // cursor of the next page, "" on the last
}

// Best finds, where the conditions search for something and there are columns, what fits best first, and for equals the newest;
// otherwise it is Find. Its cursors are its own: at most the first 1,000 can be looked through.
func (s *Service) Best(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, cursor string, limit int) (Found, error) {
	const op, most = "insight.Best", 1000
	var queries []string
	for _, e := range c {
		if e.Op == "search" {
			queries = append(queries, e.Values...)
		}
	}
	if len(queries) == 0 || s.columns == nil {
		return s.Find(ctx, ws, c, p, cursor, limit)
	}
	from := 0
	if cursor != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(cursor, "best_"))
		if err != nil || n < 0 || n > most {
			return Found{}, fault.Bad(op, fault.Field{Path: "cursor", Code: "form", Msg: "this is not a cursor that Kolo gave"})
		}
		from = n
	}
	if limit <= 0 || limit > most {
		limit = 50
	}
	_, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return Found{}, fault.Wrap(op, err)
	}
	a, err := s.asking(ctx, ws, nil, c)
	if err != nil {
		return Found{}, fault.Wrap(op, err)
	}
	var args arguments
	cond, err := where(a, sp, c, &args)
	if err != nil {
		return Found{}, err
	}
	rows, err := s.columns.All(ctx, "SELECT id, time, "+nearness(a.Dialect, queries, &args)+" AS fit FROM "+table+" WHERE "+cond+
		" ORDER BY fit DESC, time DESC, id DESC LIMIT "+strconv.Itoa(min(from+limit+1, most)), args...)
	if err != nil {
		return Found{}, fault.Wrap(op, err)
	}
	rows = rows[min(from, len(rows)):]
	var f Found
	if len(rows) > limit {
		rows = rows[:limit]
		f.Next = "best_" + strconv.Itoa(from+limit)
	}
	ids := make([]feedback.ID, len(rows))
	for i, r := range rows {
		ids[i] = feedback.ID(keyText(r[0]))
	}
	f.Feedback, err = s.feedback.GetMany(ctx, ws, ids)
	return f, fault.Wrap(op, err)
}

// Find gives the feedback that fulfils conditions, newest first: what is behind a number. limit is at most 1,000.
func (s *Service) Find(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, cursor string, limit int) (Found, error) {
	return s.FindWithin(ctx, ws, c, p, cursor, limit, math.MaxInt64)
}

// FindWithin is Find with a page that ends early, but not before its first, where what is said on it would be more than so many bytes.
func (s *Service) FindWithin(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, cursor string, limit int, most int64) (Found, error) {
	const op = "insight.Find"
	if limit <= 0 || limit > 1000 {
		limit = 50
	}
	set, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return Found{}, fault.Wrap(op, err)
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return Found{}, err
	}
	var list []feedback.Feedback
	cut := false // there are more than list
	if s.columns == nil || len(c) == 0 && !sp.hasFrom && !sp.hasTo {
		// The rows have the newest by index, and what was received a moment ago.
		rows := scanRows
		if len(c) == 0 {
			rows = min(limit+1, scanRows)
		}
		err := s.scan(ctx, ws, set, sp, c, after, rows, func(f feedback.Feedback) error {
			if most -= int64(len(f.Text)); most < 0 && len(list) > 0 {
				cut = true
				return errEnough
			}
			if list = append(list, f); len(list) > limit {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return Found{}, fault.Wrap(op, err)
		}
	} else {
		ids, _, err := s.ids(ctx, ws, sp, c, after, limit+1)
		if err != nil {
			return Found{}, fault.Wrap(op, err)
		}
		if most == math.MaxInt64 {
			list, err = s.feedback.GetMany(ctx, ws, ids)
		} else if list, err = s.feedback.GetWithin(ctx, ws, ids, most); err == nil {
			cut = len(list) > 0 && list[len(list)-1].ID != ids[len(ids)-1]
		}
		if err != nil {
			return Found{}, fault.Wrap(op, err)
		}
	}
	f := Found{Feedback: list}
	if len(list) > limit || cut {
		f.Feedback = list[:min(len(list), limit)]
		last := f.Feedback[len(f.Feedback)-1]
		f.Next = cursorOf(last)
	}
	return f, nil
}

// scope reads a period with the workspace's settings.
func (s *Service) scope(ctx context.Context, ws identity.WorkspaceID, p Period) (set settings, sp span, err error) {
	if set, err = s.settings(ctx, ws); err == nil {
		sp, err = p.resolve(s.clock.Now(), set.zone)
	}
	return set, sp, err
}

// Instants are the beginning of a period and the instant after its end; an end that is open is zero.
func (s *Service) Instants(ctx context.Context, ws identity.WorkspaceID, p Period) (from, to time.Time, err error) {
	set, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return from, to, err
	}
	if sp.hasFrom {
		if from = sp.from.Start(set.zone); sp.fromExact {
			from = time.UnixMilli(sp.fromTime)
		}
	}
	if sp.hasTo {
		if to = (sp.to + 1).Start(set.zone); sp.toExact {
			to = time.UnixMilli(sp.toTime)
		}
	}
	return from, to, nil
}

// Check tells what is wrong with conditions and a period, without looking for anything.
func (s *Service) Check(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period) error {
	_, sp, err := s.scope(ctx, ws, p)
	if err == nil {
		_, err = s.newMatcher(ctx, ws, sp, c)
	}
	return fault.Wrap("insight.Check", err)
}

// ids asks the columns for ids, and gives with them the cursor of the last.
func (s *Service) ids(ctx context.Context, ws identity.WorkspaceID, sp span, c Conditions, after feedback.Cursor, limit int) (ids []feedback.ID, last feedback.Cursor, err error) {
	var args arguments
	a, err := s.asking(ctx, ws, nil, c)
	if err != nil {
		return nil, last, err
	}
	cond, err := where(a, sp, c, &args)
	if err != nil {
		return nil, last, err
	}
	if after.ID != "" {
		at, fid := args.add(after.Time), args.add(string(after.ID))
		cond += " AND (time < " + at + " OR time = " + at + " AND id < " + fid + ")"
	}
	rows, err := s.columns.All(ctx, "SELECT id, time FROM "+table+" WHERE "+cond+" ORDER BY time DESC, id DESC LIMIT "+strconv.Itoa(limit), args...)
	if err != nil {
		return nil, last, err
	}
	ids = make([]feedback.ID, len(rows))
	for i, r := range rows {
		ids[i] = feedback.ID(keyText(r[0]))
		last = feedback.Cursor{Time: number[int64](r[1]), ID: ids[i]}
	}
	return ids, last, nil
}

func cursorOf(f feedback.Feedback) string { return fmt.Sprintf("%d_%s", f.Time.UnixMilli(), f.ID) }

func parseCursor(s string) (feedback.Cursor, error) {
	if s == "" {
		return feedback.Cursor{}, nil
	}
	at, fid, ok := strings.Cut(s, "_")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || fid == "" {
		return feedback.Cursor{}, fault.Bad("insight.Find", fault.Field{Path: "cursor", Code: "form", Msg: "this is not a cursor that Kolo gave"})
	}
	return feedback.Cursor{Time: ms, ID: feedback.ID(fid)}, nil
}

// Facet counts the values of one field among the feedback that fulfils conditions, most frequent first.
type Facet struct {
	Field  string
	Values []FacetValue
	More   bool // there are values that are not listed
}

// FacetValue is one value with its count.
type FacetValue struct {
	Value string
	N     int64
}

// Facets counts the values of several fields. A condition on the field itself does not narrow its own facet, so that
// one can choose a second value, nor does one on themes narrow which themes are listed. Values that are chosen are listed however rare they are.
// Values that the actor may not see are left out: one could not choose them without naming them.
func (s *Service) Facets(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, c Conditions, p Period, fields []string, most int) ([]Facet, error) {
	out := make([]Facet, 0, len(fields))
	if err := s.MayAskOf(ctx, ws, actor, p, c); err != nil {
		return nil, err
	}
	veil, err := s.VeilFor(ctx, ws, actor)
	if err != nil {
		return nil, err
	}
	for _, name := range fields {
		others := make(Conditions, 0, len(c))
		for _, e := range c {
			if e.Field != name || e.Op != "in" {
				others = append(others, e)
			}
		}
		q := Query{Measure: Count, By: []string{name}, Where: others, Between: p, Limit: most + 1, allThemes: true}
		ans, err := s.Ask(ctx, ws, q)
		if err != nil {
			return nil, err
		}
		f := Facet{Field: name, More: ans.Truncated || len(ans.Rows) > most}
		for _, r := range ans.Rows[:min(len(ans.Rows), most)] {
			if v := r.Keys[name]; veil.Value(name, v) == v {
				f.Values = append(f.Values, FacetValue{v, r.N})
			}
		}
		missing := f.missing(c)
		if len(missing) > 0 {
			q.Where, q.Limit = append(slices.Clone(others), Condition{Field: name, Op: "in", Values: missing}), maxGroups
			if ans, err = s.Ask(ctx, ws, q); err != nil {
				return nil, err
			}
		}
		for _, v := range missing {
			if veil.Value(name, v) != v {
				continue
			}
			x := FacetValue{Value: v}
			for _, r := range ans.Rows {
				if r.Keys[name] == v {
					x.N = r.N
				}
			}
			f.Values = append(f.Values, x)
		}
		out = append(out, f)
	}
	return out, nil
}

// missing are the values that conditions choose of the facet's field and that are not listed: what is chosen must be seen, to be given up.
func (f Facet) missing(c Conditions) (values []string) {
	for _, e := range c {
		if e.Field != f.Field || e.Op != "in" {
			continue
		}
		for _, v := range e.Values {
			if v != "" && !slices.Contains(values, v) && !slices.ContainsFunc(f.Values, func(x FacetValue) bool { return x.Value == v }) {
				values = append(values, v)
			}
		}
	}
	return values
}

// Each gives all feedback that fulfils conditions, newest first, a page at a time and in flat memory: for exports. Without
// conditions it reads the rows alone.
func (s *Service) Each(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, do func(feedback.Feedback) error) error {
	const op = "insight.Each"
	set, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if s.columns == nil || len(c) == 0 {
		return fault.Wrap(op, s.scan(ctx, ws, set, sp, c, feedback.Cursor{}, scanRows, do))
	}
	// Each question of the columns goes over all of them, so it asks for many ids at once.
	const idRows = 20_000
	var ids []feedback.ID
	for last := (feedback.Cursor{}); ; {
		if ids, last, err = s.ids(ctx, ws, sp, c, last, idRows); err != nil {
			return fault.Wrap(op, err)
		}
		for page := range slices.Chunk(ids, scanRows) {
			list, err := s.feedback.GetMany(ctx, ws, page)
			if err != nil {
				return fault.Wrap(op, err)
			}
			for _, f := range list {
				if err := do(f); err != nil {
					return err
				}
			}
		}
		if len(ids) < idRows {
			return nil
		}
	}
}
