// Package insight answers questions about what customers say. Every number on a page, in the API, in a digest or an
// alert comes from one Query, so that two screens can never disagree. Questions go to the columns; the rows behind a
// number are found with Find.
package insight

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/stat"
)

// DefinitionVersion changes whenever the same rows would give another number.
const DefinitionVersion = 6

// Measure is what a question asks for.
type Measure string

// The measures.
const (
	Count         Measure = "count"          // pieces of feedback
	Contacts      Measure = "contacts"       // different customers among them
	NPS           Measure = "nps"            // promoters minus detractors, in points
	CSAT          Measure = "csat"           // share of answers in the two best boxes
	CES           Measure = "ces"            // share that agrees that it was easy
	Star          Measure = "star"           // mean number of stars
	Rating        Measure = "rating"         // mean of any other rating
	CSATMean      Measure = "csat_mean"      // mean of CSAT answers
	CESMean       Measure = "ces_mean"       // mean of CES answers
	Mean          Measure = "mean"           // mean of a field that holds numbers, named by Of
	Distribution  Measure = "distribution"   // how often each value of Of was given, and its share
	ResponseShare Measure = "response_share" // share of the feedback that has a value for Of
	Share         Measure = "share"          // share of the feedback that fulfils the conditions in Share

	NetSentiment   Measure = "net_sentiment"   // positive minus negative texts, in points
	NegativeShare  Measure = "negative_share"  // share of the texts that are negative
	SentimentMean  Measure = "sentiment_mean"  // mean of the texts' scores, -1 to 1
	ThemeSentiment Measure = "theme_sentiment" // of what is said about each theme: positive minus negative mentions, in points
	ThemeNegative  Measure = "theme_negative"  // share of the mentions of each theme that are negative
)

// Measures lists them in the order in which pages offer them.
var Measures = []Measure{Count, Contacts, NPS, CSAT, CES, Star, Rating, NetSentiment, NegativeShare, SentimentMean, ThemeSentiment, ThemeNegative,
	CSATMean, CESMean, Mean, Distribution, ResponseShare, Share}

// Unit of a measure's values.
func (m Measure) Unit() string {
	switch m {
	case NPS, NetSentiment, ThemeSentiment:
		return "points"
	case CSAT, CES, Share, ResponseShare, Distribution, NegativeShare, ThemeNegative:
		return "share" // 0 to 1
	case Count, Contacts:
		return "count"
	}
	return "scale"
}

// ofMentions tells whether the measure is of what is said about each theme, instead of whole texts.
func (m Measure) ofMentions() bool { return m == ThemeSentiment || m == ThemeNegative }

// metric is the score that a measure stands on, "" when none.
func (m Measure) metric() string {
	switch m {
	case NPS, CSAT, CES, Star, Rating:
		return string(m)
	case CSATMean:
		return "csat"
	case CESMean:
		return "ces"
	}
	return ""
}

// metric is the score that a question stands on, "" when none: that of its measure, or the one whose values it asks for. Whatever stands on
// a score keeps to one scale.
func (q *Query) metric() string {
	if (q.Measure == Mean || q.Measure == Distribution) && slices.Contains(metrics, q.Of) {
		return q.Of
	}
	return q.Measure.metric()
}

// Buckets of time.
var Buckets = []string{"day", "week", "month", "quarter", "year"}

// Period says of when. Days are the workspace's; From and To are both included. Last is a number of days, weeks, months or
// years that ends today, "90d", "12w", "6m", "2y". Everything empty is all time.
type Period struct {
	From string `json:"from,omitempty" doc:"First day, 2026-01-31; or an instant, RFC 3339"`
	To   string `json:"to,omitempty" doc:"Last day, included; or an instant, RFC 3339, excluded"`
	Last string `json:"last,omitempty" doc:"Instead of from and to: 90d, 12w, 6m or 2y up to today"`
}

