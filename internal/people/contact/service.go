package contact

import (
	"context"
	"maps"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// MergeHook moves what another domain holds about one contact to another, in the transaction of the merge.
type MergeHook func(tx *store.Tx, ws identity.WorkspaceID, from, into ID) error

// EraseHook erases what another domain holds about a contact, in the transaction of the erasure and before the contact itself is.
type EraseHook func(tx *store.Tx, ws identity.WorkspaceID, id ID) error

// Service is what the rest of Kolo asks of contacts. Safe for concurrent use once the hooks are registered.
type Service struct {
	db      *store.DB
	onMerge []MergeHook
	onErase []EraseHook

	known      []KnownHook
	onWithdraw []EraseHook
	mask       func(s string, names ...string) string
}

// NewService makes the service.
func NewService(db *store.DB) *Service {
	return &Service{db: db, mask: func(s string, _ ...string) string { return s }}
}

// MaskWith says how personal data in the value of an attribute, and the names of its contact, are masked before those who may not know who contacts are. Call it before
// the service is used; without it only attributes that are marked personal are hidden.
func (s *Service) MaskWith(mask func(s string, names ...string) string) { s.mask = mask }

// OnMerge registers a hook, before the service is used.
func (s *Service) OnMerge(h MergeHook) { s.onMerge = append(s.onMerge, h) }

// OnErase registers a hook, before the service is used.
func (s *Service) OnErase(h EraseHook) { s.onErase = append(s.onErase, h) }

// Get reads a contact with its identities and consents. One that was merged is given as it is, with MergedInto.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id ID) (c Contact, err error) {
	if err := actor.RequireIn("contact.Get", ws, identity.ContactsRead); err != nil {
		return c, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		c, err = s.getHidden(tx, ws, actor, id)
		return err
	})
	return c, err
}

func (s *Service) getHidden(tx *store.Tx, ws identity.WorkspaceID, actor identity.Actor, id ID) (Contact, error) {
	c, err := get(tx, ws, id)
	if err != nil {
		return c, err
	}
	if c.Consents, err = consents(tx, ws, id); err != nil {
		return c, err
	}
	list := []Contact{c}
	err = s.hide(tx, ws, actor, list)
	return list[0], err
}

// get reads one contact with its identities.
func get(tx *store.Tx, ws identity.WorkspaceID, id ID) (Contact, error) {
	list, err := read(tx, ws, "AND c.id = $2", string(id))
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "contact.Get", "there is no such contact")
	}
	if err != nil {
		return Contact{}, err
	}
	return list[0], nil
}

// living is get for a change: a contact that was merged or erased cannot be changed.
func living(tx *store.Tx, ws identity.WorkspaceID, id ID) (Contact, error) {
	c, err := get(tx, ws, id)
	switch {
	case err != nil:
	case c.MergedInto != "":
		err = fault.New(fault.Conflict, "contact", "the contact was merged into another one: %s", c.MergedInto)
	case !c.ErasedAt.IsZero():
		err = fault.New(fault.Conflict, "contact", "the contact was erased")
	}
	return c, err
}

// Load reads contacts by id as the actor may see them; see the function Load.
func (s *Service) Load(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, ids []ID) (m map[ID]Contact, err error) {
	if err := actor.RequireIn("contact.Load", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		if m, err = Load(tx, ws, ids); err != nil {
			return err
		}
		keys := slices.Collect(maps.Keys(m))
		list := make([]Contact, len(keys))
		for i, k := range keys {
			list[i] = m[k]
		}
		err = s.hide(tx, ws, actor, list)
		for i, k := range keys {
			m[k] = list[i]
		}
		return err
	})
	return m, err
}

// Load reads contacts with their identities in the caller's transaction, following merges; the map's keys are the ids that
// were asked for, without those that do not exist. It masks nothing: it is for the program, not for a screen.
func Load(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID]Contact, error) {
	found := map[ID]Contact{}
	for want, n := slices.Clone(ids), 0; len(want) > 0 && n < 10; n++ {
		slices.Sort(want)
		list, err := readIn(tx, ws, slices.Compact(want))
		if err != nil {
			return nil, err
		}
		want = nil
		for _, c := range list {
			found[c.ID] = c
			if c.MergedInto != "" {
				if _, ok := found[c.MergedInto]; !ok {
					want = append(want, c.MergedInto)
				}
			}
		}
	}
	out := make(map[ID]Contact, len(ids))
	for _, i := range ids {
		c, ok := found[i]
		for n := 0; ok && c.MergedInto != "" && n < 10; n++ {
			c, ok = found[c.MergedInto]
		}
		if ok {
			out[i] = c
		}
	}
	return out, nil
}

