// Package ui holds what the staff pages are made of: the layout, the components, and the pages that need no data.
//
// A page is a templ component that takes a Shell and its own plain struct, and lays components out inside Layout:
//
//	templ Contacts(sh ui.Shell, v ContactsView) {
//		@ui.Layout(sh) {
//			@ui.Header(sh.Env, ui.PageHeader{Title: sh.T("nav.contacts")}) {
//				<a class="btn btn-primary" href="/import">{ sh.T("nav.import") }</a>
//			}
//			@ui.Card(ui.CardHead{}) {
//				@ui.Table(sh.Env, v.Columns, sh.T("nav.contacts")) {
//					for _, c := range v.Contacts {
//						<tr><th scope="row"><a href={ templ.URL(c.Href) }>{ c.Name }</a></th>…</tr>
//					}
//				}
//				@ui.Pager(sh.Env, v.Page)
//			}
//		}
//	}
//
// The handler fills the structs and renders; a component never asks for data, and reads the clock only in Env. Words
// come from i18n by key (sh.T); text of customers is passed as it is and escaped by templ. A fragment for htmx is the
// same component without Layout. Icons are named in web/icons.json; new ones are added there.
package ui

import (
	"encoding/json"
	"io/fs"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
)

// Env is what a component needs in order to speak to its reader: language, zone, and what time it is.
type Env struct {
	*i18n.Locale
	Zone   *time.Location
	Now    time.Time
	Export bool              // the reader may take figures out as files
	Names  map[string]string // of things that figures know by their ids alone, such as imports; filled where they may show
}

// Date, DateTime and Ago write an instant in the reader's zone.
func (e Env) Date(t time.Time) string { return e.Locale.Date(t, e.Zone) }

// DateTime is a short date with the time.
func (e Env) DateTime(t time.Time) string { return e.Locale.DateTime(t, e.Zone) }

// Ago tells how long ago t was, or its date when that is more than a week.
func (e Env) Ago(t time.Time) string { return e.Locale.Ago(t.In(e.zone()), e.Now) }

// day tells whether t is the very beginning of a day here: of feedback that came with a day alone nothing else is kept, and who said
// something exactly then loses no more than the words "00:00".
func (e Env) day(t time.Time) bool { return clock.DayOf(t, e.zone()).Start(e.zone()).Equal(t) }

// Given is when feedback was given: date and time, or the day alone where no more is known.
func (e Env) Given(t time.Time) string {
	if e.day(t) {
		return e.Date(t)
	}
	return e.DateTime(t)
}

// GivenAgo is how long ago feedback was given. Of a day alone no hours are told, and days are counted by the calendar.
func (e Env) GivenAgo(t time.Time) string {
	if !e.day(t) {
		return e.Ago(t)
	}
	switch days := int(clock.DayOf(e.Now, e.zone()) - clock.DayOf(t, e.zone())); {
	case days > 0 && days < 7:
		return e.T("ago.days", "count", days)
	case days < 0 && days > -7:
		return e.T("in.days", "count", -days)
	}
	return e.Date(t)
}

// given is when feedback was given, for programs.
func (e Env) given(t time.Time) string {
	if e.day(t) {
		return clock.DayOf(t, e.zone()).String()
	}
	return t.UTC().Format(time.RFC3339)
}

func (e Env) zone() *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

// Shell is what the frame around every page shows.
type Shell struct {
	Env
	Assets     Assets
	Title      string      // of the page, for the browser's tab
	Active     string      // the entry of the navigation to mark: "home", "feedback", "themes", "explore", "contacts", "import", "settings"
	Path       string      // the page's own path and query: where a switch of language comes back to
	Theme      string      // "light", "dark", or "" to follow the system
	Languages  []Language  // to choose from
	Workspace  string      // name; empty before somebody signs in
	Workspaces []Workspace // all that the member may enter; the switcher shows when there are several
	Member     Member
	Query      string          // what the search box holds
	Hide       map[string]bool // entries of the navigation that the member's role has no use for
	Badges     map[string]int  // how much waits behind an entry of the navigation, where something does
	Toasts     []Toast
	Late       bool // figures and filtered lists still lack a good part of what was received; see LateNotice
}

// Language is an entry of the language menu.
type Language struct{ Tag, Name string }

// Languages lists a catalog's languages for the menu.
func Languages(c *i18n.Catalog) []Language {
	var all []Language
	for _, l := range c.Locales() {
		all = append(all, Language{l.Tag(), l.Name()})
	}
	return all
}

// Workspace is an entry of the workspace switcher, which posts ID as "workspace" to /workspace.
type Workspace struct {
	ID, Name string
	Current  bool
}

// Member is who is signed in. Role is "owner", "admin", "analyst", "agent" or "viewer".
type Member struct{ Name, Email, Role string }

// Link is a labelled address. Icon may be empty.
type Link struct {
	Label, Href, Icon string
	Current           bool
}

// Toast is a message that shows for a moment. Tone is "good", "bad", "warn" or "" (plain).
type Toast struct{ Tone, Text string }

// Assets knows the built files of web/: their hashed names, and the icon sprite.
type Assets struct {
	names  map[string]string
	sprite string
}

// ReadAssets reads manifest.json and icons.svg of a build; an empty folder (nothing built yet) gives Assets whose
// addresses lead nowhere, so that the program still starts.
func ReadAssets(dist fs.FS) (Assets, error) {
	a := Assets{names: map[string]string{}}
	b, err := fs.ReadFile(dist, "manifest.json")
	if err != nil {
		return a, nil
	}
	if err := json.Unmarshal(b, &a.names); err != nil {
		return a, err
	}
	b, err = fs.ReadFile(dist, "icons.svg")
	a.sprite = string(b)
	return a, err
}

// URL is the address of a built file by its plain name: "app.js".
func (a Assets) URL(name string) string {
	if hashed, ok := a.names[name]; ok {
		name = hashed
	}
	return "/assets/" + name
}

// initials are up to two letters for an avatar.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		out = append(out, []rune(word)[0])
	}
	if len(out) > 2 {
		out = []rune{out[0], out[len(out)-1]}
	}
	return strings.ToUpper(string(out))
}

// class joins the classes whose condition holds: pairs of string and bool.
func class(pairs ...any) string {
	var on []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == true {
			on = append(on, pairs[i].(string))
		}
	}
	return strings.Join(on, " ")
}

// stage is a stage of the loop in the navigation, with the pages that belong to it.
type stage struct {
	key   string // of its name; empty for pages outside the loop
	pages []string
}

// loop is the navigation, in the order of the loop; a stage is added when its first page exists.
var loop = []stage{
	{"", []string{"home"}},
	{"loop.listen", []string{"feedback"}},
	{"loop.understand", []string{"themes", "drivers", "scan", "explore", "alerts", "health", "model"}},
	{"nav.data", []string{"contacts", "import"}},
}

var addresses = map[string]string{
	"home": "/", "feedback": "/feedback", "explore": "/explore", "themes": "/themes", "drivers": "/drivers", "scan": "/scan", "alerts": "/alerts", "model": "/model", "health": "/health", "contacts": "/contacts", "import": "/import",
	"settings": "/settings",
}

// visible are the pages of a stage that the member may see.
func (sh Shell) visible(pages []string) []string {
	var out []string
	for _, p := range pages {
		if !sh.Hide[p] {
			out = append(out, p)
		}
	}
	return out
}
