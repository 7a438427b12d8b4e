// Package drivers serves what moves a score: how much each driver counts and how surely, its effect in points, whether to fix or to
// delight, what there is to gain, and what to know before believing it.
package drivers

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// Pages serves it.
type Pages struct {
	Insight *insight.Service
	Driving *driving.Service
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) { s.Page("GET /drivers", identity.InsightsRead, p.page) }

var periods = []string{"90d", "12m", "2y"}

// view is what the page shows.
type view struct {
	Periods, Scores, Blocks []ui.Tab
	Score                   string
	Problem                 string
	Empty                   bool // there is nothing to tell apart
	Lead                    string
	Ties                    string // what the lines between the rows say
	Chart                   *ui.Chart
	Rows                    []row
	Effects                 bool // some are known
	About                   bool // all drivers are themes
	Classes                 bool
	Gains                   bool
	Actions                 []action
	Warnings                []string
	Method                  []string
	Groups                  []group
	Refused                 []string
	Hidden                  url.Values
	Chosen                  bool // somebody has chosen the drivers
	Reset                   string
	Query                   string
}

// row is a driver, written out.
type row struct {
	Name, Kind, Href    string
	Rank                string
	First               bool // of those that cannot be told apart from the ones above it
	Share, ShareRange   string
	Effect, EffectRange string
	EffectQ, EffectTone string
	Step                string
	Levels              []level
	Class, ClassTone    string
	ClassRange          string
	Gain, GainRange     string
	Coverage            string
	Theme               bool
	Corrected           string // a theme's share without the errors of the reading
}

type level struct{ Name, Effect, Range, Q, Tone string }

// action is something to make better, with what it would bring.
type action struct {
	Name, Text, Gain, Range, Moved, Href string
}

// group are candidates of one kind.
type group struct {
	Label string
	Picks []pick
}

type pick struct {
	Field, Name, Coverage string
	On, Held              bool
}

