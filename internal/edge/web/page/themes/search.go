package themes

import (
	"net/http"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/job"
	"kolo/internal/understand/adapt"
)

// search is how far a search for themes is.
type search struct {
	Running  bool
	Done     bool // it has just ended, under the reader's eyes
	Few      bool // there were too few texts
	Progress ui.Progress
	Said     string
}

// discover asks for a search for themes.
func (p *Pages) discover(q *web.Request) error {
	if _, err := p.Adapt.Discover(q.Context(), q.Workspace.ID, q.Actor); err != nil {
		return err
	}
	q.Redirect("/themes")
	return nil
}

// progress is how far the search is, for the page that watches it.
func (p *Pages) progress(q *web.Request) error {
	s, err := p.search(q)
	if err != nil {
		return err
	}
	if !q.Partial() {
		q.Redirect("/themes")
		return nil
	}
	s.Done = !s.Running
	return q.Render(http.StatusOK, searchBox(q.Shell("themes", ""), s))
}

func (p *Pages) search(q *web.Request) (s search, err error) {
	e := q.Env
	j, ok, err := p.Adapt.Latest(q.Context(), q.Workspace.ID, adapt.Themes)
	if err != nil || !ok {
		return s, err
	}
	switch j.State {
	case job.Queued, job.Running:
		s.Running = true
		s.Progress = ui.Progress{Label: e.T("themes.search.running"), Done: j.Done, Total: j.Total, State: "running", Detail: e.T("themes.search.wait")}
	case job.Failed, job.Cancelled:
		s.Said = e.T("themes.search.failed", "when", e.Ago(j.Finished))
	default:
		s.Said = e.T("themes.search.done", "count", j.Done, "when", e.Ago(j.Finished))
		if j.Note == "few" {
			s.Few, s.Said = true, e.T("model.few.theme", "count", j.Done, "n", adapt.LeastTexts, "when", e.Ago(j.Finished))
		}
	}
	return s, nil
}
