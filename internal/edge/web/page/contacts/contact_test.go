package contacts

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

func (w *world) say(who string, day int, text string, nps float64) {
	w.Helper()
	at := w.clock.Now().AddDate(0, 0, -day)
	_, err := w.feedback.Receive(w.Context(), w.ws, []feedback.Input{{Text: text, Time: &at, Contact: &feedback.Who{ExternalID: who},
		Scores: []feedback.Score{{Metric: "nps", Value: nps, Scale: feedback.Scale{Max: 10}}}}})
	w.must(err)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		w.add(contact.Ref{Email: "dana@example.com", Name: "Dana", Account: "acme", Attributes: map[string]string{"plan": "gold", "vip": "true"}})
		form := b.open("/contacts/new").form("/contacts")
		if form.Get("currency") != "EUR" || !form.Has("attributes.plan") || !form.Has("attributes.vip") {
			w.Fatalf("the form begins with %v", form)
		}
		p := b.post("/contacts", form)
		p.is(http.StatusUnprocessableEntity)
		p.says("An e-mail address, a phone number or a customer id is needed.")
		// All that is wrong is said at once, and nothing of the form is lost.
		bad := filled(form, "email", "not an address", "phone", "12", "name", strings.Repeat("x", 201), "account", "nobody", "lifetime_value", "12.345", "attributes.plan", "silver")
		bad["extra_name"], bad["extra_value"] = []string{"Shoe size", "only a name"}, []string{"39", ""}
		p = b.post("/contacts", bad)
		p.is(http.StatusUnprocessableEntity)
		for _, words := range []string{"not an e-mail address", "not a phone number", "longer than 200", "no such account", "not an amount of this currency"} {
			if !strings.Contains(strings.ToLower(p.text(".k-error")), words) {
				w.Errorf("no field says %q: %s", words, p.text(".k-error"))
			}
		}
		again := p.form("/contacts")
		for name, values := range bad {
			if got := again[name]; !slices.Equal(got, values) && !strings.HasPrefix(name, "extra_") {
				w.Errorf("%s: %v instead of %v", name, got, values)
			}
		}
		if again.Get("attributes.shoe_size") != "39" || again["extra_name"][0] != "only a name" {
			w.Errorf("lost what was new: %v", again)
		}
		good := filled(again, "email", "New@Example.com", "phone", "054-1234567", "name", "  Ron <i>Levi</i> ", "account", "ACME", "lifetime_value", "1,234.5", "language", "he", "attributes.vip", "true")
		good["extra_name"], good["extra_value"] = []string{"", ""}, []string{"", ""}
		p = b.done("/contacts", good)
		p.says("The contact was added.", "Ron <i>Levi</i>", "New@Example.com", "054-1234567", "€1,234.50", "עברית", "acme", "Shoe size 39", "Vip Yes", "Plan silver")
		_, id, _ := strings.Cut(p.what, "/contacts/")
		c := w.get(contact.ID(id))
		if *c.Value != (contact.Money{Minor: 123450, Currency: "EUR"}) || c.Attributes["plan"] != "silver" || c.Account == "" || len(c.Identities) != 2 || c.Identities[1].Norm != "+972541234567" {
			w.Errorf("%+v", c)
		}
		p = b.post("/contacts", filled(form, "email", "DANA@example.com", "phone", "", "name", "Again", "account", "", "lifetime_value", ""))
		p.is(http.StatusConflict)
		p.says("This customer is known already")
		b.open(p.link("Dana")).says("dana@example.com")
		if f := p.form("/contacts"); f.Get("name") != "Again" {
			w.Errorf("lost %v", f)
		}
	})
}

