package contacts

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/page/health"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

type detailView struct {
	Path        string
	Name        string
	Masked      bool
	Identities  []identityView
	About       []ui.Fact
	Attributes  []ui.Fact
	Consents    []consentView
	History     []consentView // all decisions, when there are more than those that count
	Scores      []scoreView
	Health      *health.Standing
	Quotes      []ui.Quote
	Happened    []happenedView
	AllHappened bool   // there are more events than are shown
	More        string // address of all feedback, when there is more than is shown
	May         bool   // change
	MayErase    bool
	Erased      time.Time
	Error       string
	Adding      form // an identity
	Deciding    form // a consent
}

// form is a form of the page: open when it was refused.
type form struct {
	Fields []ui.Field
	Error  string
	Open   bool
	Other  *ui.Link // the contact that has the identity already
}

type identityView struct {
	Kind, Label, Icon, Value, Norm string
}

type consentView struct {
	What    string
	Granted bool
	At      time.Time
	Source  string
	Proof   string
}

// scoreView is what one metric was answered with, over time and on one scale.
type scoreView struct {
	Label, Scale string
	Spark        []float64
	Answers      []answerView
}

type answerView struct {
	Answer     ui.Answer
	At         time.Time
	Href, Date string
}

const (
	mostQuotes  = 20  // of a contact's feedback that its page shows
	mostScored  = 200 // pieces of feedback that its scores are taken from
	mostAnswers = 8   // of a metric that are spelled out
)

// find reads the contact of the path. One that is part of another one now leads there, with ok false.
func (p *Pages) find(q *web.Request) (c contact.Contact, ok bool, err error) {
	c, err = p.Contacts.Get(q.Context(), q.Workspace.ID, q.Actor, contact.ID(q.PathValue("id")))
	if err != nil {
		return c, false, err
	}
	if c.MergedInto != "" && q.Method == http.MethodGet {
		q.Flash("", "contact.part_of")
		q.Redirect(href(c.MergedInto))
		return c, false, nil
	}
	return c, true, nil
}

// living is find for a change of a contact that can be changed.
func (p *Pages) living(q *web.Request) (c contact.Contact, ok bool, err error) {
	if c, ok, err = p.find(q); ok && (!c.ErasedAt.IsZero() || c.MergedInto != "") {
		return c, false, fault.New(fault.Conflict, "contacts", "the contact was erased, or merged into another one")
	}
	return c, ok, err
}

func (p *Pages) detail(q *web.Request) error {
	c, ok, err := p.find(q)
	if !ok {
		return err
	}
	return p.showDetail(q, http.StatusOK, c, identityForm(q), consentForm(q))
}

func (p *Pages) showDetail(q *web.Request, status int, c contact.Contact, adding, deciding form) error {
	e := q.Env
	v := detailView{Path: href(c.ID), Name: figure.Name(e, c), Masked: c.Masked, Erased: c.ErasedAt, Adding: adding, Deciding: deciding,
		May: q.Actor.May(identity.ContactsWrite), MayErase: q.Actor.May(identity.Erase)}
	if !c.ErasedAt.IsZero() {
		v.Name = e.T("contact.erased")
		return q.Render(status, erasedPage(shell(q, v.Name), v))
	}
	for _, i := range c.Identities {
		v.Identities = append(v.Identities, identityView{string(i.Kind), e.T("contact.kind." + string(i.Kind)), kindIcons[i.Kind], i.Value, i.Norm})
	}
	if err := p.standing(q, c, &v); err != nil {
		return err
	}
	if err := p.about(q, c, &v); err != nil {
		return err
	}
	if err := p.latest(q, c, &v); err != nil {
		return err
	}
	for _, x := range c.Consents {
		v.Consents = append(v.Consents, consentOf(e, x))
	}
	history, err := p.Contacts.ConsentHistory(q.Context(), q.Workspace.ID, q.Actor, c.ID)
	if err != nil {
		return err
	}
	if len(history) > len(c.Consents) || slices.ContainsFunc(history, func(x contact.Consent) bool { return x.Proof != "" }) {
		for _, x := range history {
			v.History = append(v.History, consentOf(e, x))
		}
	}
	if q.Actor.May(identity.FeedbackRead) {
		list, err := p.Feedback.List(q.Context(), q.Workspace.ID, feedback.Filter{Contact: c.ID, Limit: mostScored})
		if err != nil {
			return err
		}
		v.Scores = scores(e, list)
		if v.Quotes, err = p.Words.Quotes(q, list[:min(len(list), mostQuotes)], nil); err != nil {
			return err
		}
		for i := range v.Quotes {
			v.Quotes[i].Own = true
		}
		if len(list) > mostQuotes {
			v.More = "/feedback?" + url.Values{"contact": {string(c.ID)}}.Encode()
		}
	}
	return q.Render(status, detailPage(shell(q, v.Name), v))
}

