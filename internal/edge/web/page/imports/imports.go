// Package imports serves the pages on which a file of feedback is brought in: dropped, looked at, mapped, watched on its way,
// and seen as a score by week.
package imports

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/transfer"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
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
	s.Page("GET /import/{id}/take-back", identity.Erase, p.takeBackForm)
	s.Page("POST /import/{id}/take-back", identity.Erase, p.act(p.Imports.TakeBack))
	page("GET /import/{id}/refused.csv", p.refused)
}

type listView struct {
	Error   string
	Imports []imports.Import
	Pager   ui.Page
	Live    bool // something is on its way: the page looks again
	First   bool // nothing was imported yet
}

func (p *Pages) list(q *web.Request) error { return p.showList(q, http.StatusOK, nil) }

// showList shows the file drop and the imports so far; refused is why a file was not taken.
func (p *Pages) showList(q *web.Request, status int, refused error) error {
	cursor := q.URL.Query().Get("cursor")
	all, next, err := p.Imports.List(q.Context(), q.Workspace.ID, q.Actor, cursor, 25)
	if err != nil {
		return err
	}
	v := listView{Imports: all, Pager: ui.Page{Shown: len(all), Total: -1}, First: len(all) == 0 && cursor == ""}
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
		v.Error = unfit(q.Env, refused)
	}
	return q.Render(status, listPage(q.Shell("import", q.Env.T("nav.import")), v))
}

// upload takes a file as it streams in. A browser with a script sends it in the background and shows how far it is.
func (p *Pages) upload(q *web.Request) error {
	var im imports.Import
	file, name, err := transfer.Upload(q.Request)
	if kind := q.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/") { // a form of another sort is no file
		err = fault.Bad("imports.upload", fault.Field{Path: "file", Code: "required", Msg: "send a file"})
	}
	if err == nil {
		im, err = p.Imports.Upload(q.Context(), q.Workspace.ID, q.Actor, name, file)
	}
	switch {
	case fault.Is(err, fault.Invalid) && q.Partial():
		return q.Render(http.StatusOK, uploadForm(q.Env, unfit(q.Env, err)))
	case fault.Is(err, fault.Invalid):
		return p.showList(q, http.StatusUnprocessableEntity, err)
	case err != nil:
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
		return p.draft(q, im, im.Mapping, draftView{})
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
	limit(q)
	o := table.Options{Format: im.Settings.Format}
	if q.PostFormValue("guess") == "" {
		o.Encoding, o.Sheet = q.PostFormValue("encoding"), q.PostFormValue("sheet")
		if d := q.PostFormValue("delimiter"); d != "" {
			o.Delimiter = rune(d[0])
		}
		if h := q.PostFormValue("header"); h != "" {
			above, err := strconv.Atoi(h) // the number of rows of a title
			yes := h == "yes" || err == nil
			o.Header, o.Above = &yes, &above
		}
	}
	_, err = p.Imports.Inspect(q.Context(), q.Workspace.ID, q.Actor, im.ID, o)
	if fault.Is(err, fault.Invalid) {
		return p.draft(q, im, im.Mapping, draftView{Unfit: unfit(q.Env, err)})
	}
	if err != nil && !fault.Is(err, fault.Conflict) { // started meanwhile: the page shows it
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
	limit(q)
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "imports.mapping", "the form cannot be read")
	}
	if im.State != imports.Draft {
		q.Redirect("/import/" + string(im.ID))
		return nil
	}
	m, err := decode(im, q.PostForm, q.Workspace.Location(), q.Actor.May(identity.ContactsIdentify))
	if err == nil {
		var kept imports.Import
		if kept, err = p.Imports.SetMapping(q.Context(), q.Workspace.ID, q.Actor, im.ID, m); err == nil {
			im = kept
		}
	}
	if err == nil && q.PostForm.Get("start") != "" {
		_, err = p.Imports.Start(q.Context(), q.Workspace.ID, q.Actor, im.ID)
	}
	switch {
	case fault.Is(err, fault.Invalid):
		return p.draft(q, im, m, draftView{Refused: err})
	case err != nil && !fault.Is(err, fault.Conflict): // somebody was faster: the page shows how it stands
		return err
	case err == nil && q.Partial() && q.PostForm.Get("start") == "":
		return p.draft(q, im, m, draftView{})
	}
	q.Redirect("/import/" + string(im.ID))
	return nil
}

// limit bounds what a form may send: thousands of columns fit.
func limit(q *web.Request) { q.Body = http.MaxBytesReader(q.W, q.Body, 8<<20) }