func TestEdit(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		id := w.add(contact.Ref{External: "a", Name: "Dana", Language: "he", Account: "acme", Value: &contact.Money{Minor: 5000, Currency: "ILS"},
			Attributes: map[string]string{"plan": "gold", "city": "Haifa", "seats": "4"}})
		path := href(id)
		form := b.open(path + "/edit").form(path)
		// Somebody else changes the city meanwhile.
		_, err := w.contacts.Update(w.Context(), w.ws, w.owner, id, contact.Patch{Attributes: map[string]string{"city": "Akko"}})
		w.must(err)
		w.clock.Advance(time.Second)
		form = filled(form, "name", "Dana Cohen", "attributes.plan", "", "lifetime_value", "60")
		form["extra_name"], form["extra_value"] = []string{"Since", ""}, []string{"2024-02-01", ""}
		b.done(path, form).says("Saved.", "Dana Cohen", "₪60", "Since 2024-02-01")
		c := w.get(id)
		if c.Name != "Dana Cohen" || c.Attributes["plan"] != "" || c.Attributes["city"] != "Akko" || c.Attributes["seats"] != "4" || c.Language != "he" || c.Account == "" {
			w.Errorf("%+v", c)
		}
		log, err := w.identity.AuditLog(w.Context(), w.ws, w.owner, identity.AuditQuery{Object: string(id), Limit: 1})
		w.must(err)
		if got := log.Entries[0].Details["fields"]; got != "name, lifetime value, plan, since" {
			w.Errorf("the log says %q was changed", got)
		}
		// A refused change can be mended without losing what else was changed, or changing what was not.
		form = b.open(path + "/edit").form(path)
		b.done(path, filled(form, "lifetime_value", "1250,50", "currency", "EUR"))
		if c = w.get(id); c.Value == nil || c.Value.Minor != 125050 {
			w.Errorf("1250,50 was kept as %+v", c.Value)
		}
		form = b.open(path + "/edit").form(path)
		p := b.post(path, filled(form, "name", "D.", "account", "nobody", "currency", "EURO", "lifetime_value", "7"))
		p.is(http.StatusUnprocessableEntity)
		if got := strings.ToLower(p.text(".k-error")); !strings.Contains(got, "no such account") || !strings.Contains(got, "not a currency") {
			w.Errorf("%q", got)
		}
		b.done(path, filled(p.form(path), "account", "", "currency", "EUR", "lifetime_value", ""))
		c = w.get(id)
		if c.Name != "D." || c.Account != "" || c.Value != nil || c.Attributes["city"] != "Akko" {
			w.Errorf("%+v", c)
		}
		for _, name := range []string{"one", "two"} {
			_, err := w.contacts.SaveAccount(w.Context(), w.ws, w.owner, contact.Account{Name: "Twin", External: name})
			w.must(err)
		}
		p = b.post(path, filled(b.open(path+"/edit").form(path), "account", "twin"))
		p.is(http.StatusUnprocessableEntity)
		b.done(path, filled(p.form(path), "account", "two")).says("Twin")
	})
}

func TestIdentitiesAndConsents(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		id := w.add(contact.Ref{External: "a", Name: "Dana"})
		other := w.add(contact.Ref{Email: "other@example.com", Name: "Other"})
		path := href(id)
		b.open(path).says("Nothing was agreed to or withdrawn.", "Nothing said yet")
		add := path + "/identities"
		b.done(add, filled(b.open(path).form(add), "kind", "phone", "value", "054 123 4567")).says("The identity was added.", "054 123 4567")
		p := b.post(add, url.Values{"kind": {"email"}, "value": {"nonsense"}})
		p.is(http.StatusUnprocessableEntity)
		if f := p.form(add); f.Get("value") != "nonsense" || f.Get("kind") != "email" || !strings.Contains(p.text(".k-error"), "not an e-mail address") {
			w.Errorf("%v %q", f, p.text(".k-error"))
		}
		p = b.post(add, url.Values{"kind": {"email"}, "value": {"OTHER@example.com"}})
		p.is(http.StatusConflict)
		p.says("It belongs to Other")
		if to := p.link("Merge the two"); to != path+"/merge?with="+string(other) {
			w.Errorf("merging leads to %s", to)
		}
		remove := path + "/identities/remove"
		b.done(remove, b.open(path).form(remove)).says("The identity was removed.")
		b.done(remove, url.Values{"kind": {"external"}, "norm": {"a"}}) // it is gone already, or goes now
		if c := w.get(id); len(c.Identities) != 1 || c.Identities[0].Kind != contact.Phone {
			w.Errorf("left: %+v", c.Identities)
		}
		consent := path + "/consents"
		form := b.open(path).form(consent)
		p = b.done(consent, filled(form, "channel", "email", "purpose", "marketing", "granted", "yes", "on", "2026-03-01", "source", "Sign-up form", "proof", "I <b>agree</b>"))
		p.says("The decision is written down.", "E-mail · Marketing", "Agreed", "1 Mar 2026", "Sign-up form", "I <b>agree</b>")
		p = b.done(consent, filled(form, "channel", "email", "purpose", "marketing", "granted", "no", "on", "2026-11-23", "source", "", "proof", ""))
		p.says("Withdrawn", "written down by a member", "All decisions")
		c := w.get(id)
		if len(c.Consents) != 1 || c.Consents[0].Granted || !c.Consents[0].At.Equal(w.clock.Now()) {
			w.Errorf("%+v", c.Consents)
		}
		for _, on := range []string{"2027-01-01", "2026-02-30"} {
			p = b.post(consent, filled(form, "on", on, "proof", "kept"))
			p.is(http.StatusUnprocessableEntity)
			if f := p.form(consent); f.Get("on") != on || f.Get("proof") != "kept" {
				w.Errorf("lost %v", f)
			}
		}
		b.post(consent, filled(form, "on", "", "channel", "")).is(http.StatusUnprocessableEntity)
	})
}

