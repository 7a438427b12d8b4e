// Package imports serves the pages on which a file of feedback is brought in: dropped, looked at, mapped, watched on its way,
// and seen as a score by week.
package imports

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/transfer"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Pages serves them.
type Pages struct {
	Imports *imports.Service
	Insight *insight.Service
	Feeder  *insight.Feeder
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	page := func(pattern string, fn func(*web.Request) error) { s.Page(pattern, identity.ImportsWrite, fn) }
	page("GET /import", p.list)
	page("POST /import", p.upload)
	page("GET /import/{id}", p.one)
	page("POST /import/{id}/reading", p.read)
	page("POST /import/{id}/mapping", p.mapping)
	page("POST /import/{id}/cancel", p.act(p.Imports.Cancel))
	page("POST /import/{id}/resume", p.act(p.Imports.Resume))
	page("POST /import/{id}/discard", p.discard)
	page("GET /import/{id}/refused.csv", func(q *web.Request) error {
		return transfer.SendRefused(q.W, q.Request, p.Imports, q.Actor, func(f fault.Field) string { return reason(q.Env, f) })
	})
}

type listView struct {
	Error   string
	Imports []imports.Import
	Pager   ui.Page
	Live    bool // something is on its way: the page looks again
}

func (p *Pages) list(q *web.Request) error { return p.showList(q, http.StatusOK, nil) }

// showList shows the file drop and the imports so far; refused is why a file was not taken.
func (p *Pages) showList(q *web.Request, status int, refused error) error {
	cursor := q.URL.Query().Get("cursor")
	all, next, err := p.Imports.List(q.Context(), q.Workspace.ID, q.Actor, cursor, 25)
	if err != nil {
		return err
	}
	v := listView{Imports: all, Pager: ui.Page{Shown: len(all), Total: -1}}
	if next != "" {
		v.Pager.Next = "/import?cursor=" + url.QueryEscape(next)
	}
	if cursor != "" {
		v.Pager.Prev = "/import"
	}
	for _, im := range all {
		v.Live = v.Live || im.State == imports.Queued || im.State == imports.Running
	}
	if refused != nil {
		v.Error = problem(q.Env, refused)
	}
	return q.Render(status, listPage(q.Shell("import", q.Env.T("nav.import")), v))
}

func (p *Pages) upload(q *web.Request) error {
	file, name, err := transfer.Upload(q.Request)
	var im imports.Import
	if err == nil {
		im, err = p.Imports.Upload(q.Context(), q.Workspace.ID, q.Actor, name, file)
	}
	if fault.Is(err, fault.Invalid) {
		return p.showList(q, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	q.Redirect("/import/" + string(im.ID))
	return nil
}

// one shows an import as it stands: a draft to look through, a progress, or what came of it.
func (p *Pages) one(q *web.Request) error {
	im, err := p.get(q)
	if err != nil {
		return err
	}
	if im.State == imports.Draft {
		return p.draft(q, im, im.Mapping, http.StatusOK)
	}
	return p.watch(q, im)
}

func (p *Pages) get(q *web.Request) (imports.Import, error) {
	return p.Imports.Get(q.Context(), q.Workspace.ID, q.Actor, imports.ID(q.PathValue("id")))
}

// read looks at the file again, as the reader says that it is to be read.
func (p *Pages) read(q *web.Request) error {
	im, err := p.get(q)
	if err != nil {
		return err
	}
	o := table.Options{Format: im.Settings.Format}
	if q.PostFormValue("guess") == "" {
		o.Encoding, o.Sheet = q.PostFormValue("encoding"), q.PostFormValue("sheet")
		if d := q.PostFormValue("delimiter"); d != "" {
			o.Delimiter = rune(d[0])
		}
		if h := q.PostFormValue("header"); h != "" {
			yes := h == "yes"
			o.Header = &yes
		}
	}
	if _, err := p.Imports.Inspect(q.Context(), q.Workspace.ID, q.Actor, im.ID, o); err != nil {
		return err
	}
	q.Redirect("/import/" + string(im.ID))
	return nil
}

// mapping keeps what was chosen for the columns, and starts when the reader said so. htmx sends every change here, and
// gets the page with the preview of it.
func (p *Pages) mapping(q *web.Request) error {
	im, err := p.get(q)
	if err != nil {
		return err
	}
	if im.State != imports.Draft {
		q.Redirect("/import/" + string(im.ID))
		return nil
	}
	q.Body = http.MaxBytesReader(q.W, q.Body, 8<<20)
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "imports.mapping", "the form cannot be read")
	}
	m, err := decode(im, q.PostForm, q.Workspace.Location())
	if err == nil {
		im, err = p.Imports.SetMapping(q.Context(), q.Workspace.ID, q.Actor, im.ID, m)
	}
	switch {
	case fault.Is(err, fault.Invalid):
		if im, err = p.get(q); err != nil {
			return err
		}
		status := http.StatusUnprocessableEntity
		if q.Partial() { // htmx shows no page that failed
			status = http.StatusOK
		}
		return p.draft(q, im, m, status)
	case err != nil:
		return err
	case q.PostForm.Has("start"):
		if _, err := p.Imports.Start(q.Context(), q.Workspace.ID, q.Actor, im.ID); err != nil {
			return err
		}
	case q.Partial():
		return p.draft(q, im, m, http.StatusOK)
	}
	q.Redirect("/import/" + string(im.ID))
	return nil
}

