package contact

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/identity"
)

// shop is a service on a fresh store with a clock and two workspaces of its own.
type shop struct {
	*testing.T
	*Service
	clock *clock.Fake
	ctx   context.Context
	ws    identity.WorkspaceID
	other identity.WorkspaceID
	owner identity.Actor
}

func each2(t *testing.T, test func(s shop)) {
	t.Helper()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			db := open(t, c)
			s := shop{T: t, Service: NewService(db), clock: c, ctx: t.Context()}
			s.ws, s.other = workspace(t, db, "Acme"), workspace(t, db, "Other")
			s.owner = identity.Program(s.ws, "test")
			test(s)
		})
	}
}

func workspace(tb testing.TB, db *store.DB, name string) identity.WorkspaceID {
	tb.Helper()
	w, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(context.Background(), identity.NewWorkspace{Name: name,
		Country: "IL", Owner: identity.NewOwner{Email: strings.ToLower(name) + "@example.com"}})
	if err != nil {
		tb.Fatal(err)
	}
	return w.ID
}

func (s shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s shop) want(err error, kind fault.Kind) {
	s.Helper()
	if !fault.Is(err, kind) {
		s.Fatalf("got %v, want kind %d", err, kind)
	}
}

func (s shop) resolve(refs ...Ref) []ID {
	s.Helper()
	ids, err := s.Upsert(s.ctx, s.ws, s.owner, refs)
	s.must(err)
	return ids
}

func (s shop) get(id ID) Contact {
	s.Helper()
	c, err := s.Get(s.ctx, s.ws, s.owner, id)
	s.must(err)
	return c
}

func (s shop) count(f Filter) int64 {
	s.Helper()
	n, err := s.Count(s.ctx, s.ws, s.owner, f)
	s.must(err)
	return n
}

// rows counts what a table holds of a workspace.
func rows(t *testing.T, db *store.DB, ws identity.WorkspaceID, table string) (n int64) {
	t.Helper()
	if err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		n, err = store.One(tx, store.Value[int64], "SELECT count(*) FROM "+table+" WHERE workspace = $1", string(ws))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestResolveFindsAndCreates(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		ids := s.resolve(
			Ref{},
			Ref{External: "c-1", Email: "Dana@Example.com", Name: "Dana Cohen", Language: "he", Attributes: map[string]string{"Plan": "Gold"}},
			Ref{Email: " dana@example.COM "},
			Ref{Phone: "054-123-4567", Email: "dana@example.com"},
			Ref{Phone: "+972 54 1234567"},
			Ref{External: "C-1"},
		)
		if ids[0] != "" || ids[1] == "" || ids[2] != ids[1] || ids[3] != ids[1] || ids[4] != ids[1] || ids[5] == ids[1] {
			s.Fatalf("%v", ids)
		}
		again := s.resolve(Ref{External: "c-1"}, Ref{Phone: "0541234567"}, Ref{Email: "DANA@example.com"})
		for _, i := range again {
			if i != ids[1] {
				s.Fatalf("%v after %v", again, ids)
			}
		}
		c := s.get(ids[1])
		want := []Identity{{External, "c-1", "c-1"}, {Email, "Dana@Example.com", "dana@example.com"}, {Phone, "054-123-4567", "+972541234567"}}
		if !slices.Equal(c.Identities, want) || c.Name != "Dana Cohen" || c.Language != "he" || c.Attributes["plan"] != "Gold" {
			s.Fatalf("%+v", c)
		}
	})
}

