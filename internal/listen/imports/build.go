package imports

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// builder makes inputs of rows, as a mapping says. It is for one goroutine.
type builder struct {
	m       Mapping
	base    feedback.Input // with the constants
	zone    *time.Location
	prefix  string // of the external ids of rows without one
	lists   bool   // cells may be lists in JSON
	columns []string
	steps   []step          // by column
	scales  map[string]int  // metric to the column with its scale
	private map[string]bool // attributes of feedback that say who a customer is, in the rows since they were last taken
	namer   *namer          // nil where nobody was erased
}

// step is what is done with one column's cells.
type step struct {
	Target
	word, key string
	zone      *time.Location
	values    map[string]string // by folded cell
	on        feedback.Scale
	decimal   rune
}

// RowOf is the row of a file that feedback came from whose id was made of it, for rows without one (newBuilder); ok is false of any other id.
func RowOf(externalID string) (row int64, ok bool) {
	m := rowID.FindStringSubmatch(externalID)
	if m == nil {
		return 0, false
	}
	row, err := strconv.ParseInt(m[1], 10, 64)
	return row, err == nil
}

var rowID = regexp.MustCompile(`^import-[0-9a-f]{16}-([0-9]+)$`)

// newBuilder prepares a mapping that was validated. zone is the workspace's; prefix is put before the numbers of rows
// without an external id.
func newBuilder(m Mapping, im Import, zone *time.Location, at time.Time) *builder {
	c := m.Constants
	if z, err := time.LoadLocation(c.Zone); err == nil && c.Zone != "" {
		zone = z
	}
	if c.Time != nil {
		at = *c.Time
	}
	b := &builder{m: m, zone: zone, lists: im.Settings.Format == table.NDJSON, prefix: "import-" + im.Fingerprint[:min(16, len(im.Fingerprint))] + "-", scales: map[string]int{}}
	b.base = feedback.Input{Kind: cmp.Or(c.Kind, feedback.Response), Channel: cmp.Or(c.Channel, "import"), Source: cmp.Or(c.Source, sourceOf(im.Name)),
		Language: c.Language, Touchpoint: c.Touchpoint, Survey: c.Survey, SurveyVersion: c.SurveyVersion, Time: &at, Import: string(im.ID), Region: c.Country}
	return b
}

// made tells whether an external id was made of the number of its row.
func (b *builder) made(id string) bool { return strings.HasPrefix(id, b.prefix) }

// sourceOf is the source of what a file brings, unless the mapping names another.
func sourceOf(name string) string {
	return clipTo("import: "+name, 200)
}

// learn takes note of columns, more of which may come while a file is read.
func (b *builder) learn(columns []string) {
	if b.m.Native {
		return
	}
	for i := len(b.steps); i < len(columns); i++ {
		name := columns[i]
		s := step{Target: Target{Column: name, To: toIgnore}, word: toIgnore, zone: b.zone}
		found := false
		for _, t := range b.m.Columns {
			if t.Column == name {
				s.Target, found = t, true
			}
		}
		if !found && b.m.Rest != toIgnore {
			s.To = "attribute:" + attributeKey(name)
		}
		s.word, s.key, _ = split(s.To)
		if z, err := time.LoadLocation(s.Zone); err == nil && s.Zone != "" {
			s.zone = z
		}
		if sc := s.scale(b.m.Constants); sc != nil {
			s.on = *sc
		}
		if s.Decimal != "" {
			s.decimal = rune(s.Decimal[0])
		}
		if len(s.Values) > 0 {
			s.values = make(map[string]string, len(s.Values))
			for k, v := range s.Values {
				s.values[folded(k)] = v
			}
		}
		if s.word == "scale:" {
			b.scales[s.key] = i
		}
		b.steps = append(b.steps, s)
		b.columns = append(b.columns, name)
	}
}

// attributeKey makes a column's name fit to be an attribute's key.
func attributeKey(name string) string { return clipTo(strings.TrimSpace(name), feedback.MaxKey) }

