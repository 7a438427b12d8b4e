// Package scan looks through all segments of the answers to a score, values of attributes, channels, touchpoints, themes, languages, and
// pairs of them, for those that differ from the rest, and corrects for having looked at so many (methods.md 1.4). It asks one
// question for each field or pair of fields; the tests are those of package stat.
package scan

import (
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// Query asks which segments differ.
type Query struct {
	Score   insight.Measure    `json:"score,omitempty" enum:"nps,csat,ces,star,rating,net_sentiment,csat_mean,ces_mean," doc:"The first score that has answers by default"`
	Scale   string             `json:"scale,omitempty" doc:"The scale to count, such as 1..5; the most frequent one by default"`
	Where   insight.Conditions `json:"where,omitempty" doc:"Conditions that feedback must fulfil"`
	Between insight.Period     `json:"between,omitempty"`
	Fields  []string           `json:"fields,omitempty" maxItems:"60" doc:"The fields to look through instead of all that are known"`
	Pairs   *bool              `json:"pairs,omitempty" doc:"Whether to look at pairs of fields too; true by default"`
	Rate    float64            `json:"rate,omitempty" doc:"Expected share of false ones among the segments that are told to differ, 0.10 by default"`
	Level   float64            `json:"level,omitempty" doc:"Confidence level of the intervals, 0.95 by default"`
}

// Answer is the segments of a selection.
type Answer struct {
	Score        insight.Measure   `json:"score"`
	Unit         string            `json:"unit" enum:"points,share,scale" doc:"Of values and differences"`
	Scale        string            `json:"scale,omitempty"`
	From         string            `json:"from,omitempty"`
	To           string            `json:"to,omitempty"`
	Filter       string            `json:"filter,omitempty" doc:"The conditions as a query string of /v1/feedback"`
	N            int64             `json:"n" doc:"Answers with the score"`
	Value        *float64          `json:"value" doc:"The score of all of them"`
	Interval     *stat.Interval    `json:"interval,omitempty"`
	DesignEffect *float64          `json:"design_effect,omitempty" doc:"What customers who answered several times do to the variance of the score; intervals and p allow for it"`
	Rate         float64           `json:"rate" doc:"Expected share of false ones among those that are told to differ (Benjamini and Hochberg)"`
	Tests        int               `json:"tests" doc:"Size of the family: single values that were tested"`
	PairTests    int               `json:"pair_tests" doc:"Size of the other family: pairs of values that were tested"`
	Small        int               `json:"small" doc:"Segments of fewer than 10 answers, or of one customer alone, which were not"`
	Differ       int               `json:"differ" doc:"Segments that differ from their rest"`
	Short        int               `json:"short" doc:"Of those, how many nothing else explains"`
	Fields       []string          `json:"fields" doc:"That were looked through"`
	Paired       []string          `json:"paired" doc:"Those of them that were looked at in pairs"`
	Skipped      []string          `json:"skipped" doc:"Fields with more values than can be looked through"`
	Segments     []Segment         `json:"segments" doc:"Those that were tested, by evidence"`
	LeftOut      []insight.LeftOut `json:"left_out" doc:"Answers on other scales, which are not pooled"`
	Definition   string            `json:"definition"`
}

// Part is a value of a field.
type Part struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Segment is the answers that have one value, or two, beside all others that have some value there.
type Segment struct {
	Parts      []Part         `json:"parts" doc:"One value, or a pair of them"`
	Also       []Part         `json:"also,omitempty" doc:"Other values that the very same answers have"`
	N          int64          `json:"n"`
	Value      float64        `json:"value"`
	RestN      int64          `json:"rest_n"`
	Rest       float64        `json:"rest" doc:"The score of the others"`
	Difference float64        `json:"difference" doc:"Value less rest"`
	Interval   *stat.Interval `json:"interval,omitempty" doc:"Of the difference"`
	P          float64        `json:"p"`
	Q          float64        `json:"q" doc:"p corrected for all tests of its family (Benjamini and Hochberg)"`
	Differs    bool           `json:"differs" doc:"q is at most the rate"`
	Note       string         `json:"note,omitempty" enum:"indicative" doc:"Under 30 answers"`
	Shrunk     float64        `json:"shrunk" doc:"Value drawn to that of all by how little is known of it: for ranking"`
	Explained  []Part         `json:"explained,omitempty" doc:"A larger segment that it lies in and does not differ from, or the two that a pair is made of, where they alone predict it"`
	Predicted  *float64       `json:"predicted,omitempty" doc:"Of a pair: the score that its two parts would have together if they added up"`
	Excess     *Excess        `json:"excess,omitempty" doc:"Of a pair: how far it is from that"`
	Mixed      []Mixed        `json:"mixed,omitempty" doc:"Fields that are spread differently in the segment and account for much of the difference"`
	Feedback   string         `json:"feedback" doc:"Query string of /v1/feedback for what is behind it; empty where it would say what the reader may not see"`
}

// Excess is how much a pair differs from what its parts predict.
type Excess struct {
	Value    float64       `json:"value"`
	Interval stat.Interval `json:"interval"`
	P        float64       `json:"p"`
	Q        float64       `json:"q" doc:"Corrected for all pairs that differ from their rest"`
}

// Mixed is another field behind a difference.
type Mixed struct {
	Field    string  `json:"field"`
	Adjusted float64 `json:"adjusted" doc:"The difference among answers that are alike in this field"`
}

// Bounds of a scan.
const (
	mostValues = 60 // of a field
	mostFields = 60
	mostPaired = 8    // fields in pairs: 28 questions
	inside     = 0.95 // share of a segment that lies in another one for it to be a part of it
	alpha      = 0.05 // of the test whether a part differs from the rest of the whole
	muchLess   = 0.6  // of a difference that is left among alike answers, below which another field is told
	mostShown  = 500
)

// DefinitionVersion changes whenever the same answers would give another result.
const DefinitionVersion = 1