func TestResolveLearns(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		start := s.clock.Now()
		one := func(r Ref) ID { r.External = "c-1"; return s.resolve(r)[0] }
		dana := one(Ref{Name: "Dana", Attributes: map[string]string{"plan": "gold", "seats": "3"}, Value: &Money{100, "ils"}, Account: "acme"})
		s.clock.Advance(23 * time.Hour)
		one(Ref{Attributes: map[string]string{"plan": "gold", "seats": ""}})
		if c := s.get(dana); !c.LastSeen.Equal(start) || c.Attributes["seats"] != "3" {
			s.Fatalf("written though nothing changed: %+v", c)
		}
		s.clock.Advance(time.Hour)
		one(Ref{})
		if c := s.get(dana); !c.LastSeen.Equal(s.clock.Now()) || !c.FirstSeen.Equal(start) {
			s.Fatalf("a day later: %+v", c)
		}
		one(Ref{Name: "Dana Cohen", Language: "pt_br", Attributes: map[string]string{"plan": "silver", "since": "2024-05-01"}, Value: &Money{250, "ILS"}})
		// What is told late about the past fills gaps and no more.
		one(Ref{Name: "D.", At: start.Add(-30 * day), Attributes: map[string]string{"plan": "trial", "city": "Haifa"}, Value: &Money{1, "USD"}})
		c := s.get(dana)
		if c.Name != "Dana Cohen" || c.Language != "pt-BR" || c.Attributes["plan"] != "silver" || c.Attributes["city"] != "Haifa" ||
			*c.Value != (Money{250, "ILS"}) || !c.FirstSeen.Equal(start.Add(-30*day)) || !c.LastSeen.Equal(s.clock.Now()) {
			s.Fatalf("%+v %+v", c, c.Value)
		}
		// A sender's clock that runs ahead does not make everything after it old.
		one(Ref{At: start.Add(1000 * day)})
		one(Ref{Name: "Dana Levi"})
		if c := s.get(dana); c.Name != "Dana Levi" {
			s.Fatal("the present counts as old")
		}
		a, err := s.Account(s.ctx, s.ws, s.owner, c.Account)
		s.must(err)
		if a.External != "acme" || a.Contacts != 1 {
			s.Fatalf("%+v", a)
		}
		if n := s.count(Filter{Conditions: []Condition{{"plan", Is, []string{"gold"}}}}); n != 0 {
			s.Fatal("still found by what she was")
		}
		list, err := s.Attributes(s.ctx, s.ws)
		s.must(err)
		got := ""
		for _, a := range list {
			got += fmt.Sprint(a.Key, " ", a.Kind, "; ")
		}
		if got != "city text; plan text; seats number; since date; " {
			s.Fatal(got)
		}
	})
}

