package feedback_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// desk is an intake with two workspaces.
type desk struct {
	*testing.T
	*feedback.Service
	db         *store.DB
	contacts   *contact.Service
	one, other identity.WorkspaceID
}

func each(t *testing.T, test func(d *desk)) {
	t.Helper()
	storetest.EachAt(t, now, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		d := &desk{T: t, db: db, Service: feedback.NewService(db), contacts: contact.NewService(db)}
		t.Cleanup(d.Close)
		d.contacts.OnMerge(feedback.Merged)
		d.contacts.OnErase(feedback.Erased)
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		for i, into := range []*identity.WorkspaceID{&d.one, &d.other} {
			w, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: fmt.Sprint("W", i), Country: "IL",
				Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("d%d@example.com", i)}})
			if err != nil {
				t.Fatal(err)
			}
			*into = w.ID
		}
		test(d)
	})
}

func (d *desk) receive(ws identity.WorkspaceID, batch ...feedback.Input) []feedback.Result {
	d.Helper()
	got, err := d.Receive(d.Context(), ws, batch)
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) list(ws identity.WorkspaceID) []feedback.Feedback {
	d.Helper()
	all, err := d.List(d.Context(), ws, feedback.Filter{Limit: feedback.MaxPage})
	if err != nil {
		d.Fatal(err)
	}
	return all
}

func said(external, text string) feedback.Input {
	return feedback.Input{Source: "shop", ExternalID: external, Text: text}
}

func TestGoodRowsOfABatchAreKept(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		at := now.Add(-time.Hour)
		full := feedback.Input{Kind: feedback.Review, Channel: "App Store", Source: "store", ExternalID: "r1", Time: &at,
			Contact: &feedback.Who{Email: "Ann@Example.com", Name: "Ann", Attributes: feedback.Attributes{"plan": "gold"}}, Touchpoint: "delivery", Survey: "s", SurveyVersion: "2",
			Language: "he", Text: "השליח איחר\r\nשוב\x00", Scores: []feedback.Score{{Metric: "star", Value: 2, Scale: feedback.Scale{Min: 1, Max: 5}, Question: "how?"}},
			Answers: feedback.Answers{{Question: "why", Value: "late\x00"}, {Question: "again", Value: false}, {Question: "many", Value: []any{"a", "b"}}}, Attributes: feedback.Attributes{"country": "IL"}}
		got := d.receive(d.one, full, feedback.Input{}, said("x", "hello"), feedback.Input{Text: "t", Channel: "a b c/d"})
		if got[0].Status != feedback.Created || got[1].Status != feedback.Rejected || got[2].Status != feedback.Created || got[3].Status != feedback.Rejected {
			d.Fatalf("%+v", got)
		}
		for i, r := range got {
			if r.Index != i || (r.ID == "") != (r.Status == feedback.Rejected) || (len(r.Errors) == 0) != (r.Status == feedback.Created) {
				d.Errorf("%+v", r)
			}
		}
		if got[1].Errors[0].Path != "text" || got[3].Errors[0].Path != "channel" {
			d.Errorf("%+v", got)
		}
		f, err := d.Get(d.Context(), d.one, got[0].ID)
		if err != nil {
			d.Fatal(err)
		}
		if f.Kind != feedback.Review || f.Channel != "app_store" || f.Source != "store" || f.ExternalID != "r1" || !f.Time.Equal(at) || !f.ReceivedAt.Equal(now) || f.Touchpoint != "delivery" ||
			f.Survey != "s" || f.SurveyVersion != "2" || f.Language != "he" || f.Text != "השליח איחר\nשוב " || f.Revision != 1 || f.Contact == "" || f.Attributes["country"] != "IL" {
			d.Errorf("%+v", f)
		}
		if len(f.Scores) != 1 || f.Scores[0].Value != 2 || f.Scores[0].Scale != (feedback.Scale{Min: 1, Max: 5, Direction: feedback.Up}) || f.Scores[0].Question != "how?" {
			d.Errorf("%+v", f.Scores)
		}
		if len(f.Answers) != 3 || f.Answers[0].Value != "late " || f.Answers[1].Value != false || fmt.Sprint(f.Answers[2].Value) != "[a b]" {
			d.Errorf("%+v", f.Answers)
		}
		if n := len(d.list(d.one)); n != 2 {
			d.Errorf("%d rows", n)
		}
	})
}

func TestASecondDeliveryChangesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		first := d.receive(d.one, said("a", "first"), said("a", "twice in a batch"), said("b", "b"), feedback.Input{Source: "shop", Text: "no id"}, feedback.Input{Source: "shop", Text: "no id"})
		again := d.receive(d.one, said("b", "changed"), said("a", "changed"), said("c", "new"))
		if first[1].Status != feedback.Duplicate || first[1].ID != first[0].ID || again[0].Status != feedback.Duplicate || again[0].ID != first[2].ID || again[1].ID != first[0].ID || again[2].Status != feedback.Created {
			d.Fatalf("%+v\n%+v", first, again)
		}
		// The same id of another source, or in another workspace, is another thing.
		elsewhere := said("a", "elsewhere")
		elsewhere.Source = "mail"
		if r := d.receive(d.one, elsewhere); r[0].Status != feedback.Created {
			d.Errorf("%+v", r)
		}
		if r := d.receive(d.other, said("a", "theirs")); r[0].Status != feedback.Created {
			d.Errorf("%+v", r)
		}
		texts := map[string]int{}
		for _, f := range d.list(d.one) {
			texts[f.Text]++
		}
		if want := map[string]int{"first": 1, "b": 1, "no id": 2, "new": 1, "elsewhere": 1}; !maps.Equal(texts, want) {
			d.Errorf("%v", texts)
		}
	})
}

// TestTwoProcessesKeepEachIDOnce delivers the same rows from two intakes on one store, as two processes of a cluster have.
func TestTwoProcessesKeepEachIDOnce(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		second := feedback.NewService(d.db)
		d.Cleanup(second.Close)
		var mu sync.Mutex
		ids := map[string]map[feedback.ID]bool{}
		created := 0
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Go(func() {
				service := []*feedback.Service{d.Service, second}[w%2]
				for i := range 10 {
					external := fmt.Sprint("x", i)
					in := said(external, "t")
					in.Contact = &feedback.Who{Email: fmt.Sprintf("c%d@example.com", i%3)}
					r, err := service.Receive(d.Context(), d.one, []feedback.Input{in})
					if err != nil {
						d.Error(err)
						return
					}
					mu.Lock()
					if ids[external] == nil {
						ids[external] = map[feedback.ID]bool{}
					}
					ids[external][r[0].ID] = true
					if r[0].Status == feedback.Created {
						created++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for external, all := range ids {
			if len(all) != 1 {
				d.Errorf("%s is known as %v", external, all)
			}
		}
		rows, contacts := d.list(d.one), map[contact.ID]bool{}
		for _, f := range rows {
			contacts[f.Contact] = true
		}
		if len(rows) != 10 || created != 10 || len(contacts) != 3 {
			d.Errorf("%d rows, %d called created, %d contacts", len(rows), created, len(contacts))
		}
	})
}

// TestOneCallThatFailsDoesNotFailTheOthers lets many calls share commits with some that cannot be kept.
func TestOneCallThatFailsDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				p, err := d.Prepare(d.Context(), d.one, []feedback.Input{said(fmt.Sprint("k", i), fmt.Sprint(i%3 == 0))})
				if err != nil {
					d.Error(err)
					return
				}
				var also func(*store.Tx, []feedback.Result) error
				if i%3 == 0 {
					also = func(*store.Tx, []feedback.Result) error { return boom }
				}
				if _, err := d.Keep(d.Context(), p, also); errors.Is(err, boom) != (i%3 == 0) || (err != nil) != (i%3 == 0) {
					d.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		rows := d.list(d.one)
		if len(rows) != 40 || slices.ContainsFunc(rows, func(f feedback.Feedback) bool { return f.Text == "true" }) {
			d.Errorf("%d rows", len(rows))
		}
	})
}