func (p *Pages) act(do func(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im imports.ID) (imports.Import, error)) func(*web.Request) error {
	return func(q *web.Request) error {
		im, err := do(q.Context(), q.Workspace.ID, q.Actor, imports.ID(q.PathValue("id")))
		if err != nil && !fault.Is(err, fault.Conflict) { // it went on meanwhile: the page shows how it stands
			return err
		}
		if err != nil {
			im.ID = imports.ID(q.PathValue("id"))
		}
		q.Redirect("/import/" + string(im.ID))
		return nil
	}
}

func (p *Pages) discard(q *web.Request) error {
	if err := p.Imports.Discard(q.Context(), q.Workspace.ID, q.Actor, imports.ID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "import.discarded")
	q.Redirect("/import")
	return nil
}

// watchView is an import that was started.
type watchView struct {
	Import   imports.Import
	Progress ui.Progress
	Counts   []count
	Rate     string
	Live     bool   // the page looks again in a second
	Next     string // at this address
	Waiting  bool   // the figures are not complete yet
	Step     int
	Chart    *ui.Chart
	Score    *ui.Score
	Explore  string
	SeeLabel string
}

type count struct {
	Label string
	N     int64
	Tone  string
}

func (p *Pages) watch(q *web.Request, im imports.Import) error {
	e := q.Env
	v := watchView{Import: im, Step: 2, Progress: ui.Progress{Label: e.T("import.state." + string(im.State)), Done: im.Rows, Total: im.Total, State: "running"}}
	v.Live = im.State == imports.Queued || im.State == imports.Running
	v.Progress.Detail = e.T("import.rows_of", "done", im.Rows, "total", max(im.Total, im.Rows))
	if im.State.Ended() {
		v.Progress.State, v.Progress.Detail = string(im.State), e.T("import.rows", "count", im.Rows)
	}
	if im.State == imports.Done {
		v.Progress.Done, v.Progress.Total = 1, 1
	}
	v.Counts = []count{{e.T("import.created"), im.Created, "good"}, {e.T("import.duplicates"), im.Duplicates, ""}}
	tone := ""
	if im.Refused > 0 {
		tone = "bad"
	}
	v.Counts = append(v.Counts, count{e.T("import.refused"), im.Refused, tone})
	v.rate(q)
	if im.Created+im.Duplicates > 0 && im.State.Ended() {
		v.Step = 3
		if err := p.result(q, im, &v); err != nil {
			return err
		}
	}
	v.Next = fmt.Sprintf("/import/%s?rows=%d&at=%d", im.ID, im.Rows, e.Now.UnixMilli())
	return q.Render(http.StatusOK, watchPage(q.Shell("import", im.Name), v))
}

// rate is how many rows a second come in: since the page looked last, for an import may have been resumed.
func (v *watchView) rate(q *web.Request) {
	im, get := v.Import, q.URL.Query().Get
	var seconds float64
	rows := im.Rows
	if im.State == imports.Done && im.FinishedAt.After(im.StartedAt) {
		seconds = im.FinishedAt.Sub(im.StartedAt).Seconds()
	} else if im.State == imports.Running {
		before, err1 := strconv.ParseInt(get("rows"), 10, 64)
		at, err2 := strconv.ParseInt(get("at"), 10, 64)
		if err1 == nil && err2 == nil {
			rows, seconds = rows-before, q.Env.Now.Sub(time.UnixMilli(at)).Seconds()
		}
	}
	if seconds > 0.2 && rows > 0 {
		v.Rate = q.Env.T("import.rate", "n", q.Env.N(float64(rows)/seconds, 0))
	}
}

// result asks for what the import brought: the first score that it has answers to, by week. Figures follow the rows after
// a moment, during which the page looks again.
func (p *Pages) result(q *web.Request, im imports.Import, v *watchView) error {
	ctx, ws := q.Context(), q.Workspace.ID
	where := insight.Conditions{{Field: "import", Values: []string{string(im.ID)}}}
	all, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: insight.Count, Where: where})
	if err != nil {
		return err
	}
	v.Waiting = all.Total.N < im.Created && (p.Feeder.Behind() > 0 || q.Env.Now.Sub(im.FinishedAt) < time.Minute)
	v.Live = v.Live || v.Waiting
	if all.Total.N == 0 {
		return nil
	}
	question := insight.Query{Measure: insight.Count, Where: where, Bucket: "week"}
	for _, m := range []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating} {
		a, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: m, Where: where})
		if err != nil {
			return err
		}
		if a.Total.N > 0 {
			question.Measure = m
			s := figure.Score(q.Env, a, "")
			v.Score = &s
			break
		}
	}
	a, err := p.Insight.Ask(ctx, ws, question)
	if err != nil {
		return err
	}
	if len(a.Rows) > 1 { // one week is no course
		if c, ok := figure.Chart(q.Env, "result", a); ok {
			v.Chart = &c
		}
	}
	values := insight.Encode(where, insight.Period{})
	values.Set("measure", string(question.Measure))
	values.Set("bucket", "week")
	v.Explore = "/explore?" + values.Encode()
	v.SeeLabel = q.Env.T("import.see", "measure", figure.Measure(q.Env, question.Measure, ""))
	return nil
}

// problem is an error about a whole file in words.
func problem(e ui.Env, err error) string {
	var out []string
	for _, f := range fault.ProblemOf(err).Errors {
		out = append(out, reason(e, f))
	}
	if len(out) == 0 {
		return fault.ProblemOf(err).Detail
	}
	return strings.Join(out, " ")
}

// reason says what is wrong with a value. A fault speaks English and exactly; in other languages there is a sentence for each
// of its codes.
func reason(e ui.Env, f fault.Field) string {
	if (e.Tag() != i18n.Fallback || f.Msg == "") && e.Has("invalid."+f.Code) {
		return e.T("invalid." + f.Code)
	}
	return f.Msg
}
