package imports

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
)

// shownColumns is how many columns can be mapped on the page; those behind them stay as they were guessed.
const shownColumns = 150

// shownRows is how many rows of the preview are shown.
const shownRows = 10

// groups are the targets as the page offers them: what was said, about what, by whom. A score is offered by its metric.
var groups = []struct {
	name    string
	targets []string
}{
	{"said", []string{"text", "score:nps", "score:csat", "score:ces", "score:star", "score:rating", "answer", "time"}},
	{"about", []string{"attribute", "channel", "kind", "source", "touchpoint", "survey", "survey_version", "language", "external_id"}},
	{"who", []string{"contact.name", "contact.email", "contact.phone", "contact.external_id", "contact.account", "contact.country", "contact.language", "contact.attribute"}},
}

// chosen is the entry of the select that a target is, and the key behind it.
func chosen(t imports.Target) (to, key string) {
	if t.To == "score" {
		return "score:" + t.Metric, ""
	}
	for _, k := range []string{"attribute", "answer", "contact.attribute"} {
		if key, ok := strings.CutPrefix(t.To, k+":"); ok {
			return k, key
		}
	}
	return t.To, ""
}

// targetOf finds what becomes of a column.
func targetOf(m imports.Mapping, column string) imports.Target {
	for _, t := range m.Columns {
		if t.Column == column {
			return t
		}
	}
	to := "attribute:" + clip(column, feedback.MaxKey)
	if m.Rest == "ignore" {
		to = m.Rest
	}
	return imports.Target{Column: column, To: to}
}

// decode reads the form into a mapping; the error names the fields that cannot be read. What the form does not show stays
// as it is, such as the wording of a question. knows tells whether the reader may know who customers are.
func decode(im imports.Import, form url.Values, zone *time.Location, knows bool) (imports.Mapping, error) {
	m := im.Mapping
	m.Columns = nil
	var bad []fault.Field
	var changed []int
	for i, c := range im.Columns {
		if im.Mapping.Native {
			break
		}
		n, was := "."+strconv.Itoa(i), targetOf(im.Mapping, c.Name)
		before, _ := chosen(was)
		to := form.Get("to" + n)
		if to == "" {
			m.Columns = append(m.Columns, was)
			continue
		}
		t := imports.Target{Column: c.Name, To: to, Zone: was.Zone, Decimal: cmp.Or(was.Decimal, c.Decimal)}
		switch metric, isScore := strings.CutPrefix(to, "score:"); {
		case isScore:
			t.To, t.Metric, t.Question = "score", metric, was.Question
			if before != to {
				t.Scale, t.Values = scaleOf(c, metric)
				break
			}
			for _, f := range decodeScore(&t, c, form, n) {
				f.Path = "columns[" + strconv.Itoa(i) + "]." + f.Path
				bad = append(bad, f)
			}
		case to == "time":
			t.Time = c.Time
			if before == to {
				t.Time = table.TimeFormat(form.Get("layout" + n))
			}
		case to == "attribute" || to == "answer" || to == "contact.attribute":
			key := strings.TrimSpace(form.Get("key" + n))
			if key == "" || before != to {
				key = clip(c.Name, feedback.MaxKey)
			}
			t.To += ":" + key
		case before == to:
			t.Values = was.Values
		}
		if to != before {
			changed = append(changed, i)
		}
		m.Columns = append(m.Columns, t)
	}
	// What only one column can be, moves to the one that was chosen last.
	for _, i := range changed {
		for k, t := range m.Columns {
			if k != i && t.To == m.Columns[i].To && t.To != "text" && t.To != "score" && t.To != "ignore" && !strings.Contains(t.To, ":") {
				m.Columns[k] = imports.Target{Column: t.Column, To: "attribute:" + clip(t.Column, feedback.MaxKey)}
				if im.Columns[k].Personal && !knows { // which everybody would see
					m.Columns[k].To = "ignore"
				}
			}
		}
	}
	k := &m.Constants
	for _, f := range []struct {
		into *string
		name string
	}{{&k.Source, "source"}, {&k.Channel, "channel"}, {&k.Kind, "kind"}, {&k.Language, "language"}, {&k.Touchpoint, "touchpoint"}, {&k.Zone, "zone"}, {&k.Country, "country"}} {
		*f.into = strings.TrimSpace(form.Get(f.name))
	}
	k.Time = nil
	if day := form.Get("day"); day != "" {
		at, err := time.ParseInLocation(time.DateOnly, day, zone)
		if err != nil {
			bad = append(bad, fault.Field{Path: "constants.time", Code: "time", Msg: "this is not a date"})
		}
		at = at.Add(12 * time.Hour) // the middle of the day is that day in most zones
		k.Time = &at
	}
	if bad != nil {
		return m, fault.Bad("imports.decode", bad...)
	}
	return m, nil
}

