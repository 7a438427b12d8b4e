package contact

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// maxRegister bounds the register: a sender who makes up names without end fills no screens. What is not in the register is
// kept with its contact all the same.
const maxRegister = 1000

// Attributes lists the register by key.
func (s *Service) Attributes(ctx context.Context, ws identity.WorkspaceID) (list []Attribute, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = attributes(tx, ws)
		return err
	})
	return list, err
}

// Titles are what people call the attributes, by key.
func Titles(tx *store.Tx, ws identity.WorkspaceID) (map[string]string, error) {
	list, err := attributes(tx, ws)
	titles := make(map[string]string, len(list))
	for _, a := range list {
		titles[a.Key] = a.Title
	}
	return titles, err
}

// Secret tells which attributes say who somebody is: what the register says of each by its key, and of those that are not in it their name
// (SaysWho). A nil one tells so of none.
type Secret map[string]bool

// Has tells it of an attribute of contacts or of feedback, however its name is written.
func (s Secret) Has(name string) bool {
	if s == nil {
		return false
	}
	if personal, known := s[Key(name)]; known {
		return personal
	}
	return SaysWho(name)
}

// Hidden are the attributes that an actor may not see, because they say who somebody is. For those who may see everything
// it is nil, and nothing is read.
func (s *Service) Hidden(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (hidden Secret, err error) {
	if actor.May(identity.ContactsIdentify) {
		return nil, nil
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		hidden, err = Personal(tx, ws)
		return err
	})
	return hidden, err
}

// Personal tells whether an attribute says who somebody is.
func (s *Service) Personal(ctx context.Context, ws identity.WorkspaceID, name string) (yes bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		secret, err := Personal(tx, ws)
		yes = secret.Has(name)
		return err
	})
	return yes, err
}

// Personal are the attributes that say who somebody is.
func Personal(tx *store.Tx, ws identity.WorkspaceID) (Secret, error) {
	list, err := attributes(tx, ws)
	secret := make(Secret, len(list))
	for _, a := range list {
		secret[a.Key] = a.Personal
	}
	return secret, err
}

func attributes(tx *store.Tx, ws identity.WorkspaceID) ([]Attribute, error) {
	return store.All(tx, func(s store.Scanner) (a Attribute, err error) {
		var first, sliceable, personal, decided int64
		err = s.Scan(&a.Key, &a.Kind, &a.Title, &first, &sliceable, &personal, &decided)
		a.FirstSeen, a.Sliceable, a.decided = instant(first), sliceable == 1, decided == 1
		a.Personal = personal == 1 || !a.decided && SaysWho(a.Key)
		return a, err
	}, "/* contact.attributes */ SELECT attribute, kind, title, first_seen, sliceable, personal, decided FROM contact_attribute_def WHERE workspace = $1 ORDER BY attribute", string(ws))
}

// SetAttribute changes an attribute's entry, or makes one before any contact has it. FirstSeen is not changed. From then on the entry says
// whether the attribute is personal, and its name no longer does.
func (s *Service) SetAttribute(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, a Attribute) error {
	const op = "contact.SetAttribute"
	if err := actor.RequireIn(op, ws, identity.AttributesManage); err != nil {
		return err
	}
	if a.Key = Key(a.Key); a.Key == "" || len(a.Key) > 4*maxKey {
		return fault.Bad(op, fault.Field{Path: "key", Code: "key", Msg: "an attribute's name has 1 to 64 characters"})
	}
	switch a.Kind {
	case Text, Number, Bool, Date:
	default:
		return fault.Bad(op, fault.Field{Path: "kind", Code: "enum", Msg: "an attribute is text, number, bool or date"})
	}
	if a.Title = clean(a.Title); a.Title == "" {
		a.Title = a.Key
	}
	return s.db.Update(ctx, func(tx *store.Tx) error { return setAttribute(tx, ws, actor, a) })
}

