package contact

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		var moved []string
		s.OnMerge(func(_ *store.Tx, ws identity.WorkspaceID, from, into ID) error {
			moved = append(moved, fmt.Sprint(ws == s.ws, from, into))
			return nil
		})
		start := s.clock.Now()
		ids := s.resolve(
			Ref{External: "a", Name: "Dana", Attributes: map[string]string{"plan": "gold", "city": "Haifa"}, Value: &Money{100, "ILS"}, At: start.Add(-40 * day)},
			Ref{Email: "dana@example.com", Language: "he", Attributes: map[string]string{"plan": "free"}, Value: &Money{20, "ILS"}},
			Ref{Phone: "+972541234567"},
			Ref{External: "a", Email: "dana@example.com", Phone: "+972541234567"},
		)
		a, b, c := ids[0], ids[1], ids[2]
		s.must(s.SetConsent(s.ctx, s.ws, s.owner, b, Consent{Channel: "Email", Purpose: "survey", Granted: true, At: start.Add(-2 * day)}))
		s.must(s.SetConsent(s.ctx, s.ws, s.owner, a, Consent{Channel: "email", Purpose: "survey", At: start.Add(-time.Hour)}))
		s.want(s.Merge(s.ctx, s.ws, s.owner, a, a), fault.Invalid)
		s.want(s.Merge(s.ctx, s.ws, s.owner, a, "nobody"), fault.NotFound)
		s.must(s.Merge(s.ctx, s.ws, s.owner, a, b))
		s.want(s.Merge(s.ctx, s.ws, s.owner, a, c), fault.Conflict)
		got := s.get(b)
		if len(got.Identities) != 2 || got.Name != "Dana" || got.Language != "he" || got.Attributes["plan"] != "free" || got.Attributes["city"] != "Haifa" ||
			*got.Value != (Money{120, "ILS"}) || !got.FirstSeen.Equal(start.Add(-40*day)) || len(got.Consents) != 1 || got.Consents[0].Granted {
			s.Fatalf("%+v %+v", got, got.Value)
		}
		old := s.get(a)
		if old.MergedInto != b || old.Name != "" || len(old.Attributes)+len(old.Identities) != 0 || old.Value != nil {
			s.Fatalf("what is left: %+v", old)
		}
		list, err := s.Suggestions(s.ctx, s.ws, s.owner, 0)
		s.must(err)
		if len(list) != 1 || list[0].A.ID != b && list[0].B.ID != b || list[0].Kind != Phone {
			s.Fatalf("%+v", list)
		}
		s.must(s.Merge(s.ctx, s.ws, s.owner, b, c)) // and a with it
		loaded, err := s.Load(s.ctx, s.ws, s.owner, []ID{a, b, c, "nobody"})
		s.must(err)
		if len(loaded) != 3 || loaded[a].ID != c || loaded[b].ID != c {
			s.Fatalf("%+v", loaded)
		}
		if again := s.resolve(Ref{External: "a"}, Ref{Email: "dana@example.com"}); again[0] != c || again[1] != c {
			s.Fatalf("%v", again)
		}
		if n := s.count(Filter{}); n != 1 {
			s.Fatalf("%d contacts", n)
		}
		if n := s.count(Filter{Conditions: []Condition{{"city", Is, []string{"haifa"}}}}); n != 1 {
			s.Fatalf("%d found by what was merged", n)
		}
		if want := []string{fmt.Sprint(true, a, b), fmt.Sprint(true, b, c)}; !slices.Equal(moved, want) {
			s.Fatalf("hooks were told %v", moved)
		}
	})
}

