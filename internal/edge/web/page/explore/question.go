package explore

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/insight"
)

// Question is what the address of the page holds: a query and how its answer is drawn.
type Question struct {
	insight.Query
	Chart string
}

// own are the names in the address that are not conditions. Conditions stand there as on /feedback; those of a share
// have "share." before their name, those of the other feedback in a comparison "than.".
var own = []string{"measure", "of", "by", "bucket", "last", "from", "to", "compare", "scale", "order", "limit", "level", "chart", "view", "page", "sort"}

// Encode writes a question as the query string of the page, defaults left out.
func (q Question) Encode() url.Values {
	v := insight.Encode(q.Where, q.Between)
	put := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	put("measure", string(q.Measure))
	put("of", q.Of)
	for _, b := range q.By {
		v.Add("by", b)
	}
	put("bucket", q.Bucket)
	put("scale", q.Scale)
	put("chart", q.Chart)
	if q.Order != "n" {
		put("order", q.Order)
	}
	if q.Limit != 0 && q.Limit != 100 {
		put("limit", strconv.Itoa(q.Limit))
	}
	if q.Level != 0 && q.Level != 0.95 {
		put("level", strconv.FormatFloat(q.Level, 'f', -1, 64))
	}
	for name, list := range insight.Encode(q.Share, insight.Period{}) {
		v["share."+name] = list
	}
	if q.Compare != nil {
		put("compare", q.Compare.To)
		if q.Compare.To == "" {
			put("compare", "other")
		}
		for name, list := range insight.Encode(q.Compare.Where, insight.Period{}) {
			v["than."+name] = list
		}
	}
	return v
}

// Decode reads what Encode wrote. The error names every value that is wrong, by its control.
func Decode(v url.Values) (Question, error) {
	q := Question{Chart: v.Get("chart"), Query: insight.Query{
		Measure: insight.Measure(v.Get("measure")), Of: v.Get("of"), Bucket: v.Get("bucket"), Scale: v.Get("scale"), Order: v.Get("order"),
		Between: insight.Period{From: v.Get("from"), To: v.Get("to"), Last: v.Get("last")},
	}}
	for _, b := range v["by"] {
		if b != "" {
			q.By = append(q.By, b)
		}
	}
	var bad []fault.Field
	number := func(name string, into func(float64)) {
		if s := v.Get(name); s != "" {
			f, err := strconv.ParseFloat(s, 64)
			if err != nil {
				bad = append(bad, fault.Field{Path: name, Code: "type", Msg: "this is not a number"})
				return
			}
			into(f)
		}
	}
	number("limit", func(f float64) { q.Limit = int(f) })
	number("level", func(f float64) { q.Level = f })
	conditions := map[string]url.Values{"": {}, "share": {}, "than": {}}
	for name, list := range v {
		if slices.Contains(own, name) {
			continue
		}
		set, rest, ok := strings.Cut(name, ".")
		if !ok || set != "share" && set != "than" {
			set, rest = "", name
		}
		conditions[set][rest] = list
	}
	paths := map[string]string{"": "where", "share": "share", "than": "compare.where"}
	read := func(set string) insight.Conditions {
		c, _, err := insight.Decode(conditions[set])
		var f *fault.Error
		if errors.As(err, &f) {
			for _, x := range f.Fields {
				x.Path = paths[set] + strings.TrimPrefix(x.Path, "where")
				bad = append(bad, x)
			}
		}
		return c
	}
	q.Where, q.Share = read(""), read("share")
	if to := v.Get("compare"); to != "" {
		q.Compare = &insight.Compare{To: to}
		if to == "other" {
			q.Compare = &insight.Compare{Where: read("than")}
		}
	}
	if len(bad) > 0 {
		return q, fault.Bad("explore.Decode", bad...)
	}
	return q, q.Validate()
}

// asked is what a form sent: a question whose values may still be missing.
type asked struct {
	values url.Values     // of the question, as in a shared address
	new    map[string]row // conditions that have a field but no value yet, by their set
	form   bool           // the form sent it, so the address is not yet the one to share
}

// row is a condition that is being made.
type row struct{ field, op string }

// collect turns what the form sends into the values of an address. The form sends each condition as a row
// (row.SET.INDEX.field, .op and .v), the period as a choice that may be "custom", and empty fields.
func collect(v url.Values) asked {
	a := asked{values: url.Values{}, new: map[string]row{}}
	rows := map[string]map[int]bool{}
	for name, list := range v {
		if rest, ok := strings.CutPrefix(name, "row."); ok {
			a.form = true
			set, rest, _ := strings.Cut(rest, ".")
			at, _, _ := strings.Cut(rest, ".")
			if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < 100 {
				if rows[set] == nil {
					rows[set] = map[int]bool{}
				}
				rows[set][i] = true
			}
			continue
		}
		for _, x := range list {
			if x = strings.TrimSpace(x); x != "" {
				a.values.Add(name, x)
			} else if slices.Contains(own, name) {
				a.form = true
			} else {
				a.values.Add(name, x) // channel.empty= has no value
			}
		}
	}
	if a.values.Get("last") == "custom" {
		a.form = true
		a.values.Del("last")
	} else if a.values.Get("last") != "" && (has(a.values, "from") || has(a.values, "to")) {
		a.form = true
		a.values.Del("from")
		a.values.Del("to")
	}
	for set, indexes := range rows {
		prefix := map[string]string{"share": "share.", "than": "than."}[set]
		if prefix == "" && set != "where" {
			continue
		}
		for _, i := range slices.Sorted(maps.Keys(indexes)) {
			a.condition(set, prefix, v, "row."+set+"."+strconv.Itoa(i)+".")
		}
	}
	return a
}

// condition reads one row of the form.
func (a *asked) condition(set, prefix string, v url.Values, key string) {
	field, op := v.Get(key+"field"), v.Get(key+"op")
	if field == "" {
		return
	}
	if field == "text" && op == "in" { // the first of the list, before the form knew of the field
		op = "contains"
	}
	var values []string
	for _, x := range v[key+"v"] {
		if x = strings.TrimSpace(x); x != "" && !slices.Contains(values, x) {
			values = append(values, x)
		}
	}
	name := prefix + field
	if op != "" && op != "in" {
		name += "." + op
	}
	switch {
	case op == "empty" || op == "not_empty":
		a.values[name] = []string{""}
		return
	case len(values) == 0:
		a.new[set] = row{field, op}
		return
	case single(op):
		values = values[len(values)-1:]
	}
	for _, x := range values {
		if !slices.Contains(a.values[name], x) {
			a.values.Add(name, x)
		}
	}
}

// single tells whether an operator compares with one number.
func single(op string) bool { return op == "gt" || op == "gte" || op == "lt" || op == "lte" }

// has tells whether a value is given.
func has(v url.Values, name string) bool { return v.Get(name) != "" }