// Compare says what to set beside the answer.
type Compare struct {
	To    string     `json:"to,omitempty" enum:"previous,year,rest," doc:"previous: the period of the same length before; year: the same days a year earlier; rest: each group with all others together. A bucket of time stands beside the same days so much earlier: beside as many days as it has of the period, or, a count over 29 February a year earlier, beside nothing"`
	Where Conditions `json:"where,omitempty" doc:"Instead of to: the same question of other feedback. A condition takes the place of the question's own on the same field with the same operator, and of its opposite"`
}

// UnmarshalJSON also takes the bare word.
func (c *Compare) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.To)
	}
	type plain Compare
	return json.Unmarshal(b, (*plain)(c))
}

// Query is one question.
type Query struct {
	Measure Measure    `json:"measure" doc:"What to measure"`
	Of      string     `json:"of,omitempty" doc:"The field that mean, distribution and response_share are about; mean and distribution of a score keep to one scale"`
	Share   Conditions `json:"share,omitempty" doc:"The conditions whose share is asked for; a score in one is taken as it was given, on whatever scale"`
	By      []string   `json:"by,omitempty" maxItems:"4" doc:"Fields to group by"`
	Where   Conditions `json:"where,omitempty" doc:"Conditions that feedback must fulfil"`
	Between Period     `json:"between,omitempty"`
	Bucket  string     `json:"bucket,omitempty" enum:"day,week,month,quarter,year," doc:"Group by time too"`
	Compare *Compare   `json:"compare,omitempty"`
	Scale   string     `json:"scale,omitempty" doc:"The scale to count, such as 1..5; the most frequent one by default. Scales are never pooled"`
	Weight  bool       `json:"weight,omitempty" doc:"Weight the answers to the known population of the workspace; weighted figures stand beside the others. Answers that are chosen by who gave them or by what was said keep the weights that weighting all of them gives"`
	Level   float64    `json:"level,omitempty" doc:"Confidence level of the intervals, 0.95 by default"`
	Order   string     `json:"order,omitempty" enum:"key,n,value," doc:"Order of the groups: by key, by n (the default), by value"`
	Limit   int        `json:"limit,omitempty" doc:"Most groups to give (not counting buckets of time), 100 by default, 5,000 at most"`

	allThemes bool  // groups of themes are all there are, not only those under a theme that a condition names
	least     int64 // voices below which no figure is told, see Veil.thin; 0 where each is
}

// Answer is the answer to a Query, with everything that a reader needs in order to trust it.
type Answer struct {
	Measure     Measure   `json:"measure"`
	Of          string    `json:"of,omitempty"`
	Unit        string    `json:"unit" enum:"points,share,count,scale"`
	Definition  string    `json:"definition" doc:"Metric and version of its definition"`
	Scale       string    `json:"scale,omitempty" doc:"The scale that was counted, the best end last"`
	By          []string  `json:"by"`
	Bucket      string    `json:"bucket,omitempty"`
	From        string    `json:"from,omitempty" doc:"First day"`
	To          string    `json:"to,omitempty" doc:"Last day"`
	Zone        string    `json:"zone"`
	WeekStart   string    `json:"week_start"`
	Filter      string    `json:"filter,omitempty" doc:"The conditions as a query string of /v1/feedback"`
	Rows        []Row     `json:"rows"`
	Total       Row       `json:"total" doc:"Everything together"`
	Marks       []Mark    `json:"marks" doc:"Days on which the scale or the wording changed: no trend goes over them unmarked"`
	LeftOut     []LeftOut `json:"left_out" doc:"Answers on other scales, which are not pooled"`
	Overlapping bool      `json:"overlapping,omitempty" doc:"One piece of feedback may be in several groups, or in none, so that n of the rows need not add up to the total's"`

	SeveralChoices bool `json:"several_choices,omitempty" doc:"Some of the answers that were counted by are lists of choices: each choice counts, so that the shares of a distribution, which are of those who answered, may add up to more than 1"`

	Truncated bool `json:"truncated,omitempty" doc:"There were more groups than the limit; the total counts them all"`
	Weighted  bool `json:"weighted" doc:"Whether answers were weighted"`

	Weighting   *Weighting   `json:"weighting,omitempty" doc:"How they were weighted"`
	NonResponse *NonResponse `json:"non_response,omitempty" doc:"What those who were invited and did not answer leave open: of an NPS of one survey whose invitations are known"`

	asked Query

	Detectable *Detectable `json:"detectable,omitempty" doc:"The smallest change from one bucket to the next that this many answers show in four of five cases"`
}

