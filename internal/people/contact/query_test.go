package contact

import (
	"net/url"
	"reflect"
	"testing"

	"kolo/internal/foundation/fault"
)

func TestFilterInAnAddress(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]Filter{
		"":                                       {},
		"q=&account=&segment=":                   {},
		"q=+dana+&cursor=x":                      {Text: "dana"},
		"language=he&language=":                  {Languages: []string{"he", ""}},
		"has=email&has=phone":                    {Has: []Kind{Email, Phone}},
		"account=a1&segment=s1":                  {Account: "a1", Segment: "s1"},
		"attribute.plan=gold&attribute.plan=Pro": {Conditions: []Condition{{"plan", Is, []string{"gold", "Pro"}}}},
		"attribute.plan.is_not=a&attribute.plan.is_not": {Conditions: []Condition{{"plan", IsNot, []string{"a", ""}}}},
		"attribute.plan.present=":                       {Conditions: []Condition{{"plan", Present, nil}}},
		"attribute.plan.absent=whatever":                {Conditions: []Condition{{"plan", Absent, nil}}},
		"attribute.n.above=3&attribute.n.below=9":       {Conditions: []Condition{{"n", Above, []string{"3"}}, {"n", Below, []string{"9"}}}},
		"attribute.n.above=3&attribute.n.above=4":       {Conditions: []Condition{{"n", Above, []string{"3"}}, {"n", Above, []string{"4"}}}},
		"attribute.price.above.is=3":                    {Conditions: []Condition{{"price.above", Is, []string{"3"}}}},
		"attribute.a.b=3":                               {Conditions: []Condition{{"a.b", Is, []string{"3"}}}},
		"attribute.is=3":                                {Conditions: []Condition{{"is", Is, []string{"3"}}}},
		"attribute.Plan+type=x":                         {Conditions: []Condition{{"plan_type", Is, []string{"x"}}}},
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeFilter(v, "cursor")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v %v, want %+v", query, got, err, want)
			continue
		}
		if again, err := DecodeFilter(EncodeFilter(got)); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%q came back as %q", query, EncodeFilter(got).Encode())
		}
	}
	for _, query := range []string{"plan=gold", "attribute.=x", "attribute=plan:gold", "attribute._=x", "cursor=x"} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeFilter(v); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is read as a filter: %v", query, err)
		}
	}
}

func TestConditionsThatAreDrawnTogether(t *testing.T) {
	t.Parallel()
	is := func(values ...string) Condition { return Condition{"plan", Is, values} }
	for _, c := range []struct {
		want string
		of   []Condition
	}{
		{"attribute.plan=b", []Condition{is("a", "b"), is("B", "c")}},
		{"attribute.plan=a&attribute.plan.absent=", []Condition{is("a"), is("b")}},
		{"attribute.plan.is_not=a&attribute.plan.is_not=b", []Condition{{"plan", IsNot, []string{"a"}}, {"plan", IsNot, []string{"b"}}}},
	} {
		if got := EncodeFilter(Filter{Conditions: c.of}).Encode(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.of, got, c.want)
		}
	}
}
