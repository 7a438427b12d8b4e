package event_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// today is when the tests take place: a Monday.
var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a workspace on one of the two set-ups: with events that are counted in columns, and others that are counted in rows.
type world struct {
	t        *testing.T
	db       *store.DB
	columns  *column.DB
	events   *event.Service
	inRows   *event.Service
	feeder   *follow.Follower
	contacts *contact.Service
	identity *identity.Service
	ws       identity.WorkspaceID
	clock    *clock.Fake
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, now *clock.Fake) {
		var columns *column.DB
		var err error
		if db.Engine() == store.SQLite {
			columns, err = duck.Open(t.Context(), "", column.Options{})
		} else {
			columns, err = clickhouse.Open(t.Context(), clickhousetest.URL(t), column.Options{})
		}
		must(t, err)
		t.Cleanup(func() { _ = columns.Close() })
		must(t, columns.Ensure(t.Context(), event.Table()))
		w := &world{t: t, db: db, columns: columns, clock: now, identity: identity.NewService(db, identity.Options{}), contacts: contact.NewService(db),
			events: event.NewService(db), inRows: event.NewService(db)}
		w.contacts.OnMerge(event.Merged)
		w.contacts.OnErase(event.Erased)
		w.events.CountIn(columns)
		t.Cleanup(w.events.Close)
		t.Cleanup(w.inRows.Close)
		w.feeder = w.newFeeder()
		w.ws = w.workspace("One")
		test(t, w)
	})
}

