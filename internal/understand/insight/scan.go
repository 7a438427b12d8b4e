package insight

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/search"
)

// A process that has no columns (a command beside a running server, whom DuckDB's file belongs to) finds feedback by reading
// the rows. It takes longer, and finds the same: a condition is held against the very values that the columns would get.

const scanRows = 1000

// errEnough ends a scan that has seen enough.
var errEnough = errors.New("enough")

// scan gives the feedback of the rows that fulfils conditions, newest first, reading so many rows at
// a time.
func (s *Service) scan(ctx context.Context, ws identity.WorkspaceID, set settings, sp span, c Conditions, after feedback.Cursor, rows int, do func(feedback.Feedback) error) error {
	m, err := s.newMatcher(ctx, ws, sp, c)
	if err != nil {
		return err
	}
	maker := newRowMaker()
	filter := feedback.Filter{Before: after, Limit: rows}
	if sp.hasFrom {
		filter.From = sp.from.Start(set.zone)
	}
	if sp.hasTo {
		filter.To = (sp.to + 1).Start(set.zone)
	}
	for {
		list, err := s.feedback.List(ctx, ws, filter)
		if err != nil {
			return err
		}
		known := map[contact.ID]map[string]string{}
		if m.contacts {
			var ids []contact.ID
			for _, f := range list {
				if f.Contact != "" {
					ids = append(ids, f.Contact)
				}
			}
			slices.Sort(ids)
			if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
				known, err = contact.AttributesOf(tx, ws, slices.Compact(ids))
				return err
			}); err != nil {
				return err
			}
		}
		var labels map[feedback.ID]Label
		if m.labels {
			var texts []feedback.ID
			for _, f := range list {
				if f.Text != "" {
					texts = append(texts, f.ID)
				}
			}
			if labels, err = s.labelsOf(ctx, ws, texts); err != nil {
				return err
			}
		}
		maker.begin(len(list))
		for _, f := range list {
			at := f.Time.UnixMilli()
			if sp.fromExact && at < sp.fromTime || sp.toExact && at >= sp.toTime {
				continue
			}
			if len(c) > 0 {
				x := said{}
				var label *Label
				if l, ok := labels[f.ID]; ok {
					label, x.themes = &l, l.Themes
				}
				if x.row, _ = maker.values(&f, set.zone, known[f.Contact], label); !m.fulfils(x) {
					continue
				}
			}
			if err := do(f); err != nil {
				return err
			}
		}
		if len(list) < rows {
			return nil
		}
		last := list[len(list)-1]
		filter.Before = feedback.Cursor{Time: last.Time.UnixMilli(), ID: last.ID}
	}
}

// matcher holds conditions against rows of Table.
type matcher struct {
	tests    []func(said) bool
	contacts bool // something is asked of who said it
	labels   bool // or of what was understood
}

// said is a row of Table, and the themes that it stands there for.
type said struct {
	row    []any
	themes []ThemeLabel
}

var extraColumn = slices.IndexFunc(Table().Columns, func(c column.Column) bool { return c.Type == column.Texts })

var columnAt = func() map[string]int {
	at := map[string]int{}
	for i, c := range Table().Columns {
		at[c.Name] = i
	}
	return at
}()

func (s *Service) newMatcher(ctx context.Context, ws identity.WorkspaceID, sp span, c Conditions) (m matcher, err error) {
	a, err := s.asking(ctx, ws, nil, c)
	if err != nil {
		return m, err
	}
	// What the columns refuse is refused here, in the same words.
	if _, err := where(a, sp, c, new(arguments)); err != nil {
		return m, err
	}
	for _, e := range c {
		f, err := parseField(e.Field)
		if err != nil {
			return m, err
		}
		m.contacts = m.contacts || strings.HasPrefix(f.key, "contact:")
		m.labels = m.labels || e.Op == "search" || f.theme() || f.name == "language" || strings.HasPrefix(f.name, "sentiment") || f.name == copies
		if f.theme() {
			m.tests = append(m.tests, e.testThemes(a.tree))
			continue
		}
		m.tests = append(m.tests, e.test(f))
	}
	return m, nil
}

func (m matcher) fulfils(s said) bool {
	for _, test := range m.tests {
		if !test(s) {
			return false
		}
	}
	return true
}

// text is the field of a row as expr gives it.
func (f field) text(row []any) string {
	switch {
	case f.key != "":
		return row[extraColumn].(column.Pairs).Get(f.key)
	case f.name == "weekday":
		return weekdays[((row[columnAt["day"]].(int64)+3)%7+7)%7]
	case f.name == copies:
		return strconv.FormatInt(row[columnAt[f.column]].(int64), 10)
	case f.name == "has_text":
		if row[columnAt["text"]].(string) == "" {
			return "no"
		}
		return "yes"
	case f.words != nil:
		switch v := row[columnAt[f.column]].(type) {
		case int16:
			return f.words[int64(v)-f.low]
		case bool:
			return f.words[flag(v)]
		}
		return ""
	}
	return row[columnAt[f.column]].(string)
}

