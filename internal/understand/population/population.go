// Package population holds what a workspace knows of its figures beside the feedback itself: the smallest difference that
// matters to it, how all of its customers are spread over plans, regions and the like, and how many its surveys invited. Answers are
// weighted and judged by it; they are made in insight.
package population

import (
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
)

// Settings are the thresholds of a workspace.
type Settings struct {
	MinimumPoints float64 `json:"minimum_points" minimum:"0" maximum:"100" doc:"The smallest difference of a score in points (NPS, net sentiment) that matters"`
	MinimumShare  float64 `json:"minimum_share" minimum:"0" maximum:"1" doc:"The smallest difference of a share (CSAT, CES) that matters, of 1"`
}

// Usual thresholds hold where a workspace has set none.
var Usual = Settings{MinimumPoints: 5, MinimumShare: 0.05}

func (s Settings) validate(op string) error {
	var bad []fault.Field
	if !(s.MinimumPoints >= 0 && s.MinimumPoints <= 100) {
		bad = append(bad, fault.Field{Path: "minimum_points", Code: "range", Msg: "between 0 and 100 points"})
	}
	if !(s.MinimumShare >= 0 && s.MinimumShare <= 1) {
		bad = append(bad, fault.Field{Path: "minimum_share", Code: "range", Msg: "between 0 and 1"})
	}
	if bad != nil {
		return fault.Bad(op, bad...)
	}
	return nil
}

// Origin tells where a margin comes from.
type Origin string

// The origins.
const (
	Typed    Origin = "typed"
	Contacts Origin = "contacts" // counted in the contact book
)

// Margin is how all customers are spread over the values of a field of feedback.
type Margin struct {
	Field     string    `json:"field" doc:"A field of feedback: attribute.plan, contact.region, language ..."`
	Parts     []Part    `json:"parts"`
	Origin    Origin    `json:"origin" enum:"typed,contacts"`
	ChangedAt time.Time `json:"changed_at"`
}

// Part is one value and its share of all customers.
type Part struct {
	Value string  `json:"value"`
	Share float64 `json:"share" doc:"Of 1. Percentages and counts are taken too: they are divided by their sum"`
}

const (
	maxMargins = 10
	maxParts   = 100
	maxInvited = 5000
)

// plainFields may have a margin beside attributes of feedback and of contacts.
var plainFields = []string{"channel", "language", "source", "survey", "touchpoint"}

