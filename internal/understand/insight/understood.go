package insight

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Label is what was understood of a text.
type Label struct {
	Language  string       // ISO 639
	Sentiment int8         // -1, 0 or 1; 2 is mixed
	Score     float64      // -1 (all blame) to 1 (all praise)
	Unsure    bool         // a person should look before anything depends on the sentiment
	Themes    []ThemeLabel // what the text is about
	Copy      int64        // of its words: what says the same shares it; 0 for nothing
}

// ThemeLabel is one theme of a text, and how it speaks of it.
type ThemeLabel struct {
	ID        string
	Sentiment int8 // as that of a Label
}

// Labels gives what was understood of feedback; what was not read, or has no words, is left out.
type Labels interface {
	Of(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]Label, error)
}

// Tree is the themes of a workspace, as people have put them.
type Tree interface {
	Resolve(id string) string        // the theme that a label of this id means today; "" for none
	Parent(id string) string         // "" on the top level
	Under(id string) []string        // the ids that count for a theme: its own, those below it, those merged into one of them; of "" all
	Name(id, language string) string // what people call it
}

// Trees gives the themes of workspaces, to a question that names some of them: what was only proposed counts for no other question.
type Trees interface {
	Tree(ctx context.Context, ws identity.WorkspaceID, named ...string) (Tree, error)
}

// bare is a tree without themes.
type bare struct{}

func (bare) Resolve(string) string    { return "" }
func (bare) Parent(string) string     { return "" }
func (bare) Under(string) []string    { return nil }
func (bare) Name(id, _ string) string { return id }

// Understand has questions know of sentiment and themes. Call it before the first question and the first feed.
func (s *Service) Understand(labels Labels, trees Trees) { s.labels, s.trees = labels, trees }

// ThemeNames gives the names of a workspace's themes in a language, by id.
func (s *Service) ThemeNames(ctx context.Context, ws identity.WorkspaceID, language string) (map[string]string, error) {
	names := map[string]string{}
	if s.trees == nil {
		return names, nil
	}
	tree, err := s.trees.Tree(ctx, ws)
	if err != nil {
		return nil, fault.Wrap("insight.ThemeNames", err)
	}
	for _, id := range tree.Under("") {
		if id != "" {
			names[id] = tree.Name(id, language)
		}
	}
	return names, nil
}

// Names are ThemeNames and what people call fields, by the fields' names: attribute.plan.
func (s *Service) Names(ctx context.Context, ws identity.WorkspaceID, language string) (map[string]string, error) {
	names, err := s.ThemeNames(ctx, ws, language)
	if err != nil {
		return nil, err
	}
	titles, err := s.feedback.Titles(ctx, ws)
	if err != nil {
		return nil, fault.Wrap("insight.Names", err)
	}
	maps.Copy(names, titles)
	return names, nil
}

// The themes of a text are kept as one number, the key of the set of them (theme_set); a second one (mention_set) is the key of the
// themes with their sentiments. What the sets hold stands in a small table of its own. There are some thousand sets for
// millions of texts, so that counting texts by set and then looking the sets up counts each text once, whatever stands together in
// the tree, and follows every change of the tree at once.

// sets is the columns' table of what sets hold.
const sets = "theme_set"

// set is the themes of a text.
type set struct {
	key      int64 // 0 for none
	members  []ThemeLabel
	mentions bool // the members have sentiments
}

func (l Label) sets() (themes, mentions set) {
	list := slices.Clone(l.Themes)
	slices.SortStableFunc(list, func(a, b ThemeLabel) int { return cmp.Compare(a.ID, b.ID) })
	list = slices.CompactFunc(list, func(a, b ThemeLabel) bool { return a.ID == b.ID })
	list = slices.DeleteFunc(list, func(t ThemeLabel) bool { return t.ID == "" })
	if len(list) == 0 {
		return themes, mentions
	}
	ids, pairs := make([]string, len(list)), make([]string, len(list))
	for i, t := range list {
		ids[i], pairs[i] = t.ID, t.ID+"="+strconv.Itoa(int(t.Sentiment))
	}
	return set{key: Key(ids...), members: list}, set{key: Key(pairs...), members: list, mentions: true}
}

// Sets is what the columns have of the themes of a label: the numbers of its two sets, and the rows that say what these hold.
func (l Label) Sets(ws identity.WorkspaceID) (themes, mentions int64, rows []column.Row) {
	plain, said := l.sets()
	return plain.key, said.key, append(plain.rows(ws), said.rows(ws)...)
}

// rows are the set as rows of the table of sets.
func (x set) rows(ws identity.WorkspaceID) []column.Row {
	rows := make([]column.Row, len(x.members))
	for i, m := range x.members {
		var sentiment any
		if x.mentions {
			sentiment = int16(m.Sentiment)
		}
		rows[i] = column.Row{Values: []any{string(ws), x.key, m.ID, Key(m.ID), x.mentions, sentiment}}
	}
	return rows
}

