// Package figure turns answers and feedback into what pages show: score cards, charts, quotes, names in the reader's
// language. It is where a number gets its words, so that all pages say them alike.
package figure

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
)

// Measure names a measure.
func Measure(e ui.Env, m insight.Measure, of string) string {
	name := e.T("measure." + string(m))
	if of != "" {
		name += ": " + Field(e, of)
	}
	return name
}

// file is the address of an answer as a file.
func file(a *insight.Answer) string {
	q := a.Question()
	return "/export/answer.csv?" + q.Encode().Encode()
}

// Within keeps the ends of an interval of a share between nothing and all: what a normal curve says beyond them is no share.
func Within(low, high float64) (float64, float64) { return max(0, low), min(1, high) }

// Between is the period of an answer in words.
func Between(e ui.Env, a *insight.Answer) string {
	day := func(s string) string { return Day(e, s) }
	switch {
	case a.From != "" && a.To != "":
		return e.T("explore.from_to", "from", day(a.From), "to", day(a.To))
	case a.From != "":
		return e.T("explore.since", "from", day(a.From))
	case a.To != "":
		return e.T("explore.until", "to", day(a.To))
	}
	return e.T("explore.period_all")
}

// Detail is what a picture of an answer says of it: period, number of answers and definition, then the filter. name gives
// fields their names; nil names them as Field does.
func Detail(e ui.Env, a *insight.Answer, name func(field string) string) string {
	if name == nil {
		name = func(f string) string { return Field(e, f) }
	}
	parts := []string{Between(e, a)}
	if a.Unit != "count" {
		parts = append(parts, e.T("score.answers", "count", a.Total.N))
	}
	parts = append(parts, e.T("explore.how_definition", "name", a.Definition))
	text := strings.Join(parts, " · ")
	var where []string
	for _, c := range a.Question().Where {
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = Value(e, c.Field, v)
		}
		line := name(c.Field)
		if op := "op." + c.Op; c.Op != "" && c.Op != "in" && e.Has(op) {
			line += " " + e.T(op)
		}
		where = append(where, line+": "+strings.Join(values[:min(5, len(values))], ", "))
	}
	if len(where) > 0 {
		text += "\n" + strings.Join(where, " · ")
	}
	return text
}

// Defined is where it is told how a measure is counted.
func Defined(m insight.Measure) string { return "/explore/definitions#" + string(m) }

// Field names a field that feedback is sliced by; attributes and questions have the title that people gave them (NameKnown), or else the
// name by which they came. theme.ID is a theme by its name.
func Field(e ui.Env, name string) string {
	if id, ok := strings.CutPrefix(name, "theme."); ok && !e.Has("field."+name) {
		return cmp.Or(e.Names[id], id)
	}
	if strings.Contains(name, ".") && e.Names[name] != "" {
		return e.Names[name]
	}
	if e.Has("field." + name) {
		return e.T("field." + name)
	}
	if _, key, ok := strings.Cut(name, "."); ok {
		return key
	}
	return name
}

// Value names a value of a field.
func Value(e ui.Env, field, value string) string {
	if value == "" {
		return e.T("value.none")
	}
	switch field {
	case "channel", "kind":
		return ui.Named(e, field+".", value)
	case "language":
		return ui.OwnName(value)
	case "import", "theme", "theme_group", "theme_only", "theme_blamed", "theme_only_blamed":
		return cmp.Or(e.Names[value], value)
	case "sentiment":
		return ui.Named(e, "sentiment.", value)
	case "weekday":
		days := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
		if i := slices.Index(days, value); i >= 0 {
			return e.Weekday(time.Weekday(i))
		}
	}
	if strings.HasSuffix(field, "_group") || field == "has_text" || field == "sentiment_unsure" {
		return ui.Named(e, "value.", value)
	}
	return value
}

// NameImports has Value name imports by their files, as the reader may see them, and by their time where several brought files of one name.
func NameImports(q *web.Request, db *store.DB) error {
	var all []imports.Named
	if err := db.View(q.Context(), func(tx *store.Tx) (err error) {
		all, err = imports.Names(tx, q.Workspace.ID)
		return err
	}); err != nil {
		return err
	}
	same := map[string]int{}
	for i, im := range all {
		all[i].Name = imports.MaskName(im.Name, func(s string) string { return Plain(q, s, "", nil) })
		same[all[i].Name]++
	}
	if q.Env.Names == nil {
		q.Env.Names = make(map[string]string, len(all))
	}
	for _, im := range all {
		name := im.Name
		if same[name] > 1 {
			name += " · " + q.Env.DateTime(im.CreatedAt)
		}
		q.Env.Names[string(im.ID)] = name
	}
	return nil
}

// NameKnown has Value name themes, and Field name fields as the people of the workspace do.
func NameKnown(q *web.Request, s *insight.Service) error {
	names, err := s.Names(q.Context(), q.Workspace.ID, q.Env.Tag())
	if err != nil {
		return err
	}
	if q.Env.Names == nil {
		q.Env.Names = names
	}
	maps.Copy(q.Env.Names, names)
	return nil
}

