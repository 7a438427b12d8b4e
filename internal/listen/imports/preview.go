package imports

import (
	"context"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Preview shows what a mapping makes of the beginning of a file.
type Preview struct {
	Rows    []PreviewRow  `json:"rows" doc:"The first rows"`
	Sampled int           `json:"sampled" doc:"How many rows were looked at"`
	Valid   int           `json:"valid"`
	Refused int           `json:"refused"`
	Mended  int           `json:"mended" doc:"Rows with characters that cannot be read: is it another encoding?"`
	Again   int           `json:"again" doc:"Rows whose external id another row before has: they would be taken for one"`
	Undated int           `json:"undated" doc:"Valid rows without a date: they would count as said when the import begins, or at the time of the mapping's constants"`
	Reasons []Reason      `json:"reasons" doc:"Why rows would be refused, by column"`
	Scores  []ScoreSample `json:"scores" doc:"How the scores turn out"`
	From    time.Time     `json:"from,omitzero" doc:"The earliest time"`
	To      time.Time     `json:"to,omitzero"`
	Texts   int           `json:"texts" doc:"Rows with a text"`
	Known   int           `json:"contacts" doc:"Rows that say who it was"`
	Twice   *Twice        `json:"twice,omitempty" doc:"Many rows are the same as feedback that is there already, and would be counted again"`
}

// PreviewRow is one row and what it becomes.
type PreviewRow struct {
	Row    int64           `json:"row"`
	Line   int64           `json:"line"`
	Cells  []string        `json:"cells"`
	Input  *feedback.Input `json:"feedback,omitempty"`
	Errors []fault.Field   `json:"errors,omitempty"`
}

// Reason counts rows that would be refused for the same reason.
type Reason struct {
	Column  string `json:"column"`
	Code    string `json:"code"`
	N       int    `json:"n"`
	Example string `json:"example" doc:"What the first of them is told"`
	Cell    string `json:"cell,omitempty" doc:"What stands there in the first of them"`
}

// ScoreSample sums up the scores of one metric.
type ScoreSample struct {
	Metric string  `json:"metric"`
	Scale  string  `json:"scale"`
	N      int     `json:"n"`
	Mean   float64 `json:"mean"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

const previewRows = 20

// Preview tries a mapping on the beginning of an import's file: m, or the one that it has when m is nil. Nothing is kept.
func (s *Service) Preview(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID, m *Mapping) (Preview, error) {
	const op = "imports.Preview"
	i, v, err := s.one(ctx, op, ws, actor, im)
	if err != nil {
		return Preview{}, err
	}
	if !i.ErasedAt.IsZero() {
		return Preview{}, errErased
	}
	if !i.HasFile {
		return Preview{}, fault.New(fault.Conflict, op, "the file is no longer kept")
	}
	if m != nil {
		i.Mapping = v.meant(i, *m)
	}
	if err := i.Mapping.Validate(i.Names()); err != nil {
		return Preview{}, fault.Wrap(op, err)
	}
	p, err := s.preview(ctx, i, s.chunks(i).open(ctx, i.Size), v)
	return p, fault.Wrap(op, err)
}

func (s *Service) preview(ctx context.Context, im Import, file source, v *veil) (Preview, error) {
	sample, err := s.sample(im, file)
	if err != nil {
		return Preview{}, err
	}
	w, err := s.workspace(ctx, im.Workspace)
	if err != nil {
		return Preview{}, err
	}
	now := s.db.Clock().Now()
	b := newBuilder(im.Mapping, im, w.Location(), now)
	b.learn(sample.Columns)
	t := tally{columns: sample.Columns, seen: map[[2]string]bool{}, scores: map[[2]string]int{}, reasons: map[[2]string]int{}}
	var kept []valid
	for _, r := range sample.Rows {
		undated := false
		row := PreviewRow{Row: r.Number, Line: r.Line, Cells: r.Cells}
		in := &feedback.Input{}
		if r.Bad != nil {
			row.Cells, row.Errors = []string{r.Raw}, []fault.Field{{Code: string(r.Bad.Code), Msg: r.Bad.Msg}}
		} else if row.Errors = b.row(rawRow{number: r.Number, line: r.Line, cells: r.Cells, raw: r.Raw}, in); row.Errors == nil {
			undated = in.Time == b.base.Time
			row.Errors = fault.ProblemOf(in.Validate(now, w.Country)).Errors
			for k, f := range row.Errors {
				row.Errors[k].Path = columnOf(f.Path, b.steps, r.Cells)
			}
		}
		if row.Errors == nil {
			row.Input = in
			kept = append(kept, valid{in, undated})
			if undated {
				t.Undated++
			}
		}
		if r.Mended {
			t.Mended++
		}
		t.add(row)
	}
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		t.Twice, err = b.twice(tx, im, kept)
		return err
	}); err != nil {
		return Preview{}, err
	}
	if v != nil && t.Twice != nil {
		t.Twice.Source = v.mask(t.Twice.Source)
	}
	v.preview(im, b, &t.Preview)
	return t.Preview, nil
}

// tally adds previewed rows up.
type tally struct {
	Preview
	columns []string
	seen    map[[2]string]bool
	scores  map[[2]string]int // metric and scale to the place in Scores
	reasons map[[2]string]int
}

func (t *tally) add(row PreviewRow) {
	if len(t.Rows) < previewRows {
		t.Rows = append(t.Rows, row)
	}
	t.Sampled++
	if row.Input == nil {
		t.Refused++
		for _, f := range row.Errors {
			at, ok := t.reasons[[2]string{f.Path, f.Code}]
			if !ok {
				at = len(t.Reasons)
				t.reasons[[2]string{f.Path, f.Code}] = at
				t.Reasons = append(t.Reasons, Reason{Column: f.Path, Code: f.Code, Example: f.Msg, Cell: clip(cellOf(t.columns, row.Cells, f.Path))})
			}
			t.Reasons[at].N++
		}
		return
	}
	in := row.Input
	t.Valid++
	if key := [2]string{in.Source, in.ExternalID}; t.seen[key] {
		t.Again++
	} else {
		t.seen[key] = true
	}
	if in.Text != "" {
		t.Texts++
	}
	if in.Contact != nil {
		t.Known++
	}
	if t.From.IsZero() || in.Time.Before(t.From) {
		t.From = *in.Time
	}
	if in.Time.After(t.To) {
		t.To = *in.Time
	}
	for _, sc := range in.Scores {
		key := [2]string{sc.Metric, sc.Scale.String()}
		at, ok := t.scores[key]
		if !ok {
			at = len(t.Scores)
			t.scores[key] = at
			t.Scores = append(t.Scores, ScoreSample{Metric: key[0], Scale: key[1], Min: sc.Value, Max: sc.Value})
		}
		x := &t.Scores[at]
		x.N++
		x.Mean += (sc.Value - x.Mean) / float64(x.N)
		x.Min, x.Max = min(x.Min, sc.Value), max(x.Max, sc.Value)
	}
}

// cellOf is what stands in a column of a row.
func cellOf(columns, cells []string, name string) string {
	if i := slices.Index(columns, name); i >= 0 && i < len(cells) {
		return cells[i]
	}
	return ""
}
