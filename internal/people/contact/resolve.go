package contact

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const day = 24 * time.Hour

// Resolve finds or creates the contacts that refs name, in as few statements as it can. It follows merges, and:
//
//   - a contact is found by its external id, else its e-mail, else its phone. Identities it does not have yet become its
//     own, unless they belong to another: then the two are suggested for merging, and nothing is moved;
//   - what a ref says of name, language, attributes, account and value replaces what is known, except where the ref is
//     more than a day older (At) than the latest known of the contact: then it only fills gaps. Nothing is written where
//     nothing changes, and last_seen at most once a day;
//   - an empty Ref gives "". So does one that names an erased person in a matter older than the erasure: old data does not
//     bring a person back. A new matter (no At, or a later one) is a new acquaintance and makes a new contact.
//
// It is fault.Invalid, with paths such as "[7].email", for refs that were not brought into order by Normalise and cannot
// be. Called within Update by any number of processes, a person becomes one contact.
func Resolve(tx *store.Tx, ws identity.WorkspaceID, refs []Ref) ([]ID, error) {
	const op = "contact.Resolve"
	if err := normaliseAll(tx, ws, op, refs); err != nil {
		return nil, err
	}
	m, err := remember(tx)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	r := resolver{tx: tx, ws: ws, now: tx.Millis(), byID: make(map[ID]*record, len(refs)), memory: m}
	if err := r.findOwners(refs); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := r.findErased(refs); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := r.findAccounts(refs); err != nil {
		return nil, fault.Wrap(op, err)
	}
	out := make([]ID, len(refs))
	for i := range refs {
		out[i] = r.resolve(&refs[i])
	}
	return out, fault.Wrap(op, r.write())
}

func normaliseAll(tx *store.Tx, ws identity.WorkspaceID, op string, refs []Ref) error {
	var bad []fault.Field
	region, asked := "", false
	for i := range refs {
		if refs[i].ready {
			continue
		}
		if refs[i].Phone != "" && !asked {
			w, err := identity.GetWorkspace(tx, ws)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			region, asked = w.Country, true
		}
		for _, f := range refs[i].Normalise(region) {
			f.Path = fmt.Sprintf("[%d].%s", i, f.Path)
			bad = append(bad, f)
		}
	}
	if len(bad) > 0 {
		return fault.Bad(op, bad...)
	}
	return nil
}

// record is a contact on its way through a batch.
type record struct {
	id             ID
	account        AccountID
	name, language string
	attributes     string            // JSON as it is kept
	known          map[string]string // attributes, parsed when first needed
	before         map[string]string // values that changed, as they were; "" for none
	value          Money
	first, last    int64
	mergedInto     ID
	origin         string // the import that made it, as long as nobody else has told anything of it
	fresh, dirty   bool   // dirty: more than the times changed
	late           bool   // the times changed
}

type resolver struct {
	tx       *store.Tx
	ws       identity.WorkspaceID
	now      int64
	owners   [len(kinds)]map[string]*record // a nil record: nobody has it yet
	byID     map[ID]*record
	accounts map[string]AccountID
	merged   bool // one of the contacts is part of another
	erased   [len(kinds)]map[string]int64
	unknown  [len(kinds)][]string // identities that are not remembered
	memory   *memory              // nil on PostgreSQL
	change   int64                // the number of the change that it made of contacts that were there; 0: none

	changed     []*record // fresh or dirty, in the order of their first change
	identities  [][]any
	suggestions [][]any
	newAccounts [][]any
}