// scale is how a measure is shown: its range for the bar, its decimals, whether it is a share.
func scale(m insight.Measure, scale string) (low, high float64, decimals int, percent bool) {
	switch m {
	case insight.NPS, insight.NetSentiment, insight.ThemeSentiment:
		return -100, 100, 0, false
	case insight.SentimentMean:
		return -1, 1, 2, false
	case insight.CSAT, insight.CES, insight.Share, insight.ResponseShare, insight.Distribution, insight.NegativeShare, insight.ThemeNegative:
		return 0, 1, 0, true
	case insight.Count, insight.Contacts:
		return 0, 0, 0, false
	}
	return 0, 0, 2, false
}

// Score makes a score card of an answer's total, with the rows as its recent past; to is what it was compared with.
func Score(e ui.Env, a *insight.Answer, to, against string) ui.Score {
	return Named(e, Measure(e, a.Measure, a.Of), a, to, against)
}

// Named is Score of a measure that goes by another name where it stands.
func Named(e ui.Env, name string, a *insight.Answer, to, against string) ui.Score {
	low, high, decimals, percent := scale(a.Measure, a.Scale)
	s := ui.Score{Label: name, Decimals: decimals, Percent: percent, Min: low, Max: high, N: a.Total.N, Define: Defined(a.Measure), Href: a.Total.Behind("/feedback")}
	if a.Total.Value != nil {
		s.Value = *a.Total.Value
	}
	if i := a.Total.Interval; i != nil {
		s.Interval, s.Low, s.High = true, i.Low, i.High
	}
	s.Small, s.Scale = small(a.Total.Note), onScale(e, a)
	for _, r := range a.Rows {
		v := math.NaN()
		if r.Value != nil && r.Note != "too_few" {
			v = *r.Value
		}
		s.Spark = append(s.Spark, v)
	}
	if c := a.Total.Compare; c != nil && c.Difference != nil {
		s.Change = &ui.Change{Value: *c.Difference, Against: against, Clear: c.Distinguishable, Good: a.Measure.BetterOn(a.Scale) > 0, Neutral: a.Measure.BetterOn(a.Scale) == 0}
		if w, ok := say.Comparison(e.Locale, say.Compared{What: s.Label, Measure: a.Measure, Row: a.Total, To: to}); ok {
			s.Change.Sentence = w.Sentence
		}
	}
	s.Note = Notes(e, a)
	return s
}

// Notes says what a reader must know before trusting an answer: scales that were left out.
func Notes(e ui.Env, a *insight.Answer) string {
	var parts []string
	for _, l := range a.LeftOut {
		parts = append(parts, e.T("note.left_out", "count", l.N, "scale", Scale(e, l.Scale)))
	}
	return strings.Join(parts, " ")
}

// Scale writes "1..5" for people.
func Scale(e ui.Env, s string) string {
	from, to, ok := ends(s)
	if !ok {
		return s
	}
	return e.T("note.scale", "low", from, "high", to)
}

// ends are those of a scale such as "1..5".
func ends(s string) (from, to float64, ok bool) {
	low, high, _ := strings.Cut(s, "..")
	from, err1 := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	return from, to, err1 == nil && err2 == nil
}

// onScale says which scale a mean is on; of other measures nothing.
func onScale(e ui.Env, a *insight.Answer) string {
	from, to, ok := ends(a.Scale)
	if !ok || a.Unit != "scale" {
		return ""
	}
	return e.T("score.on_scale", "low", from, "high", to)
}

func small(note string) string {
	switch note {
	case "too_few":
		return "few"
	case "indicative", "one_customer":
		return "indicative"
	}
	return ""
}

