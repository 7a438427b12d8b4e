package alert

import (
	"cmp"
	"context"
	"slices"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/watch"
)

// drawing is a bucket of time being drawn from the columns: a few questions, whatever the number of series.
type drawing struct {
	s       *Service
	ctx     context.Context
	ws      identity.WorkspaceID
	set     Settings
	frame   frame
	from    clock.Day // first day that is asked for
	to      clock.Day // last complete day
	begins  []clock.Day
	ends    []clock.Day
	totals  []int64   // feedback by period
	unasked []float64 // pieces that came unasked
	blank   []bool    // so little has arrived that it is no news from customers but from the intake
	lines   []*line
	unseen  map[string]int // by field: values for which there is no place

	places []string // fields that say where texts come from
	mix    *mix
	mixBy  map[string]*mix // by channel
}

// drawing begins one, up to the last complete day.
func (s *Service) drawing(ctx context.Context, ws identity.WorkspaceID, set Settings, f frame, to clock.Day) *drawing {
	days := 1
	if f.bucket == week {
		days = 7
	}
	return &drawing{unseen: map[string]int{}, s: s, ctx: ctx, ws: ws, set: set, frame: f, to: to, from: to - clock.Day(days*(f.recent+f.history+1)) + 1}
}

// draw gives the series of a workspace by a bucket of time, up to the last complete day.
func (s *Service) draw(ctx context.Context, ws identity.WorkspaceID, set Settings, f frame, to clock.Day) (*drawing, error) {
	d := s.drawing(ctx, ws, set, f, to)
	for _, step := range []func() error{d.volume, d.themes, d.channels, d.negative, d.scores} {
		if err := step(); err != nil {
			return nil, fault.Wrap("alert.draw", err)
		}
	}
	if f.bucket == daily {
		d.lines = slices.DeleteFunc(d.lines, func(l *line) bool { return !l.busy() })
	}
	return d, nil
}

// busyDays is how many of the latest days tell whether a series is watched daily: at least one a day, of a score as many answers as may
// be shown. What is rarer is as soon told by its weeks.
const busyDays = 84

func (l *line) busy() bool {
	sum := 0.0
	for i := max(0, len(l.ends)-busyDays); i < len(l.ends); i++ {
		if l.points != nil {
			sum += float64(l.points[i].N) / stat.MinimumToShow
		} else {
			sum += l.counts[i]
		}
	}
	return sum >= busyDays
}

// grid asks one question, by period and of all of them where it does not say otherwise.
func (d *drawing) grid(q insight.Query) (*insight.Grid, error) {
	q.Bucket = cmp.Or(q.Bucket, d.frame.bucket)
	if q.Between == (insight.Period{}) {
		q.Between = insight.Period{From: d.from.String(), To: d.to.String()}
	}
	return d.s.insight.Grid(d.ctx, d.ws, q)
}

// MostValues bounds the series of a field: whatever a client sends may become a channel, and each takes its share of the budget.
const MostValues = 200

// watched are the groups of a field with the most feedback; for how many others there is no place is remembered.
func (d *drawing) watched(field string, groups []insight.GridGroup) []insight.GridGroup {
	if len(groups) <= MostValues {
		return groups
	}
	d.unseen[field] = max(d.unseen[field], len(groups)-MostValues)
	type sized struct {
		insight.GridGroup
		n int64
	}
	list := make([]sized, len(groups))
	for i, x := range groups {
		list[i].GridGroup = x
		for _, c := range x.Cells {
			list[i].n += c.N
		}
	}
	slices.SortStableFunc(list, func(a, b sized) int { return cmp.Compare(b.n, a.n) })
	out := make([]insight.GridGroup, MostValues)
	for i := range out {
		out[i] = list[i].GridGroup
	}
	slices.SortFunc(out, func(a, b insight.GridGroup) int { return slices.Compare(a.Keys, b.Keys) })
	return out
}