// findOwners finds the contacts that have any of the refs' identities: those that are remembered, and then of the rest who has
// which, and whole contacts, each once.
func (r *resolver) findOwners(refs []Ref) error {
	for k := range kinds {
		r.owners[k] = make(map[string]*record, len(refs))
		known := r.memory.of(shelf{r.ws, k})
		for i := range refs {
			n := refs[i].norm[k]
			if n == "" {
				continue
			}
			if _, ok := r.owners[k][n]; ok {
				continue
			}
			c := r.recall(&known, n)
			if r.owners[k][n] = c; c == nil {
				r.unknown[k] = append(r.unknown[k], n)
			}
		}
	}
	var found [len(kinds)]map[string]ID
	var ids []ID
	for k := range kinds {
		found[k] = map[string]ID{}
		if err := eachIn(r.tx, r.unknown[k], "/* contact.findOwners */ SELECT norm, contact FROM contact_identity WHERE workspace = $1 AND kind = $2 AND norm IN %s",
			[]any{string(r.ws), string(kinds[k])}, func(s store.Scanner) error {
				var norm string
				var c ID
				err := s.Scan(&norm, &c)
				found[k][norm] = c
				if _, ok := r.byID[c]; !ok {
					r.byID[c] = nil
					ids = append(ids, c)
				}
				return err
			}); err != nil {
			return err
		}
	}
	if err := r.load(ids); err != nil {
		return err
	}
	for k := range found {
		for norm, c := range found[k] {
			r.owners[k][norm] = r.byID[c]
		}
	}
	return r.followMerges()
}

// recall gives the contact that is remembered to have an identity, the same one for each of its identities; nil for none.
func (r *resolver) recall(known *recollection, norm string) *record {
	c := known.find(norm)
	if c == nil {
		return nil
	}
	if there := r.byID[c.id]; there != nil {
		return there
	}
	r.byID[c.id] = c
	return c
}

// load reads contacts by id.
func (r *resolver) load(ids []ID) error {
	return eachIn(r.tx, ids, "/* contact.load */ SELECT "+recordColumns+" FROM contact c WHERE c.workspace = $1 AND c.id IN %s",
		[]any{string(r.ws)}, func(s store.Scanner) error {
			var c record
			err := s.Scan(&c.id, &c.account, &c.name, &c.language, &c.attributes, &c.value.Minor, &c.value.Currency, &c.first, &c.last, &c.mergedInto, &c.origin)
			r.byID[c.id] = &c
			r.merged = r.merged || c.mergedInto != ""
			return err
		})
}

const recordColumns = "c.id, c.account, c.name, c.language, c.attributes, c.value_minor, c.value_currency, c.first_seen, c.last_seen, c.merged_into, c.origin"

// followMerges leads from merged contacts to those they are part of now. A merge moves the identities, so there is seldom
// anything to follow.
func (r *resolver) followMerges() error {
	if !r.merged {
		return nil
	}
	for range 10 {
		var missing []ID
		for _, c := range r.byID {
			if c.mergedInto != "" && r.byID[c.mergedInto] == nil {
				missing = append(missing, c.mergedInto)
			}
		}
		if len(missing) == 0 {
			break
		}
		if err := r.load(missing); err != nil {
			return err
		}
	}
	for k := range r.owners {
		for norm, c := range r.owners[k] {
			for n := 0; c != nil && c.mergedInto != "" && r.byID[c.mergedInto] != nil && n < 10; n++ {
				c = r.byID[c.mergedInto]
				r.owners[k][norm] = c
			}
		}
	}
	return nil
}

// findErased reads when those were erased whom the identities without an owner belonged to.
func (r *resolver) findErased(refs []Ref) error {
	type place struct {
		kind int
		norm string
	}
	var hashes []string
	places := map[string]place{}
	for k := range r.owners {
		for norm, c := range r.owners[k] {
			if c == nil {
				h := tombstone(r.ws, kinds[k], norm)
				hashes, places[h] = append(hashes, h), place{k, norm}
			}
		}
	}
	if len(hashes) == 0 {
		return nil
	}
	if some, err := AnyErased(r.tx, r.ws); err != nil || !some {
		return err
	}
	for k := range r.erased {
		r.erased[k] = map[string]int64{}
	}
	slices.Sort(hashes)
	return eachInBytes(r.tx, hashes, "/* contact.findErased */ SELECT hash, erased_at FROM contact_tombstone WHERE workspace = $1 AND hash IN %s",
		[]any{string(r.ws)}, func(s store.Scanner) error {
			var h []byte
			var at int64
			err := s.Scan(&h, &at)
			p := places[string(h)]
			r.erased[p.kind][p.norm] = at
			return err
		})
}

// AnyErased tells whether anybody was ever erased in a workspace.
func AnyErased(tx *store.Tx, ws identity.WorkspaceID) (bool, error) {
	n, err := store.One(tx, store.Value[int64], "/* contact.AnyErased */ SELECT count(*) FROM (SELECT 1 FROM contact_tombstone WHERE workspace = $1 LIMIT 1) t", string(ws))
	return n > 0, err
}

