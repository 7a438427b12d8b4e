// Package explore serves the page on which a question is built, answered, kept and exported. The whole question stands in
// the address, so that a link shares it.
package explore

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Pages serves it.
type Pages struct {
	Store   *store.DB
	Insight *insight.Service
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /explore", identity.InsightsRead, p.explore)
	s.Page("GET /explore/definitions", identity.InsightsRead, p.definitions)
	s.Page("POST /explore/views", identity.InsightsSave, p.save)
	s.Page("POST /explore/views/{id}", identity.InsightsSave, p.save)
	s.Page("POST /explore/views/{id}/delete", identity.InsightsSave, p.remove)
}

// view is what the page shows.
type view struct {
	Form     form
	Answer   *answer
	Problems []problem // why there is no answer
	Views    []viewLink
	Saved    *insight.View // that is open
	Mine     bool          // and may be changed by the reader
	Changed  bool          // and no longer asks what was saved
	Save     bool          // the reader may save views
	Fresh    bool          // the workspace has no feedback at all
	Query    string        // of the address that shares the question
}

func (p *Pages) explore(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	sent := collect(q.URL.Query())
	v := view{Save: q.Actor.May(identity.InsightsSave)}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	words, err := p.vocabulary(q)
	if err != nil {
		return err
	}
	question, refused, err := p.question(q, &v, sent)
	if err != nil {
		return err
	}
	share := question.Encode()
	if v.Saved != nil {
		share.Set("view", string(v.Saved.ID))
	}
	v.Query = share.Encode()
	if refused == nil && sent.form {
		switch {
		case q.Partial():
			q.W.Header().Set("HX-Push-Url", "/explore?"+v.Query)
		case len(sent.new) == 0 && q.URL.Query().Get("last") != "custom":
			q.Redirect("/explore?" + v.Query)
			return nil
		}
	}
	var ans *insight.Answer
	if refused == nil {
		if ans, refused = p.Insight.AskFor(ctx, ws, q.Actor, question.Query); refused != nil && !fault.Is(refused, fault.Invalid) && !fault.Is(refused, fault.Denied) {
			return refused
		}
	}
	if ans != nil && ans.Total.N == 0 {
		all, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: insight.Count})
		if err != nil {
			return err
		}
		v.Fresh = all.Total.N == 0
	}
	if strings.Contains(v.Query, "import") { // it may be shown, by its id alone
		if err := figure.NameImports(q, p.Store); err != nil {
			return err
		}
	}
	b := builder{p: p, q: q, e: q.Env, words: words, question: question, sent: sent, ans: ans}
	if v.Form, err = b.form(refused); err != nil {
		return err
	}
	v.Problems = b.problems
	if ans != nil {
		a := b.answer()
		v.Answer = &a
	}
	if err := p.views(q, &v); err != nil {
		return err
	}
	status := http.StatusOK
	if refused != nil && !q.Partial() { // htmx shows no page that failed
		status = fault.ProblemOf(refused).Status
	}
	title := q.Env.T("nav.explore")
	if v.Saved != nil {
		title = v.Saved.Name
	}
	sh := q.Shell("explore", title)
	if q.Partial() {
		return q.Render(status, region(sh, v))
	}
	return q.Render(status, page(sh, v))
}

// question finds what is asked: what the address says, or the saved view, or a first question that has an answer. refused
// says what is wrong with it.
func (p *Pages) question(q *web.Request, v *view, sent asked) (question Question, refused, err error) {
	ctx, ws := q.Context(), q.Workspace.ID
	if id := sent.values.Get("view"); id != "" {
		saved, err := p.Insight.GetView(ctx, ws, q.Actor, insight.ViewID(id))
		switch {
		case err == nil:
			v.Saved = &saved
		case !fault.Is(err, fault.NotFound) || !has(sent.values, "measure"):
			return question, nil, err
		}
	}
	if !has(sent.values, "measure") {
		if v.Saved != nil {
			return Question{v.Saved.Query, v.Saved.Chart}, nil, nil
		}
		return p.first(q, sent.values)
	}
	defaults(sent.values)
	question, refused = Decode(sent.values)
	if v.Saved != nil {
		v.Changed = question.Encode().Encode() != Question{v.Saved.Query, v.Saved.Chart}.Encode().Encode()
	}
	return question, refused, nil
}

// defaults fills in the field that a measure is about.
func defaults(v url.Values) {
	if m := insight.Measure(v.Get("measure")); (m == insight.ThemeSentiment || m == insight.ThemeNegative) && !slices.ContainsFunc(v["by"], func(n string) bool { return n != "" }) {
		v.Set("by", "theme_group")
	}
	of := map[insight.Measure]string{insight.Mean: "nps", insight.Distribution: "channel", insight.ResponseShare: "text"}[insight.Measure(v.Get("measure"))]
	if of == "" {
		v.Del("of")
	} else if v.Get("of") == "" {
		v.Set("of", of)
	}
}

// first is the question of a page that was opened without one: the first score that has answers, by week. Conditions in
// the address are kept, so that other pages can lead here with theirs.
func (p *Pages) first(q *web.Request, given url.Values) (question Question, refused, err error) {
	values := url.Values{"measure": {string(insight.Count)}, "bucket": {"week"}, "last": {"90d"}, "compare": {"previous"}}
	for name, list := range given {
		values[name] = list
	}
	if has(given, "from") || has(given, "to") {
		values.Del("last")
	}
	if question, refused = Decode(values); refused != nil {
		return question, refused, nil
	}
	for _, m := range []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating} {
		a, err := p.Insight.AskFor(q.Context(), q.Workspace.ID, q.Actor, insight.Query{Measure: m, Where: question.Where, Between: question.Between})
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) {
			return question, err, nil
		}
		if err != nil {
			return question, nil, err
		}
		if a.Total.N > 0 {
			question.Measure = m
			break
		}
	}
	if question.Compare != nil && question.Between.Last == "" && (question.Between.From == "" || question.Between.To == "") {
		question.Compare = nil
	}
	return question, nil, nil
}

// vocabulary are the fields of a workspace with their names (figure.NameKnown).
type vocabulary struct {
	e       ui.Env
	fields  []feedback.Field
	numbers map[string]bool
}

func (p *Pages) vocabulary(q *web.Request) (vocabulary, error) {
	w := vocabulary{e: q.Env, numbers: map[string]bool{"sentiment_score": true}}
	err := p.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		w.fields, err = feedback.Fields(tx, q.Workspace.ID)
		return err
	})
	for _, f := range w.fields {
		name := f.Field + "." + f.Key
		w.numbers[name] = f.Kind == "number"
	}
	for _, m := range feedback.Metrics {
		w.numbers[m] = true
	}
	return w, err
}

// wrong collects the fields of an Invalid error.
func wrong(err error) []fault.Field {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Fields
	}
	return nil
}