// Create adds a contact by hand. An identity that belongs to a contact already is a Conflict.
func (s *Service) Create(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, ref Ref) (c Contact, err error) {
	const op = "contact.Create"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return c, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if err := normaliseOne(tx, ws, op, &ref); err != nil {
			return err
		}
		if ref.Empty() {
			return fault.Bad(op, fault.Field{Path: "identities", Code: "required", Msg: "a contact needs an e-mail address, a phone number or an external id"})
		}
		for k, norm := range ref.norm {
			if norm == "" {
				continue
			}
			if owner, err := ownerOf(tx, ws, kinds[k], norm); err != nil {
				return err
			} else if owner != "" {
				return taken(op, paths[k], kinds[k])
			}
		}
		ids, err := Resolve(tx, ws, []Ref{ref})
		if err != nil {
			return err
		}
		if err := identity.Audit(tx, actor, "contact.create", "contact", string(ids[0]), nil); err != nil {
			return err
		}
		c, err = s.getHidden(tx, ws, actor, ids[0])
		return err
	})
	return c, err
}

// Upsert resolves refs for a program that sends contacts; see Resolve.
func (s *Service) Upsert(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, refs []Ref) (ids []ID, err error) {
	if err := actor.RequireIn("contact.Upsert", ws, identity.ContactsWrite); err != nil {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		ids, err = Resolve(tx, ws, refs)
		return err
	})
	return ids, err
}

func normaliseOne(tx *store.Tx, ws identity.WorkspaceID, op string, ref *Ref) error {
	w, err := identity.GetWorkspace(tx, ws)
	if err != nil {
		return err
	}
	if bad := ref.Normalise(w.Country); len(bad) > 0 {
		return fault.Bad(op, bad...)
	}
	return nil
}

// taken says that an identity belongs to another contact.
func taken(op, path string, kind Kind) error {
	msg := "another contact has this " + map[Kind]string{External: "external id", Email: "e-mail address", Phone: "phone number"}[kind] + " already"
	return &fault.Error{Kind: fault.Conflict, Op: op, Msg: msg, Fields: []fault.Field{{Path: path, Code: "taken", Msg: msg}}}
}

// Owner finds the contact that an identity belongs to; "" when there is none, or when the value is no identity.
func (s *Service) Owner(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, kind Kind, value string) (owner ID, err error) {
	for _, p := range []identity.Permission{identity.ContactsRead, identity.ContactsIdentify} {
		if err := actor.RequireIn("contact.Owner", ws, p); err != nil {
			return "", err
		}
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		w, err := identity.GetWorkspace(tx, ws)
		if err != nil {
			return err
		}
		owner = ""
		if norm, problem := NormIdentity(kind, value, w.Country); problem == "" {
			owner, err = ownerOf(tx, ws, kind, norm)
		}
		return err
	})
	return owner, err
}

func ownerOf(tx *store.Tx, ws identity.WorkspaceID, kind Kind, norm string) (ID, error) {
	list, err := store.All(tx, store.Value[ID], "/* contact.ownerOf */ SELECT contact FROM contact_identity WHERE workspace = $1 AND kind = $2 AND norm = $3",
		string(ws), string(kind), norm)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// Patch changes what is not nil. An attribute with an empty value is removed, and so is a lifetime value of nothing (Money{}).
type Patch struct {
	Name       *string
	Language   *string
	Account    *AccountID
	Value      *Money
	Attributes map[string]string
}

// Update changes what is known of a contact. The log names the fields, not what they hold: it must outlive an erasure.
func (s *Service) Update(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id ID, p Patch) (c Contact, err error) {
	const op = "contact.Update"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return c, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if c, err = living(tx, ws, id); err != nil {
			return err
		}
		r := resolver{tx: tx, ws: ws, now: tx.Millis()}
		rec := recordOf(c)
		fields, err := applyPatch(tx, ws, rec, p)
		if err != nil {
			return err
		}
		if err := r.writeContacts([]*record{rec}); err != nil {
			return err
		}
		if err := identity.Audit(tx, actor, "contact.update", "contact", string(id), map[string]string{"fields": strings.Join(fields, ", ")}); err != nil {
			return err
		}
		c, err = s.getHidden(tx, ws, actor, id)
		return err
	})
	return c, err
}

