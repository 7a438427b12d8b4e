package insight

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/understand/search"
)

// table is the columns' one table of feedback.
const table = "feedback"

// A field is what feedback can be grouped, filtered or measured by: a column, or a key of one of the catch-alls.
type field struct {
	name   string
	column string // of its own
	key    string // in the catch-all
	number bool
	words  []string // what the numbers of the column mean, from low on
	low    int64

	several bool // of an answer in a question: some are lists, of which each choice counts

	groups  []string   // of a field of themes in a question: the themes to group by
	members [][]string // and the ids that belong to each
}

var fixed = map[string]field{}

// FixedFields lists the fields that all feedback has, in the order in which pages offer them.
var FixedFields = []string{"kind", "channel", "source", "language", "touchpoint", "survey", "survey_version", "import", "weekday", "theme_group", "theme", "sentiment"}

func init() {
	for _, n := range append([]string{"contact", "id", "text", "nps_question", "csat_question", "ces_question", "star_question", "rating_question"}, FixedFields...) {
		fixed[n] = field{name: n, column: n}
	}
	for _, m := range metrics {
		fixed[m] = field{name: m, column: m, number: true}
		fixed[m+"_scale"] = field{name: m + "_scale", column: m + "_scale"}
		fixed[m+"_group"] = field{name: m + "_group", column: m + "_class", words: groups[m], low: -1}
	}
	fixed["sentiment"] = field{name: "sentiment", column: "sentiment_class", words: []string{"negative", "neutral", "positive", "mixed"}, low: -1}
	fixed["sentiment_unsure"] = field{name: "sentiment_unsure", column: "unsure", words: []string{"no", "yes"}}
	fixed["sentiment_score"] = field{name: "sentiment_score", column: "sentiment_score", number: true}
	for n := range themeFields {
		fixed[n] = field{name: n}
	}
	fixed[copies] = field{name: copies, column: "copy_key"}
	fixed["has_text"] = field{name: "has_text", column: "has_text"}
}

// parseField reads a field's name: one of the fixed ones, or attribute.KEY, answer.QUESTION, contact.KEY.
func parseField(name string) (field, error) {
	if f, ok := fixed[name]; ok {
		return f, nil
	}
	place, key, ok := strings.Cut(name, ".")
	if ok && key != "" && len(key) <= 200 {
		switch place {
		case "attribute":
			return field{name: name, key: key}, nil
		case "answer", "contact":
			return field{name: name, key: place + ":" + key}, nil
		}
	}
	if near := meant(name); near != "" {
		return field{}, fmt.Errorf("%q is not a field: did you mean %s", name, near)
	}
	return field{}, fmt.Errorf("%q is not a field: it is one of %s, a score, or attribute.KEY, answer.QUESTION, contact.KEY", name, strings.Join(FixedFields, ", "))
}

