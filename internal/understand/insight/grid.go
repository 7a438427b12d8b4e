package insight

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// Grid is the answer to a question by bucket of time, as bare counts: for those who watch thousands of series and need neither
// intervals nor addresses.
type Grid struct {
	Starts  []clock.Day // first day of each bucket, without gaps
	Scale   string      // of a score: the one that was counted
	LeftOut []LeftOut
	Marks   []Mark
	Groups  []GridGroup // by key
}

// GridGroup is one series of a Grid.
type GridGroup struct {
	Keys  []string   // as in the question's By
	Cells []GridCell // in order of time, without those in which there was nothing
}

// GridCell is what one bucket of time holds.
type GridCell struct {
	At          int   // index of the bucket
	N           int64 // how much there is
	Good, Bad   int64 // of it at either end: of scores, of sentiment, and of Share those that fulfil it (Good)
	Sum, Square float64
}

// Grid answers a question of a measure that adds up, with a bucket of time and a period with both ends, about any number of
// groups. Nothing is left out but what is on another scale.
func (s *Service) Grid(ctx context.Context, ws identity.WorkspaceID, q Query) (*Grid, error) {
	const op = "insight.Grid"
	a, cells, forms, err := s.byBucket(ctx, ws, &q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	g := &Grid{Marks: []Mark{}, LeftOut: []LeftOut{}}
	if q.metric() != "" {
		chosen := Answer{}
		cells = chosen.chooseScale(cells, q.Scale)
		g.Scale, g.LeftOut = chosen.Scale, append(g.LeftOut, chosen.LeftOut...)
		if g.Scale != "" {
			if g.Marks, err = s.marks(ctx, &a, forms); err != nil {
				return nil, fault.Wrap(op, err)
			}
		}
	}
	first, last := a.cal.of(a.span.from), a.cal.of(a.span.to)
	for b := first; b <= last; b++ {
		g.Starts = append(g.Starts, a.cal.start(b))
	}
	at := map[string]int{}
	for _, c := range cells {
		k := strings.Join(c.keys, "\x00")
		i, ok := at[k]
		if !ok {
			i = len(g.Groups)
			at[k] = i
			g.Groups = append(g.Groups, GridGroup{Keys: c.keys})
		}
		g.Groups[i].Cells = append(g.Groups[i].Cells, GridCell{At: int(c.bucket - first), N: c.n, Good: c.good, Bad: c.bad, Sum: c.sum, Square: c.square})
	}
	for _, x := range g.Groups {
		slices.SortFunc(x.Cells, func(x, y GridCell) int { return cmp.Compare(x.At, y.At) })
	}
	slices.SortFunc(g.Groups, func(x, y GridGroup) int { return slices.Compare(x.Keys, y.Keys) })
	return g, nil
}

// byBucket gives the cells of such a question, and the forms of a score among them.
func (s *Service) byBucket(ctx context.Context, ws identity.WorkspaceID, q *Query) (a asked, cells []cell, forms []int64, err error) {
	const op = "insight.byBucket"
	if err := q.Validate(); err != nil {
		return a, nil, nil, err
	}
	switch {
	case s.columns == nil:
		return a, nil, nil, fault.New(fault.Internal, op, "this process has no columns to ask")
	case q.Bucket == "" || q.Compare != nil || q.Measure == Contacts || q.Measure == Distribution:
		return a, nil, nil, fault.New(fault.Internal, op, "a grid is of a measure that adds up, by bucket of time, and compared with nothing")
	}
	a = asked{Query: q}
	if a.set, a.span, err = s.scope(ctx, ws, q.Between); err != nil {
		return a, nil, nil, err
	}
	if !a.span.hasFrom || !a.span.hasTo || a.span.fromExact || a.span.toExact {
		return a, nil, nil, fault.New(fault.Internal, op, "a grid is of a period of whole days with both ends")
	}
	a.cal = calendar{bucket: q.Bucket, weekStart: a.set.weekStart}
	for _, name := range q.By {
		f, err := parseField(name)
		if err != nil {
			return a, nil, nil, err
		}
		a.by = append(a.by, f)
	}
	if a.asking, err = s.asking(ctx, ws, a.by, q.Where, q.Share, Conditions{{Field: q.Of}}); err != nil {
		return a, nil, nil, err
	}
	a.groupThemes()
	if err := s.findLists(ctx, &a); err != nil {
		return a, nil, nil, err
	}
	cells, forms, err = s.pieces(ctx, a)
	return a, cells, forms, err
}

// pieces are the cells of a question, asked for in as many pieces of its period as it takes for each to be small enough.
func (s *Service) pieces(ctx context.Context, a asked) (cells []cell, forms []int64, err error) {
	c, err := s.count(ctx, &a, true)
	if a.metric() != "" && err == nil && len(c.forms) > maxForms {
		c, err = s.count(ctx, &a, false)
	}
	first, last := a.cal.of(a.span.from), a.cal.of(a.span.to)
	if !errors.Is(err, errTooManyCells) || first == last {
		return c.cells, c.forms, err
	}
	middle := a.cal.start(first + (last-first)/2 + 1)
	early, late := a, a
	early.span.to, late.span.from = middle-1, middle
	if cells, forms, err = s.pieces(ctx, early); err != nil {
		return nil, nil, err
	}
	more, others, err := s.pieces(ctx, late)
	forms = append(forms, others...)
	slices.Sort(forms)
	return append(cells, more...), slices.Compact(forms), err
}

// CaughtUp tells whether the columns hold everything up to a change that feedback.Service.Settled has given.
func (s *Service) CaughtUp(ctx context.Context, upTo int64) (bool, error) {
	if s.columns == nil {
		return false, fault.New(fault.Internal, "insight.CaughtUp", "this process has no columns to ask")
	}
	mark, err := s.columns.Watermark(ctx, stream)
	return mark >= upTo, fault.Wrap("insight.CaughtUp", err)
}

// Tree is the themes of a workspace.
func (s *Service) Tree(ctx context.Context, ws identity.WorkspaceID) (Tree, error) {
	if s.trees == nil {
		return bare{}, nil
	}
	t, err := s.trees.Tree(ctx, ws)
	return t, fault.Wrap("insight.Tree", err)
}
