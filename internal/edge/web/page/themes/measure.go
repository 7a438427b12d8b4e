package themes

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/theme"
)

// few is how many answers a figure needs before it is shown.
const few = 10

// estimate is a figure with its interval; value is NaN where there is none.
type estimate struct {
	value, low, high float64
	has              bool // low and high hold the interval
	n                int64
	decimals         int
	share            bool // a difference of shares
}

// signed writes a value in the estimate's unit: percentage points where it is a difference of shares.
func (f estimate) signed(e ui.Env, v float64) string {
	if f.share {
		return e.T("score.points", "n", verbatim(e.Signed(100*v, max(1, f.decimals))))
	}
	return e.Signed(v, f.decimals)
}

var none = estimate{value: math.NaN()}

func (f estimate) interval(e ui.Env) string {
	if !f.has {
		return ""
	}
	if f.share { // the unit once
		return e.T("score.interval", "low", verbatim(e.Signed(100*f.low, max(1, f.decimals))), "high", verbatim(f.signed(e, f.high)))
	}
	return e.T("score.interval", "low", verbatim(f.signed(e, f.low)), "high", verbatim(f.signed(e, f.high)))
}

// numbers are what is known of a theme in a period. Those of a theme count what stands under it.
type numbers struct {
	n, before int64               // texts about it, now and in the period before
	change    float64             // of its share of the texts; NaN where it cannot be told
	shift     *insight.Comparison // of its share of the texts with that in the period before
	net       estimate
	score     estimate
	impact    estimate
	feedback  string // query string of the texts about it
}

// measured are the numbers of all themes of a workspace in a period.
type measured struct {
	texts, textsBefore, allTexts int64 // feedback with words
	metrics                      []insight.Measure
	metric                       insight.Measure
	unit                         string // of the metric, as an answer tells it
	by                           map[string]numbers
}

func (m *measured) of(id string) numbers {
	if x, ok := m.by[id]; ok {
		return x
	}
	return numbers{change: math.NaN(), net: none, score: none, impact: none, feedback: url.Values{"theme": {id}}.Encode()}
}

var scores = []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating}

var worded = insight.Conditions{{Field: "has_text", Op: "in", Values: []string{"yes"}}}

