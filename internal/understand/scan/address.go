package scan

import (
	"net/url"
	"slices"
	"strconv"

	"kolo/internal/understand/insight"
)

// Encode writes a question as a query string, defaults left out.
func (q Query) Encode() url.Values {
	v := insight.Query{Measure: q.Score, Where: q.Where, Between: q.Between, Scale: q.Scale, Level: q.Level}.Encode()
	v.Del("measure")
	if q.Score != "" {
		v.Set("score", string(q.Score))
	}
	if q.Rate != 0 && q.Rate != 0.1 {
		v.Set("rate", strconv.FormatFloat(q.Rate, 'f', -1, 64))
	}
	if q.Pairs != nil && !*q.Pairs {
		v.Set("pairs", "no")
	}
	if len(q.Fields) > 0 {
		v["field"] = slices.Clone(q.Fields)
	}
	return v
}

// Decode reads what Encode wrote. Names in skip belong to the page.
func Decode(v url.Values, skip ...string) (Query, error) {
	rest := url.Values{"measure": {string(insight.Count)}}
	for name, list := range v {
		if name != "score" && name != "field" && name != "pairs" && name != "rate" {
			rest[name] = list
		}
	}
	of, err := insight.DecodeQuery(rest, skip...)
	q := Query{Score: insight.Measure(v.Get("score")), Scale: of.Scale, Where: of.Where, Between: of.Between, Level: of.Level}
	if x, bad := strconv.ParseFloat(v.Get("rate"), 64); bad == nil {
		q.Rate = x
	}
	if v.Get("pairs") == "no" {
		no := false
		q.Pairs = &no
	}
	for _, f := range v["field"] {
		if f != "" && !slices.Contains(q.Fields, f) {
			q.Fields = append(q.Fields, f)
		}
	}
	return q, err
}
