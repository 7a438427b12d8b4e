package explore

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
)

// answer is what the page shows of an answer: in a sentence, as a picture, as a table.
type answer struct {
	Title    string
	Period   string
	Value    string // of everything together; empty when it is held back
	Interval string
	Small    string // "indicative" or "few"
	N        int64
	NText    string
	Href     string // the feedback behind it
	Change   *change
	Parts    []part
	Weighted *weighted
	Notes    []string
	Marks    []string
	Chart    *ui.Chart
	Kinds    []ui.Tab
	Table    table
	How      []string
	Define   string // where the measure is defined
	Empty    bool
}

// marks are those that its chart does not tell of by itself.
func (a answer) marks() []string {
	if a.Chart != nil && len(a.Chart.Marks) > 1 {
		return nil
	}
	return a.Marks
}

// change sets a figure beside its counterpart, in words.
type change struct {
	Text            string
	More            []string
	Interval        string // in a table
	Up, Down, Clear bool
	Tone            string
}

// weighted is the figure that stands for the known population, beside the other.
type weighted struct {
	Value, Interval string
	Lines           []string
}

// part is one of the shares that a score is made of.
type part struct {
	Label, Share string
	Start, Width string // of 100
	Tone         string
}

type table struct {
	Columns []ui.Column
	Rows    []tableRow
	Total   *tableRow
	Pager   ui.Page
	Pages   bool
	Weights bool // there are weighted figures
	Counts  bool // figures are counts: no interval, no n of their own
	Compare bool
	Ranges  bool // differences have intervals
}

type tableRow struct {
	Keys            []string
	Value, Interval string
	N               string
	Href            string
	Small           string
	Before          string
	Weighted        string
	WeightedRange   string
	Change          change
	ChangeShort     string
}

// shown is how many rows stand on a page of the table.
const shown = 100

func (b *builder) answer() answer {
	e, a := b.e, b.ans
	out := answer{Title: b.title(), N: a.Total.N, Href: a.Total.Behind("/feedback"), Empty: a.Total.N == 0}
	out.Define = figure.Defined(a.Measure)
	out.Period = figure.Between(e, a)
	out.How = b.how()
	if out.Empty {
		return out
	}
	counts := a.Unit == "count"
	out.NText = e.T("score.answers", "count", a.Total.N)
	switch {
	case a.Measure == insight.Distribution: // together they are everything
	case a.Total.Note == "too_few":
		out.Small = "few"
	case a.Total.Value != nil:
		out.Value = figure.Number(e, a.Measure, *a.Total.Value)
		out.Interval = b.interval(a.Total)
		if a.Total.Note == "indicative" || a.Total.Note == "one_customer" {
			out.Small = "indicative"
		}
	}
	if counts {
		out.NText = e.T("explore.see")
	}
	if a.Total.Compare != nil && out.Small != "few" {
		if c, ok := b.change(a.Total); ok {
			out.Change = &c
		}
	}
	out.Parts = b.parts()
	out.Weighted = b.weighted()
	b.notes(&out)
	if c, whole, ok := figure.Draw(e, "answer-chart", a, b.question.Chart, b.words.name); ok {
		if b.question.Chart != "table" {
			c.Table = "#table"
			if n := len(c.Series); n > 1 && c.Series[n-1].Name == e.T("explore.counterpart") {
				c.Series[n-1].Name = strings.TrimRight(e.T("compare."+b.to()), "…") // the counterpart
			}
			out.Chart = &c
			if !whole {
				out.Notes = append(out.Notes, e.T("explore.chart_part"))
			}
		}
		kinds := append(figure.Kinds(a), "table")
		current := b.question.Chart
		if !slices.Contains(kinds, current) {
			current = kinds[0]
		}
		for _, k := range kinds {
			q := b.question
			if q.Chart = k; k == kinds[0] {
				q.Chart = ""
			}
			out.Kinds = append(out.Kinds, ui.Tab{Label: e.T("draw." + k), Href: "/explore?" + b.address(q), Current: k == current, Count: -1})
		}
	}
	out.Table = b.table()
	return out
}

func (b *builder) interval(r insight.Row) string {
	if r.Interval == nil || r.Note == "too_few" {
		return ""
	}
	return b.e.T("score.interval", "low", b.number(r.Interval.Low), "high", b.number(r.Interval.High))
}

func (b *builder) number(v float64) i18n.Verbatim {
	return i18n.Verbatim(figure.Number(b.e, b.ans.Measure, v))
}

