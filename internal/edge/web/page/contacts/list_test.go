package contacts

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// crowd adds sixty contacts.
func (w *world) crowd() {
	for i := range 60 {
		r := contact.Ref{External: fmt.Sprintf("C-%03d", i), Name: fmt.Sprintf("%s %02d", []string{"דנה כהן", "Zoë", "Дарья"}[i%3], i),
			Language: []string{"he", "en", "ru"}[i%3], Attributes: map[string]string{"plan": []string{"Gold", "basic"}[i%2], "seats": fmt.Sprint(i)}}
		if i%5 == 0 {
			r.Email = fmt.Sprintf("p%02d@example.com", i)
		}
		if i%20 == 0 {
			r.Account = "acme"
		}
		w.add(r)
		w.clock.Advance(time.Second)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Owner)
		p := b.open("/contacts")
		p.says("No contacts yet")
		if len(p.all("table")) > 0 {
			w.Error("an empty list has a table")
		}
		w.crowd()
		p = b.open("/contacts")
		p.says("50 of 60 shown")
		first := p.names()
		if len(first) != 50 || first[0] != "Дарья 59" {
			w.Fatalf("%d: %v", len(first), first)
		}
		p = b.open(p.link("Next"))
		p.says("10 of 60 shown")
		all := append(first, p.names()...)
		slices.Sort(all)
		if len(slices.Compact(all)) != 60 {
			w.Errorf("two pages have %d contacts", len(all))
		}
		if got := b.open(p.link("Previous")).names(); !slices.Equal(got, first) && len(got) != 50 {
			w.Errorf("back to %v", got)
		}
		p = b.open(p.link("By name"))
		if got := p.names(); !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) || got[0] != "Zoë 01" {
			w.Errorf("by name: %v", got)
		}
		if got := b.open(p.link("Next")).names(); len(got) != 10 {
			w.Errorf("the second page by name has %d", len(got))
		}
	})
}

func TestFiltersStandInTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Owner)
		w.crowd()
		p := b.open("/contacts?" + filled(b.open("/contacts").form(".k-in-list"), "q", "").Encode())
		p.says("50 of 60 shown") // an empty search box is no filter
		for query, n := range map[string]int{
			"q=P0": 2, "q=כהן": 20, "q=c-00": 0, "q=C-00": 10, "language=he&language=ru": 40, "has=email": 12, "has=email&has=phone": 0,
			"attribute.plan=gold": 30, "attribute.plan.is_not=gold": 30, "attribute.seats.above=54": 5, "attribute.seats.absent=": 0,
		} {
			if got := b.open("/contacts?" + query).names(); len(got) != n {
				w.Errorf("%s: %d contacts, want %d", query, len(got), n)
			}
		}
		w.add(contact.Ref{External: "pt", Language: "pt-BR"})
		w.add(contact.Ref{External: "none"})
		for query, n := range map[string]string{"language=pt": "1 of 1 shown", "language=": "1 of 1 shown", "language=&language=pt&language=he": "22 of 22 shown", "language=h": "Nobody fits"} {
			b.open("/contacts?" + query).says(n)
		}
		// What is offered beside the list narrows it down, step by step, and the chips take it back.
		p = b.open(b.open("/contacts").link("Gold"))
		p = b.open(p.link("Русский"))
		p = b.open(p.link("E-mail"))
		p.says("2 of 2 shown")
		if got, want := p.texts(".k-chip"), []string{"Remove filter: Plan Gold", "Remove filter: Has E-mail", "Remove filter: Language Русский"}; !slices.Equal(got, want) {
			w.Errorf("chips %q", got)
		}
		href := ""
		for _, a := range p.all("a") {
			if h := attr(a, "href"); strings.HasPrefix(h, "/export/contacts.csv?") {
				href = h
			}
		}
		_, query, _ := strings.Cut(href, "?")
		v, err := url.ParseQuery(query)
		w.must(err)
		f, err := contact.DecodeFilter(v)
		w.must(err)
		if n, err := w.contacts.Count(w.Context(), w.ws, w.owner, f); err != nil || n != 2 {
			w.Errorf("the export of %s has %d contacts, %v", query, n, err)
		}
		p = b.open(p.link("Plan Gold"))
		p.says("4 of 4 shown")
		b.open(p.link("Clear all")).says("50 of 62 shown")
		p = b.open("/contacts?attribute.plan=GOLD")
		if p.hasLink("/contacts?attribute.plan=GOLD&attribute.plan=Gold") {
			w.Error("a value that is on already is offered again")
		}
		p = b.open("/contacts?q=nobody")
		p.says("Nobody fits", "Clear all")
		// The search keeps the other filters.
		p = b.open("/contacts?has=email&sort=name")
		v = p.form(".k-in-list")
		v.Set("q", "Zoë")
		if got := b.open("/contacts?" + v.Encode()).names(); len(got) != 4 || got[0] != "Zoë 10" {
			w.Errorf("%v of %s", got, v.Encode())
		}
		for _, query := range []string{"plan=gold", "cursor=%3F", "has=fax", "attribute.seats.above=x"} {
			b.send(http.MethodGet, "/contacts?"+query, nil).is(http.StatusUnprocessableEntity)
		}
		b.send(http.MethodGet, "/contacts?segment=nobody", nil).is(http.StatusNotFound)
	})
}