// volume is how much was said in all, and of each kind.
func (d *drawing) volume() error {
	g, err := d.grid(insight.Query{Measure: insight.Count, By: []string{"kind"}})
	if err != nil {
		return err
	}
	// Only whole periods: the first and the last of the asked may be cut off.
	n := len(g.Starts)
	for i, start := range g.Starts {
		end := d.to
		if i+1 < n {
			end = g.Starts[i+1] - 1
		}
		if d.frame.bucket == week {
			end = start + 6
		}
		d.begins, d.ends = append(d.begins, start), append(d.ends, end)
	}
	d.totals = make([]int64, n)
	for _, x := range g.Groups {
		for _, c := range x.Cells {
			d.totals[c.At] += c.N
		}
	}
	d.blank = silent(d.totals)
	if err := d.mixtures(); err != nil {
		return err
	}
	// What comes unasked grows with the company and follows its calendar; how its kinds and channels stand to each other does not.
	d.unasked = make([]float64, n)
	var all []insight.GridCell
	for _, x := range g.Groups {
		if slices.Contains(unasked, x.Keys[0]) {
			for _, c := range x.Cells {
				d.unasked[c.At] += float64(c.N)
			}
		}
	}
	for i, k := range d.unasked {
		if k > 0 {
			all = append(all, insight.GridCell{At: i, N: int64(k)})
		}
	}
	if !d.set.Kinds {
		return nil
	}
	d.count(Subject{Measure: Count}, all, nil, nil)
	for _, x := range g.Groups {
		if slices.Contains(unasked, x.Keys[0]) {
			d.part(Subject{Measure: Count, Field: "kind", Value: x.Keys[0]}, x.Cells)
		}
	}
	return nil
}

const (
	// A period with less than a fifth of what the periods before it usually had is not watched, nor is one with nothing at all where
	// there usually is something.
	silentShare  = 0.2
	silentBefore = 8
	silentLeast  = 3
)

// silent are the periods in which so little arrived, of all feedback together, that the intake must have stood still.
func silent(totals []int64) []bool {
	out := make([]bool, len(totals))
	var before []int64
	for i, n := range totals {
		if len(before) == silentBefore {
			sorted := slices.Clone(before)
			slices.Sort(sorted)
			middle := sorted[silentBefore/2]
			if middle >= stat.MinimumToShow && float64(n) < silentShare*float64(middle) || middle >= silentLeast && n == 0 {
				out[i] = true
				continue
			}
			before = before[1:]
		}
		before = append(before, n)
	}
	return out
}

// add takes in a line, without its incomplete periods and without those before the first with anything at all.
func (d *drawing) add(l *line, first int) {
	n := len(d.ends)
	if d.begins[0] < d.from {
		first = max(first, 1)
	}
	if d.ends[n-1] > d.to {
		n--
	}
	if first >= n {
		return
	}
	l.frame, l.begins, l.ends = d.frame, d.begins[first:n], d.ends[first:n]
	if l.points != nil {
		l.points = l.points[first:n]
	} else {
		l.counts, l.exposure, l.outOf = l.counts[first:n], l.exposure[first:n], l.outOf[first:n]
	}
	d.lines = append(d.lines, l)
}

// count adds a line of counts. exposure nil: they are out of nothing, and begin with the first of them. relative, which may be nil, is by how
// much more than usual of what they are out of should be counted in each period.
func (d *drawing) count(s Subject, cells []insight.GridCell, exposure, relative []float64) {
	l := &line{subject: s, counts: make([]float64, len(d.ends)), exposure: make([]float64, len(d.ends)), grows: exposure == nil}
	for _, c := range cells {
		l.counts[c.At] = float64(c.N)
	}
	first := 0
	if exposure == nil {
		if len(cells) == 0 {
			return
		}
		first = cells[0].At
		for i := range l.exposure {
			if !d.blank[i] {
				l.exposure[i] = 1
			}
		}
	} else {
		copy(l.exposure, exposure)
		for first < len(exposure) && exposure[first] == 0 {
			first++
		}
		for i, e := range exposure {
			if e == 0 {
				l.counts[i] = 0
			}
		}
	}
	l.outOf = l.exposure
	if relative != nil {
		l.outOf = slices.Clone(l.exposure)
		for i, x := range relative {
			l.exposure[i] *= x
		}
	}
	d.add(l, first)
}

// part adds a line of a part of what comes unasked, held against all other parts: against the whole it would hold a burst against
// itself.
func (d *drawing) part(s Subject, cells []insight.GridCell) {
	others := slices.Clone(d.unasked)
	for _, c := range cells {
		others[c.At] -= float64(c.N)
	}
	n := len(d.lines)
	d.count(s, cells, others, nil)
	for _, l := range d.lines[n:] {
		l.part = true
	}
}

