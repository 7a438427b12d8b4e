// Package home serves the first page: how the scores stand, where they go, and what customers said last.
package home

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Pages serves it.
type Pages struct {
	Identity *identity.Service
	Insight  *insight.Service
	Words    figure.Words
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) { s.Page("GET /{$}", identity.InsightsRead, p.home) }

// view is what the page shows.
type view struct {
	Periods  []ui.Tab
	Scores   []ui.Score
	Trend    *ui.Chart
	Volume   *ui.Chart
	Pinned   []pinned
	Quotes   []ui.Quote
	Total    int64  // feedback of all time
	Period   int64  // in the period
	Heard    string // where just that is shown
	WithText float64
	Texts    int64 // how many of them have words
	Read     string
	Zone     bool // days are still those of the time zone before
	Lead     string
}

type pinned struct {
	Chart ui.Chart
	Href  string
}

type period struct{ last, bucket string }

// periods that can be chosen, with the bucket that suits each.
var periods = []period{{"30d", "day"}, {"90d", "week"}, {"12m", "month"}, {"2y", "month"}}

func (p *Pages) home(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	last := cmp.Or(q.URL.Query().Get("last"), "90d")
	at := slices.IndexFunc(periods, func(x period) bool { return x.last == last })
	if at < 0 {
		return fault.Bad("home", fault.Field{Path: "last", Code: "unknown", Msg: fmt.Sprintf("there is no %q here: it is 30d, 90d, 12m or 2y", last)})
	}
	bucket := periods[at].bucket
	between := insight.Period{Last: last}
	var v view
	for _, x := range periods {
		v.Periods = append(v.Periods, ui.Tab{Label: q.Env.T("period." + x.last), Href: "/?last=" + x.last, Current: x.last == last, Count: -1})
	}
	measures := []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating}
	answers := make([]*insight.Answer, len(measures))
	var total, volume, texts *insight.Answer
	var latest insight.Found
	g, gctx := errgroup.WithContext(ctx)
	ask := func(into **insight.Answer, question insight.Query) {
		g.Go(func() (err error) { *into, err = p.Insight.Ask(gctx, ws, question); return err })
	}
	for i, m := range measures {
		ask(&answers[i], insight.Query{Measure: m, Between: between, Bucket: bucket, Compare: &insight.Compare{To: "previous"}})
	}
	ask(&total, insight.Query{Measure: insight.Count})
	ask(&volume, insight.Query{Measure: insight.Count, Between: between, Bucket: bucket, By: []string{"channel"}, Limit: 7})
	ask(&texts, insight.Query{Measure: insight.ResponseShare, Of: "text", Between: between})
	g.Go(func() (err error) {
		latest, err = p.Insight.Find(gctx, ws, insight.Conditions{{Field: "text", Op: "not_empty"}}, insight.Period{}, "", 5)
		return err
	})
	g.Go(func() (err error) { v.Zone, err = p.Identity.Rezoning(gctx, ws); return err })
	var views []insight.View
	g.Go(func() (err error) { views, err = p.Insight.Views(gctx, ws, q.Actor); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	v.Total, v.Period = total.Total.N, volume.Total.N
	v.Heard, v.Read = volume.Total.Behind("/feedback"), texts.Total.Behind("/feedback")
	if texts.Total.Value != nil {
		v.WithText, v.Texts = *texts.Total.Value, *texts.Total.Parts.Hits
	}
	against := q.Env.T("home.against")
	for _, a := range answers {
		if a.Total.N == 0 {
			continue
		}
		v.Scores = append(v.Scores, figure.Score(q.Env, a, "previous", against))
		if v.Trend == nil {
			if c, ok := figure.Chart(q.Env, "trend", a); ok {
				v.Trend = &c
			}
		}
	}
	if c, ok := figure.Chart(q.Env, "volume", volume); ok {
		v.Volume = &c
	}
	for _, saved := range views {
		if !saved.Pinned || len(v.Pinned) == 6 {
			continue
		}
		a, err := p.Insight.AskFor(ctx, ws, q.Actor, saved.Query)
		if fault.Is(err, fault.Denied) { // shared by somebody who may know more
			continue
		}
		if err != nil {
			return err
		}
		if c, ok := figure.Chart(q.Env, "view-"+string(saved.ID), a); ok {
			c.Title = saved.Name
			v.Pinned = append(v.Pinned, pinned{c, "/explore?view=" + string(saved.ID)})
		}
	}
	quotes, err := p.Words.Quotes(q, latest.Feedback, nil)
	if err != nil {
		return err
	}
	v.Quotes = quotes
	return q.Render(http.StatusOK, page(q.Shell("home", q.Env.T("nav.home")), v))
}
