package explore

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// form is the question as controls.
type form struct {
	Controls []control // the question itself, in the order of reading
	More     []control // what is seldom changed
	MoreOpen bool
	Where    []filter
	Share    []filter // nil unless the measure is a share of conditions
	Than     []filter // nil unless the comparison is with other feedback
	ShareErr string
	ThanErr  string
	Hidden   url.Values
}

// control is one element of the form: a list to choose from, or an input when it has no groups.
type control struct {
	ID, Name, Label string
	Type, Value     string
	Groups          []group
	Error, Help     string
	List            []ui.Option // suggestions for an input
}

// group is a part of a list under a heading; without a label its options stand by themselves.
type group struct {
	Label   string
	Options []ui.Option
}

// filter is one condition. New ones have no field yet, or no value.
type filter struct {
	Key       string // "row.where.0"
	Field, Op control
	Picks     []pick
	Input     *control
	Error     string
	Remove    string // address of the question without it
	New       bool   // waits for its field
	Label     string // for screen readers
}

// pick is a value that can be ticked.
type pick struct {
	Value, Label string
	Count        int64 // below 0: not known
	On           bool
}

// problem is one thing that is wrong with a question. Label is empty where no control in particular is at fault.
type problem struct{ Label, Text string }

// builder makes what the page shows of a question and its answer.
type builder struct {
	p        *Pages
	q        *web.Request
	e        ui.Env
	words    vocabulary
	question Question
	sent     asked
	ans      *insight.Answer // nil when the question is wrong

	errors   map[string]string // sentences by control
	problems []problem         // all that is wrong
	tried    int
}

// name is what people call a field.
func (w vocabulary) name(field string) string {
	return figure.Field(w.e, field)
}

var kinds = []struct {
	label    string
	measures []insight.Measure
}{
	{"explore.scores", []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating}},
	{"explore.sentiment", []insight.Measure{insight.NetSentiment, insight.NegativeShare, insight.SentimentMean, insight.ThemeSentiment, insight.ThemeNegative}},
	{"explore.volume", []insight.Measure{insight.Count, insight.Contacts}},
	{"explore.shares", []insight.Measure{insight.Distribution, insight.ResponseShare, insight.Share}},
	{"explore.means", []insight.Measure{insight.CSATMean, insight.CESMean, insight.Mean}},
}

var rowPath = regexp.MustCompile(`^(where|share|compare\.where)\[(\d+)\]`)

// read sorts the faults of a question to their controls.
func (b *builder) read(err error) {
	b.errors = map[string]string{}
	if err == nil {
		return
	}
	fields := wrong(err)
	if len(fields) == 0 {
		b.problems = []problem{{Text: fault.ProblemOf(err).Detail}}
	}
	for _, f := range fields {
		at := f.Path
		switch at {
		case "between", "between.last":
			at = "last"
		case "between.from", "between.to":
			at = strings.TrimPrefix(at, "between.")
		case "compare.to":
			at = "compare"
		}
		if m := rowPath.FindStringSubmatch(at); m != nil {
			at = m[1] + "." + m[2]
		}
		p := problem{b.label(at), b.sentence(f)}
		b.errors[at] = p.Text
		if !slices.Contains(b.problems, p) {
			b.problems = append(b.problems, p)
		}
	}
}

// labels are the words that stand above the controls, by the beginning of their names.
var labels = map[string]string{
	"measure": "explore.measure", "of": "explore.of", "by": "explore.by", "bucket": "explore.bucket", "last": "bucket.label", "between": "bucket.label",
	"from": "filter.from", "to": "filter.to", "compare": "explore.compare", "scale": "explore.scale", "weight": "explore.weight", "order": "explore.order",
	"limit": "explore.limit", "level": "explore.level", "where": "explore.where", "share": "explore.share_where", "compare.where": "explore.than_where",
}

