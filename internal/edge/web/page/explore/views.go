package explore

import (
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// viewLink is a saved view in the menu.
type viewLink struct {
	Name, Href           string
	Mine, Shared, Pinned bool
	Current              bool
	Covered              bool // it asks for what the reader may not
}

// exported are the lists that the page holds, as files.
func exported(v view) []ui.Export {
	lists := []ui.Export{{List: "answer", Query: v.Query}}
	if len(v.Views) > 0 {
		lists = append(lists, ui.Export{List: "views"})
	}
	return lists
}

// views fills in the views that the reader sees, their own first.
func (p *Pages) views(q *web.Request, v *view) error {
	list, err := p.Insight.Views(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	for _, s := range list {
		v.Views = append(v.Views, viewLink{Name: s.Name, Href: "/explore?view=" + url.QueryEscape(string(s.ID)), Mine: mine(q, s), Shared: s.Shared, Pinned: s.Pinned, Covered: s.Covered,
			Current: v.Saved != nil && v.Saved.ID == s.ID})
	}
	slices.SortStableFunc(v.Views, func(x, y viewLink) int {
		switch {
		case x.Mine == y.Mine:
			return 0
		case x.Mine:
			return -1
		}
		return 1
	})
	v.Mine = v.Saved != nil && (mine(q, *v.Saved) || q.Actor.May(identity.WorkspaceManage))
	return nil
}

func mine(q *web.Request, v insight.View) bool { return v.Member != "" && v.Member == q.Actor.Member }

// save keeps the question that the form carries: as a new view, or in place of the one in the path.
func (p *Pages) save(q *web.Request) error {
	id := insight.ViewID(q.PathValue("id"))
	back, err := url.ParseQuery(q.PostFormValue("question"))
	if err != nil {
		return fault.New(fault.Invalid, "explore.save", "the question cannot be read")
	}
	question, err := Decode(back)
	if err != nil {
		return err
	}
	v := insight.View{ID: id, Name: q.PostFormValue("name"), Query: question.Query, Chart: question.Chart,
		Shared: q.PostFormValue("shared") != "", Pinned: q.PostFormValue("pinned") != ""}
	if strings.TrimSpace(v.Name) == "" {
		q.Flash("bad", "explore.name_needed")
		q.Redirect("/explore?" + back.Encode())
		return nil
	}
	if v, err = p.Insight.SaveView(q.Context(), q.Workspace.ID, q.Actor, v); err != nil {
		return err
	}
	q.Flash("good", "explore.saved")
	q.Redirect("/explore?view=" + url.QueryEscape(string(v.ID)))
	return nil
}

// remove deletes a view; its question stays on the screen.
func (p *Pages) remove(q *web.Request) error {
	if err := p.Insight.DeleteView(q.Context(), q.Workspace.ID, q.Actor, insight.ViewID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "explore.deleted")
	back, err := url.ParseQuery(q.PostFormValue("question"))
	if err != nil {
		back = url.Values{}
	}
	back.Del("view")
	q.Redirect("/explore?" + back.Encode())
	return nil
}
