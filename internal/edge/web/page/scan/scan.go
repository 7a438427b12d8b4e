// Package scan serves the segments that differ from the rest in a score, by evidence, with what else may be behind each.
package scan

import (
	"cmp"
	"math"
	"net/http"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/scan"
)

// Pages serves it.
type Pages struct {
	Insight *insight.Service
	Scan    *scan.Service
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) { s.Page("GET /scan", identity.InsightsRead, p.page) }

var periods = []string{"90d", "12m", "2y"}

// shows are the lists to choose from: what nothing else explains, all that differs, everything that was tested.
var shows = []string{"short", "differ", "all"}

const (
	mostRows = 200
	mostBars = 20
)

// view is what the page shows.
type view struct {
	Periods, Scores, Shows []ui.Tab
	Score                  string
	Problem                string
	N                      int64
	Tested                 string
	Notes                  []string
	Chart                  *ui.Chart
	Rows                   []row
	More                   int
	Query                  string
}

// row is a segment, written out.
type row struct {
	Name, Href        string
	Sentence          string
	Also              string
	Notes             []string
	N, Value          string
	Difference, Range string
	Tone              string
	Q                 string
	Differs           bool
	Small             bool
}

func (p *Pages) page(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	values := q.URL.Query()
	if values.Get("last") == "" && values.Get("from") == "" && values.Get("to") == "" {
		values.Set("last", "12m")
	}
	show := cmp.Or(values.Get("show"), shows[0])
	values.Del("show")
	asked, err := scan.Decode(values)
	var a *scan.Answer
	if err == nil {
		a, err = p.Scan.AskFor(ctx, ws, q.Actor, asked)
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	var v view
	status := http.StatusOK
	if err != nil {
		v.Problem, status = q.Sentence(err), fault.ProblemOf(err).Status
		a, asked = &scan.Answer{Score: cmp.Or(asked.Score, insight.NPS)}, scan.Query{Between: insight.Period{Last: "12m"}}
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	scores, err := p.Insight.Metrics(ctx, ws, asked.Where, asked.Between)
	if err != nil {
		return err
	}
	w := writer{e: q.Env, a: a, name: func(field string) string { return figure.Field(q.Env, field) }}
	w.frame(&v, asked, show, append(scores, string(insight.NetSentiment)))
	w.fill(&v, show)
	return q.Render(status, page(q.Shell("scan", q.Env.T("nav.scan")), v))
}

// writer puts an answer into words.
type writer struct {
	e    ui.Env
	a    *scan.Answer
	name func(string) string
}

func verbatim(s string) i18n.Verbatim { return i18n.Verbatim(s) }

func address(q scan.Query, show string, change func(*scan.Query)) string {
	change(&q)
	v := q.Encode()
	if show != shows[0] {
		v.Set("show", show)
	}
	return "/scan?" + v.Encode()
}

// frame fills in what leads to other questions.
func (w writer) frame(v *view, asked scan.Query, show string, scores []string) {
	e := w.e
	v.Score, v.N = e.T("measure."+string(w.a.Score)), w.a.N
	for _, x := range periods {
		v.Periods = append(v.Periods, ui.Tab{Label: e.T("period." + x), Current: asked.Between.Last == x, Count: -1,
			Href: address(asked, show, func(q *scan.Query) { q.Between = insight.Period{Last: x} })})
	}
	for _, m := range scores {
		v.Scores = append(v.Scores, ui.Tab{Label: e.T("measure." + m), Current: string(w.a.Score) == m, Count: -1,
			Href: address(asked, show, func(q *scan.Query) { q.Score, q.Scale = insight.Measure(m), "" })})
	}
	counts := map[string]int{"short": w.a.Short, "differ": w.a.Differ, "all": w.a.Tests + w.a.PairTests}
	for _, x := range shows {
		v.Shows = append(v.Shows, ui.Tab{Label: e.T("scan.show." + x), Current: show == x, Count: counts[x], Href: address(asked, x, func(*scan.Query) {})})
	}
	v.Query = asked.Encode().Encode()
}

// part names a value of a field.
func (w writer) part(p scan.Part) string {
	return w.e.T("scan.part", "field", w.name(p.Field), "value", figure.Value(w.e, p.Field, p.Value))
}

func (w writer) parts(list []scan.Part) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = w.part(p)
	}
	return strings.Join(names, " · ")
}

// amount writes a difference in the unit of the answer.
func (w writer) amount(d float64) string { return figure.Difference(w.e, w.a.Unit, d) }

// size is an amount without its sign.
func (w writer) size(d float64) string {
	d = math.Abs(d)
	switch w.a.Unit {
	case "share":
		return w.e.T("score.points", "n", verbatim(w.e.N(100*d, 1)))
	case "points":
		return w.e.N(d, 1)
	}
	return w.e.N(d, 2)
}

func (w writer) value(v float64) string {
	if w.a.Unit == "points" {
		return w.e.N(v, 1)
	}
	return figure.Number(w.e, w.a.Score, v)
}