func TestHolds(t *testing.T) {
	t.Parallel()
	c := record{attributes: `{"a":"x\",\"plan\":\"gold\"","aplan":"silver","b":"\u003c","city":"חיפה"}`}
	for _, k := range []string{`a`, `aplan`, `b`, `city`, `plan`} {
		for _, v := range []string{`x","plan":"gold`, `x","plan":"gold"`, "silver", "<", "חיפה", "gold", `x\`} {
			parsed := record{attributes: c.attributes}
			parsed.parse()
			if got := c.holds(map[string]string{k: v}); got && parsed.known[k] != v {
				t.Errorf("holds %q: %q", k, v)
			}
		}
	}
	if !c.holds(map[string]string{"aplan": "silver", "city": "חיפה"}) {
		t.Error("does not see what is there")
	}
}

func TestResolveSuggestsAndNeverMerges(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		ids := s.resolve(Ref{External: "x"}, Ref{Email: "e@example.com"}, Ref{Phone: "+972541234567"})
		got := s.resolve(Ref{External: "x", Email: "e@example.com", Phone: "+972541234567"}, Ref{Email: "e@example.com", Phone: "+972541234567"})
		if got[0] != ids[0] || got[1] != ids[1] {
			s.Fatalf("%v of %v: an external id is believed more than an e-mail, an e-mail more than a phone", got, ids)
		}
		list, err := s.Suggestions(s.ctx, s.ws, s.owner, 0)
		s.must(err)
		if len(list) != 3 || s.count(Filter{}) != 3 {
			s.Fatalf("%d suggestions: %+v", len(list), list)
		}
		s.must(s.Dismiss(s.ctx, s.ws, s.owner, ids[1], ids[0]))
		s.resolve(Ref{External: "x", Email: "e@example.com"})
		list, err = s.Suggestions(s.ctx, s.ws, s.owner, 0)
		s.must(err)
		if len(list) != 2 {
			s.Fatalf("%d suggestions after one was dismissed", len(list))
		}
	})
}

func TestResolveRefusesNonsense(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		_, err := s.Upsert(s.ctx, s.ws, s.owner, []Ref{{External: "fine"}, {Email: "not an address", Phone: "12"}, {Name: strings.Repeat("x", 201)}})
		s.want(err, fault.Invalid)
		for _, path := range []string{"[1].email", "[1].phone", "[2].name"} {
			if !strings.Contains(err.Error(), path) {
				s.Errorf("%s is not blamed in %v", path, err)
			}
		}
		if n := s.count(Filter{}); n != 0 {
			s.Fatalf("%d contacts of a refused batch", n)
		}
		hostile := s.resolve(Ref{Email: "o'brien@example.com", Name: "Robert'); DROP TABLE contact;--\x00\xff\u202e",
			Attributes: map[string]string{"<script>": "=cmd|' /C calc'!A0\x00", "ключ": "значение"}})
		c := s.get(hostile[0])
		if c.Name != "Robert'); DROP TABLE contact;--\u202e" || c.Attributes["script"] != "=cmd|' /C calc'!A0" || c.Attributes["ключ"] != "значение" {
			s.Fatalf("%+v", c)
		}
		_, err = s.Upsert(s.ctx, s.ws, s.owner, []Ref{{External: "x", Attributes: map[string]string{"%": "y"}}})
		s.want(err, fault.Invalid)
	})
}

func TestSixteenResolveTheSamePeople(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		const people, processes = 40, 16
		found := make([][]ID, processes)
		var wg sync.WaitGroup
		for p := range processes {
			wg.Go(func() {
				refs := make([]Ref, people)
				for i := range refs {
					n := (i + p*7) % people
					refs[i] = Ref{Email: fmt.Sprintf("p%d@example.com", n), Account: "one", Attributes: map[string]string{"plan": "gold"}}
					if p%2 == 0 {
						refs[i].External = fmt.Sprint("c-", n)
					}
				}
				ids, err := s.Upsert(s.ctx, s.ws, s.owner, refs)
				if err != nil {
					s.Error(err)
					return
				}
				found[p] = make([]ID, people)
				for i, id := range ids {
					found[p][(i+p*7)%people] = id
				}
			})
		}
		wg.Wait()
		for p := range found {
			if !slices.Equal(found[p], found[0]) {
				s.Errorf("process %d found others", p)
			}
		}
		for table, want := range map[string]int64{"contact": people, "contact_identity": 2 * people, "contact_attribute": people,
			"contact_attribute_def": 1, "account": 1, "contact_merge_suggestion": 0} {
			if n := rows(s.T, s.db, s.ws, table); n != want {
				s.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
	})
}

func TestTwoWorkspaces(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		theirs := identity.Program(s.other, "test")
		ref := Ref{External: "c-1", Email: "dana@example.com", Name: "Dana", Attributes: map[string]string{"plan": "gold"}, Account: "acme"}
		mine := s.resolve(ref)[0]
		their, err := s.Upsert(s.ctx, s.other, theirs, []Ref{ref})
		s.must(err)
		if their[0] == mine {
			s.Fatal("one contact in two workspaces")
		}
		second := s.resolve(Ref{External: "c-2"})[0]
		segment, err := s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: "Gold", Filter: Filter{Conditions: []Condition{{"plan", Is, []string{"gold"}}}}})
		s.must(err)
		account := s.get(mine).Account
		name := "Stolen"
		// Theirs reaches nothing of mine, whichever workspace is named.
		for _, ws := range []identity.WorkspaceID{s.ws, s.other} {
			for what, err := range map[string]error{
				"get":      func() error { _, err := s.Get(s.ctx, ws, theirs, mine); return err }(),
				"update":   func() error { _, err := s.Update(s.ctx, ws, theirs, mine, Patch{Name: &name}); return err }(),
				"add":      s.AddIdentity(s.ctx, ws, theirs, mine, Email, "x@example.com"),
				"remove":   s.RemoveIdentity(s.ctx, ws, theirs, mine, Email, "dana@example.com"),
				"merge":    s.Merge(s.ctx, ws, theirs, mine, second),
				"merge in": s.Merge(s.ctx, ws, theirs, their[0], mine),
				"dismiss":  s.Dismiss(s.ctx, ws, theirs, mine, second),
				"erase":    s.Erase(s.ctx, ws, theirs, mine),
				"consent":  s.SetConsent(s.ctx, ws, theirs, mine, Consent{Channel: "email", Purpose: "survey", Granted: true}),
				"account":  func() error { _, err := s.Account(s.ctx, ws, theirs, account); return err }(),
				"adopt":    func() error { _, err := s.Update(s.ctx, ws, theirs, their[0], Patch{Account: &account}); return err }(),
				"save": func() error {
					_, err := s.SaveAccount(s.ctx, ws, theirs, Account{ID: account, Name: name})
					return err
				}(),
				"segment": s.DeleteSegment(s.ctx, ws, theirs, segment.ID),
				"filter":  func() error { _, err := s.Count(s.ctx, ws, theirs, Filter{Segment: segment.ID}); return err }(),
			} {
				if k := fault.KindOf(err); err == nil || k != fault.NotFound && k != fault.Denied {
					s.Errorf("%s: %v", what, err)
				}
			}
		}
		loaded, err := s.Load(s.ctx, s.other, theirs, []ID{mine, their[0]})
		s.must(err)
		page, err := s.List(s.ctx, s.other, theirs, Query{})
		s.must(err)
		accounts, _, err := s.Accounts(s.ctx, s.other, theirs, "", "", 0)
		s.must(err)
		segments, err := s.Segments(s.ctx, s.other, theirs)
		s.must(err)
		if len(loaded) != 1 || len(page.Contacts) != 1 || page.Contacts[0].ID != their[0] || len(accounts) != 1 || len(segments) != 0 {
			s.Fatalf("theirs: %v %v %v %v", loaded, page, accounts, segments)
		}
		// Erasing theirs leaves mine.
		s.must(s.Erase(s.ctx, s.other, theirs, their[0]))
		if c := s.get(mine); c.Name != "Dana" || len(c.Identities) != 2 || s.resolve(Ref{Email: "dana@example.com", At: s.clock.Now().Add(-day)})[0] != mine {
			s.Fatalf("%+v", c)
		}
	})
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind          Kind
		value, region string
		want          string
	}{
		{Email, " Dana.Cohen+Shop@Example.CO.il ", "", "dana.cohen+shop@example.co.il"},
		{Email, "dana@bücher.example", "", "dana@xn--bcher-kva.example"},
		{Email, "דנה@example.com", "", "דנה@example.com"},
		{Email, "dana", "", ""},
		{Email, "@example.com", "", ""},
		{Email, "a@b@example.com", "", ""},
		{Email, "dana@localhost", "", ""},
		{Email, "dana@-x.com", "", ""},
		{Email, "dana@exa mple.com", "", ""},
		{Email, "dana\x00@example.com", "", ""},
		{Email, "d..c@example.com", "", ""},
		{Email, strings.Repeat("x", 65) + "@example.com", "", ""},
		{Phone, "054-1234567", "IL", "+972541234567"},
		{Phone, "(202) 555-0143", "US", "+12025550143"},
		{Phone, "8 (912) 345-67-89", "RU", "+79123456789"},
		{Phone, "۰۹۱۲۳۴۵۶۷۸۹", "IR", "+989123456789"},
		{Phone, "+44 20 7946 0018", "IL", "+442079460018"},
		{Phone, "054-1234567", "", ""},
		{Phone, "call me", "IL", ""},
		{Phone, "1", "IL", ""},
		{External, "  a b ", "", "  a b "},
		{External, " ", "", ""},
		{External, "a\nb", "", ""},
		{External, "a\xff", "", ""},
		{External, strings.Repeat("א", 254), "", strings.Repeat("א", 254)},
		{External, strings.Repeat("א", 255), "", ""},
		{"fax", "1", "", ""},
	} {
		got, problem := NormIdentity(c.kind, c.value, c.region)
		if got != c.want || (problem == "") != (c.want != "") {
			t.Errorf("%s %q in %q: %q, %q; want %q", c.kind, c.value, c.region, got, problem, c.want)
		}
	}
	for minor, fine := range map[int64]bool{1e15: true, -1e15: true, 1e15 + 1: false, math.MinInt64: false} {
		r := Ref{External: "x", Value: &Money{Minor: minor, Currency: "EUR"}}
		if bad := r.Normalise(""); (len(bad) == 0) != fine {
			t.Errorf("%d: %v", minor, bad)
		}
	}
	for in, want := range map[string]string{"Plan type": "plan_type", "plan_type": "plan_type", "  ": "", "Тариф": "тариф", "a.b": "a.b", "_x_": "x"} {
		if got := Key(in); got != want {
			t.Errorf("Key(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"IL": "IL", " il ": "IL", "": "", "xk": "XK", "UK": "!", "EU": "!", "ZZ": "!", "ISR": "!", "376": "!", "I1": "!", "Israel": "!", "ישראל": "!", "\x00\xff": "!"} {
		if got, ok := NormCountry(in); ok != (want != "!") || ok && got != want {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
	// It is an attribute unless the attributes say another, and then how numbers are read all the same.
	for want, attributes := range map[string]map[string]string{"IL": nil, "FR": {"Country": "FR", "plan": "gold"}} {
		r := Ref{Phone: "054-1234567", Country: "il", Attributes: attributes}
		if bad := r.Normalise("RU"); len(bad) > 0 || r.Attributes["country"] != want || r.norm[2] != "+972541234567" || len(attributes) > 0 && len(r.Attributes) != 2 {
			t.Errorf("%v: %+v", bad, r)
		}
	}
	r := Ref{External: "x", Country: "Israel"}
	if bad := r.Normalise(""); len(bad) != 1 || bad[0].Path != "country" || bad[0].Code != "country" {
		t.Errorf("%v", bad)
	}
}

func FuzzNormalise(f *testing.F) {
	f.Add("a@b.co", "+972541234567", "x", "he", "k", "v")
	f.Fuzz(func(t *testing.T, email, phone, external, lang, key, value string) {
		r := Ref{Email: email, Phone: phone, External: external, Language: lang, Attributes: map[string]string{key: value}}
		if len(r.Normalise("IL")) > 0 {
			return
		}
		again := Ref{Email: r.norm[1], Phone: r.norm[2], External: r.norm[0], Language: r.Language, Attributes: r.Attributes}
		if bad := again.Normalise("US"); len(bad) > 0 || again.norm != r.norm {
			t.Fatalf("%q becomes %q, %v", r.norm, again.norm, bad)
		}
	})
}

// BenchmarkResolveKnown is the hot path: feedback from contacts who are known by their external id. It reports refs/s.
func BenchmarkResolveKnown(b *testing.B) {
	for engine, open := range engines {
		for _, batch := range []int{1, 64, 1000, 5000} {
			for _, rich := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/batch=%d/rich=%v", engine, batch, rich), func(b *testing.B) { benchmarkResolve(b, open, batch, 50_000, rich) })
			}
		}
	}
}

var engines = map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres}

// BenchmarkResolveNew is the import of people not seen before.
func BenchmarkResolveNew(b *testing.B) {
	for engine, open := range engines {
		for _, rich := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/batch=1000/rich=%v", engine, rich), func(b *testing.B) { benchmarkResolve(b, open, 1000, 0, rich) })
		}
	}
}

func benchmarkResolve(b *testing.B, open func(testing.TB, clock.Clock) *store.DB, batch, known int, rich bool) {
	db := open(b, clock.System{})
	ws := workspace(b, db, "Acme")
	ref := func(i int) Ref {
		r := Ref{External: fmt.Sprint("customer-", i)}
		if rich {
			r.Email, r.Name, r.Language = fmt.Sprintf("p%d@example.com", i), "Dana Cohen", "he"
			r.Attributes = map[string]string{"plan": "gold", "country": "IL"}
		}
		return r
	}
	run := func(refs []Ref) {
		for i := range refs {
			if bad := refs[i].Normalise("IL"); len(bad) > 0 {
				b.Fatal(bad)
			}
		}
		if err := db.Update(b.Context(), func(tx *store.Tx) error { _, err := Resolve(tx, ws, refs); return err }); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; i < known; i += 1000 {
		refs := make([]Ref, 1000)
		for j := range refs {
			refs[j] = ref(i + j)
		}
		run(refs)
	}
	n, next, before := 0, 0, cpuTime()
	for b.Loop() {
		refs := make([]Ref, batch)
		for j := range refs {
			next++
			i := next
			if known > 0 {
				i = next * 7919 % known
			}
			refs[j] = ref(i)
		}
		run(refs)
		n += batch
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "refs/s")
	b.ReportMetric(float64(cpuTime()-before)/float64(n), "cpu-ns/ref") // of this process; tells more on a busy machine
}

func cpuTime() int64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}