func setTable() column.Table {
	return column.Table{Name: sets, Key: []string{"workspace", "set_key"}, Columns: []column.Column{
		{Name: "workspace", Type: column.UUID}, {Name: "set_key", Type: column.Int}, {Name: "theme", Type: column.Text}, {Name: "theme_key", Type: column.Int},
		{Name: "mention", Type: column.Small}, {Name: "sentiment", Type: column.Small, Nullable: true},
	}}
}

// asking is what conditions and groups are compiled for.
type asking struct {
	column.Dialect
	ws   identity.WorkspaceID
	tree Tree // nil while nothing is asked of themes
}

// asking looks up what conditions and fields need.
func (s *Service) asking(ctx context.Context, ws identity.WorkspaceID, by []field, conditions ...Conditions) (a asking, err error) {
	a = asking{ws: ws, Dialect: column.DialectFor(column.DuckDB, nil, Table())} // without columns conditions are checked only
	if s.columns != nil {
		a.Dialect = s.columns.Dialect()
	}
	if err := s.kept(ctx, ws, by, conditions...); err != nil {
		return a, err
	}
	themes := slices.ContainsFunc(by, field.theme)
	var named []string
	for _, c := range conditions {
		for _, e := range c {
			if themeFields[e.Field] {
				themes, named = true, append(named, e.Values...)
			}
		}
	}
	if !themes {
		return a, nil
	}
	if s.trees == nil {
		a.tree = bare{}
		return a, nil
	}
	a.tree, err = s.trees.Tree(ctx, ws, named...)
	return a, err
}

// themeFields are the fields about themes: a theme with all that stands under it, themes on the top level (or directly under the one
// that is asked for), and a theme without what stands under it; and the themes that a text blames, to filter by.
var themeFields = map[string]bool{"theme": true, "theme_group": true, "theme_only": true, "theme_blamed": true, "theme_only_blamed": true}

// filterOnly are those by which nothing is grouped.
var filterOnly = []string{"theme_only", "theme_blamed", "theme_only_blamed"}

func (f field) theme() bool { return themeFields[f.name] }

// known are the ids of labels that mean a theme today.
func known(t Tree) []string {
	return slices.DeleteFunc(slices.Clone(t.Under("")), func(id string) bool { return id == "" || t.Resolve(id) == "" })
}

