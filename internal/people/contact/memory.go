package contact

import (
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// A customer comes again, and finding contacts was half of what the one writer of SQLite did while much came in. So the
// contacts that were resolved lately are remembered beside the store, by their identities.
//
// Every transaction that changes a contact which was there draws a number (changed). What is remembered holds for one number, which
// Resolve asks for first: what another process or another part of this one has changed is read anew. On PostgreSQL, where
// transactions run beside each other, nothing is remembered.

// sequence counts the changes of contacts that were there.
const sequence = "contact"

// changed says that contacts or identities which were there are not as they were, and gives the number of this change.
func changed(tx *store.Tx) (int64, error) {
	if tx.Engine() != store.SQLite {
		return 0, nil
	}
	n, err := tx.NextSeq(sequence, 1)
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// memoryBytes is about what each of the two generations takes at most: some 80,000 contacts.
const memoryBytes = 24 << 20

// memory belongs to whoever is in the writing transaction: there is one at a time.
type memory struct {
	at         int64 // the number of change for which it holds
	young, old generation
	most       int // bytes that a generation takes

	tx      *store.Tx  // the transaction that looked last
	now     int64      // the number of change in it, its own changes included
	learned generation // what it has resolved, to be remembered when it is committed
}

type generation struct {
	owners   map[shelf]map[string]*entry // by the identity as it is compared
	contacts map[ID]*entry
	bytes    int
}

// shelf is where an identity is looked up: one kind of them in a workspace.
type shelf struct {
	ws   identity.WorkspaceID
	kind int
}

// entry is a contact, one and the same for all its identities and both generations that know it.
type entry struct{ *record } // which is never changed: who resolves takes copies

func newGeneration() generation {
	return generation{owners: map[shelf]map[string]*entry{}, contacts: map[ID]*entry{}}
}

type memoryKey struct{}

// remember gives the memory as it holds for a transaction; nil on PostgreSQL.
func remember(tx *store.Tx) (*memory, error) {
	if tx.Engine() != store.SQLite {
		return nil, nil
	}
	at, err := store.One(tx, store.Value[int64], "/* contact.remember */ SELECT value FROM sequence WHERE name = $1", sequence)
	if err != nil {
		return nil, err
	}
	m := tx.Beside(memoryKey{}, func() any { return &memory{young: newGeneration(), old: newGeneration(), most: memoryBytes} }).(*memory)
	expected := m.at
	if m.tx == tx {
		expected = m.now
	} else {
		m.tx, m.learned = tx, newGeneration()
		tx.Committed(func() { m.keep(tx) })
	}
	if at != expected {
		m.at, m.young, m.old, m.learned = at, newGeneration(), newGeneration(), newGeneration()
	}
	m.now = at
	return m, nil
}

// recollection is what is remembered of a shelf.
type recollection struct {
	memory              *memory
	shelf               shelf
	learned, young, old map[string]*entry
}

// of gives nothing of no memory.
func (m *memory) of(p shelf) recollection {
	if m == nil {
		return recollection{}
	}
	return recollection{m, p, m.learned.owners[p], m.young.owners[p], m.old.owners[p]}
}

// find gives a copy of the contact that has an identity, as it is known last; nil when it is not remembered.
func (r *recollection) find(norm string) *record {
	e := r.learned[norm]
	if e == nil {
		e = r.young[norm]
	}
	if e == nil {
		if e = r.old[norm]; e == nil {
			return nil
		}
		r.memory.young.contact(e, e.record)
		r.memory.young.owner(r.shelf, norm, e)
	}
	if len(r.memory.learned.contacts) > 0 { // it may have been learned anew, under another of its identities
		if l := r.memory.learned.contacts[e.id]; l != nil {
			e = l
		}
	}
	out := *e.record
	return &out
}

// contact puts a contact into an entry, and the entry among those of the generation.
func (g *generation) contact(e *entry, c *record) {
	if g.contacts[c.id] == nil {
		g.bytes += 280 + len(c.name) + len(c.attributes)
		g.contacts[c.id] = e
	} else {
		g.bytes += len(c.name) + len(c.attributes) - len(e.name) - len(e.attributes)
	}
	e.record = c
}

func (g *generation) owner(p shelf, norm string, e *entry) {
	norms := g.owners[p]
	if norms == nil {
		norms = map[string]*entry{}
		g.owners[p] = norms
	}
	if norms[norm] == nil {
		g.bytes += 120 + len(norm)
	}
	norms[norm] = e
}

// learn notes what a resolver has found and written.
func (m *memory) learn(r *resolver) {
	m.now = max(m.now, r.change)
	note := func(c *record) *entry {
		kept := *c
		kept.known, kept.before, kept.fresh, kept.dirty, kept.late = nil, nil, false, false, false
		e := m.learned.contacts[c.id]
		if e == nil {
			e = &entry{}
		}
		m.learned.contact(e, &kept)
		return e
	}
	for _, c := range r.changed {
		note(c)
	}
	for k, norms := range r.unknown {
		for _, norm := range norms {
			c := r.owners[k][norm]
			if c == nil || c.mergedInto != "" {
				continue
			}
			e := m.learned.contacts[c.id]
			if e == nil {
				e = note(c)
			}
			m.learned.owner(shelf{r.ws, k}, norm, e)
		}
	}
}

// keep remembers what a transaction has learned, now that it is committed.
func (m *memory) keep(tx *store.Tx) {
	if m.tx != tx {
		return
	}
	if m.young.bytes+m.learned.bytes > m.most {
		m.old, m.young = m.young, newGeneration()
	}
	for id, l := range m.learned.contacts {
		e := m.young.contacts[id]
		if e == nil {
			e = m.old.contacts[id]
		}
		if e == nil {
			e = &entry{}
		}
		m.young.contact(e, l.record)
	}
	for p, norms := range m.learned.owners {
		for norm, l := range norms {
			m.young.owner(p, norm, m.young.contacts[l.id])
		}
	}
	m.at, m.tx, m.learned = m.now, nil, generation{}
}
