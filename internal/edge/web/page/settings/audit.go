package settings

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

type auditView struct {
	Tabs   []ui.Tab
	Error  string
	Fields []ui.Field // text, who, action, from, to
	Object string     // what all of it is about
	Chips  []ui.Chip
	Lines  []line
	Pager  ui.Page
	Export string // the query string of the same list as a file
}

// actions are the groups that the log can be narrowed down to: the first words of actions.
var actions = []string{"workspace", "member", "invite", "team", "key", "webhook", "delivery", "session", "person", "contact", "account", "segment", "attribute", "field", "feedback", "view", "import", "export"}

// historyHref is the log of what happened to one thing.
func historyHref(object string) string {
	return "/settings/audit?" + url.Values{"object": {object}}.Encode()
}

// byHref is the log of what a member ("member:<id>") or a key ("key:<id>") did.
func byHref(who string) string { return "/settings/audit?" + url.Values{"who": {who}}.Encode() }

func (p *Pages) audit(q *web.Request) error {
	in := q.URL.Query()
	query, err := identity.DecodeAudit(in, q.Env.Zone, "cursor")
	status := http.StatusOK
	v := auditView{Tabs: tabs(q, "audit"), Object: query.Object}
	fields, ferr := p.auditFields(q, in, query)
	if ferr != nil {
		return ferr
	}
	if err != nil {
		status = fault.ProblemOf(err).Status
		v.Error, v.Fields = ui.Refuse(q.Env, fields, err)
		return q.Render(status, auditPage(shell(q, "audit"), v))
	}
	v.Fields = fields
	query.Cursor, query.Limit = in.Get("cursor"), 50
	log, err := p.Identity.AuditLog(q.Context(), q.Workspace.ID, q.Actor, query)
	if err != nil {
		return err
	}
	if v.Lines, err = p.lines(q, log.Entries); err != nil {
		return err
	}
	filters := url.Values{}
	for name := range in {
		if value := strings.TrimSpace(in.Get(name)); value != "" && name != "cursor" {
			filters.Set(name, value)
		}
	}
	v.Chips, v.Export = auditChips(q, fields, filters), filters.Encode()
	for _, l := range v.Lines {
		if l.Object == query.Object && l.Name != "" {
			v.Chips[0].Value = l.Name // says more than its id, which comes first
			break
		}
	}
	v.Pager = ui.Page{Shown: len(log.Entries), Total: -1}
	if query.Cursor != "" {
		v.Pager.Prev = "/settings/audit?" + filters.Encode() // back to the newest
	}
	if log.Next != "" {
		filters.Set("cursor", log.Next)
		v.Pager.Next = "/settings/audit?" + filters.Encode()
	}
	return q.Render(status, auditPage(shell(q, "audit"), v))
}

func (p *Pages) auditFields(q *web.Request, in url.Values, query identity.AuditQuery) ([]ui.Field, error) {
	e := q.Env
	who, err := p.doers(q, query)
	if err != nil {
		return nil, err
	}
	kinds := []ui.Option{{Label: e.T("settings.audit_all")}}
	for _, a := range actions {
		kinds = append(kinds, ui.Option{Value: a, Label: e.T("audit_group." + a)})
	}
	action := strings.TrimSuffix(query.Action, ".")
	if !slices.ContainsFunc(kinds, func(o ui.Option) bool { return o.Value == action }) {
		kinds = append(kinds, ui.Option{Value: action, Label: action}) // one action alone, of an address that was written by hand
	}
	return []ui.Field{
		{Name: "text", Label: e.T("settings.audit_text"), Value: in.Get("text"), Type: "search", Optional: true},
		{Name: "who", Label: e.T("settings.audit_who"), Value: in.Get("who"), Options: who, Optional: true},
		{Name: "action", Label: e.T("settings.audit_action"), Value: action, Options: kinds, Optional: true},
		{Name: "from", Label: e.T("filter.from"), Value: in.Get("from"), Type: "date", Optional: true},
		{Name: "to", Label: e.T("filter.to"), Value: in.Get("to"), Type: "date", Optional: true},
	}, nil
}

// doers are the members and keys to choose from, and who is chosen, also when they are gone.
func (p *Pages) doers(q *web.Request, query identity.AuditQuery) ([]ui.Option, error) {
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, err
	}
	if query.Member != "" && !slices.ContainsFunc(members, func(m identity.Member) bool { return m.ID == query.Member }) {
		m, err := p.Identity.Member(q.Context(), q.Workspace.ID, query.Member)
		if fault.Is(err, fault.NotFound) {
			m, err = identity.Member{ID: query.Member, Name: string(query.Member)}, nil
		}
		if err != nil {
			return nil, err
		}
		members = append(members, m)
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

// auditChips are the filters that are on, in the words of the form.
func auditChips(q *web.Request, fields []ui.Field, filters url.Values) []ui.Chip {
	var out []ui.Chip
	add := func(label, name, value string) {
		rest := url.Values{}
		for n, x := range filters {
			if n != name {
				rest[n] = x
			}
		}
		out = append(out, ui.Chip{Label: label, Value: value, Href: "/settings/audit?" + rest.Encode()})
	}
	if object := filters.Get("object"); object != "" {
		add(q.Env.T("settings.audit_object"), "object", object)
	}
	for _, f := range fields {
		value := filters.Get(f.Name)
		if value == "" {
			continue
		}
		if len(f.Options) > 0 {
			value = chosen(f)
		}
		if day, err := clock.ParseDay(value); err == nil && f.Type == "date" {
			value = q.Env.Date(day.Start(q.Env.Zone))
		}
		add(f.Label, f.Name, value)
	}
	return out
}