func (w *world) newFeeder() *follow.Follower {
	return w.events.NewFeeder(w.columns, slog.New(slog.DiscardHandler))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) workspace(name string) identity.WorkspaceID {
	w.t.Helper()
	ws, _, err := w.identity.CreateWorkspace(w.t.Context(), identity.NewWorkspace{Name: name, Zone: "Asia/Jerusalem", Country: "IL",
		Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example.com"}})
	must(w.t, err)
	return ws.ID
}

// receive takes messages in as the API does, and feeds them to the columns.
func (w *world) receive(ws identity.WorkspaceID, messages ...string) []event.Result {
	w.t.Helper()
	results := w.keep(ws, messages...)
	must(w.t, w.feeder.Feed(w.t.Context()))
	return results
}

func (w *world) keep(ws identity.WorkspaceID, messages ...string) []event.Result {
	w.t.Helper()
	in, err := event.DecodeBatch([]byte(`{"batch":[` + strings.Join(messages, ",") + `]}`))
	must(w.t, err)
	results, err := w.events.Receive(w.t.Context(), ws, in)
	must(w.t, err)
	return results
}

// track is a message of an event some days ago.
func track(id, user, name string, daysAgo int, properties string) string {
	return fmt.Sprintf(`{"type":"track","messageId":%q,"userId":%q,"event":%q,"timestamp":%q,"properties":%s}`, id, user, name,
		today.AddDate(0, 0, -daysAgo).Format(time.RFC3339), properties)
}

// owner is the contact of a user.
func (w *world) owner(ws identity.WorkspaceID, user string) contact.ID {
	w.t.Helper()
	id, err := w.contacts.Owner(w.t.Context(), ws, identity.Program(ws, "test"), contact.External, user)
	must(w.t, err)
	return id
}

// counts are the counts of all days, as texts "user bucket name currency n sum", from columns and from rows alike.
func (w *world) counts(ws identity.WorkspaceID, r event.Range, users ...string) []string {
	w.t.Helper()
	byID := map[contact.ID]string{}
	for _, u := range users {
		byID[w.owner(ws, u)] = u
	}
	if r.To == 0 {
		r.From, r.To = 0, clock.DayOf(today, time.UTC)+2
	}
	var got [2][]string
	for i, s := range []*event.Service{w.events, w.inRows} {
		must(w.t, s.Counts(w.t.Context(), ws, r, func(c event.Count) error {
			who, ok := byID[c.Contact]
			if !ok {
				who = "?"
			}
			got[i] = append(got[i], fmt.Sprintf("%s %d %s%s %d %v", who, c.Bucket, c.Name, c.Currency, c.N, c.Sum))
			return nil
		}))
	}
	if !slices.Equal(got[0], got[1]) {
		w.t.Fatalf("columns: %v\nrows: %v", got[0], got[1])
	}
	slices.Sort(got[0])
	return got[0]
}

func (w *world) same(got []string, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestCountsByContactNameAndTime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		two := w.workspace("Two")
		w.receive(w.ws,
			track("1", "a", "login", 0, `{"ok":true}`),
			track("2", "a", "login", 8, `{}`), // out of order
			track("3", "a", "purchase", 9, `{"value":20.5,"currency":"eur"}`),
			track("4", "a", "purchase", 9, `{"revenue":"10","value":3,"currency":"EUR"}`),
			track("5", "a", "purchase", 9, `{"value":7,"currency":"USD"}`),
			track("6", "b", "login", 400, `null`))
		w.receive(two, track("1", "a", "login", 1, `{}`), track("7", "z", "login", 1, `{}`))
		w.same(w.counts(w.ws, event.Range{}, "a", "b"), "a 0 login 2 0", "a 0 purchaseEUR 2 30.5", "a 0 purchaseUSD 1 7", "b 0 login 1 0")
		w.same(w.counts(two, event.Range{}, "a", "z"), "a 0 login 1 0", "z 0 login 1 0")
		from := clock.DayOf(today, time.UTC) - 13
		weeks := event.Range{From: from, To: from + 14, Every: 7}
		w.same(w.counts(w.ws, weeks, "a"), "a 0 login 1 0", "a 0 purchaseEUR 2 30.5", "a 0 purchaseUSD 1 7", "a 1 login 1 0")
		weeks.Names = []string{"login", "nothing"}
		w.same(w.counts(w.ws, weeks, "a"), "a 0 login 1 0", "a 1 login 1 0")
		w.same(w.counts(w.ws, event.Range{From: from, To: from + 5, Every: 1}, "a"), "a 4 purchaseEUR 2 30.5", "a 4 purchaseUSD 1 7")
		w.same(w.counts(w.ws, event.Range{From: 0, To: from + 30, Contacts: []contact.ID{w.owner(w.ws, "b")}}, "b"), "b 0 login 1 0")
		for _, s := range []*event.Service{w.events, w.inRows} {
			names, err := s.Names(t.Context(), w.ws)
			must(t, err)
			if len(names) != 2 || names[0].Name != "login" || names[0].N != 3 || names[0].Contacts != 2 || names[0].Valued != 0 || !names[0].Last.Equal(today) ||
				names[1].Valued != 3 || !names[1].First.Equal(today.AddDate(0, 0, -9)) {
				t.Errorf("names: %+v", names)
			}
		}
	})
}

func TestDeliveredTwice(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		one := w.receive(w.ws, track("1", "a", "login", 1, `{}`), track("1", "a", "login", 1, `{}`), track("2", "a", "login", 1, `{}`))
		again := w.receive(w.ws, track("2", "a", "login", 1, `{}`), track("3", "a", "login", 1, `{}`))
		for i, want := range []string{event.Created, event.Duplicate, event.Created, event.Duplicate, event.Created} {
			if got := append(slices.Clone(one), again...)[i]; got.Status != want {
				t.Errorf("%d: %+v, want %s", i, got, want)
			}
		}
		if one[0].ID != one[1].ID || one[2].ID != again[0].ID || one[0].ID == one[2].ID {
			t.Errorf("ids: %+v, %+v", one, again)
		}
		if other := w.receive(w.workspace("Two"), track("1", "a", "login", 1, `{}`))[0]; other.Status != event.Created || other.ID == one[0].ID {
			t.Errorf("another workspace's message is its own: %+v", other)
		}
		w.same(w.counts(w.ws, event.Range{}, "a"), "a 0 login 3 0")
		if r := w.receive(w.ws, `{"type":"track","userId":"a","event":"login"}`, `{"type":"track","userId":"a","event":"login"}`); r[1].Status != event.Created || r[0].ID == r[1].ID {
			t.Errorf("messages without an id are different ones: %+v", r)
		}
	})
}

