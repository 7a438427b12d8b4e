package contacts

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
)

// formView is the form of a contact, new or there already.
type formView struct {
	Action, Back string
	Name         string // of the contact; empty for a new one
	Error        string
	Who          []ui.Field // identities, of a new contact
	About        []ui.Field
	Attributes   []ui.Field
	Extra        []pair // attributes without a field yet: names and values
	Keys         []string
	Was          []pair   // what the form was filled with: only what differs is changed
	Other        *ui.Link // the contact that has an identity already
}

const (
	attributePath = "attributes."
	extraRows     = 2  // for attributes without a field
	mostFields    = 20 // attributes of the register that get a field though the contact has none
)

// entry is what a form of a contact holds.
type entry struct {
	fields     map[string]string // by the names of the form
	attributes map[string]string
	extra      []pair
}

// posted reads a form.
func posted(q *web.Request) entry {
	x := entry{fields: map[string]string{}, attributes: map[string]string{}}
	_ = q.ParseForm() // a form that cannot be read is an empty one
	for name := range q.PostForm {
		if key, ok := strings.CutPrefix(name, attributePath); ok {
			x.attributes[key] = strings.TrimSpace(q.PostForm.Get(name))
		} else {
			x.fields[name] = strings.TrimSpace(q.PostForm.Get(name))
		}
	}
	values := q.PostForm["extra_value"]
	for i, name := range q.PostForm["extra_name"] {
		value := ""
		if i < len(values) {
			value = strings.TrimSpace(values[i])
		}
		key := contact.Key(name)
		switch {
		case key != "" && value != "":
			x.attributes[key] = value // shown as a field of its own from now on
		case key != "" || value != "":
			x.extra = append(x.extra, pair{strings.TrimSpace(name), value})
		}
	}
	return x
}

// entryOf is the form of a contact as it is.
func (p *Pages) entryOf(q *web.Request, c contact.Contact) (entry, error) {
	x := entry{fields: map[string]string{"name": c.Name, "language": c.Language}, attributes: map[string]string{}}
	for k, v := range c.Attributes {
		x.attributes[k] = v
	}
	if c.Value != nil {
		digits := i18n.MinorDigits(c.Value.Currency)
		x.fields["lifetime_value"] = strings.Trim(q.Env.N(float64(c.Value.Minor)/math.Pow10(digits), digits), "\u2066\u2069")
		x.fields["currency"] = c.Value.Currency
	}
	if c.Account != "" {
		a, err := p.Contacts.Account(q.Context(), q.Workspace.ID, q.Actor, c.Account)
		if err != nil {
			return x, err
		}
		x.fields["account"] = a.Name
	}
	return x, nil
}

// view lays an entry out as a form.
func (p *Pages) formView(q *web.Request, x entry, fresh bool) (formView, error) {
	e := q.Env
	var v formView
	field := func(f ui.Field) ui.Field {
		f.Value, f.Autocomplete = x.fields[f.Name], "off"
		return f
	}
	if fresh {
		v.Action, v.Back = "/contacts", "/contacts"
		v.Who = []ui.Field{
			field(ui.Field{Name: "email", Label: e.T("contact.kind.email"), Type: "email", Optional: true, Quiet: true, Dir: "ltr"}),
			field(ui.Field{Name: "phone", Label: e.T("contact.kind.phone"), Type: "tel", Optional: true, Quiet: true, Dir: "ltr", Help: phoneHelp(q)}),
			field(ui.Field{Name: "external_id", Label: e.T("contact.kind.external"), Optional: true, Quiet: true, Dir: "ltr", Help: e.T("contact.external_help")}),
		}
	}
	accounts, _, err := p.Contacts.Accounts(q.Context(), q.Workspace.ID, q.Actor, "", "", 200)
	if err != nil {
		return v, err
	}
	var names []string
	for _, a := range accounts {
		names = append(names, a.Name)
	}
	currency := x.fields["currency"]
	if _, ok := x.fields["currency"]; !ok {
		currency = q.Workspace.Currency
	}
	v.About = []ui.Field{
		field(ui.Field{Name: "name", Label: e.T("settings.name"), Optional: true, Quiet: true}),
		field(ui.Field{Name: "language", Label: e.T("setup.language"), Optional: true, Quiet: true, Options: languages(e, x.fields["language"])}),
		field(ui.Field{Name: "lifetime_value", Label: e.T("contact.value"), Optional: true, Quiet: true, Dir: "ltr"}),
		{Name: "currency", Label: e.T("settings.currency"), Value: currency, Optional: true, Quiet: true, Dir: "ltr", Suggest: currencies, Autocomplete: "off"},
		field(ui.Field{Name: "account", Label: e.T("contact.account"), Optional: true, Quiet: true, Suggest: names, Help: e.T("contact.account_help")}),
	}
	register, byKey, err := p.register(q)
	if err != nil {
		return v, err
	}
	keys := map[string]bool{}
	for k := range x.attributes {
		keys[k] = true
	}
	for i, a := range register {
		if v.Keys = append(v.Keys, a.Key); i < mostFields {
			keys[a.Key] = true
		}
	}
	var few []string
	for k := range keys {
		few = append(few, k)
	}
	values, err := p.Contacts.Values(q.Context(), q.Workspace.ID, q.Actor, few, mostValues)
	if err != nil {
		return v, err
	}
	for k := range keys {
		a, ok := byKey[k]
		if !ok {
			a = contact.Attribute{Key: k}
		}
		v.Attributes = append(v.Attributes, attributeField(e, a, x.attributes[k], values[k]))
	}
	slices.SortFunc(v.Attributes, func(a, b ui.Field) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Name, b.Name)) })
	v.Extra = append(v.Extra, x.extra...)
	for len(v.Extra) < len(x.extra)+extraRows {
		v.Extra = append(v.Extra, pair{})
	}
	return v, nil
}