// label names a control as the page does, so that who reads what is wrong finds it. One that the page does not have keeps its name.
func (b *builder) label(at string) string {
	name, _, _ := strings.Cut(at, "[")                                    // by[1]
	if key := labels[strings.TrimRight(name, ".0123456789")]; key != "" { // where.0
		return b.e.T(key)
	}
	return at
}

func (b *builder) sentence(f fault.Field) string {
	key := ""
	switch {
	case f.Path == "between" && f.Code == "required":
		key = "explore.needs_period"
	case f.Path == "between.to" && f.Code == "range":
		key = "explore.ends_before"
	case f.Path == "compare.to" && f.Code == "form" && b.question.Measure == insight.Contacts && len(b.question.By) > 0:
		key = "explore.contacts_rest"
	case f.Path == "by" && f.Code == "required":
		key = "explore.needs_theme"
	case f.Path == "compare.to" && f.Code == "form":
		key = "explore.needs_group"
	case f.Path == "compare" && f.Code == "form", f.Path == "share" && f.Code == "required":
		key = "explore.needs_condition"
	case f.Code == "type":
		key = "explore.needs_number"
	case b.e.Has("invalid." + f.Code):
		key = "invalid." + f.Code
	default:
		return f.Msg
	}
	return b.e.T(key)
}

// take gives the sentence for a control, which then no longer has to be said elsewhere.
func (b *builder) take(name string) string {
	text := b.errors[name]
	delete(b.errors, name)
	return text
}

func (b *builder) form(refused error) (form, error) {
	b.read(refused)
	e, q := b.e, b.question
	var f form
	measure := control{Name: "measure", Label: e.T("explore.measure")}
	for _, k := range kinds {
		g := group{Label: e.T(k.label)}
		for _, m := range k.measures {
			g.Options = append(g.Options, ui.Option{Value: string(m), Label: e.T("measure." + string(m)), On: m == q.Measure})
		}
		measure.Groups = append(measure.Groups, g)
	}
	f.Controls = append(f.Controls, measure)
	switch q.Measure {
	case insight.Mean:
		f.Controls = append(f.Controls, control{Name: "of", Label: e.T("explore.of"), Groups: b.fields(q.Of, func(n string) bool { return b.words.numbers[n] })})
	case insight.Distribution, insight.ResponseShare:
		f.Controls = append(f.Controls, control{Name: "of", Label: e.T("explore.of"), Groups: b.fields(q.Of, func(n string) bool {
			return n != "text" && !strings.HasPrefix(n, "theme") || q.Measure == insight.ResponseShare
		})})
	}
	for i := range min(3, len(q.By)+1) {
		c := control{ID: "q-by-" + strconv.Itoa(i), Name: "by", Label: e.T("explore.by"), Error: b.take(fmt.Sprintf("by[%d]", i))}
		if i > 0 {
			c.Label = e.T("explore.by_then")
		}
		now := ""
		if i < len(q.By) {
			now = q.By[i]
		}
		c.Groups = append([]group{{Options: []ui.Option{{Label: e.T("explore.by_none"), On: now == ""}}}}, b.fields(now, func(n string) bool {
			return n != "text" && n != "sentiment_score" && !slices.Contains(feedback.Metrics, n) && (n == now || !slices.Contains(q.By, n))
		})...)
		f.Controls = append(f.Controls, c)
	}
	bucket := control{Name: "bucket", Label: e.T("explore.bucket"), Groups: []group{{Options: []ui.Option{{Label: e.T("explore.bucket_none"), On: q.Bucket == ""}}}}}
	for _, x := range insight.Buckets {
		bucket.Groups[0].Options = append(bucket.Groups[0].Options, ui.Option{Value: x, Label: e.T("every." + x), On: x == q.Bucket})
	}
	f.Controls = append(f.Controls, bucket)
	f.Controls = append(f.Controls, b.period()...)
	f.Controls = append(f.Controls, b.comparison())
	if q.Measure != insight.Count {
		if c, ok := b.scales(); ok {
			f.Controls = append(f.Controls, c)
		}
	}
	if c, ok, err := b.weighting(); err != nil {
		return f, err
	} else if ok {
		f.Controls = append(f.Controls, c)
	}
	order := control{Name: "order", Label: e.T("explore.order")}
	options := []ui.Option{}
	for _, x := range []string{"n", "value", "key"} {
		options = append(options, ui.Option{Value: x, Label: e.T("order." + x), On: x == q.Order || x == "n" && q.Order == ""})
	}
	order.Groups = []group{{Options: options}}
	limit := control{Name: "limit", Label: e.T("explore.limit")}
	options = nil
	sizes := []int{10, 25, 100, 500, 5000}
	if q.Limit > 0 && !slices.Contains(sizes, q.Limit) {
		sizes = append(sizes, q.Limit)
		slices.Sort(sizes)
	}
	for _, n := range sizes {
		options = append(options, ui.Option{Value: strconv.Itoa(n), Label: e.N(float64(n), 0), On: n == q.Limit || n == 100 && q.Limit == 0})
	}
	limit.Groups = []group{{Options: options}}
	if len(q.By) > 0 || q.Measure == insight.Distribution {
		f.More = append(f.More, order, limit)
	}
	f.MoreOpen = q.Order != "" && q.Order != "n" || q.Limit != 0 && q.Limit != 100
	for _, list := range [][]control{f.Controls, f.More} {
		for i := range list {
			c := &list[i]
			if c.ID == "" {
				c.ID = "q-" + c.Name
			}
			if c.Error == "" {
				c.Error = b.take(c.Name)
			}
		}
	}
	f.Hidden = url.Values{}
	if q.Chart != "" {
		f.Hidden.Set("chart", q.Chart)
	}
	if q.Level != 0 && q.Level != 0.95 {
		f.Hidden.Set("level", strconv.FormatFloat(q.Level, 'f', -1, 64))
	}
	if id := b.sent.values.Get("view"); id != "" {
		f.Hidden.Set("view", id)
	}
	var err error
	if f.Where, err = b.filters("where", q.Where); err != nil {
		return f, err
	}
	if q.Measure == insight.Share {
		f.ShareErr = b.take("share")
		if f.Share, err = b.filters("share", q.Share); err != nil {
			return f, err
		}
	}
	if c := q.Compare; c != nil && (c.To == "" || c.To == "other") {
		f.ThanErr = b.take("compare")
		if f.Than, err = b.filters("than", c.Where); err != nil {
			return f, err
		}
	}
	return f, nil
}

