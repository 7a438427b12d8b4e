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
	owners  map[owned]ID
	records map[ID]*record // never changed: who resolves takes copies
	bytes   int
}

// owned is an identity in a workspace.
type owned struct {
	ws   identity.WorkspaceID
	kind int
	norm string
}

func newGeneration() generation {
	return generation{owners: map[owned]ID{}, records: map[ID]*record{}}
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

// find gives a copy of the contact that has an identity, as it is known last; nil when it is not remembered.
func (m *memory) find(k owned) *record {
	for _, g := range []*generation{&m.learned, &m.young, &m.old} {
		id, ok := g.owners[k]
		if !ok {
			continue
		}
		// It may have been learned anew under another of its identities.
		c := m.learned.records[id]
		if c == nil {
			c = m.young.records[id]
		}
		if c == nil {
			c = m.old.records[id]
		}
		if g == &m.old && m.learned.records[id] == nil {
			m.young.put(k, c)
		}
		out := *c
		return &out
	}
	return nil
}

func (g *generation) put(k owned, c *record) {
	if _, ok := g.owners[k]; !ok {
		g.bytes += 120 + len(k.norm)
	}
	if old := g.records[c.id]; old == nil {
		g.bytes += 280 + len(c.name) + len(c.attributes)
	} else {
		g.bytes += len(c.name) + len(c.attributes) - len(old.name) - len(old.attributes)
	}
	g.owners[k], g.records[c.id] = c.id, c
}

// learn notes what a resolver has found and written.
func (m *memory) learn(r *resolver) {
	m.now = max(m.now, r.change)
	for k := range r.owners {
		for norm, c := range r.owners[k] {
			if c == nil || c.mergedInto != "" {
				continue
			}
			key := owned{r.ws, k, norm}
			if c.recalled && !c.fresh && !c.dirty && !c.late {
				if _, ok := m.young.owners[key]; ok || m.learned.owners[key] != "" {
					continue // it is there as it is
				}
			}
			kept := *c
			kept.known, kept.before, kept.fresh, kept.dirty, kept.late, kept.recalled = nil, nil, false, false, false, true
			m.learned.put(key, &kept)
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
	for k, id := range m.learned.owners {
		m.young.put(k, m.learned.records[id])
	}
	m.at, m.tx, m.learned = m.now, nil, generation{}
}
