package imports

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// Mapping says what becomes of each column of a file, and stands in for what the file lacks.
type Mapping struct {
	Native    bool      `json:"native,omitempty" doc:"The rows have the form of POST /v1/feedback already; columns are not looked at"`
	Columns   []Target  `json:"columns,omitempty" doc:"What becomes of each column"`
	Rest      string    `json:"rest,omitempty" enum:"attribute,ignore," doc:"What becomes of columns that are not listed, such as those that appear late in NDJSON: attribute by default"`
	Constants Constants `json:"constants,omitzero" doc:"For what the file does not say"`
}

// Target is what becomes of one column.
type Target struct {
	Column   string           `json:"column" doc:"Its name"`
	To       string           `json:"to" doc:"ignore, text, time, kind, channel, source, external_id, language, touchpoint, survey, survey_version, score, scale:METRIC, contact.external_id, contact.email, contact.phone, contact.name, contact.language, contact.country, contact.account, contact.attribute:KEY, attribute:KEY, answer:QUESTION"`
	Time     table.TimeFormat `json:"time,omitempty" enum:"dmy,mdy,ymd,unix,unix_ms,excel," doc:"Of a time: what its text leaves open"`
	Zone     string           `json:"zone,omitempty" doc:"Of a time without one; the workspace's by default"`
	Metric   string           `json:"metric,omitempty" enum:"nps,csat,ces,star,rating," doc:"Of a score"`
	Scale    *feedback.Scale  `json:"scale,omitempty" doc:"Of a score; NPS has its own"`
	Question string           `json:"question,omitempty" doc:"Of a score: its wording"`
	Decimal  string           `json:"decimal,omitempty" pattern:"^[.,]?$" doc:"Of numbers: the decimal sign, a dot or a comma"`
	Values   Values           `json:"values,omitempty" doc:"What cells stand for: {\"Very satisfied\": 5}; an empty value stands for nothing"`
}

// Values replace cells, whatever their case.
type Values map[string]string

// UnmarshalJSON takes numbers and nulls too.
func (v *Values) UnmarshalJSON(b []byte) error {
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*v = make(Values, len(m))
	for k, x := range m {
		switch x := x.(type) {
		case nil:
			(*v)[k] = ""
		case string:
			(*v)[k] = x
		case float64:
			(*v)[k] = strconv.FormatFloat(x, 'f', -1, 64)
		default:
			value := "object"
			switch x.(type) {
			case bool:
				value = "bool"
			case []any:
				value = "array"
			}
			return &json.UnmarshalTypeError{Value: value, Type: reflect.TypeFor[string](), Field: k}
		}
	}
	return nil
}

// Constants are for what a file does not say, and for cells that are empty.
type Constants struct {
	Kind          string          `json:"kind,omitempty"`
	Channel       string          `json:"channel,omitempty" doc:"import by default"`
	Source        string          `json:"source,omitempty" doc:"import: and the file's name by default"`
	Language      string          `json:"language,omitempty"`
	Touchpoint    string          `json:"touchpoint,omitempty"`
	Country       string          `json:"country,omitempty" doc:"Of phone numbers without a country's code (ISO 3166-1 alpha-2)"`
	Survey        string          `json:"survey,omitempty"`
	SurveyVersion string          `json:"survey_version,omitempty"`
	Zone          string          `json:"zone,omitempty" doc:"Of times without one; the workspace's by default"`
	Time          *time.Time      `json:"time,omitempty" doc:"Of rows without a time; when the import began by default"`
	Scale         *feedback.Scale `json:"scale,omitempty" doc:"Of scores without one"`
}

// The targets that stand for themselves.
const (
	toIgnore     = "ignore"
	toText       = "text"
	toTime       = "time"
	toExternalID = "external_id"
	toScore      = "score"
	toContactID  = "contact.external_id"
	toPhone      = "contact.phone"
)

// plain lists the targets without a key, in the order in which a page offers them.
var plain = []string{toIgnore, toText, toTime, toScore, "kind", "channel", "source", toExternalID, "language", "touchpoint", "survey", "survey_version",
	"contact.external_id", "contact.email", "contact.phone", "contact.name", "contact.language", "contact.country", "contact.account"}

// keyed are the beginnings of targets that end with a key.
var keyed = []string{"attribute:", "answer:", "contact.attribute:", "scale:"}

// Targets lists what a column can become: words, and beginnings that end with a colon and want a key.
func Targets() []string { return append(slices.Clone(plain), keyed...) }

// split takes a target apart into its word and its key.
func split(to string) (word, key string, ok bool) {
	if slices.Contains(plain, to) {
		return to, "", true
	}
	for _, k := range keyed {
		if rest, found := strings.CutPrefix(to, k); found {
			return k, rest, rest != ""
		}
	}
	return to, "", false
}

// target is what becomes of a column.
func (m Mapping) target(column string) string {
	if m.Native { // the rows say so themselves
		for field, to := range map[string]string{"attributes.": "attribute:", "contact.attributes.": "contact.attribute:"} {
			if key, ok := strings.CutPrefix(column, field); ok {
				return to + key
			}
		}
		return column
	}
	if i := slices.IndexFunc(m.Columns, func(t Target) bool { return t.Column == column }); i >= 0 {
		return m.Columns[i].To
	}
	if m.Rest == toIgnore {
		return toIgnore
	}
	return "attribute:" + attributeKey(column)
}

var timeFormats = []table.TimeFormat{table.TimeAny, table.TimeDayFirst, table.TimeMonthFirst, table.TimeYearFirst, table.TimeUnix, table.TimeUnixMilli, table.TimeExcel}