func (p *Pages) page(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	values := q.URL.Query()
	if values.Get("last") == "" && values.Get("from") == "" && values.Get("to") == "" {
		values.Set("last", "12m")
	}
	asked, err := driving.Decode(values)
	var a *driving.Answer
	if err == nil {
		a, err = p.Driving.AskFor(ctx, ws, q.Actor, asked)
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	var v view
	status := http.StatusOK
	if err != nil {
		v.Problem, status = q.Sentence(err), fault.ProblemOf(err).Status
		a, asked = &driving.Answer{Score: cmp.Or(asked.Score, insight.NPS)}, driving.Query{Between: insight.Period{Last: "12m"}}
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	e := q.Env // with the names
	scores, err := p.Insight.Metrics(ctx, ws, asked.Where, asked.Between)
	if err != nil {
		return err
	}
	w := writer{e: e, a: a, name: func(field string) string { return figure.Field(e, field) }}
	w.frame(&v, asked, scores)
	if v.Problem == "" {
		w.fill(&v)
	}
	return q.Render(status, page(q.Shell("drivers", e.T("nav.drivers")), v))
}

// writer puts an answer into words.
type writer struct {
	e    ui.Env
	a    *driving.Answer
	name func(string) string
}

// address is a question's, with some of it changed.
func address(q driving.Query, change func(*driving.Query)) string {
	change(&q)
	return "/drivers?" + q.Encode().Encode()
}

// frame fills in what leads to other questions.
func (w writer) frame(v *view, asked driving.Query, scores []string) {
	e := w.e
	v.Score = e.T("measure." + string(w.a.Score))
	for _, x := range periods {
		v.Periods = append(v.Periods, ui.Tab{Label: e.T("period." + x), Current: asked.Between.Last == x, Count: -1,
			Href: address(asked, func(q *driving.Query) { q.Between = insight.Period{Last: x} })})
	}
	for _, m := range scores {
		v.Scores = append(v.Scores, ui.Tab{Label: e.T("measure." + m), Current: string(w.a.Score) == m, Count: -1,
			Href: address(asked, func(q *driving.Query) { q.Score, q.Block, q.Drivers, q.Scale = insight.Measure(m), "", nil, "" })})
	}
	for _, b := range w.a.Blocks {
		v.Blocks = append(v.Blocks, ui.Tab{Label: w.block(b), Current: b.ID == w.a.Block, Count: int(b.N),
			Href: address(asked, func(q *driving.Query) { q.Block, q.Drivers = b.ID, nil })})
	}
	v.Chosen = len(asked.Drivers) > 0
	v.Reset = address(asked, func(q *driving.Query) { q.Drivers = nil })
	v.Query = asked.Encode().Encode()
	asked.Drivers = nil
	asked.Block = w.a.Block
	v.Hidden = asked.Encode()
}

func (w writer) block(b driving.Block) string {
	if b.Of == "survey" {
		return cmp.Or(b.Survey, b.Source, w.e.T("value.none"))
	}
	return w.e.T("drivers.block." + b.Of)
}

func verbatim(s string) i18n.Verbatim { return i18n.Verbatim(s) }

// amount writes an effect in the unit of the answer.
func (w writer) amount(v float64) string { return figure.Difference(w.e, w.a.Unit, v) }

func (w writer) interval(i stat.Interval) string {
	return w.e.T("score.interval", "low", verbatim(w.amount(i.Low)), "high", verbatim(w.amount(i.High)))
}

// corrected is an effect's p with the number of effects allowed for.
func (w writer) corrected(e *driving.Effect) string {
	return w.e.T("drivers.q", "p", say.P(w.e.Locale, e.Q))
}

func tone(e *driving.Effect) string {
	switch {
	case !e.Distinguishable:
		return ""
	case e.Value > 0:
		return "good"
	}
	return "bad"
}

// number writes a value of a field as short as it can be.
func (w writer) number(v float64) string { return w.e.N(math.Round(v*100)/100, -1) }

func (w writer) fill(v *view) {
	e, a := w.e, w.a
	w.choices(v)
	for _, r := range a.Refused {
		var same []string
		for _, s := range r.Same {
			same = append(same, w.name(s))
		}
		v.Refused = append(v.Refused, e.T("drivers.refused."+r.Reason, "field", w.name(r.Field), "others", strings.Join(same, ", ")))
	}
	if v.Empty = len(a.Drivers) == 0; v.Empty {
		return
	}
	var held []string
	for _, c := range a.Controls {
		held = append(held, w.control(c))
	}
	lead, decimals := "drivers.importance_lead", 0
	if w.nothing() {
		lead, decimals = "drivers.nothing_lead", 1
	}
	v.Lead = e.T(lead, "count", a.N, "r2", verbatim(e.Percent(a.R2, decimals)), "score", v.Score, "controls", strings.Join(held, ", "))
	for i, d := range a.Drivers {
		r := w.row(d)
		r.First = i > 0 && a.Drivers[i-1].Tie != d.Tie
		if v.Ties == "" && len(a.Drivers) > 1 && r.Rank != "" {
			v.Ties = e.T("drivers.all_tied")
		}
		if r.First {
			v.Ties = e.T("drivers.tie_note")
		}
		v.Rows = append(v.Rows, r)
		v.About = r.Theme && (v.About || i == 0)
		v.Effects = v.Effects || r.Effect != "" || len(r.Levels) > 0
		v.Classes = v.Classes || r.Class != ""
		v.Gains = v.Gains || r.Gain != ""
	}
	if !w.nothing() {
		v.Chart = w.chart()
	}
	w.actions(v)
	for _, x := range a.Warnings {
		v.Warnings = append(v.Warnings, e.T("drivers.warn."+string(x)))
	}
	if a.Sampled {
		v.Warnings = append(v.Warnings, e.T("drivers.warn.sampled", "count", a.Answers))
	}
	for _, l := range a.LeftOut {
		v.Warnings = append(v.Warnings, e.T("drivers.left_out", "count", l.N, "scale", figure.Scale(e, l.Scale)))
	}
	v.Method = []string{
		e.T("drivers.method.importance", "resamples", a.Resamples, "seed", verbatim(e.N(float64(a.Seed), 0)), "parts", a.Parts),
		e.T("drivers.method.effect", "tested", a.Tested, "rate", verbatim(e.N(stat.ExploreQ, 2))),
		e.T("drivers.method.condition", "condition", verbatim(e.N(a.Condition, 1)), "r2", verbatim(e.Percent(a.AdjR2, 1))),
		e.T("drivers.missing."+a.Missing, "count", a.N, "all", verbatim(e.N(float64(a.Answers), 0))),
	}
}

// leastWhole is the part of how answers differ below which its shares are shares of nothing.
const leastWhole = 0.01

// nothing tells whether the drivers account for next to nothing together: for less than so many drivers do by chance, or less than one per
// cent. A chart of how they share it would look like a finding.
func (w writer) nothing() bool { return w.a.R2 < leastWhole || w.a.AdjR2 <= 0 }

// control names what is held still.
func (w writer) control(field string) string {
	if field == "quarter" {
		return w.e.T("bucket.quarters")
	}
	return w.name(field)
}

// row writes a driver out.
func (w writer) row(d driving.Driver) row {
	e := w.e
	r := row{Name: w.name(d.Field), Kind: e.T("drivers.kind." + string(d.Kind)), Href: figure.Behind(d.Feedback), Share: e.Percent(d.Share, 0), Coverage: e.Percent(d.Coverage, 0)}
	if w.nothing() {
		r.Share = ""
	}
	if r.Theme = d.Kind == driving.Theme; r.Theme {
		r.Coverage = e.Percent(d.Coverage, 1)
	}
	if c := d.Corrected; c != nil {
		r.Corrected = e.T("drivers.corrected", "share", verbatim(e.Percent(c.Share, 1)))
	}
	switch {
	case d.Rank == [2]int{}:
	case d.Rank[0] == d.Rank[1]:
		r.Rank = e.N(float64(d.Rank[0]), 0)
	default:
		r.Rank = e.T("drivers.rank_range", "from", d.Rank[0], "to", d.Rank[1])
	}
	if i := d.Interval; i != nil && w.a.R2 > 0 {
		low, high := figure.Within(i.Low/w.a.R2, i.High/w.a.R2)
		r.ShareRange = e.T("score.interval", "low", verbatim(e.Percent(low, 0)), "high", verbatim(e.Percent(high, 0)))
	}
	if x := d.Effect; x != nil {
		r.Effect, r.EffectRange, r.EffectQ, r.EffectTone = w.amount(x.Value), w.interval(x.Interval), w.corrected(x), tone(x)
		switch {
		case d.Kind == driving.Theme:
			r.Step = e.T("drivers.step_theme")
		case d.Step == 1:
			r.Step = e.T("drivers.step_one")
		default:
			r.Step = e.T("drivers.step", "n", verbatim(w.number(d.Step)))
		}
	}
	for i, l := range d.Levels {
		if i == 0 {
			continue
		}
		x := level{Name: w.value(d.Field, l)}
		if l.Effect != nil {
			x.Effect, x.Range, x.Q, x.Tone = w.amount(l.Effect.Value), w.interval(l.Effect.Interval), w.corrected(l.Effect), tone(l.Effect)
		}
		r.Levels = append(r.Levels, x)
	}
	if len(r.Levels) > 0 {
		r.Step = e.T("drivers.against", "value", w.value(d.Field, d.Levels[0]))
		slices.SortStableFunc(r.Levels, func(a, b level) int { return cmp.Compare(flag(b.Tone != ""), flag(a.Tone != "")) })
	}
	if x := d.Asymmetry; x != nil {
		name, t := class(x.Class)
		r.Class, r.ClassTone = e.T("drivers.class."+name), t
		r.ClassRange = e.T("drivers.class_detail", "low", verbatim(w.amount(x.Penalty.Value)), "high", verbatim(w.amount(x.Reward.Value)))
	}
	if g := d.Gain; g != nil {
		r.Gain, r.GainRange = w.amount(g.Points), w.interval(g.Interval)
	}
	return r
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w writer) value(field string, l driving.Level) string {
	if l.Other {
		return w.e.T("drivers.other")
	}
	return figure.Value(w.e, field, l.Value)
}

// class is the key and the colour of what a rating is good for.
func class(c driver.Class) (key, tone string) {
	switch c {
	case driver.Dissatisfier:
		return "fix", "bad"
	case driver.Satisfier:
		return "delight", "good"
	case driver.Hybrid:
		return "both", "accent"
	case driver.NoAsymmetry:
		return "even", ""
	case driver.Unclear:
		return "unclear", "warn"
	}
	return "few", ""
}

// chart draws each driver's share of what they account for together.
func (w writer) chart() *ui.Chart {
	e := w.e
	zero := 0.0
	c := &ui.Chart{ID: "importance", Kind: "across", Title: e.T("drivers.chart"), Dimension: e.T("drivers.driver"), Percent: true, Min: &zero, Table: "#drivers"}
	s := ui.Series{Name: e.T("drivers.share")}
	for _, d := range w.a.Drivers {
		c.Labels = append(c.Labels, w.name(d.Field))
		s.Values = append(s.Values, d.Share)
		low, high := math.NaN(), math.NaN()
		if d.Interval != nil && w.a.R2 > 0 {
			low, high = figure.Within(d.Interval.Low/w.a.R2, d.Interval.High/w.a.R2)
		}
		s.Low, s.High, s.Hrefs = append(s.Low, low), append(s.High, high), append(s.Hrefs, figure.Behind(d.Feedback))
	}
	c.Series = []ui.Series{s}
	c.Height = max(160, 34*len(c.Labels)+48)
	return c
}

// actions lists what there is to gain, the most first.
func (w writer) actions(v *view) {
	e := w.e
	list := slices.DeleteFunc(slices.Clone(w.a.Drivers), func(d driving.Driver) bool { return d.Gain == nil })
	slices.SortStableFunc(list, func(a, b driving.Driver) int { return cmp.Compare(b.Gain.Points, a.Gain.Points) })
	for _, d := range list {
		g := d.Gain
		x := action{Name: w.name(d.Field), Gain: w.amount(g.Points), Range: w.interval(g.Interval), Href: figure.Behind(d.Feedback)}
		x.Text = e.T("drivers.gain."+g.Bad, "limit", verbatim(w.number(g.Limit)), "value", figure.Value(e, d.Field, g.Value),
			"now", verbatim(e.Percent(g.Now, 0)), "best", verbatim(e.Percent(g.Best, 0)), "where", w.name(g.Where), "is", figure.Value(e, g.Where, g.Is))
		if g.Moved != nil && *g.Moved >= 1 {
			x.Moved = e.T("drivers.moved", "count", int64(math.Round(*g.Moved)), "all", verbatim(e.N(float64(w.a.Customers), 0)))
		}
		v.Actions = append(v.Actions, x)
	}
}

// choices lists what could be looked at.
func (w writer) choices(v *view) {
	for _, k := range []driving.Kind{driving.Rating, driving.Fact, driving.Choice, driving.Attribute, driving.Theme} {
		g := group{Label: w.e.T("drivers.kinds." + string(k))}
		for _, c := range w.a.Candidates {
			if c.Kind == k {
				g.Picks = append(g.Picks, pick{Field: c.Field, Name: w.name(c.Field), Coverage: w.e.Percent(c.Coverage, 0), On: c.Role == "driver", Held: c.Role == "control"})
			}
		}
		if len(g.Picks) > 0 {
			v.Groups = append(v.Groups, g)
		}
	}
}

// hidden are the fields of a form that say what is asked beside its own controls.
func hidden(v url.Values) []ui.Option {
	var out []ui.Option
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, x := range v[name] {
			out = append(out, ui.Option{Label: name, Value: x})
		}
	}
	return out
}