// decodeScore reads the scale of a score, and what the words of its column stand for.
func decodeScore(t *imports.Target, c imports.Column, form url.Values, n string) (bad []fault.Field) {
	number := func(field, part string) float64 {
		v, err := table.ParseNumber(form.Get(field+n), 0)
		if err != nil {
			bad = append(bad, fault.Field{Path: part, Code: "number", Msg: "this is not a number"})
		}
		return v
	}
	t.Scale = &feedback.Scale{Min: number("low", "scale"), Max: number("high", "scale"), Direction: feedback.Up}
	if form.Get("down"+n) != "" {
		t.Scale.Direction = feedback.Down
	}
	said := imports.Values{}
	for i, word := range c.Words {
		if imports.Legible(word, *t.Scale) {
			continue
		}
		worth := strings.TrimSpace(form.Get("worth" + n + "." + strconv.Itoa(i)))
		v, err := table.ParseNumber(worth, 0)
		switch {
		case worth == "": // not said: its rows are refused
		case err == nil:
			said[word] = strconv.FormatFloat(v, 'f', -1, 64)
		case strings.Trim(worth, "-−–—") == "":
			said[word] = "" // no answer
		default:
			bad = append(bad, fault.Field{Path: "values", Code: "number", Msg: "this is not a number"})
		}
	}
	if len(said) > 0 {
		t.Values = said
	}
	return bad
}

// clip cuts a text to a number of bytes without cutting a letter.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// scaleOf is the usual scale of a metric that holds a column's values, or else theirs; of a column of words, what they
// stand for where that is known.
func scaleOf(c imports.Column, metric string) (*feedback.Scale, imports.Values) {
	if scale, stand, ok := imports.Ladder(c.Words); ok && metric != "nps" {
		return &scale, stand
	}
	usual := map[string][][2]float64{"nps": {{0, 10}}, "csat": {{1, 5}, {1, 7}, {1, 10}, {0, 100}}, "ces": {{1, 7}, {1, 5}, {1, 10}}, "star": {{1, 5}, {0, 5}, {1, 10}}}
	low, err1 := strconv.ParseFloat(c.Min, 64)
	high, err2 := strconv.ParseFloat(c.Max, 64)
	known := err1 == nil && err2 == nil && low < high && (c.Kind == table.KindInteger || c.Kind == table.KindDecimal)
	ladder := append(slices.Clone(usual[metric]), [2]float64{1, 5}, [2]float64{0, 10}, [2]float64{-1, 1}, [2]float64{0, 100})
	for i, s := range ladder {
		if metric == "nps" || !known && i == 0 || known && s[0] <= low && high <= s[1] {
			return &feedback.Scale{Min: s[0], Max: s[1], Direction: feedback.Up}, nil
		}
	}
	return &feedback.Scale{Min: low, Max: high, Direction: feedback.Up}, nil
}

type draftView struct {
	Import    imports.Import
	Reading   []ui.Field
	Unfit     string // why the file cannot be read as it was asked to
	Refused   error  // why what was chosen cannot be
	Problem   string // what is wrong with the mapping as a whole
	Found     []string
	Warn      []string
	Columns   []columnView
	More      int
	Constants []ui.Field
	Preview   *imports.Preview
	Shows     map[string]bool // the columns of the preview that have anything
	Reasons   []string
	Start     string
	Teller    teller
}

type columnView struct {
	N       string // its number, behind the names of its fields
	Name    string
	Samples []string
	To, Key string
	Own     string // a target that is not offered, but that the file has
	Low     string
	High    string
	Down    bool
	Layout  table.TimeFormat
	Open    bool // nothing says whether the day or the month comes first
	Words   []word
	Error   string
}

// unknown lists words of a score of which nobody has said what they stand for.
func (c columnView) unknown() (out []string) {
	for _, w := range c.Words {
		if w.Worth == "" {
			out = append(out, shorten(w.Text, 60))
		}
	}
	return out
}

// word is what a column says in place of a number, and the number that it stands for.
type word struct{ N, Text, Worth string }

