package population_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type world struct {
	*testing.T
	db       *store.DB
	s        *population.Service
	contacts *contact.Service
	one, two identity.WorkspaceID
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := &world{T: t, db: db, s: population.NewService(db), contacts: contact.NewService(db)}
		people := identity.NewService(db, identity.Options{})
		for i, ws := range []*identity.WorkspaceID{&w.one, &w.two} {
			made, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: fmt.Sprint("W", i), Zone: "Asia/Tehran", WeekStart: identity.Saturday,
				Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("dana%d@example.com", i)}})
			must(t, err)
			*ws = made.ID
		}
		test(w)
	})
}

func (w *world) get(ws identity.WorkspaceID) population.Known {
	w.Helper()
	k, err := w.s.Get(w.Context(), ws)
	must(w.T, err)
	return k
}

func TestTwoWorkspacesKnowTheirOwn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx, actor := w.Context(), identity.Program(w.one, "test")
		if k := w.get(w.one); k.Settings != population.Usual || k.Margins != nil || k.Invited != nil {
			w.Errorf("a new workspace knows %+v", k)
		}
		must(w.T, w.s.SaveSettings(ctx, w.one, actor, population.Settings{MinimumPoints: 3, MinimumShare: .1}))
		must(w.T, w.s.SaveMargins(ctx, w.one, actor, []population.Margin{{Field: "attribute.plan", Parts: []population.Part{{Value: "basic", Share: 45}, {Value: "premium", Share: 55}}}}))
		must(w.T, w.s.AddInvited(ctx, w.one, actor, []population.Invited{{Survey: "relationship", From: "2026-01-01", To: "2026-01-31", Invited: 900},
			{Survey: "relationship", From: "2026-01-01", To: "2026-01-31", Field: "attribute.plan", Value: "basic", Invited: 400}}))
		// The same days again: replaced.
		must(w.T, w.s.AddInvited(ctx, w.one, actor, []population.Invited{{Survey: "relationship", From: "2026-01-01", To: "2026-01-31", Invited: 1000}}))
		k := w.get(w.one)
		if k.Settings.MinimumPoints != 3 || len(k.Margins) != 1 || math.Abs(k.Margins[0].Parts[0].Share-.45) > 1e-12 || k.Margins[0].Origin != population.Typed {
			w.Errorf("%+v", k)
		}
		if len(k.Invited) != 2 || k.Invited[0].Invited != 1000 || k.Invited[0].From != "2026-01-01" || k.Invited[1].Value != "basic" {
			w.Errorf("%+v", k.Invited)
		}
		if k := w.get(w.two); k.Settings != population.Usual || k.Margins != nil || k.Invited != nil {
			w.Errorf("the other workspace knows %+v", k)
		}
		stranger := identity.Program(w.two, "stranger")
		for name, err := range map[string]error{
			"settings":       w.s.SaveSettings(ctx, w.one, stranger, population.Usual),
			"margins":        w.s.SaveMargins(ctx, w.one, stranger, k.Margins),
			"delete margin":  w.s.DeleteMargin(ctx, w.one, stranger, "attribute.plan"),
			"invited":        w.s.AddInvited(ctx, w.one, stranger, k.Invited),
			"delete invited": w.s.DeleteInvited(ctx, w.one, stranger, k.Invited[0].ID),
		} {
			if !fault.Is(err, fault.Denied) {
				w.Errorf("%s by a stranger: %v", name, err)
			}
		}
		if err := w.s.DeleteInvited(ctx, w.two, stranger, k.Invited[0].ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("another's record from one's own workspace: %v", err)
		}
		must(w.T, w.s.DeleteInvited(ctx, w.one, actor, k.Invited[0].ID))
		must(w.T, w.s.DeleteMargin(ctx, w.one, actor, "attribute.plan"))
		if k := w.get(w.one); len(k.Margins) != 0 || len(k.Invited) != 1 {
			w.Errorf("after deleting: %+v", k)
		}
		if err := w.s.DeleteMargin(ctx, w.one, actor, "attribute.plan"); !fault.Is(err, fault.NotFound) {
			w.Errorf("deleted twice: %v", err)
		}
	})
}

func TestTheContactBookIsCounted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx := w.Context()
		for i := range 10 {
			ref := contact.Ref{External: fmt.Sprint("x", i), Attributes: map[string]string{"plan": []string{"Basic", "Basic", "Premium"}[i%3], "only": "one"}}
			_, err := w.contacts.Create(ctx, w.one, identity.Program(w.one, "test"), ref)
			must(w.T, err)
		}
		m, err := w.s.Count(ctx, w.one, identity.Program(w.one, "test"), "plan")
		must(w.T, err)
		want := []population.Part{{Value: "basic", Share: .7}, {Value: "premium", Share: .3}}
		got := w.get(w.one).Margins
		if len(got) != 1 || got[0].Field != "contact.plan" || got[0].Origin != population.Contacts || !reflect.DeepEqual(got[0].Parts, want) || m.Field != got[0].Field {
			w.Errorf("%+v", got)
		}
		for _, attribute := range []string{"only", "nothing"} {
			if _, err := w.s.Count(ctx, w.one, identity.Program(w.one, "test"), attribute); !fault.Is(err, fault.Invalid) {
				w.Errorf("%s: %v", attribute, err)
			}
		}
		if _, err := w.s.Count(ctx, w.two, identity.Program(w.two, "test"), "plan"); !fault.Is(err, fault.Invalid) {
			w.Errorf("the other workspace has no contacts: %v", err)
		}
	})
}

func TestWrongFactsAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ctx, actor := w.Context(), identity.Program(w.one, "test")
		two := []population.Part{{Value: "a", Share: 1}, {Value: "b", Share: 1}}
		for path, m := range map[string]population.Margin{
			"field": {Field: "nps", Parts: two},
			"parts": {Field: "attribute.plan", Parts: two[:1]},
		} {
			wrong(w.T, path, w.s.SaveMargins(ctx, w.one, actor, []population.Margin{m}))
		}
		wrong(w.T, "parts", w.s.SaveMargins(ctx, w.one, actor, []population.Margin{{Field: "attribute.plan", Parts: []population.Part{{Value: "A", Share: 1}, {Value: "a", Share: 1}}}}))
		wrong(w.T, "parts", w.s.SaveMargins(ctx, w.one, actor, []population.Margin{{Field: "attribute.plan", Parts: []population.Part{{Value: "A", Share: 1}, {Value: "b"}}}}))
		wrong(w.T, "minimum_points", w.s.SaveSettings(ctx, w.one, actor, population.Settings{MinimumPoints: -1}))
		wrong(w.T, "minimum_share", w.s.SaveSettings(ctx, w.one, actor, population.Settings{MinimumShare: 2}))
		ok := population.Invited{Survey: "s", From: "2026-01-01", To: "2026-01-02", Invited: 1}
		for path, change := range map[string]func(*population.Invited){
			"survey": func(v *population.Invited) { v.Survey = " " }, "from": func(v *population.Invited) { v.From = "yesterday" }, "to": func(v *population.Invited) { v.To = "2025-12-31" },
			"field": func(v *population.Invited) { v.Field, v.Value = "text", "x" }, "value": func(v *population.Invited) { v.Field = "channel" }, "invited": func(v *population.Invited) { v.Invited = 0 },
		} {
			v := ok
			change(&v)
			wrong(w.T, path, w.s.AddInvited(ctx, w.one, actor, []population.Invited{v}))
		}
		if k := w.get(w.one); k.Settings != population.Usual || k.Margins != nil || k.Invited != nil {
			w.Errorf("something of it was kept: %+v", k)
		}
	})
}

func wrong(t *testing.T, path string, err error) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != path {
		t.Errorf("%s: %v", path, err)
	}
}

func TestLinesArePastedAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	farsi := i18n.Load().Language("fa")
	for text, want := range map[string][]population.Part{
		"value,share\nbasic,45\npremium,55":      {{Value: "basic", Share: 45}, {Value: "premium", Share: 55}},
		"basic;45,5 %\npremium;54,5 %":           {{Value: "basic", Share: 45.5}, {Value: "premium", Share: 54.5}},
		"پایه\t۴۵٪\nویژه\t۵۵٪":                   {{Value: "پایه", Share: 45}, {Value: "ویژه", Share: 55}},
		"\ufeff\"north, far\",1200\nsouth,\"3\"": {{Value: "north, far", Share: 1200}, {Value: "south", Share: 3}},
	} {
		number := func(s string) (string, bool) { return farsi.Number(s) }
		if text[0] == 'b' { // a comma for decimals
			number = i18n.Load().Language("ru").Number
		}
		got, err := population.ParseMargins(text, "attribute.x", number)
		if err != nil || len(got) != 1 || got[0].Field != "attribute.x" || !reflect.DeepEqual(got[0].Parts, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	got, err := population.ParseMargins("attribute.plan,basic,1\nlanguage,he,3\nattribute.plan,pro,1\nlanguage,en,1", "", nil)
	if err != nil || len(got) != 2 || got[0].Field != "attribute.plan" || len(got[1].Parts) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "only one cell", "a,b\nc,d", "a,1\nb,many"} {
		if _, err := population.ParseMargins(bad, "language", nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// Per cents are of a hundred, as closely as rounding leaves them; counts and shares are of their sum.
	for text, code := range map[string]string{"a,33%\nb,33%\nc,33%": "", "a,60%\nb,60%": "percent", "value,share (%)\na,60\nb,60": "percent", "a,40٪\nb,40٪": "percent", "a,60%\nb,40": "percent_some",
		"a,60\nb,60": "", "basic\tabc": "number", "a,0.5\nb,0.5": ""} {
		_, err := population.ParseMargins(text, "language", nil)
		if got := fault.ProblemOf(err).Errors; code == "" && err != nil || code != "" && (len(got) != 1 || got[0].Code != code) {
			t.Errorf("%q: %v", text, err)
		}
	}
	invited, err := population.ParseInvited("survey,from,to,invited\nnps,2026-01-01,2026-01-31,1200\nnps,2026-01-01,2026-01-31,language,he,300", nil)
	if err != nil || len(invited) != 2 || invited[0].Invited != 1200 || invited[1].Field != "language" || invited[1].Value != "he" || invited[1].Invited != 300 {
		t.Errorf("%+v, %v", invited, err)
	}
	for _, bad := range []string{"", "nps,2026-01-01,2026-01-31,1.5\nnps,2026-01-01,2026-01-31,1.5", "nps,12"} {
		if _, err := population.ParseInvited(bad, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
