package insight

import (
	"fmt"

	"kolo/internal/understand/stat"
)

// Definition says of a measure what its figure means, and how sure it is. What is written for people in their language stands in the
// messages under the names that it gives: explain.MEASURE, definition.interval.NAME, definition.test.NAME, definition.out.NAME.
type Definition struct {
	Measure  Measure  `json:"measure"`
	Name     string   `json:"name" doc:"As an answer's definition has it: metric and version"`
	Unit     string   `json:"unit" enum:"points,share,count,scale"`
	Formula  string   `json:"formula"`
	Low      *float64 `json:"low" doc:"Lowest possible value; null where there is none"`
	High     *float64 `json:"high"`
	Better   int      `json:"better" doc:"1: more is better, -1: less is better, 0: neither"`
	Interval string   `json:"interval" enum:"adjusted_wald,wilson,t_mean,none" doc:"How its interval is made"`
	Test     string   `json:"test" enum:"split_wald,newcombe,welch,none" doc:"How two figures are compared"`
	LeftOut  []string `json:"left_out" doc:"What does not count: other_scales, second_scores, unanswered, unknown_customers, wordless, unthemed, valueless"`

	Customers  bool `json:"customers" doc:"Whether intervals allow for customers who answered several times"`
	Weightable bool `json:"weightable" doc:"Whether it can be weighted to a known population"`
	Show       int  `json:"show" doc:"Fewest answers with which it is shown"`
	Solid      int  `json:"solid" doc:"Fewest answers with which it is no mere hint"`

	Changes []DefinitionChange `json:"changes" doc:"What became of the definition, the latest first"`
	Text    *DefinitionText    `json:"text,omitempty"`
}

// DefinitionChange is a version of the definitions. The words for it are the message definition.change.VERSION.
type DefinitionChange struct {
	Version int    `json:"version"`
	Day     string `json:"day"`
	Text    string `json:"text,omitempty"`
}

// DefinitionText is a definition in words.
type DefinitionText struct {
	Title    string   `json:"title"`
	What     string   `json:"what"`
	Interval string   `json:"interval"`
	Test     string   `json:"test"`
	LeftOut  []string `json:"left_out"`
}

// definitionChanges are all versions there were, the latest first.
var definitionChanges = []DefinitionChange{{Version: 6, Day: "2026-11-28"}, {Version: 5, Day: "2026-11-28"}, {Version: 4, Day: "2026-11-28"}, {Version: 3, Day: "2026-11-27"}, {Version: 2, Day: "2026-11-26"}, {Version: 1, Day: "2026-11-20"}}

// Definitions are those of all measures, in the order in which pages offer them.
func Definitions() []Definition {
	out := make([]Definition, len(Measures))
	for i, m := range Measures {
		d := Definition{Measure: m, Name: fmt.Sprintf("%s v%d", m, DefinitionVersion), Unit: m.Unit(), Better: m.Better(), Customers: m.ofCustomers(),
			Show: stat.MinimumToShow, Solid: stat.MinimumSolid, LeftOut: []string{}, Changes: definitionChanges}
		q := Query{Measure: m}
		d.Weightable = q.weighable()
		if low, high, ok := m.Limits(""); ok {
			d.Low, d.High = &low, &high
		}
		switch d.Unit {
		case "points":
			d.Interval, d.Test = "adjusted_wald", "split_wald"
		case "share":
			d.Interval, d.Test = "wilson", "newcombe"
		case "count":
			d.Interval, d.Test, d.Show, d.Solid = "none", "none", 0, 0
		default:
			d.Interval, d.Test = "t_mean", "welch"
		}
		leave := func(names ...string) { d.LeftOut = append(d.LeftOut, names...) }
		switch m {
		case Count:
			d.Formula = "n"
		case Contacts:
			d.Formula = "|{c1, c2, ...}|"
			leave("unknown_customers")
		case NPS:
			d.Formula = "100 (P - D) / n"
		case NetSentiment, ThemeSentiment:
			d.Formula = "100 (P - N) / n"
		case CSAT, CES, Share, ResponseShare, Distribution, NegativeShare, ThemeNegative:
			d.Formula = "k / n"
		default:
			d.Formula = "(x1 + ... + xn) / n"
		}
		switch {
		case m.metric() != "":
			leave("unanswered", "other_scales", "second_scores")
		case m.ofMentions():
			leave("wordless", "unthemed")
		case m == NetSentiment || m == NegativeShare || m == SentimentMean:
			leave("wordless")
		case m == Mean || m == Distribution:
			leave("valueless", "other_scales")
		}
		out[i] = d
	}
	return out
}
