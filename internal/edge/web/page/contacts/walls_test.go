package contacts

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// routes are those that the package registers, with what each needs.
func (w *world) routes() map[string]identity.Permission {
	w.Helper()
	all := map[string]identity.Permission{}
	for _, r := range w.site.Routes() {
		if strings.Contains(r.Pattern, " /contacts") || strings.Contains(r.Pattern, " /accounts") || strings.Contains(r.Pattern, " /segments") {
			all[r.Pattern] = r.Permission
		}
	}
	if len(all) != 22 {
		w.Fatalf("%d routes: %v", len(all), all)
	}
	return all
}

var hole = regexp.MustCompile(`\{id\}`)

// TestRoles: who looks may list, who changes may see who it is, and who erases stands high. What is not allowed is told
// before anything else.
func TestRoles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.add(contact.Ref{External: "a", Name: "Dana"})
		rank := map[identity.Permission][]identity.Role{
			identity.ContactsRead:  {identity.Owner, identity.Admin, identity.Analyst, identity.Agent},
			identity.ContactsWrite: {identity.Owner, identity.Admin, identity.Agent},
			identity.Erase:         {identity.Owner, identity.Admin},
		}
		want := map[string]identity.Permission{
			"GET /contacts": identity.ContactsRead, "GET /contacts/accounts": identity.ContactsRead, "GET /contacts/duplicates": identity.ContactsRead, "GET /accounts/{id}": identity.ContactsRead,
			"GET /contacts/{id}": identity.ContactsRead, "GET /contacts/{id}/events": identity.ContactsRead, "GET /contacts/{id}/erase": identity.Erase, "POST /contacts/{id}/erase": identity.Erase,
		}
		for _, role := range identity.Roles() {
			b := w.as(role)
			for pattern, permission := range w.routes() {
				if p, ok := want[pattern]; ok && p != permission || !ok && permission != identity.ContactsWrite {
					w.Errorf("%s needs %s", pattern, permission)
				}
				may := false
				for _, r := range rank[permission] {
					may = may || r == role
				}
				method, path, _ := strings.Cut(pattern, " ")
				p := b.send(method, hole.ReplaceAllString(path, string(id)), nil)
				if (p.code == http.StatusForbidden) == may {
					w.Errorf("%s for %s: %d", pattern, role, p.code)
				}
			}
		}
		// Buttons that would be refused are not there.
		analyst := w.signIn("analyst@one.example.com")
		for _, path := range []string{"/contacts?language=he", "/contacts", "/contacts/accounts", href(id)} {
			analyst.open(path).silent("New contact", "/edit", "/merge", "/erase", "/identities", "/consents", "New account", "/segments")
		}
		agent := w.signIn("agent@one.example.com").open(href(id))
		agent.says("Edit")
		agent.silent("/erase")
	})
}