// standing fills in how likely the contact is to stay, where that was scored.
func (p *Pages) standing(q *web.Request, c contact.Contact, v *detailView) error {
	if !q.Actor.May(identity.InsightsRead) {
		return nil
	}
	x, err := p.Health.Get(q.Context(), q.Workspace.ID, q.Actor, c.ID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s := health.StandingOf(q.Env, x)
	v.Health = &s
	return nil
}

// about fills in what is known of a contact.
func (p *Pages) about(q *web.Request, c contact.Contact, v *detailView) error {
	e := q.Env
	fact := func(to *[]ui.Fact, label, text string) {
		if text != "" {
			*to = append(*to, ui.Fact{Label: label, Text: text})
		}
	}
	if c.Account != "" {
		a, err := p.Contacts.Account(q.Context(), q.Workspace.ID, q.Actor, c.Account)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			v.About = append(v.About, ui.Fact{Label: e.T("contact.account"), Value: linked(ui.Link{Label: a.Name, Href: health.AccountHref(a.ID)})})
		}
	}
	if c.Value != nil {
		fact(&v.About, e.T("contact.value"), e.Money(c.Value.Minor, c.Value.Currency))
	}
	if c.Language != "" {
		fact(&v.About, e.T("setup.language"), ui.OwnName(c.Language))
	}
	fact(&v.About, e.T("contact.first_seen"), e.Date(c.FirstSeen))
	fact(&v.About, e.T("contact.last_seen"), e.Date(c.LastSeen))
	_, byKey, err := p.register(q)
	if err != nil {
		return err
	}
	for key, value := range c.Attributes {
		a, ok := byKey[key]
		if !ok {
			a = contact.Attribute{Key: key}
		}
		fact(&v.Attributes, attributeTitle(a), attributeValue(e, a, value))
	}
	slices.SortFunc(v.Attributes, func(a, b ui.Fact) int { return cmp.Compare(a.Label, b.Label) })
	return nil
}

func consentOf(e ui.Env, c contact.Consent) consentView {
	channel, purpose := ui.Named(e, "channel.", c.Channel), ui.Named(e, "purpose.", c.Purpose)
	if c.Channel == "*" {
		channel = e.T("contact.all_channels")
	}
	if c.Purpose == "*" {
		purpose = e.T("contact.all_purposes")
	}
	return consentView{What: channel + " · " + purpose, Granted: c.Granted, At: c.At, Source: c.Source, Proof: c.Proof}
}

// scores tells how a contact's answers went on, for every metric that was answered more than once on one scale. The list
// comes newest first.
func scores(e ui.Env, list []feedback.Feedback) []scoreView {
	var out []scoreView
	at := map[string]int{}
	for _, f := range slices.Backward(list) {
		for _, s := range f.Scores {
			key := s.Metric + " " + s.Scale.String()
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key] = i
				out = append(out, scoreView{Label: ui.Named(e, "metric.", s.Metric), Scale: figure.Scale(e, s.Scale.String())})
			}
			out[i].Spark = append(out[i].Spark, s.Value)
			out[i].Answers = append(out[i].Answers, answerView{figure.Answer(s), f.Time, "/feedback/" + url.PathEscape(string(f.ID)), e.Date(f.Time)})
		}
	}
	out = slices.DeleteFunc(out, func(s scoreView) bool { return len(s.Answers) < 2 })
	for i := range out {
		a := out[i].Answers
		out[i].Answers = a[max(0, len(a)-mostAnswers):]
	}
	return out
}

func identityForm(q *web.Request) form {
	e := q.Env
	kind := ui.Field{Name: "kind", Label: e.T("contact.identity_kind"), Value: q.PostFormValue("kind")}
	for _, k := range []contact.Kind{contact.Email, contact.Phone, contact.External} {
		kind.Options = append(kind.Options, ui.Option{Value: string(k), Label: e.T("contact.kind." + string(k))})
	}
	return form{Fields: []ui.Field{kind, {Name: "value", Label: e.T("explore.filter_value"), Value: q.PostFormValue("value"), Dir: "ltr", Autocomplete: "off"}}}
}

func (p *Pages) addIdentity(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	kind, value := contact.Kind(q.PostFormValue("kind")), q.PostFormValue("value")
	err = p.Contacts.AddIdentity(q.Context(), q.Workspace.ID, q.Actor, c.ID, kind, value)
	if err == nil {
		q.Flash("good", "contact.identity_added")
		q.Redirect(href(c.ID))
		return nil
	}
	status, ok := told(err)
	if !ok {
		return err
	}
	f := identityForm(q)
	f.Open = true
	f.Error, f.Fields = ui.Refuse(q.Env, f.Fields, err)
	if fault.Is(err, fault.Conflict) {
		if f.Other, err = p.other(q, kind, value); err != nil {
			return err
		}
		if f.Other != nil {
			f.Other.Href = href(c.ID) + "/merge?" + url.Values{"with": {f.Other.Href}}.Encode()
		}
	}
	return p.showDetail(q, status, c, f, consentForm(q))
}