// difference writes a change with its sign: of shares in percentage points.
func (b *builder) difference(v float64) string {
	text := say.Difference(b.e.Locale, b.ans.Unit, v, true)
	if b.ans.Unit == "share" {
		return b.e.T("score.points", "n", i18n.Verbatim(text))
	}
	return text
}

// change says what became of a figure, and whether chance explains it.
func (b *builder) change(r insight.Row) (change, bool) {
	w, ok := say.Comparison(b.e.Locale, say.Compared{What: b.title(), Measure: b.ans.Measure, Row: r, To: b.to(), Level: b.level()})
	if !ok {
		return change{}, false
	}
	return change{Text: w.Sentence, More: w.More, Up: w.Up, Down: w.Down, Clear: w.Verdict == "clear", Tone: w.Tone}, true
}

// title names the figure.
func (b *builder) title() string {
	t := b.e.T("measure." + string(b.ans.Measure))
	if b.ans.Of != "" {
		t += ": " + b.words.name(b.ans.Of)
	}
	return t
}

func (b *builder) level() float64 {
	if b.question.Level != 0 {
		return b.question.Level
	}
	return 0.95
}

// weighted tells of the weighted figure, and what the weights are worth.
func (b *builder) weighted() *weighted {
	x, w := b.ans.Total.Weighted, b.ans.Weighting
	if x == nil || w == nil {
		return nil
	}
	e := b.e
	out := &weighted{Value: figure.Number(e, b.ans.Measure, x.Value)}
	if i := x.Interval; i != nil {
		out.Interval = e.T("score.interval", "low", b.number(i.Low), "high", b.number(i.High))
	}
	names := make([]string, len(w.Fields))
	for i, f := range w.Fields {
		names[i] = b.words.name(f)
	}
	out.Lines = append(out.Lines, say.Weighting(e.Locale, w, x, strings.Join(names, ", "))...)
	if c := b.ans.Total.Compare; c != nil && c.Weighted != nil {
		out.Lines = append(out.Lines, say.WeightedChange(e.Locale, b.ans.Unit, *c.Weighted, b.to(), b.level()))
	}
	return out
}

func (b *builder) parts() []part {
	p, n := b.ans.Total.Parts, float64(b.ans.Total.N)
	if p == nil || p.Promoters == nil || b.ans.Total.Note == "too_few" || n == 0 {
		return nil
	}
	var out []part
	start := 0.0
	for _, x := range []struct {
		value, tone string
		count       int64
	}{{"detractor", "bad", *p.Detractors}, {"passive", "neutral", *p.Passives}, {"promoter", "good", *p.Promoters}} {
		share := float64(x.count) / n
		out = append(out, part{figure.Value(b.e, "nps_group", x.value), b.e.Percent(share, 0), strconv.FormatFloat(start, 'f', 2, 64), strconv.FormatFloat(share*100, 'f', 2, 64), x.tone})
		start += share * 100
	}
	return out
}

// notes are what a reader must know before trusting the answer.
func (b *builder) notes(out *answer) {
	e, a := b.e, b.ans
	if text := figure.Notes(e, a); text != "" {
		out.Notes = append(out.Notes, text)
	}
	var few, hints, alone int64
	for _, r := range a.Rows {
		switch r.Note {
		case "too_few":
			few++
		case "indicative":
			hints++
		case "one_customer":
			alone++
		}
	}
	if len(a.Rows) > 1 {
		if few > 0 {
			out.Notes = append(out.Notes, e.T("explore.few", "count", few))
		}
		if hints > 0 {
			out.Notes = append(out.Notes, e.T("explore.indicative", "count", hints))
		}
		if alone > 0 {
			out.Notes = append(out.Notes, e.T("explore.one_customer", "count", alone))
		}
	}
	if text := say.Customers(e.Locale, a.Total); text != "" {
		out.Notes = append(out.Notes, text)
	}
	if text := say.Detectable(e.Locale, a); text != "" {
		out.Notes = append(out.Notes, text)
	}
	if r := a.NonResponse; r != nil {
		out.Notes = append(out.Notes, say.NonResponse(e.Locale, r)...)
	}
	if a.Truncated {
		out.Notes = append(out.Notes, e.T("explore.truncated"))
	}
	if a.SeveralChoices {
		out.Notes = append(out.Notes, e.T("explore.several_choices"))
	}
	if a.Overlapping && slices.ContainsFunc(a.By, func(f string) bool { return strings.HasPrefix(f, "theme") }) {
		out.Notes = append(out.Notes, e.T("explore.overlapping"))
	}
	if c := b.question.Compare; c != nil && c.To == "rest" {
		out.Notes = append(out.Notes, e.T("explore.rest"))
	}
	for _, m := range a.Marks {
		out.Marks = append(out.Marks, figure.Day(e, m.Day)+": "+figure.Changed(e, m))
	}
}