func TestConditionIsAdded(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Owner)
		w.crowd()
		ask := func(query string) page { return b.send(http.MethodGet, "/contacts?has=email&"+query, nil) }
		p := ask("condition=seats&op=above&value=49.5")
		p.is(http.StatusSeeOther)
		if p.to != "/contacts?attribute.seats.above=49.5&has=email" {
			w.Errorf("to %s", p.to)
		}
		b.open(p.to).says("2 of 2 shown", "over 49.5")
		p = ask("condition=plan&op=present&value=")
		p.is(http.StatusSeeOther)
		b.open(p.to).says("is there", "12 of 12 shown")
		for query, words := range map[string]string{
			"condition=seats&op=above&value=many": "This takes a number",
			"condition=plan&op=is&value=+":        "Say what to compare with",
			"condition=plan&op=like&value=x":      "comparison",
		} {
			p := ask(query)
			p.is(http.StatusUnprocessableEntity)
			p.says(words, "12 of 12 shown")
		}
		// What was chosen is still there.
		f := ask("condition=seats&op=above&value=many")
		for _, form := range f.all("form") {
			if attr(form, "class") == "k-condition" {
				if !strings.Contains(f.body, `value="many"`) || !strings.Contains(f.body, `<option value="above" selected`) || !strings.Contains(f.body, `<option value="seats" selected`) {
					w.Error("the form lost what was in it")
				}
			}
		}
	})
}