// decimal is what column.Dialect.ToFloat takes for a number.
var decimal = regexp.MustCompile(`^-?[0-9]{1,30}([.][0-9]{1,30})?([eE][-+]?[0-9]{1,2})?$`)

// value is the field of a row as numeric gives it.
func (f field) value(row []any) (float64, bool) {
	if f.number {
		v, ok := row[columnAt[f.column]].(float64)
		return v, ok
	}
	s := f.text(row)
	if !decimal.MatchString(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// test is the condition, which where has accepted, as a function of a row.
func (e Condition) test(f field) func(said) bool {
	test := e.testRow(f)
	return func(s said) bool { return test(s.row) }
}

// testThemes is a condition on themes as a function of what was said.
func (e Condition) testThemes(t Tree) func(said) bool {
	is := e.Op == "in" || e.Op == "not_empty"
	if e.blames() {
		groups := e.blamed(t)
		return func(s said) bool {
			return slices.ContainsFunc(groups, func(ids []string) bool {
				good, bad := towards(s.themes, func(id string) bool { return slices.Contains(ids, id) })
				return bad && !good
			}) == is
		}
	}
	in := map[string]bool{}
	for _, id := range e.themes(t) {
		in[id] = true
	}
	return func(s said) bool {
		return slices.ContainsFunc(s.themes, func(l ThemeLabel) bool { return in[l.ID] }) == is
	}
}

func (e Condition) testRow(f field) func(row []any) bool {
	not := func(fn func([]any) bool) func([]any) bool { return func(row []any) bool { return !fn(row) } }
	switch e.Op {
	case "not_in", "not_contains", "not_empty":
		e.Op = strings.TrimPrefix(e.Op, "not_")
		return not(e.testRow(f))
	case "empty":
		if f.number {
			return func(row []any) bool { return row[columnAt[f.column]] == nil }
		}
		return func(row []any) bool { return f.text(row) == "" }
	case "search":
		all := make([]search.Query, len(e.Values))
		for i, v := range e.Values {
			all[i] = search.Parse(v)
		}
		stems, forms := columnAt["terms"], columnAt["forms"]
		return func(row []any) bool {
			index := search.Index{Stems: row[stems].(string), Forms: row[forms].(string)}
			return !slices.ContainsFunc(all, func(q search.Query) bool { return !q.Match(index) })
		}
	case "contains":
		parts := make([]string, len(e.Values))
		for i, v := range e.Values {
			parts[i] = Fold(strings.ToValidUTF8(v, "\uFFFD"))
		}
		return func(row []any) bool {
			text := f.text(row)
			if f.name != "text" {
				text = Fold(text)
			}
			return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
		}
	case "gt", "gte", "lt", "lte":
		than, _ := strconv.ParseFloat(e.Values[0], 64) // where has read it
		return func(row []any) bool {
			v, ok := f.value(row)
			switch {
			case !ok:
				return false
			case e.Op == "gt":
				return v > than
			case e.Op == "gte":
				return v >= than
			case e.Op == "lt":
				return v < than
			}
			return v <= than
		}
	}
	if f.number {
		numbers := make([]float64, len(e.Values))
		for i, v := range e.Values {
			numbers[i], _ = strconv.ParseFloat(v, 64) // where has read them
		}
		return func(row []any) bool {
			v, ok := f.value(row)
			return ok && slices.Contains(numbers, v)
		}
	}
	if f.chosen() {
		return func(row []any) bool {
			return slices.ContainsFunc(choices(f.text(row)), func(v string) bool { return slices.Contains(e.Values, v) })
		}
	}
	return func(row []any) bool { return slices.Contains(e.Values, f.text(row)) }
}

// Metrics tells which scores the feedback that fulfils conditions has, in the order of feedback.Metrics.
func (s *Service) Metrics(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period) ([]string, error) {
	const op = "insight.Metrics"
	set, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	has := map[string]bool{}
	if s.columns == nil {
		err = s.scan(ctx, ws, set, sp, c, feedback.Cursor{}, scanRows, func(f feedback.Feedback) error {
			for _, x := range f.Scores {
				has[x.Metric] = true
			}
			if len(has) == len(metrics) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
	} else {
		err = s.metrics(ctx, ws, sp, c, has)
	}
	var out []string
	for _, m := range metrics {
		if has[m] {
			out = append(out, m)
		}
	}
	return out, fault.Wrap(op, err)
}

func (s *Service) metrics(ctx context.Context, ws identity.WorkspaceID, sp span, c Conditions, has map[string]bool) error {
	var args arguments
	a, err := s.asking(ctx, ws, nil, c)
	if err != nil {
		return err
	}
	cond, err := where(a, sp, c, &args)
	if err != nil {
		return err
	}
	counts := make([]string, len(metrics))
	for i, m := range metrics {
		counts[i] = "count(" + m + ")"
	}
	rows, err := s.columns.All(ctx, "SELECT "+strings.Join(counts, ", ")+" FROM "+table+" WHERE "+cond, args...)
	if err != nil || len(rows) == 0 {
		return err
	}
	for i, m := range metrics {
		has[m] = number[int64](rows[0][i]) > 0
	}
	return nil
}