func TestClosingKeepsWhatWasTaken(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		kept := 0
		for i := range 50 {
			wg.Go(func() {
				_, err := d.Receive(d.Context(), d.one, []feedback.Input{said(fmt.Sprint(i), "t")})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					kept++
				} else if !fault.Is(err, fault.Busy) {
					d.Error(err)
				}
			})
		}
		d.Close()
		wg.Wait()
		if _, err := d.Receive(d.Context(), d.one, []feedback.Input{said("late", "t")}); !fault.Is(err, fault.Busy) {
			d.Errorf("after closing: %v", err)
		}
		if rows := d.list(d.one); len(rows) != kept {
			d.Errorf("%d rows, %d acknowledged", len(rows), kept)
		}
	})
}

func TestContactsAreFoundOrCreated(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		by := func(w feedback.Who) feedback.Input { return feedback.Input{Text: "t", Contact: &w} }
		rows := d.receive(d.one, by(feedback.Who{Email: "ann@example.com"}), by(feedback.Who{Email: " ANN@example.com "}), by(feedback.Who{Phone: "054-123 4567", ExternalID: "7"}),
			by(feedback.Who{Phone: "+972541234567"}), by(feedback.Who{Language: "he"}), by(feedback.Who{Email: "not an address"}))
		who := make([]contact.ID, len(rows))
		for i, r := range rows {
			if r.Status == feedback.Created {
				f, err := d.Get(d.Context(), d.one, r.ID)
				if err != nil {
					d.Fatal(err)
				}
				who[i] = f.Contact
			}
		}
		if who[0] == "" || who[0] != who[1] || who[2] == "" || who[2] != who[3] || who[0] == who[2] {
			d.Errorf("%v", who)
		}
		if rows[5].Status != feedback.Rejected || rows[5].Errors[0].Path != "contact.email" {
			d.Errorf("%+v", rows[5])
		}
	})
}

// TestTheCountryOfAContactIsKept as an attribute, to slice by, unless the same input has such an attribute.
func TestTheCountryOfAContactIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		rows := d.receive(d.one, feedback.Input{Text: "t", Contact: &feedback.Who{ExternalID: "1", Country: "il"}},
			feedback.Input{Text: "t", Contact: &feedback.Who{ExternalID: "2", Country: "IL", Attributes: feedback.Attributes{"Country": "France"}}},
			feedback.Input{Text: "t", Region: "GB", Contact: &feedback.Who{Phone: "020 7946 0018"}})
		for i, want := range []string{"IL", "France", ""} {
			f, err := d.Get(d.Context(), d.one, rows[i].ID)
			if err != nil {
				d.Fatal(err)
			}
			c, err := d.contacts.Get(d.Context(), d.one, identity.Program(d.one, "test"), f.Contact)
			if err != nil || c.Attributes["country"] != want {
				d.Errorf("%+v %v, not %q", c, err, want)
			}
		}
		list, err := d.Register(d.Context(), d.one)
		if err != nil || !slices.ContainsFunc(list, func(f feedback.Field) bool { return f.Field == "contact" && f.Key == "country" && f.Kind == "text" }) {
			d.Errorf("%+v %v", list, err)
		}
	})
}

