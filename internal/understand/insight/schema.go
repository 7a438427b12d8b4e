package insight

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/listen/feedback"
)

// metrics are the scores that have columns of their own.
var metrics = feedback.Metrics

// Table describes the columns of feedback. For each metric there are the value as it was given, its scale, its wording
// and its class: -1, 0 or 1 for the bad end, the middle and the good end as the metric defines them, so that counting
// them is all that a question has to do. day and month are of the workspace's zone.
//
// What is compared or told apart for every row of a question stands there as a number too (Key): who said it, and for each
// metric its form, which is scale and wording together. Numbers are several times faster than texts.
func Table() column.Table {
	t := column.Table{
		Name: table, Key: []string{"workspace", "day", "id"}, ID: "id", Extra: "extra",
		Columns: []column.Column{
			{Name: "workspace", Type: column.UUID}, {Name: "id", Type: column.Text}, {Name: "time", Type: column.Int},
			{Name: "day", Type: column.Int}, {Name: "month", Type: column.Int}, {Name: "kind", Type: column.Text},
			{Name: "channel", Type: column.Text}, {Name: "source", Type: column.Text}, {Name: "language", Type: column.Text},
			{Name: "touchpoint", Type: column.Text}, {Name: "survey", Type: column.Text}, {Name: "survey_version", Type: column.Text},
			{Name: "contact", Type: column.Text}, {Name: "contact_key", Type: column.Int}, {Name: "import", Type: column.Text}, {Name: "text", Type: column.Text}, {Name: "terms", Type: column.Text}, {Name: "forms", Type: column.Text},
			{Name: "sentiment_class", Type: column.Small, Nullable: true}, {Name: "sentiment_score", Type: column.Float, Nullable: true}, {Name: "unsure", Type: column.Small, Nullable: true},
			{Name: "theme_set", Type: column.Int}, {Name: "mention_set", Type: column.Int}, {Name: "copy_key", Type: column.Int},
			{Name: "extra", Type: column.Texts},
		},
	}
	for _, m := range metrics {
		t.Columns = append(t.Columns,
			column.Column{Name: m, Type: column.Float, Nullable: true}, column.Column{Name: m + "_class", Type: column.Small, Nullable: true},
			column.Column{Name: m + "_scale", Type: column.Text}, column.Column{Name: m + "_question", Type: column.Text},
			column.Column{Name: m + "_form", Type: column.Int, Nullable: true})
	}
	return t
}

// layout is the version of what stands in the columns. A feeder that finds an older one fills them anew: count it up when rows
// that are there would lack something.
const layout = 10

// Tables are all that questions go to.
func Tables() []column.Table { return []column.Table{Table(), setTable()} }

// Key makes a number of texts by which the columns tell them apart; see column.Hash.
func Key(texts ...string) int64 { return column.Hash(texts...) }

// Fold makes a text fit for finding: lower-case.
func Fold(s string) string { return strings.ToLower(s) }

// Class puts a score at the bad end (-1), in the middle (0) or at the good end (1): NPS by its classes; CSAT, stars and
// ratings by their two best and two worst boxes (on scales of five and more points; the best and the worst of shorter
// ones); CES above and below the middle (5-7 of 7).
func Class(s feedback.Score) int16 {
	v, low, high := s.Value, s.Scale.Min, s.Scale.Max
	if s.Scale.Direction == feedback.Down {
		v, low, high = -v, -high, -low
	}
	var bad, good float64
	switch s.Metric {
	case "nps":
		bad, good = 6, 9
	case "ces":
		middle := (low + high) / 2
		if v == middle {
			return 0
		}
		bad, good = middle, math.Nextafter(middle, math.Inf(1))
	default:
		boxes := 1.0
		if high-low < 4 {
			boxes = 0
		}
		bad, good = low+boxes, high-boxes
	}
	switch {
	case v >= good:
		return 1
	case v <= bad:
		return -1
	}
	return 0
}

// AnswerText is the value of an answer as people read it; the texts of a list stand beside each other.
func AnswerText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = AnswerText(e)
		}
		return strings.Join(parts, "; ")
	case []string:
		return strings.Join(v, "; ")
	case float64, bool, int, int64:
		b, _ := json.Marshal(v) // cannot fail: stored scores and answers are finite
		return string(b)
	}
	return fmt.Sprint(v)
}

// between stands in the columns between the choices of an answer that is a list, and on either side of them, so that each can be found as it
// stands. No text has it: feedback keeps no control characters.
const between = "\x1f"

// kept is the value of an answer as the columns keep it: AnswerText, and of a list its different choices, in an order of their own, apart from
// each other. One choice is kept as a text alone is, for it is the same answer.
func kept(v any) string {
	var list []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			list = append(list, AnswerText(e))
		}
	case []string:
		list = slices.Clone(v)
	default:
		return AnswerText(v)
	}
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	slices.Sort(list)
	switch list = slices.Compact(list); len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return between + strings.Join(list, between) + between
}

// choices are those of what kept gave.
func choices(s string) []string {
	if !strings.HasPrefix(s, between) {
		return []string{s}
	}
	return strings.Split(strings.Trim(s, between), between)
}