// phoneHelp says how a phone number without its country is read.
func phoneHelp(q *web.Request) string {
	if q.Workspace.Country == "" {
		return q.Env.T("contact.phone_help")
	}
	return q.Env.T("contact.phone_help_country", "country", regionName(q.Env, q.Workspace.Country))
}

func regionName(e ui.Env, code string) string {
	r, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(e.Tag())).Name(r); name != "" {
		return name
	}
	return code
}

func attributeField(e ui.Env, a contact.Attribute, value string, suggest []string) ui.Field {
	f := ui.Field{Name: attributePath + a.Key, Label: attributeTitle(a), Value: value, Optional: true, Quiet: true, Suggest: suggest, Autocomplete: "off"}
	switch a.Kind {
	case contact.Bool:
		if v := strings.ToLower(value); v == "" || v == "true" || v == "false" {
			f.Value, f.Options = v, []ui.Option{{Label: "–"}, {Value: "true", Label: e.T("value.yes")}, {Value: "false", Label: e.T("value.no")}}
		}
	case contact.Number:
		f.Dir = "ltr"
	case contact.Date:
		f.Dir, f.Placeholder = "ltr", "2026-01-31"
	}
	return f
}

// spoken are the languages that the list offers; any other that a contact has joins them.
var spoken = []string{"en", "he", "fa", "ru", "ar", "am", "az", "be", "bg", "bn", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hi", "hr", "hu", "hy", "id",
	"it", "ja", "ka", "kk", "ko", "ku", "lt", "lv", "nl", "no", "pl", "ps", "pt", "ro", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "uz", "vi", "yi", "zh"}

func languages(e ui.Env, value string) []ui.Option {
	tag := language.Make(e.Tag())
	names := display.Tags(tag)
	list := spoken
	if value != "" && !slices.Contains(list, value) {
		list = append(slices.Clone(list), value)
	}
	var out []ui.Option
	for _, l := range list {
		name := value
		if t, err := language.Parse(l); err == nil {
			name = names.Name(t)
		}
		out = append(out, ui.Option{Value: l, Label: name})
	}
	order := collate.New(tag)
	slices.SortFunc(out, func(a, b ui.Option) int { return order.CompareString(a.Label, b.Label) })
	return append([]ui.Option{{Label: e.T("value.none")}}, out...)
}

// currencies are offered; any other can be typed.
var currencies = []string{"AED", "AMD", "AUD", "AZN", "BRL", "CAD", "CHF", "CNY", "EGP", "EUR", "GBP", "GEL", "ILS", "INR", "IRR", "JOD", "JPY", "KZT", "PLN",
	"RUB", "SAR", "TRY", "UAH", "USD", "UZS"}

