package contact

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// two are two processes with one file, and a workspace of it.
type two struct {
	path     string
	ws       identity.WorkspaceID
	services []*Service
}

func open2(t *testing.T, c clock.Clock, n int) two {
	t.Helper()
	w := two{path: filepath.Join(t.TempDir(), "kolo.db")}
	for i := range n {
		w.services = append(w.services, NewService(openAt(t, w.path, c)))
		if i == 0 {
			w.ws = workspace(t, w.services[0].db, "Acme")
		}
	}
	return w
}

func openAt(t *testing.T, path string, c clock.Clock) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{URL: path, Clock: c})
	if err == nil {
		err = db.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// everything is what a workspace knows of its contacts, without the ids, which differ from store to store.
func (w two) everything(t *testing.T) []string {
	t.Helper()
	var out []string
	err := w.services[0].db.View(context.Background(), func(tx *store.Tx) (err error) {
		out, err = store.All(tx, store.Value[string], `SELECT coalesce((SELECT group_concat(kind || ':' || norm, ' ') FROM (SELECT kind, norm FROM contact_identity i
			WHERE i.workspace = c.workspace AND i.contact = c.id ORDER BY kind, norm)), '') || '|' || name || '|' || language || '|' || attributes || '|' || (account <> '') || '|' ||
			value_minor || value_currency || '|' || first_seen || '|' || last_seen || '|' || (merged_into <> '') || '|' || erased_at FROM contact c WHERE workspace = $1`, string(w.ws))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func (w two) contactOf(t *testing.T, s *Service, external string) (id ID) {
	t.Helper()
	if err := s.db.View(context.Background(), func(tx *store.Tx) (err error) {
		id, err = ownerOf(tx, w.ws, External, external)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

// What is remembered must never show: two processes with one file and a store on which every step is taken by a
// process that has just begun come to the same, whatever is resolved, changed, merged, erased and rolled back in which order.
func TestWhatIsRememberedIsAsItIs(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	warm, cold := open2(t, c, 2), open2(t, c, 1)
	random := rand.New(rand.NewPCG(1, 2))
	customer := func() string { return fmt.Sprint("c", random.IntN(12)) }
	for step := range 150 {
		c.Advance(time.Duration(random.IntN(30)) * time.Hour)
		refs := make([]Ref, 1+random.IntN(4))
		for i := range refs {
			refs[i] = Ref{External: customer()}
			if random.IntN(3) == 0 {
				refs[i] = Ref{Email: customer() + "@example.com"}
			} else if random.IntN(3) == 0 {
				refs[i].Email = customer() + "@example.com"
			}
			if random.IntN(3) == 0 {
				refs[i].Name = fmt.Sprint("Name ", random.IntN(5))
			}
			if random.IntN(3) == 0 {
				refs[i].Attributes = map[string]string{"plan": fmt.Sprint(random.IntN(4))}
			}
			if random.IntN(3) == 0 {
				refs[i].At = c.Now().Add(-time.Duration(random.IntN(100)) * time.Hour)
			}
		}
		what, who, from, into, plan := random.IntN(25), random.IntN(20)/19, customer(), customer(), fmt.Sprint(random.IntN(4))
		for k, w := range []two{warm, cold} {
			var s *Service
			if k == 0 {
				s = w.services[who]
			} else {
				s = NewService(openAt(t, w.path, c))
			}
			actor := identity.Program(w.ws, "test")
			a, b := w.contactOf(t, s, from), w.contactOf(t, s, into)
			var err error
			switch {
			case what == 0 && a != "" && b != "" && a != b:
				err = s.Merge(t.Context(), w.ws, actor, a, b)
			case what == 1 && a != "":
				err = s.Erase(t.Context(), w.ws, actor, a)
			case (what == 2 || what == 5) && a != "":
				err = s.RemoveIdentity(t.Context(), w.ws, actor, a, External, from)
			case what == 3 && a != "":
				_, err = s.Update(t.Context(), w.ws, actor, a, Patch{Attributes: map[string]string{"plan": plan}})
			case what == 4: // a transaction that fails after it has resolved
				mine := slices.Clone(refs)
				err = s.db.Update(t.Context(), func(tx *store.Tx) error {
					if _, err := Resolve(tx, w.ws, mine); err != nil {
						return err
					}
					return errRolledBack
				})
				if errors.Is(err, errRolledBack) {
					err = nil
				}
			default: // twice in one transaction, as for a long batch
				mine := slices.Clone(refs)
				err = s.db.Update(t.Context(), func(tx *store.Tx) error {
					for _, part := range [][]Ref{mine, mine[:1]} {
						if _, err := Resolve(tx, w.ws, slices.Clone(part)); err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
		}
		if got, want := warm.everything(t), cold.everything(t); !reflect.DeepEqual(got, want) {
			t.Fatalf("after step %d (%d by %d) the contacts are\n%q, and read anew\n%q", step, what, who, got, want)
		}
	}
}

var errRolledBack = errors.New("rolled back")

// What is changed, merged, erased and taken away is noticed, by whichever process it was done.
func TestAChangeOfWhatIsRememberedIsNoticed(t *testing.T) {
	for _, what := range []string{"update", "merge", "erase", "remove"} {
		for by := range 2 {
			t.Run(fmt.Sprint(what, by), func(t *testing.T) {
				c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
				w := open2(t, c, 2)
				s, actor := w.services[by], identity.Program(w.ws, "test")
				resolve := func(refs ...Ref) (ids []ID) {
					c.Advance(time.Minute)
					if err := w.services[0].db.Update(t.Context(), func(tx *store.Tx) (err error) {
						ids, err = Resolve(tx, w.ws, refs)
						return err
					}); err != nil {
						t.Fatal(err)
					}
					return ids
				}
				before := resolve(Ref{External: "a", Name: "Ann"}, Ref{External: "b"})
				resolve(Ref{External: "a"}, Ref{External: "b"})
				name := "Bea"
				var err error
				switch what {
				case "update":
					_, err = s.Update(t.Context(), w.ws, actor, before[0], Patch{Name: &name})
				case "merge":
					err = s.Merge(t.Context(), w.ws, actor, before[0], before[1])
				case "erase":
					err = s.Erase(t.Context(), w.ws, actor, before[0])
				case "remove":
					err = s.RemoveIdentity(t.Context(), w.ws, actor, before[0], External, "a")
				}
				if err != nil {
					t.Fatal(err)
				}
				after := resolve(Ref{External: "a", Language: "he"}, Ref{External: "b"})
				switch {
				case after[1] != before[1], what == "update" && after[0] != before[0], what == "merge" && after[0] != before[1],
					(what == "erase" || what == "remove") && (after[0] == before[0] || after[0] == ""):
					t.Fatalf("a and b were %v and are %v", before, after)
				}
				if what == "update" {
					if got, err := w.services[1].Get(t.Context(), w.ws, actor, after[0]); err != nil || got.Name != name || got.Language != "he" {
						t.Fatalf("%+v, %v", got, err)
					}
				}
			})
		}
	}
}

// A customer who comes again is not read again.
func TestACustomerWhoComesAgainIsRemembered(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	w := open2(t, c, 1)
	resolve := func() (id ID, remembered bool) {
		if err := w.services[0].db.Update(t.Context(), func(tx *store.Tx) error {
			m, err := remember(tx)
			if err != nil {
				return err
			}
			known := m.of(shelf{w.ws, 0})
			remembered = known.find("c1") != nil
			ids, err := Resolve(tx, w.ws, []Ref{{External: "c1", Email: "a@example.com"}})
			id = ids[0]
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return id, remembered
	}
	first, was := resolve()
	if second, is := resolve(); was || !is || first != second {
		t.Fatalf("%s then %s, remembered %v then %v", first, second, was, is)
	}
}

// What is remembered is bounded.
func TestMemoryIsBounded(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	w := open2(t, c, 1)
	var m *memory
	const most = 100_000
	for i := range 20 {
		refs := make([]Ref, 100)
		for j := range refs {
			refs[j] = Ref{External: fmt.Sprint("c", i*len(refs)+j), Name: fmt.Sprint("Name ", j)}
		}
		if err := w.services[0].db.Update(t.Context(), func(tx *store.Tx) (err error) {
			if m, err = remember(tx); err != nil {
				return err
			}
			m.most = most
			_, err = Resolve(tx, w.ws, refs)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if m.young.bytes > most || m.old.bytes > most {
			t.Fatalf("%d and %d bytes are remembered, of %d each", m.young.bytes, m.old.bytes, most)
		}
	}
	if len(m.old.contacts) == 0 || len(m.young.contacts) == 0 {
		t.Fatalf("%d and %d contacts in the generations", len(m.young.contacts), len(m.old.contacts))
	}
}
