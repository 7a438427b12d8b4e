// Package theme keeps what feedback is about: a tree of themes with lasting ids, a starting set in four languages, what the
// machine finds in a workspace's own texts, and rules of words and phrases. What a person decided, no run undoes.
package theme

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/theme/rule"
)

// Origin says where a theme comes from.
type Origin string

// The origins.
const (
	Start Origin = "start" // of the starting set
	Found Origin = "found" // by a run of discovery
	Rule  Origin = "rule"  // words and phrases that a person wrote down
)

// State says whether texts are given a theme.
type State string

// The states.
const (
	Live      State = "live"
	Proposed  State = "proposed"  // found, and waiting for a person: texts have it, and it counts for nothing until somebody accepts it
	Dormant   State = "dormant"   // the last run found nothing of it; it comes back when there is
	Forbidden State = "forbidden" // a person does not want it: no text is given it, and no run proposes it again
	Merged    State = "merged"    // it is a part of another one now
)

// Theme is what a piece of feedback can be about. Its id lasts, whatever it is called and wherever it stands.
type Theme struct {
	ID        string            `json:"id"`
	Parent    string            `json:"parent,omitempty"` // "" on the top level
	Origin    Origin            `json:"origin"`
	State     State             `json:"state"`
	Into      string            `json:"merged_into,omitempty"`
	Pinned    bool              `json:"pinned,omitempty"` // shown first
	Names     map[string]string `json:"names"`            // by language (ISO 639-1)
	About     map[string]string `json:"about,omitempty"`  // a line that explains it, by language
	Rule      string            `json:"rule,omitempty"`
	QuoteOf   string            `json:"quote_of,omitempty"` // the feedback that stands best for it
	Language  string            `json:"language,omitempty"` // of most of its texts
	Texts     int64             `json:"texts,omitempty"`    // in the run that found it
	NamedBy   string            `json:"named_by,omitempty"` // a person's name, or the model that did; "" for Kolo itself
	ByPerson  bool              `json:"-"`                  // a person named it: no run and no model does again
	Moved     bool              `json:"-"`                  // a person placed it: no run does again
	Centroid  []float32         `json:"-"`                  // what a later run knows a found theme by
	ChangedAt time.Time         `json:"changed_at,omitzero"`
}

// Waits tells whether a run found the theme and no person has accepted it: it has its figures where people decide, and counts nowhere else.
func (x Theme) Waits() bool { return x.State == Proposed || x.State == Dormant }

//go:embed start.json
var startFile []byte

// Starting is the starting set: groups, and the themes in them that every reader knows.
var Starting = func() []Theme {
	var list []Theme
	if err := json.Unmarshal(startFile, &list); err != nil {
		panic("theme: start.json: " + err.Error())
	}
	for i := range list {
		list[i].Origin, list[i].State = Start, Live
	}
	return list
}()

// Tree is the themes of a workspace: the starting set, as it was changed there, and its own. It is not changed once made.
type Tree struct {
	Version int64 // of the workspace's changes
	byID    map[string]*Theme
	order   []string // depth first, pinned first, then as they were made
	kids    map[string][]string
}

// NewTree lays a workspace's themes over the starting set.
func NewTree(own []Theme, version int64) *Tree {
	t := &Tree{Version: version, byID: map[string]*Theme{}, kids: map[string][]string{}}
	var ids []string
	add := func(x Theme) {
		if _, ok := t.byID[x.ID]; !ok {
			ids = append(ids, x.ID)
		}
		t.byID[x.ID] = &x
	}
	for _, x := range Starting {
		add(x)
	}
	for _, x := range own {
		if base := t.byID[x.ID]; base != nil { // a changed one of the starting set keeps what was not changed
			names := maps.Clone(base.Names)
			maps.Copy(names, x.Names)
			x.Names, x.About = names, base.About
		}
		add(x)
	}
	for _, id := range ids {
		parent := t.byID[id].Parent
		if t.byID[parent] == nil || t.within(id, parent) { // lost, or a ring: it goes to the top
			parent = ""
			t.byID[id].Parent = ""
		}
		t.kids[parent] = append(t.kids[parent], id)
	}
	// Whoever puts a theme under one that waits, or makes it a part of that, takes that for a theme: else what counted would count no more.
	for _, x := range t.byID {
		at := ""
		switch x.State {
		case Live:
			at = x.Parent
		case Merged:
			at = x.Into
		}
		for p := t.byID[at]; p != nil && p.Waits(); p = t.byID[p.Parent] {
			p.State = Live
		}
	}
	for _, list := range t.kids {
		slices.SortStableFunc(list, func(a, b string) int {
			switch x, y := t.byID[a].Pinned, t.byID[b].Pinned; {
			case x == y:
				return 0
			case x:
				return -1
			}
			return 1
		})
	}
	var walk func(string)
	walk = func(id string) {
		for _, k := range t.kids[id] {
			t.order = append(t.order, k)
			walk(k)
		}
	}
	walk("")
	return t
}