// money reads the value of an entry; nil when there is none.
func money(q *web.Request, x entry) (*contact.Money, *fault.Field) {
	text, code := x.fields["lifetime_value"], strings.ToUpper(x.fields["currency"])
	if text == "" {
		return nil, nil
	}
	bad := func(path, code, msg string) (*contact.Money, *fault.Field) {
		return nil, &fault.Field{Path: path, Code: code, Msg: msg}
	}
	if code == "" {
		return bad("currency", "required", "an amount needs its currency")
	}
	number, ok := q.Env.Number(text)
	whole, frac, _ := strings.Cut(number, ".")
	digits := i18n.MinorDigits(code)
	frac = strings.TrimRight(frac, "0")
	if !ok || len(frac) > digits {
		return bad("lifetime_value", "amount", "that is not an amount of this currency")
	}
	minor, err := strconv.ParseInt(whole+frac+strings.Repeat("0", digits-len(frac)), 10, 64)
	if err != nil || minor > 1e15 || minor < -1e15 {
		return bad("lifetime_value", "range", "that is too much")
	}
	return &contact.Money{Minor: minor, Currency: code}, nil
}

// account finds the account that an entry names, by its name or its id.
func (p *Pages) account(q *web.Request, text string) (a contact.Account, bad *fault.Field, err error) {
	list, _, err := p.Contacts.Accounts(q.Context(), q.Workspace.ID, q.Actor, text, "", 1000)
	if err != nil {
		return a, nil, err
	}
	var named []contact.Account
	for _, x := range list {
		if x.External == text {
			return x, nil, nil
		}
		if strings.EqualFold(x.Name, text) {
			named = append(named, x)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil, nil
	case 0:
		return a, &fault.Field{Path: "account", Code: "no_account", Msg: "there is no such account"}, nil
	}
	return a, &fault.Field{Path: "account", Code: "accounts", Msg: "several accounts have this name: give the id"}, nil
}

// refused shows a form again, with what is wrong with it.
func (p *Pages) refused(q *web.Request, v formView, cause error) error {
	status, ok := told(cause)
	if !ok {
		return cause
	}
	all := slices.Concat(v.Who, v.About, v.Attributes)
	v.Error, all = ui.Refuse(q.Env, all, known(q.Env, cause))
	v.Who, all = all[:len(v.Who)], all[len(v.Who):]
	v.About, v.Attributes = all[:len(v.About)], all[len(v.About):]
	return q.Render(status, formPage(shell(q, formTitle(q.Env, v)), v))
}

// known gives a fault that no field of the form carries the words of the form.
func known(e ui.Env, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != "identities" {
		return err
	}
	return fault.New(f.Kind, f.Op, "%s", e.T("contact.identity_needed"))
}

func formTitle(e ui.Env, v formView) string {
	if v.Name == "" {
		return e.T("contact.new")
	}
	return v.Name
}

func (p *Pages) newContact(q *web.Request) error {
	v, err := p.formView(q, entry{}, true)
	if err != nil {
		return err
	}
	return q.Render(http.StatusOK, formPage(shell(q, formTitle(q.Env, v)), v))
}

func (p *Pages) create(q *web.Request) error {
	limit(q)
	x := posted(q)
	ref := contact.Ref{External: x.fields["external_id"], Email: x.fields["email"], Phone: x.fields["phone"], Name: x.fields["name"],
		Language: x.fields["language"], Attributes: x.attributes}
	var bad []fault.Field
	value, wrong := money(q, x)
	if ref.Value = value; wrong != nil {
		bad = append(bad, *wrong)
	}
	if text := x.fields["account"]; text != "" {
		a, wrong, err := p.account(q, text)
		if err != nil {
			return err
		}
		if ref.Account = a.External; wrong != nil {
			bad = append(bad, *wrong)
		}
	}
	bad = append(bad, check(&ref, q.Workspace.Country)...)
	var err error
	if len(bad) > 0 {
		err = fault.Bad("contacts.create", bad...)
	} else {
		var c contact.Contact
		if c, err = p.Contacts.Create(q.Context(), q.Workspace.ID, q.Actor, ref); err == nil {
			q.Flash("good", "contact.created")
			q.Redirect(href(c.ID))
			return nil
		}
	}
	v, verr := p.formView(q, x, true)
	if verr != nil {
		return verr
	}
	if fault.Is(err, fault.Conflict) {
		for _, i := range []struct {
			kind  contact.Kind
			value string
		}{{contact.External, ref.External}, {contact.Email, ref.Email}, {contact.Phone, ref.Phone}} {
			if i.value == "" || v.Other != nil {
				continue
			}
			if v.Other, verr = p.other(q, i.kind, i.value); verr != nil {
				return verr
			}
		}
		if v.Other != nil {
			v.Other.Href = href(contact.ID(v.Other.Href))
		}
	}
	return p.refused(q, v, err)
}

// check says all that is wrong with a reference at once, on a copy of it.
func check(ref *contact.Ref, country string) []fault.Field {
	c := *ref
	bad := c.Normalise(country)
	for i := range bad {
		if bad[i].Path == "lifetime_value" && bad[i].Code == "currency" {
			bad[i].Path = "currency"
		}
	}
	return bad
}

func (p *Pages) edit(q *web.Request) error {
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	x, err := p.entryOf(q, c)
	if err != nil {
		return err
	}
	v, err := p.editView(q, c, x)
	if err != nil {
		return err
	}
	for name, value := range x.fields {
		v.Was = append(v.Was, pair{"was." + name, value})
	}
	for key, value := range x.attributes {
		v.Was = append(v.Was, pair{"was." + attributePath + key, value})
	}
	slices.SortFunc(v.Was, func(a, b pair) int { return cmp.Compare(a.Name, b.Name) })
	return q.Render(http.StatusOK, formPage(shell(q, v.Name), v))
}

func (p *Pages) editView(q *web.Request, c contact.Contact, x entry) (formView, error) {
	v, err := p.formView(q, x, false)
	v.Action, v.Back, v.Name = href(c.ID), href(c.ID), figure.Name(q.Env, c)
	return v, err
}

// save changes what the form was changed in, so that what somebody else changed meanwhile stays.
func (p *Pages) save(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	x := posted(q)
	var was []pair
	for name, value := range x.fields {
		if strings.HasPrefix(name, "was.") {
			was = append(was, pair{name, value})
		}
	}
	slices.SortFunc(was, func(a, b pair) int { return cmp.Compare(a.Name, b.Name) })
	changed := func(name, value string) bool { return value != x.fields["was."+name] }
	patch := contact.Patch{Attributes: map[string]string{}}
	var bad []fault.Field
	for name, to := range map[string]**string{"name": &patch.Name, "language": &patch.Language} {
		if value, ok := x.fields[name]; ok && changed(name, value) {
			*to = &value
		}
	}
	for key, value := range x.attributes {
		if changed(attributePath+key, value) {
			patch.Attributes[key] = value
		}
	}
	if text, ok := x.fields["account"]; ok && changed("account", text) {
		var account contact.Account
		var wrong *fault.Field
		if text != "" {
			if account, wrong, err = p.account(q, text); err != nil {
				return err
			}
		}
		if patch.Account = &account.ID; wrong != nil {
			bad = append(bad, *wrong)
		}
	}
	if text, ok := x.fields["lifetime_value"]; ok && (changed("lifetime_value", text) || text != "" && changed("currency", x.fields["currency"])) {
		value, wrong := money(q, x)
		if patch.Value = value; value == nil {
			patch.Value = &contact.Money{}
		}
		if wrong != nil {
			bad = append(bad, *wrong)
		}
	}
	bad = append(bad, check(&contact.Ref{Name: deref(patch.Name), Language: deref(patch.Language), Attributes: patch.Attributes, Value: noneOf(patch.Value)}, "")...)
	if len(bad) > 0 {
		err = fault.Bad("contacts.save", bad...)
	} else if _, err = p.Contacts.Update(q.Context(), q.Workspace.ID, q.Actor, c.ID, patch); err == nil {
		q.Flash("good", "settings.saved")
		q.Redirect(href(c.ID))
		return nil
	}
	v, verr := p.editView(q, c, x)
	if verr != nil {
		return verr
	}
	v.Was = was
	return p.refused(q, v, err)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// noneOf is nil for a value that takes one away.
func noneOf(m *contact.Money) *contact.Money {
	if m == nil || *m == (contact.Money{}) {
		return nil
	}
	return m
}
