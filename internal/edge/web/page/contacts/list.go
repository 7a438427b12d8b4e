package contacts

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/page/health"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// own are names in the address that are the list's own, not filters: its page and order, the segment that is being changed,
// and a condition that is being added.
var own = []string{"cursor", "sort", "editing", "condition", "op", "value"}

// address is where the list stands, without its page.
type address struct {
	filters       url.Values
	sort, editing string
}

func (a address) href(filters url.Values) string {
	v := clone(filters)
	if a.sort != "" {
		v.Set("sort", a.sort)
	}
	if a.editing != "" {
		v.Set("editing", a.editing)
	}
	return listHref(v)
}

func listHref(v url.Values) string {
	if len(v) == 0 {
		return "/contacts"
	}
	return "/contacts?" + v.Encode()
}

// toggled is the list with a value more, or less when it is there. Values of attributes are one whatever their case.
func (a address) toggled(name, value string) (href string, on bool) {
	v := clone(a.filters)
	i := slices.IndexFunc(v[name], func(x string) bool {
		return x == value || strings.HasPrefix(name, "attribute.") && strings.EqualFold(x, value)
	})
	if i < 0 {
		v.Add(name, value)
		return a.href(v), false
	}
	if v[name] = slices.Delete(v[name], i, i+1); len(v[name]) == 0 {
		v.Del(name)
	}
	return a.href(v), true
}

func clone(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for k, x := range v {
		c[k] = slices.Clone(x)
	}
	return c
}

// pair is a name and a value: a field that a form only carries on.
type pair struct{ Name, Value string }

func pairs(v url.Values, without ...string) (list []pair) {
	for name, values := range v {
		for _, x := range values {
			if !slices.Contains(without, name) {
				list = append(list, pair{name, x})
			}
		}
	}
	slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return list
}

type listView struct {
	Tabs    []ui.Tab
	Columns []ui.Column
	Rows    []row
	Facets  []ui.Facet
	Chips   []ui.Chip
	Pager   ui.Page
	Sorts   []ui.Tab
	Exports []ui.Export
	Fresh   bool // the workspace has no contacts at all
	May     bool // change
	Known   bool // the reader may see who contacts are
	Text    string
	Carry   []pair // of the search form
	Clear   string
	Adding  adding
	Segment segmentView
}

type row struct {
	Href, Name  string
	Below       []string // identities that are not the name already
	Has         []string // kinds of identities, where they are hidden
	HasAccounts bool     // the table has a column of accounts
	Account     string
	AccountHref string
	Values      []string // of the attributes that have a column
	Language    string
	LastSeen    time.Time
}

// adding is the form that adds a condition.
type adding struct {
	Fields []ui.Field // attribute, comparison, value
	Carry  []pair
	Error  string
	Open   bool
}

// shown is how many contacts a page has.
const shown = 50

func (p *Pages) list(q *web.Request) error {
	values := q.URL.Query()
	a := address{filters: url.Values{}, sort: values.Get("sort"), editing: values.Get("editing")}
	for name, list := range values {
		if !slices.Contains(own, name) && !slices.Equal(list, []string{""}) || name == "language" || strings.HasPrefix(name, "attribute.") {
			a.filters[name] = list // an empty search box is no filter
		}
	}
	if a.sort != "name" || !identify(q) {
		a.sort = ""
	}
	f, err := contact.DecodeFilter(a.filters)
	if err != nil {
		return err
	}
	if values["condition"] != nil {
		return p.addCondition(q, a, f)
	}
	return p.showList(q, http.StatusOK, a, f, adding{})
}