// themes are groups of themes and the themes in them, out of all texts: how many speak of each, and how many blame it. Blame is watched for
// itself, for it may double where a theme that is often spoken of is hardly spoken of more.
func (d *drawing) themes() error {
	if !d.set.Themes {
		return nil
	}
	tree, err := d.s.insight.Tree(d.ctx, d.ws)
	if err != nil {
		return err
	}
	top := map[string]bool{}
	for _, by := range []string{"theme_group", "theme"} {
		q := insight.Query{Measure: insight.ThemeNegative, By: []string{by}}
		g, err := d.grid(q)
		if err != nil {
			return err
		}
		spoken, err := d.hitsBy(q)
		if err != nil {
			return err
		}
		q.Where = insight.Conditions{{Field: "kind", Op: "in", Values: unasked}}
		came, err := d.grid(q)
		if err != nil {
			return err
		}
		free := map[string][]insight.GridCell{}
		for _, x := range came.Groups {
			free[x.Keys[0]] = x.Cells
		}
		for _, x := range d.watched(by, g.Groups) {
			id, field := x.Keys[0], "theme"
			switch {
			case by == "theme_group":
				top[id] = true
			case top[id]:
				continue
			case slices.ContainsFunc(tree.Under(id), func(c string) bool { return tree.Parent(c) == id }):
				field = "theme_only" // with others under it, it is watched by what is said of it alone
			}
			d.theme(Subject{Measure: Count, Field: field, Value: id}, x.Cells, free[id], d.mix.relative(spoken[id].n))
			if blamed := bad(x.Cells); len(blamed) > 0 {
				d.theme(Subject{Measure: Negative, Field: field, Value: id}, blamed, bad(free[id]), d.mix.relative(spoken[id].bad))
			}
		}
	}
	return nil
}

// theme adds a line of a theme, of which some texts came unasked.
func (d *drawing) theme(s Subject, cells, free []insight.GridCell, relative []float64) {
	n := len(d.lines)
	d.count(s, cells, d.mix.all, relative)
	for _, l := range d.lines[n:] {
		l.unasked = make([]float64, len(l.ends))
		for _, c := range free {
			if at, ok := slices.BinarySearch(l.ends, d.ends[c.At]); ok {
				l.unasked[at] = float64(c.N)
			}
		}
	}
}

// bad are cells of what is bad in cells.
func bad(cells []insight.GridCell) (out []insight.GridCell) {
	for _, c := range cells {
		if c.Bad > 0 {
			out = append(out, insight.GridCell{At: c.At, N: c.Bad})
		}
	}
	return out
}

// channels are what comes unasked, by channel.
func (d *drawing) channels() error {
	if !d.set.Channels {
		return nil
	}
	g, err := d.grid(insight.Query{Measure: insight.Count, By: []string{"channel"}, Where: insight.Conditions{{Field: "kind", Op: "in", Values: unasked}}})
	if err != nil {
		return err
	}
	for _, x := range d.watched("channel", g.Groups) {
		d.part(Subject{Measure: Count, Field: "channel", Value: x.Keys[0]}, x.Cells)
		// A channel that is all there is of a kind would say everything twice, and take its share of the budget.
		if n := len(d.lines) - 1; n > 0 && slices.ContainsFunc(d.lines[:n], func(l *line) bool {
			return l.subject.Field == "kind" && slices.Equal(l.counts, d.lines[n].counts)
		}) {
			d.lines = d.lines[:n]
		}
	}
	return nil
}

// negative are texts that blame, out of those that were read, in all and by channel.
func (d *drawing) negative() error {
	if !d.set.Negative {
		return nil
	}
	q := insight.Query{Measure: insight.NegativeShare, By: []string{"channel"}}
	g, err := d.grid(q)
	if err != nil {
		return err
	}
	blame, err := d.hitsBy(q)
	if err != nil {
		return err
	}
	out := func(groups []insight.GridGroup) (of []float64) {
		of = make([]float64, len(d.ends))
		for _, x := range groups {
			for _, c := range x.Cells {
				of[c.At] += float64(c.N)
			}
		}
		return of
	}
	all, cells := hits{}, make([]insight.GridCell, len(d.ends))
	for i := range cells {
		cells[i].At = i
	}
	for _, x := range g.Groups {
		for _, c := range bad(x.Cells) {
			cells[c.At].N += c.N
		}
		for place, n := range blame[x.Keys[0]].bad {
			sum := all[place]
			all[place] = [2]float64{sum[0] + n[0], sum[1] + n[1]}
		}
	}
	if len(g.Groups) > 1 {
		for _, x := range d.watched("channel", g.Groups) {
			channel := x.Keys[0]
			d.count(Subject{Measure: Negative, Field: "channel", Value: channel}, bad(x.Cells), out([]insight.GridGroup{x}), d.mixBy[channel].relative(blame[channel].bad))
		}
	}
	d.count(Subject{Measure: Negative}, cells, out(g.Groups), d.mix.relative(all))
	return nil
}

// scores are the scores, in all and by the fields that were chosen.
func (d *drawing) scores() error {
	if !d.set.Scores {
		return nil
	}
	for _, m := range Scores {
		if err := d.score(m); err != nil {
			return err
		}
	}
	return nil
}