func recordOf(c Contact) *record {
	r := &record{id: c.ID, account: c.Account, name: c.Name, language: c.Language, attributes: "{}", known: c.Attributes,
		first: c.FirstSeen.UnixMilli(), last: c.LastSeen.UnixMilli(), before: map[string]string{}, dirty: true}
	if r.known == nil {
		r.known = map[string]string{}
	}
	if c.Value != nil {
		r.value = *c.Value
	}
	return r
}

func applyPatch(tx *store.Tx, ws identity.WorkspaceID, rec *record, p Patch) (fields []string, err error) {
	ref := Ref{Attributes: p.Attributes}
	if p.Value != nil && *p.Value != (Money{}) {
		ref.Value = p.Value
	}
	if p.Name != nil {
		ref.Name, fields = *p.Name, append(fields, "name")
	}
	if p.Language != nil {
		ref.Language, fields = *p.Language, append(fields, "language")
	}
	if bad := ref.Normalise(""); len(bad) > 0 {
		return nil, fault.Bad("contact.Update", bad...)
	}
	if p.Name != nil {
		rec.name = ref.Name
	}
	if p.Language != nil {
		rec.language = ref.Language
	}
	if p.Value != nil {
		rec.value, fields = Money{}, append(fields, "lifetime value")
		if ref.Value != nil {
			rec.value = *ref.Value
		}
	}
	if p.Account != nil {
		if *p.Account != "" {
			if _, err := getAccount(tx, ws, *p.Account); err != nil {
				return nil, err
			}
		}
		rec.account, fields = *p.Account, append(fields, "account")
	}
	for _, raw := range slices.Sorted(maps.Keys(p.Attributes)) {
		key := Key(raw)
		rec.set(key, ref.Attributes[key])
		fields = append(fields, key)
	}
	return fields, nil
}

// AddIdentity gives a contact another identity. One that belongs to another contact is a Conflict: merge them.
func (s *Service) AddIdentity(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id ID, kind Kind, value string) error {
	const op = "contact.AddIdentity"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if _, err := living(tx, ws, id); err != nil {
			return err
		}
		w, err := identity.GetWorkspace(tx, ws)
		if err != nil {
			return err
		}
		norm, problem := NormIdentity(kind, value, w.Country)
		if problem != "" {
			return fault.Bad(op, fault.Field{Path: "value", Code: string(kind), Msg: problem})
		}
		switch owner, err := ownerOf(tx, ws, kind, norm); {
		case err != nil || owner == id:
			return err
		case owner != "":
			return taken(op, "value", kind)
		}
		if err := insertAll(tx, "contact_identity", identityColumns, [][]any{{string(ws), string(kind), norm, strings.TrimSpace(value), string(id), tx.Millis()}}); err != nil {
			return err
		}
		if err := ownedByAll(tx, ws, id); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "contact.identity.add", "contact", string(id), map[string]string{"kind": string(kind)})
	})
}

// RemoveIdentity takes an identity from a contact, which may be left with none.
func (s *Service) RemoveIdentity(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id ID, kind Kind, norm string) error {
	const op = "contact.RemoveIdentity"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* contact.RemoveIdentity */ DELETE FROM contact_identity WHERE workspace = $1 AND kind = $2 AND norm = $3 AND contact = $4",
			string(ws), string(kind), norm, string(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "the contact has no such identity")
		}
		if err := ownedByAll(tx, ws, id); err != nil {
			return err
		}
		if _, err := changed(tx); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "contact.identity.remove", "contact", string(id), map[string]string{"kind": string(kind)})
	})
}

// hide leaves out what the actor may not see: who the contact is.
func (s *Service) hide(tx *store.Tx, ws identity.WorkspaceID, actor identity.Actor, list []Contact) error {
	if actor.May(identity.ContactsIdentify) || len(list) == 0 {
		return nil
	}
	hidden, err := Personal(tx, ws)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		name := c.Name
		c.Name, c.Masked = "", true
		for j := range c.Identities { // that there is an e-mail address may be known
			c.Identities[j] = Identity{Kind: c.Identities[j].Kind}
		}
		for key, value := range c.Attributes {
			if hidden.Has(key) {
				delete(c.Attributes, key)
			} else {
				c.Attributes[key] = s.mask(value, name)
			}
		}
		for j := range c.Consents {
			c.Consents[j].Proof = ""
		}
	}
	return nil
}