func TestAFailedHookUndoesAll(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		boom := errors.New("boom")
		s.OnMerge(func(*store.Tx, identity.WorkspaceID, ID, ID) error { return boom })
		s.OnErase(func(*store.Tx, identity.WorkspaceID, ID) error { return boom })
		ids := s.resolve(Ref{External: "a", Name: "Dana"}, Ref{External: "b"})
		if err := s.Merge(s.ctx, s.ws, s.owner, ids[0], ids[1]); !errors.Is(err, boom) {
			s.Fatal(err)
		}
		if err := s.Erase(s.ctx, s.ws, s.owner, ids[0]); !errors.Is(err, boom) {
			s.Fatal(err)
		}
		if c := s.get(ids[0]); c.Name != "Dana" || c.MergedInto != "" || !c.ErasedAt.IsZero() {
			s.Fatalf("%+v", c)
		}
	})
}

func TestMergeWhileTheyAreResolved(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		ids := s.resolve(Ref{External: "a"}, Ref{External: "b"})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := s.Upsert(s.ctx, s.ws, s.owner, []Ref{{External: "a", Email: fmt.Sprintf("%d@example.com", i)}, {External: "b", Name: fmt.Sprint(i)}})
				if err != nil {
					s.Error(err)
				}
			})
			wg.Go(func() {
				from, into := ids[i%2], ids[1-i%2]
				if err := s.Merge(s.ctx, s.ws, s.owner, from, into); err != nil && !fault.Is(err, fault.Conflict) {
					s.Error(err)
				}
			})
		}
		wg.Wait()
		page, err := s.List(s.ctx, s.ws, s.owner, Query{})
		s.must(err)
		if len(page.Contacts) != 1 || len(page.Contacts[0].Identities) != 10 {
			s.Fatalf("%+v", page.Contacts)
		}
	})
}

func TestErase(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		var told []ID
		s.OnErase(func(_ *store.Tx, _ identity.WorkspaceID, id ID) error { told = append(told, id); return nil })
		dana := Ref{External: "dana-1", Email: "dana@example.com", Phone: "+972541234567", Name: "Dana Zemach", Language: "he",
			Attributes: map[string]string{"city": "Zikhron"}, Value: &Money{77, "ILS"}, Account: "acme"}
		ids := s.resolve(dana, Ref{External: "other"})
		id := ids[0]
		s.resolve(Ref{External: "other", Email: "dana@example.com"}) // suggests a merge
		s.must(s.SetConsent(s.ctx, s.ws, s.owner, id, Consent{Channel: "email", Purpose: "survey", Granted: true, Proof: "Dana ticked the box"}))
		name := "Dana Zemach-Levi"
		_, err := s.Update(s.ctx, s.ws, s.owner, id, Patch{Name: &name, Attributes: map[string]string{"street": "Hameyasdim 7"}})
		s.must(err)
		s.must(s.AddIdentity(s.ctx, s.ws, s.owner, id, Email, "zemach@example.com"))
		agent := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Agent}
		s.want(s.Erase(s.ctx, s.ws, agent, id), fault.Denied)
		erasedAt := s.clock.Now()
		s.must(s.Erase(s.ctx, s.ws, s.owner, id))
		s.want(s.Erase(s.ctx, s.ws, s.owner, id), fault.Conflict)
		_, err = s.Update(s.ctx, s.ws, s.owner, id, Patch{Name: &name})
		s.want(err, fault.Conflict)
		if !slices.Equal(told, []ID{id}) {
			s.Fatalf("hooks were told of %v", told)
		}
		// Nothing of her is left in any table of ours, nor in the log.
		for _, table := range []string{"contact", "contact_identity", "contact_attribute", "contact_consent", "contact_merge_suggestion", "contact_tombstone", "audit"} {
			s.must(s.db.View(s.ctx, func(tx *store.Tx) error {
				rows, err := tx.Query("SELECT * FROM " + table)
				if err != nil {
					return err
				}
				defer rows.Close()
				names, _ := rows.Columns()
				for rows.Next() {
					row := make([]any, len(names))
					for i := range row {
						row[i] = new(any)
					}
					s.must(rows.Scan(row...))
					text := ""
					for _, v := range row {
						text += strings.ToLower(fmt.Sprintf("%s %v ", *v.(*any), *v.(*any)))
					}
					for _, trace := range []string{"dana", "zemach", "541234567", "zikhron", "hameyasdim", "ticked"} {
						if strings.Contains(text, trace) {
							s.Errorf("%s still holds %q: %s", table, trace, text)
						}
					}
				}
				return rows.Err()
			}))
		}
		// Old data does not bring her back; a new matter is a new acquaintance.
		s.clock.Advance(time.Hour)
		old := Ref{Email: "Dana@example.com", At: erasedAt.Add(-time.Minute)}
		mixed := Ref{External: "other", Email: "zemach@example.com", At: erasedAt.Add(-time.Minute)}
		got := s.resolve(old, mixed)
		if got[0] != "" || got[1] != ids[1] {
			s.Fatalf("%v", got)
		}
		if c := s.get(ids[1]); len(c.Identities) != 1 {
			s.Fatalf("an erased identity came back: %+v", c.Identities)
		}
		anew := s.resolve(Ref{Email: "dana@example.com"}, old)
		if anew[0] == "" || anew[0] == id || anew[1] != anew[0] {
			s.Fatalf("%v", anew)
		}
		if n := s.count(Filter{}); n != 2 {
			s.Fatalf("%d contacts", n)
		}
	})
}