func (p *Pages) showList(q *web.Request, status int, a address, f contact.Filter, add adding) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	cursor := q.URL.Query().Get("cursor")
	page, err := p.Contacts.List(ctx, ws, q.Actor, contact.Query{Filter: f, ByName: a.sort == "name", Cursor: cursor, Limit: shown})
	if err != nil {
		return err
	}
	languages, err := p.Contacts.Languages(ctx, ws, q.Actor, f)
	if err != nil {
		return err
	}
	var total int64
	for _, l := range languages {
		if len(f.Languages) == 0 || slices.ContainsFunc(f.Languages, func(asked string) bool {
			return l.Value == asked || asked != "" && strings.HasPrefix(l.Value, asked+"-") // "pt" finds pt-BR too
		}) {
			total += l.Count
		}
	}
	v := listView{May: q.Actor.May(identity.ContactsWrite), Known: identify(q), Text: f.Text, Clear: listHref(url.Values{}), Adding: add}
	v.Exports = []ui.Export{{List: "contacts", Query: a.filters.Encode()}}
	v.Pager = ui.Page{Shown: len(page.Contacts), Total: total}
	if page.Next != "" {
		v.Pager.Next = a.href(with(a.filters, "cursor", page.Next))
	}
	if cursor != "" {
		v.Pager.Prev = a.href(a.filters) // back to the beginning
	}
	v.Fresh = total == 0 && len(a.filters) == 0
	if v.Tabs, err = p.tabs(q, "contacts"); err != nil {
		return err
	}
	segments, err := p.Contacts.Segments(ctx, ws, q.Actor)
	if err != nil {
		return err
	}
	if len(segments) > 0 {
		v.Exports = append(v.Exports, ui.Export{List: "segments"})
	}
	known, err := p.knowledge(q, f)
	if err != nil {
		return err
	}
	v.Facets = p.facets(q, a, languages, segments, known)
	if v.Chips, err = p.chips(q, a, segments, known); err != nil {
		return err
	}
	if v.Rows, v.Columns, err = p.rows(q, page.Contacts, known); err != nil {
		return err
	}
	if v.Known {
		for _, s := range []struct{ sort, key string }{{"", "contact.newest"}, {"name", "contact.by_name"}} {
			to := address{a.filters, s.sort, a.editing}
			v.Sorts = append(v.Sorts, ui.Tab{Label: e.T(s.key), Href: to.href(to.filters), Current: a.sort == s.sort})
		}
	}
	carried := url.Values{"sort": {a.sort}, "editing": {a.editing}}
	for name, value := range carried {
		if value[0] == "" {
			carried.Del(name)
		}
	}
	for name, list := range a.filters {
		carried[name] = list
	}
	v.Carry, v.Adding.Carry = pairs(carried, "q"), pairs(carried)
	v.Adding.Fields = conditionFields(q, known)
	v.Segment = segmentOf(a, f, segments)
	title := e.T("nav.contacts")
	if v.Segment.Name != "" {
		title = v.Segment.Name
	}
	return q.Render(status, listPage(shell(q, title), v))
}

// with is a query string with one value set.
func with(v url.Values, name, value string) url.Values {
	c := clone(v)
	c.Set(name, value)
	return c
}

// knowledge is what the workspace knows of its contacts: the register, and the attributes with few values, which are the
// ones to slice by.
type knowledge struct {
	register []contact.Attribute
	byKey    map[string]contact.Attribute
	few      []string // keys of attributes with few values, the fewest first
	values   map[string][]string
}

const (
	mostValues     = 12 // that an attribute has to be offered with
	mostAttributes = 24 // that are looked at for their values
)

func (p *Pages) knowledge(q *web.Request, f contact.Filter) (k knowledge, err error) {
	if k.register, k.byKey, err = p.register(q); err != nil {
		return k, err
	}
	var keys []string
	for _, a := range k.register {
		if a.Sliceable && len(keys) < mostAttributes {
			keys = append(keys, a.Key)
		}
	}
	if k.values, err = p.Contacts.Values(q.Context(), q.Workspace.ID, q.Actor, keys, mostValues); err != nil {
		return k, err
	}
	for _, key := range keys {
		if len(k.values[key]) > 1 {
			k.few = append(k.few, key)
		}
	}
	asked := map[string]bool{}
	for _, c := range f.Conditions {
		asked[c.Attribute] = true
	}
	slices.SortStableFunc(k.few, func(a, b string) int {
		if asked[a] != asked[b] {
			if asked[a] {
				return -1
			}
			return 1
		}
		return len(k.values[a]) - len(k.values[b])
	})
	return k, nil
}