// draft shows what was found, the mapping m of the columns, and what it makes of the first rows. v has what was refused.
func (p *Pages) draft(q *web.Request, im imports.Import, m imports.Mapping, v draftView) error {
	e := q.Env
	v.Import, v.Reading, v.Constants, v.Start = im, reading(e, im.Settings), constants(q, im, m), e.T("import.start")
	for i, c := range im.Columns {
		if m.Native {
			break
		}
		if i == shownColumns {
			v.More = len(im.Columns) - i
			break
		}
		v.Columns = append(v.Columns, column(i, c, targetOf(m, c.Name)))
	}
	pre, err := p.Imports.Preview(q.Context(), q.Workspace.ID, q.Actor, im.ID, &m)
	if fault.Is(err, fault.Invalid) && v.Refused == nil {
		v.Refused = err
	} else if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	im.Mapping = m
	v.Teller = teller{e, im}
	if v.Refused != nil {
		v.refuse(e, v.Refused, m)
	} else {
		v.Preview = &pre
		v.sum(e, m)
	}
	status := http.StatusOK
	if q.Method == http.MethodPost && (v.Refused != nil || v.Unfit != "") && !q.Partial() { // htmx shows no page that failed
		status = http.StatusUnprocessableEntity
	}
	sh := q.Shell("import", im.Name)
	if q.Partial() {
		return q.Render(status, draftBody(sh, v))
	}
	return q.Render(status, draftPage(sh, v))
}

// refuse puts what is wrong with a mapping beside the columns that it is about.
func (v *draftView) refuse(e ui.Env, err error, m imports.Mapping) {
	problem := fault.ProblemOf(err)
	for _, f := range problem.Errors {
		at, part, ok := strings.Cut(strings.TrimPrefix(f.Path, "columns["), "].")
		i, numErr := strconv.Atoi(at)
		switch {
		case f.Path == "columns":
			v.Problem = e.T("import.no_content")
		case ok && numErr == nil && i < len(m.Columns):
			for k := range v.Columns {
				if v.Columns[k].Name == m.Columns[i].Column && v.Columns[k].Error == "" { // the first says most
					v.Columns[k].Error = wrong(e, part, f)
				}
			}
		default:
			name := strings.TrimPrefix(f.Path, "constants.")
			if name == "time" {
				name = "day"
			}
			for k := range v.Constants {
				if v.Constants[k].Name == name {
					v.Constants[k].Error = wrong(e, f.Path, f)
				}
			}
		}
	}
	if v.Problem == "" && len(problem.Errors) == 0 {
		v.Problem = sentence(problem.Detail) // the file as such
	} else if v.Problem == "" {
		v.Problem = e.T("import.not_yet")
	}
}

