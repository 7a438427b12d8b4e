package insight_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// TestNobodyAsksTheirWayToACustomer: what an answer covers cannot be guessed by conditions either, and ordinary questions stay.
func TestNobodyAsksTheirWayToACustomer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		must(t, contact.NewService(w.db).SetAttribute(t.Context(), w.ws, owner, contact.Attribute{Key: "National id", Kind: contact.Text, Personal: true}))
		one := func(field, op string, values ...string) insight.Condition {
			return insight.Condition{Field: field, Op: op, Values: values}
		}
		for _, c := range []insight.Condition{
			one("attribute.national_id", "in", "x"), one("contact.National ID", "not_empty"), one("contact.national_id", "contains", "x"), one("attribute.National Id", "gt", "1"),
			one("text", "contains", "ana@ex"), one("text", "search", "052-1"), one("text", "search", "0 5 2 1"), one("text", "not_contains", "۰۵۲۱"), one("text", "", "call 052-123-4567"),
			one("attribute.note", "in", "gold", "ana@example.com"), one("attribute.note", "contains", "5212"), one("attribute.note", "gt", "521234000"), one("contact.note", "lte", "521234000"),
			one("attribute.note", "gt", "521234.566e3"), one("attribute.note", "lt", "0x1f11_6886p0"), one("contact.note", "gte", "+5.21234566E+08"), one("answer.q", "lt", "-521234.566e3"),
			one("answer.q", "not_in", "052-123-4567"), one("answer.q", "contains", "@"), one("source", "contains", "(052) 1"), one("survey", "in", "ana@example.com"),
		} {
			for name, q := range map[string]insight.Query{"where": {Where: insight.Conditions{c}}, "share": {Measure: insight.Share, Share: insight.Conditions{c}},
				"compare": {Compare: &insight.Compare{To: "where", Where: insight.Conditions{c}}}} {
				if q.Measure == "" {
					q.Measure = insight.Count
				}
				if _, err := w.insight.AskFor(t.Context(), w.ws, viewer, q); !fault.Is(err, fault.Denied) || !strings.Contains(fault.ProblemOf(err).Detail, "contacts.identify") {
					t.Errorf("%s %+v: %v", name, c, err)
				}
			}
			if _, err := w.insight.Facets(t.Context(), w.ws, viewer, insight.Conditions{c}, insight.Period{}, []string{"channel"}, 5); !fault.Is(err, fault.Denied) {
				t.Errorf("facets by %+v: %v", c, err)
			}
			if _, err := w.insight.ThemesFor(t.Context(), w.ws, viewer, insight.ThemesQuery{Where: insight.Conditions{c}}); !fault.Is(err, fault.Denied) {
				t.Errorf("themes by %+v: %v", c, err)
			}
			if err := w.insight.MayAsk(t.Context(), w.ws, owner, insight.Conditions{c}); err != nil {
				t.Errorf("the owner may ask for everything: %v", err)
			}
		}
		if _, err := w.insight.AskFor(t.Context(), w.ws, viewer, insight.Query{Measure: insight.Mean, Of: "attribute.national_id"}); !fault.Is(err, fault.Denied) {
			t.Errorf("a mean of what is personal: %v", err)
		}
		id := "0198c5b0-7a1e-7cc3-98c4-dc0c0c07398f"
		for _, c := range []insight.Condition{
			one("contact.plan", "in", "gold"), one("attribute.year", "in", "2024"), one("attribute.branch", "in", "Branch 1205"), one("attribute.amount", "gt", "100000"), one("attribute.since", "gte", "2026-01-31"),
			one("text", "search", "slow delivery"), one("text", "contains", "24 hours"), one("text", "search", "iphone 15"), one("contact", "in", id), one("import", "in", id), one("nps", "lt", "7"),
			one("theme", "in", id), one("answer.q", "in", "yes"), one("survey", "in", "Spring 2024"), one("source", "in", "import: answers 20260131.csv"), one("attribute.note", "empty"), one("language", "in", "he"),
		} {
			if err := w.insight.MayAsk(t.Context(), w.ws, viewer, insight.Conditions{c}); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
		// A view that is shared is asked by whoever opens it.
		v, err := w.insight.SaveView(t.Context(), w.ws, owner, insight.View{Name: "Gold", Shared: true, Query: insight.Query{Measure: insight.Count, Where: insight.Conditions{one("contact.plan", "in", "gold")}}})
		must(t, err)
		got, err := w.insight.GetView(t.Context(), w.ws, viewer, v.ID)
		must(t, err)
		_, err = w.insight.AskFor(t.Context(), w.ws, viewer, got.Query)
		must(t, err)
	})
}

