package insight

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
)

// QueryNames are the names in the address of a question that are not conditions. Conditions stand there as Encode writes
// them; those of a share have "share." before their name, those of the other feedback in a comparison "than.".
var QueryNames = []string{"measure", "of", "by", "bucket", "last", "from", "to", "compare", "scale", "order", "limit", "level", "weight"}

// Encode writes a question as a query string, defaults left out.
func (q Query) Encode() url.Values {
	v := Encode(q.Where, q.Between)
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
	if q.Order != "n" {
		put("order", q.Order)
	}
	if q.Limit != 0 && q.Limit != defaultGroups {
		put("limit", strconv.Itoa(q.Limit))
	}
	if q.Level != 0 && q.Level != 0.95 {
		put("level", strconv.FormatFloat(q.Level, 'f', -1, 64))
	}
	if q.Weight {
		put("weight", "1")
	}
	for name, list := range Encode(q.Share, Period{}) {
		v["share."+name] = list
	}
	if q.Compare != nil {
		put("compare", q.Compare.To)
		if q.Compare.To == "" {
			put("compare", "other")
		}
		for name, list := range Encode(q.Compare.Where, Period{}) {
			v["than."+name] = list
		}
	}
	return v
}

// DecodeThemes reads a question about themes from the query string of a page, with the names of its fields and conditions as Encode
// writes them. Names in skip belong to the page.
func DecodeThemes(v url.Values, skip ...string) (ThemesQuery, error) {
	rest := url.Values{}
	for name, list := range v {
		if name != "score" {
			rest[name] = list
		}
	}
	score := v.Get("score")
	rest.Set("measure", cmp.Or(score, string(NPS)))
	q, err := DecodeQuery(rest, skip...)
	t := ThemesQuery{Score: Measure(score), Scale: q.Scale, Where: q.Where, Between: q.Between, Level: q.Level}
	if q.Compare != nil {
		t.Compare = q.Compare.To
	}
	if err == nil {
		_, err = t.query()
	}
	return t, err
}

// DecodeQuery reads what Query.Encode wrote. Names in skip belong to the page. The error names every value that is wrong,
// by its place in the query.
func DecodeQuery(v url.Values, skip ...string) (Query, error) {
	q := Query{
		Measure: Measure(v.Get("measure")), Of: v.Get("of"), Bucket: v.Get("bucket"), Scale: v.Get("scale"), Order: v.Get("order"),
		Between: Period{From: v.Get("from"), To: v.Get("to"), Last: v.Get("last")},
	}
	for _, b := range v["by"] {
		if b != "" {
			q.By = append(q.By, b)
		}
	}
	var bad []fault.Field
	number := func(name string, into func(float64)) {
		if s := v.Get(name); s != "" {
			f, err := finite(s)
			if err != nil {
				bad = append(bad, fault.Field{Path: name, Code: "type", Msg: "this is not a number"})
				return
			}
			into(f)
		}
	}
	number("limit", func(f float64) { q.Limit = int(f) })
	number("level", func(f float64) { q.Level = f })
	q.Weight = v.Get("weight") != "" && v.Get("weight") != "0"
	conditions := map[string]url.Values{"": {}, "share": {}, "than": {}}
	for name, list := range v {
		if slices.Contains(QueryNames, name) || slices.Contains(skip, name) {
			continue
		}
		set, rest, ok := strings.Cut(name, ".")
		if !ok || set != "share" && set != "than" {
			set, rest = "", name
		}
		conditions[set][rest] = list
	}
	paths := map[string]string{"": "where", "share": "share", "than": "compare.where"}
	read := func(set string) Conditions {
		c, _, err := Decode(conditions[set])
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
		q.Compare = &Compare{To: to}
		if to == "other" {
			q.Compare = &Compare{Where: read("than")}
		}
	}
	if len(bad) > 0 {
		return q, fault.Bad("insight.DecodeQuery", bad...)
	}
	return q, q.Validate()
}