func TestWhatTheySaid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Owner)
		id := w.add(contact.Ref{External: "a", Name: "דנה <script>alert(1)</script> \u202eevil"})
		w.add(contact.Ref{External: "b", Name: "Else"})
		w.say("a", 30, "", 9)
		w.say("a", 20, "The <em>bill</em> is wrong.", 3)
		w.say("a", 10, "חזרו אליי", 8)
		w.say("b", 5, "Somebody else's words", 7)
		p := b.open(href(id))
		p.says("דנה <script>alert(1)</script>", "The <em>bill</em> is wrong.", "חזרו אליי", "NPS 0 to 10")
		p.silent("Somebody else's words", "<script>alert")
		if got := p.texts(".k-scored-list"); len(got) != 1 || strings.Join(strings.Fields(got[0]), " ") != "9 24 Oct 2026 3 3 Nov 2026 8 13 Nov 2026" {
			w.Errorf("scores: %q", got)
		}
		for _, h1 := range p.all("h1") {
			if h1.FirstChild.Data != "bdi" {
				w.Error("the name is not set apart from the page's direction")
			}
		}
		list := b.open("/contacts")
		list.silent("<script>alert")
		for i := range 25 {
			w.say("b", i, "Again", 7)
		}
		p = b.open(list.link("Else"))
		if n := len(p.all(".k-quote")); n != mostQuotes || !strings.HasPrefix(p.link("All feedback of this customer"), "/feedback?contact=") {
			w.Errorf("%d quotes", n)
		}
		if got := p.text(".k-scored-list"); strings.Count(got, "2026") != mostAnswers {
			w.Errorf("scores: %q", got)
		}
	})
}

func TestMerge(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		stays := w.add(contact.Ref{External: "a", Name: "Dana", Value: &contact.Money{Minor: 100000, Currency: "EUR"}, Attributes: map[string]string{"plan": "gold"}})
		goes := w.add(contact.Ref{Email: "dana@example.com", Name: "Dana Cohen", Language: "he", Value: &contact.Money{Minor: 5000, Currency: "EUR"},
			Attributes: map[string]string{"plan": "basic", "city": "Haifa"}})
		w.say("a", 3, "First words", 9)
		_, err := w.feedback.Receive(w.Context(), w.ws, []feedback.Input{{Text: "Other words", Contact: &feedback.Who{Email: "dana@example.com"}}})
		w.must(err)
		path := href(stays)
		p := b.open(b.open(path).link("Merge with another contact"))
		p.says("Who is the other one?")
		p = b.open(path + "/merge?q=dan")
		p.says("Dana Cohen", "dana@example.com")
		if strings.Count(p.text(".k-lines"), "Choose") != 1 {
			w.Errorf("a contact may be merged with itself: %s", p.text(".k-lines"))
		}
		b.open(path + "/merge?q=nobody").says("Nobody fits")
		p = b.open(p.link("Choose"))
		p.says("€1,050", "€1,000 and €50 added up", "dropped: basic", "dropped: Dana Cohen", "Haifa new here", "dana@example.com new here", "cannot be undone")
		// The other way round, other things are dropped.
		p = b.open(p.link("The other way round"))
		p.says("dropped: gold", "dropped: Dana")
		if f := p.form(path + "/merge"); f.Get("keep") != "other" || f.Get("with") != string(goes) {
			w.Errorf("%v", f)
		}
		p = b.open(p.link("The other way round"))
		if c := w.get(goes); c.MergedInto != "" {
			w.Fatal("looking at the preview merged the two")
		}
		p = b.done(path+"/merge", p.form(path+"/merge"))
		p.says("The two contacts are one now.", "Dana", "dana@example.com", "Haifa", "First words", "Other words", "€1,050")
		// What is left of the other leads to it, from every page.
		for _, sub := range []string{"", "/edit", "/merge"} {
			p := b.send(http.MethodGet, href(goes)+sub, nil)
			p.is(http.StatusSeeOther)
			if p.to != path {
				w.Errorf("%s leads to %s", sub, p.to)
			}
		}
		b.open(b.send(http.MethodGet, href(goes), nil).to).says("part of this one now")
		for _, sub := range []string{"", "/identities", "/consents", "/merge"} {
			b.post(href(goes)+sub, url.Values{"with": {string(stays)}, "kind": {"email"}, "value": {"x@example.com"}}).is(http.StatusConflict)
		}
		b.send(http.MethodGet, path+"/merge?with="+string(goes), nil).is(http.StatusConflict)
		b.send(http.MethodGet, path+"/merge?with="+string(stays), nil).is(http.StatusUnprocessableEntity)
		b.post(path+"/merge", nil).is(http.StatusUnprocessableEntity)
	})
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		if strings.Contains(b.open("/contacts").text(".k-tabs"), "duplicates") {
			w.Error("duplicates are offered where there are none")
		}
		b.open("/contacts/duplicates").says("No duplicates to look at")
		var pair [2]contact.ID
		for i, x := range []string{"1", "2"} {
			pair[i] = w.add(contact.Ref{External: "a" + x, Name: "Dana " + x})
			w.add(contact.Ref{Email: "m" + x + "@example.com", Name: "Mail " + x})
			w.add(contact.Ref{External: "a" + x, Email: "m" + x + "@example.com"})
		}
		p := b.open("/contacts")
		if got := p.text(".k-tabs"); !strings.Contains(got, "Possible duplicates 2") {
			w.Errorf("%q", got)
		}
		b.open(href(pair[0])+"/merge").says("Mail 1", "Both were named with the same e-mail address")
		p = b.open("/contacts/duplicates")
		p.says("Dana 1", "Mail 1", "Dana 2", "Mail 2")
		b.open(p.link("Compare and merge")).says("What the merge makes")
		p = b.done("/contacts/duplicates/dismiss", p.form("/contacts/duplicates/dismiss"))
		p.says("They will not be suggested again.")
		if n := strings.Count(p.text(".k-lines"), "They are two"); n != 1 {
			w.Errorf("%d pairs are left", n)
		}
		b.post("/contacts/duplicates/dismiss", url.Values{"a": {"x"}, "b": {"y"}}).is(http.StatusNotFound)
	})
}