// fields are the fields to choose from, in groups; the one that is chosen is there even where it is not offered.
func (b *builder) fields(now string, fits func(string) bool) []group {
	e := b.e
	places := []struct {
		label string
		names []string
	}{{"explore.fields_feedback", nil}, {"explore.fields_understood", nil}, {"explore.fields_scores", nil}, {"explore.fields_attribute", nil}, {"explore.fields_answer", nil}, {"explore.fields_contact", nil}}
	for _, n := range insight.FixedFields {
		switch {
		case understood(n):
			places[1].names = append(places[1].names, n)
		case n != "import":
			places[0].names = append(places[0].names, n)
		}
	}
	places[1].names = append(places[1].names, "sentiment_unsure", "sentiment_score")
	places[0].names = append(places[0].names, "text", "has_text")
	for _, m := range feedback.Metrics {
		places[2].names = append(places[2].names, m, m+"_group")
	}
	for _, f := range b.words.fields {
		if !f.Hidden {
			at := map[string]int{"attribute": 3, "answer": 4, "contact": 5}[f.Field]
			places[at].names = append(places[at].names, f.Field+"."+f.Key)
		}
	}
	var out []group
	found := now == ""
	for _, p := range places {
		g := group{Label: e.T(p.label)}
		for _, n := range p.names {
			if fits(n) {
				found = found || n == now
				g.Options = append(g.Options, ui.Option{Value: n, Label: b.words.name(n), On: n == now})
			}
		}
		if len(g.Options) > 0 {
			out = append(out, g)
		}
	}
	if !found {
		out = append(out, group{Options: []ui.Option{{Value: now, Label: b.words.name(now), On: true}}})
	}
	return out
}