func TestIdentifyAndGroup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		at := func(daysAgo int) string { return today.AddDate(0, 0, -daysAgo).Format(time.RFC3339) }
		w.receive(w.ws,
			`{"type":"identify","messageId":"1","userId":"a","timestamp":"`+at(2)+`","traits":{"email":"Ann@Example.com","firstName":"Ann","lastName":"Lee","phone":"054-1234567",
				"locale":"he_IL","plan":"pro","seats":3,"address":{"city":"Haifa"},"tags":["x","y"],"company":{"id":"acme","industry":"steel"},"lifetime_value":{"amount_minor":1200,"currency":"EUR"}}}`,
			`{"type":"identify","messageId":"2","userId":"a","timestamp":"`+at(30)+`","traits":{"plan":"basic","since":"2020-01-01"}}`, // late: it only fills gaps
			`{"type":"group","messageId":"3","userId":"b","groupId":"acme","traits":{"name":"Acme Ltd","employees":40}}`)
		program := identity.Program(w.ws, "test")
		c, err := w.contacts.Get(t.Context(), w.ws, program, w.owner(w.ws, "a"))
		must(t, err)
		if c.Name != "Ann Lee" || c.Language != "he-IL" || c.Value == nil || c.Value.Minor != 1200 || len(c.Identities) != 3 || c.Account == "" {
			t.Errorf("contact: %+v", c)
		}
		for k, v := range map[string]string{"plan": "pro", "since": "2020-01-01", "seats": "3", "address.city": "Haifa", "tags": `["x","y"]`, "company.industry": "steel"} {
			if c.Attributes[k] != v {
				t.Errorf("attribute %s is %q, want %q", k, c.Attributes[k], v)
			}
		}
		b, err := w.contacts.Get(t.Context(), w.ws, program, w.owner(w.ws, "b"))
		must(t, err)
		account, err := w.contacts.Account(t.Context(), w.ws, program, b.Account)
		must(t, err)
		if b.Account != c.Account || account.Name != "Acme Ltd" || account.Attributes["employees"] != "40" || account.External != "acme" {
			t.Errorf("account: %+v, of %s and %s", account, b.Account, c.Account)
		}
		w.same(w.counts(w.ws, event.Range{}, "a", "b")) // nothing happened
		// A second delivery does not bring back what was changed since.
		w.receive(w.ws, `{"type":"identify","messageId":"4","userId":"a","traits":{"plan":"free"}}`)
		w.receive(w.ws, `{"type":"identify","messageId":"1","userId":"a","traits":{"plan":"pro"}}`)
		if c, err = w.contacts.Get(t.Context(), w.ws, program, c.ID); err != nil || c.Attributes["plan"] != "free" {
			t.Errorf("plan %q, %v", c.Attributes["plan"], err)
		}
	})
}

func TestVisitorsBecomeContacts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		two := w.workspace("Two")
		page := func(id, who string) string {
			return fmt.Sprintf(`{"type":"page","messageId":%q,%s,"name":"Prices","timestamp":%q}`, id, who, today.AddDate(0, 0, -1).Format(time.RFC3339))
		}
		w.receive(w.ws, page("1", `"anonymousId":"dev1"`), page("2", `"anonymousId":"dev1"`), page("3", `"anonymousId":"dev2"`))
		w.receive(two, page("1", `"anonymousId":"dev1"`))
		w.same(w.counts(w.ws, event.Range{}))
		w.receive(w.ws, page("4", `"anonymousId":"dev1"`), `{"type":"identify","messageId":"5","userId":"a","anonymousId":"dev1"}`)
		w.receive(w.ws, page("6", `"anonymousId":"dev1"`))
		w.same(w.counts(w.ws, event.Range{}, "a"), "a 0 page 4 0")
		w.same(w.counts(two, event.Range{}))
		list, err := w.events.List(t.Context(), w.ws, event.Filter{})
		must(t, err)
		if len(list) != 5 || list[0].Properties != `{"name":"Prices"}` {
			t.Errorf("%d events: %+v", len(list), list)
		}
	})
}