func TestErase(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Admin)
		id := w.add(contact.Ref{External: "a", Email: "dana@example.com", Name: "Dana Cohen", Attributes: map[string]string{"city": "Haifa"}})
		w.say("a", 3, "Secret words", 9)
		path := href(id)
		p := b.open(b.open(path).link("Erase this person"))
		p.says("Erase Dana Cohen for good?", "This cannot be undone.", "type Dana Cohen", "The scores stay counted")
		for _, word := range []string{"", "dana cohen", "erase"} {
			p := b.post(path+"/erase", url.Values{"confirm": {word}})
			p.is(http.StatusUnprocessableEntity)
			p.says("Nothing was erased")
		}
		if w.get(id).Name == "" {
			w.Fatal("erased without the right word")
		}
		p = b.done(path+"/erase", url.Values{"confirm": {" Dana Cohen "}})
		p.says("The person was erased.", "This person was erased on 23 Nov 2026")
		p.silent("Dana", "dana@", "Haifa", "Secret words", "/edit", "/merge")
		if got := b.open("/contacts").names(); len(got) != 0 {
			w.Errorf("the list still has %v", got)
		}
		for _, sub := range []string{"/edit", "/merge", "/erase"} {
			b.send(http.MethodGet, path+sub, nil).is(http.StatusConflict)
		}
		for _, sub := range []string{"", "/identities", "/identities/remove", "/consents", "/merge", "/erase"} {
			b.post(path+sub, url.Values{"confirm": {"erase"}, "with": {"x"}}).is(http.StatusConflict)
		}
		// Names that can hardly be typed ask for a plain word.
		for _, name := range []string{"", "<script>", "a\u202eb", "x  y", strings.Repeat("n", 41), "R2-D2"} {
			id := w.add(contact.Ref{External: "other" + name, Name: name})
			b.open(href(id)+"/erase").says("type erase", "with all rows that were refused of those files, other customers")
			if name == "" {
				b.done(href(id)+"/erase", url.Values{"confirm": {"Erase"}}).says("The person was erased.")
			}
		}
		id = w.add(contact.Ref{External: "o", Name: "Conan O'Brien-Ó Sé"})
		b.open(href(id) + "/erase").says("type Conan O'Brien-Ó Sé")
	})
}