// understood tells whether a field is of what was understood of texts: a choice.
func understood(field string) bool {
	return strings.HasPrefix(field, "theme") || field == "sentiment" || field == "sentiment_unsure"
}

var presets = []string{"7d", "30d", "90d", "12m", "2y"}

func (b *builder) period() []control {
	e, p := b.e, b.question.Between
	custom := p.From != "" || p.To != "" || b.q.URL.Query().Get("last") == "custom"
	c := control{Name: "last", Label: e.T("bucket.label")}
	var options []ui.Option
	known := slices.Clone(presets)
	if p.Last != "" && !slices.Contains(known, p.Last) {
		known = append(known, p.Last)
	}
	for _, x := range known {
		label := x
		if e.Has("period." + x) {
			label = e.T("period." + x)
		}
		options = append(options, ui.Option{Value: x, Label: label, On: x == p.Last})
	}
	options = append(options, ui.Option{Label: e.T("explore.period_all"), On: p.Last == "" && !custom},
		ui.Option{Value: "custom", Label: e.T("explore.period_custom"), On: custom})
	c.Groups = []group{{Options: options}}
	out := []control{c}
	if !custom {
		return out
	}
	today := clock.DayOf(b.e.Now, b.e.Zone)
	from, to := p.From, p.To
	if from == "" && to == "" {
		from, to = (today - 89).String(), today.String()
	}
	for _, x := range []struct{ name, value string }{{"from", from}, {"to", to}} {
		in := control{Name: x.name, Label: e.T("filter." + x.name), Type: "date", Value: x.value}
		if _, err := time.Parse(time.DateOnly, x.value); err != nil && x.value != "" {
			in.Type = "text" // an instant
		}
		out = append(out, in)
	}
	return out
}

func (b *builder) comparison() control {
	to := ""
	if c := b.question.Compare; c != nil {
		to = c.To
		if to == "" {
			to = "other"
		}
	}
	c := control{Name: "compare", Label: b.e.T("explore.compare")}
	options := []ui.Option{{Label: b.e.T("explore.compare_none"), On: to == ""}}
	for _, x := range []string{"previous", "year", "rest", "other"} {
		if x == "rest" && to != "rest" && (len(b.question.By) == 0 || b.question.Measure == insight.Contacts) {
			continue
		}
		options = append(options, ui.Option{Value: x, Label: b.e.T("compare." + x), On: x == to})
	}
	c.Groups = []group{{Options: options}}
	return c
}

// weighting offers to weight the answers, where a population is known to weight them to.
func (b *builder) weighting() (control, bool, error) {
	c := control{Name: "weight", Label: b.e.T("explore.weight")}
	if !b.question.Weight {
		known, err := b.p.Insight.Weighable(b.q.Context(), b.q.Workspace.ID, b.question.Query)
		if err != nil || !known {
			return c, false, err
		}
	}
	c.Groups = []group{{Options: []ui.Option{{Label: b.e.T("explore.weight_none"), On: !b.question.Weight}, {Value: "1", Label: b.e.T("explore.weight_known"), On: b.question.Weight}}}}
	return c, true, nil
}