func TestListAndFilter(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		names := []string{"Дарья Козлова", "דנה כהן", "مریم احمدی", "Bob 100%", "bob_x", "Zoë"}
		for i := range 60 {
			s.clock.Advance(time.Minute)
			r := Ref{External: fmt.Sprintf("C-%03d", i), Name: fmt.Sprint(names[i%6], " ", i), Language: []string{"ru", "he", "fa", "en", "pt-BR", ""}[i%6],
				Attributes: map[string]string{"plan": []string{"Gold", "silver"}[i%2], "seats": fmt.Sprint(i), "since": fmt.Sprintf("2024-01-%02d", i%28+1)}}
			if i%3 == 0 {
				r.Email, r.Account = fmt.Sprintf("p%02d@example.com", i), "acme"
			}
			if i%10 == 0 {
				r.Phone, r.Attributes["vip"] = fmt.Sprintf("054-12345%02d", i), "true"
			}
			s.resolve(r)
		}
		account := s.get(s.resolve(Ref{External: "C-000"})[0]).Account
		segment, err := s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: "Gold", Filter: Filter{Conditions: []Condition{{"plan", Is, []string{"gold"}}}}})
		s.must(err)
		cond := func(a string, op Op, v ...string) Filter { return Filter{Conditions: []Condition{{a, op, v}}} }
		for what, c := range map[string]struct {
			f Filter
			n int64
		}{
			"all":        {Filter{}, 60},
			"name":       {Filter{Text: "КОЗЛОВА"}, 10},
			"hebrew":     {Filter{Text: "כהן"}, 10},
			"any order":  {Filter{Text: "козлова  дарья"}, 10},
			"both words": {Filter{Text: "козлова כהן"}, 0},
			"percent":    {Filter{Text: "100%"}, 10},
			"underscore": {Filter{Text: "b_x"}, 10},
			"email":      {Filter{Text: "P0"}, 4},
			"external":   {Filter{Text: "C-01"}, 10},
			"verbatim":   {Filter{Text: "c-01"}, 0},
			"phone":      {Filter{Text: "054-123 4510"}, 1},
			"injection":  {Filter{Text: "' OR 1=1 --"}, 0},
			"is":         {cond("Plan", Is, "GOLD"), 30},
			"one of":     {cond("plan", Is, "gold", "silver", "none"), 60},
			"is not":     {cond("plan", IsNot, "gold"), 30},
			"present":    {cond("vip", Present), 6},
			"absent":     {cond("vip", Absent), 54},
			"above":      {cond("seats", Above, "49.5"), 10},
			"below":      {cond("seats", Below, "9"), 9},
			"since":      {cond("since", Above, "2024-01-27"), 2},
			"both":       {Filter{Conditions: []Condition{{"plan", Is, []string{"gold"}}, {"vip", Is, []string{"true"}}}}, 6},
			"languages":  {Filter{Languages: []string{"pt", "he"}}, 20},
			"no lang":    {Filter{Languages: []string{""}}, 10},
			"has":        {Filter{Has: []Kind{Email, Phone}}, 2},
			"account":    {Filter{Account: account}, 20},
			"segment":    {Filter{Segment: segment.ID, Has: []Kind{Phone}}, 6},
		} {
			if n := s.count(c.f); n != c.n {
				s.Errorf("%s: %d contacts, want %d", what, n, c.n)
			}
			n := int64(0)
			s.must(s.Each(s.ctx, s.ws, s.owner, c.f, func(Contact) error { n++; return nil }))
			if n != c.n {
				s.Errorf("%s: Each gave %d, want %d", what, n, c.n)
			}
		}
		for _, f := range []Filter{cond("", Is, "x"), cond("plan", "like", "x"), cond("plan", Is), cond("plan", Above, "x"), cond("plan", Present, "x"), {Has: []Kind{"fax"}}} {
			_, err := s.Count(s.ctx, s.ws, s.owner, f)
			s.want(err, fault.Invalid)
		}
		for _, byName := range []bool{false, true} {
			var all []Contact
			q := Query{ByName: byName, Limit: 7}
			for {
				page, err := s.List(s.ctx, s.ws, s.owner, q)
				s.must(err)
				all = append(all, page.Contacts...)
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			sorted := slices.IsSortedFunc(all, func(a, b Contact) int {
				if byName {
					return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
				}
				return strings.Compare(string(b.ID), string(a.ID))
			})
			if len(all) != 60 || !sorted {
				s.Errorf("paged through %d, in order: %v", len(all), sorted)
			}
		}
		_, err = s.List(s.ctx, s.ws, s.owner, Query{Cursor: "?"})
		s.want(err, fault.Invalid)
	})
}

