package theme_test

import (
	"errors"
	"slices"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/identity"
	"kolo/internal/understand/theme"
)

func TestStartingSetSpeaksFourLanguages(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree(nil, 0)
	seen := map[string]bool{}
	for _, x := range theme.Starting {
		for _, l := range []string{"en", "he", "fa", "ru"} {
			if x.Names[l] == "" || x.About[l] == "" {
				t.Errorf("%s has no name or no explanation in %s", x.ID, l)
			}
			if seen[l+x.Names[l]] {
				t.Errorf("two themes are called %s", x.Names[l])
			}
			seen[l+x.Names[l]] = true
		}
		if x.Parent != "" {
			if p, ok := tree.Get(x.Parent); !ok || p.Parent != "" {
				t.Errorf("%s stands under %q", x.ID, x.Parent)
			}
		}
	}
	if n := len(tree.All()); n != len(theme.Starting) {
		t.Errorf("%d of %d are in the tree", n, len(theme.Starting))
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree(nil, 0)
	var own []theme.Theme
	apply := func(x theme.Theme, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		own = slices.DeleteFunc(own, func(o theme.Theme) bool { return o.ID == x.ID })
		own = append(own, x)
		tree = theme.NewTree(own, tree.Version+1)
	}
	apply(tree.Rename("delivery", "en", "  Shipping   times "))
	apply(tree.Add("one", "logistics", "en", "Couriers", "courier"))
	apply(tree.Add("two", "one", "en", "Rude couriers", "rude"))
	apply(tree.Pin("returns_refunds", true))
	if x, _ := tree.Get("delivery"); x.Name("en") != "Shipping times" || x.Name("he") != "משלוח" || x.Name("xx") != "Shipping times" || x.About["en"] == "" {
		t.Errorf("renamed to %+v", x)
	}
	if kids := tree.Children("logistics"); len(kids) != 3 || kids[0].ID != "returns_refunds" {
		t.Errorf("under logistics: %+v", kids)
	}
	if got := tree.Under("logistics"); !slices.Equal(got, []string{"delivery", "logistics", "one", "returns_refunds", "two"}) || tree.Top("two") != "logistics" {
		t.Errorf("under logistics: %q", got)
	}
	apply(tree.Merge("two", "delivery"))
	apply(tree.Set("price", theme.Forbidden))
	if tree.Resolve("two") != "delivery" || tree.Resolve("price") != "" || tree.Resolve("one") != "one" || tree.Resolve("nobody") != "" {
		t.Error("labels lead elsewhere")
	}
	if got := tree.Under("delivery"); !slices.Equal(got, []string{"delivery", "two"}) {
		t.Errorf("delivery counts %q", got)
	}
	apply(tree.Move("one", ""))
	if tree.Top("one") != "one" || len(tree.Under("one")) != 1 {
		t.Errorf("moved: %q", tree.Under("one"))
	}

	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"under itself":     {second(tree.Move("logistics", "delivery")), fault.Conflict},
		"into itself":      {second(tree.Merge("delivery", "delivery")), fault.Conflict},
		"into its own":     {second(tree.Merge("service", "staff_attitude")), fault.Conflict},
		"with children":    {second(tree.Merge("service", "money")), fault.Conflict},
		"merged away":      {second(tree.Rename("two", "en", "x")), fault.Conflict},
		"into merged":      {second(tree.Merge("one", "two")), fault.Conflict},
		"nobody":           {second(tree.Pin("nobody", true)), fault.NotFound},
		"no name":          {second(tree.Rename("one", "en", " ")), fault.Invalid},
		"taken":            {second(tree.Rename("price", "en", "billing")), fault.Invalid},
		"taken by a group": {second(tree.Add("x", "", "en", "money AND contract", "")), fault.Invalid},
		"taken elsewhere":  {second(tree.Add("x", "", "en", " returns  AND refunds", "")), fault.Invalid},
		"taken in Hebrew":  {second(tree.Rename("billing", "he", "משלוח")), fault.Invalid},
		"forbid a group":   {second(tree.Set("money", theme.Forbidden)), fault.Conflict},
		"state":            {second(tree.Set("one", theme.Merged)), fault.Invalid},
		"broken rule":      {second(tree.SetRule("one", `"never closed`)), fault.Invalid},
		"parent":           {second(tree.Add("x", "nobody", "en", "X", "")), fault.Invalid},
	} {
		if !fault.Is(c.err, c.kind) {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func second(_ theme.Theme, err error) error { return err }

func to[T any](v T) *T { return &v }

func TestApply(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{{ID: "f", Origin: theme.Found, State: theme.Proposed, Names: map[string]string{"en": "App crashes"}, Language: "en"}}, 1)
	x, err := tree.Apply("f", theme.Edit{Names: map[string]string{"he": "קריסות", "ru": ""}, Parent: to("digital"), Pinned: to(true), Rule: to(" crash* ")})
	if err != nil || x.State != theme.Live || x.Parent != "digital" || !x.Pinned || x.Rule != "crash*" || x.Names["he"] != "קריסות" || x.Names["en"] != "App crashes" || !x.ByPerson || !x.Moved {
		t.Errorf("%+v, %v", x, err)
	}
	if was, _ := tree.Get("f"); was.Parent != "" || was.Names["he"] != "" || was.State != theme.Proposed {
		t.Errorf("the tree was changed on the way: %+v", was)
	}
	if x, err = tree.Apply("f", theme.Edit{State: to(theme.Forbidden), Rule: to("")}); err != nil || x.State != theme.Forbidden {
		t.Errorf("%+v, %v", x, err)
	}
	if x, err = tree.Apply("f", theme.Edit{Into: to("app_website")}); err != nil || x.State != theme.Merged || x.Into != "app_website" {
		t.Errorf("%+v, %v", x, err)
	}
	tree = theme.NewTree([]theme.Theme{{ID: "delivery", Parent: "logistics", State: theme.Live, Names: map[string]string{"en": "Shipping", "xx": "Lieferung"}}}, 2)
	if x, err = tree.Apply("delivery", theme.Edit{Names: map[string]string{"en": " ", "xx": ""}}); err != nil || x.Names["en"] != "Delivery" || len(x.Names) != 4 {
		t.Errorf("the starting names do not come back: %+v, %v", x, err)
	}
	tree = theme.NewTree([]theme.Theme{{ID: "f", State: theme.Live, Names: map[string]string{"en": "App crashes"}, Language: "en"}}, 3)
	if x, err = tree.Apply("f", theme.Edit{Names: map[string]string{"en": " ", "he": "", "ru": "Сбои"}}); err != nil || len(x.Names) != 1 || x.Name("en") != "Сбои" {
		t.Errorf("a name in another language does not take its place: %+v, %v", x, err)
	}
	for name, e := range map[string]theme.Edit{
		"its only name": {Names: map[string]string{"en": ""}}, "a neighbour's": {Parent: to("logistics"), Names: map[string]string{"en": "Shipping"}},
		"rule": {Rule: to("(")}, "parent": {Parent: to("nobody")},
	} {
		own := theme.NewTree([]theme.Theme{{ID: "delivery", Parent: "logistics", State: theme.Live, Names: map[string]string{"en": "Shipping"}},
			{ID: "f", State: theme.Live, Names: map[string]string{"en": "App crashes"}}}, 3)
		if _, err := own.Apply("f", e); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestNamesAreToldApart: no two themes get the same name in a language, and those that had it before are changed as others are.
func TestNamesAreToldApart(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{
		{ID: "a", State: theme.Live, Names: map[string]string{"en": "Delivery", "ru": "Курьер"}, Language: "en"},
		{ID: "b", State: theme.Live, Names: map[string]string{"en": "Lifts"}, Language: "en"},
		{ID: "c", State: theme.Merged, Into: "b", Names: map[string]string{"en": "Elevators"}, Language: "en"},
	}, 1)
	for name, e := range map[string]theme.Edit{
		"of another place": {Names: map[string]string{"en": "delivery"}}, "in another case": {Names: map[string]string{"ru": "  КУРЬЕР "}}, "of the starting set": {Names: map[string]string{"he": "משלוח"}},
	} {
		if _, err := tree.Apply("b", e); !fault.Is(err, fault.Invalid) {
			t.Errorf("a name %s: %v", name, err)
		}
	}
	for name, e := range map[string]theme.Edit{
		"of what was merged away": {Names: map[string]string{"en": "Elevators"}}, "of another language": {Names: map[string]string{"ru": "Delivery"}},
	} {
		if _, err := tree.Apply("b", e); err != nil {
			t.Errorf("a name %s: %v", name, err)
		}
	}
	if x, err := tree.Apply("a", theme.Edit{Names: map[string]string{"en": "Delivery", "ru": "Доставщик"}, Parent: to("logistics"), Pinned: to(true), Rule: to("deliver*")}); err != nil || x.Name("ru") != "Доставщик" || x.Parent != "logistics" {
		t.Errorf("one of two with the same name cannot be changed: %+v, %v", x, err)
	}
	if x, err := tree.Apply("a", theme.Edit{Names: map[string]string{"en": "DELIVERY"}}); err != nil || x.Name("en") != "DELIVERY" {
		t.Errorf("a name cannot be written otherwise: %+v, %v", x, err)
	}
	if x, err := tree.Apply("delivery", theme.Edit{Names: map[string]string{"en": "Shipping"}}); err != nil || x.Name("en") != "Shipping" {
		t.Errorf("%+v, %v", x, err)
	}
	tree = theme.NewTree([]theme.Theme{{ID: "delivery", Parent: "logistics", State: theme.Live, Names: map[string]string{"en": "Shipping"}}, {ID: "a", State: theme.Live, Names: map[string]string{"en": "Delivery"}}}, 1)
	if _, err := tree.Apply("delivery", theme.Edit{Names: map[string]string{"en": ""}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("the starting name comes back, which another has: %v", err)
	}
}

// What a run only proposed counts for nothing, unless a question names it.
func TestWaitingCountsForNothing(t *testing.T) {
	t.Parallel()
	own := []theme.Theme{
		{ID: "clerk", Parent: "price", Origin: theme.Found, State: theme.Proposed}, {ID: "quiet", Parent: "price", Origin: theme.Found, State: theme.Dormant},
		{ID: "fees", Parent: "price", Origin: theme.Found, State: theme.Live}, {ID: "part", State: theme.Merged, Into: "fees"},
	}
	tree := theme.NewTree(own, 1)
	for id, want := range map[string]string{"clerk": "", "quiet": "", "fees": "fees", "part": "fees", "price": "price", "nobody": ""} {
		if got := tree.Counts(id); got != want {
			t.Errorf("%s counts for %q, want %q", id, got, want)
		}
	}
	if tree.Resolve("clerk") != "clerk" {
		t.Error("a label of what waits means nothing")
	}
	for _, a := range []theme.Asked{tree.For(), tree.For("clerk")} {
		if got := a.Under("price"); !slices.Equal(got, []string{"fees", "part", "price"}) || a.Parent("clerk") != "" || a.Parent("fees") != "price" || a.Resolve("quiet") != "" {
			t.Errorf("under price: %q", got)
		}
		if got := a.Under("clerk"); !slices.Equal(got, []string{"clerk"}) || !slices.Contains(a.Under(""), "clerk") {
			t.Errorf("under the theme itself: %q", got)
		}
	}
	if tree.For("clerk").Resolve("clerk") != "clerk" {
		t.Error("a question that names what waits finds nothing")
	}

	// Whoever puts something that counts under it, or into it, has taken it for a theme.
	for name, x := range map[string]theme.Theme{
		"under it": {ID: "billing", Parent: "clerk", State: theme.Live}, "into it": {ID: "billing", Parent: "money", State: theme.Merged, Into: "clerk"},
	} {
		tree := theme.NewTree(append(slices.Clone(own), x), 2)
		if got, _ := tree.Get("clerk"); got.State != theme.Live || tree.Counts("billing") == "" || tree.Counts("quiet") != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, x := range []theme.Theme{{ID: "other", Parent: "clerk", State: theme.Proposed}, {ID: "other", Parent: "clerk", State: theme.Forbidden}} {
		if got, _ := theme.NewTree(append(slices.Clone(own), x), 2).Get("clerk"); got.State != theme.Proposed {
			t.Errorf("what nobody accepted makes another accepted: %+v", x)
		}
	}
}

// A tree that is not one, as two people who change it at once could leave it, is still shown whole.
func TestRings(t *testing.T) {
	t.Parallel()
	tree := theme.NewTree([]theme.Theme{
		{ID: "a", Parent: "b", State: theme.Live}, {ID: "b", Parent: "a", State: theme.Live}, {ID: "c", Parent: "gone", State: theme.Live},
		{ID: "d", State: theme.Merged, Into: "e"}, {ID: "e", State: theme.Merged, Into: "d"},
	}, 1)
	if n := len(tree.All()); n != len(theme.Starting)+3 {
		t.Errorf("%d are shown", n)
	}
	if tree.Resolve("d") != "" {
		t.Error("a ring of merges leads somewhere")
	}
	_ = tree.Under("d")
}

func TestService(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, other := theme.NewService(db), theme.NewService(db)
		who := identity.Actor{Workspace: "one", Member: "m", Role: identity.Analyst, Name: "Ana"}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		before, err := other.Tree(t.Context(), "one")
		must(err)
		var seen []string
		s.OnChange(func(_ *store.Tx, _ identity.WorkspaceID, was, is theme.Theme) error {
			seen = append(seen, was.Names["en"]+" to "+is.Names["en"])
			return nil
		})
		_, err = s.Change(t.Context(), "one", who, "theme.rename", func(t *theme.Tree) (theme.Theme, error) { return t.Rename("delivery", "he", "שליחויות") })
		must(err)
		added, err := s.Add(t.Context(), "one", who, "delivery", "en", "Couriers", "courier*")
		must(err)
		after, err := other.Tree(t.Context(), "one") // another process's cache follows
		must(err)
		if before.Version != 0 || after.Version != 2 || after.Name("delivery", "he") != "שליחויות" || after.Name("delivery", "en") != "Delivery" {
			t.Errorf("versions %d and %d: %q", before.Version, after.Version, after.Name("delivery", "he"))
		}
		if len(seen) != 2 || seen[0] != "Delivery to Delivery" || seen[1] != " to Couriers" {
			t.Errorf("changes were told as %q", seen)
		}
		if x, ok := after.Get(added.ID); !ok || x.Rule != "courier*" || x.NamedBy != "Ana" || x.Parent != "delivery" || !x.ByPerson {
			t.Errorf("kept %+v", x)
		}
		// A transaction sees what it has done; what is taken back stays unseen elsewhere.
		back := errors.New("back")
		err = db.Update(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec("UPDATE theme_version SET version = 3 WHERE workspace = 'one'"); err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE theme SET rule = 'gone*' WHERE workspace = 'one' AND id = $1", added.ID); err != nil {
				return err
			}
			in, err := s.TreeIn(tx, "one")
			if err != nil {
				return err
			}
			if x, _ := in.Get(added.ID); in.Version != 3 || x.Rule != "gone*" {
				t.Errorf("in the transaction: %+v at %d", x, in.Version)
			}
			return back
		})
		if !errors.Is(err, back) {
			t.Fatal(err)
		}
		_, err = s.Edit(t.Context(), "one", who, added.ID, theme.Edit{Rule: &added.Rule})
		must(err)
		must(db.View(t.Context(), func(tx *store.Tx) error {
			in, err := s.TreeIn(tx, "one")
			if err == nil {
				if x, _ := in.Get(added.ID); in.Version != 3 || x.Rule != "courier*" {
					t.Errorf("what was taken back is seen: %+v at %d", x, in.Version)
				}
			}
			return err
		}))
		if theirs, err := s.Tree(t.Context(), "two"); err != nil || theirs.Name("delivery", "he") != "משלוח" || len(theirs.Under("delivery")) != 1 {
			t.Errorf("another workspace sees it: %v", err)
		}
		for name, actor := range map[string]identity.Actor{"agent": {Workspace: "one", Member: "a", Role: identity.Agent}, "stranger": {Workspace: "two", Member: "o", Role: identity.Owner}} {
			if _, err := s.Add(t.Context(), "one", actor, "", "en", "X", ""); !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