// TestChangesFollowMergingAndErasure: what the columns read is every change, each with a number of its own.
func TestChangesFollowMergingAndErasure(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		by := func(email, text string) feedback.Input {
			return feedback.Input{Text: text, Contact: &feedback.Who{Email: email}, Scores: []feedback.Score{{Metric: "nps", Value: 3, Scale: feedback.Scale{Max: 10}}},
				Answers: feedback.Answers{{Question: "phone", Value: "054"}}, Attributes: feedback.Attributes{"street": "Main"}}
		}
		rows := d.receive(d.one, by("a@example.com", "a1"), by("a@example.com", "a2"), by("b@example.com", "b1"))
		d.receive(d.other, by("a@example.com", "theirs"))
		changes := func(after int64) []feedback.Feedback {
			upTo, err := d.Settled(d.Context())
			if err != nil {
				d.Fatal(err)
			}
			list, err := d.Changes(d.Context(), after, upTo, 100)
			if err != nil {
				d.Fatal(err)
			}
			return list
		}
		all := changes(0)
		if len(all) != 4 {
			d.Fatalf("%d changes", len(all))
		}
		mark := all[3].Seq
		a, b := all[0].Contact, all[2].Contact
		actor := identity.Program(d.one, "test")
		if err := d.contacts.Merge(d.Context(), d.one, actor, a, b); err != nil {
			d.Fatal(err)
		}
		merged := changes(mark)
		if len(merged) != 2 || merged[0].Contact != b || merged[0].Revision != 2 || merged[0].Seq == merged[1].Seq {
			d.Fatalf("%+v", merged)
		}
		if err := d.contacts.Erase(d.Context(), d.one, actor, b); err != nil {
			d.Fatal(err)
		}
		erased := changes(merged[1].Seq)
		if len(erased) != 3 {
			d.Fatalf("%d changes", len(erased))
		}
		for _, f := range erased {
			if f.Text != "" || f.Contact != "" || len(f.Answers)+len(f.Attributes) != 0 || f.ErasedAt == nil || len(f.Scores) != 1 || f.Workspace != d.one {
				d.Errorf("%+v", f)
			}
		}
		if theirs := d.list(d.other); len(theirs) != 1 || theirs[0].Text != "theirs" || theirs[0].Revision != 1 {
			d.Errorf("the other workspace's: %+v", theirs)
		}
		if r := d.receive(d.one, said("", "after")); r[0].ID == rows[0].ID {
			d.Error("an id came again")
		}
	})
}

func TestTwoWorkspacesNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		mine := d.receive(d.one, said("a", "mine"))[0].ID
		theirs := d.receive(d.other, said("a", "theirs"))[0].ID
		if _, err := d.Get(d.Context(), d.one, theirs); !fault.Is(err, fault.NotFound) {
			d.Error(err)
		}
		if list, err := d.GetMany(d.Context(), d.one, []feedback.ID{theirs, mine}); err != nil || len(list) != 1 || list[0].ID != mine {
			d.Errorf("%v %v", list, err)
		}
		for _, f := range d.list(d.one) {
			if f.Workspace != d.one {
				d.Errorf("%+v", f)
			}
		}
		if _, err := d.Receive(d.Context(), "", []feedback.Input{said("a", "x")}); !fault.Is(err, fault.Internal) {
			d.Errorf("without a workspace: %v", err)
		}
		if _, err := d.Receive(d.Context(), "nowhere", []feedback.Input{said("a", "x")}); err == nil {
			d.Error("a workspace that is none took feedback")
		}
	})
}

func TestListPagesByTime(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		for i := range 7 {
			at := now.Add(-time.Duration(i/2) * time.Hour) // two at each time
			in := said(fmt.Sprint(i), "t")
			in.Time = &at
			d.receive(d.one, in)
		}
		seen := map[feedback.ID]bool{}
		f := feedback.Filter{Limit: 3}
		last := now.Add(time.Hour)
		for {
			page, err := d.List(d.Context(), d.one, f)
			if err != nil {
				d.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, x := range page {
				if seen[x.ID] || x.Time.After(last) {
					d.Fatalf("%v again or out of order", x.ID)
				}
				seen[x.ID], last = true, x.Time
			}
			end := page[len(page)-1]
			f.Before = feedback.Cursor{Time: end.Time.UnixMilli(), ID: end.ID}
		}
		if len(seen) != 7 {
			d.Errorf("%d of 7", len(seen))
		}
	})
}