// scales offers the scales that answers were given on, when there are several.
func (b *builder) scales() (control, bool) {
	c := control{Name: "scale", Label: b.e.T("explore.scale")}
	if b.ans == nil || len(b.ans.LeftOut) == 0 && b.question.Scale == "" {
		if b.question.Scale != "" {
			c.Groups = []group{{Options: []ui.Option{{Label: b.e.T("explore.scale_most")}, {Value: b.question.Scale, Label: figure.Scale(b.e, b.question.Scale), On: true}}}}
		}
		return c, b.question.Scale != ""
	}
	options := []ui.Option{{Label: b.e.T("explore.scale_most"), On: b.question.Scale == ""}}
	add := func(scale string, n int64) {
		options = append(options, ui.Option{Value: scale, On: b.question.Scale == scale,
			Label: figure.Scale(b.e, scale) + " (" + b.e.N(float64(n), 0) + ")"})
	}
	if b.ans.Scale != "" {
		add(b.ans.Scale, b.ans.Total.N)
	}
	for _, l := range b.ans.LeftOut {
		add(l.Scale, l.N)
	}
	c.Groups = []group{{Options: options}}
	return c, true
}

// filters are the conditions of one set as rows, the one that still waits for its value, and an empty one.
func (b *builder) filters(set string, conditions insight.Conditions) ([]filter, error) {
	var out []filter
	list := slices.Clone(conditions)
	if waiting, ok := b.sent.new[set]; ok {
		list = append(list, insight.Condition{Field: waiting.field, Op: waiting.op})
	}
	path := map[string]string{"where": "where", "share": "share", "than": "compare.where"}[set]
	for i, c := range list {
		f, err := b.filter(set, i, c)
		if err != nil {
			return nil, err
		}
		if i < len(conditions) {
			f.Error = b.take(path + "." + strconv.Itoa(i))
			f.Remove = "/explore?" + b.without(set, c)
		} else {
			f.Remove = "/explore?" + b.address(b.question)
		}
		out = append(out, f)
	}
	if len(list) < 20 {
		key := "row." + set + "." + strconv.Itoa(len(list))
		f := filter{Key: key, New: true, Label: b.e.T("explore.filter_add")}
		f.Field = control{ID: key + ".field", Name: key + ".field", Label: f.Label,
			Groups: append([]group{{Options: []ui.Option{{Label: f.Label, On: true}}}}, b.fields("", func(string) bool { return true })...)}
		f.Op = b.operators(key, "", "")
		f.Input = &control{ID: key + ".v", Name: key + ".v", Label: b.e.T("explore.filter_value"), Type: "text"}
		out = append(out, f)
	}
	return out, nil
}

func (b *builder) filter(set string, i int, c insight.Condition) (filter, error) {
	key := "row." + set + "." + strconv.Itoa(i)
	f := filter{Key: key, Label: b.words.name(c.Field)}
	f.Field = control{ID: key + ".field", Name: key + ".field", Label: b.e.T("explore.filter_field"), Groups: b.fields(c.Field, func(string) bool { return true })}
	f.Op = b.operators(key, c.Field, c.Op)
	if c.Op == "empty" || c.Op == "not_empty" {
		return f, nil
	}
	f.Input = &control{ID: key + ".v", Name: key + ".v", Label: b.e.T("explore.filter_value"), Type: "text"}
	if single(c.Op) {
		f.Input.Type = "number"
		f.Input.Value = first(c.Values)
		return f, nil
	}
	free := c.Op == "contains" || c.Op == "not_contains" || c.Field == "text" || c.Field == "id" || c.Field == "contact"
	if !free {
		values, more, err := b.offered(set, c)
		if err != nil {
			return f, err
		}
		const ticks = 8
		for k, v := range values {
			p := pick{Value: v.Value, Label: figure.Value(b.e, c.Field, v.Value), Count: v.N, On: slices.Contains(c.Values, v.Value)}
			if v.Value != "" && (k < ticks || p.On) {
				f.Picks = append(f.Picks, p)
			} else if v.Value != "" {
				f.Input.List = append(f.Input.List, ui.Option{Value: v.Value, Label: p.Label})
			}
		}
		if !more && len(f.Input.List) == 0 && len(f.Picks) > 0 {
			f.Input = nil // every value there is can be ticked
		}
	}
	for _, v := range c.Values {
		if !slices.ContainsFunc(f.Picks, func(p pick) bool { return p.Value == v }) {
			f.Picks = append(f.Picks, pick{Value: v, Label: figure.Value(b.e, c.Field, v), Count: -1, On: true})
		}
	}
	return f, nil
}

