package explore

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/understand/insight"
)

// Question is what the address of the page holds: a query and how its answer is drawn.
type Question struct {
	insight.Query
	Chart string
}

// own are the names in the address that are not conditions: those of the query, and the page's.
var own = append(slices.Clone(insight.QueryNames), pageNames...)

// pageNames are the page's own.
var pageNames = []string{"chart", "view", "page", "sort"}

// Encode writes a question as the query string of the page, defaults left out.
func (q Question) Encode() url.Values {
	v := q.Query.Encode()
	if q.Chart != "" {
		v.Set("chart", q.Chart)
	}
	return v
}

// Decode reads what Encode wrote. The error names every value that is wrong, by its control.
func Decode(v url.Values) (Question, error) {
	q, err := insight.DecodeQuery(v, pageNames...)
	return Question{q, v.Get("chart")}, err
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
	if a.values.Get("measure") == string(insight.NPS) && has(a.values, "scale") { // of the measure before: NPS has one scale
		a.form = true
		a.values.Del("scale")
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