func TestLatestOfSeveralContacts(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		by := func(who string, minutes int) feedback.Input {
			at := now.Add(-time.Duration(minutes) * time.Minute)
			return feedback.Input{Text: fmt.Sprint(who, minutes), Time: &at, Contact: &feedback.Who{ExternalID: who}}
		}
		rows := d.receive(d.one, by("ann", 5), by("ben", 3), by("ann", 1), by("eve", 2), by("ben", 9), said("", "nobody's"))
		d.receive(d.other, by("ann", 4))
		var ids []contact.ID
		for _, r := range rows[:2] {
			f, err := d.Get(d.Context(), d.one, r.ID)
			if err != nil {
				d.Fatal(err)
			}
			ids = append(ids, f.Contact)
		}
		texts := func(ws identity.WorkspaceID, limit int, of ...contact.ID) string {
			d.Helper()
			list, err := d.Latest(d.Context(), ws, of, limit)
			if err != nil {
				d.Fatal(err)
			}
			var out []string
			for _, f := range list {
				out = append(out, f.Text)
			}
			return strings.Join(out, " ")
		}
		for _, x := range []struct{ got, want string }{
			{texts(d.one, 10, ids...), "ann1 ben3 ann5 ben9"}, {texts(d.one, 3, ids...), "ann1 ben3 ann5"}, {texts(d.one, 10, ids[1]), "ben3 ben9"}, {texts(d.one, 10), ""},
			{texts(d.one, 10, ""), ""}, {texts(d.other, 10, ids...), ""},
		} {
			if x.got != x.want {
				d.Errorf("%q instead of %q", x.got, x.want)
			}
		}
	})
}

func TestTheRegisterOfFieldsIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		for i := range 25 {
			in := feedback.Input{Text: "t", Attributes: feedback.Attributes{}}
			for k := range 100 {
				in.Attributes[fmt.Sprintf("k%d-%d", i, k)] = fmt.Sprint(k)
			}
			d.receive(d.one, in)
		}
		list, err := d.Register(d.Context(), d.one)
		if err != nil || len(list) == 0 || len(list) > 2000 {
			d.Fatalf("%d fields, %v", len(list), err)
		}
		if list[0].Kind != "number" {
			d.Errorf("%+v", list[0])
		}
		if list, err := d.Register(d.Context(), d.other); err != nil || len(list) != 0 {
			d.Errorf("%v %v", list, err)
		}
	})
}

// TestTitlesOfFields are those that people gave; an attribute of contacts that has none of its own has that of the register of contacts.
func TestTitlesOfFields(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		d.receive(d.one, feedback.Input{Text: "t", Attributes: feedback.Attributes{"plan": "pro", "shop": "Haifa"},
			Contact: &feedback.Who{ExternalID: "c1", Attributes: map[string]string{"tier": "gold", "Age Band": "18-24"}}})
		if err := d.db.Update(d.Context(), func(tx *store.Tx) error {
			if err := feedback.SetField(tx, d.one, feedback.Field{Field: "attribute", Key: "plan", Title: "Tariff"}); err != nil {
				return err
			}
			return feedback.SetField(tx, d.one, feedback.Field{Field: "contact", Key: "tier", Title: "Tier of feedback"})
		}); err != nil {
			d.Fatal(err)
		}
		titles, err := d.Titles(d.Context(), d.one)
		if err != nil || titles["attribute.plan"] != "Tariff" || titles["attribute.shop"] != "" || titles["contact.tier"] != "Tier of feedback" || titles["contact.Age Band"] != "age band" {
			d.Errorf("%v %v", titles, err)
		}
		if titles, err := d.Titles(d.Context(), d.other); err != nil || len(titles) != 0 {
			d.Errorf("%v %v", titles, err)
		}
	})
}