// Erased lists those of some identities by which erased people were recognised, and which nobody has now: whoever keeps them keeps what no
// erasure can be asked for any more. They are found by Kind and Norm.
func Erased(tx *store.Tx, ws identity.WorkspaceID, some []Identity) ([]Identity, error) {
	places := make(map[string]Identity, len(some))
	for _, x := range some {
		places[tombstone(ws, x.Kind, x.Norm)] = x
	}
	gone := map[Kind]map[string]Identity{}
	err := eachInBytes(tx, slices.Sorted(maps.Keys(places)), "/* contact.Erased */ SELECT hash FROM contact_tombstone WHERE workspace = $1 AND hash IN %s", []any{string(ws)},
		func(s store.Scanner) error {
			var h []byte
			err := s.Scan(&h)
			x := places[string(h)]
			if gone[x.Kind] == nil {
				gone[x.Kind] = map[string]Identity{}
			}
			gone[x.Kind][x.Norm] = x
			return err
		})
	if err != nil {
		return nil, err
	}
	var out []Identity
	for _, k := range kinds {
		if err := eachIn(tx, slices.Sorted(maps.Keys(gone[k])), "/* contact.Erased */ SELECT norm FROM contact_identity WHERE workspace = $1 AND kind = $2 AND norm IN %s",
			[]any{string(ws), string(k)}, func(s store.Scanner) error {
				var norm string
				err := s.Scan(&norm)
				delete(gone[k], norm)
				return err
			}); err != nil {
			return nil, err
		}
		for _, norm := range slices.Sorted(maps.Keys(gone[k])) {
			out = append(out, gone[k][norm])
		}
	}
	return out, nil
}

// tombstone is what remains of an erased identity. Who holds the database can still try guesses against it, as with any
// such hash; it keeps the identity out of reports, exports and casual sight.
func tombstone(ws identity.WorkspaceID, kind Kind, norm string) string {
	sum := sha256.Sum256([]byte(string(ws) + "\x00" + string(kind) + "\x00" + norm))
	return string(sum[:])
}

func (r *resolver) findAccounts(refs []Ref) error {
	var externals []string
	for i := range refs {
		if a := refs[i].Account; a != "" {
			if r.accounts == nil {
				r.accounts = map[string]AccountID{}
			}
			if _, ok := r.accounts[a]; !ok {
				r.accounts[a] = ""
				externals = append(externals, a)
			}
		}
	}
	return eachIn(r.tx, externals, "/* contact.findAccounts */ SELECT external, id FROM account WHERE workspace = $1 AND external IN %s",
		[]any{string(r.ws)}, func(s store.Scanner) error {
			var external string
			var a AccountID
			err := s.Scan(&external, &a)
			r.accounts[external] = a
			return err
		})
}

// resolve decides about one ref, in memory.
func (r *resolver) resolve(ref *Ref) ID {
	seen := r.now
	if !ref.At.IsZero() {
		// A sender's clock that runs ahead must not make everything after it old.
		seen = max(1, min(seen, ref.At.UnixMilli()))
	}
	var c *record
	named, erased := false, false
	for k, norm := range ref.norm {
		if norm == "" {
			continue
		}
		named = true
		if c == nil {
			c = r.owners[k][norm]
		}
		erased = erased || seen < r.erased[k][norm]
	}
	if !named || c == nil && erased {
		return ""
	}
	if c == nil {
		c = &record{id: ID(id.New(r.tx.Now)), attributes: "{}", known: map[string]string{}, first: seen, last: seen, origin: ref.Origin, fresh: true}
		r.byID[c.id] = c
		r.changed = append(r.changed, c)
	}
	for k, norm := range ref.norm {
		if norm == "" || seen < r.erased[k][norm] {
			continue
		}
		switch owner := r.owners[k][norm]; owner {
		case c:
		case nil:
			r.owners[k][norm] = c
			r.identities = append(r.identities, []any{string(r.ws), string(kinds[k]), norm, ref.value(k), string(c.id), r.now})
		default:
			a, b := min(c.id, owner.id), max(c.id, owner.id)
			r.suggestions = append(r.suggestions, []any{string(r.ws), string(a), string(b), string(kinds[k]), "open", r.now})
		}
	}
	r.learn(c, ref, seen)
	return c.id
}