// columns of attributes that the table has room for, one less beside accounts.
const columns = 2

func (p *Pages) rows(q *web.Request, list []contact.Contact, k knowledge) (rows []row, head []ui.Column, err error) {
	e := q.Env
	var ids []contact.AccountID
	for _, c := range list {
		if c.Account != "" && !slices.Contains(ids, c.Account) {
			ids = append(ids, c.Account)
		}
	}
	accounts, err := p.Contacts.LoadAccounts(q.Context(), q.Workspace.ID, q.Actor, ids)
	if err != nil {
		return nil, nil, err
	}
	keys := k.few[:min(len(k.few), columns-min(len(ids), 1))]
	head = []ui.Column{{Label: e.T("field.contact")}, {Label: e.T("contact.last_seen")}}
	for _, key := range keys {
		head = append(head, ui.Column{Label: attributeTitle(k.byKey[key])})
	}
	if len(ids) > 0 {
		head = append(head, ui.Column{Label: e.T("contact.account")})
	}
	head = append(head, ui.Column{Label: e.T("setup.language")})
	for _, c := range list {
		r := row{Href: href(c.ID), Name: figure.Name(e, c), Language: c.Language, LastSeen: c.LastSeen, HasAccounts: len(ids) > 0}
		for _, i := range c.Identities {
			switch {
			case c.Masked:
				if name := e.T("contact.kind." + string(i.Kind)); !slices.Contains(r.Has, name) {
					r.Has = append(r.Has, name)
				}
			case i.Kind != contact.External && i.Value != r.Name && len(r.Below) < 2:
				r.Below = append(r.Below, i.Value)
			}
		}
		for _, key := range keys {
			r.Values = append(r.Values, attributeValue(e, k.byKey[key], c.Attributes[key]))
		}
		if a, ok := accounts[c.Account]; ok {
			r.Account, r.AccountHref = a.Name, health.AccountHref(a.ID)
		}
		rows = append(rows, r)
	}
	return rows, head, nil
}

func (p *Pages) facets(q *web.Request, a address, languages []contact.Counted, segments []contact.Segment, k knowledge) []ui.Facet {
	e := q.Env
	var out []ui.Facet
	if len(segments) > 0 {
		f := ui.Facet{Label: e.T("contact.segments")}
		for _, s := range segments {
			o := ui.FacetOption{Label: s.Name, Count: -1, Href: listHref(url.Values{"segment": {string(s.ID)}})}
			if s.Covered {
				o.Label = e.T("contact.segment_covered", "name", s.Name)
			}
			if o.On = a.filters.Get("segment") == string(s.ID) || a.editing == string(s.ID); o.On {
				o.Href = "/contacts"
			}
			f.Options = append(f.Options, o)
		}
		out = append(out, f)
	}
	has := ui.Facet{Label: e.T("contact.reach")}
	for _, kind := range []contact.Kind{contact.Email, contact.Phone, contact.External} {
		o := ui.FacetOption{Label: e.T("contact.kind." + string(kind)), Count: -1, Icon: kindIcons[kind]}
		o.Href, o.On = a.toggled("has", string(kind))
		has.Options = append(has.Options, o)
	}
	out = append(out, has)
	f := ui.Facet{Label: e.T("setup.language")}
	for i, l := range languages {
		o := ui.FacetOption{Label: languageOf(e, l.Value), Count: l.Count}
		if o.Href, o.On = a.toggled("language", l.Value); i < 8 || o.On {
			f.Options = append(f.Options, o)
		}
	}
	if len(f.Options) > 1 || len(a.filters["language"]) > 0 {
		out = append(out, f)
	}
	for i, key := range k.few {
		if i == 8 {
			break
		}
		name := contact.ConditionName(key, contact.Is)
		f := ui.Facet{Label: attributeTitle(k.byKey[key]), Closed: i >= 3 && !a.filters.Has(name)}
		for _, value := range k.values[key] {
			o := ui.FacetOption{Label: attributeValue(e, k.byKey[key], value), Count: -1}
			o.Href, o.On = a.toggled(name, value)
			f.Options = append(f.Options, o)
		}
		out = append(out, f)
	}
	return out
}