// Question is what was asked, with its defaults filled in.
func (a *Answer) Question() Query { return a.asked }

// Row is one group's answer.
type Row struct {
	Keys     map[string]string `json:"keys,omitempty" doc:"The group, by field; an empty text where feedback has no value"`
	Bucket   string            `json:"bucket,omitempty" doc:"First day of the bucket"`
	Value    *float64          `json:"value" doc:"null where there is nothing to count"`
	N        int64             `json:"n" doc:"How many it rests on"`
	Interval *stat.Interval    `json:"interval,omitempty"`
	Note     string            `json:"note,omitempty" enum:"too_few,indicative,one_customer" doc:"too_few: under 10, do not show the value, which is absent where it may be somebody's number and the reader may not know who customers are (of fewer than 10 customers, then); indicative: under 30; one_customer: all answers are one customer's, so that there is no interval and no test"`
	Parts    *Parts            `json:"parts,omitempty"`

	Customers    *int64   `json:"customers,omitempty" doc:"Different customers among the answers, as far as they are known"`
	DesignEffect *float64 `json:"design_effect,omitempty" doc:"How much larger the variance is because customers answered several times, where it is larger; the interval allows for it. Of few customers, or where all answers agree, their number counts for more than how alike the answers are"`

	Weighted *Weighted `json:"weighted,omitempty" doc:"The figure weighted to the known population, where that was asked for"`

	Compare  *Comparison `json:"compare,omitempty"`
	Feedback *string     `json:"feedback" doc:"Query string of /v1/feedback for what is behind the number; null where none finds just that, or where it would say what the reader may not see"`

	sum   sums
	heard int64   // different voices among the answers, at least; only where Query.least asks for some
	deff  float64 // 0 where answers count as independent
	worth stat.Worth
	alone bool // all answers are of one customer
}

// Worth is how many independent answers those of a row are worth where customers answered several times; nothing where none did, or
// where that is not known.
func (r Row) Worth() stat.Worth { return r.worth }

// Inflation is how many times as many answers there are as they are worth because customers answered several times: 1 where none did or
// that is not known, and all of them where they are one customer's.
func (r Row) Inflation() float64 { return max(1, r.deff) }

// Behind is where a page (/feedback) shows what is behind the number; "" where no query string finds it.
func (r Row) Behind(page string) string {
	if r.Feedback == nil {
		return ""
	}
	return page + "?" + *r.Feedback
}

// Parts are the counts that a value is made of.
type Parts struct {
	Promoters  *int64   `json:"promoters,omitempty"`
	Passives   *int64   `json:"passives,omitempty"`
	Detractors *int64   `json:"detractors,omitempty"`
	Negative   *int64   `json:"negative,omitempty"`
	Positive   *int64   `json:"positive,omitempty"`
	Hits       *int64   `json:"hits,omitempty" doc:"How many of n fulfil the condition"`
	SD         *float64 `json:"sd,omitempty" doc:"Standard deviation of the answers"`
}

