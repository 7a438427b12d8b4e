package alert

import (
	"context"
	"math"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat/watch"
)

// Course is how a series went, with what was to be expected of it.
type Course struct {
	Subject Subject  `json:"subject"`
	Bucket  string   `json:"bucket" enum:"week,day"`
	Points  []Moment `json:"points"`
}

// Moment is one period of a Course.
type Moment struct {
	From     string   `json:"from" doc:"First day"`
	To       string   `json:"to" doc:"Last day"`
	Observed *float64 `json:"observed" doc:"null where there was nothing to look at"`
	Expected *float64 `json:"expected" doc:"null while there is too little history for a baseline"`
	Low      *float64 `json:"low" doc:"95 % of such periods lie between low and high while nothing has changed"`
	High     *float64 `json:"high"`
	Limit    *float64 `json:"limit" doc:"From here on one period alone signals"`
	Exposure float64  `json:"exposure,omitempty"`
	State    string   `json:"state" enum:"watched,learning,blank"`
	Signal   bool     `json:"signal" doc:"A rule fired"`
}

// shownPeriods are how many of the latest periods a course has.
var shownPeriods = map[string]int{week: 26, daily: 56}

// Course draws one series up to the last complete day, or up to an earlier day where to is one.
func (s *Service) Course(ctx context.Context, ws identity.WorkspaceID, subject Subject, bucket string, to clock.Day) (Course, error) {
	const op = "alert.Course"
	f, ok := frames[bucket]
	if !ok {
		return Course{}, fault.Bad(op, fault.Field{Path: "bucket", Code: "unknown", Msg: "look at weeks or at days"})
	}
	f.recent = shownPeriods[bucket]
	var w Watch
	var workspace identity.Workspace
	hold, rate := 0, 0.0
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if workspace, err = identity.GetWorkspace(tx, ws); err != nil {
			return err
		}
		if w, err = readWatch(tx, ws); err != nil {
			return err
		}
		if hold, err = held(tx, ws, w.Settings); err != nil {
			return err
		}
		list, err := store.All(tx, store.Value[float64], "/* alert.Course */ SELECT rate FROM alert_series WHERE workspace = $1 AND subject = $2 AND bucket = $3", string(ws), subject.Key(), bucket)
		if len(list) > 0 {
			rate = list[0]
		}
		return err
	}); err != nil {
		return Course{}, fault.Wrap(op, err)
	}
	if rate == 0 { // it is not watched any more: as if it were alone with those that are
		var err error
		if rate, err = watch.FalseAlarmRate(w.Settings.Budget, f.perYear, max(1, w.Report.Series)); err != nil {
			return Course{}, fault.Wrap(op, err)
		}
	}
	last := today(s.db.Clock().Now(), workspace) - 1 - clock.Day(hold)
	if to == 0 || to > last {
		to = last
	}
	c := Course{Subject: subject, Bucket: bucket, Points: []Moment{}}
	l, err := s.drawOne(ctx, ws, w.Settings, f, to, subject)
	if err != nil || l == nil {
		return c, fault.Wrap(op, err)
	}
	index := map[int]int{}
	found, err := l.look(rate, func(at int, p period) {
		m := Moment{From: l.begins[at].String(), To: l.ends[at].String(), State: p.state, Exposure: p.exposure}
		if p.state != Blank {
			m.Observed = finite(p.observed)
		}
		if p.state == Watched || p.high > 0 {
			m.Expected, m.Low, m.High, m.Limit = finite(p.expected), finite(p.low), finite(p.high), finite(p.limit)
		}
		index[at] = len(c.Points)
		c.Points = append(c.Points, m)
	})
	if err != nil {
		return c, fault.Wrap(op, err)
	}
	for _, x := range found.signals {
		c.Points[index[x.at]].Signal = true
	}
	return c, nil
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// drawOne draws one series; nil when there is nothing of it.
func (s *Service) drawOne(ctx context.Context, ws identity.WorkspaceID, set Settings, f frame, to clock.Day, subject Subject) (*line, error) {
	set.Kinds = false
	d := s.drawing(ctx, ws, set, f, to)
	if err := d.volume(); err != nil {
		return nil, err
	}
	cellsOf := func(g *insight.Grid) []insight.GridCell {
		if len(g.Groups) == 0 {
			return nil
		}
		return g.Groups[0].Cells
	}
	switch {
	case subject.Score():
		m := insight.Measure(subject.Measure)
		g, err := d.grid(insight.Query{Measure: m, Where: subject.place(), Scale: subject.Scale})
		if err != nil {
			return nil, err
		}
		bad := map[int]int64{}
		if m == insight.Star {
			low, err := d.grid(insight.Query{Measure: insight.Share, Share: insight.Conditions{{Field: "star_group", Op: "in", Values: []string{badGroup["star"]}}},
				Where: append(subject.place(), insight.Condition{Field: "star_scale", Op: "in", Values: []string{subject.Scale}})})
			if err != nil {
				return nil, err
			}
			for _, c := range cellsOf(low) {
				bad[c.At] = c.Good
			}
		}
		points := map[int]watch.Answers{}
		for _, c := range cellsOf(g) {
			p := pointOf(m, c)
			if m == insight.Star {
				p.Bad = bad[c.At]
			}
			points[c.At] = p
		}
		d.points(subject, points, d.after(g.Marks))
	case subject.Measure == Negative && !subject.ofTheme():
		q := insight.Query{Measure: insight.NegativeShare, Where: subject.place()}
		g, err := d.grid(q)
		if err != nil {
			return nil, err
		}
		blame, err := d.hitsBy(q)
		if err != nil {
			return nil, err
		}
		of := make([]float64, len(d.ends))
		for _, c := range cellsOf(g) {
			of[c.At] = float64(c.N)
		}
		from := d.mix
		if subject.Field == "channel" {
			from = d.mixBy[subject.Value]
		}
		d.count(subject, bad(cellsOf(g)), of, from.relative(blame[""].bad))
	default:
		q := insight.Query{Measure: insight.Count, Where: subject.Behind()}
		g, err := d.grid(q)
		if err != nil {
			return nil, err
		}
		switch subject.Field {
		case "":
			d.count(subject, cellsOf(g), nil, nil)
		case "kind", "channel":
			d.part(subject, cellsOf(g))
		default:
			spoken, err := d.hitsBy(q)
			if err != nil {
				return nil, err
			}
			d.count(subject, cellsOf(g), d.mix.all, d.mix.relative(spoken[""].n))
		}
	}
	if len(d.lines) == 0 {
		return nil, nil
	}
	return d.lines[0], nil
}