var kindIcons = map[contact.Kind]string{contact.Email: "mail", contact.Phone: "phone", contact.External: "key"}

// opWords are the messages that say a comparison.
var opWords = map[contact.Op]string{contact.Is: "op.in", contact.IsNot: "op.not_in", contact.Present: "op.not_empty", contact.Absent: "op.empty",
	contact.Above: "op.gt", contact.Below: "op.lt"}

func (p *Pages) chips(q *web.Request, a address, segments []contact.Segment, k knowledge) ([]ui.Chip, error) {
	e := q.Env
	var out []ui.Chip
	for _, x := range pairs(a.filters) {
		c := ui.Chip{Value: x.Value}
		c.Href, _ = a.toggled(x.Name, x.Value)
		switch x.Name {
		case "q":
			c.Label = e.T("filter.text")
		case "language":
			c.Label, c.Value = e.T("setup.language"), languageOf(e, x.Value)
		case "has":
			c.Label, c.Value = e.T("contact.reach"), ui.Named(e, "contact.kind.", x.Value)
		case "account":
			account, err := p.Contacts.Account(q.Context(), q.Workspace.ID, q.Actor, contact.AccountID(x.Value))
			if err != nil {
				return nil, err
			}
			c.Label, c.Value = e.T("contact.account"), account.Name
		case "segment":
			c.Label = e.T("contact.segment")
			for _, s := range segments {
				if string(s.ID) == x.Value {
					c.Value = s.Name
				}
			}
		default:
			key, op, _ := contact.ParseConditionName(x.Name)
			attribute, ok := k.byKey[key]
			if c.Label = attributeTitle(attribute); !ok {
				c.Label = key
			}
			c.Value = attributeValue(e, attribute, x.Value)
			if op != contact.Is {
				c.Value = strings.TrimSpace(e.T(opWords[op]) + " " + c.Value)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

func conditionFields(q *web.Request, k knowledge) []ui.Field {
	e, values := q.Env, q.URL.Query()
	attribute := ui.Field{Name: "condition", Label: e.T("contact.attribute"), Value: values.Get("condition")}
	for _, a := range k.register {
		attribute.Options = append(attribute.Options, ui.Option{Value: a.Key, Label: attributeTitle(a)})
	}
	op := ui.Field{Name: "op", Label: e.T("explore.filter_op"), Value: values.Get("op")}
	for _, o := range contact.Ops() {
		op.Options = append(op.Options, ui.Option{Value: string(o), Label: e.T(opWords[o])})
	}
	return []ui.Field{attribute, op, {Name: "value", Label: e.T("explore.filter_value"), Value: values.Get("value"), Optional: true}}
}

// addCondition leads to the list with one condition more, or shows what is wrong with it.
func (p *Pages) addCondition(q *web.Request, a address, f contact.Filter) error {
	v := q.URL.Query()
	c := contact.Condition{Attribute: contact.Key(v.Get("condition")), Op: contact.Op(v.Get("op"))}
	value := strings.TrimSpace(v.Get("value"))
	if c.Op != contact.Present && c.Op != contact.Absent {
		c.Values = []string{value}
	}
	wrong := ""
	if len(c.Values) > 0 && value == "" {
		wrong = q.Env.T("contact.value_needed")
	} else {
		g := f
		g.Conditions = append(slices.Clone(f.Conditions), c)
		_, err := p.Contacts.List(q.Context(), q.Workspace.ID, q.Actor, contact.Query{Filter: g, Limit: 1})
		switch {
		case err == nil:
			q.Redirect(a.href(contact.EncodeFilter(g)))
			return nil
		case !fault.Is(err, fault.Invalid):
			return err
		case c.Op == contact.Above || c.Op == contact.Below:
			wrong = q.Env.T("contact.number_needed")
		default:
			wrong = q.Sentence(err)
		}
	}
	return p.showList(q, http.StatusUnprocessableEntity, a, f, adding{Error: wrong, Open: true})
}