// other names the contact that has an identity; its Href is the contact's id.
func (p *Pages) other(q *web.Request, kind contact.Kind, value string) (*ui.Link, error) {
	if !identify(q) {
		return nil, nil
	}
	id, err := p.Contacts.Owner(q.Context(), q.Workspace.ID, q.Actor, kind, value)
	if err != nil || id == "" {
		return nil, err
	}
	c, err := p.Contacts.Get(q.Context(), q.Workspace.ID, q.Actor, id)
	if err != nil {
		return nil, err
	}
	return &ui.Link{Label: figure.Name(q.Env, c), Href: string(id)}, nil
}

func (p *Pages) removeIdentity(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	err = p.Contacts.RemoveIdentity(q.Context(), q.Workspace.ID, q.Actor, c.ID, contact.Kind(q.PostFormValue("kind")), q.PostFormValue("norm"))
	if err != nil && !fault.Is(err, fault.NotFound) { // what is gone already is what was asked for
		return err
	}
	q.Flash("good", "contact.identity_removed")
	q.Redirect(href(c.ID))
	return nil
}

// channels and purposes that are decided on by hand; programs may have others.
var (
	consentChannels = []string{"*", "email", "sms", "phone"}
	consentPurposes = []string{"*", "survey", "announcement", "marketing"}
)

func consentForm(q *web.Request) form {
	e := q.Env
	posted := func(name, otherwise string) string {
		if q.PostForm.Has(name) {
			return q.PostFormValue(name)
		}
		return otherwise
	}
	choice := func(name, label, prefix, all string, list []string, value string) ui.Field {
		f := ui.Field{Name: name, Label: label, Value: value}
		for _, x := range list {
			o := ui.Option{Value: x, Label: ui.Named(e, prefix, x)}
			if x == "*" {
				o.Label = all
			}
			f.Options = append(f.Options, o)
		}
		return f
	}
	return form{Fields: []ui.Field{
		choice("channel", e.T("channel.label"), "channel.", e.T("contact.all_channels"), consentChannels, posted("channel", "email")),
		choice("purpose", e.T("contact.purpose"), "purpose.", e.T("contact.all_purposes"), consentPurposes, posted("purpose", "survey")),
		{Name: "granted", Label: e.T("contact.decision"), Value: posted("granted", "yes"), Options: []ui.Option{
			{Value: "yes", Label: e.T("contact.granted")}, {Value: "no", Label: e.T("contact.withdrawn")}}},
		{Name: "on", Label: e.T("contact.decided_on"), Type: "date", Value: posted("on", ""), Optional: true, Dir: "ltr", Help: e.T("contact.decided_on_help")},
		{Name: "source", Label: e.T("contact.consent_source"), Value: posted("source", ""), Optional: true},
		{Name: "proof", Label: e.T("contact.consent_proof"), Value: posted("proof", ""), Optional: true},
	}}
}

func (p *Pages) setConsent(q *web.Request) error {
	limit(q)
	c, ok, err := p.living(q)
	if !ok {
		return err
	}
	x := contact.Consent{Channel: q.PostFormValue("channel"), Purpose: q.PostFormValue("purpose"), Granted: q.PostFormValue("granted") == "yes",
		Source: q.PostFormValue("source"), Proof: q.PostFormValue("proof")}
	if x.Source == "" {
		x.Source = "member"
	}
	if on := q.PostFormValue("on"); on != "" {
		day, derr := clock.ParseDay(on)
		if x.At = day.Start(q.Env.Zone); derr != nil || x.At.After(q.Env.Now) {
			err = fault.Bad("contacts.setConsent", fault.Field{Path: "on", Code: "form", Msg: "that is not a day that has been"})
		} else if day == clock.DayOf(q.Env.Now, q.Env.Zone) {
			x.At = time.Time{} // today's decisions are in the order in which they were written down
		}
	}
	if err == nil {
		err = p.Contacts.SetConsent(q.Context(), q.Workspace.ID, q.Actor, c.ID, x)
	}
	if err == nil {
		q.Flash("good", "contact.consent_saved")
		q.Redirect(href(c.ID))
		return nil
	}
	status, ok := told(err)
	if !ok {
		return err
	}
	f := consentForm(q)
	f.Open = true
	f.Error, f.Fields = ui.Refuse(q.Env, f.Fields, err)
	return p.showDetail(q, status, c, identityForm(q), f)
}