// Validate checks a mapping against the names of a file's columns, and says everything that is wrong with it at once.
func (m Mapping) Validate(names []string) error {
	var bad []fault.Field
	say := func(path, code, format string, args ...any) {
		bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
	}
	m.Constants.validate(say)
	if m.Rest != "" && m.Rest != "attribute" && m.Rest != toIgnore {
		say("rest", "unknown", "columns that are not listed become an attribute, or are ignored: attribute or ignore")
	}
	if m.Native {
		if bad != nil {
			return fault.Bad("imports.Mapping", bad...)
		}
		return nil
	}
	content := false
	columns, targets := map[string]bool{}, map[string]string{}
	for i, t := range m.Columns {
		at := fmt.Sprintf("columns[%d].", i)
		if !slices.Contains(names, t.Column) {
			say(at+"column", "unknown", "the file has no column %q", t.Column)
		}
		if columns[t.Column] {
			say(at+"column", "twice", "%q is listed twice", t.Column)
		}
		columns[t.Column] = true
		word, key, ok := split(t.To)
		switch {
		case !ok && key == "" && slices.Contains(keyed, t.To):
			say(at+"to", "required", "%s needs a name behind it", t.To)
			continue
		case !ok:
			say(at+"to", "unknown", "%q is not something that a column can become: it is one of %s", t.To, strings.Join(Targets(), ", "))
			continue
		case len(key) > 200 || word != "answer:" && len(key) > feedback.MaxKey:
			say(at+"to", "too_long", "the name of an attribute has at most %d bytes, that of a question 200", feedback.MaxKey)
		}
		if one := unique(word, key); one != "" {
			if other, ok := targets[one]; ok {
				say(at+"to", "twice", "%q is %s already", other, t.To)
			}
			targets[one] = t.Column
		}
		content = content || word == toText || word == toScore || word == "answer:"
		t.validate(at, word, key, m.Constants, say)
	}
	if !content {
		say("columns", "required", "feedback needs a text, a score or an answer: choose a column for at least one of them")
	}
	if bad != nil {
		return fault.Bad("imports.Mapping", bad...)
	}
	return nil
}

// unique is under what name a target can be used once. Several columns may hold texts (they are joined) and scores.
func unique(word, key string) string {
	switch word {
	case toIgnore, toText, toScore:
		return ""
	case "contact.attribute:":
		return word + contact.Key(key)
	}
	return word + key
}

func (t Target) validate(at, word, key string, c Constants, say func(path, code, format string, args ...any)) {
	if t.Zone != "" {
		checkZone(at+"zone", t.Zone, say)
	}
	if !slices.Contains(timeFormats, t.Time) {
		say(at+"time", "unknown", "%q is no order of a date: it is one of dmy, mdy, ymd, unix, unix_ms, excel", t.Time)
	}
	if t.Decimal != "" && t.Decimal != "." && t.Decimal != "," {
		say(at+"decimal", "unknown", "the decimal sign is . or ,")
	}
	switch word {
	case "scale:":
		if !slices.Contains(feedback.Metrics, key) {
			say(at+"to", "unknown", "%q is not a metric: it is one of %s", key, strings.Join(feedback.Metrics, ", "))
		}
	case toScore:
		scale := t.scale(c)
		if scale == nil {
			say(at+"scale", "required", "say what %q is measured on: the lowest and the highest value", t.Column)
			return
		}
		// A score in the middle of its scale: whatever is wrong with it is wrong with the scale or the metric.
		in := feedback.Input{Scores: []feedback.Score{{Metric: t.Metric, Value: scale.Min, Scale: *scale, Question: t.Question}}}
		for _, f := range problems(in) {
			say(at+strings.TrimPrefix(f.Path, "scores[0]."), f.Code, "%s", f.Msg)
		}
		for cell, value := range t.Values {
			if value == "" {
				continue
			}
			if v, err := strconv.ParseFloat(value, 64); err != nil || v < scale.Min || v > scale.Max {
				say(at+"values", "range", "%q stands for %q, which is no value from %v to %v", cell, value, scale.Min, scale.Max)
			}
		}
	}
}

// scale is what a score's column is measured on, nil when nobody said.
func (t Target) scale(c Constants) *feedback.Scale {
	switch {
	case t.Scale != nil:
		return t.Scale
	case t.Metric == "nps":
		return &feedback.Scale{Min: 0, Max: 10, Direction: feedback.Up}
	}
	return c.Scale
}

func (c Constants) validate(say func(path, code, format string, args ...any)) {
	if c.Zone != "" {
		checkZone("constants.zone", c.Zone, say)
	}
	if c.Country != "" {
		if _, ok := contact.NormCountry(c.Country); !ok {
			say("constants.country", "country", "%q is not a country (ISO 3166-1 alpha-2, such as IL)", c.Country)
		}
	}
	in := feedback.Input{Kind: c.Kind, Channel: c.Channel, Source: c.Source, Language: c.Language, Touchpoint: c.Touchpoint, Survey: c.Survey,
		SurveyVersion: c.SurveyVersion, Time: c.Time, Text: "-"}
	if c.Scale != nil {
		in.Scores = []feedback.Score{{Metric: "rating", Value: c.Scale.Min, Scale: *c.Scale}}
	}
	for _, f := range problems(in) {
		say("constants."+strings.TrimPrefix(f.Path, "scores[0]."), f.Code, "%s", f.Msg)
	}
}

// problems are what the intake finds wrong with an input.
func problems(in feedback.Input) []fault.Field {
	// The time does not matter here, but that it is one: the farthest that feedback may have.
	return fault.ProblemOf(in.Validate(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), "")).Errors
}

func checkZone(path, zone string, say func(path, code, format string, args ...any)) {
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		say(path, "zone", "%q is not a time zone (IANA, such as Asia/Jerusalem)", zone)
	}
}