func TestMergedAndErased(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		two := w.workspace("Two")
		w.receive(w.ws, track("1", "a", "login", 3, `{}`), track("2", "b", "purchase", 2, `{"value":5,"note":"private"}`), track("3", "c", "login", 1, `{}`),
			`{"type":"page","messageId":"4","userId":"b","anonymousId":"dev"}`)
		w.receive(two, track("2", "b", "purchase", 2, `{"value":5}`))
		program := identity.Program(w.ws, "test")
		a, b := w.owner(w.ws, "a"), w.owner(w.ws, "b")
		must(t, w.contacts.Merge(t.Context(), w.ws, program, b, a))
		must(t, w.feeder.Feed(t.Context()))
		w.same(w.counts(w.ws, event.Range{}, "a", "c"), "a 0 login 1 0", "a 0 page 1 0", "a 0 purchase 1 5", "c 0 login 1 0")
		w.receive(w.ws, `{"type":"page","messageId":"5","anonymousId":"dev"}`) // whose device it was has moved too
		w.same(w.counts(w.ws, event.Range{Names: []string{"page"}}, "a"), "a 0 page 2 0")

		w.clock.Advance(time.Hour)
		must(t, w.contacts.Erase(t.Context(), w.ws, program, a))
		must(t, w.feeder.Feed(t.Context()))
		w.same(w.counts(w.ws, event.Range{}, "c"), "c 0 login 1 0")
		rows, err := w.columns.All(t.Context(), "SELECT count(*) FROM event WHERE workspace = $1", string(w.ws))
		must(t, err)
		if rows[0][0] != int64(1) {
			t.Errorf("%v rows of events are left in the columns", rows[0][0])
		}
		must(t, w.db.View(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, store.Value[int64], "SELECT count(*) FROM event WHERE workspace = $1 AND (properties LIKE '%private%' OR contact = $2 OR visitor <> '' OR message = '2')", string(w.ws), string(a))
			if n != 0 {
				t.Errorf("%d rows still tell of the contact", n)
			}
			return err
		}))
		// Neither a second delivery nor a late message brings anything back; what happens from now on is a new acquaintance.
		r := w.receive(w.ws, track("2", "b", "purchase", 2, `{"value":5}`), track("6", "a", "login", 5, `{"note":"private"}`), `{"type":"page","messageId":"7","anonymousId":"dev"}`)
		if r[0].Status != event.Duplicate || r[1].Status != event.Created {
			t.Errorf("%+v", r)
		}
		w.same(w.counts(w.ws, event.Range{}, "c"), "c 0 login 1 0")
		w.clock.Advance(time.Hour)
		w.receive(w.ws, `{"type":"track","messageId":"8","userId":"a","event":"login"}`)
		w.same(w.counts(w.ws, event.Range{}, "a", "c"), "a 0 login 1 0", "c 0 login 1 0")
		w.same(w.counts(two, event.Range{}, "b"), "b 0 purchase 1 5")
	})
}