func TestSegments(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		w.crowd()
		p := b.open("/contacts?attribute.plan=gold&has=email")
		p = b.done("/segments", filled(p.form("/segments"), "name", " Gold by mail "))
		p.says("The segment is saved.", "6 of 6 shown")
		if got := p.text("h1"); got != "Gold by mail" {
			w.Errorf("title %q", got)
		}
		list, err := w.contacts.Segments(w.Context(), w.ws, identity.Program(w.ws, "test"))
		w.must(err)
		path := "/segments/" + string(list[0].ID)
		open := "/contacts?segment=" + string(list[0].ID)
		if len(list) != 1 || !b.open("/contacts").hasLink(open) {
			w.Fatalf("%+v is not offered", list)
		}
		// Its name, without another filter.
		b.done(path, filled(b.open(open).form("/segments"), "name", "Golden")).says("Golden")
		// Further filters make it another one, in its place or beside it.
		p = b.open(open + "&language=he")
		p.says("The filter differs from the saved segment.", "2 of 2 shown")
		p = b.done("/segments", filled(p.form("/segments"), "name", "Golden Hebrew"))
		p.says("2 of 2 shown")
		// The filter is spelled out in order to take something away.
		p = b.open(b.open(open).link("Change its filter"))
		p.says("Golden", "6 of 6 shown")
		p = b.open(p.link("Has E-mail"))
		p.says("30 of 30 shown", "The filter differs")
		b.done(path, p.form("/segments")).says("30 of 30 shown", "The segment is saved.")
		list, err = w.contacts.Segments(w.Context(), w.ws, identity.Program(w.ws, "test"))
		w.must(err)
		if len(list) != 2 || list[0].Name != "Golden" || len(list[0].Filter.Has) != 0 || len(list[1].Filter.Conditions) != 1 || list[1].Filter.Has[0] != contact.Email {
			w.Errorf("%+v", list)
		}
		for what, form := range map[string]url.Values{
			"There is a segment of that name already.":            {"name": {"GOLDEN"}, "filter": {"has=phone"}},
			"A segment needs a name of 1 to 200 characters.":      {"name": {" "}, "filter": {"has=phone"}},
			"Choose a filter first":                               {"name": {"All"}, "filter": {""}},
			"These filters cannot be put together in one segment": {"name": {"Both"}, "filter": {"segment=" + string(list[1].ID) + "&language=en"}},
		} {
			p := b.post("/segments", form)
			p.is(http.StatusSeeOther)
			again := b.open(p.to)
			again.says(what)
			for _, part := range strings.Split(form.Get("filter"), "&") {
				if !strings.Contains(p.to, part) {
					w.Errorf("%s: the filter is lost: %s", what, p.to)
				}
			}
		}
		b.done(path+"/delete", nil)
		b.send(http.MethodGet, open, nil).is(http.StatusNotFound)
		b.post(path+"/delete", nil).is(http.StatusNotFound)
		if n, err := w.contacts.Count(w.Context(), w.ws, w.owner, contact.Filter{}); err != nil || n != 60 {
			w.Errorf("%d contacts are left, %v", n, err)
		}
	})
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		b := w.as(identity.Agent)
		b.open("/contacts/accounts").says("No accounts yet")
		w.crowd()
		p := b.open("/contacts/accounts")
		if got := p.text("tbody"); got != "acme acme 3" {
			w.Errorf("%q", got)
		}
		if got := b.open(p.link("acme")).text("tbody"); !strings.Contains(got, "Zoë 40") || !strings.Contains(got, "Дарья 20") || !strings.Contains(got, "דנה כהן 00") || strings.Contains(got, "21") {
			w.Errorf("the account has %q", got)
		}
		var edit string
		for _, a := range p.all("a") {
			if strings.Contains(attr(a, "href"), "edit=") {
				edit = strings.TrimSuffix(attr(a, "href"), "#account")
			}
		}
		p = b.open(edit)
		b.done("/contacts/accounts", filled(p.form("/contacts/accounts"), "name", "Acme <b>Ltd</b>")).says("Acme <b>Ltd</b>", "The account is saved.")
		p = b.post("/contacts/accounts", url.Values{"name": {"Other"}, "external_id": {"acme"}})
		p.is(http.StatusConflict)
		p.says("Another account has this id.")
		if f := p.form("/contacts/accounts"); f.Get("name") != "Other" || f.Get("external_id") != "acme" {
			w.Errorf("the form lost %v", f)
		}
		p = b.post("/contacts/accounts", url.Values{"external_id": {"x"}})
		p.is(http.StatusUnprocessableEntity)
		b.done("/contacts/accounts", url.Values{"name": {"חברה"}})
		p = b.open("/contacts/accounts?q=ac")
		if got := p.names(); !slices.Equal(got, []string{"Acme <b>Ltd</b>"}) {
			w.Errorf("found %v", got)
		}
		b.open("/contacts/accounts?q=nobody").says("No account begins like this")
	})
}