func TestWhoMaySeeWho(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		s.MaskWith(func(v string, _ ...string) string { return text.Mask(v, text.Personal(v, "")) })
		id := s.resolve(Ref{Email: "dana@example.com", Name: "Dana", Attributes: map[string]string{"plan": "gold", "national_id": "no. 77x", "billing": "dana@example.com", "note": "call 052-123-4567"}})[0]
		s.must(s.SetConsent(s.ctx, s.ws, s.owner, id, Consent{Channel: "email", Purpose: "*", Granted: true, Proof: "dana@example.com wrote"}))
		s.must(s.SetAttribute(s.ctx, s.ws, s.owner, Attribute{Key: "National id", Kind: Text, Title: "National id", Personal: true}))
		analyst := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}
		viewer := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Viewer}
		got, err := s.Get(s.ctx, s.ws, analyst, id)
		s.must(err)
		page, err := s.List(s.ctx, s.ws, analyst, Query{})
		s.must(err)
		loaded, err := s.Load(s.ctx, s.ws, analyst, []ID{id})
		s.must(err)
		history, err := s.ConsentHistory(s.ctx, s.ws, analyst, id)
		s.must(err)
		for _, c := range []Contact{got, page.Contacts[0], loaded[id]} {
			told := fmt.Sprintf("%+v %+v", c, history)
			if c.Attributes["billing"] != "[email]" || c.Attributes["note"] != "call [phone]" {
				s.Errorf("an analyst sees %s", c.Attributes)
			}
			if !c.Masked || c.Attributes["plan"] != "gold" || len(c.Identities) != 1 || strings.Contains(strings.ToLower(told), "dana") || strings.Contains(told, "77x") {
				s.Errorf("an analyst sees %s", told)
			}
		}
		if c, err := s.Get(s.ctx, s.ws, s.owner, id); err != nil || c.Attributes["billing"] != "dana@example.com" {
			s.Errorf("the owner sees %+v, %v", c, err)
		}
		// Nor can she ask her way to it.
		for _, f := range []Filter{{Text: "dana"}, {Conditions: []Condition{{"national_id", Is, []string{"no. 77x"}}}},
			{Conditions: []Condition{{"billing", Is, []string{"Dana@example.com"}}}}, {Conditions: []Condition{{"note", Is, []string{"gold", "052-123-4567"}}}},
			{Conditions: []Condition{{"note", Above, []string{"521234000"}}}}, {Conditions: []Condition{{"note", Above, []string{"521234.566e3"}}}},
			{Conditions: []Condition{{"note", Below, []string{" 521234566"}}}}, {Conditions: []Condition{{"note", Below, []string{"0x1f11_6886p0"}}}}} {
			_, err = s.Count(s.ctx, s.ws, analyst, f)
			s.want(err, fault.Denied)
			_, err = s.List(s.ctx, s.ws, analyst, Query{Filter: f})
			s.want(err, fault.Denied)
			// Nor through what somebody saved who may.
			segment, err := s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: fmt.Sprint(f), Filter: f})
			s.must(err)
			_, err = s.Count(s.ctx, s.ws, analyst, Filter{Segment: segment.ID})
			s.want(err, fault.Denied)
			_, err = s.List(s.ctx, s.ws, analyst, Query{Filter: Filter{Segment: segment.ID}})
			s.want(err, fault.Denied)
		}
		for _, c := range []Condition{{"plan", Is, []string{"gold", "2024"}}, {"plan", Above, []string{"100000"}}, {"since", Below, []string{"2026-01-31"}}, {"plan", Present, nil}} {
			_, err = s.Count(s.ctx, s.ws, analyst, Filter{Conditions: []Condition{c}})
			s.must(err)
		}
		_, err = s.List(s.ctx, s.ws, analyst, Query{ByName: true})
		s.want(err, fault.Denied)
		_, err = s.Get(s.ctx, s.ws, viewer, id)
		s.want(err, fault.Denied)
		s.want(s.SetConsent(s.ctx, s.ws, analyst, id, Consent{Channel: "email", Purpose: "*"}), fault.Denied)
		_, err = s.Upsert(s.ctx, s.ws, analyst, []Ref{{External: "x"}})
		s.want(err, fault.Denied)
	})
}