// how tells how the figure is counted.
func (b *builder) how() []string {
	e, a := b.e, b.ans
	out := []string{e.T("explain." + string(a.Measure))}
	if a.Unit != "count" {
		out = append(out, e.T("explore.how_interval", "level", i18n.Verbatim(e.Percent(b.level(), 0))))
	}
	weekday := map[string]time.Weekday{"sunday": time.Sunday, "monday": time.Monday, "saturday": time.Saturday}[a.WeekStart]
	return append(out, e.T("explore.how_days", "zone", a.Zone, "day", e.Weekday(weekday)), e.T("explore.how_definition", "name", a.Definition))
}

// table is the answer as figures, sorted as the address says, a page of them.
func (b *builder) table() table {
	e, a := b.e, b.ans
	dims := figure.Dimensions(a)
	t := table{Counts: a.Unit == "count", Compare: b.question.Compare != nil}
	for _, r := range a.Rows {
		t.Ranges = t.Ranges || r.Compare != nil && r.Compare.Interval != nil
	}
	by, descending := strings.CutPrefix(b.q.URL.Query().Get("sort"), "-")
	column := func(label, key string, end, wide bool) {
		c := ui.Column{Label: label, End: end, Wide: wide}
		if key != "" && len(a.Rows) > 1 {
			next := key
			if by == key && !descending || by != key && end { // numbers first from the largest
				next = "-" + key
			}
			if by == key {
				c.Sorted = "asc"
				if descending {
					c.Sorted = "desc"
				}
			}
			c.SortHref = "/explore?" + b.address(b.question) + "&sort=" + next + "#table"
		}
		t.Columns = append(t.Columns, c)
	}
	for i, d := range dims {
		column(b.words.name(figure.FieldOf(a, d)), "key"+strconv.Itoa(i), false, false)
	}
	if a.Bucket != "" {
		label := e.T("bucket." + a.Bucket)
		if a.Bucket == "quarter" {
			label = e.T("bucket.quarters")
		}
		column(label, "bucket", false, false)
	}
	if len(t.Columns) == 0 {
		column(e.T("explore.measure"), "", false, false)
	}
	if t.Counts {
		column(e.T("measure."+string(a.Measure)), "value", true, false)
	} else {
		column(e.T("explore.value"), "value", true, false)
		column(e.T("explore.interval", "level", i18n.Verbatim(e.Percent(b.level(), 0))), "", true, true)
		column(e.T("chart.answers"), "n", true, false)
	}
	if t.Weights = a.Weighted; t.Weights {
		column(e.T("explore.weighted"), "", true, false)
	}
	if t.Compare {
		column(e.T("explore.change"), "change", true, false)
		if t.Ranges {
			column(e.T("explore.change_range"), "", true, true)
		}
		column(e.T("column."+b.to()), "", true, false) // last: on a phone it is to the side, for the change says it too
	}
	rows := b.sorted(a.Rows, dims, by, descending)
	at, _ := strconv.Atoi(b.q.URL.Query().Get("page"))
	last := max(0, (len(rows)-1)/shown)
	at = min(max(at, 0), last)
	long := len(rows) > 0 && a.Bucket != "" && a.Rows[0].Bucket != "" && b.years()
	for _, r := range rows[at*shown : min(len(rows), (at+1)*shown)] {
		t.Rows = append(t.Rows, b.row(r, dims, long))
	}
	t.Pager = ui.Page{Shown: len(t.Rows), Total: int64(len(rows))}
	t.Pages = last > 0
	link := func(n int) string {
		href := "/explore?" + b.address(b.question) + "&page=" + strconv.Itoa(n)
		if s := b.q.URL.Query().Get("sort"); by != "" {
			href += "&sort=" + s
		}
		return href + "#table"
	}
	if at > 0 {
		t.Pager.Prev = link(at - 1)
	}
	if at < last {
		t.Pager.Next = link(at + 1)
	}
	if len(a.Rows) > 1 && a.Measure != insight.Distribution {
		total := b.row(a.Total, nil, false)
		total.Keys = []string{e.T("explore.total")}
		for len(total.Keys) < len(dims) || a.Bucket != "" && len(total.Keys) < len(dims)+1 {
			total.Keys = append(total.Keys, "")
		}
		t.Total = &total
	}
	return t
}