func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	future, past := now.Add(48*time.Hour), time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
	many := feedback.Attributes{}
	for i := range 101 {
		many[fmt.Sprint("k", i)] = "v"
	}
	score := func(metric string, value, low, high float64) feedback.Input {
		return feedback.Input{Scores: []feedback.Score{{Metric: metric, Value: value, Scale: feedback.Scale{Min: low, Max: high}}}}
	}
	for _, c := range []struct {
		name string
		in   feedback.Input
		bad  []string // path code
	}{
		{"nothing", feedback.Input{}, []string{"text required"}},
		{"space", feedback.Input{Text: "  \n\t \u00a0\u2003"}, []string{"text required"}},
		{"nothing to see", feedback.Input{Text: "\u200b\u200d\ufeff\u2060\u00ad\u200f\ufe0f\u3164"}, []string{"text required"}},
		{"empty answers", feedback.Input{Text: " ", Answers: feedback.Answers{{Question: "q", Value: ""}, {Question: "r", Value: []any{" ", ""}}, {Question: "s", Value: []string{"\u200b"}}}}, []string{"text required"}},
		{"only attributes", feedback.Input{Attributes: feedback.Attributes{"a": "b"}}, []string{"text required"}},
		{"kind and channel", feedback.Input{Text: "t", Kind: "rant", Channel: "тест"}, []string{"channel form", "kind unknown"}},
		{"language", feedback.Input{Text: "t", Language: "<script>"}, []string{"language form"}},
		{"future", feedback.Input{Text: "t", Time: &future}, []string{"time range"}},
		{"past", feedback.Input{Text: "t", Time: &past}, []string{"time range"}},
		{"long", feedback.Input{Text: strings.Repeat("x", feedback.MaxText+1)}, []string{"text too_long"}},
		{"long ids", feedback.Input{Text: "t", ExternalID: strings.Repeat("ש", 201), Source: strings.Repeat("x", 201), Scores: []feedback.Score{{Metric: "csat", Value: 3, Scale: feedback.Scale{Min: 1, Max: 5}, Question: strings.Repeat("ש", 201)}}},
			[]string{"external_id too_long", "scores[0].question too_long", "source too_long"}},
		{"metric", score("joy", 1, 0, 5), []string{"scores[0].metric unknown"}},
		{"off its scale", score("csat", 6, 1, 5), []string{"scores[0].value range"}},
		{"no scale", score("csat", 3, math.NaN(), 5), []string{"scores[0].scale.min required"}},
		{"empty scale", score("csat", 3, 5, 5), []string{"scores[0].scale.max range"}},
		{"no value", score("csat", math.NaN(), 1, 5), []string{"scores[0].value required"}},
		{"infinite", score("rating", math.Inf(1), 0, math.Inf(1)), []string{"scores[0].scale.max range", "scores[0].value range"}},
		{"beyond the limit", score("rating", 2e9, -2e9, 3e9), []string{"scores[0].scale.max range", "scores[0].scale.min range", "scores[0].value range"}},
		{"NPS on another scale", score("nps", 3, 1, 5), []string{"scores[0].scale range"}},
		{"NPS with a fraction", score("nps", 8.5, 0, 10), []string{"scores[0].value type"}},
		{"answers", feedback.Input{Answers: feedback.Answers{{Value: "x"}, {Question: "q", Value: map[string]any{}}, {Question: "n", Value: math.NaN()}, {Question: "l", Value: []any{math.Inf(1)}}}},
			[]string{"answers[0].question required", "answers[1].value type", "answers[2].value type", "answers[3].value type"}},
		{"attributes", feedback.Input{Text: "t", Attributes: many}, []string{"attributes too_many"}},
		{"keys", feedback.Input{Text: "t", Attributes: feedback.Attributes{"": "x", "long": strings.Repeat("v", feedback.MaxValue+1)}}, []string{"attributes. form", "attributes.long too_long"}},
		{"contact", feedback.Input{Text: "t", Contact: &feedback.Who{Email: "x", Phone: "12"}}, []string{"contact.email", "contact.phone"}},
		{"no country", feedback.Input{Text: "t", Contact: &feedback.Who{ExternalID: "1", Country: "Israel"}}, []string{"contact.country country"}},
		{"a country of nobody", feedback.Input{Text: "t", Contact: &feedback.Who{Country: "IL"}}, []string{"contact required"}},
		{"a name of nobody", feedback.Input{Text: "t", Contact: &feedback.Who{Name: "Bob"}}, []string{"contact required"}},
		{"an account of nobody", feedback.Input{Text: "t", Contact: &feedback.Who{Account: "acme"}}, []string{"contact required"}},
		{"attributes of nobody", feedback.Input{Text: "t", Contact: &feedback.Who{Language: "he", Attributes: feedback.Attributes{"plan": "gold"}}}, []string{"contact required"}},
		{"a value of nobody", feedback.Input{Text: "t", Contact: &feedback.Who{Value: &contact.Money{Minor: 1, Currency: "EUR"}}}, []string{"contact required"}},
		{"a name and a bad address", feedback.Input{Text: "t", Contact: &feedback.Who{Name: "Bob", Email: "x"}}, []string{"contact.email"}},
	} {
		err := c.in.Validate(now, "IL")
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, f := range fault.ProblemOf(err).Errors {
			got = append(got, f.Path+" "+f.Code)
			if f.Msg == "" {
				t.Errorf("%s: %s says nothing", c.name, f.Path)
			}
		}
		if !slices.EqualFunc(got, c.bad, strings.HasPrefix) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	for _, in := range []feedback.Input{{Text: " \u200b🙂"}, {Text: "!", ExternalID: strings.Repeat("ש", 200), Source: strings.Repeat("😀", 200)}, {Text: "t", Contact: &feedback.Who{ExternalID: strings.Repeat("ש", 254)}}, {Text: "ש"}, {Answers: feedback.Answers{{Question: "q", Value: ""}, {Question: "r", Value: false}}},
		{Answers: feedback.Answers{{Question: "q", Value: []any{"", 0.0}}}}} {
		if err := in.Validate(now, "IL"); err != nil {
			t.Errorf("%+v: %v", in, fault.ProblemOf(err).Errors)
		}
	}
	scored := score("csat", 3, 1, 5)
	scored.Text = " \u200b\n"
	if err := scored.Validate(now, "IL"); err != nil || scored.Text != "" {
		t.Errorf("a score with a blank text: %q, %v", scored.Text, err)
	}
	for _, who := range []feedback.Who{{}, {Language: "he"}, {Name: " ", Attributes: feedback.Attributes{"plan": ""}}} {
		in := feedback.Input{Text: "t", Contact: &who}
		if err := in.Validate(now, "IL"); err != nil {
			t.Errorf("nobody in particular: %+v: %v", who, fault.ProblemOf(err).Errors)
		}
	}
}