// TestSegmentsDoNotSayWhoTheyLookFor: what a segment looks for is covered before those who may not ask for it.
func TestSegmentsDoNotSayWhoTheyLookFor(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		s.MaskWith(func(v string, _ ...string) string { return text.Mask(v, text.Personal(v, "")) })
		s.must(s.SetAttribute(s.ctx, s.ws, s.owner, Attribute{Key: "national_id", Kind: Text, Personal: true}))
		analyst := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}
		asked := Filter{Text: "Dana Levi", Conditions: []Condition{{"national_id", Is, []string{"123456782"}}, {"national_id", Present, nil}, {"note", Above, []string{"521234.566e3"}},
			{"note", IsNot, []string{"052-123-4567"}}, {"plan", Is, []string{"gold"}}}}
		for name, f := range map[string]Filter{"One": asked, "Two": {Conditions: []Condition{{"plan", Is, []string{"gold"}}}}} {
			_, err := s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: name, Filter: f})
			s.must(err)
		}
		list, err := s.Segments(s.ctx, s.ws, analyst)
		s.must(err)
		if len(list) != 2 || list[0].Name != "One" || !list[0].Covered || list[1].Covered {
			s.Fatalf("%+v", list)
		}
		covered := list[0].Filter
		if told := fmt.Sprintf("%+v", covered); strings.Contains(told, "Dana") || strings.Contains(told, "4567") || strings.Contains(told, "5212") || strings.Contains(told, "6782") || !strings.Contains(told, "gold") || covered.Text != Covered {
			s.Errorf("an analyst sees %s", told)
		}
		for _, c := range covered.Conditions[:4] { // nor is it asked, or saved, as it looks
			if c.Op == Present {
				continue
			}
			_, err = s.Count(s.ctx, s.ws, analyst, Filter{Conditions: []Condition{c}})
			s.want(err, fault.Denied)
		}
		_, err = s.Count(s.ctx, s.ws, analyst, covered)
		s.want(err, fault.Denied)
		_, err = s.Count(s.ctx, s.ws, analyst, Filter{Segment: list[0].ID})
		s.want(err, fault.Denied)
		list, err = s.Segments(s.ctx, s.ws, s.owner)
		s.must(err)
		if list[0].Covered || fmt.Sprintf("%+v", list[0].Filter) != fmt.Sprintf("%+v", asked) {
			s.Errorf("the owner sees %+v", list[0])
		}
		_, err = s.Segments(s.ctx, s.ws, identity.Actor{Workspace: s.ws, Member: "v", Role: identity.Viewer})
		s.want(err, fault.Denied)
	})
}

