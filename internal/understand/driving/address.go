package driving

import (
	"net/url"
	"slices"

	"kolo/internal/understand/insight"
)

// Encode writes a question as a query string, defaults left out.
func (q Query) Encode() url.Values {
	v := insight.Query{Measure: q.Score, Where: q.Where, Between: q.Between, Scale: q.Scale, Level: q.Level}.Encode()
	v.Del("measure")
	for name, value := range map[string]string{"score": string(q.Score), "block": q.Block} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(q.Drivers) > 0 {
		v["driver"] = slices.Clone(q.Drivers)
	}
	return v
}

// Decode reads what Encode wrote. Names in skip belong to the page.
func Decode(v url.Values, skip ...string) (Query, error) {
	rest := url.Values{"measure": {string(insight.Count)}}
	for name, list := range v {
		if name != "score" && name != "block" && name != "driver" {
			rest[name] = list
		}
	}
	of, err := insight.DecodeQuery(rest, skip...)
	q := Query{Score: insight.Measure(v.Get("score")), Block: v.Get("block"), Scale: of.Scale, Where: of.Where, Between: of.Between, Level: of.Level}
	for _, d := range v["driver"] {
		if d != "" && !slices.Contains(q.Drivers, d) {
			q.Drivers = append(q.Drivers, d)
		}
	}
	return q, err
}