// TestDecodeSaysEverythingAtOnce: types, unknown names and forms, wherever they stand.
func TestDecodeSaysEverythingAtOnce(t *testing.T) {
	t.Parallel()
	var in feedback.Input
	if err := feedback.Decode([]byte(`{"kind":"bogus","channel":"`+strings.Repeat("x", 41)+`","text":5,"contact":{"email":7,"mail":1,"attributes":{"a":[]},"lifetime_value":{"amount_minor":1.5}},"scores":[{"metric":"nps","value":"9",
		"scale":{"min":0,"max":1e999,"top":10}},4,{"metric":"foo","min":[]}],"answers":[{"question":"q","answer":1}],"time":"now","attributes":[],"mine":1,"extra":2}`), &in, func(name string, json []byte) bool { return name == "extra" && string(json) == "2" }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fault.ProblemOf(in.Validate(time.Now(), "IL")).Errors {
		got = append(got, f.Path+" "+f.Code)
	}
	want := []string{"answers[0].answer unknown", "answers[0].value type", "attributes type", "channel form", "contact.attributes.a type", "contact.email type", "contact.lifetime_value.amount_minor type",
		"contact.mail unknown", "kind unknown", "mine unknown", "scores[0].scale.max range", "scores[0].scale.top unknown", "scores[0].value type", "scores[1] type", "scores[2].metric unknown",
		"scores[2].min type", "scores[2].scale.max required", "scores[2].value required", "text type", "time form"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for raw, want := range map[string]string{"": "ends early", "{": "ends early", `{"text":"a"}x`: "follows", `{"text":'a'}`: "at byte 9", `{"text":"\u12"}`: "at byte", "{\"text\":\"a\nb\"}": "at byte",
		"{\"text\":\"\xff\"}": "UTF-8", "[]": "a list is not an object", strings.Repeat("[", 1<<20): "deep"} {
		if err := feedback.Decode([]byte(raw), &in, nil); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.ProblemOf(err).Errors[0].Msg, want) {
			t.Errorf("%.40q: %v", raw, err)
		}
	}
	good := `{"text":"\u05e9\ud83d\ude00\n","scores":[{"metric":"csat","value":4,"min":1,"max":5,"direction":"up"}],"answers":{"why":"a","n":2,"l":["x",true]},
		"attributes":{"n":1.50,"t":true,"z":null},"contact":null,"time":"2026-01-02T03:04:05.678+02:00","survey":null}`
	if err := feedback.Decode([]byte(good), &in, nil); err != nil {
		t.Fatal(err)
	}
	if in.Text != "ש😀\n" || in.Scores[0] != (feedback.Score{Metric: "csat", Value: 4, Scale: feedback.Scale{Min: 1, Max: 5, Direction: "up"}}) || in.Answers[1].Value != 2.0 || fmt.Sprint(in.Answers[2].Value) != "[x true]" ||
		!maps.Equal(in.Attributes, feedback.Attributes{"n": "1.50", "t": "true"}) || in.Contact != nil || in.Time.UnixMilli() != 1767315845678 || in.Survey != "" {
		t.Errorf("%+v", in)
	}
}

// FuzzInput: whatever comes as JSON is refused or can be kept; nothing panics, and what is kept is clean text.
func FuzzInput(f *testing.F) {
	for _, s := range []string{`{"text":"t"}`, `{"text":"\u0000\ud800","scores":[{"metric":"nps","value":9,"min":0,"max":10}]}`,
		`{"answers":{"q":["a",1,true]},"attributes":{"a":1,"b":null,"c":false}}`, `{"scores":[{"metric":"rating","value":1e308,"scale":{"min":-1e308,"max":1e308}}]}`,
		`{"contact":{"email":"a@b.c","phone":"+972","attributes":{"":""}},"time":"2026-01-01T00:00:00Z"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in feedback.Input
		if feedback.Decode(b, &in, nil) != nil || in.Validate(now, "IL") != nil {
			return
		}
		if _, err := json.Marshal(in); err != nil {
			t.Fatalf("valid, and cannot be written: %v", err)
		}
		if strings.ContainsAny(in.Text+in.Source+in.ExternalID, "\x00\x1b\u0085") {
			t.Fatalf("control characters in %q", in.Text)
		}
	})
}

func TestGetWithinABudget(t *testing.T) {
	t.Parallel()
	each(t, func(d *desk) {
		long := strings.Repeat("שלום ", 1000) // nine bytes each
		got := d.receive(d.one, said("a", long), said("b", long), said("c", "short"))
		theirs := d.receive(d.other, said("d", "theirs"))
		ids := []feedback.ID{theirs[0].ID, got[0].ID, got[1].ID, got[2].ID}
		for most, want := range map[int64]int{1: 1, 17_000: 1, 19_000: 3, 18_004: 2} {
			list, err := d.GetWithin(d.Context(), d.one, ids, most)
			if err != nil || len(list) != want || list[0].ID != got[0].ID {
				d.Errorf("%d bytes: %d, %v; want %d", most, len(list), err, want)
			}
		}
	})
}