func TestConsent(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		start := s.clock.Now()
		ids := s.resolve(Ref{External: "a"}, Ref{External: "b"}, Ref{External: "c"})
		say := func(id ID, channel, purpose string, granted bool, at time.Time) {
			s.must(s.SetConsent(s.ctx, s.ws, s.owner, id, Consent{Channel: channel, Purpose: purpose, Granted: granted, At: at, Source: "test"}))
		}
		say(ids[0], "email", "survey", true, start.Add(-3*time.Hour))
		say(ids[0], "Email", "Survey", false, start.Add(-time.Hour))
		say(ids[0], "email", "survey", true, start.Add(-2*time.Hour)) // told late, decided earlier
		say(ids[0], "sms", "survey", true, time.Time{})
		say(ids[1], "*", "*", false, start.Add(-2*time.Hour))
		say(ids[1], "email", "survey", true, start.Add(-time.Hour))
		var email, sms map[ID]bool
		s.must(s.db.View(s.ctx, func(tx *store.Tx) (err error) {
			if email, err = Decided(tx, s.ws, ids, "email", "survey"); err != nil {
				return err
			}
			sms, err = Decided(tx, s.ws, ids, "sms", "survey")
			return err
		}))
		if fmt.Sprint(email[ids[0]], email[ids[1]], len(email)) != "false true 2" || fmt.Sprint(sms[ids[0]], sms[ids[1]], len(sms)) != "true false 2" {
			s.Fatalf("%v %v", email, sms)
		}
		history, err := s.ConsentHistory(s.ctx, s.ws, s.owner, ids[0])
		s.must(err)
		if c := s.get(ids[0]); len(history) != 4 || len(c.Consents) != 2 || c.Consents[1].Granted || !c.Consents[0].At.Equal(start) {
			s.Fatalf("%+v %+v", history, c.Consents)
		}
		s.want(s.SetConsent(s.ctx, s.ws, s.owner, ids[0], Consent{Channel: "email"}), fault.Invalid)
		s.want(s.SetConsent(s.ctx, s.ws, s.owner, "nobody", Consent{Channel: "email", Purpose: "survey"}), fault.NotFound)
	})
}