// sane tells whether a text can be kept: it is one, without control characters.
func sane(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Fits tells whether a field may have a margin.
func Fits(field string) bool {
	if !sane(field) {
		return false
	}
	place, key, ok := strings.Cut(field, ".")
	return ok && key != "" && len(key) <= 200 && (place == "attribute" || place == "contact") || slices.Contains(plainFields, field)
}

// normal checks a margin and divides its parts by their sum.
func (m Margin) normal(op string) (Margin, error) {
	var bad []fault.Field
	say := func(path, code, format string, args ...any) {
		bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
	}
	if m.Field = strings.TrimSpace(m.Field); !Fits(m.Field) {
		say("field", "unknown", "%q cannot have a known population: it is attribute.KEY, contact.KEY or one of %s", m.Field, strings.Join(plainFields, ", "))
	}
	if len(m.Parts) < 2 || len(m.Parts) > maxParts {
		say("parts", "parts", "between 2 and %d values make a population", maxParts)
	}
	sum, seen := 0.0, map[string]bool{}
	parts := make([]Part, len(m.Parts))
	for i, p := range m.Parts {
		p.Value = strings.TrimSpace(p.Value)
		key := strings.ToLower(p.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 200 || !sane(p.Value):
			say("parts", "required", "part %d needs a value of up to 200 characters", i+1)
		case seen[key]:
			say("parts", "twice", "%q comes twice", p.Value)
		case !(p.Share > 0) || math.IsInf(p.Share, 0):
			say("parts", "share", "the share of %q must be above 0: leave out what nobody has", p.Value)
		}
		seen[key] = true
		sum += p.Share
		parts[i] = p
	}
	if bad != nil {
		return m, fault.Bad(op, bad...)
	}
	for i := range parts {
		parts[i].Share /= sum
	}
	m.Parts = parts
	return m, nil
}

// InvitedID identifies a record of invitations.
type InvitedID string

// Invited is how many people a survey invited in a stretch of days: all of them, or, with a field, those of whom it has the value.
type Invited struct {
	ID      InvitedID `json:"id"`
	Survey  string    `json:"survey"`
	From    string    `json:"from" doc:"First day, 2026-01-31"`
	To      string    `json:"to" doc:"Last day, included"`
	Field   string    `json:"field,omitempty" doc:"A field of feedback that is known of everybody invited; absent: everybody"`
	Value   string    `json:"value,omitempty"`
	Invited int64     `json:"invited" minimum:"1"`
}

func (v Invited) normal() (Invited, clock.Day, clock.Day, []fault.Field) {
	var bad []fault.Field
	say := func(path, code, msg string) { bad = append(bad, fault.Field{Path: path, Code: code, Msg: msg}) }
	v.Survey, v.Field, v.Value = strings.TrimSpace(v.Survey), strings.TrimSpace(v.Field), strings.TrimSpace(v.Value)
	if v.Survey == "" || utf8.RuneCountInString(v.Survey) > 200 || !sane(v.Survey) {
		say("survey", "required", "invitations are those of a survey")
	}
	from, err := clock.ParseDay(strings.TrimSpace(v.From))
	if err != nil {
		say("from", "form", "a day has the form 2026-01-31")
	}
	to, err := clock.ParseDay(strings.TrimSpace(v.To))
	if err != nil {
		say("to", "form", "a day has the form 2026-01-31")
	} else if to < from {
		say("to", "range", "the period ends before it begins")
	}
	if v.Field != "" && !Fits(v.Field) {
		say("field", "unknown", "invitations cannot be told apart by this field")
	}
	if (v.Field == "") != (v.Value == "") || !sane(v.Value) {
		say("value", "required", "a field and its value come together")
	}
	if v.Invited < 1 || v.Invited > 1e12 {
		say("invited", "range", "at least one person was invited")
	}
	return v, from, to, bad
}

// ParseMargins reads margins from lines of "field, value, share", or of "value, share" where field is given. Commas, semicolons and
// tabs part the cells; number reads a share as people write it, and a sign of per cent is taken. A first line without a number is a
// heading. Shares in per cent add up to 100, as closely as rounding leaves them.
func ParseMargins(text, field string, number func(string) (string, bool)) ([]Margin, error) {
	const op = "population.ParseMargins"
	records, err := cells(op, "text", text)
	if err != nil {
		return nil, err
	}
	var out []Margin
	var percent []int // how many shares of each are written in per cent
	all := false
	for i, r := range records {
		if field != "" && len(r) == 2 {
			r = []string{field, r[0], r[1]}
		}
		if len(r) != 3 {
			return nil, fault.Bad(op, fault.Field{Path: "text", Code: "form", Msg: fmt.Sprintf("line %d has %d cells: write value and share, or field, value and share", i+1, len(r))})
		}
		share, ok := read(r[2], number)
		if !ok {
			if i == 0 && len(records) > 1 {
				all = strings.ContainsAny(r[2], "%٪")
				continue
			}
			return nil, fault.Bad(op, fault.Field{Path: "text", Code: "number", Msg: fmt.Sprintf("%q in line %d is not a number", r[2], i+1)})
		}
		at := slices.IndexFunc(out, func(m Margin) bool { return m.Field == r[0] })
		if at < 0 {
			at = len(out)
			out, percent = append(out, Margin{Field: r[0], Origin: Typed}), append(percent, 0)
		}
		out[at].Parts = append(out[at].Parts, Part{r[1], share})
		if all || strings.ContainsAny(r[2], "%٪") {
			percent[at]++
		}
	}
	for i, m := range out {
		sum := 0.0
		for _, p := range m.Parts {
			sum += p.Share
		}
		switch {
		case percent[i] == 0:
		case percent[i] < len(m.Parts):
			return nil, fault.Bad(op, fault.Field{Path: "text", Code: "percent_some", Msg: "write all shares as percentages, or none"})
		case math.Abs(sum-100) > max(1, float64(len(m.Parts))/2):
			return nil, fault.Bad(op, fault.Field{Path: "text", Code: "percent", Msg: fmt.Sprintf("the percentages add up to %s, and not to 100", strconv.FormatFloat(sum, 'f', -1, 64))})
		}
	}
	if len(out) == 0 {
		return nil, fault.Bad(op, fault.Field{Path: "text", Code: "required", Msg: "write at least two values with their shares"})
	}
	return out, nil
}

// ParseInvited reads invitations from lines of "survey, from, to, invited" or "survey, from, to, field, value, invited".
func ParseInvited(text string, number func(string) (string, bool)) ([]Invited, error) {
	const op = "population.ParseInvited"
	records, err := cells(op, "lines", text)
	if err != nil {
		return nil, err
	}
	var out []Invited
	for i, r := range records {
		if len(r) != 4 && len(r) != 6 {
			return nil, fault.Bad(op, fault.Field{Path: "lines", Code: "form", Msg: fmt.Sprintf("line %d has %d cells: write survey, first day, last day and invited, or survey, first day, last day, field, value and invited", i+1, len(r))})
		}
		n, ok := read(r[len(r)-1], number)
		if !ok || n != math.Trunc(n) {
			if i == 0 {
				continue
			}
			return nil, fault.Bad(op, fault.Field{Path: "lines", Code: "type", Msg: fmt.Sprintf("%q in line %d is not a whole number", r[len(r)-1], i+1)})
		}
		v := Invited{Survey: r[0], From: r[1], To: r[2], Invited: int64(n)}
		if len(r) == 6 {
			v.Field, v.Value = r[3], r[4]
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, fault.Bad(op, fault.Field{Path: "lines", Code: "required", Msg: "write at least one line"})
	}
	return out, nil
}

func cells(op, path, text string) ([][]string, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	line, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes = -1, true, true
	for _, sep := range []rune{'\t', ';', ','} {
		if r.Comma = sep; strings.ContainsRune(line, sep) {
			break
		}
	}
	records, err := r.ReadAll()
	if err != nil {
		return nil, fault.Bad(op, fault.Field{Path: path, Code: "form", Msg: "these are not lines of values with commas, semicolons or tabs between them"})
	}
	for _, rec := range records {
		for i := range rec {
			rec[i] = strings.TrimSpace(rec[i])
		}
	}
	return records, nil
}

func read(s string, number func(string) (string, bool)) (float64, bool) {
	s = strings.TrimSpace(strings.NewReplacer("%", "", "٪", "").Replace(s))
	if number != nil {
		if n, ok := number(s); ok {
			s = n
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