// offered are the values of a field among the feedback that the other conditions leave, most frequent first. Only a few
// rows ask: each is a question of its own.
func (b *builder) offered(set string, c insight.Condition) ([]insight.FacetValue, bool, error) {
	if b.tried++; b.tried > 8 || b.errors == nil {
		return nil, true, nil
	}
	where, between := insight.Conditions{}, b.question.Between
	if b.ans != nil {
		if set == "where" {
			where = slices.DeleteFunc(slices.Clone(b.question.Where), func(x insight.Condition) bool { return x.Field == c.Field })
		}
	} else {
		between = insight.Period{} // it may be what is wrong
	}
	facets, err := b.p.Insight.Facets(b.q.Context(), b.q.Workspace.ID, b.q.Actor, where, between, []string{c.Field}, 60)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) {
		return nil, true, nil
	}
	if err != nil || len(facets) == 0 {
		return nil, true, err
	}
	values := facets[0].Values
	if figure.Ordered(c.Field) {
		slices.SortStableFunc(values, func(x, y insight.FacetValue) int { return figure.Compare(c.Field, x.Value, y.Value) })
	}
	return values, facets[0].More, nil
}

func (b *builder) operators(key, field, now string) control {
	ops := []string{"in", "not_in", "contains", "not_contains"}
	switch {
	case field == "": // without a script it must be known beforehand
		ops = append(ops, "gte", "lte")
	case field == "text":
		ops = []string{"contains", "not_contains"}
	case slices.Contains(feedback.Metrics, field):
		ops = []string{"in", "not_in", "gte", "lte", "gt", "lt"}
	case b.words.numbers[field]:
		ops = []string{"in", "not_in", "gte", "lte", "gt", "lt"}
	case field == "weekday" || field == "has_text" || understood(field) || strings.HasSuffix(field, "_group"):
		ops = []string{"in", "not_in"}
	}
	if field != "weekday" && field != "has_text" {
		ops = append(ops, "not_empty", "empty")
	}
	if now == "" {
		now = "in"
		if field == "text" {
			now = "contains"
		}
	}
	if !slices.Contains(ops, now) {
		ops = append(ops, now)
	}
	c := control{ID: key + ".op", Name: key + ".op", Label: b.e.T("explore.filter_op"), Groups: []group{{}}}
	for _, o := range ops {
		c.Groups[0].Options = append(c.Groups[0].Options, ui.Option{Value: o, Label: b.e.T("op." + o), On: o == now})
	}
	return c
}

// address is the query string of a question on this page, with the view that is open.
func (b *builder) address(q Question) string {
	v := q.Encode()
	if id := b.sent.values.Get("view"); id != "" {
		v.Set("view", id)
	}
	return v.Encode()
}

// without is the address of the question without one condition.
func (b *builder) without(set string, c insight.Condition) string {
	q := b.question
	drop := func(list insight.Conditions) insight.Conditions {
		return slices.DeleteFunc(slices.Clone(list), func(x insight.Condition) bool { return x.Field == c.Field && x.Op == c.Op })
	}
	switch set {
	case "share":
		q.Share = drop(q.Share)
	case "than":
		q.Compare = &insight.Compare{Where: drop(q.Compare.Where)}
	default:
		q.Where = drop(q.Where)
	}
	return b.address(q)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// chosen is the question in short: what is chosen in its lists, and the fields of its conditions.
func (f form) chosen() (list []string) {
	add := func(c control) {
		for _, g := range c.Groups {
			for _, o := range g.Options {
				if o.Value != "" && o.On {
					list = append(list, o.Label)
				}
			}
		}
	}
	for _, c := range f.Controls {
		add(c)
	}
	for _, w := range f.Where {
		add(w.Field)
	}
	return list
}