func TestByHand(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		c, err := s.Create(s.ctx, s.ws, s.owner, Ref{Phone: "054-1234567", Name: "Dana"})
		s.must(err)
		if c.Identities[0].Norm != "+972541234567" {
			s.Fatalf("a number of the workspace's country: %+v", c.Identities)
		}
		_, err = s.Create(s.ctx, s.ws, s.owner, Ref{Phone: "+972 54 123 4567"})
		s.want(err, fault.Conflict)
		_, err = s.Create(s.ctx, s.ws, s.owner, Ref{Name: "Nobody"})
		s.want(err, fault.Invalid)
		other := s.resolve(Ref{Email: "taken@example.com"})[0]
		s.want(s.AddIdentity(s.ctx, s.ws, s.owner, c.ID, Email, "Taken@example.com"), fault.Conflict)
		s.want(s.AddIdentity(s.ctx, s.ws, s.owner, c.ID, Email, "nonsense"), fault.Invalid)
		s.must(s.AddIdentity(s.ctx, s.ws, s.owner, c.ID, Email, "dana@example.com"))
		s.must(s.AddIdentity(s.ctx, s.ws, s.owner, c.ID, Email, "DANA@example.com"))
		s.must(s.RemoveIdentity(s.ctx, s.ws, s.owner, c.ID, Phone, "+972541234567"))
		s.want(s.RemoveIdentity(s.ctx, s.ws, s.owner, c.ID, Email, "taken@example.com"), fault.NotFound)

		a, err := s.SaveAccount(s.ctx, s.ws, s.owner, Account{Name: "Acme Ltd", External: "acme", Attributes: map[string]string{"Tier": "1"}})
		s.must(err)
		_, err = s.SaveAccount(s.ctx, s.ws, s.owner, Account{Name: "Impostor", External: "acme"})
		s.want(err, fault.Conflict)
		none, name, lang := AccountID("none"), "", "fa"
		_, err = s.Update(s.ctx, s.ws, s.owner, c.ID, Patch{Account: &none})
		s.want(err, fault.NotFound)
		c, err = s.Update(s.ctx, s.ws, s.owner, c.ID, Patch{Name: &name, Language: &lang, Account: &a.ID, Value: &Money{5, "eur"}, Attributes: map[string]string{"Plan": "gold"}})
		s.must(err)
		if c.Name != "" || c.Language != "fa" || c.Account != a.ID || *c.Value != (Money{5, "EUR"}) || c.Attributes["plan"] != "gold" || len(c.Identities) != 1 {
			s.Fatalf("%+v", c)
		}
		c, err = s.Update(s.ctx, s.ws, s.owner, c.ID, Patch{Attributes: map[string]string{"plan": ""}})
		s.must(err)
		if len(c.Attributes) != 0 || s.count(Filter{Conditions: []Condition{{"plan", Present, nil}}}) != 0 {
			s.Fatalf("%+v", c)
		}
		_, err = s.Update(s.ctx, s.ws, s.owner, other, Patch{Language: &[]string{"not a language"}[0]})
		s.want(err, fault.Invalid)
		list, _, err := s.Accounts(s.ctx, s.ws, s.owner, "ACME", "", 0)
		s.must(err)
		if len(list) != 1 || list[0].Contacts != 1 || list[0].Attributes["tier"] != "1" {
			s.Fatalf("%+v", list)
		}
		x, err := s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: "Persian", Filter: Filter{Languages: []string{"fa"}}})
		s.must(err)
		_, err = s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: "PERSIAN"})
		s.want(err, fault.Conflict)
		_, err = s.SaveSegment(s.ctx, s.ws, s.owner, Segment{Name: "Nested", Filter: Filter{Segment: x.ID}})
		s.want(err, fault.Invalid)
		if n := s.count(Filter{Segment: x.ID}); n != 1 {
			s.Fatalf("%d in the segment", n)
		}
		s.must(s.DeleteSegment(s.ctx, s.ws, s.owner, x.ID))
		if list, _ := s.Segments(s.ctx, s.ws, s.owner); len(list) != 0 {
			s.Fatalf("%+v", list)
		}
	})
}