func (w writer) fill(v *view, show string) {
	e, a := w.e, w.a
	if a.N == 0 {
		return
	}
	tested := "scan.tested"
	if a.Differ == 0 {
		tested = "scan.tested_none"
	}
	v.Tested = e.T(tested, "count", a.Differ, "tests", a.Tests, "pairs", a.PairTests, "rate", verbatim(e.Percent(a.Rate, 0)))
	if a.Small > 0 {
		v.Notes = append(v.Notes, e.T("scan.small", "count", a.Small))
	}
	if len(a.Skipped) > 0 {
		v.Notes = append(v.Notes, e.T("scan.skipped", "fields", w.names(a.Skipped)))
	}
	v.Notes = append(v.Notes, e.T("scan.fields", "fields", w.names(a.Fields)))
	if len(a.Paired) > 1 {
		v.Notes = append(v.Notes, e.T("scan.paired", "fields", w.names(a.Paired)))
	}
	v.Notes = append(v.Notes, e.T("scan.mirror"), e.T("scan.method", "rate", verbatim(e.Percent(a.Rate, 0))))
	for _, l := range a.LeftOut {
		v.Notes = append(v.Notes, e.T("drivers.left_out", "count", l.N, "scale", figure.Scale(e, l.Scale)))
	}
	c := ui.Chart{ID: "segments", Kind: "across", Title: e.T("scan.chart", "score", v.Score), Dimension: e.T("scan.segment"), Percent: a.Unit == "share", Decimals: 1, Table: "#table"}
	s := ui.Series{Name: e.T("scan.difference")}
	for _, x := range a.Segments {
		if show == "short" && (!x.Differs || len(x.Explained) > 0) || show == "differ" && !x.Differs {
			continue
		}
		if len(v.Rows) == mostRows {
			v.More++
			continue
		}
		r := w.row(x)
		v.Rows = append(v.Rows, r)
		if len(c.Labels) < mostBars && x.Differs {
			c.Labels = append(c.Labels, r.Name)
			s.Values, s.Low, s.High = append(s.Values, x.Difference), append(s.Low, x.Interval.Low), append(s.High, x.Interval.High)
			s.N, s.Hrefs, s.Small = append(s.N, x.N), append(s.Hrefs, r.Href), append(s.Small, r.Small)
		}
	}
	if len(c.Labels) > 0 {
		c.Series = []ui.Series{s}
		c.Height = max(160, 34*len(c.Labels)+48)
		v.Chart = &c
	}
}

func (w writer) names(fields []string) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = w.name(f)
	}
	return strings.Join(names, ", ")
}

// row writes a segment out.
func (w writer) row(x scan.Segment) row {
	e := w.e
	r := row{Name: w.parts(x.Parts), Href: figure.Behind(x.Feedback), N: e.N(float64(x.N), 0), Value: w.value(x.Value), Difference: w.amount(x.Difference),
		Range: e.T("score.interval", "low", verbatim(w.amount(x.Interval.Low)), "high", verbatim(w.amount(x.Interval.High))), Differs: x.Differs, Small: x.Note != ""}
	r.Q = e.N(x.Q, 3)
	if x.Q < 0.001 {
		r.Q = e.T("scan.below", "n", verbatim(e.N(0.001, 3)))
	}
	if x.Differs && !x.Interval.Contains(0) {
		r.Tone = "bad"
		if x.Difference > 0 == (w.a.Score.BetterOn(w.a.Scale) >= 0) {
			r.Tone = "good"
		}
	}
	key := "scan.above"
	if x.Difference < 0 {
		key = "scan.under"
	}
	r.Sentence = e.T(key, "difference", verbatim(w.size(x.Difference)), "rest", verbatim(w.value(x.Rest)), "range", verbatim(r.Range), "level", verbatim(e.Percent(x.Interval.Level, 0)))
	if len(x.Also) > 0 {
		r.Also = e.T("scan.also", "what", w.parts(x.Also))
	}
	switch {
	case len(x.Explained) == 1:
		r.Notes = append(r.Notes, e.T("scan.within", "what", w.parts(x.Explained)))
	case len(x.Explained) == 2 && x.Excess == nil:
		r.Notes = append(r.Notes, e.T("scan.unknown_parts"))
	case len(x.Explained) == 2:
		r.Notes = append(r.Notes, e.T("scan.predicted", "value", verbatim(w.value(*x.Predicted))))
	case x.Excess != nil:
		r.Notes = append(r.Notes, e.T("scan.excess", "value", verbatim(w.value(*x.Predicted)), "excess", verbatim(w.amount(x.Excess.Value))))
	}
	for i, m := range x.Mixed {
		if i == 2 {
			break
		}
		r.Notes = append(r.Notes, e.T("scan.mixed", "field", w.name(m.Field), "value", verbatim(w.amount(m.Adjusted))))
	}
	return r
}