// fields by which scores are watched: by survey always, for scale and wording are a survey's.
func (set Settings) fields() []string {
	out := []string{"survey"}
	for _, f := range set.Segments {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func (d *drawing) score(m insight.Measure) error {
	scales := []string{""}
	for k := 0; k < len(scales) && k < mostScales; k++ {
		var all map[int]watch.Answers
		var marks []insight.Mark
		for _, field := range d.set.fields() {
			g, err := d.grid(insight.Query{Measure: m, By: []string{field}, Scale: scales[k]})
			if err != nil {
				return err
			}
			if g.Scale == "" || len(g.Groups) == 0 {
				break
			}
			if scales[k] == "" {
				scales[k] = g.Scale
				for _, o := range g.LeftOut {
					scales = append(scales, o.Scale)
				}
			}
			bad, err := d.bad(m, field, g.Scale)
			if err != nil {
				return err
			}
			points := func(x insight.GridGroup) map[int]watch.Answers {
				out := make(map[int]watch.Answers, len(x.Cells))
				for _, c := range x.Cells {
					p := pointOf(m, c)
					if m == insight.Star {
						p.Bad = bad[x.Keys[0]][c.At]
					}
					out[c.At] = p
				}
				return out
			}
			if field == "survey" {
				all, marks = map[int]watch.Answers{}, g.Marks
				for _, x := range g.Groups {
					for at, p := range points(x) {
						all[at] = all[at].Plus(p)
					}
				}
			}
			if len(g.Groups) == 1 {
				continue // it is the whole
			}
			for _, x := range d.watched(field, g.Groups) {
				first := d.after(marks)
				if field == "survey" && len(marks) > 0 {
					if first, err = d.own(m, g.Scale, x.Keys[0]); err != nil {
						return err
					}
				}
				d.points(Subject{Measure: string(m), Field: field, Value: x.Keys[0], Scale: g.Scale}, points(x), first)
			}
		}
		if len(all) > 0 {
			d.points(Subject{Measure: string(m), Scale: scales[k]}, all, d.after(marks))
		}
	}
	return nil
}

// mostScales bounds the scales of one score that are watched.
const mostScales = 4

// pointOf is a cell of a score in the score's unit: NPS in points, the others as insight.Measure has them.
func pointOf(m insight.Measure, c insight.GridCell) watch.Answers {
	p := watch.Answers{N: c.N, Bad: c.Bad}
	switch m {
	case insight.NPS:
		p.Sum, p.Square = 100*float64(c.Good-c.Bad), 1e4*float64(c.Good+c.Bad)
	case insight.Star:
		p.Sum, p.Square = c.Sum, c.Square
	default:
		p.Sum, p.Square = float64(c.Good), float64(c.Good)
	}
	return p
}

// bad are the answers at the bad end of a score of which the means alone are asked, by value of the field and period.
func (d *drawing) bad(m insight.Measure, field, scale string) (map[string]map[int]int64, error) {
	if m != insight.Star {
		return nil, nil
	}
	g, err := d.grid(insight.Query{Measure: insight.Share, By: []string{field}, Share: insight.Conditions{{Field: string(m) + "_group", Op: "in", Values: []string{badGroup[string(m)]}}},
		Where: insight.Conditions{{Field: string(m) + "_scale", Op: "in", Values: []string{scale}}}})
	if err != nil {
		return nil, err
	}
	out := map[string]map[int]int64{}
	for _, x := range g.Groups {
		out[x.Keys[0]] = map[int]int64{}
		for _, c := range x.Cells {
			out[x.Keys[0]][c.At] = c.Good
		}
	}
	return out, nil
}

// after is the first period behind all changes of scale or wording.
func (d *drawing) after(marks []insight.Mark) int {
	first := 0
	for _, m := range marks {
		day, err := clock.ParseDay(m.Day)
		if err != nil {
			continue // written by ourselves
		}
		for i, begin := range d.begins {
			if begin < day {
				first = max(first, i+1)
			}
		}
	}
	return first
}

// own is after for the changes of one survey.
func (d *drawing) own(m insight.Measure, scale, survey string) (int, error) {
	g, err := d.grid(insight.Query{Measure: m, Scale: scale, Where: Subject{Field: "survey", Value: survey}.place()})
	if err != nil {
		return 0, err
	}
	return d.after(g.Marks), nil
}

// points adds a line of a score, from the first answer on that is not before a period.
func (d *drawing) points(s Subject, points map[int]watch.Answers, first int) {
	l := &line{subject: s, points: make([]watch.Answers, len(d.ends))}
	begun := false
	for i := range l.points {
		if i < first {
			continue
		}
		l.points[i] = points[i]
		if !begun && points[i].N > 0 {
			first, begun = i, true
		}
	}
	if begun {
		d.add(l, first)
	}
}