// within tells whether id is parent itself or above it.
func (t *Tree) within(id, parent string) bool {
	for n := 0; parent != ""; n++ {
		if parent == id || n > len(t.byID) {
			return true
		}
		p := t.byID[parent]
		if p == nil {
			return false
		}
		parent = p.Parent
	}
	return false
}

// Get is a theme by id.
func (t *Tree) Get(id string) (Theme, bool) {
	x, ok := t.byID[id]
	if !ok {
		return Theme{}, false
	}
	return *x, true
}

// All are the themes that are shown, in the order of the tree: not those that were merged away.
func (t *Tree) All() []Theme {
	out := make([]Theme, 0, len(t.order))
	for _, id := range t.order {
		if x := t.byID[id]; x.State != Merged {
			out = append(out, *x)
		}
	}
	return out
}

// Every is every theme, those that were merged away as well.
func (t *Tree) Every() []Theme {
	out := make([]Theme, len(t.order))
	for i, id := range t.order {
		out[i] = *t.byID[id]
	}
	return out
}

// Children are the themes that stand directly under one, "" for the top level.
func (t *Tree) Children(id string) []Theme {
	var out []Theme
	for _, k := range t.kids[id] {
		if x := t.byID[k]; x.State != Merged {
			out = append(out, *x)
		}
	}
	return out
}

// Resolve is the theme that a label of this id means today: itself, or what it was merged into; "" when it is forbidden or
// unknown.
func (t *Tree) Resolve(id string) string {
	for range len(t.byID) + 1 {
		x := t.byID[id]
		switch {
		case x == nil || x.State == Forbidden:
			return ""
		case x.State != Merged:
			return id
		}
		id = x.Into
	}
	return ""
}

// Counts is the theme that a label of this id counts for: Resolve, and "" where that waits for a person.
func (t *Tree) Counts(id string) string { return t.For().Resolve(id) }

// Asked is a tree as a question about figures sees it: what waits for a person counts for nothing, unless the question names it. Then it
// counts for itself, and still not for the theme that it stands under.
type Asked struct {
	*Tree
	named []string
}

// For is the tree for a question that names these themes.
func (t *Tree) For(named ...string) Asked {
	a := Asked{Tree: t}
	for _, id := range named {
		a.named = append(a.named, t.Resolve(id))
	}
	return a
}

func (a Asked) waits(id string) bool {
	x := a.byID[id]
	return x != nil && x.Waits()
}

// Resolve is Tree.Resolve, and "" as well where that waits for a person and was not named.
func (a Asked) Resolve(id string) string {
	if id = a.Tree.Resolve(id); a.waits(id) && !slices.Contains(a.named, id) {
		return ""
	}
	return id
}

// Parent is the theme that one counts for as well, "" for none.
func (a Asked) Parent(id string) string {
	if x := a.byID[id]; x != nil && !x.Waits() {
		return x.Parent
	}
	return ""
}

// Under is Tree.Under without what waits for a person, but for the theme itself; of "" all.
func (a Asked) Under(id string) []string {
	ids := a.Tree.Under(id)
	if id == "" {
		return ids
	}
	return slices.DeleteFunc(ids, func(k string) bool {
		r := a.Tree.Resolve(k)
		return r != id && a.waits(r)
	})
}