func setAttribute(tx *store.Tx, ws identity.WorkspaceID, actor identity.Actor, a Attribute) error {
	if _, err := tx.Exec(`/* contact.SetAttribute */ INSERT INTO contact_attribute_def
		(workspace, attribute, kind, title, first_seen, sliceable, personal, decided) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
		ON CONFLICT (workspace, attribute) DO UPDATE SET kind = excluded.kind, title = excluded.title, sliceable = excluded.sliceable,
		personal = excluded.personal, decided = 1`, string(ws), a.Key, string(a.Kind), a.Title, tx.Millis(), flag(a.Sliceable), flag(a.Personal)); err != nil {
		return err
	}
	return identity.Audit(tx, actor, "attribute.set", "contact attribute", a.Key, map[string]string{"kind": string(a.Kind),
		"title": a.Title, "sliceable": strconv.FormatBool(a.Sliceable), "personal": strconv.FormatBool(a.Personal)})
}

// KeepPersonal makes attributes such that say who somebody is, by their titles: what a customer was called became a fact beside feedback,
// for instance. Where somebody has said what an attribute is, that stays.
func KeepPersonal(tx *store.Tx, actor identity.Actor, titles []string) error {
	ws := actor.Workspace
	list, err := attributes(tx, ws)
	if err != nil {
		return err
	}
	known := make(map[string]Attribute, len(list))
	for _, a := range list {
		known[a.Key] = a
	}
	for _, title := range titles {
		a, there := known[Key(title)]
		if !there { // a contact may have had it first, which says nothing of whether it is personal
			a = Attribute{Key: Key(title), Kind: Text, Title: clean(title), Sliceable: true}
		}
		if a.Personal || a.decided || a.Key == "" {
			continue
		}
		a.Personal, known[a.Key] = true, a
		if err := setAttribute(tx, ws, actor, a); err != nil {
			return err
		}
	}
	return nil
}

// register enters attributes that were not seen before, with a kind guessed from an example.
func register(tx *store.Tx, ws identity.WorkspaceID, examples map[string]string) error {
	if len(examples) == 0 {
		return nil
	}
	known, err := store.All(tx, store.Value[string], "/* contact.register */ SELECT attribute FROM contact_attribute_def WHERE workspace = $1", string(ws))
	if err != nil {
		return err
	}
	have := make(map[string]bool, len(known))
	for _, k := range known {
		have[k] = true
	}
	var rows [][]any
	for key, example := range examples {
		if !have[key] && len(known)+len(rows) < maxRegister {
			title := strings.ReplaceAll(key, "_", " ")
			rows = append(rows, []any{string(ws), key, string(guessKind(example)), title, tx.Millis(), 1, 0})
		}
	}
	_, err = tx.InsertMany("contact.register", "contact_attribute_def",
		[]string{"workspace", "attribute", "kind", "title", "first_seen", "sliceable", "personal"}, rows, "ON CONFLICT DO NOTHING")
	return err
}

func guessKind(example string) AttributeKind {
	if b := strings.ToLower(example); b == "true" || b == "false" {
		return Bool
	}
	if _, err := clock.ParseDay(example); err == nil {
		return Date
	}
	// A number with a leading zero is a code: a postcode, a branch.
	if numberOf(example) != nil && (len(example) == 1 || example[0] != '0' || strings.HasPrefix(example, "0.")) {
		return Number
	}
	return Text
}

// numberOf reads a number, or a date as its day, for comparison; nil when it is neither.
func numberOf(s string) any {
	if s == "" || s[0] > '9' { // most texts
		return nil
	}
	if d, err := clock.ParseDay(s); err == nil {
		return float64(d)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return f
	}
	return nil
}

// folded is the form in which an attribute's value is compared.
func folded(s string) string {
	s = strings.ToLower(s)
	if len(s) <= 200 {
		return s
	}
	n := 0
	for i := range s {
		if n == 200 {
			return s[:i]
		}
		n++
	}
	return s
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
