package insight

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
)

// Service answers questions.
type Service struct {
	db       *store.DB
	columns  *column.DB
	feedback *feedback.Service
	clock    clock.Clock

	labels Labels // nil while nothing is understood
	trees  Trees

	mu         sync.Mutex
	workspaces map[identity.WorkspaceID]settings
	forgotten  int // counted up by Forget
	forms      map[int64]form
	known      map[int64][]ThemeLabel // what sets of themes hold

	mostCells int   // bounds what one statement brings into memory
	maxScored int   // bounds the groups of answers that themes are scored from
	many      int64 // answers from which on not all customers are told apart
	manyRows  int64 // from which on their customers are gathered in parts
}

// settings are what a workspace means by a day and a week; remembered for a few seconds, unless this process changes them.
type settings struct {
	zone      *time.Location
	weekStart string
	read      time.Time
}

// NewService answers from columns that Feeder feeds. Without columns (nil) feedback is found in the rows, and no question is
// answered.
func NewService(db *store.DB, columns *column.DB, f *feedback.Service) *Service {
	return &Service{db: db, columns: columns, feedback: f, clock: db.Clock(), workspaces: map[identity.WorkspaceID]settings{}, forms: map[int64]form{}, known: map[int64][]ThemeLabel{},
		mostCells: maxCells, maxScored: 10 * maxCells, many: manyAnswers, manyRows: manyRows}
}

func (s *Service) settings(ctx context.Context, ws identity.WorkspaceID) (settings, error) {
	s.mu.Lock()
	set, ok := s.workspaces[ws]
	s.mu.Unlock()
	if ok && s.clock.Now().Sub(set.read) < 5*time.Second {
		return set, nil
	}
	return s.readSettings(ctx, ws)
}

// readSettings are the settings as they are now.
func (s *Service) readSettings(ctx context.Context, ws identity.WorkspaceID) (set settings, err error) {
	now := s.clock.Now()
	s.mu.Lock()
	forgotten := s.forgotten
	s.mu.Unlock()
	var w identity.Workspace
	if err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	}); err != nil {
		return set, err
	}
	set = settings{zone: w.Location(), weekStart: string(w.WeekStart), read: now}
	s.mu.Lock()
	if s.forgotten == forgotten { // they may be those of before
		s.workspaces[ws] = set
	}
	s.mu.Unlock()
	return set, nil
}

// Forget has the next answer use the settings that a workspace has now.
func (s *Service) Forget(ws identity.WorkspaceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten++
	delete(s.workspaces, ws)
}

// asked is a question with all that was looked up to answer it.
type asked struct {
	*Query
	asking
	by      []field
	span    span
	cal     calendar
	set     settings
	facts   facts
	scale   string // that is counted, where there are answers on others
	counted string // the scale that is counted

	ofSeveral bool  // some answers that a distribution is of are lists, of which each choice counts
	mentioned field // the themes whose mentions are counted where they are not grouped by

	overlap bool // a counterpart has answers that the question has too, so that there is no test between them
}

// facts are what the workspace told of itself that the question calls for.
type facts struct {
	population.Settings
	margins []population.Margin
}