// themes are the ids of labels that fulfil a condition on themes, its negation left aside.
func (e Condition) themes(t Tree) []string {
	switch {
	case strings.HasSuffix(e.Op, "empty"):
		return known(t)
	case strings.HasPrefix(e.Field, "theme_only"):
		return slices.DeleteFunc(known(t), func(id string) bool {
			return !slices.ContainsFunc(e.Values, func(v string) bool { return t.Resolve(v) == t.Resolve(id) })
		})
	}
	var out []string
	for _, v := range e.Values {
		if v = t.Resolve(v); v != "" {
			out = append(out, t.Under(v)...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(id string) bool { return t.Resolve(id) == "" })
}

// themed is a condition on themes as SQL.
func (e Condition) themed(a asking, args *arguments) (string, error) {
	in := func(set string, mention int, ids []string, also string) string {
		return a.InQuery(set, fmt.Sprintf("SELECT set_key FROM %s WHERE workspace = %s AND mention = %d AND theme_key IN (%s)%s", sets, args.add(string(a.ws)), mention, keysOf(ids), also))
	}
	var any []string
	switch ids := e.themes(a.tree); {
	case len(ids) == 0:
		any = append(any, "1 = 0")
	case !e.blames():
		any = append(any, in("theme_set", 0, ids, ""))
	case strings.HasSuffix(e.Op, "empty"): // of a theme alone, what is neither mixed nor praise
		any = append(any, in("mention_set", 1, ids, " AND sentiment = -1"))
	default:
		for _, ids := range e.blamed(a.tree) {
			any = append(any, in("mention_set", 1, ids, " GROUP BY set_key HAVING max("+blames+") = 1 AND max("+praises+") = 0"))
		}
	}
	s := "(" + strings.Join(any, " OR ") + ")"
	switch e.Op {
	case "in", "not_empty":
		return s, nil
	case "not_in", "empty":
		return "NOT " + s, nil
	}
	return "", fmt.Errorf("%s is a choice among themes: it is or is not one of them, and nothing else", e.Field)
}

// blames tells whether the condition is on themes that are blamed.
func (e Condition) blames() bool { return strings.HasSuffix(e.Field, "_blamed") }

// blamed are the ids of labels of each theme of a condition on themes that are blamed. One is, as ThemeNegative counts it, when some of them
// are blamed and none is praised.
func (e Condition) blamed(t Tree) (groups [][]string) {
	if strings.HasSuffix(e.Op, "empty") {
		for _, id := range known(t) {
			groups = append(groups, []string{id})
		}
		return groups
	}
	for _, v := range e.Values {
		one := e
		if one.Values = []string{v}; len(one.themes(t)) > 0 {
			groups = append(groups, one.themes(t))
		}
	}
	return groups
}

// What a member of a set of mentions says of its theme; mixed is both.
const (
	blames  = "CASE WHEN sentiment = -1 OR sentiment = 2 THEN 1 ELSE 0 END"
	praises = "CASE WHEN sentiment = 1 OR sentiment = 2 THEN 1 ELSE 0 END"
)

func keysOf(ids []string) string {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = strconv.FormatInt(Key(id), 10)
	}
	return strings.Join(keys, ", ")
}

// grouped gives a field of themes the groups that a question with these conditions has: with a condition on a theme those under it (and where
// it is named twice, itself), and all others otherwise.
func (f field) grouped(t Tree, c Conditions) field {
	var focus []string
	inside := map[string]bool{}
	for _, e := range c {
		if themeFields[e.Field] && (e.Op == "in" || e.Op == "") {
			focus = append(focus, e.Values...)
			for _, id := range e.themes(t) {
				inside[id] = true
			}
		}
	}
	root := ""
	switch {
	case len(focus) == 1:
		root = t.Resolve(focus[0])
	case len(focus) > 1 && len(slices.Compact(slices.Clone(focus))) == 1:
		root = t.Parent(t.Resolve(focus[0]))
	}
	at := map[string]int{}
	f.groups, f.members = nil, nil
	for _, id := range known(t) {
		if focus != nil && !inside[id] {
			continue
		}
		g := t.Resolve(id)
		if f.name == "theme_group" {
			for g != root && t.Parent(g) != "" && t.Parent(g) != root {
				g = t.Parent(g)
			}
		}
		i, ok := at[g]
		if !ok {
			i = len(f.groups)
			at[g] = i
			f.groups, f.members = append(f.groups, g), append(f.members, nil)
		}
		f.members[i] = append(f.members[i], id)
	}
	return f
}

// lookUp is a table of which group (m, from 1) the sets (ts) belong to. With mentions it has too whether there is blame and
// praise of the group (neg, pos: 0 or 1).
func (f field) lookUp(a asking, mentions bool, args *arguments) string {
	var groups [][2]int64 // a label may be in several
	for i, ids := range f.members {
		for _, id := range ids {
			groups = append(groups, [2]int64{Key(id), int64(i + 1)})
		}
	}
	from := a.Join("(SELECT set_key AS ts, theme_key, sentiment FROM "+sets+" WHERE workspace = "+args.add(string(a.ws))+" AND mention = "+map[bool]string{true: "1", false: "0"}[mentions]+") AS l",
		"("+a.Pairs("theme_key", "m", groups)+") AS g", "theme_key")
	if !mentions {
		return "SELECT DISTINCT ts, m FROM " + from
	}
	return "SELECT ts, m, max(" + blames + ") AS neg, max(" + praises + ") AS pos FROM " + from + " GROUP BY ts, m"
}

// labelsOf gives what was understood of feedback that has words.
func (s *Service) labelsOf(ctx context.Context, ws identity.WorkspaceID, texts []feedback.ID) (map[feedback.ID]Label, error) {
	if s.labels == nil || len(texts) == 0 {
		return nil, nil
	}
	return s.labels.Of(ctx, ws, texts)
}

// notKept says what to ask for in place of what a contact has beside its attributes, which does not stand beside feedback.
var notKept = map[string]string{
	"email": findContact, "phone": findContact, "externalid": findContact, "name": findContact, "id": "contact is who said it, by the id of the contact",
	"language": "language is that of the feedback", "account": "what the contacts of an account said is at /v1/accounts/ID/feedback",
}

const findContact = "look the contact up (in Contacts, or by GET /v1/contacts?q=...) and ask for contact, which is the contact's id"

// kept refuses fields of contacts that are no attributes: nothing has a value for them, and a filter that finds nothing looks like an answer.
// An attribute may have such a name.
func (s *Service) kept(ctx context.Context, ws identity.WorkspaceID, by []field, conditions ...Conditions) error {
	var bad []fault.Field
	look := func(name string) {
		key, of := strings.CutPrefix(name, "contact.")
		if why := notKept[plainName(key)]; of && why != "" {
			bad = append(bad, fault.Field{Path: name, Code: "not_kept", Msg: name + " is no attribute of any contact, and what else is known of contacts does not stand beside feedback: " + why})
		}
	}
	for _, f := range by {
		look(f.name)
	}
	for _, c := range conditions {
		for _, e := range c {
			look(e.Field)
		}
	}
	if bad == nil {
		return nil
	}
	var known contact.Secret
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		known, err = contact.Personal(tx, ws)
		return err
	}); err != nil {
		return err
	}
	bad = slices.DeleteFunc(bad, func(f fault.Field) bool {
		_, is := known[strings.TrimPrefix(f.Path, "contact.")]
		return is
	})
	if len(bad) == 0 {
		return nil
	}
	return fault.Bad("insight.Query", bad...)
}
