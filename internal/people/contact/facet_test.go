package contact

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

func TestValuesAndLanguages(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		for i := range 40 {
			s.resolve(Ref{External: fmt.Sprint(i), Language: []string{"he", "he", "en", ""}[i%4], Attributes: map[string]string{
				"plan": []string{"Gold", "basic", "ПЛЮС"}[i%3], "seat": fmt.Sprint(i), "national_id": "secret"}})
		}
		s.must(s.SetAttribute(s.ctx, s.ws, s.owner, Attribute{Key: "national_id", Kind: Text, Personal: true}))
		erased := s.resolve(Ref{External: "x", Language: "ru", Attributes: map[string]string{"plan": "diamond"}})[0]
		s.must(s.Erase(s.ctx, s.ws, s.owner, erased))
		keys := []string{"plan", "seat", "national_id", "nothing"}
		values, err := s.Values(s.ctx, s.ws, s.owner, keys, 5)
		s.must(err)
		if want := map[string][]string{"plan": {"basic", "Gold", "ПЛЮС"}, "national_id": {"secret"}}; !reflect.DeepEqual(values, want) {
			s.Errorf("%v", values)
		}
		for most, has := range map[int]bool{39: false, 40: true} {
			values, err := s.Values(s.ctx, s.ws, s.owner, keys, most)
			s.must(err)
			if len(values["seat"]) == 40 != has {
				s.Errorf("at most %d: %d values", most, len(values["seat"]))
			}
		}
		analyst := identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}
		values, err = s.Values(s.ctx, s.ws, analyst, keys, 5)
		s.must(err)
		if got := slices.Sorted(maps.Keys(values)); !slices.Equal(got, []string{"plan"}) {
			s.Errorf("an analyst sees the values of %v", got)
		}
		list, err := s.Languages(s.ctx, s.ws, analyst, Filter{Languages: []string{"en"}, Conditions: []Condition{{"plan", Is, []string{"gold"}}}})
		s.must(err)
		if want := []Counted{{"he", 7}, {"", 4}, {"en", 3}}; !slices.Equal(list, want) {
			s.Errorf("%v", list)
		}
		_, err = s.Languages(s.ctx, s.ws, analyst, Filter{Text: "dana"})
		s.want(err, fault.Denied)
		stranger := identity.Actor{Workspace: s.other, Member: "m", Role: identity.Owner}
		_, err = s.Values(s.ctx, s.ws, stranger, keys, 5)
		s.want(err, fault.Denied)
		values, err = s.Values(s.ctx, s.other, stranger, keys, 5)
		s.must(err)
		if len(values) > 0 {
			s.Errorf("the other workspace sees %v", values)
		}
	})
}

func TestPreviewOfAMerge(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		start := s.clock.Now()
		ids := s.resolve(
			Ref{External: "a", Phone: "054-1234567", Name: "Dana", Account: "acme", Language: "he", Attributes: map[string]string{"plan": "gold", "city": "Haifa"}, Value: &Money{100, "ILS"}, At: start.Add(-40 * day)},
			Ref{External: "b", Email: "dana@example.com", Name: "Dana Cohen", Attributes: map[string]string{"plan": "free"}, Value: &Money{20, "ILS"}})
		for i, c := range []Consent{{Channel: "email", Purpose: "survey", Granted: true, At: start.Add(-time.Hour)}, {Channel: "email", Purpose: "survey", At: start.Add(-2 * time.Hour)},
			{Channel: "sms", Purpose: "survey", Granted: true, At: start.Add(-3 * time.Hour)}} {
			s.must(s.SetConsent(s.ctx, s.ws, s.owner, ids[i%2], c))
		}
		want, err := s.PreviewMerge(s.ctx, s.ws, s.owner, ids[0], ids[1])
		s.must(err)
		if s.get(ids[0]).MergedInto != "" || s.get(ids[1]).Attributes["city"] != "" {
			s.Fatal("looking at a merge changed something")
		}
		s.must(s.Merge(s.ctx, s.ws, s.owner, ids[0], ids[1]))
		if got := s.get(ids[1]); !reflect.DeepEqual(got, want) || got.Name != "Dana Cohen" || len(got.Identities) != 4 {
			s.Errorf("was told\n%+v, got\n%+v", want, got)
		}
		_, err = s.PreviewMerge(s.ctx, s.ws, s.owner, ids[0], ids[1])
		s.want(err, fault.Conflict)
		_, err = s.PreviewMerge(s.ctx, s.ws, s.owner, ids[1], ids[1])
		s.want(err, fault.Invalid)
		_, err = s.PreviewMerge(s.ctx, s.other, identity.Program(s.other, "test"), ids[0], ids[1])
		s.want(err, fault.NotFound)
		_, err = s.PreviewMerge(s.ctx, s.ws, identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}, ids[0], ids[1])
		s.want(err, fault.Denied)
	})
}

func TestWhoHasAnIdentity(t *testing.T) {
	t.Parallel()
	each2(t, func(s shop) {
		a := s.resolve(Ref{External: "a", Phone: "+972541234567", Value: &Money{100, "ILS"}})[0]
		for value, want := range map[string]ID{"054-123 4567": a, "054-1234568": "", "nonsense": ""} {
			got, err := s.Owner(s.ctx, s.ws, s.owner, Phone, value)
			s.must(err)
			if got != want {
				s.Errorf("%s belongs to %q", value, got)
			}
		}
		other, err := s.Owner(s.ctx, s.other, identity.Program(s.other, "test"), Phone, "+972541234567")
		s.must(err)
		_, denied := s.Owner(s.ctx, s.ws, identity.Actor{Workspace: s.ws, Member: "m", Role: identity.Analyst}, Phone, "054-123 4567")
		s.want(denied, fault.Denied)
		if other != "" {
			s.Error("it belongs to a contact of another workspace")
		}
		acme, err := s.SaveAccount(s.ctx, s.ws, s.owner, Account{Name: "Acme", External: "a-1"})
		s.must(err)
		for ws, n := range map[identity.WorkspaceID]int{s.ws: 1, s.other: 0} {
			got, err := s.LoadAccounts(s.ctx, ws, identity.Program(ws, "test"), []AccountID{acme.ID, "nobody"})
			s.must(err)
			if len(got) != n || n == 1 && got[acme.ID].Name != "Acme" {
				s.Errorf("accounts of %s: %v", ws, got)
			}
		}
		_, err = s.Create(s.ctx, s.ws, s.owner, Ref{Email: "b@example.com", Phone: "054-1234567"})
		s.want(err, fault.Conflict)
		var f *fault.Error
		if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != "phone" || f.Fields[0].Code != "taken" {
			s.Errorf("%+v", f)
		}
		c, err := s.Update(s.ctx, s.ws, s.owner, a, Patch{Value: &Money{}})
		s.must(err)
		if c.Value != nil {
			s.Errorf("the value is still there: %v", c.Value)
		}
	})
}