func TestWhatIsWrongIsToldByPath(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := event.NewService(db)
		t.Cleanup(s.Close)
		ws, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(t.Context(), identity.NewWorkspace{Name: "One", Zone: "UTC",
			Owner: identity.NewOwner{Name: "Dana", Email: "dana@example.com"}})
		must(t, err)
		for _, c := range []struct{ message, paths string }{
			{`{"type":"track","userId":"a","event":"x"}`, ""},
			{`{"type":"track","userId":17,"event":"x","sentAt":"2026-01-01T00:00:00Z","context":{"ip":"1.2.3.4"},"integrations":{}}`, ""},
			{`{"type":"alias","userId":"a","previousId":"b"}`, "type"},
			{`{"type":"track","event":"x"}`, "userId"},
			{`{"type":"track","userId":"a"}`, "event"},
			{`{"type":"track","userId":"a","event":"a\u0000b","properties":[1]}`, "event properties"},
			{`{"type":"track","userId":["a"],"event":"x","timestamp":"yesterday"}`, "timestamp userId userId"},
			{`{"type":"track","userId":"a","event":"x","timestamp":"2999-01-01T00:00:00Z"}`, "timestamp"},
			{`{"type":"track","userId":"a","event":"x","messageId":"` + strings.Repeat("m", 300) + `"}`, "messageId"},
			{`{"type":"track","userId":"a","event":"x","properties":{"big":"` + strings.Repeat("m", event.MaxProperties) + `"}}`, "properties"},
			{`{"type":"group","userId":"a"}`, "groupId"},
			{`{"type":"group","userId":"a","groupId":" "}`, "groupId"},
			{`{"type":"group","anonymousId":"a","groupId":"a\u0007b"}`, "groupId"},
			{`{"type":"group","userId":"a","groupId":"` + strings.Repeat("g", 300) + `"}`, "groupId"},
			{`{"type":"group","anonymousId":"a","groupId":" g "}`, ""},
			{`{"type":"identify","userId":"a","traits":{"` + strings.Repeat("k", 200_000) + `":{"a":1,"b":2}}}`, "traits." + strings.Repeat("k", 40) + "…"},
			{`{"type":"identify","userId":"a","traits":{"in":{"` + strings.Repeat("k", 300) + `":{"a":1,"b":2},"` + strings.Repeat("l", 300) + `":1}}}`, "traits.in." + strings.Repeat("k", 37) + "…"},
			{`{"type":"identify","userId":"a","traits":{` + numbered(101, "1") + `}}`, "traits"},
			{`{"type":"identify","userId":"a","traits":{` + numbered(100, "1") + `,"none":null,"blank":" "}}`, ""},
			{`{"type":"identify","userId":"a","traits":{"of":{` + numbered(200, `{"a":1}`) + `}}}`, "traits"},
			{`{"type":"identify","userId":"a","traits":{"email":"nonsense","phone":"x","lifetime_value":{"amount_minor":1.5,"currency":"EUR"}}}`, "traits.email traits.lifetime_value.amount_minor traits.phone"},
			{`"text"`, "  type userId"},
		} {
			in, err := event.DecodeBatch([]byte("[" + c.message + "]"))
			must(t, err)
			results, err := s.Receive(t.Context(), ws.ID, in)
			must(t, err)
			paths := make([]string, len(results[0].Errors))
			for i, f := range results[0].Errors {
				paths[i] = f.Path
			}
			if got := strings.Join(paths, " "); got != c.paths || (got == "") != (results[0].Status == event.Created) {
				t.Errorf("%.80s: %q, want %q: %+v", c.message, got, c.paths, results[0])
			}
		}
		for _, raw := range []string{"", "{", `{"batch":1}`, `{"messages":[]}`, "\xff"} {
			if _, err := event.DecodeBatch([]byte(raw)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", raw, err)
			}
		}
		if _, err := event.DecodeBatch([]byte("[" + strings.Repeat("1,", event.MaxBatch) + "1]")); !fault.Is(err, fault.TooLarge) {
			t.Errorf("a batch that is too long: %v", err)
		}
	})
}