// TestNobodySpellsATextOutByPieces: pieces that are harmless by themselves say what a text says once they are asked of it alone, or together.
func TestNobodySpellsATextOutByPieces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		viewer := identity.Actor{Workspace: w.ws, Member: "v", Role: identity.Viewer}
		one := func(field, op string, values ...string) insight.Condition {
			return insight.Condition{Field: field, Op: op, Values: values}
		}
		said := by(1, 9, 1, "web")
		said.Text = "Please call me on 0527394618, or write to zelda.q@example.com"
		id := string(w.receive(w.ws, said)[0].ID)
		ask := func(actor identity.Actor, q insight.Query) error {
			t.Helper()
			if q.Measure == "" {
				q.Measure = insight.Count
			}
			_, err := w.insight.AskFor(t.Context(), w.ws, actor, q)
			return err
		}
		refused := func(name string, q insight.Query) {
			t.Helper()
			if err := ask(viewer, q); !fault.Is(err, fault.Denied) || !strings.Contains(fault.ProblemOf(err).Detail, "contacts.identify") {
				t.Errorf("%s: %v", name, err)
			}
			if err := ask(owner, q); err != nil {
				t.Errorf("%s: the owner may ask for everything: %v", name, err)
			}
		}
		for _, pin := range []insight.Condition{one("id", "in", id), one("id", "not_in", id), one("id", "contains", id[:8]), one("contact", "in", id), one("contact", "", id), one("copy", "in", "12"), one("copy", "not_in", "12")} {
			for _, piece := range []insight.Condition{one("text", "contains", "527"), one("text", "contains", "zel"), one("text", "search", "zelda"), one("text", "not_contains", "527"), one("answer.q", "contains", "zel"),
				one("source", "contains", "zel"), one("touchpoint", "contains", "a"), one("survey", "not_contains", "a"), one("nps_question", "contains", "a"), one("attribute.note", "contains", "52"), one("contact.note", "contains", "52")} {
				both := insight.Conditions{pin, piece}
				refused("where", insight.Query{Where: both})
				refused("share", insight.Query{Measure: insight.Share, Where: insight.Conditions{pin}, Share: insight.Conditions{piece}})
				refused("compare", insight.Query{Where: insight.Conditions{pin}, Compare: &insight.Compare{Where: insight.Conditions{piece}}})
				refused("the other way round", insight.Query{Where: insight.Conditions{piece}, Compare: &insight.Compare{Where: insight.Conditions{pin}}})
				if _, err := w.insight.Facets(t.Context(), w.ws, viewer, both, insight.Period{}, []string{"channel"}, 5); !fault.Is(err, fault.Denied) {
					t.Errorf("facets by %+v: %v", both, err)
				}
				if _, err := w.insight.ThemesFor(t.Context(), w.ws, viewer, insight.ThemesQuery{Where: both}); !fault.Is(err, fault.Denied) {
					t.Errorf("themes by %+v: %v", both, err)
				}
			}
			refused("mean", insight.Query{Measure: insight.Mean, Of: "attribute.note", Where: insight.Conditions{pin}})
		}
		piece := insight.Conditions{one("text", "contains", "527")}
		refused("by id", insight.Query{Where: piece, By: []string{"id"}})
		refused("by contact", insight.Query{Where: piece, By: []string{"channel", "contact"}})
		refused("between instants", insight.Query{Where: piece, Between: insight.Period{From: said.Time.Format("2006-01-02T15:04:05Z07:00")}})
		refused("pieces together", insight.Query{Where: insight.Conditions{one("text", "contains", "on 052"), one("text", "contains", "739")}})
		refused("pieces in share", insight.Query{Measure: insight.Share, Where: piece, Share: insight.Conditions{one("text", "search", "46")}})
		refused("pieces of none", insight.Query{Where: insight.Conditions{one("text", "not_contains", "527", "a 39")}})
		for name, q := range map[string]insight.Query{
			"either piece": {Where: insight.Conditions{one("text", "contains", "iphone 15", "iphone 16")}}, "words of a customer": {Where: insight.Conditions{one("contact", "in", id), one("text", "not_empty")}},
			"words of the known": {Where: insight.Conditions{one("contact", "not_empty"), one("text", "search", "delivery")}}, "by day": {Where: piece, Between: insight.Period{From: "2026-01-01", To: "2026-01-31"}},
			"by contact": {By: []string{"contact"}}, "of an instant": {Between: insight.Period{From: "2026-01-01T00:00:00Z"}}, "two words": {Where: insight.Conditions{one("text", "contains", "24 hours"), one("text", "search", "delivery")}},
		} {
			if err := ask(viewer, q); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestViewsDoNotSayWhatTheyAskFor: a view that is shared stays in the list, and what it asks for is covered before those who may not ask.
func TestViewsDoNotSayWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		analyst := identity.Actor{Workspace: w.ws, Member: "a", Role: identity.Analyst}
		must(t, contact.NewService(w.db).SetAttribute(t.Context(), w.ws, owner, contact.Attribute{Key: "national_id", Kind: contact.Text, Personal: true}))
		is := func(field, op string, values ...string) insight.Condition {
			return insight.Condition{Field: field, Op: op, Values: values}
		}
		asked := insight.Query{Measure: insight.Share, Where: insight.Conditions{is("attribute.national_id", "in", "123456782"), is("channel", "in", "web")},
			Share: insight.Conditions{is("text", "search", "dana@example.com")}, Compare: &insight.Compare{Where: insight.Conditions{is("source", "contains", "dana@example.com"), is("attribute.note", "gt", "521234566")}}}
		var saved []insight.View
		for name, q := range map[string]insight.Query{"One": asked, "Two": {Measure: insight.Count, Where: insight.Conditions{is("channel", "in", "web")}},
			"Three": {Measure: insight.Count, Where: insight.Conditions{is("id", "in", "x"), is("text", "contains", "dana")}}} {
			v, err := w.insight.SaveView(t.Context(), w.ws, owner, insight.View{Name: name, Shared: true, Query: q})
			must(t, err)
			saved = append(saved, v)
		}
		list, err := w.insight.Views(t.Context(), w.ws, analyst)
		must(t, err)
		if len(list) != 3 {
			t.Fatalf("%+v", list)
		}
		for _, v := range list {
			one, err := w.insight.GetView(t.Context(), w.ws, analyst, v.ID)
			must(t, err)
			b, err := json.Marshal([]insight.View{v, one})
			must(t, err)
			if told := string(b); strings.Contains(told, "123456782") || strings.Contains(told, "dana") || strings.Contains(told, "5212") {
				t.Errorf("an analyst sees %s", told)
			}
			_, err = w.insight.AskFor(t.Context(), w.ws, analyst, v.Query)
			if covered := v.Name != "Two"; v.Covered != covered || one.Covered != covered || fault.Is(err, fault.Denied) != covered || !covered && err != nil {
				t.Errorf("%s: covered %v, %v; asked %v", v.Name, v.Covered, one.Covered, err)
			}
		}
		if q := list[0].Query; list[0].Name != "One" || q.Where[1].Values[0] != "web" || q.Where[0].Values[0] != insight.Covered || q.Compare.Where[1].Values[0] != insight.Covered {
			t.Errorf("%+v", q)
		}
		// Nor is it saved as it looks, and who may know sees it as it was.
		if _, err := w.insight.SaveView(t.Context(), w.ws, analyst, insight.View{Name: "Mine", Query: insight.Query{Measure: insight.Count, Where: list[0].Query.Where}}); !fault.Is(err, fault.Denied) {
			t.Errorf("saved: %v", err)
		}
		for _, v := range saved {
			got, err := w.insight.GetView(t.Context(), w.ws, owner, v.ID)
			must(t, err)
			if got.Covered || !reflect.DeepEqual(got.Query.Where, v.Query.Where) {
				t.Errorf("the owner sees %+v", got)
			}
		}
	})
}