// sum says in sentences what the preview shows.
func (v *draftView) sum(e ui.Env, m imports.Mapping) {
	p, im := v.Preview, v.Import
	comes := p.Valid - p.Again // of the rows that were looked at
	switch {
	case im.Total > int64(p.Sampled) && p.Sampled > 0: // an estimate, of which no more is known than its first figures
		v.Start = e.T("import.start_about", "count", round(int64(float64(im.Total)*float64(comes)/float64(p.Sampled))))
	case comes > 0 && im.Total > 0: // how many rows a workbook has is not known before all are read
		v.Start = e.T("import.start_count", "count", comes)
	}
	text, when := []string{}, false
	for _, t := range m.Columns {
		switch t.To {
		case "text":
			text = append(text, t.Column)
		case "time":
			when = true
		}
	}
	if len(text) > 0 && p.Texts > 0 {
		v.Found = append(v.Found, e.T("import.found_text", "column", strings.Join(text, ", ")))
	}
	for _, s := range p.Scores {
		v.Found = append(v.Found, e.T("import.found_score", "metric", ui.Named(e, "metric.", s.Metric), "scale", figure.Scale(e, s.Scale), "mean", e.N(s.Mean, 1)))
	}
	if when && !p.From.IsZero() {
		v.Found = append(v.Found, e.T("import.found_time", "from", e.Date(p.From), "to", e.Date(p.To)))
	} else if !when && !m.Native && m.Constants.Time == nil {
		v.Warn = append(v.Warn, e.T("import.no_time"))
	}
	if when && p.Undated > 0 || m.Native && p.Undated > 0 {
		v.Warn = append(v.Warn, e.T("import.undated", "count", p.Undated, "date", e.Date(imports.Import{Mapping: m}.Without(e.Now))))
	}
	if n := imports.Beyond(m, im.Columns); n > 0 {
		v.Warn = append(v.Warn, e.T("import.beyond", "count", n, "most", feedback.MaxAttributes))
	}
	if p.Known > 0 {
		v.Found = append(v.Found, e.T("import.found_who", "count", p.Known))
	}
	if l := m.Constants.Language; l != "" {
		v.Found = append(v.Found, e.T("import.found_language", "language", ui.OwnName(l)))
	}
	if region, err := language.ParseRegion(m.Constants.Country); err == nil {
		v.Found = append(v.Found, e.T("import.found_country", "country", display.Regions(language.Make(e.Tag())).Name(region)))
	}
	if p.Again > 0 {
		v.Warn = append(v.Warn, e.T("import.again", "count", p.Again))
	}
	if t := p.Twice; t != nil {
		v.Warn = append(v.Warn, e.T("import.twice", "count", t.Rows, "of", t.Of)+" "+twiceAdvice(e, *t))
	}
	if p.Mended > 0 {
		v.Warn = append(v.Warn, e.T("import.mended", "count", p.Mended))
	}
	for _, c := range v.Columns {
		if words := c.unknown(); len(words) > 0 {
			v.Warn = append(v.Warn, e.T("import.unknown_words", "column", c.Name, "words", strings.Join(words, ", ")))
		}
		if c.To == "time" && c.Open {
			v.Warn = append(v.Warn, e.T("import.ambiguous", "column", c.Name))
		}
	}
	for _, r := range p.Reasons {
		why := v.Teller.reason(fault.Field{Path: r.Column, Code: r.Code, Msg: r.Example}, r.Cell)
		v.Reasons = append(v.Reasons, e.T("import.reason", "count", r.N, "why", why))
	}
	v.Shows = map[string]bool{}
	for _, r := range p.Rows {
		if in := r.Input; in != nil {
			v.Shows["score"] = v.Shows["score"] || len(in.Scores) > 0
			v.Shows["text"] = v.Shows["text"] || in.Text != ""
			v.Shows["who"] = v.Shows["who"] || in.Contact != nil
			v.Shows["more"] = v.Shows["more"] || len(in.Attributes) > 0 || len(in.Answers) > 0
		}
	}
}

// twiceAdvice says what to do about rows that are there already.
func twiceAdvice(e ui.Env, t imports.Twice) string {
	switch {
	case t.Advice == imports.MapID && t.Source != "":
		return e.T("import.twice.map_id_source", "source", t.Source)
	case t.Advice == imports.MapID:
		return e.T("import.twice.map_id")
	case t.Advice == imports.SetTo:
		return e.T("import.twice.source", "source", t.Source)
	}
	return e.T("import.twice.leave_out")
}

// round keeps the first two figures of a number.
func round(n int64) int64 {
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit/2) / unit * unit
}