func TestWhoBelongsToAnAccount(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		start := s.clock.Now()
		ids := s.resolve(
			Ref{External: "a", Account: "acme", At: start.Add(-3 * day), Value: &Money{100, "EUR"}},
			Ref{External: "b", Account: "acme", At: start.Add(-1 * day), Value: &Money{250, "EUR"}},
			Ref{External: "c", Account: "acme", At: start.Add(-2 * day), Value: &Money{7, "USD"}},
			Ref{External: "d", Account: "acme", At: start},
			Ref{External: "e", Account: "acme", At: start, Value: &Money{1000, "EUR"}},
			Ref{External: "f", Account: "other", At: start, Value: &Money{5000, "EUR"}},
			Ref{External: "g", At: start, Value: &Money{9000, "EUR"}},
		)
		s.must(s.Erase(s.ctx, s.ws, s.owner, ids[4]))
		s.must(s.Merge(s.ctx, s.ws, s.owner, ids[3], ids[2])) // who was seen now, and is so with it
		account := s.get(ids[0]).Account
		members := func(account AccountID, limit int) []ID {
			s.Helper()
			list, err := s.Members(s.ctx, s.ws, s.owner, account, limit)
			s.must(err)
			return list
		}
		if got := members(account, 10); !slices.Equal(got, []ID{ids[2], ids[1], ids[0]}) {
			s.Errorf("the members are %v of %v", got, ids)
		}
		if got := members(account, 1); !slices.Equal(got, ids[2:3]) {
			s.Errorf("the latest is %v", got)
		}
		if got := members("", 10); len(got) != 0 {
			s.Errorf("of no account are %v", got)
		}
		worth, err := s.Worth(s.ctx, s.ws, s.owner, account)
		s.must(err)
		if !slices.Equal(worth, []Money{{350, "EUR"}, {7, "USD"}}) {
			s.Errorf("they are worth %v", worth)
		}
		theirs := identity.Program(s.other, "test")
		_, err = s.Members(s.ctx, s.ws, theirs, account, 10)
		s.want(err, fault.Denied)
		if list, err := s.Members(s.ctx, s.other, theirs, account, 10); err != nil || len(list) != 0 {
			s.Errorf("from another workspace: %v, %v", list, err)
		}
		if list, err := s.Worth(s.ctx, s.other, theirs, account); err != nil || len(list) != 0 {
			s.Errorf("from another workspace: %v, %v", list, err)
		}
	})
}

// What is called like a name, a number of an identity or an address is personal before anybody has said so, of contacts and of what is not in
// the register; whoever may can say otherwise, and that stays.
func TestNamesMakeAttributesPersonal(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		analyst := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}
		id := s.resolve(Ref{Email: "dana@example.com", Attributes: map[string]string{"Full name": "Zelda", "national_id": "no. 77x", "plan": "gold"}})[0]
		seen := func() map[string]string {
			c, err := s.Get(s.ctx, s.ws, analyst, id)
			s.must(err)
			return c.Attributes
		}
		if got := seen(); !maps.Equal(got, map[string]string{"plan": "gold"}) {
			s.Errorf("an analyst sees %v", got)
		}
		_, err := s.Count(s.ctx, s.ws, analyst, Filter{Conditions: []Condition{{"full_name", Is, []string{"Zelda"}}}})
		s.want(err, fault.Denied)
		for name, want := range map[string]bool{"Full name": true, "plan": false, "Birthday": true, "city": false} { // the last two are in no register
			if got, err := s.Personal(s.ctx, s.ws, name); err != nil || got != want {
				s.Errorf("%s is personal: %v, %v", name, got, err)
			}
		}
		s.must(s.SetAttribute(s.ctx, s.ws, s.owner, Attribute{Key: "full_name", Kind: Text}))
		s.must(s.SetAttribute(s.ctx, s.ws, s.owner, Attribute{Key: "birthday", Kind: Date}))
		s.resolve(Ref{Email: "dana@example.com", Attributes: map[string]string{"Full name": "Zelda Q", "birthday": "2001-01-01"}})
		if got := seen(); !maps.Equal(got, map[string]string{"plan": "gold", "full_name": "Zelda Q", "birthday": "2001-01-01"}) {
			s.Errorf("once the owner has decided, an analyst sees %v", got)
		}
		// Of a register that is older than the column, what somebody changed stays as it is.
		file, err := os.ReadFile("../../foundation/store/migration/0022_attribute_decided.sql")
		s.must(err)
		update := string(file[strings.Index(string(file), "UPDATE"):])
		s.must(s.db.Update(s.ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec("UPDATE contact_attribute_def SET decided = 0"); err != nil {
				return err
			}
			_, err := tx.Exec(strings.TrimSuffix(strings.TrimSpace(update), ";"))
			return err
		}))
		if got := seen(); !maps.Equal(got, map[string]string{"plan": "gold", "full_name": "Zelda Q", "birthday": "2001-01-01"}) {
			s.Errorf("after the migration, an analyst sees %v", got)
		}
	})
}