// years tells whether the buckets need their year.
func (b *builder) years() bool {
	low, high := b.ans.Rows[0].Bucket, b.ans.Rows[0].Bucket
	for _, r := range b.ans.Rows {
		low, high = min(low, r.Bucket), max(high, r.Bucket)
	}
	return len(low) < 4 || len(high) < 4 || low[:4] != high[:4]
}

func (b *builder) to() string {
	if c := b.question.Compare; c != nil && c.To != "" {
		return c.To
	}
	return "other"
}

func (b *builder) row(r insight.Row, dims []string, year bool) tableRow {
	e, a := b.e, b.ans
	t := tableRow{N: e.N(float64(r.N), 0), Href: r.Behind("/feedback"), Interval: b.interval(r)}
	for _, d := range dims {
		t.Keys = append(t.Keys, figure.Value(e, figure.FieldOf(a, d), r.Keys[d]))
	}
	if r.Bucket != "" {
		t.Keys = append(t.Keys, figure.Bucket(e, a.Bucket, r.Bucket, year))
	}
	if len(t.Keys) == 0 {
		t.Keys = []string{e.T("measure." + string(a.Measure))}
	}
	switch {
	case r.Note == "too_few":
		t.Small = "few"
	case r.Value != nil:
		t.Value = figure.Number(e, a.Measure, *r.Value)
		if r.Note == "indicative" || r.Note == "one_customer" {
			t.Small = "indicative"
		}
	}
	if x := r.Weighted; x != nil && t.Small != "few" {
		t.Weighted = figure.Number(e, a.Measure, x.Value)
		if i := x.Interval; i != nil {
			t.WeightedRange = e.T("score.interval", "low", b.number(i.Low), "high", b.number(i.High))
		}
	}
	if p := r.Parts; p != nil && p.Hits != nil && t.Small != "few" {
		t.N = e.T("explore.of_n", "hits", *p.Hits, "n", r.N)
	}
	if c := r.Compare; c != nil && c.Value != nil && (a.Unit == "count" || c.N >= 10) {
		t.Before = figure.Number(e, a.Measure, *c.Value)
		if ch, ok := b.change(r); ok && t.Value != "" {
			t.Change = ch
			t.ChangeShort = b.difference(*c.Difference)
			if c.Interval != nil {
				t.Change.Interval = e.T("score.interval", "low", i18n.Verbatim(b.difference(c.Interval.Low)), "high", i18n.Verbatim(b.difference(c.Interval.High)))
			}
		}
	}
	return t
}

// sorted puts rows in order by a column; rows that have nothing there come last. The answer's own order stays where the
// address names none.
func (b *builder) sorted(rows []insight.Row, dims []string, by string, descending bool) []insight.Row {
	a := b.ans
	value := func(r insight.Row) float64 { return math.NaN() }
	switch by {
	case "value":
		value = func(r insight.Row) float64 {
			if r.Value == nil || r.Note == "too_few" {
				return math.NaN()
			}
			return *r.Value
		}
	case "n":
		value = func(r insight.Row) float64 { return float64(r.N) }
	case "change":
		value = func(r insight.Row) float64 {
			if c := r.Compare; c != nil && c.Difference != nil && r.Note != "too_few" && (a.Unit == "count" || c.N >= 10) {
				return *c.Difference
			}
			return math.NaN()
		}
	}
	sign := 1
	if descending {
		sign = -1
	}
	var compare func(x, y insight.Row) int
	switch {
	case by == "bucket":
		compare = func(x, y insight.Row) int { return sign * cmp.Compare(x.Bucket, y.Bucket) }
	case strings.HasPrefix(by, "key"):
		i, err := strconv.Atoi(by[3:])
		if err != nil || i < 0 || i >= len(dims) {
			return rows
		}
		field := figure.FieldOf(a, dims[i])
		compare = func(x, y insight.Row) int { return sign * figure.Compare(field, x.Keys[dims[i]], y.Keys[dims[i]]) }
	case by == "value" || by == "n" || by == "change":
		compare = func(x, y insight.Row) int {
			v, w := value(x), value(y)
			if math.IsNaN(v) || math.IsNaN(w) {
				return -cmp.Compare(map[bool]int{true: 0, false: 1}[math.IsNaN(v)], map[bool]int{true: 0, false: 1}[math.IsNaN(w)])
			}
			return sign * cmp.Compare(v, w)
		}
	default:
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, compare)
	return rows
}