// TestAnotherWorkspaceDoesNotExist: its contacts are found by no page, and changed by no form.
func TestAnotherWorkspaceDoesNotExist(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const secret = "Whisper"
		id := w.add(contact.Ref{External: "a", Email: "whisper@example.com", Name: secret, Account: secret + " Ltd", Language: "pt", Attributes: map[string]string{"plan": secret}})
		w.add(contact.Ref{Email: "second@example.com", Name: secret + " Two"})
		w.add(contact.Ref{External: "a", Email: "second@example.com"})
		w.say("a", 1, secret, 9)
		account := w.get(id).Account
		segment, err := w.contacts.SaveSegment(w.Context(), w.ws, w.owner, contact.Segment{Name: secret, Filter: contact.Filter{Languages: []string{"pt"}}})
		w.must(err)
		before := w.get(id)

		ws, owner := w.workspace("two")
		own, err := w.contacts.Create(w.Context(), ws, owner, contact.Ref{External: "b", Name: "Own"})
		w.must(err)
		b := w.signIn("owner@two.example.com")
		form := url.Values{"name": {"changed"}, "confirm": {secret}, "with": {string(own.ID)}, "kind": {"email"}, "value": {"z@example.com"}, "norm": {"a"},
			"channel": {"email"}, "purpose": {"survey"}, "granted": {"yes"}, "filter": {"language=he"}}
		for pattern := range w.routes() {
			method, path, _ := strings.Cut(pattern, " ")
			if !strings.Contains(path, "{id}") {
				if method == http.MethodGet {
					b.open(path).silent(secret)
				}
				continue
			}
			for _, thing := range []string{string(id), string(account), string(segment.ID)} {
				p := b.send(method, hole.ReplaceAllString(path, thing), form)
				p.is(http.StatusNotFound)
				p.silent(secret)
			}
		}
		for _, path := range []string{"/contacts?q=" + secret, "/contacts?attribute.plan=" + secret, href(own.ID) + "/merge?q=" + secret, "/contacts/accounts?q=" + secret} {
			p := b.open(path)
			if strings.Contains(p.text("table"), secret) || strings.Contains(p.text(".k-lines"), secret) || strings.Contains(p.text("table"), "Own") {
				w.Errorf("%s finds %s", path, p.text("main"))
			}
		}
		for _, path := range []string{"/contacts?account=" + string(account), "/contacts?segment=" + string(segment.ID), "/contacts/accounts?edit=" + string(account),
			href(own.ID) + "/merge?with=" + string(id)} {
			b.send(http.MethodGet, path, nil).is(http.StatusNotFound)
		}
		b.open("/contacts?editing=" + string(segment.ID)).silent(secret)
		b.post("/contacts/accounts", url.Values{"id": {string(account)}, "name": {"changed"}}).is(http.StatusNotFound)
		b.post("/segments/"+string(segment.ID), url.Values{"name": {"changed"}}).is(http.StatusNotFound)
		b.post("/segments", url.Values{"name": {"copied"}, "filter": {"segment=" + string(segment.ID)}}).is(http.StatusNotFound)
		for _, keep := range []string{"this", "other"} {
			b.post(href(own.ID)+"/merge", url.Values{"with": {string(id)}, "keep": {keep}}).is(http.StatusNotFound)
		}
		// An identity that belongs to somebody there is free here.
		b.done("/contacts", url.Values{"email": {"whisper@example.com"}, "name": {"Mine"}}).says("Mine")
		if after := w.get(id); after.Name != before.Name || len(after.Identities) != len(before.Identities) || len(after.Consents) != 0 || !after.ErasedAt.IsZero() {
			w.Errorf("it was changed from the other workspace: %+v", after)
		}
	})
}

// TestWhoMayNotKnowThem: an analyst sees what was said and by how many, and never by whom.
func TestWhoMayNotKnowThem(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Analyst)
		id := w.add(contact.Ref{External: "SECRET-1", Email: "secret@example.com", Phone: "+972541234567", Name: "Secret Name", Language: "he",
			Attributes: map[string]string{"plan": "gold", "national_id": "secret-42"}})
		w.add(contact.Ref{External: "SECRET-2", Name: "Secret Other", Attributes: map[string]string{"plan": "basic", "national_id": "secret-43"}})
		w.add(contact.Ref{External: "SECRET-3", Email: "secret3@example.com", Name: "Secret Three"})
		w.add(contact.Ref{External: "SECRET-1", Email: "secret3@example.com"})
		w.must(w.contacts.SetAttribute(w.Context(), w.ws, w.owner, contact.Attribute{Key: "national_id", Title: "National number", Kind: contact.Text, Sliceable: true, Personal: true}))
		w.must(w.contacts.SetConsent(w.Context(), w.ws, w.owner, id, contact.Consent{Channel: "email", Purpose: "survey", Granted: true, Proof: "secret said so"}))
		_, err := w.feedback.Receive(w.Context(), w.ws, []feedback.Input{{Text: "These words may be read.", Contact: &feedback.Who{ExternalID: "SECRET-1"}}})
		w.must(err)
		tail := "Contact …" + string(id[len(id)-4:])
		hidden := []string{"Secret", "secret", "SECRET", "541234567", "ational"}
		list := b.open("/contacts")
		list.says(tail, "E-mail", "Phone", "gold", "3 of 3 shown", "Names and addresses are hidden from your role.")
		if len(list.all(".k-in-list")) > 0 || strings.Contains(list.text("main"), "By name") {
			w.Error("a search by name is offered")
		}
		one := b.open(list.link(tail))
		one.says(tail, "You see this customer without a name", "These words may be read.", "gold", "Agreed", "Hidden")
		for _, p := range []page{list, one, b.open("/contacts?attribute.plan=gold"), b.open("/contacts?sort=name"), b.open("/contacts/duplicates"), b.open("/contacts/accounts")} {
			p.silent(hidden...)
		}
		// The same pages show it to those who may know.
		w.as(identity.Agent).open(href(id)).says("Secret Name", "secret@example.com", "secret-42", "secret said so", "National number")
		// Nor can she ask her way to it.
		for _, query := range []string{"q=secret", "attribute.national_id=secret-42", "attribute.national_id.present=", "condition=national_id&op=is&value=secret-42"} {
			p := b.send(http.MethodGet, "/contacts?"+query, nil)
			p.is(http.StatusForbidden)
			p.silent("Secret", "3 of 3")
		}
	})
}