// folded is a cell as values are looked up by.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// row makes the input of one row, or says what is wrong with it, by column. The cells are not kept.
func (b *builder) row(r rawRow, in *feedback.Input) (bad []fault.Field) {
	if b.m.Native {
		bad = b.native(r.raw, in)
	} else {
		*in = b.base
		for i := range b.steps {
			s := &b.steps[i]
			if s.word == toIgnore || i >= len(r.cells) {
				continue
			}
			cell := r.cells[i]
			if s.values != nil && cell != "" {
				if v, ok := s.values[folded(cell)]; ok {
					cell = v
				}
			}
			if cell == "" {
				continue
			}
			if f, ok := b.put(s, cell, r.cells, in); !ok {
				bad = append(bad, f)
			}
		}
		if in.Contact != nil && in.Contact.Anonymous() {
			b.beside(r.cells, in)
		}
	}
	if in.ExternalID == "" {
		in.ExternalID = b.prefix + strconv.FormatInt(r.number, 10)
	}
	return bad
}

// name notes whom a row names, where that is asked for; in is what it became, nil where it could not be read.
func (b *builder) name(r rawRow, in *feedback.Input) {
	if b.namer == nil {
		return
	}
	var who *contact.Ref
	if in != nil && in.Contact != nil {
		who = &contact.Ref{External: in.Contact.ExternalID, Email: in.Contact.Email, Phone: in.Contact.Phone, Country: in.Contact.Country}
	}
	b.namer.row(b.columns, r, who)
}

// put writes one cell to its place.
func (b *builder) put(s *step, cell string, cells []string, in *feedback.Input) (bad fault.Field, ok bool) {
	wrong := func(code, msg string) (fault.Field, bool) {
		return fault.Field{Path: s.Column, Code: code, Msg: strconv.Quote(clip(cell)) + " " + msg}, false
	}
	switch s.word {
	case toText:
		if in.Text != "" {
			cell = in.Text + "\n\n" + cell
		}
		in.Text = cell
	case toTime:
		t, err := table.ParseTime(cell, s.Time, s.zone)
		switch {
		case errors.Is(err, table.ErrAmbiguousDate):
			return wrong("ambiguous", "could have the day or the month first: say which in the mapping")
		case err != nil && missing(cell):
			return bad, true
		case err != nil:
			return wrong("time", "is not a date")
		}
		in.Time = &t
	case toScore:
		v, given, err := score(cell, s)
		if err != nil {
			return wrong("number", "is not a number, and the mapping does not say what it stands for")
		}
		if !given {
			return bad, true
		}
		on := s.on
		if at, ok := b.scales[s.Metric]; ok && at < len(cells) && cells[at] != "" {
			if on, ok = parseScale(cells[at]); !ok {
				return fault.Field{Path: b.columns[at], Code: "form", Msg: strconv.Quote(clip(cells[at])) + " is not a scale such as 1..5"}, false
			}
		}
		in.Scores = append(in.Scores, feedback.Score{Metric: s.Metric, Value: v, Scale: on, Question: s.Question})
	case "answer:":
		cell = s.plain(cell)
		var value any = cell
		if v, err := strconv.ParseFloat(cell, 64); err == nil && plainNumber(cell) {
			value = v
		}
		in.Answers = append(in.Answers, feedback.Answer{Question: s.key, Value: value})
	case "attribute:":
		if b.lists && cell[0] == '[' {
			if cell = listed(cell); cell == "" {
				return bad, true
			}
		}
		if in.Attributes == nil {
			in.Attributes = make(feedback.Attributes, 4)
		}
		in.Attributes[s.key] = s.plain(cell)
	case "kind":
		in.Kind = strings.ToLower(strings.TrimSpace(cell))
	case "channel":
		in.Channel = strings.TrimSpace(cell)
	case "source":
		in.Source = cell
	case toExternalID:
		if !missing(cell) { // or all of these would be taken for one
			in.ExternalID = strings.TrimSpace(cell)
		}
	case "language":
		in.Language = cell
	case "touchpoint":
		in.Touchpoint = cell
	case "survey":
		in.Survey = cell
	case "survey_version":
		in.SurveyVersion = cell
	default:
		return b.putContact(s, cell, in)
	}
	return bad, true
}