// value is an identity as it was given.
func (r *Ref) value(k int) string {
	return strings.TrimSpace([...]string{r.External, r.Email, r.Phone}[k])
}

// learn merges what a ref says into a contact.
func (r *resolver) learn(c *record, ref *Ref, seen int64) {
	older := seen < c.last-day.Milliseconds()
	dirty := learnText(&c.name, ref.Name, older)
	dirty = learnText(&c.language, ref.Language, older) || dirty
	if c.origin != "" && c.origin != ref.Origin { // somebody else knows this contact, even if they say nothing new: it is no longer the import's alone
		c.origin, dirty = "", true
	}
	if ref.Account != "" && (c.account == "" || !older) {
		if a := r.account(ref.Account); a != c.account {
			c.account, dirty = a, true
		}
	}
	if ref.Value != nil && *ref.Value != c.value && (c.value.Currency == "" || !older) {
		c.value, dirty = *ref.Value, true
	}
	if len(ref.Attributes) > 0 {
		dirty = c.learnAttributes(ref.Attributes, older) || dirty
	}
	late := c.first-seen >= day.Milliseconds() || seen-c.last >= day.Milliseconds()
	if (dirty || late) && !c.dirty && !c.late && !c.fresh {
		r.changed = append(r.changed, c)
	}
	c.dirty, c.late = c.dirty || dirty, c.late || late
	if c.dirty || c.late || c.fresh { // being written anyway, they may as well be exact
		c.first, c.last = min(c.first, seen), max(c.last, seen)
	}
}

func learnText(to *string, from string, older bool) bool {
	if from == "" || from == *to || *to != "" && older {
		return false
	}
	*to = from
	return true
}

func (c *record) learnAttributes(in map[string]string, older bool) (dirty bool) {
	if c.known == nil && c.holds(in) {
		return false
	}
	c.parse()
	for k, v := range in {
		old, has := c.known[k]
		if v == "" || old == v || has && older || !has && len(c.known) >= maxAttributes {
			continue
		}
		c.set(k, v)
		dirty = true
	}
	return dirty
}

// holds tells whether the attributes are all there already, without parsing: a quotation mark in a value is escaped, so
// "key":"value" without any occurs in the JSON only where it means that. False may also mean that a text is escaped.
func (c *record) holds(in map[string]string) bool {
	for k, v := range in {
		if strings.ContainsAny(v, `"\\`) || !strings.Contains(c.attributes, `"`+k+`":"`+v+`"`) {
			return false
		}
	}
	return true
}

func (c *record) parse() {
	if c.known == nil {
		c.known = map[string]string{}
		_ = json.Unmarshal([]byte(c.attributes), &c.known) // we wrote it; should it be spoilt, it is written anew
	}
}

// set changes an attribute, "" removes it, and remembers what it was when the batch began.
func (c *record) set(key, value string) {
	if c.before == nil {
		c.before = map[string]string{}
	}
	if _, ok := c.before[key]; !ok {
		c.before[key] = c.known[key]
	}
	if value == "" {
		delete(c.known, key)
	} else {
		c.known[key] = value
	}
}

func (r *resolver) account(external string) AccountID {
	a := r.accounts[external]
	if a == "" {
		a = AccountID(id.New(r.tx.Now))
		r.accounts[external] = a
		r.newAccounts = append(r.newAccounts, []any{string(r.ws), string(a), external, external, strings.ToLower(external), "{}", r.now})
	}
	return a
}

// write puts all that changed into rows. Where another process was faster, the store notices and the whole runs again:
// ON CONFLICT DO NOTHING is a serialisation failure when the row that stands in the way came after our snapshot.
func (r *resolver) write() error {
	if err := insertAll(r.tx, "account", accountColumns, r.newAccounts); err != nil {
		return err
	}
	if err := r.writeContacts(r.changed); err != nil {
		return err
	}
	if err := insertAll(r.tx, "contact_identity", identityColumns, r.identities); err != nil {
		return err
	}
	if _, err := r.tx.InsertMany("contact.suggest", "contact_merge_suggestion", []string{"workspace", "a", "b", "kind", "state", "at"},
		r.suggestions, "ON CONFLICT DO NOTHING"); err != nil { // a dismissed suggestion stays dismissed
		return err
	}
	if r.memory != nil {
		r.memory.learn(r)
	}
	return nil
}