// meant guesses which field a name that is none was to be, as the end of a question, "" where nothing is near. What is like none of the fixed ones, and has no dot, may
// be the key of an attribute or a question.
func meant(name string) string {
	plain := plainName(name)
	if plain == "" || len(name) > 200 {
		return ""
	}
	best, least := "", 2 // more than one slip is no slip
	for n := range fixed {
		d := fault.Slips(plain, plainName(n))
		if len(plain) < 5 { // one letter makes another word of a short one
			d *= 2
		}
		if d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	place, key, dotted := strings.Cut(name, ".")
	switch {
	case best != "":
		return best + "?"
	case !dotted:
		return "attribute." + name + ", answer." + name + " or contact." + name + "? Fields without a key are " + strings.Join(FixedFields, ", ") + " and scores"
	case key == "":
		return ""
	}
	for _, p := range []string{"attribute", "answer", "contact"} {
		if d := fault.Slips(plainName(place), p); d <= 1 {
			return p + "." + key + "?"
		}
	}
	return ""
}

// plainName is a name without capitals and marks: people write "touch_point" and "TouchPoint" for touchpoint.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

var weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

var groups = map[string][]string{ // class -1, 0, 1
	"nps": {"detractor", "passive", "promoter"}, "csat": {"dissatisfied", "neutral", "satisfied"},
	"ces": {"hard", "neutral", "easy"}, "star": {"low", "middle", "high"}, "rating": {"low", "middle", "high"},
}

// expr is the field as SQL that gives a text, "" where there is none; or a number, NULL where there is none.
func (f field) expr(d column.Dialect) string {
	switch {
	case f.key != "":
		return "coalesce(" + d.Extra(table, f.key) + ", '')"
	case f.name == "weekday":
		// Day 0 was a Thursday; days before it are far from any feedback.
		return byCase("(day + 3) % 7", weekdays)
	case f.words != nil:
		var b strings.Builder
		b.WriteString("CASE")
		for i, word := range f.words {
			fmt.Fprintf(&b, " WHEN %s = %d THEN '%s'", f.column, f.low+int64(i), word)
		}
		return b.String() + " ELSE '' END"
	case f.name == "has_text":
		return "CASE WHEN text = '' THEN 'no' ELSE 'yes' END"
	}
	return f.column
}

// group is the field as SQL to group by, of which label makes the text that expr gives: a bare column or a number where
// that will do, which is faster. NULL and "" are the same group.
func (f field) group(d column.Dialect) string {
	switch {
	case f.key != "":
		return d.Extra(table, f.key)
	case f.name == "weekday":
		return "(day + 3) % 7"
	case f.words != nil:
		return f.column
	}
	return f.expr(d)
}

// chosen tells whether a field may hold several choices at once: the answers to a question, of which lists are kept so.
func (f field) chosen() bool { return strings.HasPrefix(f.key, "answer:") }

// unlisted is a list of choices, or a single one, as SQL of which column.Dialect.Parts makes the choices.
func unlisted(d column.Dialect, expr string) string {
	return "CASE WHEN " + d.Contains(expr, d.Quote(between)) + " THEN substring(" + expr + ", 2, length(" + expr + ") - 2) ELSE " + expr + " END"
}

// label is a value of group as the text of the field.
func (f field) label(v any) string {
	switch n, ok := v.(int64); {
	case !ok:
	case f.name == "weekday":
		return weekdays[(n%7+7)%7]
	case f.words != nil:
		return f.words[n-f.low]
	case f.theme():
		return f.groups[n-1]
	}
	return keyText(v)
}

// present is the condition that the field has a value.
func (f field) present(d column.Dialect) string {
	switch {
	case f.number, f.words != nil:
		return f.column + " IS NOT NULL"
	case f.key != "":
		return "coalesce(" + d.Extra(table, f.key) + ", '') <> ''"
	}
	return f.expr(d) + " <> ''"
}

// numeric is the field as a number, NULL where it is none.
func (f field) numeric(d column.Dialect) string {
	if f.number {
		return f.column
	}
	return d.ToFloat(f.expr(d))
}

func byCase(expr string, names []string) string {
	var b strings.Builder
	b.WriteString("CASE " + expr)
	for i, n := range names {
		fmt.Fprintf(&b, " WHEN %d THEN '%s'", i, n)
	}
	return b.String() + " ELSE '' END"
}

// Condition is one thing that feedback must fulfil.
type Condition struct {
	Field  string   `json:"field" doc:"kind, channel, source, language, touchpoint, survey, contact, text, theme (with all that stands under it), theme_only, theme_blamed (the text is negative about it), theme_only_blamed, sentiment, nps, nps_group, nps_scale ..., attribute.KEY, answer.QUESTION (of a list of choices any of them), contact.KEY. A score is compared as it was given, on whatever scale: a condition on nps_group is the same on all, one on nps_scale keeps to one"`
	Op     string   `json:"op,omitempty" enum:"in,not_in,contains,not_contains,search,gt,gte,lt,lte,empty,not_empty" doc:"in by default; contains and not_contains take small and capital letters alike"`
	Values []string `json:"values,omitempty"`
}

// Conditions must all be fulfilled. The short form {"channel": "web", "attribute.country": ["IL", "US"]} is understood too,
// in which a condition on text is a search.
type Conditions []Condition

var ops = []string{"in", "not_in", "contains", "not_contains", "search", "gt", "gte", "lt", "lte", "empty", "not_empty"}

// UnmarshalJSON takes a list of conditions or the short form; "value" for one value, numbers for texts.
func (c *Conditions) UnmarshalJSON(b []byte) error {
	b = []byte(strings.TrimSpace(string(b)))
	if len(b) > 0 && b[0] == '{' {
		var short map[string]any
		if err := json.Unmarshal(b, &short); err != nil {
			return err
		}
		for f, v := range short {
			list, err := texts(v, f)
			if err != nil {
				return err
			}
			e := Condition{Field: f, Values: list}
			if f == "text" { // nobody means a text that is these words and nothing else
				e.Op = "search"
			}
			*c = append(*c, e)
		}
		sort.Slice(*c, func(i, j int) bool { return (*c)[i].Field < (*c)[j].Field })
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	for i, raw := range list {
		var e struct {
			Field  string `json:"field"`
			Op     string `json:"op"`
			Value  any    `json:"value"`
			Values any    `json:"values"`
		}
		at := fmt.Sprintf("[%d]", i)
		if err := json.Unmarshal(raw, &e); err != nil {
			var wrong *json.UnmarshalTypeError
			if errors.As(err, &wrong) { // package json does not know where in the list it is
				wrong.Field = strings.TrimSuffix(at+"."+wrong.Field, ".")
			}
			return err
		}
		value, err := texts(e.Value, at+".value")
		if err != nil {
			return err
		}
		values, err := texts(e.Values, at+".values")
		if err != nil {
			return err
		}
		*c = append(*c, Condition{e.Field, e.Op, append(value, values...)})
	}
	return nil
}

// texts are the values of a condition at a place in JSON: of a text, a number or a truth value, or of a list of those.
func texts(v any, at string) (out []string, err error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		for i, e := range v {
			more, err := texts(e, fmt.Sprintf("%s[%d]", at, i))
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, nil
	case string:
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	}
	return nil, &json.UnmarshalTypeError{Value: "object", Type: reflect.TypeFor[string](), Field: at}
}

func (c Conditions) validate(path string, say func(path, code, format string, args ...any)) {
	if len(c) > 50 {
		say(path, "too_many", "at most 50 conditions")
		return
	}
	for i := range c {
		at, e := fmt.Sprintf("%s[%d]", path, i), &c[i]
		if _, err := parseField(e.Field); err != nil {
			say(at+".field", "unknown", "%s", err)
		}
		switch e.Op {
		case "", "is", "eq", "=":
			e.Op = "in"
		case "is_not", "ne", "!=":
			e.Op = "not_in"
		case ">", ">=", "<", "<=":
			e.Op = map[string]string{">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[e.Op]
		}
		switch {
		case e.Field == copies && e.Op != "in" && e.Op != "not_in":
			say(at+".op", "unknown", "feedback is or is not among copies: in or not_in")
		case e.Field == copies && slices.ContainsFunc(e.Values, func(v string) bool { _, err := strconv.ParseInt(v, 10, 64); return err != nil }):
			say(at+".values", "type", "copies are named by whole numbers")
		case !slices.Contains(ops, e.Op):
			say(at+".op", "unknown", "%q is not an operator: it is one of %s", e.Op, strings.Join(ops, ", "))
		case e.Op == "empty" || e.Op == "not_empty":
		case e.Op == "search" && e.Field != "text":
			say(at+".op", "unknown", "only text can be searched")
		case len(e.Values) == 0:
			say(at+".values", "required", "a condition needs a value")
		case len(e.Values) > 1000:
			say(at+".values", "too_many", "at most 1,000 values")
		case strings.HasSuffix(e.Op, "contains") && e.Field != "text" && slices.ContainsFunc(e.Values, func(v string) bool { return utf8.RuneCountInString(v) > longestPart }):
			say(at+".values", "too_long", "at most %d characters of what %s is to contain", longestPart, e.Field)
		case strings.HasPrefix(e.Op, "g") || strings.HasPrefix(e.Op, "l"):
			if _, err := finite(e.Values[0]); err != nil || len(e.Values) > 1 {
				say(at+".values", "type", "%s compares with one number", e.Op)
			}
		case fixed[e.Field].number && (e.Op == "in" || e.Op == "not_in"):
			for _, v := range e.Values {
				if _, err := finite(v); err != nil {
					say(at+".values", "type", "%s is a number, not %q", e.Field, v)
				}
			}
		}
	}
}

// finite reads a number; what counts as none in the columns, or is endless, is no number.
func finite(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
		err = strconv.ErrRange
	}
	return v, err
}

// arguments collects the values of a statement, which are never part of its text.
type arguments []any

func (a *arguments) add(v any) string {
	*a = append(*a, v)
	return "$" + strconv.Itoa(len(*a))
}

// sql is the condition as SQL that is true or false, never NULL.
func (e Condition) sql(d asking, args *arguments) (string, error) {
	f, err := parseField(e.Field)
	if err != nil {
		return "", err
	}
	if f.theme() {
		return e.themed(d, args)
	}
	if f.name == copies {
		return e.copied()
	}
	switch e.Op {
	case "empty", "not_empty":
		is := map[bool]string{true: "", false: "NOT "}[e.Op == "empty"]
		if f.number {
			return is + "(" + f.column + " IS NULL)", nil
		}
		return is + "(" + f.expr(d.Dialect) + " = '')", nil
	case "contains", "not_contains":
		var any []string
		if f.number {
			return "", fmt.Errorf("%s is a number: it contains nothing", e.Field)
		}
		for _, v := range e.Values {
			if pattern, cased := anyCase(v); cased && f.name != "text" { // of which the columns have the folded text
				any = append(any, d.Matches(f.expr(d.Dialect), args.add(pattern)))
				continue
			}
			any = append(any, d.Contains(f.expr(d.Dialect), args.add(Fold(v))))
		}
		s := "(" + strings.Join(any, " OR ") + ")"
		if e.Op == "not_contains" {
			s = "NOT " + s
		}
		return s, nil
	case "search":
		return searched(d.Dialect, e.Values, args), nil
	case "gt", "gte", "lt", "lte":
		v, err := finite(e.Values[0])
		if err != nil {
			return "", err
		}
		sign := map[string]string{"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[e.Op]
		return "(coalesce(" + f.numeric(d.Dialect) + " " + sign + " " + args.add(v) + ", 1 = 0))", nil
	}
	var s string
	if f.number {
		nums := make([]float64, 0, len(e.Values))
		for _, v := range e.Values {
			n, err := finite(v)
			if err != nil {
				return "", fmt.Errorf("%s is a number, not %q", e.Field, v)
			}
			nums = append(nums, n)
		}
		s = "(" + f.column + " IS NOT NULL AND " + f.column + " IN (" + args.add(nums) + "))"
	} else if len(e.Values) == 1 {
		s = "(" + f.expr(d.Dialect) + " = " + args.add(e.Values[0]) + ")"
	} else {
		s = "(" + f.expr(d.Dialect) + " IN (" + args.add(e.Values) + "))"
	}
	if f.chosen() {
		var any []string
		for _, v := range e.Values {
			if v != "" {
				any = append(any, d.Contains(f.expr(d.Dialect), args.add(between+v+between)))
			}
		}
		if any != nil { // lists are few among most answers: most are no longer looked at when it is known that they are none
			s = "(" + s + " OR (" + d.Contains(f.expr(d.Dialect), args.add(between)) + " AND (" + strings.Join(any, " OR ") + ")))"
		}
	}
	if e.Op == "not_in" {
		s = "NOT " + s
	}
	return s, nil
}

// largeOf are the letters that Fold makes another letter of, by that letter.
var largeOf = sync.OnceValue(func() map[rune][]rune {
	of := map[rune][]rune{}
	for _, table := range unicode.CaseRanges {
		for r := rune(table.Lo); r <= rune(table.Hi); r++ {
			if small := unicode.ToLower(r); small != r {
				of[small] = append(of[small], r)
			}
		}
	}
	return of
})

// anyCase is a regular expression for a text in small or capital letters, of any language: it fits where Fold of one text contains Fold of the
// other. cased is false where that is the text itself, for it has no letters that come in both. The engines know of different letters
// how they are folded, so each is named with its capitals here.
func anyCase(s string) (pattern string, cased bool) {
	var b strings.Builder
	for _, r := range Fold(strings.ToValidUTF8(s, "\uFFFD")) {
		switch large := largeOf()[r]; {
		case large != nil:
			cased = true
			b.WriteString("[" + string(r) + string(large) + "]")
		case r < ' ':
			fmt.Fprintf(&b, `\x{%x}`, r)
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return b.String(), cased
}

// longestPart is how many characters a value may have that a field other than the text is to contain.
const longestPart = 1000

// searched holds the index of a text against queries, all of which it must fulfil.
func searched(d column.Dialect, queries []string, args *arguments) string {
	every := []string{"1 = 1"}
	for _, v := range queries {
		q := search.Parse(v)
		if q.Vain() {
			every = append(every, "1 = 0")
		}
		var ways []string
		for _, patterns := range q.Patterns() {
			var all []string
			for _, p := range patterns {
				var any []string
				for _, piece := range p.Any {
					any = append(any, d.Contains("terms", args.add(piece)))
				}
				for _, piece := range p.Forms {
					any = append(any, d.Contains("forms", args.add(piece)))
				}
				s := "(" + strings.Join(any, " OR ") + ")"
				if p.Not {
					s = "NOT " + s
				}
				all = append(all, s)
			}
			ways = append(ways, strings.Join(all, " AND "))
		}
		if len(ways) > 0 {
			every = append(every, "("+strings.Join(ways, " OR ")+")")
		}
	}
	return "(" + strings.Join(every, " AND ") + ")"
}

// nearness is how well an index fits queries: how often what they ask for occurs in it, for its length.
func nearness(d column.Dialect, queries []string, args *arguments) string {
	sum := []string{"0"}
	for _, v := range queries {
		for _, p := range slices.Concat(search.Parse(v).Patterns()...) {
			if p.Not {
				continue
			}
			add := func(column, piece string) {
				// What is cut out of the index shows how often it was there; the length of the piece does not matter much.
				sum = append(sum, "(length("+column+") - length("+d.Without(column, args.add(piece))+")) * 1.0 / "+strconv.Itoa(utf8.RuneCountInString(piece)))
			}
			for _, piece := range p.Any {
				add("terms", piece)
			}
			for _, piece := range p.Forms {
				add("forms", piece)
			}
		}
	}
	return "(" + strings.Join(sum, " + ") + ") / (length(terms) + 60.0)"
}

// Encode writes conditions and a period as the query string of /v1/feedback and of the page /feedback: channel=web,
// channel.not_in=sms, nps.gte=9; a field that comes twice has two values. A second condition on what a field is stands beside the first
// as channel.in=sms, for both must be fulfilled.
func Encode(c Conditions, p Period) url.Values {
	v := url.Values{}
	for _, e := range c {
		name := FilterName(e.Field, e.Op)
		if v.Has(name) && (e.Op == "" || e.Op == "in") {
			name = e.Field + ".in"
		}
		if len(e.Values) == 0 {
			v.Add(name, "")
		}
		for _, x := range e.Values {
			v.Add(name, x)
		}
	}
	for k, x := range map[string]string{"from": p.From, "to": p.To, "last": p.Last} {
		if x != "" {
			v.Set(k, x)
		}
	}
	return v
}

// FilterName is the name of a condition in a query string: the field, and the operator unless it is "in". That stands there too where the
// key of an attribute ends like an operator: attribute.x.gte.in=5 asks for 5 as the value of x.gte, attribute.x.gte=5 for 5 or more of x.
func FilterName(field, op string) string {
	if op != "" && op != "in" {
		return field + "." + op
	}
	if _, of := SplitName(field); of != "in" || strings.HasSuffix(field, ".in") {
		return field + ".in"
	}
	return field
}

// SplitName reads what FilterName wrote. A name that ends in an operator and without it names no field is a field itself: attribute.in.
func SplitName(name string) (field, op string) {
	if i := strings.LastIndexByte(name, '.'); i > 0 && slices.Contains(ops, name[i+1:]) {
		if _, err := parseField(name); err != nil {
			return name[:i], name[i+1:]
		}
		if _, err := parseField(name[:i]); err == nil {
			return name[:i], name[i+1:]
		}
	}
	return name, "in"
}

// sayable tells whether a query string says conditions so that just these are read from it: those of one name become one, of which any value
// will do.
func (c Conditions) sayable() bool {
	times := map[string]int{}
	for _, e := range c {
		times[FilterName(e.Field, e.Op)]++
		n := times[FilterName(e.Field, e.Op)]
		switch e.Op {
		case "", "in":
			if n > 2 || n > 1 && FilterName(e.Field, e.Op) != e.Field {
				return false
			}
		case "contains", "gt", "gte", "lt", "lte":
			if n > 1 {
				return false
			}
		}
	}
	return true
}

// Decode reads what Encode wrote; q stands for text.search. Names in skip belong to the page (cursor, limit, ...).
// Unknown names are an error that says so: a filter that is silently ignored gives a wrong number.
func Decode(v url.Values, skip ...string) (Conditions, Period, error) {
	var c Conditions
	p := Period{From: v.Get("from"), To: v.Get("to"), Last: v.Get("last")}
	names := make([]string, 0, len(v))
	for n := range v {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if n == "from" || n == "to" || n == "last" || slices.Contains(skip, n) {
			continue
		}
		if n == "q" {
			if v.Get(n) != "" {
				c = append(c, Condition{"text", "search", []string{v.Get(n)}})
			}
			continue
		}
		e := Condition{Values: v[n]}
		if e.Field, e.Op = SplitName(n); e.Op == "empty" || e.Op == "not_empty" {
			e.Values = nil
		}
		c = append(c, e)
	}
	q := Query{Measure: Count, Where: c}
	return c, p, q.Validate()
}