// numbered are members of an object.
func numbered(n int, value string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"k%d":%s`, i, value)
	}
	return strings.Join(all, ",")
}

// TestOneBadAccountSpoilsNoBatch keeps the others.
func TestOneBadAccountSpoilsNoBatch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		r := w.keep(w.ws, track("1", "a", "login", 1, `{}`), `{"type":"group","anonymousId":"d","groupId":"\u0001"}`, `{"type":"group","anonymousId":"d","groupId":"  "}`)
		if r[0].Status != event.Created || r[1].Status != event.Rejected || r[2].Status != event.Rejected {
			t.Errorf("%+v", r)
		}
	})
}

// TestDeviceOfEverybody sends one anonymousId for all people: the newest events of it go to who is told, and no more of them.
func TestDeviceOfEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := make([]string, 1200)
		for i := range in {
			in[i] = fmt.Sprintf(`{"type":"track","anonymousId":"device","event":%q}`, []string{"old", "new"}[min(i/200, 1)])
		}
		w.keep(w.ws, in...)
		w.receive(w.ws, `{"type":"track","anonymousId":"own","event":"old"}`, `{"type":"identify","userId":"a","anonymousId":"device"}`, `{"type":"identify","userId":"b","anonymousId":"own"}`)
		w.same(w.counts(w.ws, event.Range{}, "a", "b"), "a 0 new 1000 0", "b 0 old 1 0")
	})
}

func TestListGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []string
		for i := range 10 {
			in = append(in, track(fmt.Sprint(i), "a", []string{"login", "visit"}[i%2], i/4, `{}`)) // some at one time
		}
		w.keep(w.ws, in...)
		w.keep(w.workspace("Two"), in...)
		seen := map[event.ID]bool{}
		f := event.Filter{Contact: w.owner(w.ws, "a"), Limit: 3}
		last := today.Add(time.Hour)
		for {
			page, err := w.events.List(t.Context(), w.ws, f)
			must(t, err)
			for _, e := range page {
				if seen[e.ID] || e.Time.After(last) {
					t.Fatalf("%+v comes again, or after one of %v", e, last)
				}
				seen[e.ID], last = true, e.Time
			}
			if len(page) < 3 {
				break
			}
			f.Before = event.PlaceOf(page[2])
		}
		if len(seen) != 10 {
			t.Errorf("%d events", len(seen))
		}
		some, err := w.events.List(t.Context(), w.ws, event.Filter{Name: "visit", From: today.AddDate(0, 0, -1), To: today})
		must(t, err)
		if len(some) != 2 {
			t.Errorf("%+v", some)
		}
	})
}

// TestFedExactlyOnce loses the feeder at every point where it looks at the columns or the rows.
func TestFedExactlyOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 5 {
			w.keep(w.ws, track(fmt.Sprint("m", i), "a", "login", i, `{"n":1}`))
			ctx, cancel := context.WithCancel(t.Context())
			lost := w.newFeeder()
			lost.After(event.Topic, func(c context.Context) (int64, error) {
				upTo, err := w.events.Settled(c)
				cancel() // what comes after fails
				return upTo, err
			})
			_ = lost.Feed(ctx)
			w.clock.Advance(time.Minute) // a lease that it may have taken ends
			must(t, w.newFeeder().Feed(t.Context()))
			must(t, w.newFeeder().Feed(t.Context()))
			w.same(w.counts(w.ws, event.Range{}, "a"), fmt.Sprintf("a 0 login %d 0", i+1))
		}
		must(t, w.newFeeder().Rebuild(t.Context()))
		w.clock.Advance(time.Minute)
		must(t, w.feeder.Feed(t.Context()))
		w.same(w.counts(w.ws, event.Range{}, "a"), "a 0 login 5 0")
	})
}

// TestHostileProperties keeps what JSON can say and databases may not like.
func TestHostileProperties(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const hostile = `{"note":"a\u0000b\ud800 שלום","k\u0000":"x","deep":{"a.b":[{"c":1e300}],"":"none"},"value":1e999,"currency":"€€","` + "'; DROP TABLE event; --" + `":null}`
		r := w.receive(w.ws, track("1", "a", `it's "quoted"`, 1, hostile), track("2", "a", "ok", 1, `{"value":-0.0}`))
		for _, x := range r {
			if x.Status != event.Created {
				t.Fatalf("%+v", x)
			}
		}
		w.same(w.counts(w.ws, event.Range{}, "a"), `a 0 it's "quoted" 1 0`, "a 0 ok 1 0")
		list, err := w.events.List(t.Context(), w.ws, event.Filter{Name: `it's "quoted"`})
		must(t, err)
		if len(list) != 1 || list[0].Value != nil || list[0].Currency != "" || !json.Valid([]byte(list[0].Properties)) || !slices.Contains(list[0].Facts(), event.Fact{Key: "deep.a.b", Value: `[{"c":1e300}]`}) {
			t.Errorf("%+v %q", list, list[0].Facts())
		}
	})
}