// Comparison sets a row beside its counterpart.
type Comparison struct {
	Value           *float64       `json:"value" doc:"The counterpart's value"`
	N               int64          `json:"n"`
	Difference      *float64       `json:"difference" doc:"This row's value minus the counterpart's"`
	Interval        *stat.Interval `json:"interval,omitempty" doc:"Of the difference"`
	P               *float64       `json:"p,omitempty"`
	Distinguishable bool           `json:"distinguishable" doc:"The interval excludes 0 and the difference is large enough to care"`

	Minimum    *float64   `json:"minimum,omitempty" doc:"The smallest difference that this workspace cares about"`
	Verdict    string     `json:"verdict,omitempty" enum:"clear,slight,chance,too_few,one_customer" doc:"clear: distinguishable; slight: more than chance, but smaller than the minimum; chance: the interval includes 0; too_few: fewer than 10 answers on a side; one_customer: all answers on a side are one customer's, so that there is no test"`
	Better     *bool      `json:"better,omitempty" doc:"Whether a clear difference is good news; absent where it is neither"`
	Detectable *float64   `json:"detectable,omitempty" doc:"The smallest difference that this many answers show in four of five cases; absent where all answers of a side agree, for then it cannot be estimated"`
	Shares     *stat.Test `json:"shares,omitempty" doc:"Chi-square test of whether the three classes of a score in points are chosen as often: it sees a change that the difference does not, such as both ends growing"`
	Paired     *Paired    `json:"paired,omitempty" doc:"Of the customers who answered both times, in a comparison in time"`
	Sentence   string     `json:"sentence,omitempty" doc:"The comparison in words, in English"`

	Weighted *WeightedComparison `json:"weighted,omitempty"`
}

// Paired is the change of those who answered both times.
type Paired struct {
	Customers  int64         `json:"customers"`
	Difference float64       `json:"difference" doc:"Mean change of a customer's own mean answer"`
	Interval   stat.Interval `json:"interval"`
	P          float64       `json:"p"`
}

// Detectable is the smallest difference between two neighbouring buckets of time that shows in most cases.
type Detectable struct {
	Difference float64 `json:"difference"`
	N          int64   `json:"n" doc:"Answers in a typical bucket: the median"`
	Power      float64 `json:"power"`
	Alpha      float64 `json:"alpha"`
}

// Mark is a day on which numbers before and after stopped being the same thing.
type Mark struct {
	Day  string `json:"day"`
	Kind string `json:"kind" enum:"scale,wording"`
	From string `json:"from"`
	To   string `json:"to"`
}

// LeftOut counts answers that were given on another scale.
type LeftOut struct {
	Scale string `json:"scale"`
	N     int64  `json:"n"`
}

const (
	defaultGroups = 100
	maxGroups     = 5000
	maxBuckets    = 4000
)

// scaleForm tells whether a text has the form in which answers name scales.
func scaleForm(s string) bool {
	low, high, _ := strings.Cut(s, "..")
	from, err1 := finite(low)
	to, err2 := finite(high)
	return err1 == nil && err2 == nil && from != to
}

