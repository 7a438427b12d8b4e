// Package contacts serves the customers: the list with its filters and segments, each customer with what is known of them and
// what they said, accounts, merging and erasing.
package contacts

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
)

// Pages serves them.
type Pages struct {
	Contacts *contact.Service
	Feedback *feedback.Service
	Events   *event.Service
	Health   *health.Service
	Words    figure.Words
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /contacts", identity.ContactsRead, p.list)
	s.Page("GET /contacts/new", identity.ContactsWrite, p.newContact)
	s.Page("POST /contacts", identity.ContactsWrite, p.create)

	s.Page("GET /contacts/accounts", identity.ContactsRead, p.accounts)
	s.Page("POST /contacts/accounts", identity.ContactsWrite, p.saveAccount)
	s.Page("GET /accounts/{id}", identity.ContactsRead, p.showAccount)

	s.Page("GET /contacts/duplicates", identity.ContactsRead, p.duplicates)
	s.Page("POST /contacts/duplicates/dismiss", identity.ContactsWrite, p.dismiss)

	s.Page("GET /contacts/{id}", identity.ContactsRead, p.detail)
	s.Page("GET /contacts/{id}/events", identity.ContactsRead, p.events)
	s.Page("GET /contacts/{id}/edit", identity.ContactsWrite, p.edit)
	s.Page("POST /contacts/{id}", identity.ContactsWrite, p.save)
	s.Page("POST /contacts/{id}/identities", identity.ContactsWrite, p.addIdentity)
	s.Page("POST /contacts/{id}/identities/remove", identity.ContactsWrite, p.removeIdentity)
	s.Page("POST /contacts/{id}/consents", identity.ContactsWrite, p.setConsent)
	s.Page("GET /contacts/{id}/merge", identity.ContactsWrite, p.mergeWith)
	s.Page("POST /contacts/{id}/merge", identity.ContactsWrite, p.merge)
	s.Page("GET /contacts/{id}/erase", identity.Erase, p.eraseForm)
	s.Page("POST /contacts/{id}/erase", identity.Erase, p.erase)

	s.Page("POST /segments", identity.ContactsWrite, p.saveSegment)
	s.Page("POST /segments/{id}", identity.ContactsWrite, p.saveSegment)
	s.Page("POST /segments/{id}/delete", identity.ContactsWrite, p.deleteSegment)
}

// shell is the frame. The search box on top is for feedback: what is looked for among contacts stays out of it.
func shell(q *web.Request, title string) ui.Shell {
	sh := q.Shell("contacts", title)
	sh.Query = ""
	return sh
}

// tabs lead between the lists. The duplicates show while there are any, and where the reader stands.
func (p *Pages) tabs(q *web.Request, current string) ([]ui.Tab, error) {
	e := q.Env
	list := []ui.Tab{
		{Label: e.T("nav.contacts"), Href: "/contacts", Current: current == "contacts", Count: -1},
		{Label: e.T("contact.accounts"), Href: "/contacts/accounts", Current: current == "accounts", Count: -1},
	}
	open, err := p.Contacts.Suggestions(q.Context(), q.Workspace.ID, q.Actor, mostSuggestions)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 || current == "duplicates" {
		list = append(list, ui.Tab{Label: e.T("contact.duplicates"), Href: "/contacts/duplicates", Current: current == "duplicates", Count: len(open)})
	}
	return list, nil
}

func href(id contact.ID) string { return "/contacts/" + url.PathEscape(string(id)) }

// limit bounds what a form may send.
func limit(q *web.Request) { q.Body = http.MaxBytesReader(q.W, q.Body, 1<<20) }

// told gives the status of a refusal, and passes on what is no refusal but a failure: what does not exist, or is denied, has
// no form to say it in.
func told(err error) (status int, ok bool) {
	return fault.ProblemOf(err).Status, fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict)
}

// languageOf names a language in itself; contacts without one have none to name.
func languageOf(e ui.Env, tag string) string {
	if tag == "" {
		return e.T("value.none")
	}
	return ui.OwnName(tag)
}

// identify tells whether the reader may see who contacts are.
func identify(q *web.Request) bool { return q.Actor.May(identity.ContactsIdentify) }

// attributeTitle is what people call an attribute. A title that was made of the key begins as other labels do.
func attributeTitle(a contact.Attribute) string {
	title := strings.TrimSpace(a.Title)
	if made := strings.ReplaceAll(a.Key, "_", " "); title == "" || title == made {
		first, size := utf8.DecodeRuneInString(made)
		return string(unicode.ToUpper(first)) + made[size:]
	}
	return title
}

// register gives the attributes that the reader may see: all of them in their order, and by key.
func (p *Pages) register(q *web.Request) (list []contact.Attribute, byKey map[string]contact.Attribute, err error) {
	all, err := p.Contacts.Attributes(q.Context(), q.Workspace.ID)
	if err != nil {
		return nil, nil, err
	}
	byKey = make(map[string]contact.Attribute, len(all))
	for _, a := range all {
		if !a.Personal || identify(q) {
			list = append(list, a)
			byKey[a.Key] = a
		}
	}
	return list, byKey, nil
}

// attributeValue is a value as people read it.
func attributeValue(e ui.Env, a contact.Attribute, value string) string {
	if a.Kind == contact.Bool {
		switch strings.ToLower(value) {
		case "true":
			return e.T("value.yes")
		case "false":
			return e.T("value.no")
		}
	}
	return value
}