// Under are the ids that count for a theme: its own, those below it, and those that were merged into any of them.
func (t *Tree) Under(id string) []string {
	in := map[string]bool{id: true}
	for grew := true; grew; {
		grew = false
		for k, x := range t.byID {
			if !in[k] && (in[x.Parent] && x.State != Merged || x.State == Merged && in[x.Into]) {
				in[k], grew = true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(in))
}

// Top is the theme on the top level that one stands under.
func (t *Tree) Top(id string) string {
	for n := 0; n <= len(t.byID); n++ {
		x := t.byID[id]
		if x == nil || x.Parent == "" {
			return id
		}
		id = x.Parent
	}
	return id
}

// Name is what a theme is called in a language, or in the nearest one it has a name in.
func (t *Tree) Name(id, language string) string {
	x := t.byID[id]
	if x == nil {
		return id
	}
	return x.Name(language)
}

// Name is what a theme is called in a language: else in its texts' language, else in English, else in any.
func (x Theme) Name(language string) string {
	for _, l := range []string{language, x.Language, "en"} {
		if n := x.Names[l]; n != "" {
			return n
		}
	}
	for _, l := range slices.Sorted(maps.Keys(x.Names)) {
		if x.Names[l] != "" {
			return x.Names[l]
		}
	}
	return x.ID
}

// What a person does to a tree. Each gives the theme as it is to be kept, or fault.Invalid, Conflict or NotFound.

func (t *Tree) edit(op, id string) (Theme, error) {
	x, ok := t.Get(id)
	switch {
	case !ok:
		return x, fault.New(fault.NotFound, op, "there is no such theme here")
	case x.State == Merged:
		return x, fault.New(fault.Conflict, op, "the theme is a part of %q now", t.Name(x.Into, "en"))
	}
	x.Names = maps.Clone(x.Names)
	return x, nil
}

const maxName = 80

// Rename gives a theme a name in a language.
func (t *Tree) Rename(id, language, name string) (Theme, error) {
	const op = "theme.Rename"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	if x.Names == nil {
		x.Names = map[string]string{}
	}
	if fold(name) != "" && fold(name) == fold(x.Names[language]) { // its own, written otherwise: whoever else has it, has it already
		if name, err = goodName(op, name); err != nil {
			return x, err
		}
		x.Names[language] = name
	} else if x.Names[language], err = t.freeName(op, x, language, name); err != nil {
		return x, err
	}
	x.ByPerson = true
	if x.State == Proposed || x.State == Dormant {
		x.State = Live
	}
	return x, nil
}

// fold is what two names have in common that differ in case and space alone.
func fold(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// freeName is a name as it is kept, if no other theme is called so in the language, wherever it stands: lists name themes without their place.
func (t *Tree) freeName(op string, x Theme, language, name string) (string, error) {
	name, err := goodName(op, name)
	if err != nil {
		return name, err
	}
	if len(language) < 2 || len(language) > 12 || strings.Trim(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
		return name, fault.Bad(op, fault.Field{Path: "name", Code: "language", Msg: "a name is in a language: an ISO code such as he or pt-BR"})
	}
	for _, other := range t.byID {
		if other.ID != x.ID && other.State != Merged && fold(other.Names[language]) == fold(name) {
			return name, fault.Bad(op, fault.Field{Path: "name", Code: "theme_taken", Msg: "there is a theme of this name already"})
		}
	}
	return name, nil
}

func goodName(op, name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return name, fault.Bad(op, fault.Field{Path: "name", Code: "required", Msg: "a theme needs a name"})
	case utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name):
		return name, fault.Bad(op, fault.Field{Path: "name", Code: "too_long", Msg: "a name has at most 80 characters"})
	}
	return name, nil
}

// moveFirst is said of a theme that others stand under, when it would leave them without a place.
const moveFirst = "move the themes that stand under it first"

// carries tells whether a theme in none of the given states stands directly under one.
func (t *Tree) carries(id string, but ...State) bool {
	return slices.ContainsFunc(t.kids[id], func(k string) bool { return !slices.Contains(but, t.byID[k].State) })
}

// Merge makes a theme a part of another: what was or will be found about it counts there.
func (t *Tree) Merge(id, into string) (Theme, error) {
	const op = "theme.Merge"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	if _, err := t.edit(op, into); err != nil {
		return x, err
	}
	if t.within(id, into) {
		return x, fault.New(fault.Conflict, op, "a theme cannot become a part of itself or of what stands under it")
	}
	if t.carries(id, Merged) {
		return x, fault.New(fault.Conflict, op, moveFirst)
	}
	x.State, x.Into, x.Moved = Merged, into, true
	return x, nil
}

// Move puts a theme under another one, "" for the top level.
func (t *Tree) Move(id, parent string) (Theme, error) {
	const op = "theme.Move"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	if parent != "" {
		if _, err := t.edit(op, parent); err != nil {
			return x, err
		}
		if t.within(id, parent) {
			return x, fault.New(fault.Conflict, op, "a theme cannot stand under itself")
		}
	}
	x.Parent, x.Moved = parent, true
	if x.State == Proposed {
		x.State = Live
	}
	return x, nil
}

// Set changes the state of a theme: Live accepts one that was proposed or allows a forbidden one, Forbidden has no text given
// it. A theme that others stand under is not forbidden: they would go on counting where nobody sees them.
func (t *Tree) Set(id string, s State) (Theme, error) {
	const op = "theme.Set"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	if s != Live && s != Forbidden {
		return x, fault.Bad(op, fault.Field{Path: "state", Code: "unknown", Msg: "a theme can be made live or forbidden"})
	}
	if s == Forbidden && t.carries(id, Merged, Forbidden) {
		return x, fault.New(fault.Conflict, op, moveFirst)
	}
	x.State = s
	return x, nil
}

// Pin has a theme stand first among its neighbours.
func (t *Tree) Pin(id string, pinned bool) (Theme, error) {
	x, err := t.edit("theme.Pin", id)
	x.Pinned = pinned
	return x, err
}

// SetRule gives a theme a rule of words and phrases, or takes it away with "". A rule that cannot be read is fault.Invalid with the
// path "rule" and a message that says where it is wrong.
func (t *Tree) SetRule(id, source string) (Theme, error) {
	const op = "theme.SetRule"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	if x.Rule, err = goodRule(op, source); err != nil {
		return x, err
	}
	if x.Rule != "" && (x.State == Proposed || x.State == Dormant) {
		x.State = Live
	}
	return x, nil
}

func goodRule(op, source string) (string, error) {
	source = strings.TrimSpace(source)
	if source == "" {
		return "", nil
	}
	if _, err := rule.Parse(source); err != nil {
		return source, fault.Bad(op, fault.Field{Path: "rule", Code: "rule", Msg: err.Error()})
	}
	return source, nil
}

// Add makes a new theme, under another one or on the top level, with a rule or, "", without one: it then groups others.
func (t *Tree) Add(id, parent, language, name, source string) (Theme, error) {
	const op = "theme.Add"
	if parent != "" {
		if _, err := t.edit(op, parent); err != nil {
			return Theme{}, fault.Bad(op, fault.Field{Path: "parent", Code: "unknown", Msg: "there is no such theme here"})
		}
	}
	name, err := t.freeName(op, Theme{ID: id, Parent: parent}, language, name)
	if err != nil {
		return Theme{}, err
	}
	if source, err = goodRule(op, source); err != nil {
		return Theme{}, err
	}
	return Theme{ID: id, Parent: parent, Origin: Rule, State: Live, Names: map[string]string{language: name}, Rule: source, Language: language, ByPerson: true, Moved: true}, nil
}

// Edit is what a person changes of a theme at once; what is nil stays.
type Edit struct {
	Names  map[string]string // by language; "" takes a name away, and the starting set's own comes back
	Parent *string
	State  *State
	Pinned *bool
	Rule   *string
	Into   *string // what it becomes a part of
}

// Apply makes an Edit: names, place, rule, state and pin, and a merge last.
func (t *Tree) Apply(id string, e Edit) (Theme, error) {
	const op = "theme.Apply"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	step := func(do func() (Theme, error)) {
		if err == nil {
			if x, err = do(); err == nil {
				t = t.with(x)
			}
		}
	}
	if e.Parent != nil && *e.Parent != x.Parent {
		step(func() (Theme, error) { return t.Move(id, *e.Parent) })
	}
	languages := slices.Sorted(maps.Keys(e.Names))
	for _, language := range languages {
		if name := e.Names[language]; strings.TrimSpace(name) != "" && name != x.Names[language] {
			step(func() (Theme, error) { return t.Rename(id, language, name) })
		}
	}
	for _, language := range languages { // last: what is given now may stand for what is taken away
		if strings.TrimSpace(e.Names[language]) == "" && x.Names[language] != "" {
			step(func() (Theme, error) { return t.unname(id, language) })
		}
	}
	if e.Rule != nil && strings.TrimSpace(*e.Rule) != x.Rule {
		step(func() (Theme, error) { return t.SetRule(id, *e.Rule) })
	}
	if e.State != nil && *e.State != x.State {
		step(func() (Theme, error) { return t.Set(id, *e.State) })
	}
	if e.Pinned != nil {
		step(func() (Theme, error) { return t.Pin(id, *e.Pinned) })
	}
	if e.Into != nil && *e.Into != "" {
		step(func() (Theme, error) { return t.Merge(id, *e.Into) })
	}
	return x, err
}

// unname takes a name in one language away.
func (t *Tree) unname(id, language string) (Theme, error) {
	const op = "theme.Rename"
	x, err := t.edit(op, id)
	if err != nil {
		return x, err
	}
	delete(x.Names, language)
	if base := starting(id); base != nil && base.Names[language] != "" {
		if x.Names[language], err = t.freeName(op, x, language, base.Names[language]); err != nil {
			return x, err
		}
	}
	if len(x.Names) == 0 {
		return x, fault.Bad(op, fault.Field{Path: "name", Code: "required", Msg: "a theme needs a name"})
	}
	return x, nil
}

func starting(id string) *Theme {
	for i := range Starting {
		if Starting[i].ID == id {
			return &Starting[i]
		}
	}
	return nil
}

// with is the tree with one theme as it will be.
func (t *Tree) with(x Theme) *Tree {
	own := make([]Theme, 0, len(t.byID)+1)
	for _, id := range slices.Sorted(maps.Keys(t.byID)) {
		if id != x.ID {
			own = append(own, *t.byID[id])
		}
	}
	return NewTree(append(own, x), t.Version)
}