// plain writes a number of a column with a decimal sign of its own as programs do, so that it can be asked for as one: "1 250,5" becomes
// "1250.5". What is no number, or says more than one (a share, an amount in a currency), stays as it is.
func (s *step) plain(cell string) string {
	if s.decimal == 0 || strings.Trim(cell, "0123456789") == "" || plainNumber(cell) && (s.decimal == '.' || !strings.Contains(cell, ".")) || strings.ContainsAny(cell, percentSigns) ||
		strings.ContainsFunc(cell, func(r rune) bool { return unicode.Is(unicode.Sc, r) }) {
		return cell
	}
	v, err := table.ParseNumber(cell, s.decimal)
	if err != nil {
		return cell
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// listed writes a list of texts in JSON as people do; anything else stays as it is.
func listed(cell string) string {
	var list []string
	if err := json.Unmarshal([]byte(cell), &list); err != nil {
		return cell
	}
	return strings.Join(list, ", ")
}

func (b *builder) putContact(s *step, cell string, in *feedback.Input) (bad fault.Field, ok bool) {
	if s.word == "scale:" { // taken by its score
		return bad, true
	}
	if missing(cell) {
		return bad, true
	}
	if in.Contact == nil {
		in.Contact = &feedback.Who{}
	}
	switch w := in.Contact; s.word {
	case toContactID:
		w.ExternalID = strings.TrimSpace(cell)
	case "contact.email":
		w.Email = cell
	case "contact.phone":
		w.Phone = cell
	case "contact.name":
		w.Name = cell
	case "contact.language":
		w.Language = cell
	case "contact.country":
		if _, ok := contact.NormCountry(cell); ok {
			w.Country = cell
		} else if w.Attributes["country"] == "" { // a name; as an attribute it is as good
			who(w, "country", cell)
		}
	case "contact.account":
		w.Account = cell
	case "contact.attribute:":
		who(w, s.key, s.plain(cell))
	}
	return bad, true
}

// who gives a customer an attribute.
func who(w *feedback.Who, key, value string) {
	if w.Attributes == nil {
		w.Attributes = feedback.Attributes{}
	}
	w.Attributes[key] = value
}

// beside keeps what a row says of a customer whom it does not name as facts beside the feedback, which would be lost otherwise: under
// the names of their columns, as if those had not been told to be a customer's.
func (b *builder) beside(cells []string, in *feedback.Input) {
	in.Contact = nil
	for i := range b.steps {
		s := &b.steps[i]
		if !strings.HasPrefix(s.word, "contact.") || i >= len(cells) {
			continue
		}
		if cell := s.worth(cells[i]); !missing(cell) {
			key := attributeKey(s.Column)
			if s.word == "contact.attribute:" {
				key = s.key
			}
			note(in, key, cell)
			if covers[s.word] != "" {
				b.hide(key)
			}
		}
	}
}

// hide remembers that an attribute of feedback says who a customer is: those who may not know that are not to see it, as they would not see
// it of a contact.
func (b *builder) hide(key string) {
	if b.private == nil {
		b.private = map[string]bool{}
	}
	b.private[key] = true
}

// note gives feedback an attribute unless it has that already.
func note(in *feedback.Input, key, value string) {
	if in.Attributes == nil {
		in.Attributes = make(feedback.Attributes, 4)
	}
	if _, there := in.Attributes[key]; !there && value != "" {
		in.Attributes[key] = value
	}
}

// native reads a row in the form of POST /v1/feedback, as an export of Kolo has it: with fields that an import makes anew.
// Any other field that Kolo does not know refuses the row rather than being lost.
func (b *builder) native(raw string, in *feedback.Input) []fault.Field {
	id := ""
	if err := feedback.Decode([]byte(raw), in, func(name string, value []byte) bool {
		switch name {
		case "id":
			_ = json.Unmarshal(value, &id) // of another type, it is no id of Kolo's
		case "revision", "received_at", "contact_id", "import_id", "erased_at", "understanding":
		default:
			return false
		}
		return true
	}); err != nil {
		return fault.ProblemOf(err).Errors
	}
	base := &b.base
	for _, f := range [][2]*string{{&in.Kind, &base.Kind}, {&in.Channel, &base.Channel}, {&in.Source, &base.Source}, {&in.Language, &base.Language},
		{&in.Touchpoint, &base.Touchpoint}, {&in.Survey, &base.Survey}, {&in.SurveyVersion, &base.SurveyVersion}, {&in.ExternalID, &id}} {
		if *f[0] == "" {
			*f[0] = *f[1]
		}
	}
	if in.Time == nil {
		in.Time = base.Time
	}
	if w := in.Contact; w != nil && w.Anonymous() { // as in beside, by the names that the columns of such a file have
		in.Contact = nil
		for key, value := range w.Attributes {
			note(in, key, value)
		}
		for _, f := range [][2]string{{"contact.name", w.Name}, {"contact.language", w.Language}, {"contact.country", w.Country}, {"contact.account", w.Account}} {
			note(in, f[0], f[1])
			if covers[f[0]] != "" && f[1] != "" {
				b.hide(f[0])
			}
		}
		if w.Value != nil {
			note(in, "contact.lifetime_value.amount_minor", strconv.FormatInt(w.Value.Minor, 10))
			note(in, "contact.lifetime_value.currency", w.Value.Currency)
		}
	}
	in.Import, in.Region = base.Import, base.Region
	return nil
}

// columnOf translates the path of what the intake refuses into the name of the column that it came from. Rows that have
// the form of the intake already (no steps) keep the path.
func columnOf(path string, steps []step, cells []string) string {
	word, place := path, -1
	if head, rest, ok := strings.Cut(path, "["); ok {
		if n, _, ok := strings.Cut(rest, "]"); ok {
			if i, err := strconv.Atoi(n); err == nil {
				word, place = head, i
			}
		}
	}
	for i := range steps {
		s := &steps[i]
		if i >= len(cells) || cells[i] == "" {
			continue
		}
		switch {
		case word == "scores" && s.word == toScore:
			if _, given, err := score(s.worth(cells[i]), s); err != nil || !given {
				continue
			}
		case word == "answers" && s.word == "answer:" && s.worth(cells[i]) != "":
		case place < 0 && (s.To == path || s.word == "attribute:" && path == "attributes."+s.key || s.word == "contact.attribute:" && path == "contact.attributes."+s.key):
			return s.Column
		default:
			continue
		}
		if place == 0 {
			return s.Column
		}
		place--
	}
	return path
}

// worth is a cell after its replacement.
func (s *step) worth(cell string) string {
	if v, ok := s.values[folded(cell)]; ok {
		return v
	}
	return cell
}

// score reads a cell as a score: a number, "8/10", "4 - satisfied", "(5) excellent", stars, or "80%" on a scale of 0 to 100. given is
// false for cells that say that there is no answer.
func score(cell string, s *step) (v float64, given bool, err error) {
	if v, err = table.ParseNumber(cell, s.decimal); err == nil {
		switch {
		case !strings.ContainsAny(cell, percentSigns):
			return v, true, nil
		case s.on.Min == 0 && s.on.Max == 100: // on another scale nobody knows what is meant
			return percent(v), true, nil
		}
	}
	cell = strings.TrimSpace(cell)
	if missing(cell) {
		return 0, false, nil
	}
	if n, ok := stars(cell); ok {
		return n, true, nil
	}
	number, rest := strings.TrimLeft(cell, "( "), ""
	if i := strings.IndexFunc(number, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' && r != ',' && r != '-' }); i > 0 {
		number, rest = number[:i], number[i:]
	}
	v, numErr := table.ParseNumber(strings.TrimRight(number, "-.,"), s.decimal)
	if numErr != nil || rest == "" {
		return 0, false, errors.New("no number")
	}
	rest = strings.TrimLeft(rest, ") ")
	if of, ok := strings.CutPrefix(rest, "/"); ok {
		most, err := table.ParseNumber(strings.TrimSpace(of), s.decimal)
		if err != nil || most != s.on.Max {
			return 0, false, errors.New("another scale")
		}
		return v, true, nil
	}
	if r, _ := utf8.DecodeRuneInString(rest); rest == "" || r == '%' || unicode.IsDigit(r) {
		return 0, false, errors.New("no number")
	}
	return v, true, nil
}

// percentSigns are the signs of per cent, the Arabic one too.
const percentSigns = "%٪"

// percent is a share as a number of per cent, without what dividing and multiplying by a hundred does to 7%.
func percent(share float64) float64 { return math.Round(share*1e11) / 1e9 }

// Legible tells whether a cell says its score by itself ("4", "4/5", "4 - good", stars, no answer), so that nobody needs to
// say what it stands for.
func Legible(cell string, on feedback.Scale) bool {
	_, _, err := score(cell, &step{on: on})
	return err == nil
}

// stars counts full stars, with or without empty ones behind them.
func stars(s string) (float64, bool) {
	full := 0
	for _, r := range s {
		switch r {
		case '★', '⭐':
			full++
		case '☆', '\uFE0F', ' ':
		default:
			return 0, false
		}
	}
	return float64(full), full > 0
}

// parseScale reads "1..5", and "5..1" where lower is better.
func parseScale(s string) (feedback.Scale, bool) {
	low, high, ok := strings.Cut(s, "..")
	from, err1 := strconv.ParseFloat(strings.TrimSpace(low), 64)
	to, err2 := strconv.ParseFloat(strings.TrimSpace(high), 64)
	if !ok || err1 != nil || err2 != nil {
		return feedback.Scale{}, false
	}
	if from > to {
		return feedback.Scale{Min: to, Max: from, Direction: feedback.Down}, true
	}
	return feedback.Scale{Min: from, Max: to, Direction: feedback.Up}, true
}

// plainNumber tells a number that is written as JSON would write it: no leading zero, plus or name.
func plainNumber(s string) bool { return json.Valid([]byte(s)) }

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// missing knows the usual ways to write that there is no value.
func missing(s string) bool {
	if len(s) > 40 {
		return false
	}
	switch folded(s) {
	case "", "null", "nil", "none", "n/a", "na", "n.a.", "nan", "#n/a", "-", "--", "—", "?", "no answer", "not applicable", "don't know", "dont know",
		"нет ответа", "не знаю", "затрудняюсь ответить", "н/д", "לא יודע", "לא יודעת", "לא רלוונטי", "אין תשובה", "אין", "نمی\u200cدانم", "نمیدانم", "بدون پاسخ":
		return true
	}
	return false
}

// isNative tells whether columns of an NDJSON file are those of POST /v1/feedback. A list of scores is told by its form,
// whatever else there is; without one, every column has to be known.
func isNative(s Sample) bool {
	telling := false
	for i, name := range s.Columns {
		head, _, nested := strings.Cut(name, ".")
		switch head {
		case "kind", "channel", "source", "external_id", "time", "touchpoint", "survey", "survey_version", "language", "text",
			"id", "revision", "received_at", "contact_id", "import_id", "erased_at":
			if nested {
				return false
			}
		case "understanding": // as Kolo's exports have it; every text is read anew
		case "scores":
			for _, v := range s.values(i) {
				var list []feedback.Score
				if v != "" && v != "[]" && json.Unmarshal([]byte(v), &list) == nil && list[0].Metric != "" {
					return true
				}
			}
			telling = true
		case "answers":
			telling = true
		case "contact", "attributes":
			if !nested {
				return false
			}
			telling = true
		default:
			return false
		}
	}
	// Without anything nested, plain columns say the same, and guess more: dates in other forms, for instance.
	return telling
}