// refused sends the rows that were not taken, with the reasons in the reader's language.
func (p *Pages) refused(q *web.Request) error {
	im, err := p.get(q)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(im.Name, path.Ext(im.Name)) + ".refused.csv"
	return transfer.Send(q.W, q.Request, q.Site.Log, name, "", table.CSV, func(out io.Writer) error {
		return p.Imports.WriteRefused(q.Context(), q.Workspace.ID, q.Actor, im.ID, out, teller{q.Env, im}.row)
	})
}

func (p *Pages) act(do func(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im imports.ID) (imports.Import, error)) func(*web.Request) error {
	return func(q *web.Request) error {
		im := imports.ID(q.PathValue("id"))
		if _, err := do(q.Context(), q.Workspace.ID, q.Actor, im); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
		q.Redirect("/import/" + string(im)) // after a conflict, too: it went on meanwhile, and the page shows how it stands
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

// takeBackForm asks before an import is taken back, and says what goes and what stays.
func (p *Pages) takeBackForm(q *web.Request) error {
	im, err := p.get(q)
	if err != nil {
		return err
	}
	if !mayTakeBack(im) {
		q.Redirect("/import/" + string(im.ID)) // which says how it stands
		return nil
	}
	return q.Render(http.StatusOK, takeBackPage(q.Shell("import", q.Env.T("import.take_back")), im))
}

// mayTakeBack tells whether there is something of an import to take back.
func mayTakeBack(im imports.Import) bool {
	return im.Created > 0 && im.State.Ended() && im.State != imports.TakenBack
}

// watchView is an import that was started.
type watchView struct {
	Import   imports.Import
	Progress ui.Progress
	Counts   []count
	Live     bool   // it goes on: the page looks again in a second
	Waiting  bool   // it is done, but the figures are not complete yet
	Next     string // the address at which the page looks again
	Trouble  string // why it failed
	Step     int
	Scores   []ui.Score
	Chart    *ui.Chart
	Explore  string
	SeeLabel string

	MayTakeBack bool
	TakenBy     string // who took it back, and when
}

type count struct{ Label, Text, Tone string }

func (p *Pages) watch(q *web.Request, im imports.Import) error {
	e := q.Env
	v := watchView{Import: im, Step: 2, Progress: ui.Progress{Label: e.T("import.state." + string(im.State)), Done: im.Rows, Total: im.Total, State: "running"}}
	v.Live = !im.State.Ended()
	v.MayTakeBack = mayTakeBack(im) && q.Actor.May(identity.Erase)
	if !im.TakenAt.IsZero() {
		v.TakenBy = e.T("import.taken_by", "name", im.TakenBy, "date", e.DateTime(im.TakenAt))
	}
	if im.State == imports.TakingBack {
		if im.Error != "" { // its job gave up: nothing more happens by itself
			v.Live, v.Trouble, v.MayTakeBack = false, im.Error, q.Actor.May(identity.Erase)
		}
		return p.watchTaking(q, im, v)
	}
	v.Progress.Detail = e.T("import.rows_of", "done", im.Rows, "total", max(round(im.Total), im.Rows))
	if !v.Live {
		v.Progress.State, v.Progress.Detail = string(im.State), e.T("import.rows", "count", im.Rows)
	}
	number := func(label string, n int64, tone string) {
		if n == 0 && tone != "good" {
			tone = ""
		}
		v.Counts = append(v.Counts, count{e.T(label), e.N(float64(n), 0), tone})
	}
	number("import.created", im.Created, "good")
	number("import.duplicates", im.Duplicates, "")
	number("import.refused", im.Refused, "bad")
	if r := rate(q, im); r > 0 {
		v.Counts = append(v.Counts, count{e.T("import.speed"), e.T("import.rate", "n", int64(r)), ""})
	}
	if im.State == imports.Failed {
		if v.Trouble = im.Error; strings.HasPrefix(v.Trouble, "it was interrupted") {
			v.Trouble = e.T("import.interrupted")
		}
	}
	if im.State == imports.Done || im.State == imports.TakenBack {
		v.Step = 3
	}
	if !v.Live && im.State != imports.TakenBack {
		if err := p.result(q, im, &v); err != nil {
			return err
		}
	}
	v.Next = fmt.Sprintf("/import/%s?rows=%d&at=%d", im.ID, im.Rows, e.Now.UnixMilli())
	return p.showWatched(q, im, v)
}

// watchTaking shows how far an import has been taken back.
func (p *Pages) watchTaking(q *web.Request, im imports.Import, v watchView) error {
	v.Step = 3
	v.Progress.State, v.Progress.Done, v.Progress.Total = "running", im.Taken, max(im.Created, im.Taken)
	if v.Trouble != "" {
		v.Progress.State = "failed"
	}
	v.Progress.Detail = q.Env.T("import.taking_of", "done", im.Taken, "total", max(im.Created, im.Taken))
	v.Next = "/import/" + string(im.ID)
	return p.showWatched(q, im, v)
}

func (p *Pages) showWatched(q *web.Request, im imports.Import, v watchView) error {
	if q.Partial() && !v.Live { // what looked again was the progress alone; now there is more to show
		q.W.Header().Set("HX-Retarget", "#watch")
		q.W.Header().Set("HX-Reselect", "#watch")
	}
	return q.Render(http.StatusOK, watchPage(q.Shell("import", im.Name), v))
}

// rate is how many rows a second come in: since the page looked last, for an import may have been resumed.
func rate(q *web.Request, im imports.Import) float64 {
	var seconds float64
	rows := im.Rows
	if im.State == imports.Done && im.FinishedAt.After(im.StartedAt) {
		seconds = im.FinishedAt.Sub(im.StartedAt).Seconds()
	} else if im.State == imports.Running {
		before, err1 := strconv.ParseInt(q.URL.Query().Get("rows"), 10, 64)
		at, err2 := strconv.ParseInt(q.URL.Query().Get("at"), 10, 64)
		if err1 == nil && err2 == nil {
			rows, seconds = rows-before, q.Env.Now.Sub(time.UnixMilli(at)).Seconds()
		}
	}
	if seconds < 0.2 || rows <= 0 {
		return 0
	}
	return float64(rows) / seconds
}

// result asks for what the import brought: its scores, and the first of them over time. Figures follow the rows after a
// moment, during which the page looks again.
func (p *Pages) result(q *web.Request, im imports.Import, v *watchView) error {
	if im.Created == 0 {
		return nil
	}
	ctx, ws := q.Context(), q.Workspace.ID
	where := insight.Conditions{{Field: "import", Values: []string{string(im.ID)}}}
	all, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: insight.Count, Where: where})
	if err != nil {
		return err
	}
	v.Waiting = all.Total.N < im.Created && (p.Feeder.Behind() > 0 || q.Env.Now.Sub(im.FinishedAt) < time.Minute)
	if all.Total.N == 0 {
		return nil
	}
	measure := insight.Count
	for _, m := range []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating} {
		a, err := p.Insight.Ask(ctx, ws, insight.Query{Measure: m, Where: where})
		if err != nil {
			return err
		}
		if a.Total.N > 0 {
			if v.Scores = append(v.Scores, figure.Score(q.Env, a, "", "")); measure == insight.Count {
				measure = m
			}
		}
	}
	bucket, a, err := p.overTime(ctx, ws, insight.Query{Measure: measure, Where: where})
	if err != nil {
		return err
	}
	v.SeeLabel = q.Env.T("import.see."+bucket, "measure", figure.Measure(q.Env, measure, ""))
	values := insight.Encode(where, insight.Period{})
	values.Set("measure", string(measure))
	if len(a.Rows) > 1 { // one week is no course
		values.Set("bucket", bucket)
		if c, ok := figure.Chart(q.Env, "result", a); ok {
			c.Title, v.Chart = v.SeeLabel, &c
		}
	} else {
		v.SeeLabel = q.Env.T("nav.explore")
	}
	v.Explore = "/explore?" + values.Encode()
	return nil
}

// overTime answers a question by week, or by the shortest longer period in which most figures rest on enough answers to
// be shown.
func (p *Pages) overTime(ctx context.Context, ws identity.WorkspaceID, question insight.Query) (bucket string, a *insight.Answer, err error) {
	for _, bucket = range []string{"week", "month", "quarter"} {
		question.Bucket = bucket
		if a, err = p.Insight.Ask(ctx, ws, question); err != nil {
			return bucket, a, err
		}
		shown, some := 0, 0
		for _, r := range a.Rows {
			if r.N > 0 {
				some++
			}
			if r.Value != nil && r.Note != "too_few" {
				shown++
			}
		}
		if 2*shown >= some || question.Measure == insight.Count {
			return bucket, a, nil
		}
	}
	question.Bucket = "week"
	a, err = p.Insight.Ask(ctx, ws, question)
	return question.Bucket, a, err
}