func column(i int, c imports.Column, t imports.Target) columnView {
	v := columnView{N: "." + strconv.Itoa(i), Name: c.Name, Open: c.Ambiguous, Layout: t.Time}
	for _, s := range c.Samples {
		if len(v.Samples) < 3 && strings.TrimSpace(s) != "" {
			v.Samples = append(v.Samples, shorten(s, 90))
		}
	}
	v.To, v.Key = chosen(t)
	if v.Key == "" {
		v.Key = clip(c.Name, feedback.MaxKey)
	}
	known := v.To == "ignore"
	for _, g := range groups {
		known = known || slices.Contains(g.targets, v.To)
	}
	if !known {
		v.Own = v.To
	}
	if t.To == "score" {
		scale := t.Scale
		if scale == nil {
			scale, _ = scaleOf(c, t.Metric)
		}
		v.Low, v.High, v.Down = number(scale.Min), number(scale.Max), scale.Direction == feedback.Down
		worth := map[string]string{}
		for cell, value := range t.Values {
			worth[strings.ToLower(strings.TrimSpace(cell))] = cmp.Or(value, "–")
		}
		for k, w := range c.Words {
			if imports.Legible(w, *scale) {
				continue
			}
			v.Words = append(v.Words, word{v.N + "." + strconv.Itoa(k), w, worth[strings.ToLower(strings.TrimSpace(w))]})
		}
		slices.SortStableFunc(v.Words, func(a, b word) int {
			x, errX := strconv.ParseFloat(a.Worth, 64)
			y, errY := strconv.ParseFloat(b.Worth, 64)
			if errX != nil || errY != nil {
				return 0
			}
			return cmp.Compare(x, y)
		})
	}
	return v
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// encodings are offered by the languages that files come in.
var encodings = []string{"utf-8", "utf-16le", "utf-16be", "windows-1255", "iso-8859-8-i", "windows-1256", "windows-1251", "koi8-r", "ibm866", "windows-1252"}

// reading are the choices of how the file is read.
func reading(e ui.Env, s imports.Settings) []ui.Field {
	var out []ui.Field
	options := func(list []string, now string, label func(string) string) []ui.Option {
		if !slices.Contains(list, now) {
			list = append([]string{now}, list...)
		}
		out := make([]ui.Option, len(list))
		for i, x := range list {
			out[i] = ui.Option{Value: x, Label: label(x), On: x == now}
		}
		return out
	}
	plain := func(s string) string { return s }
	if s.Encoding != "" {
		out = append(out, ui.Field{Name: "encoding", Label: e.T("import.encoding"), Options: options(encodings, s.Encoding, plain)})
	}
	if s.Delimiter != "" {
		out = append(out, ui.Field{Name: "delimiter", Label: e.T("import.delimiter"), Options: options([]string{",", ";", "\t", "|"}, s.Delimiter, func(d string) string {
			names := map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
			if n, ok := names[d]; ok {
				return e.T("import.delimiter." + n)
			}
			return d
		})})
	}
	if len(s.Sheets) > 0 {
		out = append(out, ui.Field{Name: "sheet", Label: e.T("import.sheet"), Options: options(s.Sheets, s.Sheet, plain)})
	}
	if s.Format != table.NDJSON {
		header := ui.Field{Name: "header", Label: e.T("import.header"), Options: []ui.Option{
			{Value: "yes", Label: e.T("import.header.yes"), On: s.Header && s.Above == 0}, {Value: "no", Label: e.T("import.header.no"), On: !s.Header}}}
		for above := 1; above <= max(3, s.Above); above++ {
			header.Options = append(header.Options, ui.Option{Value: strconv.Itoa(above), Label: e.T("import.header.above", "count", above), On: s.Header && s.Above == above})
		}
		out = append(out, header)
	}
	return out
}

// constants are the fields for what the file does not say.
func constants(q *web.Request, im imports.Import, m imports.Mapping) []ui.Field {
	e, k := q.Env, m.Constants
	channels := []ui.Option{}
	for _, c := range feedback.Channels {
		channels = append(channels, ui.Option{Value: c, Label: ui.Named(e, "channel.", c), On: c == k.Channel || k.Channel == "" && c == "import"})
	}
	if k.Channel != "" && !slices.Contains(feedback.Channels, k.Channel) {
		channels = append(channels, ui.Option{Value: k.Channel, Label: k.Channel, On: true})
	}
	kinds := []ui.Option{}
	for _, c := range feedback.Kinds {
		kinds = append(kinds, ui.Option{Value: c, Label: ui.Named(e, "kind.", c), On: c == k.Kind})
	}
	languages := []ui.Option{{Label: e.T("import.unsaid"), On: k.Language == ""}}
	for _, tag := range []string{"en", "he", "fa", "ru", "ar", "de", "es", "fr", "tr", "uk"} {
		languages = append(languages, ui.Option{Value: tag, Label: ui.OwnName(tag), On: tag == k.Language})
	}
	if k.Language != "" && !slices.ContainsFunc(languages, func(o ui.Option) bool { return o.On }) {
		languages = append(languages, ui.Option{Value: k.Language, Label: ui.OwnName(k.Language), On: true})
	}
	day := ""
	if k.Time != nil {
		day = k.Time.In(q.Workspace.Location()).Format(time.DateOnly)
	}
	return []ui.Field{
		{Name: "channel", Label: e.T("field.channel"), Options: channels},
		{Name: "kind", Label: e.T("field.kind"), Options: kinds},
		{Name: "language", Label: e.T("field.language"), Options: languages, Optional: true},
		{Name: "touchpoint", Label: e.T("field.touchpoint"), Value: k.Touchpoint, Optional: true},
		{Name: "source", Label: e.T("field.source"), Value: k.Source, Placeholder: "import: " + im.Name, Optional: true, Help: e.T("import.source_help")},
		{Name: "day", Label: e.T("import.day"), Type: "date", Value: day, Optional: true, Help: e.T("import.day_help")},
		{Name: "zone", Label: e.T("import.zone"), Value: k.Zone, Placeholder: q.Workspace.Zone, Optional: true, Dir: "ltr"},
		{Name: "country", Label: e.T("import.country"), Value: k.Country, Placeholder: q.Workspace.Country, Optional: true, Dir: "ltr", Help: e.T("import.country_help")},
	}
}

// cells are those of a row that was refused, in one line.
func cells(list []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" }), " | ")
}
