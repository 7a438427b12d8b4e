package ui

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/i18n"
)

// Chart is a chart, its table twin and its summary, all from the same figures.
//
// Labels stand along the axis of categories or periods, in the reader's language already (Locale.Bucket). Each series
// has a value per label; NaN is a gap. In a heat map each series is a row. In a tree the first series is the size of each field,
// the second, from -100 to 100, its colour.
type Chart struct {
	ID        string
	Kind      string // "line", "bar", "stack", "share" (stacked to 100 %), "across" (horizontal bars), "heat", "pie", "scatter", "tree"
	Title     string
	Summary   string // what to see in it, for screen readers; left empty, one is made from the figures
	Dimension string // what the labels are: "Week"
	Groups    bool   // the labels are groups: none is the first or the last, and nothing goes from one to the other
	Labels    []string
	Parents   []int // of a tree: at which label each label's parent stands, before it; -1 for none
	Series    []Series
	Whole     *Chart // with the groups, too, that there is no room to draw: the summary is of all; nil where all are drawn
	Some      bool   // there are still more groups, of which no figure is known here
	Percent   bool   // values are shares from 0 to 1
	Decimals  int
	Counted   string   // what N of its series counts, in words; answers when empty
	Counts    bool     // whole numbers stand without decimals, for they count something
	Min, Max  *float64 // of the axis of values; nil lets the figures decide
	Marks     []Mark
	Height    int            // in pixels; 0 for the usual
	Options   map[string]any // laid over the ECharts options in the end
	Table     string         // address of a table on the page that has the same figures; the chart then brings none
	Detail    string         // lines that a picture of it carries below the title: period, number of answers, filter, definition
	CSV       string         // address of its figures as a file, for readers who may export
}

// Series is one line, one colour of bars, or one row of a heat map. Low, High, N, Hrefs and Small are empty or as long
// as Values.
type Series struct {
	Name      string
	Values    []float64
	Low, High []float64 // interval
	N         []int64
	Hrefs     []string // the feedback behind each figure
	Small     []bool   // too few answers to stand on
	Elsewhen  bool     // the values are of an earlier period, whose dates are not those of the labels
	Color     string   // "", "good", "neutral", "bad", or "1" to "8" of the palette
}

// Mark is a line across the chart at a label: a change of scale or wording.
type Mark struct {
	At   int
	Text string
	Day  string // when it was, where that is more than the label says; it is told below the chart
}

// numbers are values in JSON, with null for NaN.
type numbers []float64