// Validate checks a question and fills its defaults.
func (q *Query) Validate() error {
	var bad []fault.Field
	say := func(path, code, format string, args ...any) {
		bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(Measures, q.Measure) {
		names := make([]string, len(Measures))
		for i, m := range Measures {
			names[i] = string(m)
		}
		say("measure", "unknown", "%q is not a measure: it is one of %s", q.Measure, strings.Join(names, ", "))
	}
	switch q.Measure {
	case Mean, Distribution, ResponseShare:
		if q.Of == "" {
			say("of", "required", "%s needs the field that it is about", q.Measure)
		} else if _, err := parseField(q.Of); err != nil {
			say("of", "unknown", "%s", err)
		}
		if q.Of == copies {
			say("of", "unknown", "copies are found, and not counted by")
		}
		if f, ok := fixed[q.Of]; ok && q.Measure == Mean && !f.number && !themeFields[q.Of] && q.Of != copies {
			say("of", "no_number", "%s holds no numbers, so that there is no mean of it: there is one of a score, of sentiment_score, and of attribute.KEY, answer.QUESTION and contact.KEY", q.Of)
		}
		if themeFields[q.Of] && q.Measure != ResponseShare {
			say("of", "form", "a text may have several themes: group by %s instead", q.Of)
		}
	case ThemeSentiment, ThemeNegative:
		if !slices.ContainsFunc(q.By, func(n string) bool { return themeFields[n] }) {
			say("by", "required", "%s is about each theme: group by theme or theme_group", q.Measure)
		}
	case Share:
		if len(q.Share) == 0 {
			say("share", "required", "share needs the conditions whose share is asked for")
		}
	}
	if q.Bucket != "" && !slices.Contains(Buckets, q.Bucket) {
		say("bucket", "unknown", "%q is not a bucket of time: it is one of %s", q.Bucket, strings.Join(Buckets, ", "))
	}
	if len(q.By) > 4 {
		say("by", "too_many", "at most 4 fields to group by")
	}
	for i, name := range q.By {
		if _, err := parseField(name); err != nil {
			say(fmt.Sprintf("by[%d]", i), "unknown", "%s", err)
		} else if name == copies {
			say(fmt.Sprintf("by[%d]", i), "unknown", "copies are found, and not counted by")
		}
		if themeFields[name] && (slices.Contains(filterOnly, name) || slices.ContainsFunc(q.By[:i], func(n string) bool { return themeFields[n] })) {
			say(fmt.Sprintf("by[%d]", i), "form", "group by theme or by theme_group, once")
		} else if slices.Contains(q.By[:i], name) {
			say(fmt.Sprintf("by[%d]", i), "twice", "%s comes twice", name)
		}
	}
	if _, err := q.Between.resolve(time.Unix(0, 0), time.UTC); err != nil { // at any time it has the same form
		bad = append(bad, fault.ProblemOf(err).Errors...)
	}
	switch {
	case q.Scale == "":
	case !scaleForm(q.Scale):
		say("scale", "form", "%q is not a scale: it is its two ends, the best one last, such as 1..5", q.Scale)
	case q.metric() == string(NPS) && q.Scale != "0..10":
		say("scale", "form", "NPS is asked on 0..10 and on no other scale, not on %s", q.Scale)
	}
	q.Where.validate("where", say)
	q.Share.validate("share", say)
	if c := q.Compare; c != nil {
		c.Where.validate("compare.where", say)
		switch {
		case !slices.Contains([]string{"", "previous", "year", "rest"}, c.To):
			say("compare.to", "unknown", "compare with previous, year or rest")
		case (c.To == "") == (len(c.Where) == 0):
			say("compare", "form", "compare either to a period or to other conditions")
		case c.To == "rest" && len(q.By) == 0:
			say("compare.to", "form", "rest compares groups: group by something")
		case q.Measure == Contacts && c.To == "rest":
			say("compare.to", "form", "customers cannot be compared with the rest: one may be in several groups")
		}
	}
	if q.Weight && q.ofChosen() {
		say("weight", "weight_filter", "weights make answers stand for others: those of customers who were chosen one by one stand for themselves alone")
	} else if q.Weight && !q.weighable() {
		say("weight", "weight_form", "scores and shares can be weighted, counts, distributions and groups of themes cannot")
	}
	if q.Level == 0 {
		q.Level = stat.DefaultLevel
	}
	if q.Level < 0.5 || q.Level >= 1 {
		say("level", "range", "a confidence level lies between 0.5 and 1")
	}
	if !slices.Contains([]string{"", "key", "n", "value"}, q.Order) {
		say("order", "unknown", "order by key, n or value")
	}
	if q.Limit == 0 {
		q.Limit = defaultGroups
	}
	if q.Limit < 0 || q.Limit > maxGroups {
		say("limit", "range", "between 1 and %d groups", maxGroups)
	}
	if bad != nil {
		return fault.Bad("insight.Query", bad...)
	}
	return nil
}
