package settings

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/people/identity"
)

type auditView struct {
	Tabs    []ui.Tab
	Fields  []ui.Field // who, action, text, from, to
	Entries []identity.Entry
	Pager   ui.Page
	Some    bool // filters are on
}

// actions are the groups that the log can be narrowed down to: the first words of actions.
var actions = []string{"workspace", "member", "invite", "team", "key", "session", "person", "contact", "account", "segment", "attribute", "field", "view", "import"}

func (p *Pages) audit(q *web.Request) error {
	e, in := q.Env, q.URL.Query()
	query := identity.AuditQuery{Text: in.Get("text"), Cursor: in.Get("cursor"), Limit: 50}
	if a := in.Get("action"); slices.Contains(actions, a) {
		query.Action = a + "."
	}
	if kind, who, ok := strings.Cut(in.Get("who"), ":"); ok && kind == "key" {
		query.Key = identity.KeyID(who)
	} else if ok {
		query.Member = identity.MemberID(who)
	}
	query.From, query.To = day(in.Get("from"), e.Zone, 0), day(in.Get("to"), e.Zone, 1)
	log, err := p.Identity.AuditLog(q.Context(), q.Workspace.ID, q.Actor, query)
	if err != nil {
		return err
	}
	who, err := p.doers(q)
	if err != nil {
		return err
	}
	kinds := []ui.Option{{Label: e.T("settings.audit_all")}}
	for _, a := range actions {
		kinds = append(kinds, ui.Option{Value: a, Label: e.T("audit_group." + a)})
	}
	v := auditView{Tabs: tabs(q, "audit"), Entries: log.Entries, Pager: ui.Page{Shown: len(log.Entries), Total: -1}, Fields: []ui.Field{
		{Name: "text", Label: e.T("filter.text"), Value: in.Get("text"), Type: "search", Optional: true},
		{Name: "who", Label: e.T("settings.audit_who"), Value: in.Get("who"), Options: who, Optional: true},
		{Name: "action", Label: e.T("settings.audit_action"), Value: in.Get("action"), Options: kinds, Optional: true},
		{Name: "from", Label: e.T("filter.from"), Value: in.Get("from"), Type: "date", Optional: true},
		{Name: "to", Label: e.T("filter.to"), Value: in.Get("to"), Type: "date", Optional: true},
	}}
	filters := url.Values{}
	for _, f := range v.Fields {
		if f.Value != "" {
			filters.Set(f.Name, f.Value)
		}
	}
	v.Some = len(filters) > 0
	if query.Cursor != "" {
		v.Pager.Prev = "/settings/audit?" + filters.Encode() // back to the newest
	}
	if log.Next != "" {
		filters.Set("cursor", log.Next)
		v.Pager.Next = "/settings/audit?" + filters.Encode()
	}
	return q.Render(http.StatusOK, auditPage(shell(q, "audit"), v))
}

// doers are the members and keys to choose from.
func (p *Pages) doers(q *web.Request) ([]ui.Option, error) {
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	keys, err := p.Identity.Keys(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	out := []ui.Option{{Label: q.Env.T("settings.audit_everybody")}}
	for _, m := range members {
		out = append(out, ui.Option{Value: "member:" + string(m.ID), Label: m.Name})
	}
	for _, k := range keys {
		out = append(out, ui.Option{Value: "key:" + string(k.ID), Label: q.Env.T("settings.audit_key", "name", k.Name)})
	}
	return out, nil
}

// day is the beginning of a day, after so many more; zero for what is none.
func day(s string, zone *time.Location, after clock.Day) time.Time {
	d, err := clock.ParseDay(s)
	if err != nil {
		return time.Time{}
	}
	return (d + after).Start(zone)
}

// objectHref is the page of what an entry of the log is about, "" where there is none.
func objectHref(e identity.Entry) string {
	switch e.Kind {
	case "contact":
		return "/contacts/" + e.Object
	case "account":
		return "/accounts/" + e.Object
	case "member":
		if e.Action != "member.remove" {
			return "/settings/members/" + e.Object
		}
	case "team":
		if e.Action != "team.delete" {
			return "/settings/teams/" + e.Object
		}
	}
	return ""
}

// details are what an entry says beside who and what, in a fixed order.
func details(e identity.Entry) []ui.Fact {
	var out []ui.Fact
	for k, v := range e.Details {
		if v != "" {
			out = append(out, ui.Fact{Label: k, Text: v})
		}
	}
	slices.SortFunc(out, func(a, b ui.Fact) int { return strings.Compare(a.Label, b.Label) })
	return out
}