// insertAll inserts rows that cannot exist yet.
func insertAll(tx *store.Tx, table string, columns []string, rows [][]any) error {
	n, err := tx.InsertMany("contact.insert", table, columns, rows, "ON CONFLICT DO NOTHING")
	if err == nil && n != int64(len(rows)) {
		err = fmt.Errorf("%d of %d rows went into %s", n, len(rows), table)
	}
	return err
}

var accountColumns = []string{"workspace", "id", "external", "name", "name_key", "attributes", "created_at"}

// writeContacts writes new and changed contacts with their attributes, and registers attributes not seen before.
func (r *resolver) writeContacts(list []*record) error {
	if len(list) == 0 {
		return nil
	}
	if slices.ContainsFunc(list, func(c *record) bool { return !c.fresh }) {
		var err error
		if r.change, err = changed(r.tx); err != nil {
			return err
		}
	}
	slices.SortFunc(list, func(a, b *record) int { return strings.Compare(string(a.id), string(b.id)) }) // processes that meet wait, not deadlock
	var whole, late, add [][]any
	seen := map[string]string{}
	for _, c := range list {
		if c.before != nil {
			text, err := json.Marshal(c.known)
			if err != nil {
				return err
			}
			c.attributes = string(text)
		}
		for _, key := range slices.Sorted(maps.Keys(c.before)) {
			old, now := c.before[key], c.known[key]
			if folded(old) == folded(now) {
				continue
			}
			if old != "" {
				if err := unindex(r.tx, r.ws, c.id, key, old); err != nil {
					return err
				}
			}
			if now != "" {
				add = append(add, []any{string(r.ws), key, folded(now), string(c.id), numberOf(now)})
				seen[key] = now
			}
		}
		row := []any{string(r.ws), string(c.id), string(c.account), c.name, strings.ToLower(c.name), c.language, c.attributes,
			c.value.Minor, c.value.Currency, c.first, c.last, "", 0, c.origin}
		if c.fresh || c.dirty {
			whole = append(whole, row)
		} else {
			late = append(late, row)
		}
	}
	// The engines rewrite the index of every column that is set, changed or not; most changes are of times alone, which
	// are in none.
	const times = "ON CONFLICT (workspace, id) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen"
	if _, err := r.tx.InsertMany("contact.writeContacts", "contact", contactRow, late, times); err != nil {
		return err
	}
	if _, err := r.tx.InsertMany("contact.writeContacts", "contact", contactRow, whole, times+`, account = excluded.account, name = excluded.name,
		name_key = excluded.name_key, language = excluded.language, attributes = excluded.attributes, value_minor = excluded.value_minor,
		value_currency = excluded.value_currency, origin = excluded.origin`); err != nil {
		return err
	}
	if err := insertAll(r.tx, "contact_attribute", []string{"workspace", "attribute", "value", "contact", "num"}, add); err != nil {
		return err
	}
	return register(r.tx, r.ws, seen)
}

var contactRow = []string{"workspace", "id", "account", "name", "name_key", "language", "attributes", "value_minor", "value_currency",
	"first_seen", "last_seen", "merged_into", "erased_at", "origin"}

// unindex takes an attribute out of what contacts are filtered by.
func unindex(tx *store.Tx, ws identity.WorkspaceID, c ID, key, value string) error {
	_, err := tx.Exec("/* contact.unindex */ DELETE FROM contact_attribute WHERE workspace = $1 AND attribute = $2 AND value = $3 AND contact = $4",
		string(ws), key, folded(value), string(c))
	return err
}

// Whose is the contact that a Ref names, as Resolve finds it, "" when there is none: nobody is made, and nothing is learned.
func Whose(tx *store.Tx, ws identity.WorkspaceID, ref *Ref) (ID, error) {
	for k, kind := range kinds {
		if ref.norm[k] == "" {
			continue
		}
		if owner, err := ownerOf(tx, ws, kind, ref.norm[k]); err != nil || owner != "" {
			return owner, err
		}
	}
	return "", nil
}