func (n numbers) MarshalJSON() ([]byte, error) {
	if n == nil {
		return []byte("null"), nil
	}
	b := []byte{'['}
	for i, v := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// payload is what the page's script draws from.
type payload struct {
	Kind     string          `json:"kind"`
	Labels   []string        `json:"labels"`
	Parents  []int           `json:"parents,omitempty"`
	Series   []seriesPayload `json:"series"`
	Percent  bool            `json:"percent,omitempty"`
	Decimals int             `json:"decimals"`
	Counts   bool            `json:"counts,omitempty"`
	Min      *float64        `json:"min,omitempty"`
	Max      *float64        `json:"max,omitempty"`
	Marks    []markPayload   `json:"marks,omitempty"`
	Options  map[string]any  `json:"options,omitempty"`
	Words    map[string]any  `json:"words"`
}

type seriesPayload struct {
	Name   string   `json:"name"`
	Values numbers  `json:"values"`
	Low    numbers  `json:"low,omitempty"`
	High   numbers  `json:"high,omitempty"`
	N      []int64  `json:"n,omitempty"`
	Hrefs  []string `json:"hrefs,omitempty"`
	Small  []bool   `json:"small,omitempty"`
	Color  string   `json:"color,omitempty"`
}

type markPayload struct {
	At   int    `json:"at"`
	Text string `json:"text"`
}

func (c Chart) payload(e Env) json.Marshaler {
	p := payload{Kind: c.Kind, Labels: c.Labels, Parents: c.Parents, Percent: c.Percent, Decimals: c.Decimals, Counts: c.Counts, Min: c.Min, Max: c.Max, Options: c.Options,
		Words: map[string]any{
			"interval": e.T("chart.interval"), "answers": c.counted(e), "few": e.T("score.indicative"), "none": e.T("chart.no_value"),
		}}
	// A canvas has no elements to isolate names in, so that the names bring their marks.
	p.Labels = make([]string, len(c.Labels))
	for i, l := range c.Labels {
		p.Labels[i] = e.Isolate(l)
	}
	for _, s := range c.Series {
		p.Series = append(p.Series, seriesPayload{e.Isolate(s.Name), s.Values, s.Low, s.High, s.N, safe(s.Hrefs), s.Small, s.Color})
	}
	p.Marks = c.marks(e)
	return p
}

// marks are what stands at their lines: its words, of one alone. The words of several would cover each other: these have numbers, which are
// told below the chart.
func (c Chart) marks(e Env) (out []markPayload) {
	for i, m := range c.Marks {
		text := m.Text
		if len(c.Marks) > 1 {
			text = e.N(float64(i+1), 0)
		}
		if k := slices.IndexFunc(out, func(x markPayload) bool { return x.At == m.At }); k >= 0 {
			out[k].Text += ", " + text
			continue
		}
		out = append(out, markPayload{m.At, text})
	}
	return out
}

// told are the words of marks that have numbers.
func (c Chart) told(e Env) (out []string) {
	if len(c.Marks) < 2 {
		return nil
	}
	for _, m := range c.Marks {
		text := m.Text
		if m.Day != "" {
			text = m.Day + ": " + text
		}
		out = append(out, text)
	}
	return out
}

// counted is what N of its series counts.
func (c Chart) counted(e Env) string {
	if c.Counted != "" {
		return c.Counted
	}
	return e.T("chart.answers")
}

// detail is Detail with the marks that the picture has numbers of.
func (c Chart) detail(e Env) string {
	lines := c.Detail
	for i, text := range c.told(e) {
		lines += "\n" + e.N(float64(i+1), 0) + " · " + text
	}
	return strings.TrimPrefix(lines, "\n")
}

// MarshalJSON writes the payload; encoding/json escapes what could end the script element that holds it.
func (p payload) MarshalJSON() ([]byte, error) {
	type bare payload
	return json.Marshal(bare(p))
}

// safe keeps addresses within this site: the script follows them on a click.
func safe(hrefs []string) []string {
	out := make([]string, len(hrefs))
	for i, h := range hrefs {
		if len(h) > 0 && h[0] == '/' && (len(h) == 1 || h[1] != '/' && h[1] != '\\') {
			out[i] = h
		}
	}
	if len(hrefs) == 0 {
		return nil
	}
	return out
}

func (c Chart) figure(e Env, v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	if c.Percent {
		return e.Percent(v, c.Decimals)
	}
	if c.Counts && v == math.Trunc(v) {
		return e.N(v, 0)
	}
	return e.N(v, c.Decimals)
}

// blank tells whether there is nothing to draw.
func (c Chart) blank() bool {
	for _, s := range c.Series {
		for _, v := range s.Values {
			if !math.IsNaN(v) {
				return false
			}
		}
	}
	return true
}

// interval is the interval at i in words, empty when there is none.
func (c Chart) interval(e Env, s Series, i int) string {
	if i >= len(s.Low) || i >= len(s.High) || math.IsNaN(s.Low[i]) || math.IsNaN(s.High[i]) {
		return ""
	}
	return e.T("score.interval", "low", written(c.figure(e, s.Low[i])), "high", written(c.figure(e, s.High[i])))
}

// summary tells what a chart shows to those who cannot see it: where each series begins and ends, and its extremes; of
// groups the extremes alone, also where they are not drawn.
func (c Chart) summary(e Env) string {
	if c.Summary != "" {
		return c.Summary
	}
	if c.Whole != nil {
		return c.Whole.summary(e)
	}
	text := ""
	for _, s := range c.Series {
		first, last, low, high := -1, -1, -1, -1
		for i, v := range s.Values {
			if math.IsNaN(v) || i >= len(c.Labels) {
				continue
			}
			if first < 0 {
				first, low, high = i, i, i
			}
			last = i
			if v < s.Values[low] {
				low = i
			}
			if v > s.Values[high] {
				high = i
			}
		}
		if text != "" {
			text += " "
		}
		if first < 0 {
			text += e.T("chart.summary_none", "name", s.Name)
			continue
		}
		least, most := written(c.figure(e, s.Values[low])), written(c.figure(e, s.Values[high]))
		if c.Groups || c.Kind == "across" || c.Kind == "pie" {
			key := "chart.summary_groups"
			if c.Some {
				key = "chart.summary_some"
			}
			text += e.T(key, "name", s.Name, "low", least, "low_at", c.Labels[low], "high", most, "high_at", c.Labels[high])
			continue
		}
		if s.Elsewhen {
			text += e.T("chart.summary_elsewhen", "name", s.Name, "first", written(c.figure(e, s.Values[first])), "last", written(c.figure(e, s.Values[last])), "low", least, "high", most)
			continue
		}
		text += e.T("chart.summary", "name", s.Name,
			"first", written(c.figure(e, s.Values[first])), "from", c.Labels[first],
			"last", written(c.figure(e, s.Values[last])), "to", c.Labels[last],
			"low", least, "low_at", c.Labels[low], "high", most, "high_at", c.Labels[high])
		if change := c.change(e, s, first, last); change != "" {
			text += " " + change
		}
	}
	return text
}

// change tells how far the last value of a line is from the first, with an interval made of theirs (Newcombe's square-and-add
// method, which holds for any two independent intervals); "" where they have none.
func (c Chart) change(e Env, s Series, first, last int) string {
	if c.Kind != "line" || first == last {
		return ""
	}
	for _, list := range [][]float64{s.Low, s.High} {
		if len(list) <= last || math.IsNaN(list[first]) || math.IsNaN(list[last]) {
			return ""
		}
	}
	d := s.Values[last] - s.Values[first]
	low := d - math.Hypot(s.Values[last]-s.Low[last], s.High[first]-s.Values[first])
	high := d + math.Hypot(s.High[last]-s.Values[last], s.Values[first]-s.Low[first])
	key := "chart.summary_chance"
	if low > 0 || high < 0 {
		key = "chart.summary_clear"
	}
	write := func(v float64) i18n.Verbatim {
		if c.Percent {
			return written(e.T("score.points", "n", written(e.Signed(100*v, c.Decimals+1))))
		}
		return written(e.Signed(v, c.Decimals))
	}
	return e.T(key, "change", write(d), "low", write(low), "high", write(high))
}

func at[T any](list []T, i int) (v T) {
	if i < len(list) {
		v = list[i]
	}
	return v
}