// Ask answers a question about a workspace's feedback.
func (s *Service) Ask(ctx context.Context, ws identity.WorkspaceID, q Query) (*Answer, error) {
	a, err := s.ask(ctx, ws, q)
	if survey := q.surveyOf(); err == nil && survey != "" && q.Measure == NPS && a.Total.Value != nil {
		if a.NonResponse, err = s.Response(ctx, ws, survey, q.Between, NPS); fault.Is(err, fault.NotFound) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// ask is Ask without what those who did not answer leave open.
func (s *Service) ask(ctx context.Context, ws identity.WorkspaceID, q Query) (*Answer, error) {
	const op = "insight.Ask"
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if s.columns == nil {
		return nil, fault.New(fault.Internal, op, "this process has no columns to ask")
	}
	a := asked{Query: &q}
	var err error
	if a.set, err = s.settings(ctx, ws); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if a.facts, err = s.facts(ctx, ws, q); err != nil {
		return nil, fault.Wrap(op, err)
	}
	a.cal = calendar{bucket: q.Bucket, weekStart: a.set.weekStart}
	if a.span, err = q.Between.resolve(s.clock.Now(), a.set.zone); err != nil {
		return nil, err
	}
	for _, name := range q.By {
		f, err := parseField(name)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		a.by = append(a.by, f)
	}
	conditions := []Conditions{q.Where, q.Share, {{Field: q.Of}}}
	if q.Compare != nil {
		conditions = append(conditions, q.Compare.Where)
	}
	if a.asking, err = s.asking(ctx, ws, a.by, conditions...); err != nil {
		return nil, fault.Wrap(op, err)
	}
	a.groupThemes()
	if err := s.findLists(ctx, &a); err != nil {
		return nil, fault.Wrap(op, err)
	}
	counted, err := s.cells(ctx, &a)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	ans := &Answer{
		Measure: q.Measure, Of: q.Of, Unit: q.Measure.Unit(), Definition: fmt.Sprintf("%s v%d", q.Measure, DefinitionVersion), By: q.By, Bucket: q.Bucket,
		Zone: a.set.zone.String(), WeekStart: a.set.weekStart, Filter: Encode(q.Where, q.Between).Encode(),
		Rows: []Row{}, Marks: []Mark{}, LeftOut: []LeftOut{}, asked: q,
	}
	if ans.By == nil {
		ans.By = []string{}
	}
	if a.span.hasFrom {
		ans.From = a.span.from.String()
	}
	if a.span.hasTo {
		ans.To = a.span.to.String()
	}
	if q.metric() != "" {
		counted.cells = ans.chooseScale(counted.cells, q.Scale)
		counted.around = slices.DeleteFunc(counted.around, func(c cell) bool { return c.scale != ans.Scale })
		if ans.Scale != "" {
			if ans.Marks, err = s.marks(ctx, &a, counted.forms); err != nil {
				return nil, fault.Wrap(op, err)
			}
		}
	}
	rows, total := a.rows(counted)
	ans.Overlapping = q.Measure != Contacts && a.overlapping() || a.ofSeveral
	ans.SeveralChoices = a.ofSeveral || slices.ContainsFunc(a.by, func(f field) bool { return f.several })
	if a.counted = ans.Scale; len(ans.LeftOut) > 0 {
		a.scale = ans.Scale
	}
	rows = a.fill(rows)
	a.evaluate(&total)
	for i := range rows {
		a.evaluate(&rows[i])
	}
	if err := s.byCustomer(ctx, &a, rows, &total); err != nil {
		return nil, fault.Wrap(op, err)
	}
	a.keepFew(rows, &total)
	if q.Weight && total.Value != nil {
		if ans.Weighting, err = s.weigh(ctx, &a, ans.Scale, rows, &total); err != nil {
			return nil, fault.Wrap(op, err)
		}
		ans.Weighted = true
	}
	if q.Compare != nil {
		if err := s.compare(ctx, &a, ans.Scale, rows, &total, counted.around); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	ans.Detectable = a.detectable(rows, total)
	ans.Rows, ans.Truncated = a.order(rows)
	for i := range ans.Rows {
		ans.Rows[i].Feedback = a.behind(ans.Rows[i])
	}
	total.Feedback = a.behind(total)
	ans.Total = total
	return ans, nil
}

// groupThemes says which groups the fields of themes have.
func (a *asked) groupThemes() {
	focus := a.Where
	if a.allThemes {
		focus = nil
	}
	for i, f := range a.by {
		if f.theme() {
			a.by[i] = f.grouped(a.tree, focus)
		}
	}
}

// overlapping tells whether one piece of feedback may be in several groups: of themes, or of choices.
func (a *asked) overlapping() bool {
	return slices.ContainsFunc(a.by, func(f field) bool { return f.several || f.theme() && !a.Measure.ofMentions() })
}

func added(cells []cell) (all sums) {
	for _, c := range cells {
		all = all.plus(c.sums)
	}
	return all
}

// chooseScale keeps the answers on one scale: the one that was asked for, or else the one with the most answers.
func (ans *Answer) chooseScale(cells []cell, wanted string) []cell {
	counts := map[string]int64{}
	for _, c := range cells {
		counts[c.scale] += c.n
	}
	scales := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(scales, func(x, y string) int { return cmp.Compare(counts[y], counts[x]) })
	if len(scales) == 0 {
		return nil
	}
	ans.Scale = scales[0]
	if wanted != "" {
		ans.Scale = wanted
	}
	for _, sc := range scales {
		if sc != ans.Scale {
			ans.LeftOut = append(ans.LeftOut, LeftOut{sc, counts[sc]})
		}
	}
	return slices.DeleteFunc(cells, func(c cell) bool { return c.scale != ans.Scale })
}

// rows turns what was counted into rows, and adds up the total.
func (a *asked) rows(counted counted) ([]Row, Row) {
	var total Row
	var rows []Row
	groups := map[string]sums{} // of a distribution: what its values share out
	shared := counted.cells
	if counted.answered != nil {
		shared = counted.answered
	}
	for _, c := range shared {
		total.sum = total.sum.plus(c.sums)
		if a.Measure == Distribution {
			groups[a.group(c)] = groups[a.group(c)].plus(c.sums)
		}
	}
	switch {
	case a.Measure == Contacts:
		total.sum = counted.whole
	case a.overlapping():
		total.sum = added(counted.around)
	}
	for _, c := range counted.cells {
		r := Row{sum: c.sums}
		if len(a.by) > 0 {
			r.Keys = make(map[string]string, len(a.by))
			for i, f := range a.by {
				r.Keys[f.name] = c.keys[i]
			}
		}
		if a.Bucket != "" {
			r.Bucket = a.cal.start(c.bucket).String()
		}
		if a.Measure == Distribution {
			if r.Keys == nil {
				r.Keys = map[string]string{}
			}
			r.Keys["value"] = c.value
			r.sum = sums{n: groups[a.group(c)].n, good: c.n}
		}
		rows = append(rows, r)
	}
	if len(a.by) == 0 && a.Bucket == "" && a.Measure != Distribution {
		rows = []Row{{sum: total.sum}}
	}
	if a.Measure == Distribution {
		total.sum.good = total.sum.n
	}
	return rows, total
}

func (a *asked) group(c cell) string {
	return fmt.Sprint(c.bucket, "\x00", strings.Join(c.keys, "\x00"))
}

// fill adds the buckets in which nothing was said, so that a chart shows a gap where there is one.
func (a *asked) fill(rows []Row) []Row {
	if a.Bucket == "" || a.Measure == Distribution || len(rows) == 0 {
		return rows
	}
	have := map[string]bool{}
	keys := map[string]map[string]string{}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, r := range rows {
		k := keyOf(r.Keys, a.By)
		keys[k] = r.Keys
		have[k+"\x00"+r.Bucket] = true
		d, _ := clock.ParseDay(r.Bucket) // written by ourselves
		first, last = min(first, a.cal.of(d)), max(last, a.cal.of(d))
	}
	if a.span.hasFrom {
		first = min(first, a.cal.of(a.span.from))
	}
	if a.span.hasTo {
		last = max(last, a.cal.of(a.span.to))
	}
	if n := (last - first + 1) * int64(len(keys)); n > maxBuckets {
		return rows
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		for b := first; b <= last; b++ {
			if day := a.cal.start(b).String(); !have[k+"\x00"+day] {
				rows = append(rows, Row{Keys: keys[k], Bucket: day})
			}
		}
	}
	return rows
}

func keyOf(keys map[string]string, by []string) string {
	parts := make([]string, 0, len(by)+1)
	for _, b := range by {
		parts = append(parts, keys[b])
	}
	if v, ok := keys["value"]; ok {
		parts = append(parts, v)
	}
	return strings.Join(parts, "\x00")
}

// evaluate computes a row's value, interval and note from its sums.
func (a *asked) evaluate(r *Row) {
	m := r.sum
	r.N = m.n
	set := func(v float64, i stat.Interval, err error) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		r.Value = &v
		if err == nil {
			i = a.within(i)
			r.Interval = &i
		}
	}
	switch a.Measure {
	case Count, Contacts:
		v := float64(m.n)
		r.Value = &v
		return
	}
	if m.n == 0 {
		return
	}
	if show, indicative := stat.NPSPublishable(m.n); !show {
		r.Note = "too_few"
	} else if indicative {
		r.Note = "indicative"
	}
	switch a.Measure {
	case NetSentiment, ThemeSentiment:
		negative, positive := m.bad, m.good
		r.Parts = &Parts{Negative: &negative, Positive: &positive}
		c := m.nps()
		v, err := c.Estimate()
		if err == nil {
			i, err := stat.NPSShown(c, a.Level)
			set(v, i, err)
		}
	case NegativeShare, ThemeNegative:
		r.Parts = &Parts{Hits: &m.bad}
		i, err := stat.Wilson(m.bad, m.n, a.Level)
		set(float64(m.bad)/float64(m.n), i, err)
	case NPS:
		c := m.nps()
		r.Parts = &Parts{Promoters: &c.Promoters, Passives: &c.Passives, Detractors: &c.Detractors}
		v, err := c.Estimate()
		if err == nil {
			i, err := stat.NPSShown(c, a.Level)
			set(v, i, err)
		}
	case CSAT, CES, Share, ResponseShare, Distribution:
		r.Parts = &Parts{Hits: &m.good}
		i, err := stat.Wilson(m.good, m.n, a.Level)
		set(float64(m.good)/float64(m.n), i, err)
	default:
		mom := m.moments()
		if m.n > 1 {
			r.Parts = &Parts{SD: &mom.SD}
		}
		i, err := stat.MeanInterval(mom.N, mom.Mean, mom.SD, a.Level)
		set(mom.Mean, i, err)
	}
}

func (m sums) nps() stat.NPSCounts {
	return stat.NPSCounts{Promoters: m.good, Detractors: m.bad, Passives: m.n - m.good - m.bad}
}

func (m sums) moments() stat.Moments {
	if m.n == 0 {
		return stat.Moments{}
	}
	n := float64(m.n)
	mean := m.sum / n
	sd := 0.0
	if m.n > 1 {
		sd = math.Sqrt(max(0, (m.square-n*mean*mean)/(n-1)))
	}
	return stat.Moments{N: m.n, Mean: mean, SD: sd}
}

// order sorts the rows and cuts them at the limit: whole groups, with all of their buckets.
func (a *asked) order(rows []Row) ([]Row, bool) {
	type group struct {
		key   string
		n     int64
		value float64
	}
	groups := map[string]*group{}
	for _, r := range rows {
		k := keyOf(r.Keys, a.By)
		g := groups[k]
		if g == nil {
			g = &group{key: k, value: math.Inf(-1)}
			groups[k] = g
		}
		if a.Measure == Distribution {
			g.n += r.sum.good
		} else {
			g.n += r.N
		}
		if r.Value != nil {
			g.value = max(g.value, *r.Value)
		}
	}
	list := slices.SortedFunc(maps.Values(groups), func(x, y *group) int {
		switch a.Order {
		case "key":
			return cmp.Compare(x.key, y.key)
		case "value":
			return cmp.Or(cmp.Compare(y.value, x.value), cmp.Compare(x.key, y.key))
		}
		return cmp.Or(cmp.Compare(y.n, x.n), cmp.Compare(x.key, y.key))
	})
	cut := len(list) > a.Limit
	if cut {
		list = list[:a.Limit]
	}
	place := map[string]int{}
	for i, g := range list {
		place[g.key] = i + 1
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return place[keyOf(r.Keys, a.By)] == 0 })
	slices.SortStableFunc(rows, func(x, y Row) int {
		return cmp.Or(cmp.Compare(place[keyOf(x.Keys, a.By)], place[keyOf(y.Keys, a.By)]), cmp.Compare(x.Bucket, y.Bucket))
	})
	return rows, cut
}

// behind is the query string of the feedback that a row rests on, nil where none finds just that.
func (a *asked) behind(r Row) *string {
	c := slices.Clone(a.Where)
	for _, f := range a.by {
		if v, ok := r.Keys[f.name]; ok {
			if !f.several { // the group is one of those
				c = slices.DeleteFunc(c, func(e Condition) bool { return e.Field == f.name && e.Op == "in" })
			}
			name := f.name
			if f.theme() {
				name = a.themeField(f, v)
			}
			if v == "" {
				c = append(c, Condition{Field: name, Op: "empty"})
			} else {
				c = append(c, Condition{Field: name, Op: "in", Values: []string{v}})
			}
		}
	}
	if m := a.metric(); m != "" {
		c = append(c, Condition{Field: m, Op: "not_empty"})
		if a.scale != "" { // the list has no other way to know of it
			c = append(c, Condition{Field: m + "_scale", Op: "in", Values: []string{a.scale}})
		}
	}
	switch a.Measure {
	case NetSentiment, NegativeShare, SentimentMean:
		c = append(c, Condition{Field: "sentiment", Op: "not_empty"})
	case Distribution:
		if v, ok := r.Keys["value"]; ok {
			c = append(c, Condition{Field: a.Of, Op: "in", Values: []string{v}})
		} else if a.metric() == "" {
			c = append(c, Condition{Field: a.Of, Op: "not_empty"})
		}
	case ThemeSentiment, ThemeNegative:
		if r.Keys == nil { // mentions of all themes together: a text counts as often as it has some
			return nil
		}
	case Share:
		c = append(c, a.Share...)
	case ResponseShare:
		c = append(c, Condition{Field: a.Of, Op: "not_empty"})
	case Mean:
		if a.metric() != "" {
			break
		}
		c = append(c, Condition{Field: a.Of, Op: "not_empty"})
	}
	p := a.Between
	if r.Bucket != "" {
		day, err := clock.ParseDay(r.Bucket)
		if err == nil {
			from, to := a.cal.within(a.cal.of(day), a.span)
			p = Period{From: from.String(), To: to.String()}
			if a.span.fromExact && from == a.span.from {
				p.From = a.Between.From
			}
			if a.span.toExact && to == a.span.to {
				p.To = a.Between.To
			}
		}
	}
	if !c.sayable() {
		return nil
	}
	query := Encode(c, p).Encode()
	return &query
}

// themeField is the field that finds the feedback of a group of themes: with all that stands under it, unless the group is a theme
// alone and something does.
func (a *asked) themeField(f field, id string) string {
	if f.name == "theme" && slices.ContainsFunc(f.groups, func(g string) bool { return a.tree.Parent(g) == id }) {
		return "theme_only"
	}
	return "theme"
}

// marks finds the days on which the scale or the wording of a score changed: within one survey, or one source where there is no survey, for
// surveys side by side each have their own. forms are all that the question has met; where they are too many, nil, wordings are not looked at.
func (s *Service) marks(ctx context.Context, a *asked, forms []int64) ([]Mark, error) {
	marks := []Mark{}
	if a.Bucket == "" && a.Compare == nil || len(forms) == 1 {
		return marks, nil
	}
	m := a.metric()
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return nil, err
	}
	what := m + "_form"
	if forms == nil {
		what = m + "_scale"
	}
	rows, err := s.columns.All(ctx, fmt.Sprintf(`SELECT f, survey, place, min(day) AS first, max(day) AS last
		FROM (SELECT %s AS f, survey, CASE WHEN survey = '' THEN source ELSE '' END AS place, day FROM %s WHERE %s AND %s_class IS NOT NULL) AS t
		GROUP BY f, survey, place ORDER BY count(*) DESC, f, survey, place LIMIT %d`, what, table, cond, m, maxForms), args...)
	if err != nil {
		return nil, err
	}
	known, err := s.formsOf(ctx, a.ws, m, forms)
	if err != nil {
		return nil, err
	}
	type place struct{ survey, source string }
	scales, wordings := map[place]eras{}, map[place]eras{}
	for _, r := range rows {
		f := form{scale: keyText(r[0])}
		if forms != nil {
			f = known[number[int64](r[0])]
		}
		at, first, last := place{keyText(r[1]), keyText(r[2])}, number[int64](r[3]), number[int64](r[4])
		scales[at] = scales[at].with(f.scale, first, last)
		if f.wording != "" { // one that is not known is no other
			wordings[at] = wordings[at].with(f.wording, first, last)
		}
	}
	for kind, places := range map[string]map[place]eras{"scale": scales, "wording": wordings} {
		for _, all := range places {
			marks = append(marks, all.changes(kind)...)
		}
	}
	slices.SortFunc(marks, func(x, y Mark) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	return slices.Compact(marks), nil
}

// era is how long a survey used a scale or a wording.
type era struct {
	what        string
	first, last int64 // days
}

type eras []era

func (all eras) with(what string, first, last int64) eras {
	for i := range all {
		if e := &all[i]; e.what == what {
			e.first, e.last = min(e.first, first), max(e.last, last)
			return all
		}
	}
	return append(all, era{what, first, last})
}

// handOver is within how many days of each other one wording ends and another begins that takes its place: answers to the old one come late,
// and a survey may rest.
const handOver = 14

// changes are the days on which one took the place of another. Two that are asked side by side are two questions.
func (all eras) changes(kind string) (marks []Mark) {
	for _, e := range all {
		var old *era
		for i := range all {
			p := &all[i]
			both := p.last - e.first + 1 // days on which both may have been asked
			if p.first < e.first && p.last < e.last && both <= min(handOver, e.last-p.last) && (old == nil || p.last > old.last) {
				old = p
			}
		}
		if old == nil {
			continue
		}
		if e.first-old.last > handOver && slices.ContainsFunc(all, func(x era) bool { return x.first < e.first && x.last > old.last }) {
			continue // the old one was given up long before, and others were asked meanwhile
		}
		marks = append(marks, Mark{clock.Day(e.first).String(), kind, old.what, e.what})
	}
	return marks
}