// Chart draws an answer: by time as lines, by one field as bars across, otherwise nothing (a table says it better). The
// feedback behind each figure is its link.
func Chart(e ui.Env, id string, a *insight.Answer) (ui.Chart, bool) {
	_, _, decimals, percent := scale(a.Measure, a.Scale)
	c := ui.Chart{ID: id, Title: Measure(e, a.Measure, a.Of), Percent: percent, Decimals: decimals, Detail: Detail(e, a, nil), CSV: file(a)}
	if a.Measure == insight.Count || a.Measure == insight.Contacts {
		zero := 0.0
		c.Min = &zero
	}
	if len(a.Rows) == 0 {
		return c, false
	}
	by := a.By
	if a.Measure == insight.Distribution {
		by = append(slices.Clone(by), "value")
	}
	if a.Bucket == "" {
		c.Kind, c.Dimension = "across", names(e, by)
		c.Some = a.Truncated
		series, all := ui.Series{Name: c.Title}, []string(nil)
		for i, r := range a.Rows {
			if i == mostBars { // beyond that a chart is a wall; the table has them all
				c.Whole = &ui.Chart{Kind: c.Kind, Percent: percent, Decimals: decimals, Some: c.Some}
			}
			label := Keys(e, a, r, by)
			if c.Whole == nil {
				c.Labels = append(c.Labels, label)
			}
			all = append(all, label)
			add(&series, r)
		}
		if c.Whole != nil {
			c.Whole.Labels, c.Whole.Series = all, []ui.Series{series}
			series.Values, series.Low, series.High = series.Values[:mostBars], series.Low[:mostBars], series.High[:mostBars]
			series.N, series.Hrefs, series.Small = series.N[:mostBars], series.Hrefs[:mostBars], series.Small[:mostBars]
		}
		c.Series = []ui.Series{series}
		return c, len(by) > 0
	}
	c.Kind, c.Dimension = "line", e.T("bucket."+a.Bucket)
	if a.Measure == insight.Count || a.Measure == insight.Contacts {
		c.Kind = "bar"
		if len(by) > 0 {
			c.Kind = "stack"
		}
	}
	var buckets []string
	index := map[string]int{}
	for _, r := range a.Rows {
		if _, ok := index[r.Bucket]; !ok {
			index[r.Bucket] = 0
			buckets = append(buckets, r.Bucket)
		}
	}
	slices.Sort(buckets)
	for i, b := range buckets {
		index[b] = i
		c.Labels = append(c.Labels, Bucket(e, a.Bucket, b, len(buckets) > 60))
	}
	lines := map[string]int{}
	for _, r := range a.Rows {
		name := c.Title
		if len(by) > 0 {
			name = Keys(e, a, r, by)
		}
		at, ok := lines[name]
		if !ok {
			if len(c.Series) == 8 {
				continue // more lines than colours cannot be told apart
			}
			at = len(c.Series)
			lines[name] = at
			c.Series = append(c.Series, empty(name, len(buckets), len(by) == 0))
		}
		put(&c.Series[at], index[r.Bucket], r)
	}
	c.Marks = marks(e, a, buckets)
	return c, true
}

func names(e ui.Env, by []string) string {
	out := make([]string, len(by))
	for i, b := range by {
		out[i] = Field(e, b)
	}
	return strings.Join(out, " · ")
}

// Keys names a row's group.
func Keys(e ui.Env, a *insight.Answer, r insight.Row, by []string) string {
	var parts []string
	for _, b := range by {
		field := b
		if b == "value" {
			field = a.Of
		}
		parts = append(parts, Value(e, field, r.Keys[b]))
	}
	return strings.Join(parts, " · ")
}

// Bucket names a bucket by its first day.
func Bucket(e ui.Env, unit, day string, withYear bool) string {
	d, err := clock.ParseDay(day)
	if err != nil {
		return day
	}
	y, m, dd := d.Date()
	return e.Bucket(unit, time.Date(y, m, dd, 12, 0, 0, 0, time.UTC), time.UTC, withYear)
}

func add(s *ui.Series, r insight.Row) {
	n := len(s.Values)
	s.Values, s.Low, s.High = append(s.Values, math.NaN()), append(s.Low, math.NaN()), append(s.High, math.NaN())
	s.N, s.Hrefs, s.Small = append(s.N, 0), append(s.Hrefs, ""), append(s.Small, false)
	put(s, n, r)
}

func empty(name string, n int, interval bool) ui.Series {
	s := ui.Series{Name: name, Values: make([]float64, n), N: make([]int64, n), Hrefs: make([]string, n), Small: make([]bool, n)}
	if interval {
		s.Low, s.High = make([]float64, n), make([]float64, n)
	}
	for i := range s.Values {
		s.Values[i] = math.NaN()
		if interval {
			s.Low[i], s.High[i] = math.NaN(), math.NaN()
		}
	}
	return s
}

// put sets one figure. A value that rests on too few answers is held back.
func put(s *ui.Series, i int, r insight.Row) {
	s.N[i], s.Hrefs[i], s.Small[i] = r.N, r.Behind("/feedback"), small(r.Note) == "indicative"
	if r.Value == nil || r.Note == "too_few" {
		return
	}
	s.Values[i] = *r.Value
	if r.Interval != nil && s.Low != nil {
		s.Low[i], s.High[i] = r.Interval.Low, r.Interval.High
	}
}

// Behind is where the feedback that a query string finds is shown; "" without one.
func Behind(query string) string {
	if query == "" {
		return ""
	}
	return "/feedback?" + query
}

// Number writes a value of a measure.
func Number(e ui.Env, m insight.Measure, v float64) string { return say.Number(e.Locale, m, v) }

// Name is what a contact is called: the name, or the identity that is there; for who may not know it, the end of the id, so
// that one contact can be told from another.
func Name(e ui.Env, c contact.Contact) string {
	switch {
	case c.Masked:
		return e.T("contact.masked", "id", string(c.ID[max(0, len(c.ID)-4):]))
	case c.Name != "":
		return c.Name
	}
	for _, i := range c.Identities {
		return i.Value
	}
	return e.T("contact.unnamed")
}

// Answer is a score as a badge, in the colour of its end of the scale.
func Answer(s feedback.Score) ui.Answer {
	a := ui.Answer{Metric: s.Metric, Value: s.Value, Min: s.Scale.Min, Max: s.Scale.Max}
	switch insight.Class(s) {
	case 1:
		a.Tone = "good"
	case -1:
		a.Tone = "bad"
	default:
		a.Tone = "neutral"
	}
	return a
}
