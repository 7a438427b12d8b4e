package imports

import (
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// Sample is the beginning of a file: what guesses and previews go by.
type Sample struct {
	Format  table.Format
	Columns []string
	Rows    []SampleRow
	Whole   bool // the file has no more rows
}

// SampleRow is one row of it; Cells has as many texts as there are columns, unless the row could not be read.
type SampleRow struct {
	Number, Line int64
	Cells        []string
	Raw          string
	Mended       bool
	Bad          *table.RowError
}

const (
	sampleRows  = 1000
	sampleBytes = 4 << 20
)

// take reads the beginning of a file.
func take(r table.Reader, f table.Format) (Sample, error) {
	s := Sample{Format: f}
	size := 0
	for len(s.Rows) < sampleRows && size < sampleBytes {
		row, err := r.Next()
		var bad *table.RowError
		switch {
		case err == io.EOF:
			s.Whole = true
		case errors.As(err, &bad):
			s.Rows = append(s.Rows, SampleRow{Number: bad.Number, Line: bad.Line, Raw: bad.Raw, Bad: bad})
			size += len(bad.Raw)
		case err != nil:
			return s, err
		default:
			s.Rows = append(s.Rows, SampleRow{Number: row.Number, Line: row.Line, Cells: slices.Clone(row.Cells), Raw: row.Raw, Mended: row.Mended})
			for _, c := range row.Cells {
				size += len(c)
			}
		}
		if s.Whole {
			break
		}
	}
	s.Columns = slices.Clone(r.Columns())
	for i := range s.Rows { // columns that came late are missing in the rows before
		for s.Rows[i].Bad == nil && len(s.Rows[i].Cells) < len(s.Columns) {
			s.Rows[i].Cells = append(s.Rows[i].Cells, "")
		}
	}
	return s, nil
}

// total estimates how many rows a file has, from the size of those in the sample: a reader's own offset runs ahead of
// its rows too far to tell.
func (s Sample) total(size int64, encoding string) int64 {
	n := int64(len(s.Rows))
	if s.Whole {
		if n == 0 {
			return 0
		}
		return s.Rows[n-1].Number
	}
	taken := int64(0)
	for _, r := range s.Rows {
		taken += width(r.Raw, encoding) + 1
		if r.Raw == "" {
			for _, c := range r.Cells {
				taken += width(c, encoding) + 1
			}
		}
	}
	if s.Format == table.XLSX || taken == 0 { // a workbook is compressed
		return 0
	}
	return max(n, n*size/taken)
}

// width is how many bytes a text takes in an encoding.
func width(s, encoding string) int64 {
	switch {
	case encoding == "utf-8" || encoding == "":
		return int64(len(s))
	case strings.HasPrefix(encoding, "utf-16"):
		return 2 * int64(utf8.RuneCountInString(s))
	}
	return int64(utf8.RuneCountInString(s))
}

// tooWide is what is wrong with the first row where every row has more cells than there are columns, nil otherwise.
func (s Sample) tooWide() *table.RowError {
	if len(s.Rows) == 0 || slices.ContainsFunc(s.Rows, func(r SampleRow) bool { return r.Bad == nil || r.Bad.Code != table.RowTooWide }) {
		return nil
	}
	return s.Rows[0].Bad
}

func (s Sample) values(column int) []string {
	var out []string
	for _, r := range s.Rows {
		if r.Bad == nil {
			out = append(out, r.Cells[column])
		}
	}
	return out
}

// Profile describes the columns of a sample. Times without a zone are in zone.
func (s Sample) Profile(zone *time.Location) []Column {
	out := make([]Column, len(s.Columns))
	for i, name := range s.Columns {
		p := table.ProfileColumn(s.values(i), zone)
		out[i] = Column{Name: name, Kind: p.Kind, Filled: p.Filled, Distinct: p.Distinct, Min: p.Min, Max: p.Max, Samples: p.Samples, Time: p.Time, Ambiguous: p.Ambiguous}
		if p.Decimal != 0 {
			out[i].Decimal = string(p.Decimal)
		}
		if p.Kind == table.KindText || p.Kind == table.KindBoolean {
			out[i].Words = fewWords(s.values(i))
		}
	}
	return out
}

// fewWords lists the different values of a column when they are few and short enough to be the steps of a scale.
func fewWords(values []string) []string {
	list := distinct(values, mostSteps+1)
	if len(list) < 2 || len(list) > mostSteps || slices.ContainsFunc(list, func(v string) bool { return len(v) > 120 }) {
		return nil
	}
	return list
}

// mostSteps is how many words a scale may have.
const mostSteps = 12

// Guess proposes a mapping: from the columns' names, in four languages, and from their values. People correct it. country
// is where phone numbers without a country's code are from, when that is known.
func Guess(s Sample, columns []Column, country string) Mapping {
	if s.Format == table.NDJSON && isNative(s) {
		return Mapping{Native: true}
	}
	g := guesser{s: s, columns: slices.Clone(columns), targets: make([]Target, len(columns)), taken: map[string]bool{}}
	for i, c := range columns {
		g.targets[i] = Target{Column: c.Name}
	}
	g.exported()
	g.named()
	g.byValues()
	for i := range g.targets {
		if g.targets[i].To == "" {
			g.set(i, "attribute:"+attributeKey(columns[i].Name))
		}
	}
	g.fit()
	for i := range g.targets {
		if t, c := &g.targets[i], g.columns[i]; strings.Contains(t.To, ":") && c.Kind == table.KindDecimal && slices.ContainsFunc(g.s.values(i), func(v string) bool { return v != "" && !plainNumber(v) }) {
			t.Decimal = c.Decimal
		}
	}
	m := Mapping{Columns: g.targets}
	if !slices.ContainsFunc(g.targets, func(t Target) bool { return t.To == toScore || strings.HasPrefix(t.To, "survey") || t.To == "kind" }) {
		m.Constants.Kind = feedback.Message
	}
	if !slices.ContainsFunc(g.targets, func(t Target) bool { return t.To == "language" }) {
		var texts []string
		for i, t := range g.targets {
			if t.To == toText {
				texts = append(texts, s.values(i)...)
			}
		}
		m.Constants.Language = languageOf(texts)
	}
	g.phones(&m, country)
	return m
}

// limits are how many columns of a sort a row may have.
var limits = []struct {
	prefix string
	most   int
}{{"attribute:", feedback.MaxAttributes}, {"contact.attribute:", feedback.MaxAttributes}}

// fit leaves out the last columns of what a row may not have so much of, empty ones first: otherwise every row would be refused.
func (g *guesser) fit() {
	for _, l := range limits {
		var of []int
		for i, t := range g.targets {
			if strings.HasPrefix(t.To, l.prefix) {
				of = append(of, i)
			}
		}
		slices.SortStableFunc(of, func(x, y int) int { return cmp.Compare(min(g.columns[y].Filled, 1), min(g.columns[x].Filled, 1)) })
		for _, i := range of[min(len(of), l.most):] {
			g.targets[i].To = toIgnore
		}
	}
}

// Beyond is how many columns with something in them are left out of a mapping that has as many attributes as a row may have.
func Beyond(m Mapping, columns []Column) (n int) {
	full := false
	for _, l := range limits {
		of := 0
		for _, t := range m.Columns {
			if strings.HasPrefix(t.To, l.prefix) {
				of++
			}
		}
		full = full || of >= l.most
	}
	for i, t := range m.Columns {
		if full && t.To == toIgnore && i < len(columns) && columns[i].Filled > 0 {
			n++
		}
	}
	return n
}

// phones checks that the telephone numbers can be read, in the workspace's country or where the language of the texts is
// at home; numbers of nowhere would refuse every row, so they become an attribute.
func (g *guesser) phones(m *Mapping, country string) {
	i := slices.IndexFunc(m.Columns, func(t Target) bool { return t.To == "contact.phone" })
	if i < 0 || slices.ContainsFunc(m.Columns, func(t Target) bool { return t.To == "contact.country" }) {
		return
	}
	numbers := distinct(g.s.values(i), 200)
	spoken := m.Constants.Language
	if spoken == "" {
		said := slices.Clone(g.s.Columns)
		for _, c := range g.columns {
			said = append(said, c.Samples...)
		}
		spoken = languageOf(said)
	}
	home := map[string]string{"he": "IL", "fa": "IR", "ru": "RU", "uk": "UA"}[spoken]
	for _, region := range []string{country, home} {
		read := 0
		for _, n := range numbers {
			if _, problem := contact.NormIdentity(contact.Phone, n, region); problem == "" {
				read++
			}
		}
		if 3*read >= 2*len(numbers) {
			if region != country {
				m.Constants.Country = region
			}
			return
		}
	}
	m.Columns[i].To = "attribute:" + attributeKey(m.Columns[i].Column)
}

type guesser struct {
	s       Sample
	columns []Column
	targets []Target
	taken   map[string]bool
}

// set gives a column a target unless another has it.
func (g *guesser) set(i int, to string) bool {
	word, key, ok := split(to)
	if one := unique(word, key); !ok || one != "" && g.taken[one] {
		return false
	} else if one != "" {
		g.taken[one] = true
	}
	g.targets[i].To = to
	return true
}

// ours tells a flat file that Kolo wrote itself, by columns that nobody else has together.
func ours(columns []string) bool {
	for _, name := range []string{"id", "kind", "external_id", "received_at", "contact_id", "text"} {
		if !slices.Contains(columns, name) {
			return false
		}
	}
	return true
}

// exported knows the columns of Kolo's own files, which are named by what they are.
func (g *guesser) exported() {
	whole := ours(g.s.Columns)
	for i, c := range g.columns {
		name := c.Name
		head, key, _ := strings.Cut(name, ".")
		metric, scale := strings.CutSuffix(name, "_scale")
		switch {
		case key != "" && (head == "attribute" || head == "attributes"):
			g.set(i, "attribute:"+key)
		case key != "" && (head == "answer" || head == "answers"):
			g.set(i, "answer:"+key)
		case head == "contact" && slices.Contains(plain, name):
			g.set(i, name)
		case head == "contact" && key != "":
			g.set(i, "contact.attribute:"+strings.TrimPrefix(key, "attributes."))
		case scale && slices.Contains(feedback.Metrics, metric):
			g.set(i, "scale:"+metric)
		case !whole:
		case slices.Contains(feedback.Metrics, name):
			g.taken["score "+name] = true
			g.targets[i] = Target{Column: name, To: toScore, Metric: name, Scale: &feedback.Scale{Min: 1, Max: 5, Direction: feedback.Up}}
			if name == "nps" {
				g.targets[i].Scale = nil
			}
		case name != toIgnore && name != toScore && slices.Contains(plain, name):
			g.set(i, name)
		default: // the ids and times that Kolo gives, and what has no column
			g.set(i, toIgnore)
		}
	}
}

// named follows the columns' names. What a name says outright comes before what one only contains, and a long word within
// one before a short.
func (g *guesser) named() {
	type claim struct {
		saying
		column int
		whole  bool
	}
	var claims []claim
	for i, c := range g.columns {
		if c.Kind == table.KindEmpty {
			continue
		}
		said, whole := called(c.Name)
		for _, s := range said {
			claims = append(claims, claim{s, i, whole})
		}
	}
	slices.SortStableFunc(claims, func(a, b claim) int {
		switch {
		case a.whole != b.whole && a.whole:
			return -1
		case a.whole != b.whole:
			return 1
		case a.whole:
			return 0
		}
		return cmp.Compare(b.length, a.length)
	})
	for _, c := range claims {
		if g.targets[c.column].To == "" {
			g.byName(c.column, c.to, c.whole)
		}
	}
}

// byName follows a column's name as far as its values bear it out.
func (g *guesser) byName(i int, to string, whole bool) {
	c := g.columns[i]
	if whole || to == "score:nps" { // which has the one scale: no stray answer makes another of it
		c = g.borneOut(i, to)
	}
	word := c.Kind == table.KindText
	switch {
	case strings.HasPrefix(to, "score:"):
		if metric := strings.TrimPrefix(to, "score:"); !g.score(i, metric) && whole && metric == "rating" && word {
			g.set(i, "attribute:"+attributeKey(c.Name))
		}
	case to == "attribute:":
		if whole || !word || c.Distinct*2 < c.Filled {
			g.set(i, to+attributeKey(c.Name))
		}
	case to == toIgnore:
		switch {
		case c.Kind == table.KindInteger && c.Distinct == c.Filled || normal(c.Name) == "reasons":
			g.set(i, toIgnore)
		case c.Kind == table.KindText && c.Distinct == c.Filled && c.Filled == fullest(g.columns) && !strings.Contains(c.Samples[0], " "):
			g.set(i, toExternalID) // a number that is none names the row
		}
	case to == toTime:
		if c.Kind == table.KindTime {
			g.time(i)
		}
	case to == toText:
		// A second one is rather the answer to another question: see byValues.
		if word && (whole || long(g.s, i)) && !g.hasText() && !g.score(i, "") {
			g.set(i, toText)
		}
	case to == toExternalID:
		if g.names(i) && 20*c.Filled >= 19*fullest(g.columns) && c.Kind != table.KindDecimal {
			g.set(i, toExternalID)
		}
	case to == "contact.email":
		if c.Kind == table.KindEmail {
			g.set(i, to)
		}
	case to == "contact.phone":
		if c.Kind == table.KindPhone || c.Kind == table.KindInteger && len(c.Max) >= 7 {
			g.set(i, to)
		}
	case to == "contact.external_id":
		if !whole && !strings.Contains(normal(c.Name), "id") || c.Kind == table.KindEmail || word && strings.Contains(strings.Join(c.Samples, ""), " ") {
			return
		}
		g.set(i, to)
	case to == "language":
		g.words(i, to, languages, func(v string) bool { return len(v) == 2 || len(v) == 5 && (v[2] == '-' || v[2] == '_') })
	case to == "kind":
		g.words(i, to, kinds, func(v string) bool { return slices.Contains(feedback.Kinds, v) })
	case to == "channel":
		if word && c.Distinct <= 30 {
			g.words(i, to, nil, isChannel)
		}
	case whole && word && c.Distinct*2 < c.Filled+2 || to == "contact.name" && whole && word || to == "contact.account" && whole:
		g.set(i, to)
	}
}

// names tells whether a column's values name the rows. A name that says so outright bears a few rows that are there twice: those are what
// an id is for. A column without one has to name every row.
func (g *guesser) names(i int) bool {
	c := g.columns[i]
	values := distinct(g.s.values(i), c.Filled)
	spaced := 0
	for _, v := range values {
		if strings.Contains(v, " ") {
			spaced++
		}
	}
	if 2*spaced > len(values) { // texts, which differ as well
		return false
	}
	if c.Distinct == c.Filled {
		return true
	}
	return saysRowID(c.Name) && 20*c.Distinct >= 19*c.Filled
}

// borneOut looks at a column as the sort of thing that its name says it is, if most of its values are: a few that are not
// are then refused one by one, with their reasons, and do not make the column something else.
func (g *guesser) borneOut(i int, to string) Column {
	c := g.columns[i]
	var fits func(string) bool
	switch {
	case to == toTime && c.Kind != table.KindTime:
		fits = func(v string) bool {
			_, err := table.ParseTime(v, table.TimeAny, nil)
			return err == nil || errors.Is(err, table.ErrAmbiguousDate)
		}
	case to == "contact.email" && c.Kind != table.KindEmail:
		fits = func(v string) bool { return strings.Count(v, "@") == 1 && !strings.Contains(v, " ") }
	case to == "score:nps" && c.Kind != table.KindTime:
		fits = func(v string) bool {
			n, err := table.ParseNumber(v, 0)
			return err == nil && n >= 0 && n <= 10 && n == math.Trunc(n)
		}
	case strings.HasPrefix(to, "score:") && c.Kind == table.KindText:
		fits = func(v string) bool { _, err := table.ParseNumber(v, 0); return err == nil }
	default:
		return c
	}
	var fine []string
	filled := 0
	for _, v := range g.s.values(i) {
		if missing(v) {
			continue
		}
		filled++
		if fits(v) {
			fine = append(fine, v)
		}
	}
	if 3*len(fine) < 2*filled {
		return c
	}
	c = Sample{Columns: []string{c.Name}, Rows: column(fine)}.Profile(nil)[0]
	g.columns[i] = c
	return c
}

// column is a sample of one column.
func column(values []string) []SampleRow {
	rows := make([]SampleRow, len(values))
	for i, v := range values {
		rows[i].Cells = []string{v}
	}
	return rows
}

// fullest is how many rows of the sample have a value in the column that is filled best.
func fullest(columns []Column) (most int) {
	for _, c := range columns {
		most = max(most, c.Filled)
	}
	return most
}

func (g *guesser) hasText() bool {
	return slices.ContainsFunc(g.targets, func(t Target) bool { return t.To == toText })
}

// words maps a column whose values are words of a list that Kolo has: all of them, or it is an attribute.
func (g *guesser) words(i int, to string, known map[string]string, fine func(string) bool) {
	stand := Values{}
	for _, v := range distinct(g.s.values(i), 50) {
		low := strings.ToLower(v)
		if w, ok := known[normal(v)]; ok {
			stand[v] = w
		} else if strings.Contains(low, "_") && to == "language" && fine(low) {
			stand[v] = strings.ReplaceAll(v, "_", "-")
		} else if !fine(low) {
			return
		}
	}
	if g.set(i, to) && len(stand) > 0 {
		g.targets[i].Values = stand
	}
}

func isChannel(s string) bool {
	return problems(feedback.Input{Channel: s, Text: "-"}) == nil
}

func (g *guesser) time(i int) {
	if g.set(i, toTime) {
		g.targets[i].Time = g.columns[i].Time
	}
}

// byValues looks at what is left.
func (g *guesser) byValues() {
	each := func(fn func(i int, c Column)) {
		for i, c := range g.columns {
			if g.targets[i].To == "" && c.Filled > 0 {
				fn(i, c)
			}
		}
	}
	each(func(i int, c Column) {
		switch c.Kind {
		case table.KindEmail:
			g.set(i, "contact.email")
		case table.KindPhone:
			g.set(i, "contact.phone")
		case table.KindTime:
			if said, _ := called(c.Name); len(said) == 0 || said[0].to != "attribute:" {
				g.time(i)
			}
		}
	})
	// The longest texts are the customer's words; others of some length are answers to questions of their own.
	var texts []int
	each(func(i int, c Column) {
		if c.Kind == table.KindText && long(g.s, i) {
			texts = append(texts, i)
		}
	})
	slices.SortStableFunc(texts, func(a, b int) int { return cmp.Compare(meanLength(g.s, b), meanLength(g.s, a)) })
	for _, i := range texts {
		if !g.hasText() {
			g.set(i, toText)
		} else {
			g.set(i, "answer:"+attributeKey(g.columns[i].Name))
		}
	}
	each(func(i int, _ Column) {
		if !g.score(i, "") && strings.HasSuffix(strings.TrimSpace(g.columns[i].Name), "?") {
			g.set(i, "answer:"+attributeKey(g.columns[i].Name))
		}
	})
}

// score makes a column a score when its values are on a scale that the metric has; metric "" means whichever they look
// like. One column of a metric is the score; further ones would stay behind it, so they become answers.
func (g *guesser) score(i int, metric string) bool {
	c := g.columns[i]
	inPercent, fits := g.percents(i)
	named, near, isNamed := g.onNamed(i)
	if isNamed = isNamed && !inPercent; isNamed { // what says per cent is not on the scale of a header that names another
		c = near
	}
	t := Target{Column: c.Name, To: toScore, Metric: metric, Decimal: c.Decimal}
	switch c.Kind {
	case table.KindText, table.KindBoolean:
		if c.Distinct > mostSteps {
			return g.labelled(i, t)
		}
		found, low, high, stand := ladder(g.s.values(i), metric != "")
		if stand == nil {
			return g.labelled(i, t)
		}
		if t.Metric == "" || t.Metric == "nps" || low < 0 {
			t.Metric = found
		}
		t.Scale, t.Values = &feedback.Scale{Min: low, Max: high, Direction: feedback.Up}, stand
	case table.KindInteger, table.KindDecimal:
		low, err1 := strconv.ParseFloat(c.Min, 64)
		high, err2 := strconv.ParseFloat(c.Max, 64)
		if err1 != nil || err2 != nil || metric == "" && (c.Kind == table.KindDecimal || c.Distinct < 3) {
			return false
		}
		if only := g.onlyMetric(); metric == "rating" && only == "nps" {
			metric = only
		}
		if isNamed {
			if metric == "nps" && !onNPS(named) {
				metric = "rating"
			}
			if _, _, _, ok := scaleOf(metric, low, high, false); !ok { // of a column that no metric names, the values have to tell that it is a score
				return false
			}
			low, high = named.Min, named.Max
		}
		from, to, as, ok := scaleOf(metric, low, high, c.Kind == table.KindDecimal && !isNamed)
		if inPercent { // 80% and 100% are 0.8 and 1 as numbers; without a name they may be a share of anything
			from, to, ok = 0, 100, metric != "" && fits
			if as = metric; as == "nps" {
				as = "rating"
			}
		}
		if !ok {
			return false
		}
		if isNamed {
			if from, to = named.Min, named.Max; metric == "" && from != 0 && as == "nps" {
				as = "rating" // nothing but its 11 steps would say that it is one
			}
		}
		t.Metric = as
		if as != "nps" {
			t.Scale = &feedback.Scale{Min: from, Max: to, Direction: feedback.Up}
		}
	default:
		return false
	}
	if g.taken["score "+t.Metric] {
		return g.set(i, "answer:"+attributeKey(c.Name))
	}
	g.taken["score "+t.Metric] = true
	if len(strings.Fields(c.Name)) > 3 { // a question rather than a name
		t.Question = clipTo(c.Name, 200)
	}
	g.targets[i] = t
	return true
}

// onNPS tells whether a scale is the one that NPS is asked on; on another it is no NPS.
func onNPS(on feedback.Scale) bool { return on.Min == 0 && on.Max == 10 }

// percents tells whether most of a column's values are per cents, and whether these are from 0% to 100%.
func (g *guesser) percents(i int) (most, fit bool) {
	filled, signs := 0, 0
	fit = true
	for _, v := range g.s.values(i) {
		if missing(v) {
			continue
		}
		filled++
		if strings.ContainsAny(v, percentSigns) {
			signs++
			share, err := table.ParseNumber(v, 0)
			fit = fit && (err != nil || share >= 0 && share <= 1)
		}
	}
	return signs > 0 && 2*signs >= filled, fit
}

// onlyMetric is what all scores of the file measure, when a column says so: a survey's type, "NPS" in every row.
func (g *guesser) onlyMetric() string {
	for _, c := range g.columns {
		if c.Distinct == 1 && len(c.Samples) == 1 {
			if m := normal(c.Samples[0]); slices.Contains(feedback.Metrics, m) {
				return m
			}
		}
	}
	return ""
}

// labelled is a score whose cells begin with the number and go on with its words: "10 - extremely likely", "4/5", stars.
func (g *guesser) labelled(i int, t Target) bool {
	if t.Metric == "" {
		return false
	}
	low, high, of := math.Inf(1), math.Inf(-1), 0.0
	for _, v := range distinct(g.s.values(i), 200) {
		if _, most, ok := strings.Cut(v, "/"); ok {
			of, _ = strconv.ParseFloat(strings.TrimSpace(most), 64)
		}
		n, given, err := score(v, &step{on: feedback.Scale{Max: of}})
		if err != nil {
			return false
		}
		if given {
			low, high = min(low, n), max(high, n)
		}
	}
	if math.IsInf(low, 0) {
		return false
	}
	from, to, as, ok := scaleOf(t.Metric, low, max(high, of), false)
	if on, _, named := namedScale(t.Column); ok && named && low >= on.Min && max(high, of) <= on.Max {
		if from, to = on.Min, on.Max; as == "nps" && !onNPS(on) {
			as = "rating"
		}
	}
	if !ok || g.taken["score "+as] {
		return false
	}
	g.taken["score "+as] = true
	t.Metric = as
	if as != "nps" {
		t.Scale = &feedback.Scale{Min: from, Max: to, Direction: feedback.Up}
	}
	g.targets[i] = t
	return true
}

// distinct lists the different values that say something, at most so many.
func distinct(values []string, most int) []string {
	seen := map[string]bool{}
	var out []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" && !seen[v] && !missing(v) && len(out) < most {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// long tells texts that people wrote from labels that were chosen: most differ, and they have several words.
func long(s Sample, column int) bool {
	values, words, filled := s.values(column), 0, 0
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			filled++
			words += len(strings.Fields(v))
		}
	}
	return filled > 0 && words >= 3*filled && 3*len(distinct(values, filled)) > filled
}

func meanLength(s Sample, column int) float64 {
	n, filled := 0, 0
	for _, v := range s.values(column) {
		if v != "" {
			filled++
			n += utf8.RuneCountInString(v)
		}
	}
	return float64(n) / float64(max(1, filled))
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func clipTo(s string, most int) string {
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
