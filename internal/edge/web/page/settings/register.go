package settings

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// most is how many entries of a register a page shows; beyond that one searches.
const most = 200

type attributesView struct {
	Tabs       []ui.Tab
	Text       string
	Fields     []feedback.Field
	Attributes []contact.Attribute
	MoreFields int // that are not shown
	MoreAttrs  int
}

func fieldHref(f feedback.Field) string {
	return "/settings/attributes/feedback?" + url.Values{"field": {f.Field}, "key": {f.Key}}.Encode()
}

func attributeHref(a contact.Attribute) string {
	return "/settings/attributes/contacts?" + url.Values{"key": {a.Key}}.Encode()
}

func title(title, key string) string {
	if title == "" {
		return key
	}
	return title
}

// having keeps what has the words, and at most as many as a page shows.
func having[T any](list []T, text string, words func(T) string) (shown []T, more int) {
	text = strings.ToLower(strings.TrimSpace(text))
	list = slices.DeleteFunc(list, func(x T) bool { return !strings.Contains(strings.ToLower(words(x)), text) })
	return list[:min(len(list), most)], max(0, len(list)-most)
}

func (p *Pages) attributes(q *web.Request) error {
	fields, err := p.Feedback.Register(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	attributes, err := p.Contacts.Attributes(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	v := attributesView{Tabs: tabs(q, "attributes"), Text: q.URL.Query().Get("find")}
	v.Fields, v.MoreFields = having(fields, v.Text, func(f feedback.Field) string { return f.Key + " " + f.Title })
	v.Attributes, v.MoreAttrs = having(attributes, v.Text, func(a contact.Attribute) string { return a.Key + " " + a.Title })
	return q.Render(http.StatusOK, attributesPage(shell(q, "attributes"), v))
}

type entryView struct {
	Action string
	Title  string // "" for a new one
	Lead   string
	Log    string // what the log calls it; "" where there is none, or the reader may not read it
	Error  string
	Hidden map[string]string
	Fields []ui.Field
}

func (p *Pages) findField(q *web.Request, field, key string) (feedback.Field, error) {
	list, err := p.Feedback.Register(q.Context(), q.Workspace.ID)
	if err != nil {
		return feedback.Field{}, err
	}
	i := slices.IndexFunc(list, func(f feedback.Field) bool { return f.Field == field && f.Key == key })
	if i < 0 {
		return feedback.Field{}, fault.New(fault.NotFound, "settings.field", "there is no such field")
	}
	return list[i], nil
}

func fieldView(q *web.Request, f feedback.Field) entryView {
	e := q.Env
	v := entryView{Action: "/settings/attributes/feedback", Title: title(f.Title, f.Key), Lead: f.Key + " · " + ui.Named(e, "attr_place.", f.Field), Log: logOf(q, f.Field+"."+f.Key), Hidden: map[string]string{"field": f.Field, "key": f.Key}, Fields: []ui.Field{
		{Name: "title", Label: e.T("settings.attr_title"), Value: f.Title, Optional: true, Help: e.T("settings.attr_title_help")},
		check("hidden", e.T("settings.attr_hidden"), e.T("settings.attr_hidden_help"), f.Hidden),
	}}
	if f.Field != "answer" {
		v.Fields = append(v.Fields, check("personal", e.T("settings.attr_personal"), e.T("settings.attr_personal_help"), f.Personal))
	}
	return v
}

// check is a box to tick.
func check(name, label, help string, on bool) ui.Field {
	return ui.Field{Name: name, Label: label, Help: help, Type: "checkbox", Options: []ui.Option{{On: on}}}
}

func (p *Pages) field(q *web.Request) error {
	f, err := p.findField(q, q.URL.Query().Get("field"), q.URL.Query().Get("key"))
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, entryPage(shell(q, "attributes"), fieldView(q, f)))
}

func (p *Pages) saveField(q *web.Request) error {
	limit(q)
	f, err := p.findField(q, q.PostFormValue("field"), q.PostFormValue("key"))
	if err != nil {
		return err
	}
	was := f.Personal
	f.Title, f.Hidden = q.PostFormValue("title"), q.PostFormValue("hidden") != ""
	if f.Field != "answer" {
		f.Personal = q.PostFormValue("personal") != ""
	}
	err = p.Feedback.ChangeField(q.Context(), q.Workspace.ID, q.Actor, f)
	if err == nil && f.Personal != was {
		err = p.decide(q, f)
	}
	return p.saved(q, err, fieldView(q, f))
}

// decide keeps whether a field is personal with the attribute of contacts that has its name, for what has one name is personal everywhere or nowhere.
func (p *Pages) decide(q *web.Request, f feedback.Field) error {
	a, err := p.findAttribute(q, contact.Key(f.Key))
	if fault.Is(err, fault.NotFound) {
		a, err = contact.Attribute{Key: f.Key, Kind: contact.AttributeKind(f.Kind), Sliceable: true}, nil
	}
	if err != nil {
		return err
	}
	a.Personal = f.Personal
	return p.Contacts.SetAttribute(q.Context(), q.Workspace.ID, q.Actor, a)
}

// saved answers a change of the register: with the list, or with the form again.
func (p *Pages) saved(q *web.Request, err error, v entryView) error {
	if err == nil {
		q.Flash("good", "settings.saved")
		q.Redirect("/settings/attributes")
		return nil
	}
	status, ok := told(err)
	if !ok {
		return err
	}
	v.Error, v.Fields = ui.Refuse(q.Env, v.Fields, err)
	return q.Render(status, entryPage(shell(q, "attributes"), v))
}

// logOf is the name by which the log knows a thing, for who may read the log.
func logOf(q *web.Request, object string) string {
	if q.Actor.May(identity.AuditRead) {
		return object
	}
	return ""
}

func attributeView(q *web.Request, a contact.Attribute, fresh bool) entryView {
	e := q.Env
	kind := ui.Field{Name: "kind", Label: e.T("settings.attr_kind"), Value: string(a.Kind)}
	for _, k := range []contact.AttributeKind{contact.Text, contact.Number, contact.Bool, contact.Date} {
		kind.Options = append(kind.Options, ui.Option{Value: string(k), Label: e.T("attr_kind." + string(k))})
	}
	v := entryView{Action: "/settings/attributes/contacts", Fields: []ui.Field{
		{Name: "title", Label: e.T("settings.attr_title"), Value: a.Title, Optional: true, Help: e.T("settings.attr_title_help")},
		kind,
		check("sliceable", e.T("settings.attr_sliceable"), e.T("settings.attr_sliceable_help"), a.Sliceable),
		check("personal", e.T("settings.attr_personal"), e.T("settings.attr_personal_help"), a.Personal),
	}}
	if fresh {
		v.Hidden = map[string]string{"fresh": "yes"}
		v.Fields = append([]ui.Field{{Name: "key", Label: e.T("settings.attr_key"), Value: a.Key, Dir: "ltr", Help: e.T("settings.attr_key_help")}}, v.Fields...)
	} else {
		v.Title, v.Hidden = title(a.Title, a.Key), map[string]string{"key": a.Key}
		v.Lead, v.Log = a.Key+" · "+e.T("attr_place.contact"), logOf(q, a.Key)
	}
	return v
}

func (p *Pages) findAttribute(q *web.Request, key string) (contact.Attribute, error) {
	list, err := p.Contacts.Attributes(q.Context(), q.Workspace.ID)
	if err != nil {
		return contact.Attribute{}, err
	}
	i := slices.IndexFunc(list, func(a contact.Attribute) bool { return a.Key == key })
	if i < 0 {
		return contact.Attribute{}, fault.New(fault.NotFound, "settings.attribute", "there is no such attribute")
	}
	return list[i], nil
}

func (p *Pages) attribute(q *web.Request) error {
	a, key := contact.Attribute{Kind: contact.Text, Sliceable: true}, q.URL.Query().Get("key")
	fresh := key == ""
	if !fresh {
		var err error
		if a, err = p.findAttribute(q, key); err != nil {
			return err
		}
	}
	return q.Render(http.StatusOK, entryPage(shell(q, "attributes"), attributeView(q, a, fresh)))
}

func (p *Pages) saveAttribute(q *web.Request) error {
	limit(q)
	fresh := q.PostFormValue("fresh") != ""
	a := contact.Attribute{Key: q.PostFormValue("key"), Kind: contact.AttributeKind(q.PostFormValue("kind")), Title: q.PostFormValue("title"),
		Sliceable: q.PostFormValue("sliceable") != "", Personal: q.PostFormValue("personal") != ""}
	if _, err := p.findAttribute(q, contact.Key(a.Key)); fresh && err == nil {
		v := attributeView(q, a, true)
		v.Fields[0].Error = q.Env.T("invalid.conflict")
		return q.Render(http.StatusConflict, entryPage(shell(q, "attributes"), v))
	} else if !fresh && err != nil {
		return err
	}
	return p.saved(q, p.Contacts.SetAttribute(q.Context(), q.Workspace.ID, q.Actor, a), attributeView(q, a, fresh))
}