// measure asks for the numbers of all themes that count, and of those of list that wait for a person. metric is the score to show; the first one
// that has answers where it has none.
func (p *Pages) measure(ctx context.Context, ws identity.WorkspaceID, list []theme.Theme, period insight.Period, metric insight.Measure) (*measured, error) {
	m := &measured{by: map[string]numbers{}}
	var total, everything *insight.Answer
	given := make([]*insight.Answer, len(scores))
	g, gctx := errgroup.WithContext(ctx)
	ask := func(into **insight.Answer, question insight.Query) {
		g.Go(func() (err error) { *into, err = p.Insight.Ask(gctx, ws, question); return err })
	}
	previous := &insight.Compare{To: "previous"}
	ask(&total, insight.Query{Measure: insight.Count, Where: worded, Between: period, Compare: previous})
	ask(&everything, insight.Query{Measure: insight.Count, Where: worded})
	for i, s := range scores {
		ask(&given[i], insight.Query{Measure: insight.ResponseShare, Of: string(s), Where: worded, Between: period})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	m.texts, m.allTexts = total.Total.N, everything.Total.N
	if c := total.Total.Compare; c != nil {
		m.textsBefore = c.N
	}
	for i, a := range given {
		if p := a.Total.Parts; p != nil && p.Hits != nil && *p.Hits >= few {
			m.metrics = append(m.metrics, scores[i])
		}
	}
	if len(m.metrics) > 0 {
		if m.metric = m.metrics[0]; slices.Contains(m.metrics, metric) {
			m.metric = metric
		}
	}
	if m.texts+m.textsBefore == 0 {
		return m, nil
	}
	score := m.metric
	if score == "" {
		score = insight.NPS
	}
	q := insight.ThemesQuery{Score: score, Where: worded, Between: period, Compare: "previous"}
	a, err := p.Insight.Themes(ctx, ws, q)
	if err != nil {
		return nil, err
	}
	m.unit, q.Scale = a.Unit, a.Scale
	m.add(a.Themes, true)
	least, err := p.Insight.Smallest(ctx, ws)
	if err != nil {
		return nil, err
	}
	// What waits counts only where it is named, and there are few texts beside its own in such a question: impacts are estimated among all.
	var waiting []string
	for _, t := range list {
		if t.Waits() {
			waiting = append(waiting, t.ID)
		}
	}
	for ids := range slices.Chunk(waiting, 1000) { // as many as a condition takes
		q.Where = append(slices.Clone(worded), insight.Condition{Field: "theme", Op: "in", Values: ids})
		if a, err = p.Insight.Themes(ctx, ws, q); err != nil {
			return nil, err
		}
		a.Themes = slices.DeleteFunc(a.Themes, func(r insight.ThemeRow) bool { return !slices.Contains(ids, r.ID) })
		for i, r := range a.Themes { // the shares there are of texts about what waits
			if r.Change != nil {
				a.Themes[i].Change = m.shifted(r.N, r.Change.N, least)
			}
		}
		m.add(a.Themes, false)
	}
	return m, nil
}

// shifted compares shares of all texts, now and in the period before.
func (m *measured) shifted(now, before int64, least func(float64) float64) *insight.Comparison {
	c := &insight.Comparison{N: before, Verdict: "too_few"}
	if m.texts < few || m.textsBefore < few {
		return c
	}
	d, err := stat.Newcombe(min(before, m.textsBefore), m.textsBefore, min(now, m.texts), m.texts, stat.DefaultLevel)
	if err != nil {
		return c
	}
	c.Difference, c.Interval = &d.Estimate, &d.Interval
	smallest := least(float64(before) / float64(m.textsBefore))
	c.Minimum, c.Verdict = &smallest, insight.Verdict(d.Estimate, d.Interval, smallest)
	return c
}

// add takes in themes as an answer tells them, with or without their impacts.
func (m *measured) add(rows []insight.ThemeRow, impacts bool) {
	for _, r := range rows {
		x := numbers{n: r.N, change: math.NaN(), net: estimate{value: math.NaN(), n: r.N}, score: estimated(r.Score), impact: none, feedback: r.Feedback}
		if c := r.Change; c != nil {
			x.before, x.shift = c.N, c
		}
		if r.Net != nil {
			x.net.value = *r.Net
		}
		if i := r.NetRange; i != nil {
			x.net.low, x.net.high, x.net.has = i.Low, i.High, true
		}
		if i := r.Impact; i != nil && impacts {
			x.impact = impact(*i, m.unit)
		}
		m.by[r.ID] = x
	}
}

// impact is a theme's impact on a score of a unit, as an answer tells it.
func impact(i insight.ThemeImpact, unit string) estimate {
	f := estimate{value: i.Value, low: i.Interval.Low, high: i.Interval.High, has: true, decimals: 1, share: unit == "share"}
	if unit == "scale" { // of a few steps
		f.decimals = 2
	}
	// What is told apart from 0 is not written with an end that is 0.
	if zero := func(v float64) bool {
		if f.share {
			v *= 100
		}
		return math.Abs(v) < math.Pow10(-f.decimals)/2
	}; f.low*f.high > 0 && (zero(f.low) || zero(f.high)) {
		f.decimals++
	}
	return f
}

func estimated(r insight.Row) estimate {
	f := estimate{value: math.NaN(), n: r.N}
	if r.Value != nil {
		f.value = *r.Value
	}
	if i := r.Interval; i != nil {
		f.low, f.high, f.has = i.Low, i.High, true
	}
	return f
}

// points writes a difference of shares in percentage points.
func points(e ui.Env, d float64) string {
	return e.T("score.points", "n", verbatim(e.Signed(100*d, 1)))
}

func verbatim(s string) i18n.Verbatim { return i18n.Verbatim(s) }

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func themeHref(id string) string { return "/themes/" + url.PathEscape(id) }
